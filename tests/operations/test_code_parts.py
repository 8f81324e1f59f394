"""Codes of a promotion, found by any part of them."""

from sconto.domain.code_list import CodePage, CodeQuery
from sconto.domain.people import Caller
from sconto.operations import codes
from sconto.store.database import Database
from tests.builders import NOON
from tests.operations.test_codes import a_coupon


async def test_a_part_of_a_code_is_found_after_beginnings(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    other_id = await a_coupon(database, merchant)
    await codes.add_codes(database, merchant, other_id, ["X-TEA-9"], NOON)
    wanted = ["TEA-2", "A-TEA", "tea-1", "GREENTEA", "TE-A", "T"]
    await codes.add_codes(database, merchant, promotion_id, wanted, NOON)

    async def find(search: str, limit: int = 10, cursor: str | None = None) -> CodePage:
        query = CodeQuery(limit, cursor, search, anywhere=True)
        return await codes.list_codes(database, merchant, promotion_id, query)

    def written(page: CodePage) -> list[str]:
        return [one.code for one in page.codes]

    assert written(await find("Tea")) == ["tea-1", "TEA-2", "A-TEA", "GREENTEA"]
    first = await find("tea", 1)
    assert (written(first), first.next_cursor) == (["tea-1"], "tea-1")
    last = await find("tea", 3, "tea-1")
    assert (written(last), last.next_cursor) == (["TEA-2", "A-TEA", "GREENTEA"], None)
    assert written(await find("te")) == ["TE-A", "tea-1", "TEA-2"]
    assert written(await find("%ea")) == []
