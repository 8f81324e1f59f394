"""Noise: valid requests with changed bytes."""

import json
import random
from collections.abc import Mapping
from typing import Any, Final

SLOWEST: Final = 10.0
"""Seconds after which a request hangs. On a shared machine a shorter time would prove nothing;
`tests/security/test_stalls.py` limits the work of a request."""

_CART: Final = {
    "currency": "EUR",
    "lines": [{"line_id": "1", "product_id": 1, "quantity": 2, "unit_price": "19.99"}],
    "codes": ["PROMO-001"],
}
_RULE: Final = {"effect": {"effectType": "PERCENTAGE_DISCOUNT", "amount": "30"}, "conditions": []}
_CONTRACT: Final[dict[str, Any]] = {
    "createdAt": None,
    "subscriptionTypeId": "monthly",
    "discounts": [],
}
_COUPONS: Final = {"coupon_code": ["A", "Ж"], "discount_percent": "10", "product_id": [1]}
_COUPON: Final = {"promotion_type": "coupon", "promotion_name": "n", "coupons": _COUPONS}
_PRODUCT: Final = {"product_id": 1, "name": "n", "price": "1.00", "currency": "EUR"}

REQUESTS: Final[tuple[tuple[str, str, Any], ...]] = (
    ("POST", "/v1/login_check", {"username": "u", "password": "p"}),
    ("POST", "/v1/promotion", {**_COUPON, "date_from": "2026-06-01T00:00:00+03:00"}),
    ("PATCH", "/v1/promotion/1", _COUPON),
    ("GET", "/v1/promotion/1", None),
    ("DELETE", "/v1/promotion/2", None),
    ("GET", "/v1/promotion?limit=1&offset=2&search_string=abc&status=1&expired=0", None),
    ("POST", "/v1/promotion/statistics", {"id": 1}),
    ("POST", "/checkout/v1/quotes", {**_CART, "at": "2026-06-01T00:00:00+03:00"}),
    ("POST", "/checkout/v1/orders", {**_CART, "order_id": "A-1", "expected_total": "1.00"}),
    ("GET", "/checkout/v1/orders/A-1", None),
    ("PATCH", "/checkout/v1/orders/A-1", {"status": "paid"}),
    ("POST", "/checkout/v1/prices", {"currency": "EUR", "products": [{"product_id": 1}]}),
    ("PUT", "/catalog/v1/products", {"products": [_PRODUCT]}),
    ("GET", "/catalog/v1/products?limit=1&cursor=x&search=abc", None),
    ("GET", "/catalog/v1/products/1", None),
    ("DELETE", "/catalog/v1/products/1", None),
    (
        "POST",
        "/promotion/v1/promotions",
        {"enabled": True, "name": "n", "code": "TRY3", "rules": [_RULE]},
    ),
    ("PATCH", "/promotion/v1/promotions/1", {"name": "n", "constraint": {"maxUsage": 3}}),
    ("GET", "/promotion/v1/promotions?limit=1&cursor=x", None),
    ("GET", "/promotion/v1/promotions/1", None),
    ("DELETE", "/promotion/v1/promotions/1", None),
    ("POST", "/promotion/v1/promotions/1/_validate", {"subscriptionContract": _CONTRACT}),
    (
        "POST",
        "/promotion/v1/promotion-codes/_apply",
        {"promotionCode": "TRY3", "subscriptionContract": _CONTRACT},
    ),
    ("GET", "/health/ready", None),
    ("GET", "/openapi.json", None),
)
"""A request for each address; most of them would succeed unchanged."""

_STRANGE: Final = (
    b"\x00", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\xe2\x80\xae", b"NaN",
    b"-Infinity", b"1e999999", b"9" * 400, b"-9223372036854775809", b"0.1e-400", b"null", b"[" * 64,
    b'{"":' * 40, b"\xef\xbb\xbf", b'"', b"}", b",", b"%00", b"%ff", b"%2f..%2f", b"'; DROP--",
    b"=1+1", b"A\xcc\x81", b"\xd0\xb0", b"\r\n", b"\t", b" ", b"\x1b[2J", b"a" * 9000,
)  # fmt: skip


def noisy_request(chance: random.Random, headers: Mapping[str, str]) -> bytes:
    """A request with a change in its body, address, headers, or any byte."""
    method, path, body = chance.choice(REQUESTS)
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    target, head = path.encode(), dict(headers) | {"Content-Type": "application/json"}
    match chance.randrange(6):
        case 0 | 1 | 2:
            content = damaged(chance, content or b"{}")
        case 3:
            target = b"/" + damaged(chance, target[1:]).replace(b" ", b"+")
        case 4:
            name = chance.choice([*head, "Idempotency-Key", "X-Request-Id", "Accept", "If-Match"])
            value = damaged(chance, head.get(name, "x").encode())
            head[name] = value.decode("latin-1").replace("\r", "").replace("\n", "")
        case _:
            method = chance.choice(("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"))
    lines = [method.encode() + b" " + target + b" HTTP/1.1", b"Host: sconto", b"Connection: close"]
    lines += [f"{name}: {value}".encode("latin-1") for name, value in head.items()]
    lines.append(f"Content-Length: {len(content)}".encode())
    raw = b"\r\n".join(lines) + b"\r\n\r\n" + content
    return raw if chance.randrange(50) else damaged(chance, raw)


def damaged(chance: random.Random, text: bytes) -> bytes:
    """The text with some bytes removed, doubled, or replaced by strange ones."""
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 0, 1, 1, 2, 8)))
        middle = chance.choice(
            (chance.choice(_STRANGE), chance.randbytes(3), b"", text[start:end] * 2)
        )
        text = text[:start] + middle + text[end:]
    return text
