"""Reads the query of the list of promotions."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal
from unicodedata import category

from sconto.api.merchant.errors import fault, invalid_body
from sconto.domain.numbers import parse_id
from sconto.domain.promotion import PromotionQuery

_SHORTEST_SEARCH: Final = 3


def read_query(sent: Iterable[tuple[str, str]]) -> PromotionQuery:
    """The query in an address's parameters; of repeated names the last counts.

    Raises Refused with 11010 for each parameter that is not valid, in the documentation's order,
    and then for each unknown one, in the order sent.
    """
    texts = dict(sent)
    values = {name: read(texts[name]) for name, read in _READERS.items() if name in texts}
    bad = [name for name, value in values.items() if value is None]
    unknown = [name for name in texts if name not in _READERS]
    if bad or unknown:
        raise invalid_body(*(fault(11010, name) for name in [*bad, *unknown]))
    return PromotionQuery(
        limit=values.get("limit"),
        offset=values.get("offset", 0),
        active=values.get("status"),
        expired=values.get("expired"),
        search=values.get("search_string"),
        sort=values.get("sort_by_update_date"),
    )


def _read_count(text: str) -> int | None:
    """A number of promotions, 0 included."""
    if not (text.isascii() and text.isdecimal()):
        return None
    counted = text.lstrip("0")
    return parse_id(counted) if counted else 0


def _read_flag(text: str) -> bool | None:
    return {"1": True, "0": False}.get(text)


def _read_search(text: str) -> str | None:
    """Part of a name, without control characters."""
    has_control = any(category(letter) == "Cc" for letter in text)
    return None if len(text) < _SHORTEST_SEARCH or has_control else text


def _read_direction(text: str) -> Literal["asc", "desc"] | None:
    match text:
        case "asc" | "desc":
            return text
        case _:
            return None


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "limit": _read_count,
    "offset": _read_count,
    "status": _read_flag,
    "expired": _read_flag,
    "search_string": _read_search,
    "sort_by_update_date": _read_direction,
}
