"""The checkout API's answers, field by field."""

from sconto.api.checkout.instants import write_instant
from sconto.api.checkout.subscription import write_subscription
from sconto.domain.choice import CodeOutcome, Group, Pick
from sconto.domain.money import format_amount, format_percent
from sconto.domain.order import StoredOrder
from sconto.domain.pricing import PricedCart, PricedLine
from sconto.domain.promotion import PromotionType

Answer = dict[str, object]


def write_quote(priced: PricedCart) -> Answer:
    """A priced cart."""
    currency = priced.currency
    answer: Answer = {
        "currency": currency,
        "subtotal": format_amount(priced.subtotal, currency),
        "discount": format_amount(priced.discount, currency),
        "total": format_amount(priced.total, currency),
        "lines": [_write_line(line, priced) for line in priced.lines],
        "codes": [_write_code(code) for code in priced.codes],
    }
    if priced.subscription is not None:
        answer["subscription"] = write_subscription(priced.subscription, currency)
    return answer


def write_order(order: StoredOrder) -> Answer:
    """An order, with the cart as it was priced."""
    return {
        "order_id": order.order_id,
        "created_at": write_instant(order.created_at),
        "status": order.status,
        **write_quote(order.outcome),
    }


def write_prices(priced: PricedCart) -> Answer:
    """What one unit of each product costs; `priced` has a line for each."""
    currency = priced.currency
    return {
        "currency": currency,
        "products": [
            {
                "product_id": line.product_id,
                "unit_price": format_amount(line.unit_price, currency),
                "price": format_amount(line.total, currency),
                "discount_percent": _write_percent(line),
                "promotion_id": None if line.applied is None else line.applied.promotion_id,
            }
            for line in priced.lines
        ],
    }


def _write_line(line: PricedLine, priced: PricedCart) -> Answer:
    currency = priced.currency
    share: Answer = {}
    if priced.subscription is not None:
        share["subscription_discount"] = format_amount(line.subscription_discount, currency)
    return {
        "line_id": line.line_id,
        "product_id": line.product_id,
        "quantity": line.quantity,
        "unit_price": format_amount(line.unit_price, currency),
        "known": line.known,
        "subtotal": format_amount(line.subtotal, currency),
        "discount": format_amount(line.discount, currency),
        "discount_percent": _write_percent(line),
        **share,
        "total": format_amount(line.total, currency),
        "promotion": None if line.applied is None else _write_promotion(line.applied),
        "picks": [_write_pick(pick) for pick in line.picks],
    }


def _write_percent(line: PricedLine) -> str:
    return "0" if line.applied is None else format_percent(line.applied.percent)


def _write_promotion(pick: Pick) -> Answer:
    if pick.group is Group.CODE:
        return {"id": pick.promotion_id, "type": PromotionType.COUPON, "code": pick.code}
    return {"id": pick.promotion_id, "type": PromotionType.DISCOUNT}


def _write_pick(pick: Pick) -> Answer:
    answer: Answer = {"promotion_id": pick.promotion_id, "group": pick.group}
    if pick.group is Group.CODE:
        answer["code"] = pick.code
    answer["discount_percent"] = format_percent(pick.percent)
    answer["applied"] = pick.applied
    if pick.reason is not None:
        answer["reason"] = pick.reason
    return answer


def _write_code(outcome: CodeOutcome) -> Answer:
    answer: Answer = {"code": outcome.code, "status": outcome.status}
    if outcome.promotion_id is not None:
        answer["promotion_id"] = outcome.promotion_id
    for name, instant in (
        ("starts_at", outcome.starts_at),
        ("ended_at", outcome.ended_at),
        ("used_at", outcome.used_at),
    ):
        if instant is not None:
            answer[name] = write_instant(instant)
    return answer
