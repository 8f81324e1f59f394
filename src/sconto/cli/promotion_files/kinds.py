"""The three kinds of promotions in a file: how each is written, read, compared and edited."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from sconto.api.cart import reading as cart_reading
from sconto.api.cart import writing as cart_writing
from sconto.api.faults import InvalidFields
from sconto.api.merchant.reading import read_new_promotion
from sconto.api.merchant.writing import write_promotion
from sconto.api.rfc3339 import read_instant, write_instant
from sconto.api.subscription.instants import format_instant
from sconto.api.subscription.terms import read_terms, render_terms
from sconto.domain.cart_promotion import CartPromotion, NewCartPromotion
from sconto.domain.history import Subject
from sconto.domain.promotion import (
    NewPromotion,
    Promotion,
    PromotionChange,
    PromotionSummary,
    PromotionType,
)
from sconto.domain.subscription_promotion import SubscriptionPromotion, SubscriptionTerms
from sconto.operations.promotion_edits import (
    Archiving,
    CartEdit,
    Deletion,
    Edit,
    ProductEdit,
    SubscriptionEdit,
)
from sconto.operations.stored_promotions import StoredCart, StoredPromotions

Fields: TypeAlias = dict[str, Any]

_NONE: Final = 0
"""The id of what has none yet."""


class EntryRefused(Exception):
    """An entry of a file is not valid; each fault is a sentence."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(*faults)
        self.faults = faults


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A stored promotion in the form of a file, without its codes if there are none."""

    id: int
    name: str
    fields: Fields
    changed_at: str
    value: Any


@dataclass(frozen=True, slots=True)
class Read:
    """An entry of a file that was read: its fields with all defaults, and their value."""

    fields: Fields
    value: Any


class Kind(ABC):
    """One kind of promotions. `field_of_change` says when a promotion was last changed."""

    section: str
    noun: str
    subject: Subject = Subject.PROMOTION
    field_of_name: str = "name"
    field_of_key: str = "name"
    field_of_change: str
    path_of_codes: tuple[str, str] | None = None

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self._zone = zone
        self._now = now

    @abstractmethod
    def stored(self, promotions: StoredPromotions) -> list[StoredEntry]:
        """The merchant's promotions of this kind, by ascending id."""

    @abstractmethod
    def read(self, fields: Mapping[str, Any], current: StoredEntry | None) -> Read:
        """The request of an entry; `current` is the promotion that it is about.

        Raises EntryRefused.
        """

    @abstractmethod
    def edit(self, read: Read, current: StoredEntry | None) -> Edit:
        """The edit that creates the promotion, or changes the current one."""

    @abstractmethod
    def deletion(self, current: StoredEntry) -> Edit:
        """The edit that deletes the promotion."""


class ProductKind(Kind):
    """Product promotions, with the fields of the merchant API."""

    section = "product_promotions"
    noun = "product promotion"
    field_of_name = field_of_key = "promotion_name"
    field_of_change = "update_date"
    path_of_codes = ("coupons", "coupon_code")

    def stored(self, promotions: StoredPromotions) -> list[StoredEntry]:
        """The product promotions."""
        return [self._stored(one) for one in promotions.product]

    def read(self, fields: Mapping[str, Any], current: StoredEntry | None) -> Read:
        """A promotion. Without a start or codes it keeps its current ones."""
        before: Promotion | None = None if current is None else current.value
        body = dict(fields)
        sent = body.get("coupons")
        keeps_codes = (
            before is not None
            and before.summary.type is PromotionType.COUPON
            and isinstance(sent, dict)
            and "coupon_code" not in sent
        )
        if keeps_codes and isinstance(sent, dict):
            body["coupons"] = {**sent, "coupon_code": ["STAND-IN"]}
        start = self._now if before is None else before.summary.period.starts_at
        reading = read_new_promotion(body, self._zone, start)
        if reading.wanted is None:
            raise EntryRefused([f"{one.code} {one.message}" for one in reading.faults()])
        new = reading.wanted
        if keeps_codes and before is not None:
            terms = dataclasses.replace(new.terms, codes=before.terms.codes)
            new = dataclasses.replace(new, terms=terms)
        summary = PromotionSummary(
            _NONE, new.type, new.name, new.active, new.period, self._now, self._now
        )
        return Read(self._fields(Promotion(summary, new.terms)), new)

    def edit(self, read: Read, current: StoredEntry | None) -> Edit:
        """A change with only what differs."""
        new: NewPromotion = read.value
        if current is None:
            return ProductEdit(new)
        before: Promotion = current.value
        old = current.fields
        has_terms = any(old.get(one) != read.fields.get(one) for one in ("coupons", "discounts"))
        change = PromotionChange(
            type=new.type,
            name=new.name,
            active=new.active,
            starts_at=_if_differs(old, read.fields, "date_from", new.period.starts_at),
            ends_at=_if_differs(old, read.fields, "date_to", new.period.ends_at),
            no_end="date_to" in old and new.period.ends_at is None,
            terms=new.terms if has_terms else None,
            keep_codes=before.summary.type is new.type
            and _same_codes(before.terms.codes, new.terms.codes),
        )
        summary = before.summary
        was = NewPromotion(summary.type, summary.name, summary.active, summary.period, before.terms)
        return ProductEdit(new, current.id, was, change)

    def deletion(self, current: StoredEntry) -> Edit:
        """Deletes the promotion."""
        return Deletion(current.id, is_cart=False)

    def _stored(self, promotion: Promotion) -> StoredEntry:
        summary = promotion.summary
        fields = write_promotion(promotion, self._zone)
        changed_at = str(fields["update_date"])
        return StoredEntry(summary.id, summary.name, self._fields(promotion), changed_at, promotion)

    def _fields(self, promotion: Promotion) -> Fields:
        fields: Fields = write_promotion(promotion, self._zone)
        del fields["id"], fields["update_date"]
        if promotion.summary.period.ends_at is None:
            del fields["date_to"]
        if promotion.summary.type is PromotionType.COUPON and not promotion.terms.codes:
            coupons: Fields = {**fields["coupons"]}
            del coupons["coupon_code"]
            fields["coupons"] = coupons
        return fields


class CartKind(Kind):
    """Cart promotions, with the fields of their API."""

    section = "cart_promotions"
    noun = "cart promotion"
    field_of_change = "updated_at"
    path_of_codes = ("codes", "codes")

    def stored(self, promotions: StoredPromotions) -> list[StoredEntry]:
        """The cart promotions."""
        return [
            StoredEntry(
                one.promotion.id,
                one.promotion.name,
                self._fields(one.promotion, one.codes),
                write_instant(one.promotion.updated_at),
                one,
            )
            for one in promotions.cart
        ]

    def read(self, fields: Mapping[str, Any], current: StoredEntry | None) -> Read:
        """A promotion. Without a start it keeps its current one, and without codes its current
        codes.
        """
        before: StoredCart | None = None if current is None else current.value
        body = dict(fields)
        sent = body.get("codes")
        codes: tuple[str, ...] | None = None
        if isinstance(sent, dict):
            listed = sent.get("codes")
            if before is not None and before.promotion.code_type and "codes" not in sent:
                codes = before.codes
            elif isinstance(listed, list) and len(listed) > cart_reading.MAX_CODES_IN_BODY:
                codes = tuple(listed)
            if codes is not None:
                body["codes"] = {**sent, "codes": ["STAND-IN"]}
        start = self._now if before is None else before.promotion.period.starts_at
        try:
            new = cart_reading.read_new_promotion(body, start)
        except InvalidFields as refused:
            raise EntryRefused([f"{one.place} {one.detail}" for one in refused.faults]) from None
        if codes is not None:
            new = replace(new, codes=codes)
        shown = CartPromotion(
            _NONE,
            new.name,
            new.active,
            new.period,
            new.terms,
            new.code_type,
            self._now,
            self._now,
        )
        return Read(self._fields(shown, new.codes), new)

    def edit(self, read: Read, current: StoredEntry | None) -> Edit:
        """A change; without codes it keeps the promotion's codes."""
        new: NewCartPromotion = read.value
        if current is None:
            return CartEdit(new)
        before: StoredCart = current.value
        if before.promotion.code_type and _same_codes(before.codes, new.codes):
            new = replace(new, codes=())
        return CartEdit(new, current.id)

    def deletion(self, current: StoredEntry) -> Edit:
        """Deletes the promotion."""
        return Deletion(current.id, is_cart=True)

    def _fields(self, promotion: CartPromotion, codes: Sequence[str]) -> Fields:
        listed = None if promotion.code_type is None else list(codes)
        fields = cart_writing.write_promotion(promotion, listed)
        for name in ("id", "created_at", "updated_at"):
            del fields[name]
        if listed == []:
            del fields["codes"]["codes"]
        return {name: value for name, value in fields.items() if value not in (None, {})}


class SubscriptionKind(Kind):
    """Subscription promotions, with the fields of their API."""

    section = "subscription_promotions"
    noun = "subscription promotion"
    subject = Subject.SUBSCRIPTION_PROMOTION
    field_of_key = "code"
    field_of_change = "updatedAt"

    def stored(self, promotions: StoredPromotions) -> list[StoredEntry]:
        """The subscription promotions."""
        return [
            StoredEntry(
                one.id,
                one.terms.name,
                self._fields(one.terms),
                format_instant(one.updated_at),
                one,
            )
            for one in promotions.subscription
        ]

    def read(self, fields: Mapping[str, Any], current: StoredEntry | None) -> Read:
        """The terms of a promotion."""
        del current
        try:
            terms = read_terms(fields, self._zone)
        except InvalidFields as refused:
            raise EntryRefused([f"{one.place} {one.detail}" for one in refused.faults]) from None
        return Read(self._fields(terms), terms)

    def edit(self, read: Read, current: StoredEntry | None) -> Edit:
        """New terms."""
        terms: SubscriptionTerms = read.value
        return SubscriptionEdit(terms, None if current is None else current.id)

    def deletion(self, current: StoredEntry) -> Edit:
        """Archives the promotion."""
        promotion: SubscriptionPromotion = current.value
        return Archiving(promotion.id)

    def _fields(self, terms: SubscriptionTerms) -> Fields:
        fields = render_terms(terms)
        return {name: value for name, value in fields.items() if value != {}}


def all_kinds(zone: ZoneInfo, now: datetime) -> tuple[Kind, ...]:
    """The kinds in the order of a file. Times of product promotions are written in the zone."""
    return ProductKind(zone, now), CartKind(zone, now), SubscriptionKind(zone, now)


def read_change_time(text: object) -> datetime | None:
    """When a promotion of a file was changed, as the file says; None if it does not."""
    return read_instant(text)


def _if_differs(
    old: Mapping[str, Any], new: Mapping[str, Any], name: str, value: datetime | None
) -> datetime | None:
    return value if old.get(name) != new.get(name) else None


def _same_codes(old: Sequence[str], new: Sequence[str]) -> bool:
    return len(old) == len(new) and set(old) == set(new)
