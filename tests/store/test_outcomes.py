"""Outcomes are read as they were stored, in every currency."""

import json

import pytest

from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.cart import Cart
from sconto.domain.money import FULL_PERCENT
from sconto.domain.pricing import PricedCart, price
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.domain.subscription_pricing import SubscriptionRules
from sconto.store.outcomes import decode_order, encode_outcome
from sconto.store.stored_amounts import WHOLE_UNITS
from tests.builders import NOON, a_line, percent_off


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
    row = f'{{"order_id":"A","status":"paid","created_at":"2026-06-01T12:00:00Z","outcome":{text}}}'
    assert decode_order(row).outcome == outcome
    assert ("decimals" in json.loads(text)) == (currency in WHOLE_UNITS)


def test_an_outcome_without_decimals_is_in_whole_units() -> None:
    stored = json.loads(encode_outcome(outcome_in("IQD")))
    del stored["decimals"]
    row = {"order_id": "A", "status": "paid", "created_at": "2026-06-01T12:00:00Z"}
    read = decode_order(json.dumps(row | {"outcome": stored})).outcome
    assert (read.subtotal, read.total) == (stored["subtotal"] * 1000, stored["total"] * 1000)
    [line] = read.lines
    assert line.subscription_discount == stored["lines"][0]["subscription_discount"] * 1000
    assert read.total == line.total == line.subtotal - line.discount - line.subscription_discount
