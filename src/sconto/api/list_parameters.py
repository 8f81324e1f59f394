"""The parameters of lists in our own APIs. One answer lists all faults."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.problem_json import pointer
from sconto.api.rfc3339 import RULE as INSTANT_RULE
from sconto.api.rfc3339 import read_instant
from sconto.domain.codes import code_key
from sconto.domain.names import is_reference
from sconto.domain.numbers import parse_id
from sconto.domain.order import OrderStatus

CURSOR_RULE: Final = "must be the next_cursor of an earlier answer"

_NUMBER: Final = re.compile("[1-9][0-9]{0,3}")

_Place = TypeVar("_Place")


class ListParameters:
    """The parameters of a list by name; collects all faults."""

    def __init__(self, parameters: Iterable[tuple[str, str]], known: Collection[str]) -> None:
        self._values: dict[str, str] = {}
        self._faults: list[FieldFault] = []
        for name, text in parameters:
            if name not in known:
                self.note(name, "is unknown")
            elif name in self._values:
                self.note(name, "is given twice")
            self._values[name] = text

    def get(self, name: str) -> str | None:
        """The text of a parameter; None if it is not given."""
        return self._values.get(name)

    def note(self, name: str, rule: str) -> None:
        """Note that a parameter is not valid."""
        self._faults.append(FieldFault(pointer(name), rule))

    def limit(self, most: int, default: int = 100) -> int:
        """The number of elements of a page: at most `most`, which is below 10,000."""
        text = self._values.get("limit", str(default))
        limit = read_limit(text, most)
        if limit is None:
            self.note("limit", limit_rule(most))
        return limit or default

    def cursor(self, read: Callable[[str], _Place | None]) -> _Place | None:
        """The place that the cursor names; None if there is no cursor."""
        if (text := self._values.get("cursor")) is None:
            return None
        place = read(text)
        if place is None:
            self.note("cursor", CURSOR_RULE)
        return place

    def finish(self) -> None:
        """Raises InvalidFields if there are faults."""
        if self._faults:
            raise InvalidFields(self._faults)


class Parameter(NamedTuple):
    """The field of a query that a parameter sets, and the function that reads its text."""

    field: str
    read: Callable[[str], Any]
    rule: str


def one_of(*allowed: str) -> str:
    """The rule for a text with a few allowed values."""
    return f"must be one of {', '.join(allowed)}"


def read_time(text: str) -> datetime | None:
    """The instant in UTC, as `read_instant`; a + that is not encoded arrives as a blank."""
    return read_instant(text.replace(" ", "+"))


ORDER_FILTERS: Final[Mapping[str, Parameter]] = {
    "from": Parameter("since", read_time, INSTANT_RULE),
    "until": Parameter("until", read_time, INSTANT_RULE),
    "status": Parameter(
        "status",
        lambda text: OrderStatus(text) if text in tuple(OrderStatus) else None,
        one_of(*OrderStatus),
    ),
    "customer_id": Parameter(
        "customer_id",
        lambda text: text if is_reference(text) else None,
        "must be 1 to 64 characters",
    ),
    "promotion_id": Parameter("promotion_id", parse_id, "must be the id of a promotion"),
    "code": Parameter("code_key", code_key, "must be a code"),
}
"""The filters of orders, in a list and in a file."""


def read_parameters(
    parameters: Iterable[tuple[str, str]], known: Mapping[str, Parameter]
) -> dict[str, Any]:
    """Read the parameters into fields. Raises InvalidFields with all faults, in their order."""
    faults: list[FieldFault] = []
    fields: dict[str, Any] = {}
    seen = set()
    for name, text in parameters:
        if name in seen:
            faults.append(FieldFault(pointer(name), "is given twice"))
        elif name not in known:
            faults.append(FieldFault(pointer(name), "is unknown"))
        elif (value := known[name].read(text)) is None:
            faults.append(FieldFault(pointer(name), known[name].rule))
        else:
            fields[known[name].field] = value
        seen.add(name)
    if faults:
        raise InvalidFields(faults)
    return fields


def read_limit(text: str, most: int) -> int | None:
    """A number up to `most`, which is below 10,000; None for other texts."""
    return int(text) if _NUMBER.fullmatch(text) and int(text) <= most else None


def limit_rule(most: int) -> str:
    """The rule for numbers that `read_limit` reads."""
    return f"must be a whole number from 1 to {most}"
