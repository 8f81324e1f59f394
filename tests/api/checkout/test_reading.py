"""A body becomes a cart, an order or a price list exactly if it has no faults."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.api.checkout import reading
from sconto.api.checkout.carts import (
    HoldBody,
    Order,
    Prices,
    Quote,
    make_hold,
    make_order,
    make_prices,
    make_quote,
)
from sconto.api.checkout.faults import (
    find_hold_faults,
    find_order_faults,
    find_price_faults,
    find_quote_faults,
)
from sconto.api.faults import InvalidFields
from sconto.api.strict_json import NotJson, parse_json
from sconto.domain.cart import Cart, Line
from sconto.domain.holds import NewHold
from sconto.domain.order import NewOrder
from sconto.domain.subscription import Subscription, SubscriptionCode
from tests.builders import NOON

S = TypeVar("S")

LINE: dict[str, Any] = {"line_id": "1", "product_id": 7, "quantity": 2, "unit_price": "19.9"}
CART: dict[str, Any] = {"currency": "EUR", "lines": [LINE], "codes": ["SAVE", "Save"]}
CART["subscription"] = {
    "type_id": "monthly",
    "order_number": 3,
    "created_at": "2026-06-01T12:00:00Z",
    "codes": [{"code": "TRY3", "first_order_number": 2, "application_id": "81-1"}],
}
QUOTE: dict[str, Any] = {**CART, "at": "2026-06-01T12:00:00Z", "explain": True}
ORDER: dict[str, Any] = {**CART, "order_id": "o", "expected_total": "39.80", "replaces": "n"}
HOLD: dict[str, Any] = {**ORDER, "seconds": 60}
PRICES: dict[str, Any] = {
    "currency": "JPY",
    "products": [{"product_id": 7, "unit_price": "1990"}, {"product_id": 7, "unit_price": "0"}],
}

# Values for any field; many are almost valid.
_VALUES = st.one_of(
    st.sampled_from(
        [
            "",
            "0",
            "00",
            "1",
            "19.99",
            "19.999",
            "1.",
            ".5",
            "-1",
            "1e3",
            "\u0661",
            "EUR",
            "KWD",
            "XXX",
        ]
    ),
    st.sampled_from(["a\0", "é" * 64, "é" * 65, "x" * 255, "x" * 256, "9" * 12, "9" * 25]),
    st.sampled_from([29, 30, 86_400, 86_401]),
    st.sampled_from([0, 1, -1, 10**6, 10**6 + 1, 2**63 - 1, 2**63, 2**64, True, None, 1.0, 1.5]),
    st.sampled_from([[], {}, [""], ["A"] * 20, ["A"] * 21, [1], [LINE], [LINE, LINE], [None]]),
    st.text(max_size=5),
)


@st.composite
def _altered(draw: st.DrawFn, body: dict[str, Any]) -> bytes:
    """The body as JSON with up to two fields replaced, removed or added, at any depth."""
    altered = deepcopy(body)
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.sampled_from(list(_objects_in(altered))))
        name = draw(st.sampled_from([*place, "at", "subscription", "other"]))
        if draw(st.booleans()) or name not in place:
            place[name] = deepcopy(draw(_VALUES))  # the next one may alter it
        else:
            del place[name]
    return msgspec.json.encode(altered)


def _objects_in(value: object) -> Iterator[dict[str, Any]]:
    match value:
        case dict():
            yield value
            for member in value.values():
                yield from _objects_in(member)
        case list():
            for item in value:
                yield from _objects_in(item)


def _is_made(body: bytes, sent: type[S], make: Callable[[S], object]) -> bool:
    try:
        make(msgspec.json.decode(body, type=sent))
    except ValueError:
        return False
    return True


@given(_altered(QUOTE))
def test_a_quote_is_read_or_has_faults(body: bytes) -> None:
    assert _is_made(body, Quote, make_quote) == (find_quote_faults(parse_json(body)) == [])


@given(_altered(ORDER))
def test_an_order_is_read_or_has_faults(body: bytes) -> None:
    assert _is_made(body, Order, make_order) == (find_order_faults(parse_json(body)) == [])


@given(_altered(HOLD))
def test_a_hold_is_read_or_has_faults(body: bytes) -> None:
    assert _is_made(body, HoldBody, make_hold) == (find_hold_faults(parse_json(body)) == [])


@given(_altered(PRICES))
def test_a_price_list_is_read_or_has_faults(body: bytes) -> None:
    assert _is_made(body, Prices, make_prices) == (find_price_faults(parse_json(body)) == [])


def test_each_field_reaches_the_cart() -> None:
    cart = Cart(
        "EUR",
        (Line("1", 7, 2, 1990),),
        ("SAVE", "Save"),
        Subscription(NOON, "monthly", 3, (SubscriptionCode("TRY3", 2, "81-1"),)),
    )
    sent = msgspec.json.encode(QUOTE)
    assert reading.read_quote(sent, NOON + timedelta(days=1)) == (cart, NOON, True)
    assert reading.read_order(msgspec.json.encode(ORDER)) == NewOrder("o", cart, 3980, "n")
    held = reading.read_hold(msgspec.json.encode(HOLD))
    assert held == NewHold(NewOrder("o", cart, 3980, "n"), 60)
    assert reading.read_hold(msgspec.json.encode(ORDER)).seconds == 900
    assert reading.read_prices(msgspec.json.encode(PRICES)) == ("JPY", [(7, 1990), (7, 0)])


def test_fields_that_are_absent_or_null_have_their_defaults() -> None:
    for name in ("codes", "subscription", "at"):
        body: dict[str, Any] = {"currency": "EUR", "lines": [LINE], name: None}
        cart = Cart("EUR", (Line("1", 7, 2, 1990),))
        assert reading.read_quote(msgspec.json.encode(body), NOON) == (cart, NOON, False)
    bare = {"type_id": "monthly", "order_number": 3}
    for more in ({}, {"codes": None}, {"created_at": None}):
        subscription = {**bare, **more}
        body = {"currency": "EUR", "lines": [LINE], "subscription": subscription}
        cart, *_ = reading.read_quote(msgspec.json.encode(body), NOON)
        assert cart.subscription == Subscription(None, "monthly", 3)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b'{"currency": "\\ud800"}', b"[" * 100_000, b"1" * 5_000]
)
def test_a_body_that_is_not_a_cart_is_refused(body: bytes) -> None:
    for read in (reading.read_order, reading.read_prices, lambda it: reading.read_quote(it, NOON)):
        with pytest.raises((NotJson, InvalidFields)):
            read(body)


def test_if_a_field_is_sent_twice_the_last_value_counts() -> None:
    for first, last in (('"USD"', '"EUR"'), ("1", '"EUR"')):
        sent = msgspec.json.encode(CART)[1:].decode()
        body = f'{{"currency": {first}, "currency": {last}, {sent.partition(",")[2]}'.encode()
        cart, *_ = reading.read_quote(body, NOON)
        assert cart.currency == "EUR"
