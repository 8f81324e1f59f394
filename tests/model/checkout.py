"""The checkout as in the design: prices of carts, and what orders record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.model import holds
from tests.model.cart_shop import give_back
from tests.model.cart_steps import Steps
from tests.model.faults import key_of
from tests.model.holds import Asker, Redemption, Taken, one_time_codes
from tests.model.requests import activated, is_same
from tests.model.shop import Answer, CartPromotion, Code, Promotion, Shop, why_off
from tests.model.subscriptions import shares
from tests.model.values import (
    half_up,
    minor_units,
    show_amount,
    show_percent,
)

RANKS = [
    "applied",
    "outdone",
    "not_picked",
    "conditions_not_met",
    "not_applicable",
    "used",
    "limit_reached",
    "expired",
    "not_started",
    "inactive",
    "unknown",
]
"""The statuses of an activated code, best first; it has the best of its promotions' statuses."""


@dataclass
class Pick:
    """The promotion that a group chose for a product."""

    promotion: Promotion
    group: str
    percent: Fraction
    code: Code | None = None
    text: str | None = None
    reason: str | None = None


def price(
    shop: Shop, cart: Mapping[str, Any], at: datetime, asker: Asker | None = None
) -> tuple[dict[str, Any], list[Redemption], Taken]:
    """The answer to a quote, the picks to be recorded, and what cart promotions take off.

    What the replaced order took counts as unused, and so does what is held for the id.
    """
    asker = asker or Asker(at)
    texts = activated(cart.get("codes") or [])
    picks = {
        line["product_id"]: _picks(shop, line["product_id"], texts, at, asker)
        for line in cart["lines"]
    }
    currency = cart["currency"]
    lines = [_line(line, picks[line["product_id"]], shop, currency) for line in cart["lines"]]
    subtotal = _sum(lines, "subtotal", currency)
    steps = Steps(shop, cart, at, asker, {key_of(text): text for text in texts})
    shipping = steps.take(lines)
    quote: dict[str, Any] = {
        "currency": currency,
        "subtotal": show_amount(subtotal, currency),
        "lines": lines,
        "codes": [_code_state(shop, text, picks, at, asker, steps) for text in texts],
    }
    if cart.get("subscription") is not None:
        amount, shown = shop.subscriptions.effect(
            cart["subscription"], currency, _sum(lines, "total", currency)
        )
        _take_off(lines, amount, currency)
        quote["subscription"] = shown
    if steps.outcomes:
        quote["cart_promotions"] = steps.outcomes
    asked, total = subtotal, _sum(lines, "total", currency)
    if shipping is not None:
        before = minor_units(cart["shipping"], currency)
        quote["shipping"] = {
            "amount": show_amount(before, currency),
            "discount": show_amount(before - shipping, currency),
            "total": show_amount(shipping, currency),
        }
        asked, total = asked + before, total + shipping
    quote["discount"] = show_amount(asked - total, currency)
    quote["total"] = show_amount(total, currency)
    return quote, _redemptions(picks), steps.taken()


def _sum(lines: Sequence[Mapping[str, Any]], name: str, currency: str) -> int:
    return sum(minor_units(line[name], currency) for line in lines)


def _take_off(lines: Sequence[dict[str, Any]], amount: int, currency: str) -> None:
    """Take a subscription's discount off the lines."""
    totals = [minor_units(line["total"], currency) for line in lines]
    for line, total, share in zip(lines, totals, shares(amount, totals), strict=True):
        line["subscription_discount"] = show_amount(share, currency)
        line["total"] = show_amount(total - share, currency)


def place(shop: Shop, body: Mapping[str, Any], now: datetime) -> Answer:
    """`POST /checkout/v1/orders` with a body without faults."""
    order_id, replaces = body["order_id"], body.get("replaces")
    if (stored := shop.orders.get(order_id)) is not None:
        if is_same(body, stored["body"]):
            return 200, stored["answer"]
        return 409, {"order": stored["answer"]}
    if (refusal := _refuse_replacing(shop, replaces)) is not None:
        return refusal
    held = holds.live(shop, order_id, now)
    expected = body.get("expected_total")
    if held is not None and is_same(body, held.body):
        quote, redemptions, took, codes = held.quote, held.redemptions, held.took, held.codes
        if expected is not None and not _is_total(expected, quote):
            return 409, {"quote": quote}
    else:
        quote, redemptions, took = price(shop, body, now, Asker(now, order_id, replaces))
        if not _is_agreed(expected, quote):
            return 409, {"quote": quote}
        codes = one_time_codes(shop, redemptions, took)
    shop.holds.pop(order_id, None)
    if replaces is not None:
        _give_back(shop, replaces)
    _count(redemptions)
    for code in codes:
        code.used_by, code.used_at = order_id, now
    answer = {"order_id": order_id, "created_at": now, "status": "not paid", **quote}
    shop.orders[order_id] = {
        "body": body,
        "answer": answer,
        "replaced": False,
        "took": {promotion_id: discount for promotion_id, (_, discount) in took.items()},
        "gave_back": False,
        "customer": (body.get("customer") or {}).get("id"),
    }
    return 201, answer


def _refuse_replacing(shop: Shop, replaces: str | None) -> Answer | None:
    """The answer if that order cannot be replaced."""
    old = None if replaces is None else shop.orders.get(replaces)
    if replaces is not None and old is None:
        return 422, {}
    if old is not None and old["answer"]["status"] != "not paid":
        return 409, {"order": old["answer"]}
    return None


def hold(shop: Shop, body: Mapping[str, Any], now: datetime) -> Answer:
    """`POST /checkout/v1/holds` with a body without faults."""
    order_id, replaces = body["order_id"], body.get("replaces")
    if (stored := shop.orders.get(order_id)) is not None:
        return 409, {"order": stored["answer"]}
    held = holds.live(shop, order_id, now)
    if held is not None and is_same(body, held.body):
        return 200, held.answer()
    if (refusal := _refuse_replacing(shop, replaces)) is not None:
        return refusal
    quote, redemptions, took = price(shop, body, now, Asker(now, order_id, replaces))
    if not _is_agreed(body.get("expected_total"), quote):
        return 409, {"quote": quote}
    return holds.make(shop, body, quote, redemptions, took, now)


def _is_agreed(expected: str | None, quote: Mapping[str, Any]) -> bool:
    if expected is None:
        return all(code["status"] not in ("used", "limit_reached") for code in quote["codes"])
    return _is_total(expected, quote)


def _is_total(expected: str, quote: Mapping[str, Any]) -> bool:
    currency = quote["currency"]
    return minor_units(expected, currency) == minor_units(quote["total"], currency)


def set_status(shop: Shop, order_id: str, status: str) -> Answer:
    """`PATCH /checkout/v1/orders/{order_id}`."""
    stored = shop.orders.get(order_id)
    if stored is None:
        return 404, {}
    if (stored["replaced"] or stored["gave_back"]) and status != "deleted":
        return 409, {"order": stored["answer"]}
    if status == "deleted":
        give_back(shop, order_id)
    stored["answer"] = {**stored["answer"], "status": status}
    return 200, stored["answer"]


def _running(promotion: Promotion, at: datetime) -> bool:
    return not promotion.deleted and why_off(promotion, at) is None


def _usable(shop: Shop, promotion: Promotion, code: Code, at: datetime, asker: Asker) -> bool:
    used = promotion.code_type == "one-time" and asker.is_taken(shop, code)
    return _running(promotion, at) and not used


def _offers(shop: Shop, text: str) -> list[tuple[Promotion, Code]]:
    """The codes that the text spells, with their promotions."""
    return [
        (promotion, code)
        for promotion in shop.promotions.values()
        if not promotion.deleted
        for code in promotion.present_codes()
        if key_of(code.text) == key_of(text)
    ]


def _picks(
    shop: Shop, product: int, texts: Sequence[str], at: datetime, asker: Asker
) -> list[Pick]:
    """The picks of the three groups; the first one applies."""
    found = []
    by_code = _pick_by_code(shop, product, texts, at, asker)
    if by_code is not None:
        found.append(by_code)
    automatic = [
        one
        for one in shop.promotions.values()
        if one.type == "discount" and _running(one, at) and one.percent_on(product) is not None
    ]
    for group in ("automatic_specific", "automatic_all"):
        everything = group == "automatic_all"
        members = [one for one in automatic if (one.listed is None and not one.own) is everything]
        if members:
            latest = max(members, key=lambda one: one.id)
            found.append(Pick(latest, group, latest.percent_on(product) or Fraction(0)))
    highest = max((pick.percent for pick in found), default=None)
    winner = next((pick for pick in found if pick.percent == highest), None)
    for pick in found:
        if pick is not winner:
            pick.reason = "tie" if pick.percent == highest else "lower_discount"
    return sorted(found, key=lambda pick: pick is not winner)


def _pick_by_code(
    shop: Shop, product: int, texts: Sequence[str], at: datetime, asker: Asker
) -> Pick | None:
    for text in reversed(texts):
        covering = [
            (percent, promotion.id, promotion, code)
            for promotion, code in _offers(shop, text)
            if _usable(shop, promotion, code, at, asker)
            and (percent := promotion.percent_on(product)) is not None
        ]
        if covering:
            percent, _, promotion, code = max(covering, key=lambda one: one[:2])
            return Pick(promotion, "code", percent, code, text)
    return None


def _line(
    line: Mapping[str, Any], picks: Sequence[Pick], shop: Shop, currency: str
) -> dict[str, Any]:
    subtotal = line["quantity"] * minor_units(line["unit_price"], currency)
    percent = picks[0].percent if picks else Fraction(0)
    discount = half_up(subtotal * percent / 100)
    return {
        "line_id": line["line_id"],
        "product_id": line["product_id"],
        "quantity": line["quantity"],
        "unit_price": show_amount(minor_units(line["unit_price"], currency), currency),
        "known": line["product_id"] in shop.products,
        "subtotal": show_amount(subtotal, currency),
        "discount": show_amount(discount, currency),
        "discount_percent": show_percent(percent),
        "total": show_amount(subtotal - discount, currency),
        "promotion": _winner(picks[0]) if picks else None,
        "picks": [_show_pick(pick) for pick in picks],
    }


def _winner(pick: Pick) -> dict[str, object]:
    code = {} if pick.text is None else {"code": pick.text}
    return {"id": pick.promotion.id, "type": pick.promotion.type, **code}


def _show_pick(pick: Pick) -> dict[str, object]:
    shown: dict[str, object] = {
        "promotion_id": pick.promotion.id,
        "group": pick.group,
        "discount_percent": show_percent(pick.percent),
        "applied": pick.reason is None,
    }
    if pick.text is not None:
        shown["code"] = pick.text
    if pick.reason is not None:
        shown["reason"] = pick.reason
    return shown


def _code_state(
    shop: Shop,
    text: str,
    picks: Mapping[int, list[Pick]],
    at: datetime,
    asker: Asker,
    steps: Steps,
) -> dict[str, object]:
    states: list[tuple[str, Promotion | CartPromotion, Code]] = [
        (_state(shop, promotion, code, picks, at, asker), promotion, code)
        for promotion, code in _offers(shop, text)
    ]
    states += steps.code_states(key_of(text), RANKS)
    if not states:
        return {"code": text, "status": "unknown"}
    state, promotion, code = min(states, key=lambda one: (RANKS.index(one[0]), -one[1].id))
    facts: dict[str, object] = {"code": text, "status": state, "promotion_id": promotion.id}
    if state == "not_started":
        facts["starts_at"] = promotion.starts
    if state == "expired":
        facts["ended_at"] = promotion.ends
    if state == "used" and code.used_by not in (None, asker.replaces):
        facts["used_at"] = code.used_at
    elif state == "used":
        facts["held_until"] = asker.held_until(shop, code)
    return facts


def _state(
    shop: Shop,
    promotion: Promotion,
    code: Code,
    picks: Mapping[int, list[Pick]],
    at: datetime,
    asker: Asker,
) -> str:
    if (reason := why_off(promotion, at)) is not None:
        return reason
    if not _usable(shop, promotion, code, at, asker):
        return "used"
    mine = [pick for of_product in picks.values() for pick in of_product if pick.code is code]
    if mine:
        return "applied" if any(pick.reason is None for pick in mine) else "outdone"
    covers = any(promotion.percent_on(product) is not None for product in picks)
    return "not_picked" if covers else "not_applicable"


def _give_back(shop: Shop, order_id: str) -> None:
    """Replace an order: it is deleted, and its one-time codes are free again."""
    old = shop.orders[order_id]
    old["answer"] = {**old["answer"], "status": "deleted"}
    old["replaced"] = True
    give_back(shop, order_id)
    for promotion in shop.promotions.values():
        for code in promotion.codes:
            if code.used_by == order_id:
                code.used_by = code.used_at = None


def _redemptions(picks: Mapping[int, list[Pick]]) -> list[Redemption]:
    """A redemption for every pick of every product, with the type that its code has now."""
    return [
        (pick.promotion, pick.code, pick.promotion.code_type or "reusable")
        for of_product in picks.values()
        for pick in of_product
    ]


def _count(redemptions: Sequence[Redemption]) -> None:
    for promotion, code, type_ in redemptions:
        promotion.uses += 1
        if code is not None:
            code.uses[type_] = code.uses.get(type_, 0) + 1
