"""The facts that a history recorded, in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sconto.portal.language import Language
from sconto.portal.subscription_sentences import recorded_rule_words
from sconto.portal.words import marked

FACTS: Final = {
    "active": marked("On"),
    "benefit": marked("Discount"),
    "conditions": marked("Needs"),
    "exclusive": marked("Alone"),
    "hours": marked("Hours"),
    "limits": marked("Limits"),
    "on_discounted": marked("On lines with a product promotion"),
    "priority": marked("Priority"),
    "target": marked("Takes effect"),
    "code": marked("Code"),
    "code_type": marked("Each code"),
    "codes": marked("Codes"),
    "count": marked("Number"),
    "covers": marked("Covers"),
    "description": marked("Description"),
    "ends_at": marked("End, included"),
    "example": marked("Example"),
    "max_usage": marked("Limit"),
    "meta": marked("Notes of programs"),
    "name": marked("Name"),
    "new_only": marked("New subscriptions only"),
    "percent": marked("Percent"),
    "products": marked("Products"),
    "rules": marked("Rules"),
    "starts_at": marked("Start"),
    "type": marked("Type"),
    "type_ids": marked("Subscription types"),
    "address": marked("Address"),
    "browser": marked("Browser"),
    "code_link": marked("Link with a code"),
    "currency": marked("Currency"),
    "disabled": marked("Deactivated"),
    "events": marked("Events"),
    "expires_at": marked("Expires"),
    "history": marked("History entries"),
    "keys": marked("Idempotency keys"),
    "kind": marked("What"),
    "older_than": marked("Older than"),
    "orders": marked("Orders"),
    "prefix": marked("Begins with"),
    "promotion": marked("Promotion"),
    "purpose": marked("Purpose"),
    "recording": marked("Recorded"),
    "requires_two_factor": marked("Everybody needs two-factor sign-in"),
    "role": marked("Role"),
    "shop_name": marked("Shop name"),
    "since": marked("From"),
    "status": marked("Status"),
    "system": marked("System"),
    "time_zone": marked("Time zone"),
    "types": marked("Events"),
    "until": marked("To"),
    "url": marked("Address"),
    "way": marked("With"),
}
"""Names of facts."""

_VALUES: Final = {
    "all": marked("all products"),
    "coupon": marked("With a code"),
    "discount": marked("Automatic"),
    "listed": marked("some products"),
    "one-time": marked("single use"),
    "reusable": marked("unlimited use"),
}

_VALUES_OF_PEOPLE: Final = {
    "admin": marked("Admin"),
    "audit log": marked("Audit log"),
    "checkout": marked("Checkout"),
    "codes": marked("Codes"),
    "invitation": marked("Invitation"),
    "manager": marked("Manager"),
    "orders": marked("Orders"),
    "password": marked("Password"),
    "provider": marked("Your provider"),
    "redemptions": marked("Redemptions"),
    "reset": marked("Another password"),
    "returns": marked("Returns"),
    "two-factor": marked("Password and code"),
    "viewer": marked("Viewer"),
}

_NAMES_OF_VALUES: Final = ("type", "code_type", "covers")
_NAMES_OF_PEOPLE: Final = ("kind", "purpose", "role", "way")
_NAMED: Final = 10

_INSTANTS: Final = ("since", "until", "older_than")


def fact_words(language: Language, name: str, value: object) -> str:
    """The value of a fact."""
    match value:
        case None:
            return language.gettext("none")
        case bool():
            return language.gettext("yes") if value else language.gettext("no")
        case Mapping():
            return _list_words(language, value)
        case str() if name.endswith("_at") or name in _INSTANTS:
            return language.instant(datetime.fromisoformat(value))
        case str() if name in _NAMES_OF_PEOPLE:
            return language.gettext(_VALUES_OF_PEOPLE.get(value, value))
        case str():
            shown = (
                language.gettext(_VALUES.get(value, value)) if name in _NAMES_OF_VALUES else value
            )
            return f"{value}%" if name == "percent" else shown
        case Sequence():
            return _parts_words(language, name, value)
    return language.number(value) if isinstance(value, int) else str(value)


def _parts_words(language: Language, name: str, parts: Sequence[object]) -> str:
    if name == "rules":
        rules = [recorded_rule_words(language, part) for part in parts if isinstance(part, Mapping)]
        return "; ".join(rules)
    return ", ".join(fact_words(language, "", part) for part in parts) or language.gettext("none")


def _list_words(language: Language, facts: Mapping[str, object]) -> str:
    """How a list changed: its length, what was added and what was removed."""
    _ = language.gettext
    said = []
    for name, words in (
        ("count", _("%(number)s in all")),
        ("added", _("%(number)s added: %(elements)s")),
        ("removed", _("%(number)s removed: %(elements)s")),
        ("replaced", _("%(number)s replaced: %(elements)s")),
    ):
        if name not in facts:
            continue
        if name == "count":
            said.append(words % {"number": facts[name]})
            continue
        elements = facts[name]
        shown = elements[:_NAMED] if isinstance(elements, list) else []
        number = facts.get(f"{name}_count", len(shown))
        more = " …" if isinstance(number, int) and number > len(shown) else ""
        named = ", ".join(_element(element) for element in shown) + more
        said.append(words % {"number": number, "elements": named})
    return "; ".join(said) or ", ".join(f"{name}: {value}" for name, value in facts.items())


def _element(element: object) -> str:
    if isinstance(element, Mapping):
        return " ".join(str(part) for part in element.values())
    return str(element)
