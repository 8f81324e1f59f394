"""Sessions of the portal as people see them: when they began, from where, and when last seen."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

SEEN_GRAIN: Final = timedelta(minutes=10)
"""How late the time may be at which a session was last seen, at most."""

_LONGEST_ADDRESS: Final = 64
_LONGEST_USER_AGENT: Final = 400

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("EdgA", "Edge"),
    ("EdgiOS", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("CriOS", "Chrome"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("HeadlessChrome", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
"""Products in the order in which they decide: most browsers name others after themselves."""

_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)

_PRODUCT: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}")


class Way(StrEnum):
    """How a session was opened."""

    PASSWORD = "password"  # noqa: S105  # a way
    TWO_FACTOR = "two-factor"
    PROVIDER = "provider"

    @property
    def is_strong(self) -> bool:
        """Whether more than a password was required; a provider decides for itself."""
        return self is not Way.PASSWORD


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from: the address, and the browser's user agent."""

    address: str = ""
    user_agent: str = ""

    def __post_init__(self) -> None:
        """Keep only what can be stored and shown."""
        object.__setattr__(self, "address", _printable(self.address)[:_LONGEST_ADDRESS])
        object.__setattr__(self, "user_agent", _printable(self.user_agent)[:_LONGEST_USER_AGENT])

    @property
    def browser(self) -> str | None:
        """The browser, or the program's own name; None if it does not say."""
        for product, name in _BROWSERS:
            if f"{product}/" in self.user_agent:
                return name
        found = _PRODUCT.match(self.user_agent)
        return None if found is None or found[0] == "Mozilla" else found[0]

    @property
    def system(self) -> str | None:
        """The operating system; None if it is unknown."""
        return next((name for part, name in _SYSTEMS if part in self.user_agent), None)


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a user. `seen_at` is up to `SEEN_GRAIN` late."""

    token_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    origin: Origin
    way: Way


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())
