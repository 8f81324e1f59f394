"""What every page can reach: the database, the tokens, the zone and the clock."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from starlette.requests import Request

from sconto.operations import Database
from sconto.operations.tokens import Tokens
from sconto.operations.turns import Turns


class Context(Protocol):
    """The part of the application's context that the portal uses."""

    @property
    def database(self) -> Database:
        """The pool of connections."""

    @property
    def tokens(self) -> Tokens:
        """What signs sessions and reads them."""

    @property
    def turns(self) -> Turns:
        """Whose turn it is to send something large."""

    @property
    def short_turns(self) -> Turns:
        """Whose turn it is to write a part of a long answer."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone that times are shown and typed in."""

    @property
    def now(self) -> Callable[[], datetime]:
        """Answers this moment in UTC."""


def context_of(request: Request) -> Context:
    """The context of the application that the request came to."""
    return cast("Context", request.app.state.context)
