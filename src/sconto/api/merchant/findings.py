"""The errors found in a promotion's body, in the order of its fields."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from sconto.api.faults import first_names
from sconto.api.merchant.errors import Fault, fault
from sconto.api.merchant.values import OWN_PERCENT_MEMBERS

Path = tuple[str, ...]
"""The path of a field: `("coupons", "coupon_type")`."""

_FIELDS: Final = (
    "promotion_type",
    "promotion_name",
    "status",
    "date_from",
    "date_to",
    "coupons",
    "coupons.coupon_type",
    "coupons.coupon_code",
    "coupons.discount_percent",
    "coupons.product_id",
    "coupons.products",
    "discounts",
    "discounts.discount_percent",
    "discounts.product_id",
    "discounts.products",
)

_ORDER: Final[Mapping[Path, int]] = {
    tuple(field.split(".")): position for position, field in enumerate(_FIELDS)
}
_OBJECTS: Final = frozenset(path[0] for path in _ORDER if len(path) > 1)


def sent_paths(body: Mapping[str, object]) -> Iterator[Path]:
    """The fields of a body, known and unknown, in the order sent."""
    for name, value in body.items():
        yield (name,)
        if name in _OBJECTS and isinstance(value, dict):
            yield from ((name, leaf) for leaf in value)


def _unknown_names(body: Mapping[str, object]) -> Iterator[str]:
    """The unknown names of fields and of members of `products`, in the order sent."""
    for path in sent_paths(body):
        if path not in _ORDER:
            yield path[-1]
        elif path[-1] == "products":
            items = cast(Mapping[str, object], body[path[0]])["products"]
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict):
                    yield from (name for name in item if name not in OWN_PERCENT_MEMBERS)


def last_of(paths: Iterable[Path]) -> Path:
    """The last of these fields in the documentation's order: where an error about all belongs."""
    return max(paths, key=_ORDER.__getitem__)


class Findings:
    """Errors with their places: a field, or after all fields."""

    def __init__(self) -> None:
        self._found: list[tuple[int, Fault]] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def note(self, path: Path, found: Fault) -> None:
        """Note an error about a field; for several fields, the path is the last of them."""
        self._found.append((_ORDER.get(path, len(_FIELDS)), found))

    def note_invalid(self, path: Path, leaf: str | None = None) -> None:
        """Note 11010, which names the field by the last part of its path."""
        self.note(path, fault(11010, path[-1] if leaf is None else leaf))

    def note_unknown_names(self, body: Mapping[str, object]) -> None:
        """Note 11010 for each unknown name; they come last, in the order sent."""
        unknown = first_names(dict.fromkeys(_unknown_names(body)))
        self._found += [(len(_FIELDS), fault(11010, name)) for name in unknown]

    def faults(self) -> tuple[Fault, ...]:
        """All errors, each once: by field, then by code, then in the order found."""
        return tuple(dict.fromkeys(found for _, found in self._in_order()))

    def located(self) -> Iterator[tuple[Path, Fault]]:
        """All errors with their fields; the path is empty for an unknown name."""
        fields = (*_ORDER, ())
        return ((fields[position], found) for position, found in self._in_order())

    def _in_order(self) -> list[tuple[int, Fault]]:
        return sorted(self._found, key=lambda found: (found[0], found[1].code))
