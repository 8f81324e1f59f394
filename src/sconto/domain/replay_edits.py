"""What was edited about a promotion since an order, and whether that matters to the order.

A history has the values before and after each edit. So the terms at the time of the order can be
put together again, and the request can be priced with them.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from sconto.domain.bill import PricedCart
from sconto.domain.cart_promotion import CartTerms
from sconto.domain.history import Entry, Verb
from sconto.domain.schedule import Period, PeriodState

PriceWith = Callable[[int, CartTerms], PricedCart]
"""Prices the request now, with other terms of one of its cart promotions."""

_OTHER_VERBS: Final = (Verb.CREATED, Verb.DELETED, Verb.RESTORED)
_LISTS: Final = ("codes", "products")
"""Of these, entries have only what was added and removed."""

_PERIOD: Final = frozenset({"starts_at", "ends_at"})


def edited_fields(entries: Iterable[Entry]) -> dict[str, Entry]:
    """All fields that the entries changed, each with its last entry; not what was changed back."""
    first: dict[str, object] = {}
    last: dict[str, tuple[Entry, object]] = {}
    for entry in entries:
        if entry.change.verb in _OTHER_VERBS:
            continue
        before, after = entry.change.before or {}, entry.change.after or {}
        for name in {**before, **after}:
            first.setdefault(name, before.get(name))
            last[name] = (entry, after.get(name))
    return {
        name: entry
        for name, (entry, value) in last.items()
        if name in _LISTS or value != first[name]
    }


def values_before(entries: Iterable[Entry]) -> dict[str, Any]:
    """The values of the edited facts before the first edit."""
    values: dict[str, Any] = {}
    for entry in entries:
        if entry.change.verb not in _OTHER_VERBS:
            for name, value in (entry.change.before or {}).items():
                values.setdefault(name, value)
    return values


def without_idle_periods(
    edited: Mapping[str, Entry],
    entries: Iterable[Entry],
    period: Period,
    ordered_at: datetime,
    at: datetime,
) -> dict[str, Entry]:
    """The edits, without those of a period that ran at the order and runs now, or neither."""
    if _PERIOD.isdisjoint(edited):
        return dict(edited)
    before = values_before(entries)
    starts_at, ends_at = before.get("starts_at"), before.get("ends_at", period.ends_at)
    then = Period(
        period.starts_at if starts_at is None else datetime.fromisoformat(starts_at),
        datetime.fromisoformat(ends_at) if isinstance(ends_at, str) else ends_at,
    )
    ran = then.state(ordered_at) is PeriodState.RUNNING
    runs = period.state(at) is PeriodState.RUNNING
    return {name: entry for name, entry in edited.items() if ran != runs or name not in _PERIOD}


def terms_before(terms: CartTerms, entries: Iterable[Entry]) -> CartTerms:
    """The terms of a cart promotion before its first edit."""
    fields = msgspec.to_builtins(terms)
    for name, value in values_before(entries).items():
        if name in CartTerms.__struct_fields__:
            fields[name] = value
    return msgspec.convert({k: v for k, v in fields.items() if v is not None}, CartTerms)
