"""What requests are served with: the database, the tokens, the clock and the counters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from starlette.requests import Request

from sconto.api.clock import read_clock
from sconto.api.metrics import Metrics
from sconto.api.quotas import QuotaPolicies, Quotas
from sconto.domain.pricing import STEPS, Step
from sconto.operations import Database
from sconto.operations.tokens import Tokens
from sconto.operations.turns import Turns, short_turns


@dataclass(frozen=True, slots=True)
class Context:
    """What one application serves its requests with.

    The merchant API writes times in `zone`; `now` returns the current time in UTC. Without an
    `operator_token` anyone may read the figures, the readiness and `/docs`; with a `metrics_token`
    the figures need one of the two. `steps` are the engine's.
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
    steps: Sequence[Step] = STEPS


def context_of(request: Request) -> Context:
    """The context of the application that serves the request."""
    return cast("Context", request.app.state.context)
