"""What a back-test must add up, computed again from the prices of all its orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sconto.domain.bill import PricedCart


@dataclass(frozen=True)
class Pair:
    """An order, its current prices, and its prices with the draft."""

    order_id: str
    at: datetime
    customer: str | None
    before: PricedCart
    after: PricedCart


def gifts(priced: PricedCart, names: Mapping[Any, str]) -> dict[str, int]:
    """What the customer gets from each promotion, by name."""
    given: dict[str, int] = {}
    products = {line.picks[0].promotion_id for line in priced.lines if line.picks}
    for promotion_id in products:
        lines = [
            line
            for line in priced.lines
            if line.picks and line.picks[0].promotion_id == promotion_id
        ]
        given[names[promotion_id]] = sum(
            line.subtotal
            - line.total
            - line.subscription_discount
            - sum(one.discount for one in line.adjustments)
            for line in lines
        )
    for one in priced.cart_promotions:
        if not one.reasons:
            given[names[one.promotion_id]] = one.discount
    if priced.subscription is not None:
        for code in priced.subscription.considered:
            if code.reason is None and code.rule is not None:
                given[names["subscription", code.promotion_id]] = code.discount
    return given


def add_up(
    pairs: Sequence[Pair], before_names: Mapping[Any, str], after_names: Mapping[Any, str], own: str
) -> dict[str, Any]:
    """The figures of the pairs; `own` is the name of the draft."""
    was = [gifts(pair.before, before_names) for pair in pairs]
    would = [gifts(pair.after, after_names) for pair in pairs]
    currencies = {pair.before.currency for pair in pairs}
    totals = [(pair.before.total, pair.after.total) for pair in pairs]
    reached = [pair for pair, given in zip(pairs, would, strict=True) if own in given]
    return {
        "orders": len(pairs),
        "changed": sum(
            a != b or set(w) != set(x) for (a, b), w, x in zip(totals, was, would, strict=True)
        ),
        "cheaper": sum(a > b for a, b in totals),
        "dearer": sum(a < b for a, b in totals),
        "customers": len({pair.customer for pair in reached if pair.customer}),
        "unnamed": len([pair for pair in reached if not pair.customer]),
        "discount": {
            currency: tuple(
                sum(one.discount for one in side if one.currency == currency)
                for side in ([p.before for p in pairs], [p.after for p in pairs])
            )
            for currency in currencies
        },
        "promotions": {
            name: (
                sum(name in w for w in was),
                sum(name in x for x in would),
                sum(name in x and name not in w for w, x in zip(was, would, strict=True)),
                sum(name in w and name not in x for w, x in zip(was, would, strict=True)),
                sum(w.get(name, 0) for w in was),
                sum(x.get(name, 0) for x in would),
            )
            for name in {name for given in (*was, *would) for name in given} | {own}
        },
        "largest": {
            currency: [
                pair.order_id
                for pair in sorted(
                    (p for p in pairs if p.before.currency == currency),
                    key=lambda p: (-abs(p.before.total - p.after.total), p.at, p.order_id),
                )
                if pair.before.total != pair.after.total
            ][:10]
            for currency in currencies
        },
    }
