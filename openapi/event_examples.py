"""An example of each type of event."""

from typing import Final

from pydantic.config import JsonDict

from sconto.domain.events import VERSION, EventType

EVENT_ID: Final = "evt_8c1f0f6d6b7d4a4e9f0b6a2d1c3e5f70"
AT: Final = "2026-11-28T00:00:00+00:00"

PROMOTION: Final[JsonDict] = {
    "kind": "cart",
    "id": 51,
    "name": "10 off from 50",
    "active": True,
    "starts_at": AT,
    "ends_at": None,
}
ORDER: Final[JsonDict] = {
    "order_id": "A-1",
    "status": "not paid",
    "created_at": AT,
    "customer_id": "c-7",
    "replaces": None,
    "currency": "EUR",
    "subtotal": "59.97",
    "discount": "10.00",
    "total": "49.97",
    "promotions": [{"kind": "cart", "id": 51, "code": None, "discount": "10.00"}],
}

HOLD: Final[JsonDict] = {
    **{name: value for name, value in ORDER.items() if name != "status"},
    "expires_at": "2026-11-28T00:15:00+00:00",
}

_OWN_DATA: Final[dict[EventType, JsonDict]] = {
    EventType.ORDER_PLACED: {"order": ORDER},
    EventType.ORDER_PAID: {"order": {**ORDER, "status": "paid"}},
    EventType.ORDER_NOT_PAID: {"order": ORDER},
    EventType.ORDER_DELETED: {"order": {**ORDER, "status": "deleted"}},
    EventType.ORDER_REPLACED: {"order": {**ORDER, "status": "deleted", "replaced_by": "A-2"}},
    EventType.HOLD_CREATED: {"hold": HOLD},
    EventType.HOLD_RELEASED: {"hold": HOLD},
    EventType.HOLD_EXPIRED: {"hold": HOLD},
    EventType.RETURN_CREATED: {
        "return": {
            "return_id": "R-1",
            "order_id": "A-1",
            "created_at": AT,
            "currency": "EUR",
            "subtotal": "19.99",
            "discount": "2.00",
            "total": "17.99",
            "lines": [{"line_id": "1", "product_id": 11111, "quantity": 1, "total": "17.99"}],
            "shipping": None,
        }
    },
    EventType.PROMOTION_CREATED: {"after": {"name": "10 off from 50", "active": True}},
    EventType.PROMOTION_CHANGED: {
        "before": {"name": "10 off"},
        "after": {"name": "10 off from 50"},
    },
    EventType.PROMOTION_DELETED: {"before": {"name": "10 off from 50", "active": True}},
    EventType.PROMOTION_CODES_ADDED: {"codes": {"added": 100, "removed": 0}},
    EventType.PROMOTION_CODES_REMOVED: {"codes": {"added": 0, "removed": 1}},
    EventType.PROMOTION_LIMIT_REACHED: {"limit": 5000, "taken": 5000},
    EventType.PROMOTION_BUDGET_REACHED: {
        "currency": "EUR",
        "limit": "1000.00",
        "taken": "995.00",
    },
}


def example_of(type_: EventType) -> JsonDict:
    """An event of the type."""
    own = _OWN_DATA.get(type_, {})
    of_checkout = own.keys() & {"order", "hold", "return"}
    data: JsonDict = own if of_checkout else {"promotion": PROMOTION, **own}
    return {"id": EVENT_ID, "type": type_.value, "version": VERSION, "timestamp": AT, "data": data}
