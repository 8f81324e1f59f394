"""The codes of a promotion: listed, added, removed, imported and exported."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date

import pytest

from sconto.domain.code_file import CodeLineFault, RefusedCodeLine
from sconto.domain.code_list import (
    CodeCounts,
    CodeQuery,
    CodeState,
    ListedCode,
    RemovedCodes,
)
from sconto.domain.codes import CodeType
from sconto.domain.layout import Blanks, Layout
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.problems import (
    CodeFileRefused,
    CodesTaken,
    CursorRefused,
    NoCodesAllowed,
    NoCodesSent,
    PromotionNotFound,
)
from sconto.operations import code_imports, codes, promotions
from sconto.operations.checkout import place_order, quote
from sconto.operations.history import get_promotion_history
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_promotion
from tests.conftest import create_caller
from tests.statistics import get_statistics

DAY = date(2026, 6, 1)


async def a_coupon(
    database: Database, caller: Caller, *texts: str, code_type: CodeType | None = None
) -> int:
    promotion = a_promotion(codes=texts or ("FIRST",), code_type=code_type)
    return await promotions.create_promotion(database, caller, promotion, NOON)


async def present(database: Database, caller: Caller, promotion_id: int) -> Sequence[str]:
    found = await promotions.get_promotion(database, caller, promotion_id)
    return found.terms.codes


async def ids(database: Database, caller: Caller, promotion_id: int) -> dict[str, int]:
    page = await codes.list_codes(database, caller, promotion_id, CodeQuery(limit=1000))
    return {listed.code: listed.id for listed in page.codes}


async def order(database: Database, caller: Caller, order_id: str, code: str) -> None:
    new = NewOrder(order_id, a_cart(codes=(code,)), None, None)
    await place_order(database, caller, new, NOON, DAY)


async def test_added_codes_come_last_with_ascending_ids(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant, "B", "A")
    assert await codes.add_codes(database, merchant, promotion_id, ["Z", "C", "Y"], NOON) == 3
    assert await present(database, merchant, promotion_id) == ("B", "A", "Z", "C", "Y")
    by_code = await ids(database, merchant, promotion_id)
    assert sorted(by_code.values()) == list(by_code.values())
    priced = await quote(database, merchant, a_cart(codes=("c",)), NOON)
    assert priced.lines[0].discount == 100


@pytest.mark.parametrize(
    ("sent", "repeated"),
    [
        (["NEW", "first"], ("first",)),
        (["NEW", "new"], ("new",)),
        (["FIRST", "First"], ("FIRST", "First")),
    ],
)
async def test_one_existing_code_refuses_all_that_are_added_with_it(
    database: Database, merchant: Caller, sent: list[str], repeated: tuple[str, ...]
) -> None:
    promotion_id = await a_coupon(database, merchant)
    with pytest.raises(CodesTaken) as refused:
        await codes.add_codes(database, merchant, promotion_id, sent, NOON)
    assert refused.value.codes == repeated
    assert await present(database, merchant, promotion_id) == ("FIRST",)


async def test_two_concurrent_requests_add_the_same_code_once(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    answers = await asyncio.gather(
        *(codes.add_codes(database, merchant, promotion_id, ["SAME"], NOON) for _ in range(8)),
        return_exceptions=True,
    )
    assert answers.count(1) == 1
    assert [type(answer) for answer in answers if answer != 1] == [CodesTaken] * 7
    assert await present(database, merchant, promotion_id) == ("FIRST", "SAME")


async def test_an_automatic_promotion_takes_no_codes(database: Database, merchant: Caller) -> None:
    promotion_id = await promotions.create_promotion(database, merchant, a_promotion(), NOON)
    with pytest.raises(NoCodesAllowed):
        await codes.add_codes(database, merchant, promotion_id, ["A"], NOON)
    with pytest.raises(NoCodesAllowed):
        await code_imports.import_codes(database, merchant, promotion_id, [b"A"], NOON)
    assert await codes.count_codes(database, merchant, promotion_id) == CodeCounts(0, 0)


async def test_codes_of_another_merchants_promotion_are_not_found(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    other_merchant = await create_caller(database)
    for verb in (
        codes.list_codes(database, other_merchant, promotion_id, CodeQuery()),
        codes.add_codes(database, other_merchant, promotion_id, ["A"], NOON),
        codes.remove_codes(database, other_merchant, promotion_id, ["FIRST"], NOON),
        code_imports.import_codes(database, other_merchant, promotion_id, [b"A"], NOON),
        codes.export_codes(database, other_merchant, promotion_id),
    ):
        with pytest.raises(PromotionNotFound):
            await verb
    assert await present(database, merchant, promotion_id) == ("FIRST",)


async def test_a_removed_code_is_unknown_but_stays_in_the_statistics(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant, "A", "B", "C", code_type=CodeType.ONE_TIME)
    before = await ids(database, merchant, promotion_id)
    await order(database, merchant, "order", "A")
    gone = await codes.remove_codes(database, merchant, promotion_id, ["a", "B", "X", "!"], NOON)
    assert gone == RemovedCodes(2, ("X", "!"))
    assert await present(database, merchant, promotion_id) == ("C",)
    priced = await quote(database, merchant, a_cart(codes=("B",)), NOON)
    assert priced.lines[0].discount == 0
    statistics = await get_statistics(database, merchant, promotion_id)
    assert statistics.codes is not None
    assert [(code.code_id, code.uses) for code in statistics.codes] == [
        (before["A"], 1),
        (before["C"], 0),
    ]


async def test_a_code_that_is_added_again_is_a_new_code(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant, "A", code_type=CodeType.ONE_TIME)
    before = await ids(database, merchant, promotion_id)
    await order(database, merchant, "order", "A")
    await codes.remove_codes(database, merchant, promotion_id, ["A"], NOON)
    await codes.add_codes(database, merchant, promotion_id, ["A"], NOON)
    [listed] = (await codes.list_codes(database, merchant, promotion_id, CodeQuery())).codes
    assert listed.id > before["A"]
    assert (listed.state, listed.uses, listed.used_by) == (CodeState.FREE, 0, None)


async def test_codes_are_listed_page_by_page_with_state_and_uses(
    database: Database, merchant: Caller
) -> None:
    texts = [f"CODE-{number}" for number in range(7)]
    promotion_id = await a_coupon(database, merchant, *texts, code_type=CodeType.ONE_TIME)
    await order(database, merchant, "order 1", "CODE-3")
    seen: list[ListedCode] = []
    cursor = None
    while True:
        query = CodeQuery(limit=3, cursor=cursor)
        page = await codes.list_codes(database, merchant, promotion_id, query)
        seen += page.codes
        if (cursor := page.next_cursor) is None:
            break
        assert len(page.codes) == 3
    assert [listed.code for listed in seen] == texts
    used = seen[3]
    assert (used.state, used.uses, used.used_by, used.used_at) == (
        CodeState.USED,
        1,
        "order 1",
        NOON,
    )
    assert {listed.state for listed in seen if listed.code != "CODE-3"} == {CodeState.FREE}
    assert await codes.count_codes(database, merchant, promotion_id) == CodeCounts(7, 1)


@pytest.mark.parametrize(
    ("code_type", "state", "found"),
    [
        (CodeType.ONE_TIME, CodeState.USED, ["A"]),
        (CodeType.ONE_TIME, CodeState.FREE, ["B"]),
        (CodeType.REUSABLE, CodeState.USED, []),
        (CodeType.REUSABLE, CodeState.FREE, ["A", "B"]),
    ],
)
async def test_codes_are_found_by_state(
    database: Database,
    merchant: Caller,
    code_type: CodeType,
    state: CodeState,
    found: list[str],
) -> None:
    promotion_id = await a_coupon(database, merchant, "A", "B", code_type=code_type)
    await order(database, merchant, "order", "A")
    page = await codes.list_codes(database, merchant, promotion_id, CodeQuery(state=state))
    assert [listed.code for listed in page.codes] == found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("su", ["sub", "Summer-1", "summer-2"]),
        ("SUMMER", ["Summer-1", "summer-2"]),
        ("summer-2", ["summer-2"]),
        ("ummer", []),
        ("%", []),
        ("s_", []),
        ("\0", []),
    ],
)
async def test_codes_are_found_by_prefix_in_any_case(
    database: Database, merchant: Caller, search: str, found: list[str]
) -> None:
    promotion_id = await a_coupon(database, merchant, "summer-2", "Summer-1", "WINTER", "sub")
    await a_coupon(database, merchant, "summer-of-another-promotion")
    pages = []
    cursor = None
    while True:
        query = CodeQuery(limit=2, cursor=cursor, search=search)
        page = await codes.list_codes(database, merchant, promotion_id, query)
        pages += [listed.code for listed in page.codes]
        if (cursor := page.next_cursor) is None:
            break
    assert pages == found


@pytest.mark.parametrize(
    "query",
    [
        CodeQuery(cursor="x"),
        CodeQuery(cursor="9" * 40),
        CodeQuery(cursor=""),
        CodeQuery(cursor="!", search="A"),
    ],
)
async def test_an_invalid_cursor_is_refused(
    database: Database, merchant: Caller, query: CodeQuery
) -> None:
    promotion_id = await a_coupon(database, merchant)
    with pytest.raises(CursorRefused):
        await codes.list_codes(database, merchant, promotion_id, query)


async def test_an_exported_file_can_be_imported_in_the_same_order(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    texts = [f"C-{(number * 7919) % 12_000:05}" for number in range(12_000)]
    content = "".join(f"{text}\n" for text in texts).encode()
    pieces = [content[start : start + 10_007] for start in range(0, len(content), 10_007)]
    added = await code_imports.import_codes(database, merchant, promotion_id, pieces, NOON)
    assert added == 12_000
    exported = [
        listed
        async for part in await codes.export_codes(database, merchant, promotion_id)
        for listed in part
    ]
    assert [listed.code for listed in exported] == ["FIRST", *texts]
    assert sorted(listed.id for listed in exported) == [listed.id for listed in exported]


async def test_all_bad_lines_are_named_and_nothing_is_imported(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    with pytest.raises(CodeFileRefused) as refused:
        await code_imports.import_codes(
            database, merchant, promotion_id, [b"A\nfirst\nA B\na\nB\nFIRST\n"], NOON
        )
    assert refused.value.lines == (
        RefusedCodeLine(2, CodeLineFault.TAKEN),
        RefusedCodeLine(3, CodeLineFault.BLANKS),
        RefusedCodeLine(4, CodeLineFault.REPEATED),
        RefusedCodeLine(6, CodeLineFault.REPEATED),
    )
    assert refused.value.total == 4
    assert await present(database, merchant, promotion_id) == ("FIRST",)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"A\nfirst\n", RefusedCodeLine(2, CodeLineFault.TAKEN)),
        (b"A\na\n", RefusedCodeLine(2, CodeLineFault.REPEATED)),
    ],
)
async def test_a_line_with_an_existing_code_is_named_if_all_others_are_good(
    database: Database, merchant: Caller, content: bytes, line: RefusedCodeLine
) -> None:
    promotion_id = await a_coupon(database, merchant)
    with pytest.raises(CodeFileRefused) as refused:
        await code_imports.import_codes(database, merchant, promotion_id, [content], NOON)
    assert refused.value.lines == (line,)
    assert await present(database, merchant, promotion_id) == ("FIRST",)


async def test_after_a_thousand_bad_lines_the_rest_are_counted(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    with pytest.raises(CodeFileRefused) as refused:
        await code_imports.import_codes(database, merchant, promotion_id, [b"!\nA\n" * 1500], NOON)
    assert (len(refused.value.lines), refused.value.total) == (1000, 2999)
    assert refused.value.lines[2].line == 4


async def test_blanks_separate_codes_if_told_so(database: Database, merchant: Caller) -> None:
    promotion_id = await a_coupon(database, merchant)
    several = Layout(blanks=Blanks.SEVERAL)

    async def add(content: bytes) -> int:
        return await code_imports.import_codes(
            database, merchant, promotion_id, [content], NOON, layout=several
        )

    with pytest.raises(CodeFileRefused) as refused:
        await add(b"B A\nC c\nD FIRST\n")
    assert refused.value.lines == (
        RefusedCodeLine(2, CodeLineFault.REPEATED),
        RefusedCodeLine(3, CodeLineFault.TAKEN),
    )
    assert await add(b"C B A\nD\n") == 4
    assert await present(database, merchant, promotion_id) == ("FIRST", "C", "B", "A", "D")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"coupon_code\n"])
async def test_a_file_without_codes_is_refused(
    database: Database, merchant: Caller, content: bytes
) -> None:
    promotion_id = await a_coupon(database, merchant)
    with pytest.raises(NoCodesSent):
        await code_imports.import_codes(database, merchant, promotion_id, [content], NOON)


async def test_an_import_blocks_no_edits_while_it_reads_its_file(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    loop = asyncio.get_running_loop()
    written: asyncio.Task[int] | None = None

    def pieces() -> Iterator[bytes]:
        nonlocal written
        yield b"A\n"
        written = loop.create_task(
            codes.add_codes(database, merchant, promotion_id, ["MEANWHILE"], NOON)
        )
        for _ in range(200):
            yield b"\n"
        # The file has not ended, and the edit is done.
        while not written.done():
            yield b"\n"
        yield b"B\n"

    async with asyncio.timeout(20):
        assert (
            await code_imports.import_codes(database, merchant, promotion_id, pieces(), NOON) == 2
        )
    assert await present(database, merchant, promotion_id) == ("FIRST", "MEANWHILE", "A", "B")


async def test_a_concurrent_edit_and_import_leave_one_or_the_other(
    database: Database, merchant: Caller
) -> None:
    """The second sees what the first wrote; no codes are mixed."""
    for _ in range(5):
        promotion_id = await a_coupon(database, merchant)
        content = "".join(f"IN-{number}\n" for number in range(500)).encode()
        await asyncio.gather(
            code_imports.import_codes(database, merchant, promotion_id, [content], NOON),
            promotions.delete_promotion(database, merchant, promotion_id, NOON),
            return_exceptions=True,
        )
        assert await codes.count_codes(database, merchant, promotion_id) == CodeCounts(0, 0)


async def test_many_codes_are_removed_in_several_transactions(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "_REMOVAL_BATCH", 2)
    promotion_id = await a_coupon(database, merchant, "A", "B", "C", "D", "E")
    sent = ["e", "a", "X", "B", "c", "!"]
    gone = await codes.remove_codes(database, merchant, promotion_id, sent, NOON)
    assert gone == RemovedCodes(4, ("X", "!"))
    assert await present(database, merchant, promotion_id) == ("D",)
    page = await get_promotion_history(database, merchant, promotion_id, limit=9)
    assert len(page.entries) == 4
