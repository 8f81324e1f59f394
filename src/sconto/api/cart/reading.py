"""Reads the bodies of the cart promotions API; all faults are in one answer."""

from collections.abc import Collection, Mapping
from datetime import datetime, time
from typing import Any, Final

from msgspec.structs import replace

from sconto.api.cart.benefits import read_benefit, read_selection
from sconto.api.cart.fields import BodyFields
from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.merge_patch import merge
from sconto.api.rfc3339 import RULE, read_end, read_instant
from sconto.domain.cart_limits import HIGHEST_COUNT, HIGHEST_PRIORITY, MAX_SEGMENTS
from sconto.domain.cart_promotion import (
    ALL_PRODUCTS,
    BuyAndGet,
    CartPromotion,
    CartTerms,
    Conditions,
    FixedPrice,
    Limits,
    NewCartPromotion,
    PercentOff,
    Target,
)
from sconto.domain.codes import CodeType, count_different, is_code
from sconto.domain.hours import EVERY_DAY, Hours
from sconto.domain.merchant_settings import known_time_zones
from sconto.domain.names import NAME_LENGTH, is_name, is_reference
from sconto.domain.schedule import Period

MAX_CODES_IN_BODY: Final = 100_000

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CODE_RULE: Final = (
    "must be 1 to 30 Latin or Cyrillic letters, digits, dashes, underscores and dots"
)


def read_new_promotion(body: Mapping[str, Any], now: datetime) -> NewCartPromotion:
    """The promotion to create. Raises InvalidFields."""
    faults: list[FieldFault] = []
    fields = BodyFields(body, "", faults)
    name_rule = f"must be a string of 1 to {NAME_LENGTH} characters, none a control character"
    name = fields.text("name", is_name, name_rule)
    active = fields.flag("active", default=True)
    period = _read_period(fields, now)
    codes = fields.object("codes", _read_codes)
    terms = _read_terms(fields)
    fields.finish()
    if faults:
        raise InvalidFields(faults)
    code_type, texts = codes or (None, ())
    return NewCartPromotion(name, active, period, terms, code_type, texts)


def read_change(
    current: Mapping[str, Any], patch: Mapping[str, Any], before: CartPromotion
) -> NewCartPromotion:
    """The promotion after a merge patch of its current terms. Raises InvalidFields.

    A patch without codes, or without their list, keeps the promotion's codes. Another type of
    benefit replaces the whole benefit.
    """
    read_only = ("id", "created_at", "updated_at")
    faults = [FieldFault(f"/{name}", "cannot be changed") for name in read_only if name in patch]
    kept = _without(current, read_only)
    if _sends_other_type(patch, current):
        # The fields of another type would all be unknown.
        kept["benefit"] = {}
    merged = merge(kept, _without(patch, read_only))
    sent = merged.get("codes")
    keeps_codes = isinstance(sent, dict) and before.code_type is not None and not _sends_list(patch)
    if keeps_codes:
        merged["codes"] = {**sent, "codes": ["KEPT"]}
    try:
        changed = read_new_promotion(merged, before.period.starts_at)
    except InvalidFields as error:
        raise InvalidFields([*faults, *error.faults]) from None
    if faults:
        raise InvalidFields(faults)
    return replace(changed, codes=()) if keeps_codes else changed


def _without(fields: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _sends_other_type(patch: Mapping[str, Any], current: Mapping[str, Any]) -> bool:
    benefit = patch.get("benefit")
    return (
        isinstance(benefit, dict)
        and benefit.get("type", current["benefit"]["type"]) != (current["benefit"]["type"])
    )


def _sends_list(patch: Mapping[str, Any]) -> bool:
    codes = patch.get("codes")
    return isinstance(codes, dict) and "codes" in codes


def _read_period(fields: BodyFields, now: datetime) -> Period:
    starts_at, ends_at = now.replace(microsecond=0), None
    if fields.has("starts_at"):
        sent = read_instant(fields.value("starts_at"))
        if sent is None:
            fields.note("starts_at", RULE)
        starts_at = sent or starts_at
    if fields.has("ends_at"):
        ends_at = read_end(fields.value("ends_at"))
        if ends_at is None:
            fields.note("ends_at", RULE)
        elif ends_at < starts_at:
            fields.note("ends_at", "must not be before starts_at")
    return Period(starts_at, ends_at)


def _read_codes(fields: BodyFields) -> tuple[CodeType | None, tuple[str, ...]]:
    code_type = fields.one_of("code_type", tuple(CodeType))
    sent = fields.value("codes")
    if type(sent) is not list or not 1 <= len(sent) <= MAX_CODES_IN_BODY:
        fields.note("codes", f"must be a list of 1 to {MAX_CODES_IN_BODY} codes")
        sent = []
    faulty = [i for i, code in enumerate(sent) if type(code) is not str or not is_code(code)]
    fields.note_items("codes", faulty, _CODE_RULE)
    if not faulty and count_different(sent) < len(sent):
        fields.note("codes", "must not name a code twice, in any spelling")
    return None if code_type is None else CodeType(code_type), tuple(sent)


def _read_terms(fields: BodyFields) -> CartTerms:
    target = Target(fields.one_of("target", tuple(Target)) or Target.ORDER)
    benefit = fields.object("benefit", read_benefit)
    if benefit is None and not fields.has("benefit"):
        fields.note("benefit", "must be an object")
    terms = CartTerms(
        target,
        benefit or PercentOff(1),
        fields.object("hours", _read_hours),
        fields.object("products", read_selection) or ALL_PRODUCTS,
        fields.flag("on_discounted", default=True),
        fields.object("conditions", _read_conditions) or Conditions(),
        fields.object("limits", _read_limits) or Limits(),
        fields.number("priority", -HIGHEST_PRIORITY, HIGHEST_PRIORITY, default=0),
        fields.flag("exclusive", default=False),
    )
    if target is not Target.LINES and isinstance(benefit, FixedPrice | BuyAndGet):
        fields.refuse("target", 'must be "lines" for this type of benefit')
    return terms


def _read_hours(fields: BodyFields) -> Hours:
    days = fields.set_of(
        "weekdays", len(_WEEKDAYS), _WEEKDAYS.__contains__, f"must be one of {', '.join(_WEEKDAYS)}"
    )
    starts, ends = _read_clock(fields, "from"), _read_clock(fields, "until")
    zone = fields.text(
        "time_zone", known_time_zones().__contains__, 'must be an IANA name such as "Europe/Berlin"'
    )
    weekdays = frozenset(map(_WEEKDAYS.index, days)) or EVERY_DAY
    return Hours(starts, ends, zone or "UTC", weekdays)


def _read_clock(fields: BodyFields, name: str) -> time:
    text = fields.value(name)
    if type(text) is str and len(text) == len("17:00"):
        try:
            return time.fromisoformat(text)
        except ValueError:
            pass
    fields.note(name, 'must be a time of the day such as "17:00"')
    return time()


def _read_conditions(fields: BodyFields) -> Conditions:
    return Conditions(
        fields.optional_amounts("minimum_subtotal"),
        fields.optional_number("minimum_quantity", 1, HIGHEST_COUNT),
        fields.set_of(
            "segments",
            MAX_SEGMENTS,
            lambda value: type(value) is str and is_reference(value),
            "must be a string of 1 to 64 characters",
        ),
        fields.flag("first_order", default=False),
    )


def _read_limits(fields: BodyFields) -> Limits:
    return Limits(
        fields.optional_number("total", 1, HIGHEST_COUNT),
        fields.optional_number("per_customer", 1, HIGHEST_COUNT),
        fields.optional_amounts("budget"),
    )
