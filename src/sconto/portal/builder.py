"""The builder: creating and editing a promotion of any kind, with its impact next to the form."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.responses import Response

from sconto.domain.cart_promotion import MAX_AUTOMATIC, NewCartPromotion
from sconto.domain.history import Subject
from sconto.domain.names import NAME_LENGTH
from sconto.domain.numbers import parse_id
from sconto.domain.people import Action
from sconto.domain.problems import PromotionNotFound, TooManyAutomatic
from sconto.domain.promotion import NewPromotion
from sconto.operations import cart_promotions, price_rises, promotions
from sconto.operations.backtesting.jobs import draft_cart_promotion
from sconto.operations.versions import ChangedMeanwhile
from sconto.portal.backtests import start_backtest, start_product_backtest
from sconto.portal.benefit_fields import BenefitFields
from sconto.portal.builder_fields import (
    BuilderFields,
    ReadBuilder,
    compared,
    fields_of_cart,
    fields_of_promotion,
    read_builder,
    with_common,
)
from sconto.portal.builder_kinds import KINDS, OLD_NAMES, is_cart
from sconto.portal.builder_page import (
    Effects,
    FormFindings,
    FormTarget,
    find_effects,
    in_thread_if_long,
    show_builder,
    shown_effects,
    unknown_products,
)
from sconto.portal.builder_sent import intent_of, sent_builder
from sconto.portal.clashes import find_clash, sent_version
from sconto.portal.faults import Faults
from sconto.portal.notices import Notice, saved_notice
from sconto.portal.pages import UPLOAD_LIMIT, FormRoute, PageFunction, read, write
from sconto.portal.promotion_fields import MAX_CODES_SHOWN, note_lines
from sconto.portal.typed_times import write_instant
from sconto.portal.visit import Visit

_SAVING: Final = frozenset({"save", "publish", "draft", "generate", "anyway", "backtest"})
"""The steps that ask for more than to see the form."""

_LOOKS: Final = frozenset({"rows", "search", "add-found", "add-tier"})
"""The steps that change the form; what is not filled in yet is not a fault then."""


async def choose(visit: Visit) -> Response:
    """What kind of promotion to create."""
    return visit.render("promotions/choose.html", kinds=KINDS)


async def show_new(visit: Visit) -> Response:
    """The form, filled in as a kind or as another promotion, without its codes."""
    start = write_instant(visit.now.replace(second=0), visit.context.zone)
    asked = visit.query("as") or visit.query("like") or visit.query("type")
    what = OLD_NAMES.get(asked, asked if asked in KINDS else "sale")
    fields = BuilderFields(what)
    if what == "shipping":
        benefit: BenefitFields = replace(fields.cart.benefit, percent="100")
        fields = replace(fields, cart=replace(fields.cart, benefit=benefit))
    original = visit.id_in_query("of")
    if original is not None:
        fields = await _copied(visit, original, start)
    fields = with_common(replace(fields, own=replace(fields.own, starts_at=start)))
    return await show_builder(visit, fields, FormTarget())


async def create(visit: Visit) -> Response:
    """Create the promotion that the form describes."""
    return await _save(visit, FormTarget())


async def show_edit(visit: Visit) -> Response:
    """The form with the values of a product promotion."""
    target = await _product(visit, most_codes=MAX_CODES_SHOWN + 1)
    assert target.promotion is not None  # noqa: S101 - it was found
    fields = fields_of_promotion(target.promotion, visit.context.zone)
    return await show_builder(visit, fields, target)


async def edit(visit: Visit) -> Response:
    """Change a product promotion to what the form describes."""
    try:
        return await _save(visit, await _product(visit, most_codes=0))
    except PromotionNotFound:
        return await _gone(visit)


async def show_edit_cart(visit: Visit) -> Response:
    """The form with the values of a cart promotion."""
    target = await _cart(visit)
    return await show_builder(visit, await _fields_of_cart(visit, target), target)


async def edit_cart(visit: Visit) -> Response:
    """Change a cart promotion to what the form describes."""
    try:
        return await _save(visit, await _cart(visit))
    except PromotionNotFound:
        return await _gone(visit)


async def show_impact(visit: Visit) -> Response:
    """What the promotion would do, as far as the form is filled in. Nothing is saved."""
    fields = await sent_builder(visit)
    own = parse_id(visit.field("promotion_id"))
    target = FormTarget()
    if own is not None:
        target = await (_cart if is_cart(fields.what) else _product)(visit, promotion_id=own)
    reading = await _read(visit, fields, target, codes_later=True)
    effects = await find_effects(visit, reading, target, codes_later=True)
    return visit.render(
        "builder/impact.html", out_of_band=True, **shown_effects(visit, effects, target)
    )


async def _save(visit: Visit, target: FormTarget) -> Response:
    """Save, unless there are faults, a question, or only the impact is requested."""
    fields = await sent_builder(visit)
    step = visit.field("step")
    if step in _LOOKS or any(visit.field(name) for name in ("add", "remove", "preset")):
        reading = await _read(visit, fields, target, codes_later=True)
        effects = await find_effects(visit, reading, target, codes_later=True)
        return await show_builder(
            visit, fields, target, effects, FormFindings(_file_faults(visit, fields))
        )
    later = step == "generate" or intent_of(visit) == "generate"
    reading = await _read(visit, fields, target, codes_later=later)
    effects = await find_effects(visit, reading, target, codes_later=later)
    faults = {**reading.faults, **unknown_products(visit, effects)}
    show = partial(show_builder, visit, fields, target, effects)
    if faults or step not in _SAVING:
        return await show(FormFindings(faults))
    if step == "backtest":
        return await _backtest(visit, reading, target)
    try:
        if reading.cart is not None:
            saved = await _save_cart(visit, reading.cart, target)
        else:
            assert reading.promotion is not None  # noqa: S101 - it has no faults
            asks = await _save_product(visit, reading.promotion, target, effects)
            if isinstance(asks, FormFindings):
                return await show(asks)
            saved = asks
    except TooManyAutomatic:
        sentence = visit.gettext(
            "%(number)s automatic promotions for carts are already active. Switch one off first."
        )
        fault = {"active": sentence % {"number": visit.language.number(MAX_AUTOMATIC)}}
        return await show(FormFindings(fault))
    except ChangedMeanwhile:
        clash = await _clash(visit, fields, target)
        if clash.clash is not None and clash.clash.differences:
            return await show(clash)
        saved = target.address
    path = f"{saved}/codes" if intent_of(visit) == "generate" else saved
    return visit.redirect(path, _notice(visit, fields))


async def _save_product(
    visit: Visit, new: NewPromotion, target: FormTarget, effects: Effects
) -> str | FormFindings:
    """The address of the saved promotion, or what must be confirmed. Raises ChangedMeanwhile."""
    database, caller, now = visit.context.database, visit.caller, visit.now
    draft = price_rises.PromotionDraft(
        new,
        target.id,
        keep_codes=visit.field("keep_codes") == "on",
        version=sent_version(visit),
    )
    is_confirmed = visit.field("step") == "anyway"
    has_warnings = effects.impact is not None and bool(effects.impact.warnings)
    if has_warnings and not is_confirmed:
        rises = await price_rises.find_rises(database, caller, draft, now)
        return FormFindings(asks=True, rises=rises)
    try:
        saved = await price_rises.save_promotion(
            database, caller, draft, now, accept_rises=is_confirmed
        )
    except price_rises.PricesRaised as raised:
        return FormFindings(asks=True, rises=raised.rises)
    return f"/promotions/{saved}"


async def _save_cart(visit: Visit, new: NewCartPromotion, target: FormTarget) -> str:
    """The address of the saved promotion. Raises TooManyAutomatic and ChangedMeanwhile."""
    database, caller, now = visit.context.database, visit.caller, visit.now
    if target.id is None:
        saved = await cart_promotions.create_promotion(database, caller, new, now)
    else:
        saved = await cart_promotions.change_promotion(
            database, caller, target.id, lambda _: new, now, sent_version(visit)
        )
    return f"/cart-promotions/{saved.id}"


async def _clash(visit: Visit, fields: BuilderFields, target: FormTarget) -> FormFindings:
    """What differs from the stored promotion, and its version."""
    if target.cart is not None:
        stored = await _cart(visit)
        other = await _fields_of_cart(visit, stored)
    else:
        stored = await _product(visit, most_codes=MAX_CODES_SHOWN + 1)
        assert stored.promotion is not None  # noqa: S101 - it was found
        other = fields_of_promotion(stored.promotion, visit.context.zone)
    mine, theirs = compared(fields), compared(other)
    if fields.own.keep_codes:
        # The form has either the codes or the wish to keep them.
        mine["codes"] = theirs.get("codes", "")
    mine.pop("keep_codes", None)
    clash = await find_clash(visit, Subject.PROMOTION, stored.id or 0, mine, theirs)
    return FormFindings(clash=clash, version=stored.version)


async def _gone(visit: Visit) -> Response:
    """The promotion was deleted meanwhile: the typed values stay, as a new promotion."""
    fields = await sent_builder(visit)
    reading = await _read(visit, fields, FormTarget(), codes_later=True)
    effects = await find_effects(visit, reading, FormTarget())
    text = visit.gettext(
        "Somebody deleted this promotion while you were editing. Save what you typed as a new one,"
        " or restore it from “Recently deleted”."
    )
    return await show_builder(replace(visit, notice=Notice(text)), fields, FormTarget(), effects)


async def _backtest(visit: Visit, reading: ReadBuilder, target: FormTarget) -> Response:
    if reading.cart is not None:
        draft = draft_cart_promotion(reading.cart, target.id)
        return await start_backtest(visit, draft, as_if_running=target.id is None)
    assert reading.promotion is not None  # noqa: S101 - it has no faults
    keep_codes = visit.field("keep_codes") == "on"
    return await start_product_backtest(visit, reading.promotion, target.id, keep_codes=keep_codes)


async def _read(
    visit: Visit, fields: BuilderFields, target: FormTarget, *, codes_later: bool
) -> ReadBuilder:
    read = partial(
        read_builder,
        fields,
        visit.language,
        target.promotion,
        target.cart,
        codes_later=codes_later,
    )
    return await in_thread_if_long(read, fields)


async def _product(
    visit: Visit, *, most_codes: int = 0, promotion_id: int | None = None
) -> FormTarget:
    found = await promotions.get_promotion(
        visit.context.database,
        visit.caller,
        promotion_id or visit.id_in_path("promotion_id"),
        most_codes=most_codes,
    )
    return FormTarget(promotion=found)


async def _cart(visit: Visit, *, promotion_id: int | None = None) -> FormTarget:
    found = await cart_promotions.get_promotion(
        visit.context.database, visit.caller, promotion_id or visit.id_in_path("promotion_id")
    )
    return FormTarget(cart=found)


async def _fields_of_cart(visit: Visit, target: FormTarget) -> BuilderFields:
    promotion = target.cart
    assert promotion is not None  # noqa: S101 - it was found
    codes = await cart_promotions.list_codes(visit.context.database, visit.caller, promotion)
    shown = None if codes is not None and len(codes) > MAX_CODES_SHOWN else codes or ()
    return fields_of_cart(promotion, shown, visit.context.zone)


async def _copied(visit: Visit, original: int, start: str) -> BuilderFields:
    """The fields of another promotion, switched off and without its codes."""
    database, caller, zone = visit.context.database, visit.caller, visit.context.zone
    if visit.request.url.path.endswith("/cart-promotions/new"):
        cart = await cart_promotions.get_promotion(database, caller, original)
        fields, name = fields_of_cart(cart, (), zone), cart.name
    else:
        found = await promotions.get_promotion(database, caller, original, most_codes=0)
        fields, name = fields_of_promotion(found, zone), found.summary.name
    text = visit.gettext("Copy of %(name)s") % {"name": name}
    own = replace(
        fields.own,
        name=text[:NAME_LENGTH],
        active=False,
        ends_at=fields.own.ends_at if fields.own.ends_at > start else "",
    )
    return replace(fields, own=own)


def _file_faults(visit: Visit, fields: BuilderFields) -> Mapping[str, str]:
    """The faults of the files that were just read."""
    faults = Faults()
    note_lines("products", fields.own.product_faults, visit.language, faults)
    note_lines("codes", fields.own.code_faults, visit.language, faults)
    return faults


def _notice(visit: Visit, fields: BuilderFields) -> Notice:
    _ = visit.gettext
    text = {
        "publish": _("“%(name)s” is published."),
        "draft": _("“%(name)s” is saved as a draft. It is off until you publish it."),
    }.get(intent_of(visit))
    if text is None:
        return saved_notice(visit.language, fields.own.name)
    return Notice(text % {"name": fields.own.name})


def _form(path: str, page: PageFunction) -> FormRoute:
    return write(path, page, Action.WRITE_PROMOTIONS, limit=UPLOAD_LIMIT, files=2, again=page)


PAGES: Final = (
    read("/promotions/choose", choose, Action.WRITE_PROMOTIONS),
    read("/promotions/new", show_new, Action.WRITE_PROMOTIONS),
    read("/cart-promotions/new", show_new, Action.WRITE_PROMOTIONS),
    _form("/promotions/new", create),
    _form("/cart-promotions/new", create),
    write("/promotions/impact", show_impact, Action.WRITE_PROMOTIONS, limit=UPLOAD_LIMIT, files=2),
    read("/promotions/{promotion_id}/edit", show_edit, Action.WRITE_PROMOTIONS),
    _form("/promotions/{promotion_id}/edit", edit),
    read("/cart-promotions/{promotion_id}/edit", show_edit_cart, Action.WRITE_PROMOTIONS),
    _form("/cart-promotions/{promotion_id}/edit", edit_cart),
)
