"""Listing prices as in `reference/cart.md`: carts of one unit, without what a cart could change."""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from tests.model.checkout import price
from tests.model.shop import CartPromotion, Shop
from tests.model.values import DECIMALS


@st.composite
def pages(draw: st.DrawFn, products: Sequence[int]) -> dict[str, Any]:
    """The body of a question; most have the same few prices, so that products are listed again."""
    currency = draw(st.sampled_from(("EUR", "EUR", *sorted(DECIMALS))))
    places = DECIMALS[currency]
    price = draw(st.just(f"10.{0:0{places}}" if places else "10") | unit_prices(currency))
    some = draw(st.lists(st.sampled_from(products), min_size=1, max_size=5))
    return {
        "currency": currency,
        "products": [{"product_id": one, "unit_price": price} for one in some],
    }


def unit_prices(currency: str) -> st.SearchStrategy[str]:
    """Prices of a unit, from nothing to very much."""
    places = DECIMALS[currency]
    return st.builds(
        lambda whole, part: f"{whole}.{part % 10**places:0{places}}" if places else str(whole),
        st.sampled_from((0, 1, 9, 19, 1234, 999_999_999_999)),
        st.sampled_from((0, 1, 5, 50, 99, 995)),
    )


def list_prices(shop: Shop, body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The answer of `POST /checkout/v1/prices`."""
    listed = copy(shop)
    listed.cart_promotions = {
        id_: one for id_, one in shop.cart_promotions.items() if _is_listed(one)
    }
    products = [_price(listed, body["currency"], one, now) for one in body["products"]]
    return {"currency": body["currency"], "products": products}


def _is_listed(promotion: CartPromotion) -> bool:
    terms = promotion.terms
    return (
        promotion.code_type is None
        and terms["target"] == "lines"
        and terms["benefit"]["type"] not in ("units", "tiers")
        and not any((terms.get("conditions") or {}).values())
        and not any((terms.get("limits") or {}).values())
    )


def _price(shop: Shop, currency: str, product: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    cart = {"currency": currency, "lines": [{"line_id": "1", "quantity": 1, **product}]}
    [line] = price(shop, cart, now)[0]["lines"]
    promotion = line["promotion"]
    return {
        "product_id": line["product_id"],
        "unit_price": line["unit_price"],
        "price": line["total"],
        "discount_percent": line["discount_percent"],
        "promotion_id": None if promotion is None else promotion["id"],
        **({"adjustments": line["adjustments"]} if "adjustments" in line else {}),
    }
