"""The menu: which pages stand in it, and for whom."""

from dataclasses import dataclass
from typing import Final

from sconto.domain.people import Action, Caller
from sconto.portal.words import marked


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the menu; `label` is translated where it is shown."""

    path: str
    label: str
    needs: Action


MENU: Final = (
    Entry("/promotions", marked("Promotions"), Action.READ_PROMOTIONS),
    Entry("/subscriptions", marked("Subscriptions"), Action.READ_PROMOTIONS),
    Entry("/carts", marked("Try a cart"), Action.READ_PROMOTIONS),
    Entry("/orders", marked("Orders"), Action.READ_ORDERS),
    Entry("/people", marked("People"), Action.MANAGE_PEOPLE),
)


def menu_for(caller: Caller) -> list[Entry]:
    """The pages that the caller may open."""
    return [entry for entry in MENU if caller.may(entry.needs)]


def home_of(caller: Caller) -> str | None:
    """Where the caller begins; None where there is nothing for them."""
    return next((entry.path for entry in menu_for(caller)), None)
