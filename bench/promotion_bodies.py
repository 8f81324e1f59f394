"""The promotions of a shop as bodies of requests that create them."""

import json
from collections.abc import Iterator
from datetime import datetime

from bench.shop import Coupon, Discount, Shop, code_text
from sconto.domain.money import PERCENT


def write_promotions(shop: Shop) -> Iterator[bytes]:
    """The shop's promotions for `POST /v1/promotion`, in the order of their ids."""
    promotions: list[Discount | Coupon] = [*shop.discounts, *shop.coupons]
    for promotion in sorted(promotions, key=lambda one: one.promotion_id):
        terms: dict[str, object] = {"discount_percent": str(promotion.percent // PERCENT)}
        if promotion.products:
            terms["product_id"] = list(promotion.products)
        fields = (
            _coupon(promotion, terms)
            if isinstance(promotion, Coupon)
            else _discount(promotion, terms)
        )
        yield json.dumps({"promotion_name": f"Bench {promotion.promotion_id}", **fields}).encode()


def _coupon(coupon: Coupon, terms: dict[str, object]) -> dict[str, object]:
    codes = [code_text(coupon.first_code + place) for place in range(coupon.codes)]
    coupons = {**terms, "coupon_code": codes, "coupon_type": "reusable"}
    return {"promotion_type": "coupon", "coupons": coupons}


def _discount(discount: Discount, terms: dict[str, object]) -> dict[str, object]:
    fields: dict[str, object] = {
        "promotion_type": "discount",
        "status": discount.active,
        "date_from": _time(discount.period.starts_at),
        "discounts": terms,
    }
    if discount.period.ends_at is not None:
        fields["date_to"] = _time(discount.period.ends_at)
    return fields


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
