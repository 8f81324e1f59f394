"""The menu: its pages, and who sees them."""

from dataclasses import dataclass
from typing import Final

from sconto.domain.people import Action, Caller
from sconto.portal.words import marked


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu; `label` is translated where it is shown.

    The pages below `path` and `also` belong to it.
    """

    path: str
    label: str
    needs: Action
    also: str | None = None


MENU: Final = (
    Entry("/promotions", marked("Promotions"), Action.READ_PROMOTIONS, also="/cart-promotions"),
    Entry("/subscriptions", marked("Subscriptions"), Action.READ_PROMOTIONS),
    Entry("/carts", marked("Try a cart"), Action.READ_PROMOTIONS),
    Entry("/orders", marked("Orders"), Action.READ_ORDERS),
    Entry("/webhooks", marked("Webhooks"), Action.READ_EVENTS),
    Entry("/people", marked("People"), Action.MANAGE_PEOPLE),
    Entry("/keys", marked("API keys"), Action.MANAGE_PEOPLE),
)


def menu_for(caller: Caller) -> list[Entry]:
    """The pages that the caller may open."""
    return [entry for entry in MENU if caller.may(entry.needs)]


def home_of(caller: Caller) -> str | None:
    """The first page that the caller may open; None if there is none."""
    return next((entry.path for entry in menu_for(caller)), None)
