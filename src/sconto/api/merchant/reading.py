"""Reads the bodies that create and modify a promotion."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar
from zoneinfo import ZoneInfo

from sconto.api.merchant.errors import Fault, fault, product_not_found
from sconto.api.merchant.findings import Findings, Path, last_of, sent_paths
from sconto.api.merchant.instants import no_end
from sconto.api.merchant.terms import (
    COUPONS,
    DISCOUNTS,
    TermsObject,
    note_missing_terms,
    read_terms,
)
from sconto.api.merchant.values import read_end, read_flag, read_name, read_start, read_type
from sconto.domain.promotion import (
    NewPromotion,
    PromotionChange,
    PromotionSummary,
    PromotionType,
    Terms,
)
from sconto.domain.schedule import Period

T = TypeVar("T")

Body = Mapping[str, object]

_TERMS_OBJECTS: Final[Mapping[PromotionType, TermsObject]] = {
    PromotionType.COUPON: COUPONS,
    PromotionType.DISCOUNT: DISCOUNTS,
}


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """The request in a body, or its errors.

    `wanted` is None if there are errors. `product_ids` has the valid ids by the field that lists
    them, in the order sent; whether the products exist is checked later.
    """

    wanted: T | None
    findings: Findings
    product_ids: Mapping[Path, tuple[int, ...]]

    def named_products(self) -> list[int]:
        """The products in the body, each once, in the order sent."""
        return list(dict.fromkeys(one for ids in self.product_ids.values() for one in ids))

    def faults(self, unknown: Collection[int] = ()) -> tuple[Fault, ...]:
        """All errors in order; `unknown` are the products in the body that do not exist."""
        if unknown:
            missing = set(unknown)
            naming = (path for path, ids in self.product_ids.items() if not missing.isdisjoint(ids))
            self.findings.note(last_of(naming), product_not_found(unknown))
        return self.findings.faults()


@dataclass(frozen=True, slots=True)
class _ValidFields:
    """The values in a body that are present and valid."""

    type: PromotionType | None
    name: str | None
    active: bool | None
    starts_at: datetime | None
    ends_at: datetime | None
    terms: Terms | None
    product_ids: Mapping[Path, tuple[int, ...]]


def read_new_promotion(body: Body, zone: ZoneInfo, now: datetime) -> Reading[NewPromotion]:
    """Read the body of create; finds all errors but unknown products."""
    findings = Findings()
    fields = _read_fields(body, findings)
    if "promotion_name" not in body:
        findings.note_invalid(("promotion_name",))
    if fields.type is not None:
        _note_if_missing(_TERMS_OBJECTS[fields.type], body, findings)
    from_now = Period(now.replace(microsecond=0))
    period = _read_period(body, fields, from_now, zone, findings)
    if findings or fields.type is None or fields.name is None or fields.terms is None:
        return Reading(None, findings, fields.product_ids)
    new = NewPromotion(
        type=fields.type,
        name=fields.name,
        active=True if fields.active is None else fields.active,
        period=period,
        terms=fields.terms,
    )
    return Reading(new, findings, fields.product_ids)


def read_promotion_change(
    body: Body, current: PromotionSummary, zone: ZoneInfo
) -> Reading[PromotionChange]:
    """Read the body of modify, for the current state of the promotion."""
    findings = Findings()
    fields = _read_fields(body, findings)
    if fields.type is not None and fields.type is not current.type:
        _note_if_missing(_TERMS_OBJECTS[fields.type], body, findings)
    period = _read_period(body, fields, current.period, zone, findings)
    if findings or fields.type is None:
        return Reading(None, findings, fields.product_ids)
    ends_at = period.ends_at if "date_to" in body else None
    change = PromotionChange(
        type=fields.type,
        name=fields.name,
        active=fields.active,
        starts_at=fields.starts_at,
        ends_at=ends_at,
        no_end="date_to" in body and ends_at is None,
        terms=fields.terms,
    )
    return Reading(change, findings, fields.product_ids)


def _read_fields(body: Body, findings: Findings) -> _ValidFields:
    """Read the fields that both bodies share, each independently."""
    if "promotion_type" not in body:
        findings.note_invalid(("promotion_type",))
    promotion_type = _read(body, "promotion_type", read_type, findings)
    sent = {
        kind: read_terms(body[kind.name], kind, promotion_type, findings)
        for kind in _TERMS_OBJECTS.values()
        if kind.name in body
    }
    findings.note_unknown_names(body)
    fitting = None if promotion_type is None else sent.get(_TERMS_OBJECTS[promotion_type])
    named = {path: ids for terms in sent.values() for path, ids in terms.product_ids.items()}
    return _ValidFields(
        type=promotion_type,
        name=_read(body, "promotion_name", read_name, findings),
        active=_read(body, "status", read_flag, findings),
        starts_at=_read(body, "date_from", read_start, findings),
        ends_at=_read(body, "date_to", read_end, findings),
        terms=None if fitting is None else fitting.terms,
        product_ids={path: named[path] for path in sent_paths(body) if path in named},
    )


def _read(
    body: Body, name: str, reader: Callable[[object], T | None], findings: Findings
) -> T | None:
    """The value of a field; None if it is absent, or not valid and noted."""
    if name not in body:
        return None
    value = reader(body[name])
    if value is None:
        findings.note_invalid((name,))
    return value


def _note_if_missing(kind: TermsObject, body: Body, findings: Findings) -> None:
    if kind.name not in body:
        note_missing_terms(kind, findings)


def _read_period(
    body: Body, fields: _ValidFields, otherwise: Period, zone: ZoneInfo, findings: Findings
) -> Period:
    """The requested period; an absent date is taken from `otherwise`.

    Notes 11050 if it is reversed; dates that are not valid are not compared.
    """
    end_of_time = no_end(zone)
    starts_at = fields.starts_at if "date_from" in body else otherwise.starts_at
    ends_at = fields.ends_at if "date_to" in body else otherwise.ends_at or end_of_time
    if starts_at is not None and ends_at is not None and starts_at > ends_at:
        findings.note(("date_to",), fault(11050))
    return Period(
        starts_at=starts_at or otherwise.starts_at,
        ends_at=None if ends_at == end_of_time else ends_at,
    )
