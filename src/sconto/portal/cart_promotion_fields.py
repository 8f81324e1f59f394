"""The fields of a cart promotion's form as they were typed, and the promotion they describe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

from sconto.domain.cart_limits import (
    HIGHEST_COUNT,
    HIGHEST_PRIORITY,
    MAX_SEGMENTS,
    MAX_SELECTED_PRODUCTS,
    MAX_SELECTED_TAGS,
)
from sconto.domain.cart_promotion import (
    BuyAndGet,
    CartPromotion,
    CartTerms,
    Conditions,
    FixedPrice,
    Limits,
    NewCartPromotion,
    ProductSelection,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.hours import EVERY_DAY, Hours
from sconto.portal.benefit_fields import BenefitFields, fields_of_benefit, read_benefit
from sconto.portal.faults import Faults
from sconto.portal.language import Language
from sconto.portal.typed_times import read_period, write_instant
from sconto.portal.typed_values import (
    check_name,
    choice_of,
    read_amounts,
    read_codes,
    read_count,
    read_product_ids,
    read_references,
    write_amounts,
    write_count,
    write_product_ids,
    write_references,
)

MAX_CODES_TYPED: Final = 100_000

_WITH_CODE: Final = "code"


@dataclass(frozen=True, slots=True)
class CartPromotionFields:
    """The texts of the form. `keep_codes`: the promotion has more codes than the form shows."""

    name: str = ""
    active: bool = True
    who: str = "everybody"
    code_type: str = CodeType.REUSABLE
    codes: str = ""
    keep_codes: bool = False
    starts_at: str = ""
    ends_at: str = ""
    weekdays: frozenset[str] = frozenset()
    hours_from: str = ""
    hours_until: str = ""
    target: str = Target.ORDER
    benefit: BenefitFields = field(default_factory=BenefitFields)
    products: str = ""
    tags: str = ""
    except_products: str = ""
    except_tags: str = ""
    on_discounted: bool = True
    minimum_subtotal: str = ""
    minimum_quantity: str = ""
    segments: str = ""
    first_order: bool = False
    total: str = ""
    per_customer: str = ""
    budget: str = ""
    priority: str = "0"
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class ReadCartPromotion:
    """The promotion that the fields describe, or None and the faults by field."""

    promotion: NewCartPromotion | None
    faults: Mapping[str, str] = field(default_factory=dict)


def fields_of(
    promotion: CartPromotion, codes: Sequence[str] | None, zone: ZoneInfo
) -> CartPromotionFields:
    """The fields for a stored promotion; `codes` None keeps the codes it has."""
    terms = promotion.terms
    hours, products, conditions = terms.hours, terms.products, terms.conditions
    return CartPromotionFields(
        name=promotion.name,
        active=promotion.active,
        who="everybody" if promotion.code_type is None else _WITH_CODE,
        code_type=promotion.code_type or CodeType.REUSABLE,
        codes="\n".join(codes or ()),
        keep_codes=codes is None,
        starts_at=write_instant(promotion.period.starts_at, zone),
        ends_at=write_instant(promotion.period.ends_at, zone),
        weekdays=frozenset(map(str, hours.weekdays)) if hours else frozenset(),
        hours_from=hours.starts.isoformat("minutes") if hours else "",
        hours_until=hours.ends.isoformat("minutes") if hours else "",
        target=terms.target,
        benefit=fields_of_benefit(terms.benefit),
        products=write_product_ids(products.ids),
        tags=write_references(products.tags),
        except_products=write_product_ids(products.except_ids),
        except_tags=write_references(products.except_tags),
        on_discounted=terms.on_discounted,
        minimum_subtotal=write_amounts(conditions.minimum_subtotal),
        minimum_quantity=write_count(conditions.minimum_quantity),
        segments=write_references(conditions.segments),
        first_order=conditions.first_order,
        total=write_count(terms.limits.total),
        per_customer=write_count(terms.limits.per_customer),
        budget=write_amounts(terms.limits.budget),
        priority=str(terms.priority),
        exclusive=terms.exclusive,
    )


def read_fields(
    fields: CartPromotionFields, language: Language, stored: CartPromotion | None = None
) -> ReadCartPromotion:
    """The promotion that the fields describe, or every fault by field.

    `stored` is the promotion that is edited; fields that were not touched keep its exact values.
    """
    faults = Faults()
    check_name(fields.name, language, faults)
    times = (fields.starts_at, fields.ends_at)
    period = read_period(times, stored.period if stored else None, language, faults)
    code_type, codes = _read_codes(fields, language, faults)
    terms = _read_terms(fields, language, stored.terms if stored else None, faults)
    if faults or period is None:
        return ReadCartPromotion(None, faults)
    return ReadCartPromotion(
        NewCartPromotion(fields.name, fields.active, period, terms, code_type, codes)
    )


def _read_codes(
    fields: CartPromotionFields, language: Language, faults: Faults
) -> tuple[CodeType | None, tuple[str, ...]]:
    _ = language.gettext
    if fields.who != _WITH_CODE:
        return None, ()
    if fields.code_type not in tuple(CodeType):
        faults.note("code_type", _("Choose one."))
        return None, ()
    code_type = CodeType(fields.code_type)
    if fields.keep_codes:
        return code_type, ()
    codes = read_codes("codes", fields.codes, language, faults)
    if not codes:
        faults.note("codes", _("Write at least one code."))
    if len(codes) > MAX_CODES_TYPED:
        most = {"number": language.number(MAX_CODES_TYPED)}
        faults.note("codes", _("At most %(number)s can be named.") % most)
    return code_type, codes


def _read_terms(
    fields: CartPromotionFields, language: Language, stored: CartTerms | None, faults: Faults
) -> CartTerms:
    _ = language.gettext
    if fields.target not in tuple(Target):
        faults.note("target", _("Choose one."))
    target = choice_of(Target, fields.target) or Target.ORDER
    benefit = read_benefit(fields.benefit, stored.benefit if stored else None, language, faults)
    if target is not Target.LINES and isinstance(benefit, FixedPrice | BuyAndGet):
        faults.note("target", _("This kind of discount is taken off lines."))
    priority = read_count(
        "priority", fields.priority or "0", HIGHEST_PRIORITY, language, faults, -HIGHEST_PRIORITY
    )
    return CartTerms(
        target,
        benefit,
        _read_hours(fields, stored.hours if stored else None, language, faults),
        _read_products(fields, language, faults),
        fields.on_discounted,
        _read_conditions(fields, language, faults),
        Limits(
            read_count("total", fields.total, HIGHEST_COUNT, language, faults),
            read_count("per_customer", fields.per_customer, HIGHEST_COUNT, language, faults),
            read_amounts("budget", fields.budget, language, faults) or None,
        ),
        priority or 0,
        fields.exclusive,
    )


def _read_products(
    fields: CartPromotionFields, language: Language, faults: Faults
) -> ProductSelection:
    ids, except_ids = [
        read_product_ids(name, text, MAX_SELECTED_PRODUCTS, language, faults)
        for name, text in (
            ("products", fields.products),
            ("except_products", fields.except_products),
        )
    ]
    tags, except_tags = [
        read_references(name, text, MAX_SELECTED_TAGS, language, faults)
        for name, text in (("tags", fields.tags), ("except_tags", fields.except_tags))
    ]
    return ProductSelection(ids, tags, except_ids, except_tags)


def _read_conditions(fields: CartPromotionFields, language: Language, faults: Faults) -> Conditions:
    minimum = read_amounts("minimum_subtotal", fields.minimum_subtotal, language, faults)
    return Conditions(
        minimum or None,
        read_count("minimum_quantity", fields.minimum_quantity, HIGHEST_COUNT, language, faults),
        read_references("segments", fields.segments, MAX_SEGMENTS, language, faults),
        fields.first_order,
    )


def _read_hours(
    fields: CartPromotionFields, stored: Hours | None, language: Language, faults: Faults
) -> Hours | None:
    """The hours in the zone of the stored ones, otherwise of the portal; None for all day."""
    days = frozenset(int(day) for day in fields.weekdays if day in set("0123456"))
    texts = (fields.hours_from, fields.hours_until)
    if not any(texts):
        if not days or days == EVERY_DAY:
            return None
        texts = ("00:00", "00:00")
    try:
        starts, ends = map(time.fromisoformat, texts)
    except ValueError:
        sentence = language.gettext("Write both times, such as 17:00 and 20:00, or neither.")
        faults.note("hours", sentence)
        return None
    zone = stored.time_zone if stored else language.zone.key
    return Hours(starts.replace(tzinfo=None), ends.replace(tzinfo=None), zone, days or EVERY_DAY)
