"""The client's exceptions, and how an answer becomes one: the three error formats of the APIs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from sconto.client.bodies.checkout import PlacedOrder, PricedCart
from sconto.client.bodies.returns import GoodsLeft

_ACCESS_DENIED: Final = 11000
"""The merchant API answers it with status 400."""

_REASONS: Final = "urn:sconto:problem:"
_FIELD: Final = re.compile(r"([A-Za-z_][\w-]*(?:\[\d+\]|\.[\w-]+)*) (.+)", re.S)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request.

    `pointer` is a JSON pointer (RFC 6901) into the body, or `/` and the name of a parameter. `code`
    is the merchant API's number. `line` is a line of a file that was sent, from 1.
    """

    detail: str
    pointer: str | None = None
    code: int | None = None
    line: int | None = None


class ScontoError(Exception):
    """What went wrong with a request."""


class AddressInvalid(ScontoError):
    """No request can be sent to this address."""


class NotReached(ScontoError):
    """No answer came. `maybe_done`: the service may have carried out the request."""

    def __init__(self, detail: str, *, maybe_done: bool) -> None:
        self.maybe_done = maybe_done
        super().__init__(detail)


class Refused(ScontoError):
    """The service answered with an error. Nothing was changed, except perhaps at 5xx.

    `reason` is the last part of the problem's type, such as `total-differs`; None for most.
    `faults` are all that the answer lists. `body` is its JSON, None if it has none.
    """

    def __init__(
        self, status: int, title: str, reason: str | None, faults: tuple[Fault, ...], body: Any
    ) -> None:
        self.status = status
        self.reason = reason
        self.faults = faults
        self.body = body
        super().__init__(f"{status} {title}" + "".join(f"\n{_say(fault)}" for fault in faults))


class RequestInvalid(Refused):
    """The request is not valid: 400, 413, 415 or 422."""


class NotSignedIn(Refused):
    """The credentials or the token are not valid: 401."""


class NotAllowed(Refused):
    """The user's role does not allow it: 403, or 11000 of the merchant API."""


class NotFound(Refused):
    """The merchant has no such thing: 404."""


class Conflict(Refused):
    """The stored state does not allow it: 409. Nothing was changed."""


class PriceChanged(Conflict):
    """The cart does not cost `expected_total`, or a code is used up.

    `quote` is what it costs now. Nothing was placed.
    """

    @property
    def quote(self) -> PricedCart:
        """The new quote."""
        quote: PricedCart = self.body["quote"]
        return quote


class OrderConflict(Conflict):
    """Another order conflicts: `order`. `reason` says how, such as `order-conflict`."""

    @property
    def order(self) -> PlacedOrder:
        """The order as it is stored."""
        order: PlacedOrder = self.body["order"]
        return order


class MoreThanLeft(Conflict):
    """More is returned than is left of the order: `left`. Nothing was stored."""

    @property
    def left(self) -> GoodsLeft:
        """What can still be returned."""
        left: GoodsLeft = self.body["left"]
        return left


class TooManyRequests(Refused):
    """A quota is used up: 429."""


class ServiceFailed(Refused):
    """The service, or a proxy before it, failed: 5xx."""


_BY_STATUS: Final[Mapping[int, type[Refused]]] = {
    **dict.fromkeys((400, 413, 415, 422), RequestInvalid),
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    429: TooManyRequests,
}


def read_refusal(answer: httpx.Response) -> Refused:
    """The exception for an answer that is an error."""
    body = _json_of(answer)
    members = body if isinstance(body, dict) else {}
    faults = tuple(_read_faults(members))
    type_ = members.get("type")
    reason = None
    if isinstance(type_, str) and type_.startswith(_REASONS):
        reason = type_.removeprefix(_REASONS)
    title = members.get("detail") or answer.reason_phrase
    return _class_of(answer.status_code, members, faults)(
        answer.status_code, str(title), reason, faults, body
    )


def _class_of(status: int, members: Mapping[str, Any], faults: tuple[Fault, ...]) -> type[Refused]:
    if any(fault.code == _ACCESS_DENIED for fault in faults):
        return NotAllowed
    if status == 409 and "quote" in members:
        return PriceChanged
    if status == 409 and "order" in members:
        return OrderConflict
    if status == 409 and "left" in members:
        return MoreThanLeft
    return _BY_STATUS.get(status, ServiceFailed if status >= 500 else Refused)


def _read_faults(members: Mapping[str, Any]) -> Iterator[Fault]:
    errors = members.get("errors")
    for error in errors if isinstance(errors, list) else ():
        if not isinstance(error, dict):
            continue
        if "pointer" in error:
            yield Fault(str(error.get("detail")), str(error["pointer"]))
        elif "message" in error:
            yield Fault(str(error["message"]), code=error.get("error"), line=error.get("line"))
        else:
            yield _read_sentence(str(error.get("detail")), invalid=error.get("status") == "422")


def _read_sentence(detail: str, *, invalid: bool) -> Fault:
    """A fault of the subscription API, which begins with the field: `rules[0].effect must …`."""
    match = _FIELD.fullmatch(detail) if invalid else None
    if match is None:
        return Fault(detail)
    return Fault(match[2], "/" + re.sub(r"\[(\d+)\]", r".\1", match[1]).replace(".", "/"))


def _say(fault: Fault) -> str:
    line = "" if fault.line is None else f"line {fault.line}: "
    code = "" if fault.code is None else f"{fault.code} "
    pointer = "" if fault.pointer is None else f"{fault.pointer} "
    return f"{line}{code}{pointer}{fault.detail}"


def _json_of(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
