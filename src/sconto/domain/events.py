"""Events: facts about what happened, for webhooks and readers of the stream."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sconto.domain.bill import PricedCart
from sconto.domain.codes import CodeType
from sconto.domain.history import Change, Facts, Subject, Verb
from sconto.domain.holds import Hold
from sconto.domain.money import format_amount
from sconto.domain.order import OrderStatus, StoredOrder
from sconto.domain.redemption import CART_PRODUCT_ID, redemptions_of
from sconto.domain.returns import OrderReturn

VERSION: Final = 1
"""Of the payload. A new field keeps it; anything else that a reader could notice raises it."""


class EventType(StrEnum):
    """What happened."""

    ORDER_PLACED = "order.placed"
    ORDER_REPLACED = "order.replaced"
    ORDER_PAID = "order.paid"
    ORDER_NOT_PAID = "order.not_paid"
    ORDER_DELETED = "order.deleted"
    HOLD_CREATED = "hold.created"
    HOLD_RELEASED = "hold.released"
    HOLD_EXPIRED = "hold.expired"
    RETURN_CREATED = "return.created"
    PROMOTION_CREATED = "promotion.created"
    PROMOTION_CHANGED = "promotion.changed"
    PROMOTION_SWITCHED_ON = "promotion.switched_on"
    PROMOTION_SWITCHED_OFF = "promotion.switched_off"
    PROMOTION_DELETED = "promotion.deleted"
    PROMOTION_RESTORED = "promotion.restored"
    PROMOTION_STARTED = "promotion.started"
    PROMOTION_ENDED = "promotion.ended"
    PROMOTION_CODES_ADDED = "promotion.codes_added"
    PROMOTION_CODES_REMOVED = "promotion.codes_removed"
    PROMOTION_CODES_USED_UP = "promotion.codes_used_up"
    PROMOTION_LIMIT_REACHED = "promotion.limit_reached"
    PROMOTION_BUDGET_REACHED = "promotion.budget_reached"


TEST_TYPE: Final = "webhook.test"
"""The type of the event that `send a test` sends; it is in no stream."""

EVENT_OF_STATUS: Final[Mapping[OrderStatus, EventType]] = {
    OrderStatus.PAID: EventType.ORDER_PAID,
    OrderStatus.NOT_PAID: EventType.ORDER_NOT_PAID,
    OrderStatus.DELETED: EventType.ORDER_DELETED,
}

_STATUS_AFTER: Final[Mapping[EventType, OrderStatus]] = {
    EventType.ORDER_PLACED: OrderStatus.NOT_PAID,
    EventType.ORDER_REPLACED: OrderStatus.DELETED,
    EventType.ORDER_PAID: OrderStatus.PAID,
    EventType.ORDER_NOT_PAID: OrderStatus.NOT_PAID,
    EventType.ORDER_DELETED: OrderStatus.DELETED,
}

PRODUCT: Final = "product"
CART: Final = "cart"
SUBSCRIPTION: Final = "subscription"
"""The kinds of promotions."""

_EVENT_OF_VERB: Final[Mapping[Verb, EventType]] = {
    Verb.CREATED: EventType.PROMOTION_CREATED,
    Verb.DELETED: EventType.PROMOTION_DELETED,
    Verb.RESTORED: EventType.PROMOTION_RESTORED,
    Verb.CODES_ADDED: EventType.PROMOTION_CODES_ADDED,
    Verb.CODES_GENERATED: EventType.PROMOTION_CODES_ADDED,
    Verb.CODES_REMOVED: EventType.PROMOTION_CODES_REMOVED,
}


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event without a position; `object` is what it is about, such as `order A-1`."""

    type: str
    object: str
    occurred_at: datetime
    data: Facts


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a merchant's stream. Events about one object are in the order they happened."""

    position: int
    id: str
    type: str
    object: str
    occurred_at: datetime
    recorded_at: datetime
    data: Facts


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, oldest first, the position of the next page, and whether there are more."""

    events: tuple[Event, ...]
    last_position: int
    more: bool


def payload_of(event_id: str, type_: str, occurred_at: datetime, data: Facts) -> dict[str, Any]:
    """What a receiver gets: the fields of Standard Webhooks and ours.

    Those are `type`, `timestamp` and `data`; ours are the event's id and the version of the
    payload.
    """
    return {
        "id": event_id,
        "type": type_,
        "version": VERSION,
        "timestamp": occurred_at.isoformat(),
        "data": data,
    }


def object_of_promotion(promotion_id: int) -> str:
    """What events about a product or cart promotion are about."""
    return f"promotion {promotion_id}"


def order_of_object(object_: str) -> str | None:
    """The id of the order that an event is about; None if it is about something else."""
    kind, _, order_id = object_.partition(" ")
    return order_id if kind == "order" else None


def object_in_stream(object_: str) -> str:
    """The object of an event in the stream, from that of its row in the outbox.

    A return is an event of its order. In the outbox it has an object of its own, because the
    previous version takes all events of orders there for events that it knows.
    """
    return f"order {object_[7:]}" if object_.startswith("return ") else object_


def promotion_of_object(object_: str) -> int | None:
    """The product or cart promotion that an event is about; None if it is about something else."""
    kind, _, number = object_.partition(" ")
    return int(number) if kind == "promotion" else None


def order_facts(type_: EventType, order: StoredOrder) -> dict[str, Any]:
    """The order right after this event. Amounts are decimal strings."""
    facts: dict[str, Any] = {
        "order_id": order.order_id,
        "status": _STATUS_AFTER[type_].value,
        "created_at": order.created_at.isoformat(),
        "customer_id": order.customer_id,
        "replaces": order.replaces,
        **_amounts_of(order.outcome),
    }
    if type_ is EventType.ORDER_REPLACED:
        facts["replaced_by"] = order.replaced_by
    return {"order": facts}


def hold_facts(hold: Hold) -> dict[str, Any]:
    """The hold as it was made. Amounts are decimal strings."""
    return {
        "hold": {
            "order_id": hold.order_id,
            "created_at": hold.created_at.isoformat(),
            "expires_at": hold.expires_at.isoformat(),
            "customer_id": hold.cart.customer.id,
            "replaces": hold.replaces,
            **_amounts_of(hold.outcome),
        }
    }


def _amounts_of(outcome: PricedCart) -> dict[str, Any]:
    amounts = (
        ("subtotal", outcome.subtotal),
        ("discount", outcome.discount),
        ("total", outcome.total),
    )
    return {
        "currency": outcome.currency,
        **{name: format_amount(amount, outcome.currency) for name, amount in amounts},
        "promotions": _promotions_of(outcome),
    }


def return_facts(kept: OrderReturn) -> dict[str, Any]:
    """The return, with what to pay back for each line. Amounts are decimal strings."""
    refund = kept.refund

    def amount(minor_units: int) -> str:
        return format_amount(minor_units, refund.currency)

    facts: dict[str, Any] = {
        "return_id": kept.return_id,
        "order_id": kept.order_id,
        "created_at": kept.created_at.isoformat(),
        "currency": refund.currency,
        "subtotal": amount(refund.subtotal),
        "discount": amount(refund.discount),
        "total": amount(refund.total),
        "lines": [
            {
                "line_id": line.line_id,
                "product_id": line.product_id,
                "quantity": line.quantity,
                "total": amount(line.total),
            }
            for line in refund.lines
        ],
        "shipping": None if refund.shipping is None else amount(refund.shipping.total),
    }
    return {"return": facts}


def _promotions_of(outcome: PricedCart) -> list[dict[str, Any]]:
    """What each product or cart promotion took off, and the subscription's code."""
    codes = {pick.code_id: pick.code for line in outcome.lines for pick in line.picks}
    codes |= {one.code_id: one.code for one in outcome.cart_promotions}
    discounts: dict[tuple[str, int, str | None], int] = {}
    for one in redemptions_of(outcome):
        if one.applied:
            kind = CART if one.product_id == CART_PRODUCT_ID else PRODUCT
            key = (kind, one.promotion_id, codes.get(one.code_id))
            discounts[key] = discounts.get(key, 0) + one.discount
    effect = outcome.subscription
    if effect is not None and (code := effect.winner) is not None:
        discounts[SUBSCRIPTION, code.promotion_id or 0, code.code] = code.discount
    return [
        {
            "kind": kind,
            "id": promotion_id,
            "code": code,
            "discount": format_amount(amount, outcome.currency),
        }
        for (kind, promotion_id, code), amount in discounts.items()
    ]


def spent_by(outcome: PricedCart) -> Iterator[tuple[int, int]]:
    """The promotions whose limits or one-time codes an order of the outcome uses.

    With each, what the order took of its budget in the order's currency, in minor units.
    """
    for one in redemptions_of(outcome):
        if one.code_type is CodeType.ONE_TIME or one.product_id == CART_PRODUCT_ID:
            yield one.promotion_id, one.discount if one.product_id == CART_PRODUCT_ID else 0


def events_of(change: Change) -> list[tuple[EventType, Facts]]:
    """The events of a change of a promotion; none for other subjects.

    A switch makes an event of its own; other changes make `promotion.changed` too. Lists of codes
    are left out.
    """
    if change.subject not in (Subject.PROMOTION, Subject.SUBSCRIPTION_PROMOTION):
        return []
    if change.verb is not Verb.CHANGED:
        type_ = _EVENT_OF_VERB.get(change.verb)
        return [] if type_ is None else [(type_, _facts_of(type_, change))]
    before, after = _without_codes(change.before), _without_codes(change.after)
    found: list[tuple[EventType, Facts]] = []
    if set(after) != {"active"}:
        found.append((EventType.PROMOTION_CHANGED, {"before": before, "after": after}))
    if "active" in after:
        switched = (
            EventType.PROMOTION_SWITCHED_ON if after["active"] else EventType.PROMOTION_SWITCHED_OFF
        )
        found.append((switched, {}))
    return found


def _facts_of(type_: EventType, change: Change) -> Facts:
    match type_:
        case EventType.PROMOTION_CREATED:
            return {"after": _without_codes(change.after)}
        case EventType.PROMOTION_DELETED:
            return {"before": _without_codes(change.before)}
        case EventType.PROMOTION_CODES_ADDED | EventType.PROMOTION_CODES_REMOVED:
            return {"codes": _code_counts(change.before, change.after)}
        case _:
            return {}


def _without_codes(facts: Facts | None) -> dict[str, Any]:
    """The facts with the numbers of codes instead of codes."""
    kept = dict(facts or {})
    codes = kept.pop("codes", None)
    if isinstance(codes, Mapping):
        counts = {name: value for name, value in codes.items() if name.endswith("count")}
        kept |= {"codes": counts} if counts else {}
    return kept


def _code_counts(*facts: Facts | None) -> dict[str, int]:
    counts = {"added": 0, "removed": 0}
    for one in facts:
        codes = (one or {}).get("codes")
        if isinstance(codes, Mapping):
            for name in counts:
                counts[name] += codes.get(f"{name}_count", 0)
    return counts


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a promotion is used: of its total limit, a budget in a currency, or its codes.

    `name` is `total`, `codes` or `budget EUR`; amounts are uses or minor units. `has_event` says
    whether there was an event for it.
    """

    promotion_id: int
    name: str
    taken: int
    most: int
    has_event: bool = False

    @property
    def currency(self) -> str | None:
        """Of a budget."""
        kind, _, currency = self.name.partition(" ")
        return currency if kind == "budget" else None

    def is_reached(self, spent: int = 0) -> bool:
        """Whether nothing is left; for a budget, whether an order that takes `spent` does not fit.

        An order takes all of its discount from a budget or nothing, so budgets rarely end at
        exactly zero.
        """
        needed = 1 if self.currency is None else max(spent, 1)
        return self.taken + needed > self.most


def reached_facts(one: Used) -> tuple[EventType, Facts]:
    """The event of a limit, a budget or codes that are used up."""
    if one.name == "codes":
        return EventType.PROMOTION_CODES_USED_UP, {}
    if (currency := one.currency) is None:
        return EventType.PROMOTION_LIMIT_REACHED, {"limit": one.most, "taken": one.taken}
    limit, taken = (format_amount(amount, currency) for amount in (one.most, one.taken))
    return EventType.PROMOTION_BUDGET_REACHED, {
        "currency": currency,
        "limit": limit,
        "taken": taken,
    }
