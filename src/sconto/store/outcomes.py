"""The outcome and the request in an order's row, as JSON.

Both are versioned values (`domain.stored_outcome`, `domain.stored_request`).

The integers are minor units. In the currencies of `WHOLE_UNITS` the JSON says how many decimals the
currency has; an older order without that is in whole units.
"""

from datetime import datetime
from typing import Final

import msgspec
from msgspec import UNSET

from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart
from sconto.domain.money import currency_decimals
from sconto.domain.order import OrderStatus, StoredOrder
from sconto.domain.stored_outcome import StoredOutcome, outcome_of, priced_cart_of
from sconto.domain.stored_request import StoredRequest, cart_of, request_of
from sconto.store.period_sql import instant_sql
from sconto.store.stored_amounts import WHOLE_UNITS, minor_units_in_one_stored


class StoredOrderRow(msgspec.Struct, frozen=True):
    """The row of an order."""

    order_id: str
    status: OrderStatus
    created_at: datetime
    outcome: StoredOutcome
    replaces: str | None = None
    replaced_by: str | None = None
    request: StoredRequest | None = None
    gave_back: bool = False


ORDER_COLUMNS: Final = f"""order_id, status, {instant_sql("created_at")} AS created_at, replaces,
    replaced_by, outcome, request, gave_back_at IS NOT NULL AS gave_back"""
"""The columns of `orders` as `StoredOrderRow` has them."""

_ROW: Final = msgspec.json.Decoder(StoredOrderRow)


def encode_outcome(outcome: PricedCart) -> str:
    """The outcome as the text of a JSON value."""
    currency = outcome.currency
    decimals = currency_decimals(currency) if currency in WHOLE_UNITS else UNSET
    return msgspec.json.encode(outcome_of(outcome, decimals)).decode()


def encode_request(cart: Cart) -> str:
    """The cart as it was sent, as the text of a JSON value; amounts in minor units."""
    return msgspec.json.encode(request_of(cart)).decode()


def decode_order(text: str) -> StoredOrder:
    """The order of a row that is a JSON object."""
    return order_from(_ROW.decode(text))


def order_from(row: StoredOrderRow) -> StoredOrder:
    """The order of a row, in minor units."""
    stored = row.outcome
    units = minor_units_in_one_stored(stored.currency) if stored.decimals is UNSET else 1
    return StoredOrder(
        row.order_id,
        row.status,
        row.created_at,
        priced_cart_of(stored, units),
        row.replaces,
        row.replaced_by,
        None if row.request is None else cart_of(row.request),
        row.gave_back,
    )
