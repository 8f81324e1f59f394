"""Every exception, translated once into the dialect of the address that was asked."""

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
from sconto.api.catalog import errors as catalog
from sconto.api.checkout import errors as checkout
from sconto.api.context import context_of
from sconto.api.merchant import errors as merchant
from sconto.api.subscription import errors as subscription
from sconto.domain.problems import OrderBusy, Problem, TooManyLargeRequests
from sconto.operations import Busy, DatabaseUnavailable, StatementStopped


class AnswerStatus(Protocol):
    """Answers with a status that says it all; `sentence` is the reason where one is known."""

    def __call__(
        self, status: int, headers: Mapping[str, str] | None = None, sentence: str | None = None
    ) -> Response: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words in which one published format says what went wrong.

    `answer_problem` raises KeyError for what the format cannot meet; `answer_status` is for the
    cases where the status says it all: 404, 405, 500, 503.
    """

    answer_problem: Callable[[Any], Response]
    answer_status: AnswerStatus


OURS: Final = Dialect(problem_json.answer_problem, problem_json.answer_status)
"""What an address answers that belongs to no API."""

DIALECTS: Final = (
    ("/v1", Dialect(merchant.answer_problem, merchant.answer_status)),
    ("/promotion", Dialect(subscription.answer_problem, subscription.answer_status)),
    ("/checkout", Dialect(checkout.answer_problem, checkout.answer_status)),
    ("/catalog", Dialect(catalog.answer_problem, catalog.answer_status)),
)

_COMES_BACK: Final = {"Retry-After": "2"}
"""Seconds after which a database that was lost is worth another try."""


def dialect_of(path: str) -> Dialect:
    """The dialect in which an address answers."""
    for prefix, dialect in DIALECTS:
        if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/"):
            return dialect
    return OURS


def answer_failure(scope: Scope) -> Response:
    """The answer to a request that failed for a reason that nobody foresaw."""
    return dialect_of(scope["path"]).answer_status(500, None)


class ErrorAnswers:
    """The exception handlers of an application with these routes."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes

    def by_class(self) -> dict[Any, Callable[[Request, Any], Any]]:
        """Which of them answers which exceptions."""
        return {
            Problem: self.on_problem,
            DatabaseUnavailable: self.on_lost_database,
            HTTPException: self.on_address,
        }

    async def on_problem(self, request: Request, problem: Problem) -> Response:
        """Answer what the rules refuse; a problem without words is a failure of ours."""
        context_of(request).metrics.count_refused_request(reason_of(type(problem)))
        return dialect_of(request.scope["path"]).answer_problem(problem)

    async def on_lost_database(self, request: Request, error: DatabaseUnavailable) -> Response:
        """Answer that the same request may succeed a moment later."""
        sentence = None
        if isinstance(error, Busy):
            sentence = f"{error.reason} Try again."
        elif isinstance(error, StatementStopped):
            sentence = "The database stopped the request. Try again."
        return dialect_of(request.scope["path"]).answer_status(503, _COMES_BACK, sentence)

    async def on_address(self, request: Request, error: HTTPException) -> Response:
        """Answer an unknown address, and a method that an address does not take.

        Several routes may share an address: the methods of all of them are allowed.
        """
        headers = error.headers
        if error.status_code == 405:
            methods = _methods_at(request.scope, self._routes)
            headers = {"Allow": ", ".join(sorted(methods))}
        return dialect_of(request.scope["path"]).answer_status(error.status_code, headers)


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
"""Reasons in the figures that do not follow a class's name: dashboards and alarms name them."""


def reason_of(problem: type[Problem]) -> str:
    """The reason in the figures for a problem of that class, such as `codes_used_up`."""
    return _REASONS.get(problem) or _in_snake_case(problem.__name__)


@cache
def _in_snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
