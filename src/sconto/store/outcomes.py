"""How an order's outcome is stored, so that it can be read for as long as the order is kept.

It is JSON with the field names of the domain and plain integers, not the format of a wire. Renaming
a field in `PricedCart` or below needs a migration. A new field needs a default.

The integers are minor units. In the currencies of `WHOLE_UNITS` the JSON says how many decimals the
currency has; an older order that does not say it is in whole units.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec
from msgspec import structs

from sconto.domain.money import currency_decimals
from sconto.domain.order import OrderStatus, StoredOrder
from sconto.domain.pricing import PricedCart, PricedLine
from sconto.domain.subscription import SubscriptionOutcome
from sconto.store.stored_amounts import WHOLE_UNITS


class _Outcome(PricedCart, frozen=True):
    """What is stored. `decimals` are those of its amounts, None for whole units."""

    decimals: int | None = None


class OrderRow(msgspec.Struct, frozen=True):
    """The row of an order."""

    order_id: str
    status: OrderStatus
    created_at: datetime
    outcome: _Outcome
    replaces: str | None = None
    replaced_by: str | None = None


_ROW: Final = msgspec.json.Decoder(OrderRow)


def encode_outcome(outcome: PricedCart) -> str:
    """The outcome as the text of a JSON value."""
    text = msgspec.json.encode(outcome).decode()
    if outcome.currency not in WHOLE_UNITS:
        return text
    return f'{{"decimals":{currency_decimals(outcome.currency)},{text.removeprefix("{")}'


def decode_order(text: str) -> StoredOrder:
    """The order of a row that is a JSON object."""
    return order_from(_ROW.decode(text))


def order_from(row: OrderRow) -> StoredOrder:
    """The order of a row, in minor units."""
    return StoredOrder(
        row.order_id,
        row.status,
        row.created_at,
        _in_minor_units(row.outcome),
        row.replaces,
        row.replaced_by,
    )


def _in_minor_units(stored: _Outcome) -> PricedCart:
    fields = structs.asdict(stored)
    decimals = fields.pop("decimals")
    outcome = PricedCart(**fields)
    if stored.currency not in WHOLE_UNITS or decimals is not None:
        return outcome
    units: int = 10 ** currency_decimals(stored.currency)
    return structs.replace(
        outcome,
        subtotal=outcome.subtotal * units,
        discount=outcome.discount * units,
        total=outcome.total * units,
        lines=tuple(_multiply_line(line, units) for line in outcome.lines),
        subscription=outcome.subscription and _multiply_effect(outcome.subscription, units),
    )


def _multiply_line(line: PricedLine, units: int) -> PricedLine:
    return structs.replace(
        line,
        unit_price=line.unit_price * units,
        subtotal=line.subtotal * units,
        discount=line.discount * units,
        total=line.total * units,
        subscription_discount=line.subscription_discount * units,
    )


def _multiply_effect(outcome: SubscriptionOutcome, units: int) -> SubscriptionOutcome:
    considered = tuple(replace(code, discount=code.discount * units) for code in outcome.considered)
    return replace(outcome, considered=considered)
