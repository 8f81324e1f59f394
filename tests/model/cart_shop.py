"""The cart promotions of a shop as in the reference: created, changed and counted."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.model.holds import Asker
from tests.model.shop import Answer, CartPromotion, Shop
from tests.model.subscriptions import merged
from tests.model.values import minor_units, show_amount

_DEFAULTS: Final[Mapping[str, Any]] = {
    "hours": None,
    "products": None,
    "on_discounted": True,
    "conditions": {},
    "limits": {},
    "priority": 0,
    "exclusive": False,
}
NOBODY: Final = Asker()
_KEPT: Final = ("name", "active", "starts_at", "ends_at", "codes")


def create(
    shop: Shop, body: Mapping[str, Any], now: datetime, given_id: Callable[[], int]
) -> Answer:
    """`POST /cart/v1/promotions` with a body whose only fault may be the period."""
    made = CartPromotion(0, "", True, now.replace(microsecond=0), None, {})
    if not _is_period(body, made.starts):
        return 422, {}
    made.id = given_id()
    if made.id <= shop.newest_id():
        return 201, "an id that is larger than all before"
    shop.cart_promotions[made.id] = made
    _set(shop, made, body)
    return 201, shown(made)


def change(shop: Shop, promotion_id: str, patch: Mapping[str, Any]) -> Answer:
    """`PATCH /cart/v1/promotions/{id}`: a merge patch."""
    found = find_cart_promotion(shop, promotion_id)
    if found is None:
        return 404, {}
    before = shown(found)
    if before["codes"] is not None and "codes" not in (patch.get("codes") or {}):
        # Present codes keep their places.
        before["codes"]["codes"] = [code.text for code in found.present_codes()]
    after = merged(before, patch)
    codes = after.get("codes")
    if not _is_period(after, found.starts):
        return 422, {}
    if codes is not None and not (codes.get("code_type") and codes.get("codes")):
        return 422, {}
    _set(shop, found, after)
    return 200, shown(found)


def delete(shop: Shop, promotion_id: str, now: datetime) -> Answer:
    """`DELETE /cart/v1/promotions/{id}`."""
    found = find_cart_promotion(shop, promotion_id)
    if found is None:
        return 404, {}
    found.deleted_at = now
    return 204, None


def restore(shop: Shop, promotion_id: str, now: datetime) -> Answer:
    """Undo a deletion within an hour. A promotion that is not deleted stays unchanged."""
    found = shop.cart_promotions.get(int(promotion_id))
    if found is None:
        return 404, {}
    if found.deleted_at is not None and now - found.deleted_at > timedelta(hours=1):
        return 404, {}
    found.deleted_at = None
    return 204, None


def get(shop: Shop, promotion_id: str) -> Answer:
    """`GET /cart/v1/promotions/{id}`."""
    found = find_cart_promotion(shop, promotion_id)
    return (404, {}) if found is None else (200, shown(found))


def statistics(shop: Shop, promotion_id: str) -> Answer:
    """`GET /cart/v1/promotions/{id}/statistics`, without codes and days."""
    found = find_cart_promotion(shop, promotion_id)
    if found is None:
        return 404, {}
    orders, given = 0, Counter[str]()
    for order in shop.orders.values():
        if found.id in order["took"]:
            orders += 1
            given[order["answer"]["currency"]] += order["took"][found.id]
    limits, left = found.terms["limits"], dict[str, Any]()
    if (total := limits.get("total")) is not None:
        uses = taken(shop, found, "total")
        left["total"] = {"limit": total, "taken": uses, "left": max(0, total - uses)}
    if (budget := limits.get("budget")) is not None:
        left["budget"] = {}
        for currency, most in budget.items():
            spent = taken(shop, found, "budget", currency)
            rest = max(0, minor_units(most, currency) - spent)
            left["budget"][currency] = {
                "limit": most,
                "taken": show_amount(spent, currency),
                "left": show_amount(rest, currency),
            }
    return 200, {
        "promotion_id": found.id,
        "orders": orders,
        "discount": {currency: show_amount(sum_, currency) for currency, sum_ in given.items()},
        "limits": left,
    }


def find_cart_promotion(shop: Shop, promotion_id: str) -> CartPromotion | None:
    """The promotion with this id, unless it is deleted."""
    found = shop.cart_promotions.get(int(promotion_id))
    return None if found is None or found.deleted else found


def taken(
    shop: Shop, promotion: CartPromotion, scope: str, key: str = "", asker: Asker = NOBODY
) -> int:
    """What the orders that count have used of a limit, and what is held for other ids.

    Without the order that is replaced; without an asker, without holds.
    """
    sum_ = asker.held(shop, promotion, scope, key)
    for order_id, order in shop.orders.items():
        if promotion.id in order["took"] and not order["gave_back"] and order_id != asker.replaces:
            if scope == "total":
                sum_ += 1
            elif scope == "customer":
                sum_ += order["customer"] == key
            elif order["answer"]["currency"] == key:
                sum_ += order["took"][promotion.id]
    return sum_


def has_ordered(shop: Shop, customer: str | None, asker: Asker) -> bool:
    """Whether the customer has an order that counts, or a first order that is held."""
    return asker.is_first_held(shop, customer) or (
        customer is not None
        and any(
            order["customer"] == customer
            for order_id, order in shop.orders.items()
            if order["answer"]["status"] != "deleted" and order_id != asker.replaces
        )
    )


def give_back(shop: Shop, order_id: str) -> None:
    """Free what a deleted order used of its cart promotions."""
    order = shop.orders[order_id]
    if order["took"]:
        order["gave_back"] = True
    for promotion in shop.cart_promotions.values():
        for code in promotion.codes:
            if code.used_by == order_id:
                code.used_by = code.used_at = None


def shown(promotion: CartPromotion) -> dict[str, Any]:
    """The promotion as it is answered, without the times at which it was written."""
    codes = None
    if promotion.code_type is not None:
        texts = [code.text for code in promotion.present_codes()]
        codes = {"code_type": promotion.code_type, "codes": texts}
    return {
        "id": promotion.id,
        "name": promotion.name,
        "active": promotion.active,
        "starts_at": promotion.starts,
        "ends_at": promotion.ends,
        "codes": codes,
        **promotion.terms,
    }


def _set(shop: Shop, promotion: CartPromotion, body: Mapping[str, Any]) -> None:
    promotion.name = body["name"]
    promotion.active = body.get("active", True)
    promotion.starts = _moment(body.get("starts_at")) or promotion.starts
    promotion.ends = _moment(body.get("ends_at"))
    terms = {name: value for name, value in body.items() if name not in (*_KEPT, "id")}
    promotion.terms = {**_DEFAULTS, **terms}
    codes = body.get("codes")
    promotion.code_type = None if codes is None else codes["code_type"]
    shop.change_codes(promotion, [] if codes is None else codes["codes"])


def _is_period(body: Mapping[str, Any], otherwise: datetime) -> bool:
    starts, ends = _moment(body.get("starts_at")) or otherwise, _moment(body.get("ends_at"))
    return ends is None or starts <= ends


def _moment(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).astimezone(UTC)
