"""Reads the request for a back-test: a draft or a change, and the period."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sconto.api.cart.fields import BodyFields
from sconto.api.cart.reading import read_new_promotion
from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.merchant.findings import Path
from sconto.api.merchant.reading import Reading
from sconto.api.merchant.reading import read_new_promotion as read_product_promotion
from sconto.api.problem_json import pointer
from sconto.api.rfc3339 import RULE, read_instant
from sconto.domain.backtest.job import LONGEST_PERIOD
from sconto.domain.cart_promotion import NewCartPromotion
from sconto.domain.numbers import MAX_INT64
from sconto.domain.promotion import NewPromotion

_USUAL_PERIOD: Final = timedelta(days=30)
_DRAFTS: Final = ("promotion", "product_promotion", "change")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A back-test as it was sent: one of the three kinds of drafts, and the period.

    `faults` are those found so far; a change is read when the promotion is known.
    """

    promotion: NewCartPromotion | None
    product_promotion: Reading[NewPromotion] | None
    change: Mapping[str, Any] | None
    promotion_id: int | None
    since: datetime
    until: datetime
    as_if_running: bool
    faults: list[FieldFault]

    def refuse_faults(self) -> None:
        """Raise InvalidFields if there are faults."""
        if self.faults:
            raise InvalidFields(self.faults)


def read_wanted(body: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> Wanted:
    """The request in the body, as far as it can be read without stored data."""
    faults: list[FieldFault] = []
    fields = BodyFields(body, "", faults)
    sent = [name for name in _DRAFTS if fields.value(name) is not None]
    if len(sent) != 1:
        fields.refuse("promotion", "send one of promotion, product_promotion and change")
    for name in sent:
        if type(fields.value(name)) is not dict:
            fields.note(name, "must be an object")
    promotion_id = fields.optional_number("promotion_id", 1, MAX_INT64)
    if sent == ["change"] and not fields.has("promotion_id"):
        fields.refuse("promotion_id", "is missing")
    since, until = _read_period(fields, now)
    as_if_running = fields.flag("as_if_running", default=promotion_id is None)
    promotion = _object(fields, "promotion")
    product_promotion = _object(fields, "product_promotion")
    wanted = Wanted(
        None if promotion is None else _read_cart_promotion(promotion, faults, now),
        None if product_promotion is None else read_product_promotion(product_promotion, zone, now),
        _object(fields, "change"),
        promotion_id,
        since,
        until,
        as_if_running,
        faults,
    )
    fields.finish()
    return wanted


def _object(fields: BodyFields, name: str) -> Mapping[str, Any] | None:
    sent = fields.value(name)
    return sent if type(sent) is dict else None


def _read_period(fields: BodyFields, now: datetime) -> tuple[datetime, datetime]:
    """From the first instant until before the second, which is never after now."""
    until = min(_read_instant(fields, "until") or now, now)
    since = _read_instant(fields, "from") or until - _USUAL_PERIOD
    if since >= until:
        fields.refuse("from", "must be before until, and in the past")
    elif until - since > LONGEST_PERIOD:
        fields.refuse("from", f"must be at most {LONGEST_PERIOD.days} days before until")
    return since, until


def _read_instant(fields: BodyFields, name: str) -> datetime | None:
    if not fields.has(name):
        return None
    instant = read_instant(fields.value(name))
    if instant is None:
        fields.note(name, RULE)
    return instant


def _read_cart_promotion(
    sent: Mapping[str, Any], faults: list[FieldFault], now: datetime
) -> NewCartPromotion | None:
    try:
        return read_new_promotion(sent, now)
    except InvalidFields as error:
        faults += placed_in("promotion", error)
        return None


def placed_in(name: str, error: InvalidFields) -> list[FieldFault]:
    """The faults of an object, at their places in the body."""
    return [FieldFault(f"{pointer(name)}{one.place}", one.detail) for one in error.faults]


def faults_of(name: str, reading: Reading[Any]) -> list[FieldFault]:
    """The faults of an object in the merchant API's words, at their places in the body."""
    return [
        FieldFault(f"{pointer(name)}{_pointer_to(path)}", found.message)
        for path, found in reading.findings.located()
    ]


def _pointer_to(path: Path) -> str:
    return "".join(map(pointer, path))
