"""Files sent with the portal's forms, as spreadsheets write them."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qsl

import pytest

from sconto.api.clock import read_clock
from sconto.api.merchant.codes_csv import CSV_HEADING
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
from tests.house.sources import ROOT
from tests.operations.test_sheet_files import a_book
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
    assert "Lines of the file cannot be taken: A1 has no product id" in answer.text
    assert await saved_coverages(database, merchant) == ()
    # The field stays empty, so that the corrected file can be sent again.
    assert re.search(r'<textarea name="products"[^>]*>\s*</textarea>', answer.text)


async def test_bad_lines_are_named_in_the_visitors_language(portal: PortalClient) -> None:
    fields = {**FORM, "type": "coupon", "coverage": "all", "percent": "5"}
    german = replace(portal, language="de")
    answer = await german.post("/promotions/new", fields, code_file=b"A\ncoupon_code\nB!\n")
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
    heading = answer.content.decode("utf-8-sig").partition("\r\n")[0]
    # The manual, the API and the command line name the same columns.
    assert f"An exported file has the columns `{heading}`" in (ROOT / "docs/codes.md").read_text()
    assert f"{heading}\r\n" == CSV_HEADING
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert b"\n'-A1," in answer.content
    other = await promotions.create_promotion(database, merchant, a_promotion(codes=("X",)), NOON)
    assert "3 codes can be added" in await look(portal, other, answer.content)
    assert await take(portal, other, answer.content) == 303
    assert await codes_of(database, merchant, other) == ("X", "-A1", "Ёж", "B")


async def send(portal: PortalClient, promotion_id: int, content: bytes) -> tuple[str, str]:
    """Send a file of codes; returns the address of the page that shows it, and its query."""
    sent = await portal.post(f"/promotions/{promotion_id}/codes", {}, code_file=content)
    assert sent.status_code == 303, sent.text
    path, _, query = sent.headers["location"].removeprefix("/portal").partition("?")
    return path, query


async def look(portal: PortalClient, promotion_id: int, content: bytes, **said: str) -> str:
    """The text of the page that shows a file of codes."""
    path, query = await send(portal, promotion_id, content)
    shown = await portal.get(path, **{**dict(parse_qsl(query)), **said})
    assert shown.status_code == 200
    return " ".join(re.sub("<[^>]+>", " ", unescape(shown.text)).split())


async def take(portal: PortalClient, promotion_id: int, content: bytes, **said: str) -> int:
    """The status after a file of codes was confirmed."""
    path, query = await send(portal, promotion_id, content)
    return (await portal.post(path, {**dict(parse_qsl(query)), **said})).status_code


async def test_a_file_of_two_exports_is_refused_at_the_second_heading(
    portal: PortalClient, database: Database, merchant: Caller, promotion_id: int
) -> None:
    content = b"coupon_code,state\nC,free\ncoupon_code,state\nD,free\n"
    text = await look(portal, promotion_id, content)
    assert "2 codes can be added, 1 row cannot be taken" in text
    assert "3 coupon_code is a heading" in text
    assert await take(portal, promotion_id, content) == 422
    assert await codes_of(database, merchant, promotion_id) == ("-A1", "Ёж", "B")


@pytest.mark.parametrize(
    ("content", "question", "said", "added"),
    [
        (b"SUMMER SALE\n", "What does “SUMMER SALE” mean?", {"blanks": "dash"}, ("SUMMER-SALE",)),
        (
            b"SUMMER SALE\n",
            "Several codes: SUMMER, SALE",
            {"blanks": "several"},
            ("SUMMER", "SALE"),
        ),
        (b"Wert;Aktion\n5;C\n6;D", "Which column", {"column": "2", "heading": "yes"}, ("C", "D")),
        (b"PROMO\nC\n", "Is the first row a heading?", {"heading": "yes"}, ("C",)),
        (b"PROMO\nC\n", "Is the first row a heading?", {"heading": "no"}, ("PROMO", "C")),
        ("имя;Код\n1;Жук\n".encode("cp1251"), "1 code can be added", {}, ("Жук",)),
        ("Gutscheincode;Größe\nC\xa0;€\n".encode("cp1252"), "1 code can be added", {}, ("C",)),
    ],
)
async def test_what_a_file_leaves_open_is_asked(  # noqa: PLR0917  # fixtures, and what differs
    portal: PortalClient,
    database: Database,
    merchant: Caller,
    promotion_id: int,
    content: bytes,
    question: str,
    said: dict[str, str],
    added: tuple[str, ...],
) -> None:
    assert question in await look(portal, promotion_id, content)
    assert await codes_of(database, merchant, promotion_id) == ("-A1", "Ёж", "B")
    assert await take(portal, promotion_id, content, **said) == 303
    assert await codes_of(database, merchant, promotion_id) == ("-A1", "Ёж", "B", *added)


@pytest.mark.usefixtures("catalogue")
async def test_a_form_reads_files_of_excel(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    fields = {**FORM, "coverage": "own", "percent": "", "products": ""}
    book = a_book(("Artikelnummer", "Rabatt in %"), (1, 10), (2, 7.5))
    answer = await portal.post("/promotions/new", fields, product_file=book)
    assert answer.status_code == 303, answer.text
    expected = OwnPercents({1: 10 * PERCENT, 2: 7_500_000})
    assert await saved_coverages(database, merchant) == (expected,)
    broken = await portal.post("/promotions/new", fields, product_file=book[:-40])
    assert "The spreadsheet cannot be read. Save it as CSV." in broken.text


async def test_a_file_of_excel_is_read(
    portal: PortalClient, database: Database, merchant: Caller, promotion_id: int
) -> None:
    book = a_book(("Wert", "Gutscheincode"), (5, "C"), (), (6, "D"))
    assert "2 codes can be added" in await look(portal, promotion_id, book)
    assert await take(portal, promotion_id, book) == 303
    assert await codes_of(database, merchant, promotion_id) == ("-A1", "Ёж", "B", "C", "D")
    broken = await portal.post(f"/promotions/{promotion_id}/codes", {}, code_file=book[:-40])
    assert broken.status_code == 422
    assert "The spreadsheet cannot be read. Save it as CSV." in broken.text


async def test_existing_codes_are_marked_and_nothing_is_added(
    portal: PortalClient, database: Database, merchant: Caller, promotion_id: int
) -> None:
    path, _ = await send(portal, promotion_id, b"C\nb\nC\n")
    refused = await portal.post(path)
    assert refused.status_code == 422
    assert "has a code that the promotion already has" in refused.text
    assert "has the code of an earlier line" in refused.text
    assert await codes_of(database, merchant, promotion_id) == ("-A1", "Ёж", "B")


async def test_a_file_is_shown_in_pages_to_its_user_until_it_is_taken(
    portal: PortalClient,
    portal_of: Callable[[Caller], PortalClient],
    database: Database,
    merchant: Caller,
    promotion_id: int,
) -> None:
    content = b"".join(b"N%d\n" % number for number in range(60)) + b"!\n"
    path, _ = await send(portal, promotion_id, content)
    first = await portal.get(path)
    assert "N49" in first.text
    assert "N50" not in first.text
    assert "after=50&amp;counted=60.1" in first.text
    second = await portal.get(path, after="50", counted="60.1")
    assert "N50" in second.text
    assert "60 codes can be added" in (await portal.get(path, counted="60.1")).text
    assert "is not a code" in (await portal.get(path, rows="bad")).text
    other = portal_of(replace(merchant, user_id=merchant.user_id + 1_000_000))
    for answer in (await other.get(path), await other.post(path)):
        assert answer.headers["location"] == f"/portal/promotions/{promotion_id}/codes"
    path, _ = await send(portal, promotion_id, b"LAST\n")
    assert (await portal.post(path)).status_code == 303
    assert (await portal.get(path)).status_code == 303
    assert (await codes_of(database, merchant, promotion_id))[-1] == "LAST"


async def test_typed_codes_with_a_blank_are_asked_about(
    portal: PortalClient, database: Database, merchant: Caller, promotion_id: int
) -> None:
    sent = await portal.post(f"/promotions/{promotion_id}/codes", {"codes": "C, SUMMER SALE"})
    path = sent.headers["location"].removeprefix("/portal")
    assert "SUMMER-SALE" in (await portal.get(path)).text
    assert (await portal.post(path, {"blanks": "nothing"})).status_code == 303
    added = (await codes_of(database, merchant, promotion_id))[3:]
    assert added == ("C", "SUMMERSALE")


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


async def send_products(
    portal: PortalClient, promotion_id: int, content: bytes, **fields: str
) -> tuple[str, dict[str, str]]:
    """Send a file of a promotion's products; returns the page that shows it, and its query."""
    sent = await portal.post(f"/promotions/{promotion_id}/products", fields, product_file=content)
    assert sent.status_code == 303, sent.text
    path, _, query = sent.headers["location"].removeprefix("/portal").partition("?")
    return path, dict(parse_qsl(query))


@pytest.fixture
async def sale(database: Database, merchant: Caller, catalogue: None) -> int:
    """An automatic promotion of 10 % on product 1."""
    new = a_promotion(coverage=ListedProducts(10 * PERCENT, (1,)))
    return await promotions.create_promotion(database, merchant, new, NOON)


async def test_products_of_a_file_are_shown_with_prices_and_then_taken(
    portal: PortalClient, database: Database, merchant: Caller, sale: int
) -> None:
    written = "Bezeichnung;Ermäßigung;Artikel-Nr.\r\nTee;7,5 %;2\r\n;20\xa0%;10\r\n"
    content = written.encode("cp1252")
    path, query = await send_products(portal, sale, content, adds="yes")
    page = await portal.get(path, **query)
    text = " ".join(re.sub("<[^>]+>", " ", unescape(page.text)).split())
    assert "2 products can be taken" in text
    assert "Mug 2 7.5% €19.99 €18.49" in text or "7.5% €19.99 €18.49" in text
    version = re.search(r'name="version" value="([^"]+)"', page.text)
    assert version is not None
    wanted = {**query, "version": unescape(version[1])}
    assert (await portal.post(path, wanted)).status_code == 303
    own = OwnPercents({1: 10 * PERCENT, 2: 7_500_000, 10: 20 * PERCENT})
    assert await saved_coverages(database, merchant) == (own,)

    path, query = await send_products(portal, sale, b"20\n2\n", percents="same", percent="5")
    answer = await portal.post(path, {**query, "version": unescape(version[1])})
    assert "Somebody changed the promotion meanwhile" in answer.text
    assert (await portal.post(path, {**query, "step": "anyway"})).status_code == 303
    same = ListedProducts(5 * PERCENT, (20, 2))
    assert await saved_coverages(database, merchant) == (same,)


async def test_bad_products_of_a_file_are_marked_and_asked_about(
    portal: PortalClient, database: Database, merchant: Caller, sale: int
) -> None:
    path, query = await send_products(portal, sale, b"Was;Wert\n2;10\n3;5\n")
    text = unescape((await portal.get(path, **query)).text)
    assert "Which column has the percents?" in text
    path, query = await send_products(portal, sale, b"id;%\n2;10\n99;5\n1;101\n")
    text = unescape((await portal.get(path, **query)).text)
    assert "is not in the catalogue" in text
    assert "has no percent above 0 and at most 100" in text
    assert "2 rows cannot be taken" in text
    assert (await portal.post(path, query)).status_code == 422
    before = ListedProducts(10 * PERCENT, (1,))
    assert await saved_coverages(database, merchant) == (before,)


async def test_products_of_a_file_that_get_dearer_are_named_first(
    portal: PortalClient, database: Database, merchant: Caller, sale: int
) -> None:
    path, query = await send_products(portal, sale, b"2\n", percents="same", percent="10")
    asked = await portal.post(path, query)
    assert asked.status_code == 422
    assert "gets dearer" in asked.text
    assert (await portal.post(path, {**query, "step": "anyway"})).status_code == 303
