"""Translates every exception once, into the error format of the requested address."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from sconto.api import problem_json
from sconto.api.base_path import inner_path
from sconto.api.cart import errors as cart
from sconto.api.catalog import errors as catalog
from sconto.api.checkout import errors as checkout
from sconto.api.context import context_of
from sconto.api.events import errors as events
from sconto.api.export import errors as export
from sconto.api.merchant import errors as merchant
from sconto.api.people import errors as people
from sconto.api.subscription import errors as subscription
from sconto.domain.problems import OrderBusy, Problem, TooManyLargeRequests
from sconto.operations import Busy, DatabaseUnavailable, StatementStopped


class AnswerStatus(Protocol):
    """Makes an answer from a status; `sentence` is the reason, if one is known."""

    def __call__(
        self, status: int, headers: Mapping[str, str] | None = None, sentence: str | None = None
    ) -> Response: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one published format writes errors.

    `answer_problem` raises KeyError for a problem that the format cannot have; `answer_status` is
    for errors without details: 404, 405, 500, 503.
    """

    answer_problem: Callable[[Any], Response]
    answer_status: AnswerStatus


def _ours(answers: Mapping[type[Exception], Callable[[Any], Response]]) -> Dialect:
    """The dialect of our own APIs, with the answers that one of them adds."""
    known = {**problem_json.ANSWERS, **answers}
    return Dialect(lambda error: known[type(error)](error), problem_json.answer_status)


OURS: Final = _ours({})
"""The dialect of addresses outside the APIs."""

DIALECTS: Final = (
    ("/v1", Dialect(merchant.answer_problem, merchant.answer_status)),
    ("/promotion", Dialect(subscription.answer_problem, subscription.answer_status)),
    ("/checkout", _ours(checkout.ANSWERS)),
    ("/cart", _ours(cart.ANSWERS)),
    ("/events", _ours(events.ANSWERS)),
    ("/catalog", _ours(catalog.ANSWERS)),
    ("/export", _ours(export.ANSWERS)),
    ("/people", _ours(people.ANSWERS)),
)

_RETRY_LATER: Final = {"Retry-After": "2"}
"""Seconds until a client should try again while the database is unavailable."""


def dialect_of(path: str) -> Dialect:
    """The dialect of an address."""
    for prefix, dialect in DIALECTS:
        if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/"):
            return dialect
    return OURS


def answer_failure(scope: Scope) -> Response:
    """The answer to a request that failed unexpectedly."""
    return dialect_of(inner_path(scope)).answer_status(500, None)


class ErrorAnswers:
    """The exception handlers of an application with these routes."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes

    def by_class(self) -> dict[Any, Callable[[Request, Any], Any]]:
        """The handler of each class of exceptions."""
        return {
            Problem: self.on_problem,
            DatabaseUnavailable: self.on_lost_database,
            HTTPException: self.on_address,
        }

    async def on_problem(self, request: Request, problem: Problem) -> Response:
        """Answer a problem; one that the dialect does not know is an unexpected failure."""
        context_of(request).metrics.count_refused_request(reason_of(type(problem)))
        return dialect_of(inner_path(request.scope)).answer_problem(problem)

    async def on_lost_database(self, request: Request, error: DatabaseUnavailable) -> Response:
        """Answer 503: the same request may succeed a moment later."""
        sentence = None
        if isinstance(error, Busy):
            sentence = f"{error.reason} Try again."
        elif isinstance(error, StatementStopped):
            sentence = "The database stopped the request. Try again."
        return dialect_of(inner_path(request.scope)).answer_status(503, _RETRY_LATER, sentence)

    async def on_address(self, request: Request, error: HTTPException) -> Response:
        """Answer 404 for an unknown address, and 405 for a method that an address does not have.

        Several routes may share an address; `Allow` lists the methods of all of them.
        """
        headers = error.headers
        if error.status_code == 405:
            methods = _methods_at(request.scope, self._routes)
            headers = {"Allow": ", ".join(sorted(methods))}
        return dialect_of(inner_path(request.scope)).answer_status(error.status_code, headers)


def _methods_at(scope: Scope, routes: Sequence[BaseRoute]) -> set[str]:
    return {
        method
        for route in routes
        if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE
        for method in route.methods or ()
    }


_REASONS: Final[Mapping[type[Problem], str]] = {
    OrderBusy: "order_held_up",
    TooManyLargeRequests: "too_many_at_once",
}
"""Reasons that differ from the class's name: dashboards and alarms use them."""


def reason_of(problem: type[Problem]) -> str:
    """The reason in the figures for a class of problems, such as `codes_used_up`."""
    return _REASONS.get(problem) or _in_snake_case(problem.__name__)


@cache
def _in_snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
