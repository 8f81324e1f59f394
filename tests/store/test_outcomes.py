"""Outcomes are read as they were stored, in every currency."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from sconto.domain.bill import PricedCart
from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.cart import Cart, Customer
from sconto.domain.choice import Reason
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.money import FULL_PERCENT
from sconto.domain.order import NewOrder, StoredOrder
from sconto.domain.placement import is_repetition
from sconto.domain.pricing import price
from sconto.domain.subscription import CodeReason, Subscription, SubscriptionCode
from sconto.domain.subscription_pricing import SubscriptionRules
from sconto.store.outcomes import decode_order, encode_outcome, encode_request
from sconto.store.stored_amounts import WHOLE_UNITS
from tests.builders import NOON, a_line, percent_off

STORED: Final = json.loads(
    Path(__file__).with_name("outcomes_of_version_1.json").read_text("utf-8")
)
"""What version 1 stored for three orders: nine codes, a subscription in RSD, and JPY."""


REQUESTS: Final = json.loads(
    Path(__file__).with_name("requests_of_version_1.json").read_text("utf-8")
)
"""What version 1 stored for an order with everything, and for one with nothing."""

CARTS: Final = (
    Cart(
        "EUR",
        (
            a_line(11111, line_id="1", quantity=2, unit_price=1999),
            a_line(22222, line_id="2", quantity=1, unit_price=2490),
        ),
        ("Promo-001", "VIP"),
        Subscription(
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "monthly",
            3,
            (SubscriptionCode("TRY3", 1), SubscriptionCode("HALF", 2, "a-1")),
        ),
        Customer("c-17", frozenset(["vip"]), has_ordered=True),
        490,
    ),
    Cart("EUR", (a_line(1, unit_price=1),)),
)


def decoded(stored: dict[str, Any]) -> PricedCart:
    return decoded_order(outcome=stored).outcome


def decoded_order(**more: Any) -> StoredOrder:
    row = {"order_id": "A", "status": "paid", "created_at": "2026-06-01T12:00:00Z"}
    return decode_order(json.dumps(row | more))


def outcome_in(currency: str) -> PricedCart:
    subscription = Subscription(None, "monthly", 1, (SubscriptionCode("TRY3", 1),))
    candidates = Candidates(
        everywhere=AutomaticPick(7, FULL_PERCENT // 2),
        subscription_rules=[SubscriptionRules(81, (percent_off(),))],
    )
    cart = Cart(currency, (a_line(unit_price=15_051),), (), subscription)
    return price(cart, candidates, NOON)


@pytest.mark.parametrize("currency", [*WHOLE_UNITS, "EUR", "JPY", "KWD", "CLF", "ITL"])
def test_an_outcome_is_read_as_it_was_stored(currency: str) -> None:
    outcome = outcome_in(currency)
    text = encode_outcome(outcome)
    assert decoded(json.loads(text)) == outcome
    assert ("decimals" in json.loads(text)) == (currency in WHOLE_UNITS)


def test_an_outcome_without_decimals_is_in_whole_units() -> None:
    stored = json.loads(encode_outcome(outcome_in("IQD")))
    del stored["decimals"]
    read = decoded(stored)
    assert (read.subtotal, read.total) == (stored["subtotal"] * 1000, stored["total"] * 1000)
    [line] = read.lines
    assert line.subscription_discount == stored["lines"][0]["subscription_discount"] * 1000
    assert read.total == line.total == line.subtotal - line.discount - line.subscription_discount


@pytest.mark.parametrize("stored", STORED, ids=lambda stored: str(stored["currency"]))
def test_outcomes_of_version_1_are_read_and_stored_again_with_a_version(
    stored: dict[str, Any],
) -> None:
    outcome = decoded(stored)
    assert json.loads(encode_outcome(outcome)) == {"version": 2} | stored
    assert outcome.total == stored["total"] == sum(line.total for line in outcome.lines)


def test_outcomes_of_version_1_keep_every_status_and_reason() -> None:
    many, effect, _ = map(decoded, STORED)
    assert [code.status for code in many.codes] == [
        CodeStatus.USED,
        CodeStatus.INACTIVE,
        CodeStatus.NOT_STARTED,
        CodeStatus.EXPIRED,
        CodeStatus.UNKNOWN,
        CodeStatus.NOT_PICKED,
        CodeStatus.OUTDONE,
        CodeStatus.APPLIED,
        CodeStatus.APPLIED,
    ]
    assert [pick.reason for pick in many.lines[1].picks] == [
        None,
        Reason.TIE,
        Reason.LOWER_DISCOUNT,
    ]
    assert effect.subscription is not None
    assert [code.reason for code in effect.subscription.considered] == [
        None,
        CodeReason.LOWER_DISCOUNT,
        CodeReason.NO_RULE,
        CodeReason.UNKNOWN,
    ]
    assert effect.subscription.discount == 4092


@pytest.mark.parametrize(("stored", "cart"), list(zip(REQUESTS, CARTS, strict=True)))
def test_requests_of_version_1_are_the_carts_that_were_sent(
    stored: dict[str, Any], cart: Cart
) -> None:
    order = decoded_order(outcome=STORED[2], request=stored)
    assert order.cart == cart
    assert is_repetition(NewOrder("A", cart), order)


@pytest.mark.parametrize("cart", CARTS)
def test_a_request_is_read_as_it_was_stored(cart: Cart) -> None:
    stored = json.loads(encode_request(cart))
    assert stored["version"] == 2
    assert decoded_order(outcome=STORED[2], request=stored).cart == cart
    # The previous version, which serves during an upgrade, reads it too.
    assert msgspec.convert(stored, Cart) == cart


def test_a_request_of_a_later_version_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="version 3"):
        decoded_order(outcome=STORED[2], request=REQUESTS[1] | {"version": 3})


def test_an_outcome_of_a_later_version_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="version 3"):
        decoded(STORED[2] | {"version": 3})
