"""The form that returns goods of an order: its fields, and the faults of each.

It has `units-0`, `units-1` and so on by the places of the order's lines, `shipping`, `return_id`,
and what was `shown` before *Record this return*.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sconto.domain.bill import PricedCart
from sconto.domain.names import REFERENCE_LENGTH, is_reference
from sconto.domain.returns import NOTHING, Goods, Refund
from sconto.portal.language import Language
from sconto.portal.visit import Visit

_UNITS: Final = re.compile("0*[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class ReturnForm:
    """What was typed: units by the place of the line, counted from 0; and the faults by field.

    `quote` is what the typed goods pay back, after that was requested.
    """

    units: Mapping[int, str] = field(default_factory=dict)
    shipping: bool = False
    return_id: str = ""
    quote: Refund | None = None
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """What the page shows: what the goods pay back, and which they are."""
        total = 0 if self.quote is None else self.quote.total
        units = [f"{place}:{text}" for place, text in self.units.items()]
        return " ".join([str(total), *units, "shipping" if self.shipping else ""])


def read_form(visit: Visit, outcome: PricedCart) -> ReturnForm:
    """The form as it was sent."""
    typed = {place: visit.field(f"units-{place}") for place in range(len(outcome.lines))}
    return ReturnForm(
        {place: text for place, text in typed.items() if text},
        visit.field("shipping") == "on",
        visit.field("return_id"),
    )


def fill_with(form: ReturnForm, outcome: PricedCart, left: Goods) -> ReturnForm:
    """The form with everything that is left of the order."""
    units = {
        place: str(left.units[line.line_id])
        for place, line in enumerate(outcome.lines)
        if left.units[line.line_id]
    }
    return replace(form, units=units, shipping=left.shipping)


def read_goods(form: ReturnForm, outcome: PricedCart) -> Goods:
    """The typed goods, without values that are not numbers of units."""
    typed = {
        outcome.lines[place].line_id: int(text)
        for place, text in form.units.items()
        if _UNITS.fullmatch(text)
    }
    return Goods({line_id: number for line_id, number in typed.items() if number}, form.shipping)


def check_goods(
    form: ReturnForm, outcome: PricedCart, left: Goods, language: Language
) -> ReturnForm:
    """The form with the faults of the goods."""
    _ = language.gettext
    faults: dict[str, str] = {}
    for place, text in form.units.items():
        most = left.units[outcome.lines[place].line_id]
        if not _UNITS.fullmatch(text):
            faults[f"units-{place}"] = _("This is not a number of units.")
        elif int(text) > most:
            words = language.ngettext(
                "Only %(number)s unit is left.", "Only %(number)s units are left.", most
            )
            faults[f"units-{place}"] = words % {"number": language.number(most)}
    if form.shipping and not left.shipping:
        faults["goods"] = _("Shipping was returned already.")
    elif not faults and read_goods(form, outcome) == NOTHING:
        faults["goods"] = _("Type how many units come back, or choose shipping.")
    return replace(form, faults=faults)


def check_id(form: ReturnForm, language: Language) -> ReturnForm:
    """The form, with a fault if its id is not valid for a return."""
    if is_reference(form.return_id):
        return form
    words = language.gettext("An id has 1 to %(most)s characters.")
    faults = {**form.faults, "return_id": words % {"most": REFERENCE_LENGTH}}
    return replace(form, faults=faults)
