"""The shortcut says what the reader of all bodies says, or nothing."""

from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.api.checkout import reading, shortcut
from sconto.api.faults import InvalidFields
from sconto.api.strict_json import NotJson, parse_json
from tests.builders import NOON

LINE: dict[str, Any] = {"line_id": "1", "product_id": 7, "quantity": 2, "unit_price": "19.9"}
CART: dict[str, Any] = {"currency": "EUR", "lines": [LINE], "codes": ["SAVE", "Save"]}
ORDER: dict[str, Any] = {**CART, "order_id": "o", "expected_total": "39.80", "replaces": "n"}
PRICES: dict[str, Any] = {
    "currency": "JPY",
    "products": [{"product_id": 7, "unit_price": "1990"}, {"product_id": 7, "unit_price": "0"}],
}

# What may stand in a field's place: much of it nearly right.
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
    st.sampled_from([0, 1, -1, 10**6, 10**6 + 1, 2**63 - 1, 2**63, 2**64, True, None, 1.0, 1.5]),
    st.sampled_from([[], {}, [""], ["A"] * 20, ["A"] * 21, [1], [LINE], [LINE, LINE], [None]]),
    st.text(max_size=5),
)


@st.composite
def _altered(draw: st.DrawFn, body: dict[str, Any]) -> bytes:
    """The body as JSON with up to two of its fields, at any depth, replaced, taken out or added."""
    altered = msgspec.json.decode(msgspec.json.encode(body))
    for _ in range(draw(st.integers(0, 2))):
        objects = [altered, *(one for one in _members(altered) if isinstance(one, dict))]
        place = draw(st.sampled_from(objects))
        name = draw(st.sampled_from([*place, "at", "subscription", "other"]))
        if draw(st.booleans()) or name not in place:
            place[name] = deepcopy(draw(_VALUES))  # the next one may alter it
        else:
            del place[name]
    return msgspec.json.encode(altered)


def _members(body: dict[str, Any]) -> list[object]:
    return [one for value in body.values() if isinstance(value, list) for one in value]


@given(_altered(CART))
def test_a_quote_is_read_alike_or_left_to_the_other_reader(body: bytes) -> None:
    cart = shortcut.read_quote(body)
    if cart is not None:
        assert (cart, NOON) == reading.read_any_quote(parse_json(body), NOON)


@given(_altered(ORDER))
def test_an_order_is_read_alike_or_left_to_the_other_reader(body: bytes) -> None:
    order = shortcut.read_order(body)
    if order is not None:
        assert order == reading.read_any_order(parse_json(body))


@given(_altered(PRICES))
def test_prices_are_read_alike_or_left_to_the_other_reader(body: bytes) -> None:
    prices = shortcut.read_prices(body)
    if prices is not None:
        assert prices == reading.read_any_prices(parse_json(body))


def test_the_usual_bodies_take_the_shortcut() -> None:
    without_codes = {name: value for name, value in CART.items() if name != "codes"}
    assert shortcut.read_quote(msgspec.json.encode(CART))
    assert shortcut.read_quote(msgspec.json.encode(without_codes))
    assert shortcut.read_order(msgspec.json.encode(ORDER))
    assert shortcut.read_order(msgspec.json.encode({**without_codes, "order_id": "o"}))
    assert shortcut.read_prices(msgspec.json.encode(PRICES))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b'{"currency": "\\ud800"}', b"[" * 100_000, b"1" * 5_000]
)
def test_what_is_no_cart_is_refused_as_ever(body: bytes) -> None:
    for read in (reading.read_order, reading.read_prices, lambda it: reading.read_quote(it, NOON)):
        with pytest.raises((NotJson, InvalidFields)):
            read(body)


def test_of_a_field_sent_twice_the_last_counts() -> None:
    for first, last in (('"USD"', '"EUR"'), ("1", '"EUR"')):
        sent = msgspec.json.encode(CART)[1:].decode()
        body = f'{{"currency": {first}, "currency": {last}, {sent.partition(",")[2]}'.encode()
        cart, _ = reading.read_quote(body, NOON)
        assert cart.currency == "EUR"
