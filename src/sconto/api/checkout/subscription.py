"""The subscription that a cart is an order of, and what its codes do, field by field."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sconto.api.faults import FieldFault
from sconto.api.problem_json import find_unknown
from sconto.api.rfc3339 import RULE, read_instant
from sconto.domain.blanks import trim
from sconto.domain.cart_limits import MOST_CODES_OF_SUBSCRIPTION
from sconto.domain.money import format_amount
from sconto.domain.names import NAME_LENGTH, is_name
from sconto.domain.subscription import (
    LAST_ORDER_NUMBER,
    ConsideredCode,
    Subscription,
    SubscriptionCode,
    SubscriptionOutcome,
)

_PLACE: Final = "/subscription"
_FIELDS: Final = ("created_at", "type_id", "order_number", "codes")
_CODE: Final = ("code", "first_order_number", "application_id")

JsonObject = dict[str, object]
Body = Mapping[str, Any]


def read_subscription(body: Body, faults: list[FieldFault]) -> Subscription | None:
    """The subscription of a body that has one; notes all that is wrong with it."""
    fields = body.get("subscription")
    if fields is None:
        return None
    if type(fields) is not dict:
        faults.append(FieldFault(_PLACE, "must be an object"))
        return None
    created_at = None
    if fields.get("created_at") is not None:
        created_at = read_instant(fields["created_at"])
        if created_at is None:
            faults.append(FieldFault(f"{_PLACE}/created_at", RULE))
    subscription = Subscription(
        created_at,
        _read_text(fields, "type_id", _PLACE, faults),
        _read_number(fields, "order_number", _PLACE, faults),
        _read_codes(fields, faults),
    )
    faults += find_unknown(fields, _FIELDS, _PLACE)
    return subscription


def _read_codes(fields: Body, faults: list[FieldFault]) -> tuple[SubscriptionCode, ...]:
    codes = fields.get("codes")
    if codes is None:
        return ()
    if type(codes) is not list or len(codes) > MOST_CODES_OF_SUBSCRIPTION:
        rule = f"must be a list of at most {MOST_CODES_OF_SUBSCRIPTION} codes"
        faults.append(FieldFault(f"{_PLACE}/codes", rule))
        return ()
    return tuple(
        _read_code(item, f"{_PLACE}/codes/{index}", faults) for index, item in enumerate(codes)
    )


def _read_code(item: object, place: str, faults: list[FieldFault]) -> SubscriptionCode:
    if not isinstance(item, dict):
        faults.append(FieldFault(place, "must be an object"))
        return SubscriptionCode("", 1)
    application_id = None
    if item.get("application_id") is not None:
        application_id = _read_text(item, "application_id", place, faults)
    code = SubscriptionCode(
        _read_text(item, "code", place, faults, trim),
        _read_number(item, "first_order_number", place, faults),
        application_id,
    )
    faults += find_unknown(item, _CODE, place)
    return code


def _read_text(
    fields: Body,
    name: str,
    place: str,
    faults: list[FieldFault],
    judged: Callable[[str], str] = str,
) -> str:
    """The text as it was sent; `judged` is what of it must be a name."""
    text = fields.get(name)
    if type(text) is str and len(text) <= NAME_LENGTH and is_name(judged(text)):
        return text
    rule = f"must be a string of 1 to {NAME_LENGTH} characters, none a control character"
    faults.append(FieldFault(f"{place}/{name}", rule if name in fields else "is missing"))
    return ""


def _read_number(fields: Body, name: str, place: str, faults: list[FieldFault]) -> int:
    number = fields.get(name)
    if type(number) is int and 1 <= number <= LAST_ORDER_NUMBER:
        return number
    rule = f"must be a whole number from 1 to {LAST_ORDER_NUMBER}"
    faults.append(FieldFault(f"{place}/{name}", rule if name in fields else "is missing"))
    return 1


def write_subscription(outcome: SubscriptionOutcome, currency: str) -> JsonObject:
    """The code that takes effect, if one does, and what became of each."""
    winner = outcome.winner
    return {
        "code": None if winner is None else winner.code,
        "promotion_id": None if winner is None else str(winner.promotion_id),
        "discount": format_amount(outcome.discount, currency),
        "order_number": outcome.subscription.order_number,
        "considered": [_write_considered(code, currency) for code in outcome.considered],
    }


def _write_considered(code: ConsideredCode, currency: str) -> JsonObject:
    answer: JsonObject = {
        "code": code.code,
        "discount": format_amount(code.discount, currency),
        "applied": code.applied,
    }
    if code.rule is not None:
        answer["rule"] = code.rule
    if code.reason is not None:
        answer["reason"] = code.reason
    return answer
