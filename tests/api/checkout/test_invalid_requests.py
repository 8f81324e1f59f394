"""All invalid fields of a request are listed, and no request makes the service fail."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.api.checkout.faults import (
    find_hold_faults,
    find_order_faults,
    find_price_faults,
    find_quote_faults,
    find_status_faults,
)
from sconto.api.checkout.reading import read_order, read_prices
from sconto.api.faults import FieldFault
from sconto.domain.blanks import trim
from sconto.domain.people import Caller

Bearer = Callable[[Caller], dict[str, str]]

LINE: dict[str, Any] = {"line_id": "1", "product_id": 1, "quantity": 1, "unit_price": "1.00"}
CART: dict[str, Any] = {"currency": "EUR", "lines": [LINE], "codes": ["A"]}


def pointers(faults: list[FieldFault]) -> list[str]:
    """The pointers of the faults."""
    return [fault.place for fault in faults]


def with_line(**fields: object) -> dict[str, Any]:
    return {**CART, "lines": [{**LINE, **fields}]}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**CART, "currency": "EURO"}, "/currency"),
        ({**CART, "currency": "eur"}, "/currency"),
        ({**CART, "currency": 978}, "/currency"),
        ({**CART, "currency": ["EUR"]}, "/currency"),
        ({**CART, "lines": []}, "/lines"),
        ({**CART, "lines": {}}, "/lines"),
        ({**CART, "lines": None}, "/lines"),
        ({**CART, "lines": [LINE] * 501}, "/lines"),
        ({**CART, "lines": [1]}, "/lines/0"),
        (with_line(line_id=""), "/lines/0/line_id"),
        (with_line(line_id="x" * 65), "/lines/0/line_id"),
        (with_line(line_id="a\0"), "/lines/0/line_id"),
        (with_line(line_id="a\x85"), "/lines/0/line_id"),
        (with_line(line_id=1), "/lines/0/line_id"),
        ({**CART, "lines": [LINE, LINE]}, "/lines/1/line_id"),
        (with_line(product_id=0), "/lines/0/product_id"),
        (with_line(product_id=-1), "/lines/0/product_id"),
        (with_line(product_id=2**63), "/lines/0/product_id"),
        (with_line(product_id="1"), "/lines/0/product_id"),
        (with_line(product_id=True), "/lines/0/product_id"),
        (with_line(quantity=0), "/lines/0/quantity"),
        (with_line(quantity=10**6 + 1), "/lines/0/quantity"),
        (with_line(quantity=True), "/lines/0/quantity"),
        (with_line(quantity="2"), "/lines/0/quantity"),
        (with_line(unit_price=1), "/lines/0/unit_price"),
        (with_line(unit_price="1.001"), "/lines/0/unit_price"),
        (with_line(unit_price="-1"), "/lines/0/unit_price"),
        (with_line(unit_price="1000000000000"), "/lines/0/unit_price"),
        (with_line(unit_price="9" * 5000), "/lines/0/unit_price"),
        (with_line(colour="red"), "/lines/0/colour"),
        ({**CART, "codes": "A"}, "/codes"),
        ({**CART, "codes": ["A"] * 21}, "/codes"),
        ({**CART, "codes": ["A", ""]}, "/codes/1"),
        ({**CART, "codes": ["A", 5]}, "/codes/1"),
        ({**CART, "codes": [None]}, "/codes/0"),
        ({**CART, "codes": ["x" * 256]}, "/codes/0"),
        ({**CART, "at": "2026-01-01"}, "/at"),
        ({**CART, "at": "2026-01-01T00:00:00"}, "/at"),
        ({**CART, "at": "2026-02-30T00:00:00Z"}, "/at"),
        ({**CART, "at": "2026-01-01T24:00:00Z"}, "/at"),
        ({**CART, "at": "0001-01-01T00:00:00+05:00"}, "/at"),
        ({**CART, "at": "9999-12-31T23:59:59-05:00"}, "/at"),
        ({**CART, "at": 1767225600}, "/at"),
        ({**CART, "subscription": []}, "/subscription"),
        ({**CART, "a/b~c": 1}, "/a~1b~0c"),
    ],
)
def test_an_invalid_field_has_a_pointer(body: dict[str, Any], pointer: str) -> None:
    assert pointers(find_quote_faults(body)) == [pointer]


def test_all_faults_are_in_one_answer() -> None:
    body = {
        "currency": "EUR",
        "lines": [{"quantity": 0, "unit_price": "1.999"}, {**LINE, "tax": 1}, {**LINE}],
        "codes": [1],
        "at": "now",
        "subscription": [],
    }
    assert pointers(find_quote_faults(body)) == [
        "/lines/0/line_id",
        "/lines/0/product_id",
        "/lines/0/quantity",
        "/lines/0/unit_price",
        "/lines/1/tax",
        "/lines/2/line_id",
        "/codes/0",
        "/subscription",
        "/at",
    ]
    assert pointers(find_quote_faults({})) == ["/currency", "/lines"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"order_id": None}, "/order_id"),
        ({"order_id": "x" * 65}, "/order_id"),
        ({"order_id": "a\n"}, "/order_id"),
        ({"expected_total": 5}, "/expected_total"),
        ({"expected_total": "1.001"}, "/expected_total"),
        ({"replaces": ""}, "/replaces"),
        ({"replaces": 1}, "/replaces"),
        ({"at": "2026-01-01T00:00:00Z"}, "/at"),
    ],
)
def test_an_orders_own_fields_are_checked(fields: dict[str, Any], pointer: str) -> None:
    assert pointers(find_order_faults({"order_id": "A-1", **CART, **fields})) == [pointer]


@pytest.mark.parametrize("seconds", [0, 29, 86_401, -900, 2**70, "900", 900.0, True, [], {}])
def test_a_hold_lasts_from_half_a_minute_to_a_day(seconds: object) -> None:
    body = {"order_id": "A-1", **CART, "seconds": seconds}
    assert pointers(find_hold_faults(body)) == ["/seconds"]
    assert pointers(find_order_faults({**body, "seconds": 900})) == ["/seconds"]


def test_a_null_optional_field_counts_as_absent() -> None:
    body = {"order_id": "A-1", **CART, "codes": None, "expected_total": None, "replaces": None}
    order = read_order(msgspec.json.encode(body))
    assert (order.cart.codes, order.expected_total, order.replaces) == ((), None, None)


def test_a_listing_has_a_thousand_products_at_most() -> None:
    product = {"product_id": 1, "unit_price": "1"}
    body = {"currency": "EUR", "products": [product] * 1000}
    assert len(read_prices(msgspec.json.encode(body))[1]) == 1000
    assert pointers(find_price_faults({**body, "products": [product] * 1001})) == ["/products"]
    assert pointers(find_price_faults({**body, "products": [{"quantity": 1}]})) == [
        "/products/0/product_id",
        "/products/0/unit_price",
        "/products/0/quantity",
    ]


@pytest.mark.parametrize("status", ["Paid", "", None, True, ["paid"], {}])
def test_an_unknown_status_is_refused(status: object) -> None:
    assert pointers(find_status_faults({"status": status})) == ["/status"]


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"currency": NaN}', "application/json", 400),
        (b'{"currency": "\xff"}', "application/json", 400),
        (b'{"codes": ["\\ud800"]}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "application/json", 422),
        (b"{" + b" " * (1024 * 1024) + b"}", "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_with_a_problem(
    client: httpx.AsyncClient,
    merchant: Caller,
    bearer: Bearer,
    content: bytes,
    content_type: str,
    status: int,
) -> None:
    headers = {**bearer(merchant), "Content-Type": content_type}
    for path in ("quotes", "orders", "holds", "prices"):
        answer = await client.post(f"/checkout/v1/{path}", content=content, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "detail"} <= set(answer.json())


async def test_faults_are_answered_with_a_pointer_and_a_sentence_each(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    body = {**CART, "currency": "EURO", "at": None, "lines": [{**LINE, "quantity": 0}]}
    answer = await client.post("/checkout/v1/quotes", json=body, headers=bearer(merchant))
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [
            {"pointer": "/currency", "detail": "must be an ISO 4217 code"},
            {"pointer": "/lines/0/quantity", "detail": "must be a whole number from 1 to 1000000"},
        ],
    )


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.text(max_size=5)
    | st.sampled_from(["EUR", "1.00", "A-1", "2026-01-01T00:00:00Z", "paid"])
)
names = st.sampled_from(
    ["currency", "lines", "codes", "at", "order_id", "expected_total", "replaces", *LINE]
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=10,
)


@given(st.dictionaries(names, anything))
def test_faults_can_be_found_in_any_object(body: dict[str, Any]) -> None:
    for find in (find_quote_faults, find_order_faults, find_price_faults, find_status_faults):
        find(body)


@given(st.text(min_size=1, max_size=64), st.lists(st.text(max_size=40).filter(trim), max_size=3))
def test_texts_are_kept_as_sent_or_refused(order_id: str, codes: list[str]) -> None:
    body = {**CART, "order_id": order_id, "codes": codes}
    if find_order_faults(body) == []:
        order = read_order(msgspec.json.encode(body))
        assert (order.order_id, order.cart.codes) == (order_id, tuple(codes))
    else:
        assert not order_id.isprintable()
        assert pointers(find_order_faults(body)) == ["/order_id"]
