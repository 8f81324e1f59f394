"""The address of a database, and its one parameter that is ours."""

import re
from typing import Final

_OURS: Final = re.compile(
    r"(?P<before>[?&])prepared_statements=(?P<value>true|false)(?P<after>&|$)"
)


def split_address(url: str) -> tuple[str, bool]:
    """The address as PostgreSQL's libraries read it, and whether to use named prepared statements.

    They are used unless it says `prepared_statements=false`. A pooler needs that if it lends a
    session to another client after each transaction and does not track prepared statements. Any
    other value is left in place, for PostgreSQL to refuse.
    """
    found = _OURS.search(url)
    if found is None:
        return url, True
    separator = found["before"] if found["after"] else ""
    return url[: found.start()] + separator + url[found.end() :], found["value"] == "true"
