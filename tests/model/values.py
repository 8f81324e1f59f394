"""Values that are sent and compared: JSON with numbers as written, instants, percents, amounts."""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

DECIMALS: Mapping[str, int] = {"EUR": 2, "JPY": 0, "KWD": 3, "RSD": 2}
"""The currencies of the histories, with the decimals of their minor units."""

_AROUND_CODES = " \t\n\r\x85\u00a0\u2000\u2028\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"

_TIME = re.compile(r"([0-9-]{10})T([0-9:]{8})([+-])([0-9]{2}):([0-9]{2})")


class Digits(str):
    """A JSON number that is sent exactly as written."""

    __slots__ = ()


def to_json(value: object) -> str:
    """The text of a JSON value."""
    match value:
        case Digits():
            return str(value)
        case dict():
            members = (f"{json.dumps(name)}:{to_json(member)}" for name, member in value.items())
            return "{" + ",".join(members) + "}"
        case list():
            return "[" + ",".join(map(to_json, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def compared(code: str) -> str:
    """The key of a code: in NFC, trimmed, ignoring case."""
    return unicodedata.normalize("NFC", code.strip(_AROUND_CODES)).lower()


def is_string(value: object) -> bool:
    """Whether this is a JSON string. `Digits` are not."""
    return isinstance(value, str) and not isinstance(value, Digits)


def whole_number(value: object) -> int | None:
    """A JSON number that is a positive integer of at most 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | Digits):
        return None
    text = str(value)
    number = int(text) if re.fullmatch("[0-9]+", text) else 0
    return number if 0 < number < 2**63 else None


def percent(value: object) -> Fraction | None:
    """0 < x <= 100, up to 6 decimals, as a string or a number."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if not re.fullmatch(r"[0-9]+(\.[0-9]{1,6})?", str(value), re.ASCII):
        return None
    number = Fraction(str(value))
    return number if 0 < number <= 100 else None


def show_percent(number: Fraction) -> str:
    """Without trailing zeros."""
    whole, rest = divmod(number * 10**6, 10**6)
    return f"{whole}.{int(rest):06}".rstrip("0").rstrip(".")


def instant(value: object) -> datetime | None:
    """`YYYY-MM-DDThh:mm:ss±hh:mm` with a valid year and offset."""
    found = _TIME.fullmatch(value) if is_string(value) and isinstance(value, str) else None
    if found is None:
        return None
    day, time, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > timedelta(hours=14) or int(minutes) > 59:
        return None
    try:
        local = datetime.strptime(f"{day}T{time}Z", "%Y-%m-%dT%H:%M:%S%z")
        return local.replace(tzinfo=timezone(-offset if sign == "-" else offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def show_instant(moment: datetime, zone: ZoneInfo) -> str:
    """As the merchant API writes it."""
    return moment.astimezone(zone).replace(microsecond=0).isoformat()


def is_over(end: datetime | None, at: datetime) -> bool:
    """An end in whole seconds includes its last second. An end with a fraction is exact."""
    if end is None or at <= end:
        return False
    return bool(end.microsecond) or at - end >= timedelta(seconds=1)


def no_end(zone: ZoneInfo) -> datetime:
    """The time that means "no end"."""
    return datetime(3000, 1, 1, tzinfo=zone).astimezone(UTC)


def show_amount(minor: int, currency: str) -> str:
    """Minor units as a decimal string."""
    places = DECIMALS[currency]
    text = str(minor).rjust(places + 1, "0")
    return f"{text[:-places]}.{text[-places:]}" if places else text


def minor_units(text: str, currency: str) -> int:
    """A decimal string as minor units."""
    return int(Fraction(text) * 10 ** DECIMALS[currency])


def half_up(number: Fraction) -> int:
    """The nearest integer; a half goes up."""
    return int((number + Fraction(1, 2)).__floor__())
