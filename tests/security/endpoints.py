"""Requests for every operation of the OpenAPI document that name a merchant's things."""

from dataclasses import dataclass
from typing import Any, Final

import httpx

PUBLIC: Final = {
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("POST", "/v1/login_check"),
}
"""Operations that need no token."""


@dataclass(frozen=True)
class Things:
    """Ids and codes of one merchant, or of nobody."""

    promotion: int
    product: int
    order: str
    code: str
    subscription: str
    subscription_code: str
    application: str
    cart_promotion: int
    api_key: int = 666_666_666
    user: int = 555_555_555
    webhook: int = 1
    delivery: int = 1
    hold: str = "hold-of-nobody"
    returned: str = "R-1"
    backtest: int = 444_444_444

    def fill(self, path: str) -> str:
        """The path with these ids filled in."""
        names = {
            "promotion_id": self.cart_promotion if path.startswith("/cart") else self.promotion,
            "product_id": self.product,
            "order_id": self.hold if "/holds/" in path else self.order,
            "return_id": self.returned,
            "promotionId": self.subscription,
            "key_id": self.api_key,
            "user_id": self.user,
            "webhook_id": self.webhook,
            "delivery_id": self.delivery,
            "backtest_id": self.backtest,
        }
        return path.format(**names)

    def without_names(self, text: str) -> str:
        """The answer without the names of these things."""
        named = (
            self.application,
            self.subscription_code,
            self.order,
            self.hold,
            self.code,
            self.subscription,
        )
        numbers = (
            self.promotion,
            self.product,
            self.cart_promotion,
            self.api_key,
            self.user,
            self.delivery,
            self.webhook,
            self.backtest,
        )
        for name in (*named, *map(str, numbers)):
            text = text.replace(name, "*")
        return text


async def operations_of(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    """The documented methods and paths."""
    paths = (await client.get("/openapi.json")).json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


_ORDER: Final = "/checkout/v1/orders/{order_id}"
_WEBHOOK: Final = "/events/v1/webhooks/{webhook_id}"
_OTHER_BODIES: Final[dict[tuple[str, str], Any]] = {
    ("PUT", "/events/v1/recording"): {"recording": True},
    ("POST", "/events/v1/webhooks"): {"url": "https://shop.example/"},
    ("PATCH", _WEBHOOK): {"types": ["order.placed"]},
    ("POST", f"{_WEBHOOK}/secret"): {"overlap_hours": 1},
    ("POST", f"{_WEBHOOK}/test"): {},
    ("POST", f"{_WEBHOOK}/replay"): {"since": "2026-01-01T00:00:00+00:00"},
    ("POST", f"{_WEBHOOK}/deliveries/{{delivery_id}}/resend"): {},
    ("POST", "/people/v1/keys"): {"name": "The shop", "role": "checkout"},
    ("POST", "/people/v1/invitations"): {"username": "lin", "role": "viewer"},
    ("POST", "/people/v1/users/{user_id}/password-link"): {},
}


def _promotion(things: Things) -> dict[str, Any]:
    covered = {"coupon_type": "reusable", "coupon_code": ["new"], "discount_percent": "10"}
    return {
        "promotion_type": "coupon",
        "promotion_name": "New",
        "status": True,
        "date_from": "2026-01-01T00:00:00+00:00",
        "date_to": "2033-01-01T00:00:00+00:00",
        "coupons": covered | {"product_id": [things.product]},
    }


def body_of(method: str, path: str, things: Things) -> Any:
    """A valid body that names these things wherever possible."""
    line = {"line_id": "1", "product_id": things.product, "quantity": 1, "unit_price": "10.00"}
    cart = {"currency": "EUR", "lines": [line], "codes": [things.code]}
    contract = {"subscriptionContract": {"subscriptionTypeId": "monthly", "createdAt": None}}
    promotion = _promotion(things)
    rule = {"effect": {"effectType": "PERCENTAGE_DISCOUNT", "amount": "30"}}
    one_off = {
        "name": "One off",
        "target": "order",
        "benefit": {"type": "amount", "amounts": {"EUR": "1.00"}},
    }
    bodies = (
        _OTHER_BODIES
        | _checkout_bodies(things, cart)
        | {
            ("POST", "/v1/promotion"): promotion,
            ("POST", "/v1/promotion/statistics"): {"id": things.promotion},
            ("PATCH", "/v1/promotion/{promotion_id}"): {
                "promotion_type": "coupon",
                "status": False,
            },
            ("POST", "/v1/promotion/{promotion_id}/codes"): {"coupon_code": ["another"]},
            ("DELETE", "/v1/promotion/{promotion_id}/codes"): {"coupon_code": [things.code]},
            ("POST", "/promotion/v1/promotions"): {
                "code": "MINE",
                "name": "Mine",
                "enabled": True,
                "rules": [rule],
            },
            ("PATCH", "/promotion/v1/promotions/{promotionId}"): {"enabled": False},
            ("POST", "/promotion/v1/promotions/{promotionId}/_validate"): contract,
            ("POST", "/promotion/v1/promotions/{promotionId}/_schedule"): contract
            | {
                "numberOfOrders": 3,
                "order": {"currency": "EUR", "total": "49.90"},
                "applicationId": things.application,
            },
            ("POST", "/promotion/v1/promotion-codes/_apply"): contract
            | {"promotionCode": things.subscription_code},
            ("POST", "/cart/v1/promotions"): one_off,
            ("PATCH", "/cart/v1/promotions/{promotion_id}"): {"active": False},
            ("POST", "/cart/v1/promotions/{promotion_id}/_restore"): {},
            ("POST", "/cart/v1/promotions/_try"): {
                "promotion_id": things.cart_promotion,
                "promotion": one_off,
                "cart": cart,
            },
            ("POST", "/cart/v1/promotions/_backtest"): {
                "promotion_id": things.cart_promotion,
                "change": {"active": False},
            },
            ("POST", "/cart/v1/promotions/_backtest/{backtest_id}/_cancel"): {},
            ("PUT", "/catalog/v1/products"): {
                "products": [
                    {
                        "product_id": things.product,
                        "name": "My own",
                        "price": "1.00",
                        "currency": "EUR",
                    }
                ]
            },
        }
    )
    return bodies.get((method, path))


def _checkout_bodies(things: Things, cart: dict[str, Any]) -> dict[tuple[str, str], Any]:
    applied = {
        "code": things.subscription_code,
        "first_order_number": 1,
        "application_id": things.application,
    }
    subscribed = {"subscription": {"type_id": "monthly", "order_number": 2, "codes": [applied]}}
    returned = {"lines": [{"line_id": "1", "quantity": 1}]}
    return {
        ("POST", "/checkout/v1/quotes"): cart | subscribed,
        ("POST", "/checkout/v1/orders"): cart | {"order_id": "new", "replaces": things.order},
        ("POST", "/checkout/v1/holds"): cart | {"order_id": things.hold, "replaces": things.order},
        ("PATCH", _ORDER): {"status": "paid"},
        ("POST", f"{_ORDER}/returns"): returned | {"return_id": "new"},
        ("POST", f"{_ORDER}/returns/_quote"): returned,
        ("POST", "/checkout/v1/prices"): {
            "currency": "EUR",
            "products": [{"product_id": things.product, "unit_price": "10.00"}],
        },
    }


def in_other_words(things: Things) -> list[tuple[str, str, Any]]:
    """Requests that name these things in other ways than `body_of`."""
    promotion = body_of("POST", "/v1/promotion", things)
    own = {"product_id": things.product, "discount_percent": "1"}
    return [
        ("POST", "/v1/promotion/statistics", {"id": str(things.promotion)}),
        (
            "POST",
            "/v1/promotion",
            promotion | {"coupons": {"coupon_code": ["other"], "products": [own]}},
        ),
    ]


async def send(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    things: Things,
    headers: dict[str, str],
) -> httpx.Response:
    """Send one request that names these things."""
    body = body_of(method, path, things)
    return await client.request(method, things.fill(path), json=body, headers=headers)


def is_denied(answer: httpx.Response) -> bool:
    """Whether the role was refused; the merchant API has an error number for it."""
    return answer.status_code == 403 or '"error":11000,' in answer.text.replace(" ", "")
