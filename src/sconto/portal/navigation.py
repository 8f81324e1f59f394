"""The menu: its pages, and who sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sconto.domain.people import Action, Caller
from sconto.portal.words import marked


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu; `label` is translated where it is shown.

    The pages below `path` and `also` belong to it. `needs` is None if everybody may open it. With
    `in_bar` a narrow screen shows it in the bar at the bottom, and the others under "More". `about`
    describes it in the person's own menu.
    """

    path: str
    label: str
    icon: str
    needs: Action | None
    also: tuple[str, ...] = ()
    in_bar: bool = False
    about: str = ""

    def has(self, path: str) -> bool:
        """Whether the page at the path belongs to this entry."""
        return any(path == own or path.startswith(f"{own}/") for own in (self.path, *self.also))


_PROMOTIONS: Final = Action.READ_PROMOTIONS
_CARTS: Final = ("/cart-promotions",)
_PROGRAMS: Final = ("/webhooks", "/keys")

MENU: Final = (
    Entry("/home", marked("Home"), "house", _PROMOTIONS, ("/calendar",), in_bar=True),
    Entry("/promotions", marked("Promotions"), "badge-percent", _PROMOTIONS, _CARTS, in_bar=True),
    Entry("/subscriptions", marked("Subscriptions"), "repeat", _PROMOTIONS),
    Entry("/orders", marked("Orders"), "receipt-text", Action.READ_ORDERS, in_bar=True),
    Entry("/reports", marked("Reports"), "chart-column", _PROMOTIONS, in_bar=True),
    Entry("/carts", marked("Try a cart"), "shopping-cart", _PROMOTIONS),
    Entry("/people", marked("Team"), "users", Action.MANAGE_PEOPLE),
    Entry("/developers", marked("Developers"), "code-xml", Action.READ_EVENTS, _PROGRAMS),
)


ACCOUNT_MENU: Final = (
    Entry(
        "/account",
        marked("Your account"),
        "circle-user",
        None,
        about=marked("Password, sessions, language"),
    ),
    Entry("/settings", marked("Settings"), "settings", Action.MANAGE_SETTINGS),
    Entry("/audit", marked("Audit log"), "scroll-text", Action.READ_AUDIT_LOG),
)
"""The pages of the person's own menu."""


def menu_for(caller: Caller) -> Sequence[Entry]:
    """The pages of the menu that the caller may open."""
    return _open_to(caller, MENU)


def account_menu_for(caller: Caller) -> Sequence[Entry]:
    """The pages of the person's own menu that the caller may open."""
    return _open_to(caller, ACCOUNT_MENU)


def home_of(caller: Caller) -> str | None:
    """The first page that the caller may open; None if there is none."""
    return next((entry.path for entry in menu_for(caller)), None)


def _open_to(caller: Caller, entries: Sequence[Entry]) -> Sequence[Entry]:
    return [entry for entry in entries if entry.needs is None or caller.may(entry.needs)]
