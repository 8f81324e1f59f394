"""Files in the portal's forms, as spreadsheets write them."""

import re
from dataclasses import dataclass
from html import unescape

import httpx
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
from sconto.operations.tokens import Tokens
from sconto.portal.csrf import FIELD, token_for
from sconto.portal.file_sentences import CODE_FAULTS, COVERAGE_FAULTS, PATTERN_FAULTS
from sconto.portal.pages import ADDRESS
from sconto.store.database import Database
from tests.builders import NOON, a_product, a_promotion
from tests.portal.sessions import cookie_of

FORM = {
    "type": "discount",
    "name": "From a file",
    "active": "on",
    "starts_at": "2026-01-01T00:00:00",
    "code_type": "reusable",
    "step": "anyway",
}


@dataclass(frozen=True)
class Portal:
    """The portal without a browser, for whoever is signed in."""

    client: httpx.AsyncClient
    database: Database
    caller: Caller
    headers: dict[str, str]

    async def post(self, path: str, fields: dict[str, str], **files: bytes) -> httpx.Response:
        token = token_for(self.headers["Cookie"].partition("=")[2])
        sent = {name: (f"{name}.csv", content, "text/csv") for name, content in files.items()}
        return await self.client.post(
            ADDRESS + path, data={**fields, FIELD: token}, files=sent, headers=self.headers
        )

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(ADDRESS + path, headers=self.headers)

    async def saved(self) -> tuple[Coverage, ...]:
        """The coverage of each promotion that is stored."""
        now = read_clock()
        page = await overviews.list_overviews(
            self.database, self.caller, OverviewQuery(), now, now.date()
        )
        ids = [overview.summary.id for overview in page.overviews]
        found = [await promotions.get_promotion(self.database, self.caller, one) for one in ids]
        return tuple(promotion.terms.coverage for promotion in found)


@pytest.fixture
async def portal(
    client: httpx.AsyncClient, database: Database, merchant: Caller, tokens: Tokens
) -> Portal:
    catalogue = [a_product(number) for number in (1, 2, 10, 20)]
    await products.put_products(database, merchant, catalogue, NOON)
    return Portal(client, database, merchant, {"Cookie": cookie_of(merchant, tokens)})


@pytest.mark.parametrize(
    "content", ["id,percent\n1,10\n2,20\n", "stock;product_id;;\r\n10;1;;\r\n20;2;;\r\n;;;\r\n"]
)
async def test_listed_products_come_from_one_column(portal: Portal, content: str) -> None:
    fields = {**FORM, "coverage": "listed", "percent": "5", "products": ""}
    answer = await portal.post("/promotions/new", fields, product_file=content.encode())
    assert answer.status_code == 303, answer.text
    assert await portal.saved() == (ListedProducts(5 * PERCENT, (1, 2)),)


async def test_own_percents_are_read_with_decimal_commas(portal: Portal) -> None:
    fields = {**FORM, "coverage": "own", "percent": "", "products": ""}
    content = "\ufeffid;percent\r\n1;10\r\n2;7,5\r\n;\r\n".encode()
    answer = await portal.post("/promotions/new", fields, product_file=content)
    assert answer.status_code == 303, answer.text
    assert await portal.saved() == (OwnPercents({1: 10 * PERCENT, 2: 7_500_000}),)


@pytest.mark.parametrize("bad", ["00002,10", "2.0,10", "SKU-2,10"])
async def test_a_bad_line_before_the_first_good_one_is_named_and_nothing_is_saved(
    portal: Portal, bad: str
) -> None:
    fields = {**FORM, "coverage": "own", "percent": "", "products": ""}
    content = f"{bad}\n1,10\n".encode()
    answer = await portal.post("/promotions/new", fields, product_file=content)
    assert answer.status_code == 422
    assert "Lines of the file cannot be taken: 1 has no product id" in answer.text
    assert await portal.saved() == ()
    # The file can be put right and sent again: nothing of it was kept in the field.
    assert re.search(r'<textarea name="products"[^>]*>\s*</textarea>', answer.text)


async def test_bad_lines_are_told_in_the_language_of_the_visit(portal: Portal) -> None:
    fields = {**FORM, "type": "coupon", "coverage": "all", "percent": "5"}
    german = Portal(
        portal.client,
        portal.database,
        portal.caller,
        portal.headers | {"Accept-Language": "de"},
    )
    answer = await german.post("/promotions/new", fields, code_file=b"A\ncoupon_code\nB C\n")
    text = unescape(answer.text)
    assert "2 ist eine Überschrift" in text
    assert "3 ist kein Code" in text


@pytest.fixture
async def promotion_id(portal: Portal) -> int:
    new = a_promotion(codes=("-A1", "Ёж", "B"))
    return await promotions.create_promotion(portal.database, portal.caller, new, NOON)


async def codes_of(portal: Portal, promotion_id: int) -> tuple[str, ...]:
    promotion = await promotions.get_promotion(portal.database, portal.caller, promotion_id)
    return promotion.terms.codes


async def test_downloaded_codes_are_for_a_spreadsheet_and_come_back_as_themselves(
    portal: Portal, promotion_id: int
) -> None:
    answer = await portal.get(f"/promotions/{promotion_id}/codes.csv")
    assert answer.content.startswith(b"\xef\xbb\xbfcoupon_code,")
    assert b"\n'-A1," in answer.content
    other = await promotions.create_promotion(
        portal.database, portal.caller, a_promotion(codes=("X",)), NOON
    )
    added = await portal.post(f"/promotions/{other}/codes", {}, code_file=answer.content)
    assert added.status_code == 303, added.text
    assert await codes_of(portal, other) == ("X", "-A1", "Ёж", "B")


async def test_a_file_of_two_exports_is_refused_at_the_second_heading(
    portal: Portal, promotion_id: int
) -> None:
    content = b"coupon_code,state\nC,free\ncoupon_code,state\nD,free\n"
    answer = await portal.post(f"/promotions/{promotion_id}/codes", {}, code_file=content)
    assert answer.status_code == 422
    assert "Line 3: is a heading" in answer.text
    assert await codes_of(portal, promotion_id) == ("-A1", "Ёж", "B")


@pytest.mark.parametrize(
    ("typed", "added"),
    [("PROMO", ("PROMO",)), ("CODE", ("CODE",)), ("Code\nC\nD", ("C", "D"))],
)
async def test_a_typed_word_is_a_code_and_a_pasted_heading_is_none(
    portal: Portal, promotion_id: int, typed: str, added: tuple[str, ...]
) -> None:
    answer = await portal.post(f"/promotions/{promotion_id}/codes", {"codes": typed})
    assert answer.status_code == 303, answer.text
    assert await codes_of(portal, promotion_id) == ("-A1", "Ёж", "B", *added)


def test_every_fault_of_a_line_has_its_words() -> None:
    assert set(CODE_FAULTS) == set(CodeLineFault)
    assert set(COVERAGE_FAULTS) == set(CoverageFault)
    assert set(PATTERN_FAULTS) == set(PatternFault)
    # The command line says the same in English.
    assert CODE_FAULTS == sentences.CODE_FAULTS
