"""Bodies of promotions for tests, as a client writes them."""

import json
from typing import Any

from sconto.api.strict_json import parse_json


def coupons(**members: Any) -> dict[str, Any]:
    """The object `coupons`: one code and ten percent, and these fields."""
    return {"coupon_code": ["PROMO-001"], "discount_percent": "10", **members}


def discounts(**members: Any) -> dict[str, Any]:
    """The object `discounts`: ten percent, and these fields."""
    return {"discount_percent": "10", **members}


def own_percents(*product_ids: Any) -> dict[str, Any]:
    """The member `products` with ten percent on each product."""
    return {"products": [{"product_id": one, "discount_percent": "10"} for one in product_ids]}


def coupon_body(**members: Any) -> dict[str, Any]:
    """A body that creates a promotion of type coupon."""
    return {
        "promotion_type": "coupon",
        "promotion_name": "Black Friday",
        "coupons": coupons(),
        **members,
    }


def discount_body(**members: Any) -> dict[str, Any]:
    """A body that creates a promotion of type discount."""
    return {
        "promotion_type": "discount",
        "promotion_name": "Black Friday",
        "discounts": discounts(),
        **members,
    }


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    """The body without these names."""
    return {name: value for name, value in body.items() if name not in names}


def sent(body: dict[str, Any] | str) -> dict[str, object]:
    """The body as the API gets it, parsed from JSON."""
    document = parse_json((body if isinstance(body, str) else json.dumps(body)).encode())
    assert isinstance(document, dict)
    return document
