"""Our own parameter in a database address, and the address for the libraries of PostgreSQL."""

import pytest

from sconto.store.address import split_address
from sconto.store.database import Database, DatabaseUnavailable

PLAIN = "postgresql://sconto:p%40ss@db1:5432,db2:5432/sconto"


@pytest.mark.parametrize(
    ("address", "rest"),
    [
        ("", ""),
        ("?prepared_statements=false", ""),
        ("?prepared_statements=false&host=%2Frun", "?host=%2Frun"),
        ("?host=%2Frun&prepared_statements=false", "?host=%2Frun"),
        (
            "?host=%2Frun&prepared_statements=false&sslmode=require",
            "?host=%2Frun&sslmode=require",
        ),
    ],
)
def test_our_parameter_is_removed_and_all_else_stays(address: str, rest: str) -> None:
    assert split_address(PLAIN + address) == (PLAIN + rest, "prepared" not in address)


def test_the_address_says_whether_statements_are_kept() -> None:
    assert split_address(f"{PLAIN}?prepared_statements=true") == (PLAIN, True)


async def test_another_value_is_refused_by_postgresql(
    database_url: str,
) -> None:
    separator = "&" if "?" in database_url else "?"
    database = await Database.open(f"{database_url}{separator}prepared_statements=maybe")
    with pytest.raises(DatabaseUnavailable, match='parameter "prepared_statements"'):
        async with database.read():
            pass
    await database.close()
