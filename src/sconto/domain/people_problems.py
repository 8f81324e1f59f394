"""Why something about API keys, links or e-mail addresses cannot be done."""

from dataclasses import dataclass
from enum import Enum, auto

from sconto.domain.merchant_settings import Setting
from sconto.domain.problems import Problem


@dataclass(eq=False)
class KeyNotFound(Problem):
    """The API key does not exist, is another merchant's or is revoked: indistinguishable.

    `key` is the id or the name that was given.
    """

    key: int | str


class KeyEndsInThePast(Problem):
    """The API key would expire before it is created."""


@dataclass(eq=False)
class TooManyKeys(Problem):
    """The merchant has the maximum of API keys that are not revoked."""

    most: int


@dataclass(eq=False)
class NotAnEmail(Problem):
    """No user can have this e-mail address."""

    email: str


@dataclass(eq=False)
class EmailTaken(Problem):
    """Another user of the merchant has this e-mail address."""

    email: str


@dataclass(eq=False)
class UserDisabled(Problem):
    """The user is disabled and can use no link."""

    username: str


class LinkOver(Problem):
    """The link was used or replaced, has expired, or never existed: indistinguishable."""


class SignOnReason(Enum):
    """Why somebody is refused although the provider knows them."""

    DISABLED = auto()
    NO_MERCHANT = auto()
    NO_ROLE = auto()
    NO_NAME = auto()


@dataclass(eq=False)
class SignOnRefused(Problem):
    """Single sign-on refuses this person, although the provider knows them."""

    reason: SignOnReason


@dataclass(eq=False)
class SettingsRefused(Problem):
    """Some settings of a merchant are not valid."""

    faults: list[Setting]


class WrongCode(Problem):
    """The code of two-factor sign-in is wrong, too old, or was used: indistinguishable."""


class SignInTooOld(Problem):
    """The sign-in that the code would finish began too long ago, or the user was changed since."""


class SetupTooOld(Problem):
    """The setup of two-factor sign-in was begun too long ago, or in another session."""


class TwoFactorIsOn(Problem):
    """The user already has two-factor sign-in."""


class TwoFactorIsOff(Problem):
    """The user has no two-factor sign-in."""


class TwoFactorRequired(Problem):
    """The merchant requires two-factor sign-in, so nobody may switch it off."""
