"""Why a promotion takes another amount off an order's request now than at the order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from sconto.domain.bill import PricedCart
from sconto.domain.cart_offers import CartReason
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import CartTerms
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.history import Entry, Verb
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.replay_edits import (
    PriceWith,
    edited_fields,
    terms_before,
    without_idle_periods,
)
from sconto.domain.replay_shares import PromotionRef, of_promotion, picked
from sconto.domain.schedule import Period


class ChangeKind(StrEnum):
    """What is different about a promotion."""

    ADDED = "added"
    GONE = "gone"
    CHANGED = "changed"
    LIMIT = "limit"
    CUSTOMER = "customer"
    CATALOGUE = "catalogue"
    FOLLOWS = "follows"
    UNKNOWN = "unknown"


class ChangeReason(StrEnum):
    """The fact behind the kind of a change."""

    CREATED = "created"
    STARTED = "started"
    SWITCHED_ON = "switched_on"
    CODE_ADDED = "code_added"
    DELETED = "deleted"
    ENDED = "ended"
    SWITCHED_OFF = "switched_off"
    CODE_REMOVED = "code_removed"
    HOURS = "hours"
    EDITED = "edited"
    USED = "used"
    TOTAL_LIMIT = "total_limit"
    CUSTOMER_LIMIT = "customer_limit"
    BUDGET = "budget"
    FIRST_ORDER = "first_order"
    TAGS = "tags"


@dataclass(frozen=True, slots=True)
class PromotionState:
    """A promotion now, and the latest entries of its history, oldest first."""

    name: str
    created_at: datetime
    deleted_at: datetime | None
    active: bool
    period: Period
    entries: Sequence[Entry] = ()
    terms: CartTerms | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a promotion takes another amount; `fields` are the edited fields.

    `at` and `username` are those of the last edit, or the time at which the promotion started or
    ended. `causes` are the promotions that it follows from.
    """

    kind: ChangeKind
    reason: ChangeReason | None = None
    at: datetime | None = None
    username: str | None = None
    fields: tuple[str, ...] = ()
    causes: tuple[PromotionRef, ...] = ()


class Watch(NamedTuple):
    """A promotion that differs: whether it took something at the order and takes something now."""

    ref: PromotionRef
    had: bool
    has: bool
    then: PricedCart
    now: PricedCart
    ordered_at: datetime
    at: datetime


def find_cause(watch: Watch, state: PromotionState | None) -> Cause | None:
    """What changed about the promotion itself; None if nothing did."""
    if state is None:
        return Cause(ChangeKind.GONE, ChangeReason.DELETED) if watch.had else None
    if state.created_at > watch.ordered_at:
        return Cause(ChangeKind.ADDED, ChangeReason.CREATED, state.created_at)
    if state.deleted_at is not None and not watch.has:
        who = next((one for one in reversed(state.entries) if _deletes(one)), None)
        return _cause_of(ChangeKind.GONE, ChangeReason.DELETED, state.deleted_at, who)
    edited = _relevant(watch, state)
    if (switched := edited.get("active")) is not None and watch.had != watch.has:
        kind = ChangeKind.ADDED if watch.has else ChangeKind.GONE
        reason = ChangeReason.SWITCHED_ON if watch.has else ChangeReason.SWITCHED_OFF
        return _cause_of(kind, reason, switched.recorded_at, switched)
    # A change by time is the cause unless somebody edited the same field.
    for fields, happened in (
        ({"starts_at", "ends_at", "hours"}, _by_time(watch, state)),
        ({"limits"}, _by_limit(watch)),
        ({"conditions"}, _by_customer(watch)),
    ):
        if happened is not None and edited.keys().isdisjoint(fields):
            return happened
    return _by_edits(watch, edited)


def _deletes(entry: Entry) -> bool:
    return entry.change.verb is Verb.DELETED


def _cause_of(
    kind: ChangeKind,
    reason: ChangeReason,
    at: datetime,
    entry: Entry | None,
    fields: tuple[str, ...] = (),
) -> Cause:
    return Cause(kind, reason, at, None if entry is None else entry.username, fields)


_HARMLESS: Final = frozenset({"name", "type"})
"""Facts that no price depends on."""

_OF_SUBSCRIPTIONS: Final = frozenset({"code", "rules"})
_CODES: Final = frozenset({"codes", "code_type"})


def _relevant(watch: Watch, state: PromotionState) -> dict[str, Entry]:
    """The edits since the order that may change a price."""
    entries = [one for one in state.entries if one.recorded_at > watch.ordered_at]
    edited = edited_fields(entries)
    if watch.ref.kind is PromotionKind.SUBSCRIPTION:
        return {name: entry for name, entry in edited.items() if name in _OF_SUBSCRIPTIONS}
    harmful = {name: entry for name, entry in edited.items() if name not in _HARMLESS}
    return without_idle_periods(harmful, entries, state.period, watch.ordered_at, watch.at)


def _by_edits(watch: Watch, edited: Mapping[str, Entry]) -> Cause | None:
    if not edited:
        return None
    entry = max(edited.values(), key=lambda one: one.id)
    if edited.keys() <= _CODES:
        # More or fewer codes do not change what a promotion gives, only who gets it.
        if watch.had and not watch.has and not _names_code_of(watch.now, watch.ref):
            return _cause_of(ChangeKind.GONE, ChangeReason.CODE_REMOVED, entry.recorded_at, entry)
        if watch.has and not watch.had and not _names_code_of(watch.then, watch.ref):
            return _cause_of(ChangeKind.ADDED, ChangeReason.CODE_ADDED, entry.recorded_at, entry)
        return None
    fields = tuple(sorted(edited))
    return _cause_of(ChangeKind.CHANGED, ChangeReason.EDITED, entry.recorded_at, entry, fields)


def is_idle(watch: Watch, state: PromotionState, cause: Cause, price_with: PriceWith) -> bool:
    """Whether an edit makes no difference: the promotion does the same now without it.

    For a product promotion that means its picks. A cart promotion is priced now with its terms at
    the order; limits depend on other orders, and are not undone.
    """
    if cause.kind is not ChangeKind.CHANGED:
        return False
    if watch.ref.kind is PromotionKind.PRODUCT:
        return picked(watch.then).get(watch.ref) == picked(watch.now).get(watch.ref)
    fields = set(cause.fields)
    is_limited = "limits" in fields and watch.had != watch.has
    if state.terms is None or is_limited or not fields <= set(CartTerms.__struct_fields__):
        return False
    entries = [one for one in state.entries if one.recorded_at > watch.ordered_at]
    priced = price_with(watch.ref.id, terms_before(state.terms, entries))
    return of_promotion(priced, watch.ref) == of_promotion(watch.now, watch.ref)


def _names_code_of(priced: PricedCart, ref: PromotionRef) -> bool:
    """Whether a code of the cart is one of the promotion's."""
    named = {code.promotion_id for code in priced.codes}
    return ref.id in named or any(one.code is not None for one in _outcomes(priced, ref))


def _by_time(watch: Watch, state: PromotionState) -> Cause | None:
    """Whether its period or hours have started or ended since."""
    if watch.ref.kind is PromotionKind.SUBSCRIPTION:
        return None
    period = state.period
    over_from = period.over_from
    if watch.has and not watch.had and period.starts_at > watch.ordered_at:
        return Cause(ChangeKind.ADDED, ChangeReason.STARTED, period.starts_at)
    if watch.had and not watch.has and over_from is not None and over_from <= watch.at:
        return Cause(ChangeKind.GONE, ChangeReason.ENDED, period.ends_at)
    hours = None if state.terms is None else state.terms.hours
    if hours is not None and hours.include(watch.ordered_at) != hours.include(watch.at):
        return Cause(
            ChangeKind.ADDED if hours.include(watch.at) else ChangeKind.GONE, ChangeReason.HOURS
        )
    return None


_LIMITS: Final = {
    CartReason.TOTAL_LIMIT: ChangeReason.TOTAL_LIMIT,
    CartReason.CUSTOMER_LIMIT: ChangeReason.CUSTOMER_LIMIT,
    CartReason.BUDGET: ChangeReason.BUDGET,
    CartReason.USED: ChangeReason.USED,
}


def _by_limit(watch: Watch) -> Cause | None:
    """Whether a limit, or an order that used its code, excludes it now or did at the order."""
    if watch.had == watch.has:
        return None
    priced = watch.then if watch.has else watch.now
    for outcome in _outcomes(priced, watch.ref):
        for refusal in outcome.reasons:
            if refusal.reason in _LIMITS:
                return Cause(ChangeKind.LIMIT, _LIMITS[refusal.reason])
    for code in priced.codes:
        if code.promotion_id == watch.ref.id and code.status is CodeStatus.USED:
            return Cause(ChangeKind.LIMIT, ChangeReason.USED, code.used_at)
    return None


def _by_customer(watch: Watch) -> Cause | None:
    """Whether it is the customer's first order now and was not at the order, or the reverse."""
    if watch.had == watch.has:
        return None
    priced = watch.then if watch.has else watch.now
    for outcome in _outcomes(priced, watch.ref):
        if any(refusal.reason is CartReason.FIRST_ORDER for refusal in outcome.reasons):
            return Cause(ChangeKind.CUSTOMER, ChangeReason.FIRST_ORDER)
    return None


def _outcomes(priced: PricedCart, ref: PromotionRef) -> Iterable[CartPromotionOutcome]:
    if ref.kind is not PromotionKind.CART:
        return ()
    return [one for one in priced.cart_promotions if one.promotion_id == ref.id]


def follow(
    ref: PromotionRef, state: PromotionState | None, causes: Sequence[PromotionRef]
) -> Cause:
    """Why a promotion that did not change itself takes another amount."""
    others = tuple(dict.fromkeys(one for one in causes if one != ref))
    if others:
        return Cause(ChangeKind.FOLLOWS, causes=others)
    if state is not None and state.terms is not None and _chooses_by_tags(state.terms):
        return Cause(ChangeKind.CATALOGUE, ChangeReason.TAGS)
    return Cause(ChangeKind.UNKNOWN)


def _chooses_by_tags(terms: CartTerms) -> bool:
    selection = terms.products
    return bool(selection.tags or selection.except_tags)
