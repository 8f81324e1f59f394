"""What every page uses: the database, the tokens, the zone and the clock."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, Self, cast
from zoneinfo import ZoneInfo

from starlette.requests import Request

from sconto.domain.receiver_address import ReceiverRules
from sconto.operations import Database
from sconto.operations.deliveries import Deliveries
from sconto.operations.known_keys import KnownKeys
from sconto.operations.mail import MailServer
from sconto.operations.profiles import Profiles
from sconto.operations.sessions import SeenSessions
from sconto.operations.sign_in_provider import SignInProvider
from sconto.operations.tokens import Tokens
from sconto.operations.turns import Turns


class PortalContext(Protocol):
    """The part of the application's context that the portal uses."""

    @property
    def database(self) -> Database:
        """The pool of connections."""

    @property
    def tokens(self) -> Tokens:
        """Signs sessions and reads them."""

    @property
    def keys(self) -> KnownKeys:
        """The API keys that this process knows."""

    @property
    def public_url(self) -> str | None:
        """Where browsers find the service; None means the address of the request."""

    @property
    def mail(self) -> MailServer | None:
        """The server that sends mail."""

    @property
    def sign_in_provider(self) -> SignInProvider | None:
        """The provider of single sign-on."""

    @property
    def turns(self) -> Turns:
        """Turns of merchants that send large bodies."""

    @property
    def short_turns(self) -> Turns:
        """Turns of merchants that receive long answers."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which times are shown and typed: the server's, or the merchant's."""

    @property
    def seen_sessions(self) -> SeenSessions:
        """When sessions were seen last."""

    @property
    def profiles(self) -> Profiles:
        """What pages know about their users."""

    @property
    def receivers(self) -> ReceiverRules:
        """Where webhooks may be sent."""

    @property
    def deliveries(self) -> Deliveries:
        """Sends a webhook's test."""

    def in_zone(self, zone: ZoneInfo) -> Self:
        """The same context with another time zone."""

    @property
    def now(self) -> Callable[[], datetime]:
        """Return the current time in UTC."""


def context_of(request: Request) -> PortalContext:
    """The context of the application that received the request."""
    return cast("PortalContext", request.scope["app"].context)
