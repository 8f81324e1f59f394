"""Reads the fields of a JSON object one by one, and collects all their faults."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, TypeVar

from sconto.api.faults import FieldFault
from sconto.api.problem_json import find_unknown, pointer
from sconto.api.strict_json import Number
from sconto.domain.money import (
    PRICE_DIGITS,
    currency_decimals,
    known_currencies,
    parse_amount,
    parse_percent,
)

T = TypeVar("T")

_PERCENT_RULE: Final = 'must be a percent such as "12.5": above 0, at most 100, up to six decimals'


class BodyFields:
    """An object in a body, with its place; collects the faults of the whole body.

    A reader reads each field once, and then calls `finish`. For an invalid field a fault is noted
    and a neutral value returned, so that reading continues.
    """

    def __init__(self, values: Mapping[str, Any], place: str, faults: list[FieldFault]) -> None:
        self._values = values
        self._place = place
        self._faults = faults
        self._known: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether the field is present and not null."""
        self._known.add(name)
        return self._values.get(name) is not None

    def note(self, name: str, rule: str) -> None:
        """Note that the field breaks a rule, or is missing."""
        self._known.add(name)
        detail = rule if name in self._values else "is missing"
        self._faults.append(FieldFault(self._place + pointer(name), detail))

    def refuse(self, name: str, detail: str) -> None:
        """Note a fault of a field, whether or not it is present."""
        self._known.add(name)
        self._faults.append(FieldFault(self._place + pointer(name), detail))

    def note_items(self, name: str, indexes: Iterable[int], rule: str) -> None:
        """Note elements of a list that break a rule."""
        place = self._place + pointer(name)
        self._faults += [FieldFault(f"{place}/{index}", rule) for index in indexes]

    def note_faults(self, faults: Iterable[FieldFault]) -> None:
        """Note faults whose places in the body are known."""
        self._faults += faults

    @property
    def number_of_faults(self) -> int:
        """How many faults the body has so far."""
        return len(self._faults)

    def leave_unread(self) -> None:
        """Treat no field as unknown, because another field decides which are allowed."""
        self._known |= self._values.keys()

    def value(self, name: str) -> Any:
        """The field as it was sent; None if it is absent."""
        self._known.add(name)
        return self._values.get(name)

    def text(self, name: str, is_valid: Callable[[str], bool], rule: str) -> str:
        """A required text."""
        text = self.value(name)
        if type(text) is not str or not is_valid(text):
            self.note(name, rule)
            return ""
        return text

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        flag = self.value(name)
        if flag is None and name not in self._values:
            return default
        if type(flag) is not bool:
            self.note(name, "must be true or false")
            return default
        return flag

    def number(self, name: str, least: int, most: int, default: int | None = None) -> int:
        """A whole number; required without a default."""
        number = self.value(name)
        if number is None and default is not None:
            return default
        if type(number) is not int or not least <= number <= most:
            self.note(name, f"must be a whole number from {least} to {most}")
            return least
        return number

    def optional_number(self, name: str, least: int, most: int) -> int | None:
        """A whole number, or None if the field is absent."""
        return self.number(name, least, most) if self.has(name) else None

    def one_of(self, name: str, choices: Collection[str]) -> str | None:
        """One of some texts; None if it is not one of them."""
        text = self.value(name)
        if type(text) is not str or text not in choices:
            names = ", ".join(f'"{choice}"' for choice in choices)
            self.note(name, f"must be one of {names}")
            return None
        return text

    def percent(self, name: str, default: int | None = None) -> int:
        """A percent as a text or a number, in millionths of one percent."""
        value = self.value(name)
        if value is None and default is not None:
            return default
        text = value.text if isinstance(value, Number) else value
        if type(text) is int:
            text = str(text)
        try:
            if type(text) is str:
                return parse_percent(text)
        except ValueError:
            pass
        self.note(name, _PERCENT_RULE)
        return 1

    def amounts(self, name: str, *, least: int = 1) -> dict[str, int]:
        """Amounts by currency, in minor units of each; `least` is the lowest, in minor units."""
        sent = self.value(name)
        if type(sent) is not dict or not sent:
            self.note(name, 'must be amounts by currency, such as {"EUR": "10.00"}')
            return {}
        amounts = {}
        place = self._place + pointer(name)
        for currency, text in sent.items():
            if currency not in known_currencies():
                rule = "is not an ISO 4217 code"
                self._faults.append(FieldFault(place + pointer(currency), rule))
            elif (amount := _amount(text, currency)) is None or amount < least:
                rule = f"must be an amount such as {_example(currency, least)}"
                self._faults.append(FieldFault(place + pointer(currency), rule))
            else:
                amounts[currency] = amount
        return amounts

    def optional_amounts(self, name: str) -> dict[str, int] | None:
        """As `amounts`, or None if the field is absent."""
        return self.amounts(name) if self.has(name) else None

    def object(self, name: str, read: Callable[["BodyFields"], T]) -> T | None:
        """The result of reading an object, or None if the field is absent."""
        sent = self.value(name)
        if sent is None:
            return None
        if type(sent) is not dict:
            self.note(name, "must be an object")
            return None
        fields = BodyFields(sent, self._place + pointer(name), self._faults)
        found = read(fields)
        fields.finish()
        return found

    def objects(self, name: str, most: int, read: Callable[["BodyFields"], T]) -> list[T]:
        """The results of reading each object in a required list."""
        sent = self.value(name)
        if type(sent) is not list or not 1 <= len(sent) <= most:
            self.note(name, f"must be a list of 1 to {most} objects")
            return []
        found = []
        for index, item in enumerate(sent):
            place = f"{self._place}{pointer(name)}/{index}"
            if type(item) is not dict:
                self._faults.append(FieldFault(place, "must be an object"))
                continue
            fields = BodyFields(item, place, self._faults)
            found.append(read(fields))
            fields.finish()
        return found

    def set_of(
        self, name: str, most: int, is_valid: Callable[[Any], bool], rule: str
    ) -> frozenset[Any]:
        """The distinct values of a list, which may be absent but not empty."""
        sent = self.value(name)
        if sent is None:
            return frozenset()
        if type(sent) is not list or not 1 <= len(sent) <= most:
            self.note(name, f"must be a list of 1 to {most} values")
            return frozenset()
        self.note_items(name, (i for i, value in enumerate(sent) if not is_valid(value)), rule)
        return frozenset(value for value in sent if is_valid(value))

    def finish(self) -> None:
        """Note unknown fields."""
        self._faults += find_unknown(self._values, self._known, self._place)


def _amount(text: object, currency: str) -> int | None:
    try:
        return parse_amount(text, currency) if type(text) is str else None
    except ValueError:
        return None


def _example(currency: str, least: int) -> str:
    decimals = currency_decimals(currency)
    fraction = f".{'0' * decimals}" if decimals else ""
    bound = "above zero" if least else "not below zero"
    return (
        f'"10{fraction}", {bound}, with at most {PRICE_DIGITS} digits before the dot'
        f" and {decimals} after it"
    )
