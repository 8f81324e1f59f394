"""The errors of the merchant API: codes, messages, and the error for each problem."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from sconto.api.strict_json import NotJson
from sconto.api.titles import title_of
from sconto.domain.code_file import CodeLineFault
from sconto.domain.problems import (
    AccessDenied,
    BadCredentials,
    BodyEncoded,
    BodyTooLarge,
    CodeFileRefused,
    CodesTaken,
    CursorRefused,
    NoCodesAllowed,
    NoCodesSent,
    PeriodReversed,
    Problem,
    PromotionNotFound,
    TermsMissing,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    TooManyAttempts,
    TooManyLargeRequests,
    UnknownProducts,
    UnsupportedMediaType,
)
from sconto.domain.promotion import PromotionType

_MESSAGES: Final[Mapping[int, str]] = {
    110: "JSON is not valid.",
    111: "Invalid data format (Content-type).",
    1001: "Bad credentials.",
    1007: "Your token is invalid.",
    1008: "Missing token.",
    1009: "Your token is expired.",
    11000: "No access to promotion management. Please contact technical support.",
    11010: "Invalid field value: {}",
    11020: "Product not found: {}",
    11030: "Same product can be listed only once ({}) within one promotion.",
    11031: "Same product can be listed only once ({}) within one promotion.",
    11035: "Product list has been sent twice. Transfer only one of the two options: "
    "coupons.product_id or coupons.products.",
    11036: "Product list has been sent twice. Transfer only one of the two options: "
    "discounts.product_id or discounts.products.",
    11040: "No discount is set. Provide values for parameters: "
    "coupons.discount_percent or coupons.products.discount_percent.",
    11041: "No discount is set. Provide values for parameters: "
    "discounts.discount_percent or discounts.products.discount_percent.",
    11045: "Discounts has been sent twice. Transfer only one of the two options: "
    "discount_percent or products.discount_percent.",
    11046: "Discounts has been sent twice. Transfer only one of the two options: "
    "discount_percent or products.discount_percent.",
    11050: "Promotion validity period (date_from, date_to) is incorrect.",
    11070: "No coupon code is set. Provide at least one value for coupons.coupon_code.",
    11080: "Coupons.coupon_code list must not contain duplicate values.",
    11090: "Request data and promotion type do not match (promotion_type).",
    11200: "Promotion not found: {}",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of an answer; `line` is its line in a file, from 1."""

    code: int
    message: str
    line: int | None = None


def fault(code: int, about: object = "") -> Fault:
    """The published error with that code; `about` fills the brackets in its message."""
    return Fault(code, _MESSAGES[code].format(about))


class Refused(Problem):
    """A refusal of the merchant API: an HTTP status and its errors, in order."""

    def __init__(
        self, status: int, faults: Iterable[Fault], headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        super().__init__(f"{status}: {', '.join(str(fault.code) for fault in self.faults)}")


def answer_problem(problem: Problem) -> Response:
    """The answer to a problem. Raises KeyError for one that this API does not have."""
    refused = problem if isinstance(problem, Refused) else _REFUSALS[type(problem)](problem)
    return _envelope(refused.status, refused.faults, refused.headers)


def answer_status(
    status: int, headers: Mapping[str, str] | None = None, sentence: str | None = None
) -> Response:
    """The answer to an error without details: 404, 405, 413, 500, 503."""
    shown = status_fault(status) if sentence is None else Fault(status, sentence)
    return _envelope(status, [shown], headers)


def status_fault(status: int) -> Fault:
    """The error without details for a status."""
    return Fault(status, f"{title_of(status)}.")


def product_not_found(product_ids: Iterable[int]) -> Fault:
    """11020 with all of these products, in their order."""
    return fault(11020, ", ".join(map(str, product_ids)))


def promotion_not_found(promotion_id: object) -> Refused:
    """404 / 11200 with the id as it was sent."""
    return Refused(404, [fault(11200, promotion_id)])


def invalid_body(*faults: Fault) -> Refused:
    """400 with these errors."""
    return Refused(400, faults)


def missing_terms(kind: PromotionType) -> tuple[Fault, ...]:
    """The errors for a promotion without the object that its type needs."""
    return (fault(11070), fault(11040)) if kind is PromotionType.COUPON else (fault(11041),)


def _refuse_lines(problem: CodeFileRefused) -> Refused:
    """One error per listed line, and one that counts the other lines."""
    faults = [replace(_LINE_FAULTS[refused.fault], line=refused.line) for refused in problem.lines]
    if others := problem.total - len(problem.lines):
        faults.append(fault(11010, f"coupon_code ({others} more lines)"))
    return invalid_body(*faults)


_LINE_FAULTS: Final[Mapping[CodeLineFault, Fault]] = {
    **dict.fromkeys(CodeLineFault, fault(11010, "coupon_code")),
    CodeLineFault.REPEATED: fault(11080),
    CodeLineFault.TAKEN: fault(11080),
}


def _unauthorized(code: int) -> Refused:
    return Refused(401, [fault(code)], {"WWW-Authenticate": "Bearer"})


def _too_many(problem: TooManyLargeRequests | TooManyAttempts) -> Refused:
    return Refused(429, [status_fault(429)], {"Retry-After": str(problem.retry_after)})


# Each function gets a problem of exactly the class next to it.
_REFUSALS: Final[Mapping[type[Problem], Callable[[Any], Refused]]] = {
    TokenInvalid: lambda _: _unauthorized(1007),
    TokenMissing: lambda _: _unauthorized(1008),
    TokenExpired: lambda _: _unauthorized(1009),
    BadCredentials: lambda _: _unauthorized(1001),
    TooManyAttempts: _too_many,
    TooManyLargeRequests: _too_many,
    UnsupportedMediaType: lambda _: invalid_body(fault(111)),
    BodyEncoded: lambda _: invalid_body(fault(111)),
    BodyTooLarge: lambda _: Refused(413, [status_fault(413)]),
    NotJson: lambda _: invalid_body(fault(110)),
    AccessDenied: lambda _: invalid_body(fault(11000)),
    PromotionNotFound: lambda problem: promotion_not_found(problem.promotion_id),
    UnknownProducts: lambda problem: invalid_body(product_not_found(problem.product_ids)),
    PeriodReversed: lambda _: invalid_body(fault(11050)),
    TermsMissing: lambda problem: invalid_body(*missing_terms(problem.type)),
    NoCodesAllowed: lambda _: invalid_body(fault(11090)),
    NoCodesSent: lambda _: invalid_body(fault(11070)),
    CodesTaken: lambda _: invalid_body(fault(11080)),
    CodeFileRefused: _refuse_lines,
    CursorRefused: lambda _: invalid_body(fault(11010, "cursor")),
}


def _envelope(
    status: int, faults: Iterable[Fault], headers: Mapping[str, str] | None = None
) -> Response:
    errors = [
        {"error": fault.code, "message": fault.message}
        | ({} if fault.line is None else {"line": fault.line})
        for fault in faults
    ]
    return JSONResponse({"errors": errors}, status_code=status, headers=headers)
