"""The errors of the checkout API."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import Response

from sconto.api import problem_json
from sconto.api.checkout.return_writing import write_left, write_return
from sconto.api.checkout.writing import write_order, write_quote
from sconto.api.faults import FieldFault, InvalidFields
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.problems import (
    CodesUsedUp,
    HoldNotFound,
    OrderBusy,
    OrderConflict,
    OrderGaveBack,
    OrderNotFound,
    OrderNotReplaceable,
    OrderPlaced,
    OrderReplaced,
    ReplacedOrderNotFound,
    TooManyUnknownCodes,
    TotalDiffers,
)
from sconto.domain.return_problems import (
    MoreThanLeft,
    OrderDeleted,
    ReturnConflict,
    ReturnNotFound,
    UnknownLines,
)

_NO_ORDER_TO_REPLACE: Final = InvalidFields([FieldFault("/replaces", "names no order")])


def _order_conflict(error: OrderConflict) -> Response:
    return _conflict(
        "order-conflict",
        "The order id is taken",
        "Another cart was placed under this order id.",
        order=write_order(error.order),
    )


def _order_placed(error: OrderPlaced) -> Response:
    return _conflict(
        "order-placed",
        "The order was placed",
        "An order was placed under this id, so nothing is held for it.",
        order=write_order(error.order),
    )


def _total_differs(error: TotalDiffers) -> Response:
    return _conflict(
        "total-differs",
        "The total differs",
        "The cart does not cost what was expected. Nothing was placed.",
        quote=write_quote(error.quote),
    )


def _codes_used_up(error: CodesUsedUp) -> Response:
    used = [code for code in error.quote.codes if code.status is CodeStatus.USED]
    reason = "A code's promotion is at its limit."
    if used:
        is_held = all(code.held_until is not None for code in used)
        reason = f"Another order {'holds' if is_held else 'took'} a one-time code."
    return _conflict(
        "code-used-up",
        "A code is used up",
        f"{reason} Nothing was placed; "
        "send the new total as expected_total to order without the code.",
        quote=write_quote(error.quote),
    )


def _order_not_replaceable(error: OrderNotReplaceable) -> Response:
    return _conflict(
        "order-not-replaceable",
        "The order cannot be replaced",
        f"The order to be replaced is {error.order.status}. Nothing was placed.",
        order=write_order(error.order),
    )


def _order_replaced(error: OrderReplaced) -> Response:
    return _conflict(
        "order-replaced",
        "The order was replaced",
        "Another order took this one's place; it stays deleted.",
        order=write_order(error.order),
    )


def _order_gave_back(error: OrderGaveBack) -> Response:
    return _conflict(
        "order-gave-back",
        "The order gave back what it took",
        "When it was deleted, it gave back what its cart promotions took, so it stays deleted.",
        order=write_order(error.order),
    )


def _return_conflict(error: ReturnConflict) -> Response:
    return _conflict(
        "return-conflict",
        "The return id is taken",
        "Other goods were returned under this return id.",
        **{"return": write_return(error.kept)},
    )


def _order_deleted(error: OrderDeleted) -> Response:
    return _conflict(
        "order-deleted",
        "The order is deleted",
        "Nothing of a deleted order can be returned.",
        order=write_order(error.order),
    )


def _more_than_left(error: MoreThanLeft) -> Response:
    return _conflict(
        "more-than-left",
        "More is returned than is left",
        "After earlier returns, less is left of the order than this return has. "
        "Nothing was stored.",
        left=write_left(error.left),
    )


def _unknown_lines(error: UnknownLines) -> Response:
    faults = [
        FieldFault(f"/lines/{place}/line_id", "names no line of the order")
        for place in error.places
    ]
    return problem_json.answer_problem(InvalidFields(faults))


def _order_busy(error: OrderBusy) -> Response:
    return problem_json.problem(
        503,
        "Something else is using this order or one of its codes, and takes long. "
        "Nothing was written. Try again.",
        {"Retry-After": str(error.retry_after)},
    )


def _too_many_unknown_codes(error: TooManyUnknownCodes) -> Response:
    return problem_json.problem(
        429,
        "Too many unknown codes came from this address. Carts without codes are accepted.",
        {"Retry-After": str(error.retry_after)},
    )


def _conflict(name: str, title: str, detail: str, **members: object) -> Response:
    facts = {"type": f"urn:sconto:problem:{name}", "title": title, **members}
    return problem_json.problem(409, detail, members=facts)


ANSWERS: Final[Mapping[type[Exception], Callable[[Any], Response]]] = {
    OrderNotFound: lambda _: problem_json.problem(404, "There is no such order."),
    OrderConflict: _order_conflict,
    OrderPlaced: _order_placed,
    HoldNotFound: lambda _: problem_json.problem(404, "Nothing is held for this order id."),
    OrderBusy: _order_busy,
    TotalDiffers: _total_differs,
    CodesUsedUp: _codes_used_up,
    ReplacedOrderNotFound: lambda _: problem_json.answer_problem(_NO_ORDER_TO_REPLACE),
    OrderNotReplaceable: _order_not_replaceable,
    OrderReplaced: _order_replaced,
    OrderGaveBack: _order_gave_back,
    ReturnNotFound: lambda _: problem_json.problem(404, "The order has no such return."),
    ReturnConflict: _return_conflict,
    OrderDeleted: _order_deleted,
    MoreThanLeft: _more_than_left,
    UnknownLines: _unknown_lines,
    TooManyUnknownCodes: _too_many_unknown_codes,
}
