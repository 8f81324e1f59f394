"""The error pages."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from sconto.domain.backtest.problems import BacktestNotFound
from sconto.domain.people_problems import (
    KeyNotFound,
)
from sconto.domain.problems import (
    AccessDenied,
    BodyEncoded,
    BodyTooLarge,
    DeliveryNotFound,
    NoCodesAllowed,
    OrderNotFound,
    OwnAccess,
    Problem,
    ProductNotFound,
    PromotionNotFound,
    SubscriptionPromotionNotFound,
    TooManyAutomatic,
    TooManyLargeRequests,
    UserNotFound,
    WebhookNotFound,
)
from sconto.domain.upload import UploadNotFound
from sconto.operations import Busy, BusyReason, DatabaseUnavailable
from sconto.portal.headers import ALWAYS
from sconto.portal.pages import FormTokenWrong
from sconto.portal.visit import visit_of_anybody
from sconto.portal.words import marked

STATUSES: Final[Mapping[type[Problem], int]] = {
    AccessDenied: 403,
    BacktestNotFound: 404,
    NoCodesAllowed: 404,
    BodyEncoded: 415,
    BodyTooLarge: 413,
    KeyNotFound: 404,
    OrderNotFound: 404,
    OwnAccess: 403,
    ProductNotFound: 404,
    PromotionNotFound: 404,
    SubscriptionPromotionNotFound: 404,
    TooManyAutomatic: 409,
    TooManyLargeRequests: 429,
    UserNotFound: 404,
    DeliveryNotFound: 404,
    UploadNotFound: 404,
    WebhookNotFound: 404,
}

_SENTENCES: Final = {
    400: (marked("That cannot be read"), marked("This is not a form of this portal.")),
    403: (marked("Not for you"), marked("Your role does not allow this. An admin can change it.")),
    404: (
        marked("There is nothing here"),
        marked("There is nothing at this address. It may have been deleted."),
    ),
    405: (marked("There is nothing here"), marked("This address only accepts forms.")),
    409: (
        marked("Too many together"),
        marked(
            "A hundred automatic cart promotions are switched on and not over."
            " Nothing was changed; switch one of them off first."
        ),
    ),
    413: (marked("Too large"), marked("The form is too large. Send it in parts.")),
    415: (
        marked("That cannot be read"),
        marked("The form is compressed. Send it uncompressed."),
    ),
    419: (
        marked("This form is too old"),
        marked("Nothing was changed. Go back, load the page again, and send it once more."),
    ),
    429: (
        marked("Please wait a moment"),
        marked("Other large files of yours are being read. Nothing was changed; send it again."),
    ),
    500: (marked("Something went wrong"), marked("The log has the details. Please try again.")),
    503: (
        marked("The database does not answer"),
        marked("It should be back in a moment. Please try again."),
    ),
}


_BUSY: Final[Mapping[BusyReason, str]] = {
    BusyReason.EDIT: marked("Another change is still being written. Nothing was changed."),
    BusyReason.IMPORT: marked("Another import is still being written. Nothing was changed."),
    BusyReason.REQUESTS: marked("Too many pages are being read at the same time."),
    BusyReason.APPLICATIONS: marked("The promotion is being changed."),
}


async def on_problem(request: Request, problem: Problem) -> Response:
    """The page for a refusal; a problem without a sentence is raised as a failure."""
    status = STATUSES.get(type(problem))
    if status is None:
        raise problem
    response = answer_status(request, status)
    if isinstance(problem, TooManyLargeRequests):
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


async def on_lost_database(request: Request, error: DatabaseUnavailable) -> Response:
    """The page that asks to try again."""
    if isinstance(error, Busy):
        title, text = marked("Please try again in a moment"), _BUSY[error.reason]
        response: Response = visit_of_anybody(request).render(
            "error.html", status=503, title=title, text=text
        )
    else:
        response = answer_status(request, 503)
    response.headers["Retry-After"] = "2"
    return response


async def on_form_token(request: Request, _: FormTokenWrong) -> Response:
    """The page for a form whose token is wrong or too old."""
    return answer_status(request, 419, sent_as=403)


async def on_status(request: Request, error: HTTPException) -> Response:
    """The page for a missing address or a wrong method."""
    response = answer_status(request, error.status_code)
    response.headers.update(error.headers or {})
    return response


def answer_failure(scope: Scope) -> Response:
    """The page for an unexpected exception; it is made outside the portal's middleware."""
    response = answer_status(Request(scope), 500)
    response.headers.update(ALWAYS)
    return response


def answer_status(request: Request, status: int, *, sent_as: int | None = None) -> Response:
    """The page for a status."""
    title, text = _SENTENCES[status if status in _SENTENCES else 400]
    sent = sent_as or status
    return visit_of_anybody(request).render("error.html", status=sent, title=title, text=text)


BY_CLASS: Final[Mapping[Any, Callable[[Request, Any], Awaitable[Response]]]] = {
    Problem: on_problem,
    DatabaseUnavailable: on_lost_database,
    FormTokenWrong: on_form_token,
    HTTPException: on_status,
}
