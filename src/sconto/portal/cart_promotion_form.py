"""Creating and editing a cart promotion: a choice of beginnings, a form, and a sample cart."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final

from starlette.responses import Response

from sconto.domain.cart_limits import MOST_TIERS
from sconto.domain.cart_promotion import (
    MOST_AUTOMATIC,
    CartPromotion,
    Measure,
    NewCartPromotion,
    Target,
)
from sconto.domain.history import Subject
from sconto.domain.names import NAME_LENGTH
from sconto.domain.people import Action
from sconto.domain.problems import TooManyAutomatic
from sconto.operations import cart_previews
from sconto.operations import cart_promotions as operations
from sconto.operations.backtesting.jobs import draft_cart_promotion
from sconto.operations.versions import Overtaken
from sconto.portal.backtests import DAYS, start_backtest
from sconto.portal.benefit_fields import KINDS, BenefitFields, TierFields
from sconto.portal.cart_promotion_fields import (
    CartPromotionFields,
    ReadCartPromotion,
    fields_of,
    read_fields,
)
from sconto.portal.cart_sentences import TARGETS
from sconto.portal.clashes import Clash, find_clash, sent_version, shallow, version_field
from sconto.portal.notices import saved_notice
from sconto.portal.pages import LONG_FORM_LIMIT, read, write
from sconto.portal.promotion_fields import MOST_CODES_SHOWN
from sconto.portal.sentences import CODE_TYPES
from sconto.portal.typed_times import write_instant
from sconto.portal.visit import Visit

BEGINNINGS: Final[Mapping[str, CartPromotionFields]] = {
    "amount": CartPromotionFields(benefit=BenefitFields("amount")),
    "percent": CartPromotionFields(benefit=BenefitFields("percent")),
    "tiers": CartPromotionFields(benefit=BenefitFields("tiers")),
    "units": CartPromotionFields(
        target=Target.LINES, benefit=BenefitFields("units", buy="2", get="1", get_percent="100")
    ),
    "shipping": CartPromotionFields(
        target=Target.SHIPPING, benefit=BenefitFields("percent", percent="100")
    ),
    "first-order": CartPromotionFields(benefit=BenefitFields("percent"), first_order=True),
}
"""What the form is filled in with, by the `like` of its address."""


async def choose(visit: Visit) -> Response:
    """What kind of promotion to create."""
    return visit.render("promotions/choose.html")


async def show_new(visit: Visit) -> Response:
    """The form, filled in as a beginning or as another promotion, without its codes."""
    start = write_instant(visit.now.replace(second=0), visit.context.zone)
    fields = BEGINNINGS.get(visit.query("like"), CartPromotionFields())
    original = visit.id_in_query("of")
    if original is not None:
        promotion = await operations.get_promotion(visit.context.database, visit.caller, original)
        name = visit.gettext("Copy of %(name)s") % {"name": promotion.name}
        copied = fields_of(promotion, (), visit.context.zone)
        fields = replace(
            copied,
            name=name[:NAME_LENGTH],
            active=False,
            ends_at=copied.ends_at if copied.ends_at > start else "",
        )
    return _form(visit, replace(fields, starts_at=start), None)


async def create(visit: Visit) -> Response:
    """Create the promotion that the form describes."""
    return await _save(visit, None)


async def show_edit(visit: Visit) -> Response:
    """The form with the promotion's values."""
    promotion = await _stored(visit)
    codes = await operations.list_codes(visit.context.database, visit.caller, promotion)
    shown = None if codes is not None and len(codes) > MOST_CODES_SHOWN else codes or ()
    fields = fields_of(promotion, shown, visit.context.zone)
    return _form(visit, fields, promotion.id, version=promotion.updated_at)


async def edit(visit: Visit) -> Response:
    """Change the promotion to what the form describes."""
    return await _save(visit, await _stored(visit))


async def show_preview(visit: Visit) -> Response:
    """What a sample cart would cost, as far as the form is filled in. Nothing is saved."""
    reading = read_fields(_sent(visit, codes_later=True), visit.language)
    own = visit.field("promotion_id")
    promotion_id = int(own) if own.isdecimal() and len(own) < 19 else None
    preview = None
    if reading.promotion is not None:
        preview = await cart_previews.preview_cart_promotion(
            visit.context.database, visit.caller, reading.promotion, visit.now, promotion_id
        )
    return visit.render(
        "cart_promotions/preview.html",
        preview=preview,
        is_filled_in=reading.promotion is not None,
    )


async def _stored(visit: Visit) -> CartPromotion:
    promotion_id = visit.id_in_path("promotion_id")
    return await operations.get_promotion(visit.context.database, visit.caller, promotion_id)


async def _save(visit: Visit, stored: CartPromotion | None) -> Response:
    """Save, unless there are faults, or only a check or another tier is asked for."""
    fields = _sent(visit)
    promotion_id = None if stored is None else stored.id
    if visit.field("step") == "add":
        fields = replace(fields, benefit=fields.benefit.with_another_tier())
        return _form(visit, fields, promotion_id)
    reading = read_fields(fields, visit.language, stored)
    if reading.promotion is not None and visit.field("step") == "backtest":
        draft = draft_cart_promotion(reading.promotion, promotion_id)
        return await start_backtest(visit, draft, as_if_running=promotion_id is None)
    if reading.promotion is None or visit.field("step") != "save":
        return _form(visit, fields, promotion_id, reading)
    try:
        saved = await _write(visit, reading.promotion, promotion_id)
    except TooManyAutomatic:
        sentence = visit.gettext(
            "%(number)s automatic promotions for carts are active already. Switch one off first."
        )
        fault = {"active": sentence % {"number": visit.language.number(MOST_AUTOMATIC)}}
        return _form(visit, fields, promotion_id, ReadCartPromotion(None, fault))
    except Overtaken:
        saved = await _stored(visit)
        clash = await _clash(visit, fields, saved)
        if clash.differences:
            return _form(visit, fields, promotion_id, clash=clash, version=saved.updated_at)
    notice = saved_notice(visit.language, saved.name)
    return visit.redirect(f"/cart-promotions/{saved.id}", notice)


async def _write(visit: Visit, new: NewCartPromotion, promotion_id: int | None) -> CartPromotion:
    """Create or change it. Raises TooManyAutomatic and Overtaken."""
    database, caller, now = visit.context.database, visit.caller, visit.now
    if promotion_id is None:
        return await operations.create_promotion(database, caller, new, now)
    return await operations.change_promotion(
        database, caller, promotion_id, lambda _: new, now, sent_version(visit)
    )


async def _clash(visit: Visit, fields: CartPromotionFields, stored: CartPromotion) -> Clash:
    """What differs from the stored promotion."""
    codes = await operations.list_codes(visit.context.database, visit.caller, stored)
    theirs = _flat(fields_of(stored, codes or (), visit.context.zone))
    mine = _flat(fields)
    if fields.keep_codes:
        mine["codes"] = theirs["codes"]
    return await find_clash(visit, Subject.PROMOTION, stored.id, mine, theirs)


def _flat(fields: CartPromotionFields) -> dict[str, Any]:
    """The fields by name, with those of the benefit that its kind has."""
    flat = {**shallow(fields), **shallow(fields.benefit)}
    del flat["benefit"]
    return flat


def _sent(visit: Visit, *, codes_later: bool = False) -> CartPromotionFields:
    """The fields as they were sent. `codes_later`: the preview leaves the codes out."""
    field = visit.field
    return CartPromotionFields(
        name=field("name"),
        active=field("active") == "on",
        who=field("who"),
        code_type=field("code_type"),
        codes=field("codes"),
        keep_codes=codes_later or field("keep_codes") == "on",
        starts_at=field("starts_at"),
        ends_at=field("ends_at"),
        weekdays=frozenset(str(day) for day in visit.form.getlist("weekday")),
        hours_from=field("hours_from"),
        hours_until=field("hours_until"),
        target=field("target"),
        benefit=_sent_benefit(visit),
        products=field("products"),
        tags=field("tags"),
        except_products=field("except_products"),
        except_tags=field("except_tags"),
        on_discounted=field("on_discounted") == "on",
        minimum_subtotal=field("minimum_subtotal"),
        minimum_quantity=field("minimum_quantity"),
        segments=field("segments"),
        first_order=field("first_order") == "on",
        total=field("total"),
        per_customer=field("per_customer"),
        budget=field("budget"),
        priority=field("priority"),
        exclusive=field("exclusive") == "on",
    )


def _sent_benefit(visit: Visit) -> BenefitFields:
    field = visit.field
    columns = (
        [text.strip() if isinstance(text, str) else "" for text in visit.form.getlist(name)]
        for name in ("start", "off")
    )
    rows = [TierFields(*texts) for texts in zip_longest(*columns, fillvalue="")]
    return BenefitFields(
        kind=field("kind"),
        percent=field("percent"),
        at_most=field("at_most"),
        amounts=field("amounts"),
        prices=field("prices"),
        buy=field("buy"),
        get=field("get"),
        get_percent=field("get_percent"),
        get_products=field("get_products"),
        get_tags=field("get_tags"),
        most_units=field("most_units"),
        tiers_by=field("tiers_by") or Measure.SUBTOTAL,
        # One too many is enough for the fault.
        tiers=tuple(rows[: MOST_TIERS + 1]),
    )


def _form(
    visit: Visit,
    fields: CartPromotionFields,
    promotion_id: int | None,
    reading: ReadCartPromotion | None = None,
    *,
    clash: Clash | None = None,
    version: datetime | None = None,
) -> Response:
    faults = {} if reading is None else reading.faults
    return visit.render(
        "cart_promotions/form.html",
        status=422 if faults else 409 if clash else 200,
        clash=clash,
        version=version_field(version or sent_version(visit)),
        fields=fields,
        benefit=fields.benefit,
        promotion_id=promotion_id,
        backtest_days=DAYS,
        faults=faults,
        kinds=KINDS,
        targets=TARGETS,
        code_types=CODE_TYPES,
        weekdays=[(str(day), visit.language.weekday(day)) for day in range(7)],
        may_add=len(fields.benefit.tiers) < MOST_TIERS,
        preview=None,
        is_filled_in=False,
    )


PAGES: Final = (
    read("/promotions/choose", choose, Action.WRITE_PROMOTIONS),
    read("/cart-promotions/new", show_new, Action.WRITE_PROMOTIONS),
    write(
        "/cart-promotions/new",
        create,
        Action.WRITE_PROMOTIONS,
        limit=LONG_FORM_LIMIT,
        again=create,
    ),
    write("/cart-promotions/preview", show_preview, Action.WRITE_PROMOTIONS, limit=LONG_FORM_LIMIT),
    read("/cart-promotions/{promotion_id}/edit", show_edit, Action.WRITE_PROMOTIONS),
    write(
        "/cart-promotions/{promotion_id}/edit",
        edit,
        Action.WRITE_PROMOTIONS,
        limit=LONG_FORM_LIMIT,
        again=edit,
    ),
)
