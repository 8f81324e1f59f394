"""What requests are served with: the database, the tokens, the clock and the counters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self, cast
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.types import Scope

from sconto.api.clock import read_clock
from sconto.api.metrics import Metrics
from sconto.api.quotas import QuotaPolicies, Quotas
from sconto.api.sending.sender import Sender
from sconto.domain.pricing import STEPS, Step
from sconto.domain.receiver_address import ReceiverRules
from sconto.operations import Database
from sconto.operations.deliveries import Deliveries, lease_for
from sconto.operations.known_keys import KnownKeys
from sconto.operations.mail import MailServer
from sconto.operations.profiles import Profiles
from sconto.operations.sessions import SeenSessions
from sconto.operations.sign_in_provider import SignInProvider
from sconto.operations.tokens import Tokens
from sconto.operations.turns import Turns, short_turns


@dataclass(frozen=True, slots=True)
class Context:
    """What one application serves its requests with.

    The merchant API writes times in `zone`; `now` returns the current time in UTC. Without an
    `operator_token` anyone may read the figures, the readiness and `/docs`; with a `metrics_token`
    the figures need one of the two. `steps` are the engine's. `public_url` is the service's address
    for browsers; None means the address of the request. Without `mail` nothing is sent.
    """

    database: Database
    tokens: Tokens
    zone: ZoneInfo
    metrics: Metrics
    now: Callable[[], datetime] = read_clock
    quotas: Quotas = field(default_factory=lambda: Quotas.open(QuotaPolicies(), None))
    operator_token: bytes | None = None
    metrics_token: bytes | None = None
    turns: Turns = field(default_factory=Turns)
    short_turns: Turns = field(default_factory=short_turns)
    keys: KnownKeys = field(default_factory=KnownKeys)
    public_url: str | None = None
    mail: MailServer | None = None
    sign_in_provider: SignInProvider | None = None
    seen_sessions: SeenSessions = field(default_factory=SeenSessions)
    profiles: Profiles = field(default_factory=Profiles)
    sender: Sender = field(default_factory=lambda: Sender(ReceiverRules(), 15))

    @property
    def receivers(self) -> ReceiverRules:
        """Where webhooks may be sent."""
        return self.sender.rules

    @property
    def deliveries(self) -> Deliveries:
        """Sends a webhook's test."""
        return Deliveries(
            self.database, self.sender.send, self.now, lease=lease_for(self.sender.seconds)
        )

    steps: Sequence[Step] = STEPS

    def in_zone(self, zone: ZoneInfo) -> Self:
        """The same context with another time zone."""
        return replace(self, zone=zone)


def context_of(request: Request) -> Context:
    """The context of the application that serves the request."""
    return context_in(request.scope)


def context_in(scope: Scope) -> Context:
    """The same for what has no request yet."""
    return cast("Context", scope["app"].context)
