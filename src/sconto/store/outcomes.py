"""How an order's outcome is written down, so that it can be read for as long as the order is kept.

It is JSON with the names of the domain's values and plain integers, and no wire's format: a name in
`PricedCart` or below that changes makes a migration necessary. A new field needs a default.
"""

from typing import Final

import msgspec

from sconto.domain.order import StoredOrder
from sconto.domain.pricing import PricedCart

_ORDER: Final = msgspec.json.Decoder(StoredOrder)


def encode_outcome(outcome: PricedCart) -> str:
    """The outcome as the text of a JSON value."""
    return msgspec.json.encode(outcome).decode()


def decode_order(text: str) -> StoredOrder:
    """The order whose row, as a JSON object, this is."""
    return _ORDER.decode(text)
