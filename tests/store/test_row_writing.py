"""How statements are planned that write many rows."""

from sconto.store.database import Database
from sconto.store.row_writing import write_rows

MODE = "SELECT current_setting('plan_cache_mode')"


async def test_references_are_planned_once_and_whatever_comes_later_as_before(
    database: Database,
) -> None:
    async with database.write() as connection:
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        await connection.execute("CREATE TEMPORARY TABLE modes (mode text) ON COMMIT DROP")
        await write_rows(connection, f"INSERT INTO modes {MODE} FROM unnest($1::int[])", [1, 2])
        during = await connection.fetch("SELECT mode FROM modes")
        after = await connection.fetchval(MODE)
    assert [row["mode"] for row in during] == ["force_generic_plan"] * 2
    assert after == "force_custom_plan"
