"""Reads a draft of a cart promotion and the cart to try it on."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sconto.api.cart.fields import BodyFields
from sconto.api.cart.reading import read_new_promotion
from sconto.api.checkout.reading import read_cart
from sconto.api.faults import FieldFault, InvalidFields
from sconto.domain.cart import Cart
from sconto.domain.cart_draft import CartDraft
from sconto.domain.numbers import MAX_INT64

T = TypeVar("T")


def read_trial(body: Mapping[str, Any], now: datetime) -> tuple[CartDraft, Cart, datetime]:
    """A draft, the cart to try it on, and the time to price it at. Raises InvalidFields."""
    faults: list[FieldFault] = []
    fields = BodyFields(body, "", faults)
    replaces = fields.optional_number("promotion_id", 1, MAX_INT64)
    draft = _read_part(fields, "promotion", lambda sent: read_new_promotion(sent, now))
    quote = _read_part(fields, "cart", lambda sent: read_cart(sent, now))
    fields.finish()
    if faults or draft is None or quote is None:
        raise InvalidFields(faults)
    return CartDraft(draft, replaces), *quote


def _read_part(fields: BodyFields, name: str, read: Callable[[Mapping[str, Any]], T]) -> T | None:
    """The result of reading an object in the body; faults are noted at their places in the body."""
    sent = fields.value(name)
    if type(sent) is not dict:
        fields.note(name, "must be an object")
        return None
    try:
        return read(sent)
    except InvalidFields as error:
        fields.note_faults(FieldFault(f"/{name}{one.place}", one.detail) for one in error.faults)
        return None
