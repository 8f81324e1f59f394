"""Reads a body field by field, and collects all its faults."""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar

from sconto.api.faults import MAX_FAULTS, FieldFault, InvalidFields, first_names
from sconto.api.strict_json import Number
from sconto.domain.blanks import trim
from sconto.domain.names import NAME_LENGTH, is_name, is_text

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

HIGHEST_NUMBER: Final = 2**53 - 1
"""The highest whole number that every JSON parser reads exactly."""


class SubscriptionBody:
    """An object in a body, with its path such as `rules[0].effect`; collects its fields' faults.

    A field that is null counts as absent. For a field that is absent or not valid a method returns
    a neutral value, so that reading continues; in the end `finish` of the outermost object raises.
    """

    def __init__(
        self, members: Mapping[str, Any], path: str = "", faults: list[FieldFault] | None = None
    ) -> None:
        self._members = members
        self._path = path
        self._faults = [] if faults is None else faults
        self._known: list[str] = []

    @property
    def members(self) -> Mapping[str, Any]:
        """The fields as they were sent."""
        return self._members

    def note(self, name: str, reason: str) -> None:
        """Note a fault: the rest of a sentence that begins with the field's path."""
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(FieldFault(self._at(name), reason))

    def finish(self, read_only: Collection[str] = ()) -> None:
        """Note unknown fields. Raises InvalidFields at the outermost object."""
        known = set(self._known).difference(read_only)
        for name in first_names(name for name in self._members if name not in known):
            self.note(name, "is read-only" if name in read_only else "is unknown")
        self.conclude()

    def conclude(self) -> None:
        """Ignore unknown fields. Raises InvalidFields at the outermost object."""
        if self._faults and not self._path:
            raise InvalidFields(self._faults)

    def name(self, name: str, *, required: bool = True) -> str:
        """A text of one line, as `is_name` allows; empty if there is none."""
        value = self.text(name, required=required, longest=NAME_LENGTH)
        if value and not is_name(value):
            self.note(name, "must be one line without control characters")
        return value

    def code(self, name: str) -> str:
        """A code that a merchant chose: a name without blanks at its ends; empty if absent."""
        value = self._members.get(name)
        if type(value) is str and len(value) <= NAME_LENGTH and trim(value) != value:
            self._known.append(name)
            self.note(name, "must not begin or end with blanks or invisible characters")
            return value
        return self.name(name)

    def typed_code(self, name: str) -> str:
        """A code as a person typed it, with blanks at its ends; empty if there is none.

        Without the blanks it must be a name. A text of blanks counts as empty.
        """
        value = self._members.get(name)
        if type(value) is not str or len(value) > NAME_LENGTH:
            return self.name(name)
        self._known.append(name)
        trimmed = trim(value)
        if is_name(trimmed):
            return value
        if trimmed:
            self.note(name, "must be one line without control characters")
        else:
            self.note(name, f"must have 1 to {NAME_LENGTH} characters")
        return ""

    def text(self, name: str, *, required: bool = True, longest: int) -> str:
        """A text that is not blank and has no control characters; empty if there is none."""
        value = self._value(name, required=required)
        if value is None:
            return ""
        if type(value) is not str:
            self.note(name, "must be a string")
        elif not 1 <= len(value) <= longest:
            self.note(name, f"must have 1 to {longest} characters")
        elif not is_text(value):
            self.note(name, "must not be blank or have control characters")
        else:
            return value
        return ""

    def boolean(self, name: str, *, required: bool = True) -> bool:
        """True or false; false if there is none."""
        value = self._value(name, required=required)
        if value is not None and type(value) is not bool:
            self.note(name, "must be true or false")
        return value is True

    def whole(
        self, name: str, low: int, high: int = HIGHEST_NUMBER, *, required: bool = True
    ) -> int | None:
        """A whole number within these limits, in any notation: 10, 10.0 or 1e1."""
        value = self._value(name, required=required)
        if value is None:
            return None
        number = _whole(value)
        if number is None or not low <= number <= high:
            self.note(name, f"must be a whole number from {low} to {high}")
            return None
        return number

    def choice(self, name: str, options: type[E]) -> E | None:
        """One of the words of an enumeration."""
        value = self._value(name, required=True)
        words = {str(option): option for option in options}
        if value is None:
            return None
        if type(value) is not str or value not in words:
            self.note(name, f"must be one of {', '.join(words)}")
            return None
        return words[value]

    def parsed(self, name: str, parse: Callable[[str], T], rule: str) -> T | None:
        """The result of `parse` for a text; if it raises ValueError, the field breaks the rule."""
        value = self._value(name, required=True)
        if value is None:
            return None
        try:
            if type(value) is str:
                return parse(value)
        except ValueError:
            pass
        self.note(name, f"must be {rule}")
        return None

    def object(self, name: str, *, required: bool = False) -> "SubscriptionBody":
        """The object of that name; an empty one if there is none."""
        value = self._value(name, required=required)
        if isinstance(value, dict):
            return SubscriptionBody(value, self._at(name), self._faults)
        if value is not None:
            self.note(name, "must be an object")
        return SubscriptionBody({}, self._at(name), [])

    def present(self, name: str) -> bool:
        """Whether the field is present and not null."""
        self._known.append(name)
        return self._members.get(name) is not None

    def objects(self, name: str, most: int, *, least: int = 0) -> Iterator["SubscriptionBody"]:
        """The objects in a list of that name."""
        for i, item in self._items(name, most, least):
            if isinstance(item, dict):
                yield SubscriptionBody(item, f"{self._at(name)}[{i}]", self._faults)
            else:
                self.note(f"{name}[{i}]", "must be an object")

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """The texts in a list of that name, none of them empty."""
        found = []
        for i, item in self._items(name, most, 0):
            if type(item) is str and is_name(item):
                found.append(item)
            else:
                self.note(f"{name}[{i}]", f"must be a string of 1 to {NAME_LENGTH} characters")
        return tuple(found)

    def _items(self, name: str, most: int, least: int) -> list[tuple[int, Any]]:
        value = self._value(name, required=least > 0)
        if value is None:
            return []
        if not isinstance(value, list) or not least <= len(value) <= most:
            self.note(name, f"must be a list of {least} to {most} items")
            return []
        return list(enumerate(value))

    def _value(self, name: str, *, required: bool) -> Any:
        self._known.append(name)
        value = self._members.get(name)
        if value is None and required:
            self.note(name, "is required")
        return value

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def _whole(value: object) -> int | None:
    if type(value) is int:
        return value
    if not isinstance(value, Number):
        return None
    try:
        exact = Decimal(value.text)
    except ArithmeticError:
        return None
    # Compare first: a number of a million digits must not be computed with.
    if not -HIGHEST_NUMBER <= exact <= HIGHEST_NUMBER or exact != exact.to_integral_value():
        return None
    return int(exact)
