"""Files sent with the portal's forms, as spreadsheets write them."""

import re
from dataclasses import replace
from html import unescape

import pytest

from sconto.api.clock import read_clock
from sconto.cli import sentences
from sconto.domain.code_file import CodeLineFault
from sconto.domain.coverage import Coverage, ListedProducts, OwnPercents
from sconto.domain.coverage_file import CoverageFault
from sconto.domain.money import PERCENT
from sconto.domain.overview import OverviewQuery
from sconto.domain.people import Caller
from sconto.domain.problems import PatternFault
from sconto.operations import overviews, products, promotions
from sconto.portal.file_sentences import CODE_FAULTS, COVERAGE_FAULTS, PATTERN_FAULTS
from sconto.store.database import Database
from tests.builders import NOON, a_product, a_promotion
from tests.portal.sessions import PortalClient

FORM = {
    "type": "discount",
    "name": "From a file",
    "active": "on",
    "starts_at": "2026-01-01T00:00:00",
    "code_type": "reusable",
    "step": "anyway",
}


async def saved_coverages(database: Database, caller: Caller) -> tuple[Coverage, ...]:
    """The coverage of each stored promotion."""
    now = read_clock()
    page = await overviews.list_overviews(database, caller, OverviewQuery(), now, now.date())
    ids = [overview.summary.id for overview in page.overviews]
    found = [await promotions.get_promotion(database, caller, one) for one in ids]
    return tuple(promotion.terms.coverage for promotion in found)


@pytest.fixture
async def catalogue(database: Database, merchant: Caller) -> None:
    """Products 1, 2, 10 and 20."""
    wanted = [a_product(number) for number in (1, 2, 10, 20)]
    await products.put_products(database, merchant, wanted, NOON)


@pytest.mark.parametrize(
    "content", ["id,percent\n1,10\n2,20\n", "stock;product_id;;\r\n10;1;;\r\n20;2;;\r\n;;;\r\n"]
)
@pytest.mark.usefixtures("catalogue")
async def test_listed_products_are_read_from_one_column(
    portal: PortalClient, database: Database, merchant: Caller, content: str
) -> None:
    fields = {**FORM, "coverage": "listed", "percent": "5", "products": ""}
    answer = await portal.post("/promotions/new", fields, product_file=content.encode())
    assert answer.status_code == 303, answer.text
    assert await saved_coverages(database, merchant) == (ListedProducts(5 * PERCENT, (1, 2)),)


@pytest.mark.usefixtures("catalogue")
async def test_own_percents_are_read_with_decimal_commas(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    fields = {**FORM, "coverage": "own", "percent": "", "products": ""}
    content = "\ufeffid;percent\r\n1;10\r\n2;7,5\r\n;\r\n".encode()
    answer = await portal.post("/promotions/new", fields, product_file=content)
    assert answer.status_code == 303, answer.text
    expected = OwnPercents({1: 10 * PERCENT, 2: 7_500_000})
    assert await saved_coverages(database, merchant) == (expected,)


@pytest.mark.parametrize("bad", ["00002,10", "2.0,10", "SKU-2,10"])
@pytest.mark.usefixtures("catalogue")
async def test_a_bad_first_line_is_named_and_nothing_is_saved(
    portal: PortalClient, database: Database, merchant: Caller, bad: str
) -> None:
    fields = {**FORM, "coverage": "own", "percent": "", "products": ""}
    content = f"{bad}\n1,10\n".encode()
    answer = await portal.post("/promotions/new", fields, product_file=content)
    assert answer.status_code == 422
    assert "Lines of the file cannot be taken: 1 has no product id" in answer.text
    assert await saved_coverages(database, merchant) == ()
    # The field stays empty, so that the corrected file can be sent again.
    assert re.search(r'<textarea name="products"[^>]*>\s*</textarea>', answer.text)


async def test_bad_lines_are_named_in_the_visitors_language(portal: PortalClient) -> None:
    fields = {**FORM, "type": "coupon", "coverage": "all", "percent": "5"}
    german = replace(portal, language="de")
    answer = await german.post("/promotions/new", fields, code_file=b"A\ncoupon_code\nB C\n")
    text = unescape(answer.text)
    assert "2 ist eine Überschrift" in text
    assert "3 ist kein Code" in text


@pytest.fixture
async def promotion_id(database: Database, merchant: Caller) -> int:
    new = a_promotion(codes=("-A1", "Ёж", "B"))
    return await promotions.create_promotion(database, merchant, new, NOON)


async def codes_of(database: Database, caller: Caller, promotion_id: int) -> tuple[str, ...]:
    promotion = await promotions.get_promotion(database, caller, promotion_id)
    return promotion.terms.codes


async def test_downloaded_codes_can_be_uploaded_unchanged(
    portal: PortalClient, database: Database, merchant: Caller, promotion_id: int
) -> None:
    answer = await portal.get(f"/promotions/{promotion_id}/codes.csv")
    assert answer.content.startswith(b"\xef\xbb\xbfcoupon_code,")
    assert b"\n'-A1," in answer.content
    other = await promotions.create_promotion(database, merchant, a_promotion(codes=("X",)), NOON)
    added = await portal.post(f"/promotions/{other}/codes", {}, code_file=answer.content)
    assert added.status_code == 303, added.text
    assert await codes_of(database, merchant, other) == ("X", "-A1", "Ёж", "B")


async def test_a_file_of_two_exports_is_refused_at_the_second_heading(
    portal: PortalClient, database: Database, merchant: Caller, promotion_id: int
) -> None:
    content = b"coupon_code,state\nC,free\ncoupon_code,state\nD,free\n"
    answer = await portal.post(f"/promotions/{promotion_id}/codes", {}, code_file=content)
    assert answer.status_code == 422
    assert "Line 3: is a heading" in answer.text
    assert await codes_of(database, merchant, promotion_id) == ("-A1", "Ёж", "B")


@pytest.mark.parametrize(
    ("typed", "added"),
    [("PROMO", ("PROMO",)), ("CODE", ("CODE",)), ("Code\nC\nD", ("C", "D"))],
)
async def test_one_typed_word_is_a_code_and_a_pasted_heading_is_not(
    portal: PortalClient,
    database: Database,
    merchant: Caller,
    promotion_id: int,
    typed: str,
    added: tuple[str, ...],
) -> None:
    answer = await portal.post(f"/promotions/{promotion_id}/codes", {"codes": typed})
    assert answer.status_code == 303, answer.text
    assert await codes_of(database, merchant, promotion_id) == ("-A1", "Ёж", "B", *added)


def test_every_line_fault_has_a_sentence() -> None:
    assert set(CODE_FAULTS) == set(CodeLineFault)
    assert set(COVERAGE_FAULTS) == set(CoverageFault)
    assert set(PATTERN_FAULTS) == set(PatternFault)
    # The command line says the same in English.
    assert CODE_FAULTS == sentences.CODE_FAULTS
