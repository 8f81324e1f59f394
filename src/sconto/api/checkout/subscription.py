"""The subscription of a cart: faults in what was sent, and the effect of its codes."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sconto.api.faults import FieldFault
from sconto.api.problem_json import find_unknown
from sconto.api.rfc3339 import RULE, read_instant
from sconto.domain.blanks import trim
from sconto.domain.cart_limits import MAX_CODES_OF_SUBSCRIPTION
from sconto.domain.money import format_amount
from sconto.domain.names import NAME_LENGTH, is_name
from sconto.domain.subscription import (
    LAST_ORDER_NUMBER,
    ConsideredCode,
    SubscriptionOutcome,
)

_PLACE: Final = "/subscription"
_FIELDS: Final = ("created_at", "type_id", "order_number", "codes")
_CODE: Final = ("code", "first_order_number", "application_id")

JsonObject = dict[str, object]
Body = Mapping[str, Any]


def find_subscription_faults(body: Body, faults: list[FieldFault]) -> None:
    """Note the faults of a body's subscription, if it has one."""
    fields = body.get("subscription")
    if fields is None:
        return
    if type(fields) is not dict:
        faults.append(FieldFault(_PLACE, "must be an object"))
        return
    if fields.get("created_at") is not None and read_instant(fields["created_at"]) is None:
        faults.append(FieldFault(f"{_PLACE}/created_at", RULE))
    _check_name(fields, "type_id", _PLACE, faults)
    _check_number(fields, "order_number", _PLACE, faults)
    _check_codes(fields, faults)
    faults += find_unknown(fields, _FIELDS, _PLACE)


def _check_codes(fields: Body, faults: list[FieldFault]) -> None:
    codes = fields.get("codes")
    if codes is None:
        return
    if type(codes) is not list or len(codes) > MAX_CODES_OF_SUBSCRIPTION:
        rule = f"must be a list of at most {MAX_CODES_OF_SUBSCRIPTION} codes"
        faults.append(FieldFault(f"{_PLACE}/codes", rule))
        return
    for index, item in enumerate(codes):
        _check_code(item, f"{_PLACE}/codes/{index}", faults)


def _check_code(item: object, place: str, faults: list[FieldFault]) -> None:
    if not isinstance(item, dict):
        faults.append(FieldFault(place, "must be an object"))
        return
    if item.get("application_id") is not None:
        _check_name(item, "application_id", place, faults)
    _check_name(item, "code", place, faults, trim)
    _check_number(item, "first_order_number", place, faults)
    faults += find_unknown(item, _CODE, place)


def _check_name(
    fields: Body,
    name: str,
    place: str,
    faults: list[FieldFault],
    judged: Callable[[str], str] = str,
) -> None:
    """Note a text that is not a valid name; `judged` picks the part that must be valid."""
    text = fields.get(name)
    if type(text) is str and len(text) <= NAME_LENGTH and is_name(judged(text)):
        return
    rule = f"must be a string of 1 to {NAME_LENGTH} characters, none a control character"
    faults.append(FieldFault(f"{place}/{name}", rule if name in fields else "is missing"))


def _check_number(fields: Body, name: str, place: str, faults: list[FieldFault]) -> None:
    number = fields.get(name)
    if type(number) is int and 1 <= number <= LAST_ORDER_NUMBER:
        return
    rule = f"must be a whole number from 1 to {LAST_ORDER_NUMBER}"
    faults.append(FieldFault(f"{place}/{name}", rule if name in fields else "is missing"))


def write_subscription(outcome: SubscriptionOutcome, currency: str) -> JsonObject:
    """The code that takes effect, if any, and the outcome of each."""
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
