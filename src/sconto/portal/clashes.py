"""Two people change the same thing: how a form differs from what was saved meanwhile."""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sconto.domain.history import Subject
from sconto.operations.versions import LastChange, find_last_change
from sconto.portal.benefit_fields import KINDS
from sconto.portal.cart_sentences import TARGETS
from sconto.portal.faults import name_some
from sconto.portal.language import Language
from sconto.portal.sentences import CODE_TYPES, TYPES
from sconto.portal.visit import Visit
from sconto.portal.words import marked

FIELD: Final = "version"
"""The form field of the version that the form was made from."""

_NOTHING: Final = "\N{EN DASH}"
_LONG: Final = 120
_BETWEEN: Final = re.compile(r"[\s,;]+")

LISTS: Final = frozenset({"codes", "products", "except_products", "tags", "except_tags"})
"""Fields whose texts are lists; the order of their elements does not matter."""

_NAMES: Final = {
    "name": marked("Name"),
    "active": marked("Active"),
    "enabled": marked("Active"),
    "type": marked("Discount type"),
    "who": marked("Discount type"),
    "starts_at": marked("Start"),
    "ends_at": marked("End, included"),
    "coverage": marked("What it gives"),
    "kind": marked("What it gives"),
    "percent": marked("Percent"),
    "products": marked("Products"),
    "tags": marked("Tags"),
    "except_products": marked("Not these ids"),
    "except_tags": marked("Not these tags"),
    "on_discounted": marked("Also on lines with a product promotion"),
    "code": marked("Code"),
    "codes": marked("Codes"),
    "code_type": marked("Code use"),
    "target": marked("Taken off"),
    "at_most": marked("At most"),
    "amounts": marked("Amount"),
    "prices": marked("Price of each unit"),
    "buy": marked("Buy"),
    "get": marked("Get"),
    "get_percent": marked("Percent off those"),
    "get_products": marked("Get only these products"),
    "get_tags": marked("Get only these tags"),
    "most_units": marked("At most, in units"),
    "tiers": marked("Tiers"),
    "tiers_by": marked("Tiers go by"),
    "minimum_subtotal": marked("Minimum order value"),
    "minimum_quantity": marked("Minimum quantity"),
    "segments": marked("Customer segments"),
    "first_order": marked("Only the customer's first order"),
    "total": marked("Orders in all"),
    "per_customer": marked("Orders of a customer"),
    "budget": marked("Budget"),
    "weekdays": marked("Days"),
    "hours_from": marked("Hours, from"),
    "hours_until": marked("Hours, until"),
    "priority": marked("Priority"),
    "exclusive": marked("Only alone"),
    "description": marked("Description"),
    "max_usage": marked("Limit"),
    "new_only": marked("New subscriptions only"),
    "type_ids": marked("Subscription types"),
    "rules": marked("Rules"),
    "url": marked("Address"),
    "types": marked("Events"),
}


_WORDS: Final[Mapping[str, Mapping[Any, str]]] = {
    "type": TYPES,
    "who": {"everybody": marked("Automatic"), "code": marked("Code")},
    "coverage": {
        "all": marked("Percent off all products"),
        "listed": marked("Percent off some products"),
        "own": marked("Different percentages per product"),
    },
    "code_type": CODE_TYPES,
    "target": TARGETS,
    "kind": KINDS,
    "tiers_by": {"subtotal": marked("By what is spent"), "quantity": marked("By units")},
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field with different values in the two people's versions."""

    label: str
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Clash:
    """Who saved meanwhile, when (None if unknown), and what differs from the form."""

    change: LastChange | None
    is_mine: bool
    differences: tuple[Difference, ...]


def version_field(changed_at: datetime | None) -> str:
    """The text of the field for a version; empty for something new."""
    return "" if changed_at is None else changed_at.isoformat()


def sent_version(visit: Visit) -> datetime | None:
    """The version that the form was made from; None if it does not say."""
    try:
        version = datetime.fromisoformat(visit.field(FIELD))
    except ValueError:
        return None
    return version if version.tzinfo else None


def shallow(fields: Any) -> dict[str, Any]:
    """The fields of a form by name, without converting their values."""
    return {one.name: getattr(fields, one.name) for one in dataclasses.fields(fields)}


async def find_clash(
    visit: Visit,
    subject: Subject,
    subject_id: int,
    mine: Mapping[str, Any],
    theirs: Mapping[str, Any],
) -> Clash:
    """The differences of a form and the stored promotion, and who saved that; fields by name."""
    change = await find_last_change(visit.context.database, visit.caller, subject, subject_id)
    is_mine = (
        change is not None
        and visit.session is not None
        and change.username == visit.session.username
    )
    return Clash(change, is_mine, find_differences(visit.language, mine, theirs))


def find_differences(
    language: Language, mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> tuple[Difference, ...]:
    """The fields that differ, in the order of the form."""
    return tuple(
        Difference(language.gettext(_NAMES.get(name, name)), *_shown(language, name, own, other))
        for name, own in mine.items()
        if name in theirs and _comparable(name, own) != _comparable(name, other := theirs[name])
    )


def _comparable(name: str, value: Any) -> object:
    if name in LISTS and isinstance(value, str):
        return frozenset(value.splitlines() if name == "products" else _BETWEEN.split(value))
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _shown(language: Language, name: str, mine: Any, theirs: Any) -> tuple[str, str]:
    if name in LISTS and max(len(mine), len(theirs)) > _LONG:
        both = [[*filter(None, _BETWEEN.split(text))] for text in (mine, theirs)]
        only = [[one for one in some if one not in set(other)] for some, other in _pairs(both)]
        words = language.gettext("%(number)s, of which only here: %(texts)s")
        first, second = (
            words % {"number": language.number(len(some)), "texts": name_some(own) or _NOTHING}
            for some, own in zip(both, only, strict=True)
        )
        return first, second
    if name == "weekdays":
        mine, theirs = (
            [language.weekday(int(day)) for day in sorted(days)] for days in (mine, theirs)
        )
    known = _WORDS.get(name, {})
    mine, theirs = (
        language.gettext(known[value]) if isinstance(value, str) and value in known else value
        for value in (mine, theirs)
    )
    return _text(language, mine), _text(language, theirs)


def _pairs(both: list[list[str]]) -> list[tuple[list[str], list[str]]]:
    return [(both[0], both[1]), (both[1], both[0])]


def _text(language: Language, value: Any) -> str:
    if isinstance(value, bool):
        return language.gettext("yes") if value else language.gettext("no")
    if isinstance(value, (frozenset, tuple, list)):
        items: Iterable[Any] = value
        return ", ".join(filter(None, (_text(language, one) for one in items))) or _NOTHING
    parts = getattr(value, "__slots__", None)
    if parts:
        texts = (_text(language, getattr(value, one)) for one in parts)
        return " ".join(text for text in texts if text != _NOTHING)
    text = str(value)
    return f"{text[:_LONG]} …" if len(text) > _LONG else text or _NOTHING
