"""The builder's form as it was sent, with its files and the effects of its small buttons."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from starlette.datastructures import UploadFile

from sconto.domain.cart_limits import MAX_TIERS
from sconto.domain.cart_promotion import Measure
from sconto.domain.far_times import in_zone
from sconto.domain.product import ProductQuery
from sconto.operations import products
from sconto.operations.turns import in_thread
from sconto.portal.benefit_fields import BenefitFields, TierFields
from sconto.portal.builder_fields import SHORT, BuilderFields, GiftFields, with_common
from sconto.portal.builder_kinds import sent_kind
from sconto.portal.cart_promotion_fields import CartPromotionFields
from sconto.portal.date_presets import preset_texts
from sconto.portal.language import Language
from sconto.portal.product_rows import MAX_ROWS, ProductRow, sent_rows
from sconto.portal.promotion_fields import PromotionFields, with_rows
from sconto.portal.promotion_files import read_code_file, read_product_file
from sconto.portal.visit import Visit


async def sent_builder(visit: Visit) -> BuilderFields:
    """The fields as they were sent; pasted text and files become rows and codes."""
    own = await _sent_own(visit)
    preset = preset_texts(
        visit.field("preset"), own.starts_at, in_zone(visit.now, visit.context.zone)
    )
    if preset is not None:
        own = replace(own, starts_at=preset[0], ends_at=preset[1])
    what = sent_kind(*(visit.field(name) for name in ("what", "type", "kind", "target")))
    fields = with_common(BuilderFields(what, own, _sent_cart(visit), _sent_gift(visit)))
    if visit.field("step") == "add-tier":
        benefit = fields.cart.benefit.with_another_tier()
        fields = replace(fields, cart=replace(fields.cart, benefit=benefit))
    own = await in_thread(with_rows, own) if len(own.products) > SHORT else with_rows(own)
    if visit.field("step") == "add-found":
        own = replace(own, rows=await _with_found(visit, own.rows))
    return replace(fields, own=own)


async def _with_found(visit: Visit, rows: tuple[ProductRow, ...]) -> tuple[ProductRow, ...]:
    """The rows with all products that the search finds, up to the table's limit."""
    query = ProductQuery(MAX_ROWS, search=visit.field("product_search"), with_tags=True)
    found = await products.list_products(visit.context.database, visit.caller, query)
    known = {row.product_id for row in rows}
    added = [str(one.product_id) for one in found.products]
    more = [ProductRow(one) for one in added if one not in known]
    return (*rows, *more[: max(0, MAX_ROWS - len(rows))])


async def _sent_own(visit: Visit) -> PromotionFields:
    coverage = visit.field("coverage") or "listed"
    product_file, code_file = [
        await _content(visit, name) for name in ("product_file", "code_file")
    ]
    product_lines, product_faults = await _read_file(
        partial(read_product_file, percents=coverage == "own"), product_file, visit.language
    )
    code_lines, code_faults = await _read_file(read_code_file, code_file, visit.language)
    return PromotionFields(
        name=visit.field("name"),
        active=_is_active(visit),
        starts_at=visit.field("starts_at"),
        ends_at=visit.field("ends_at"),
        coverage=coverage,
        percent=visit.field("percent"),
        products=f"{visit.field('products')}\n{product_lines}".strip(),
        rows=sent_rows(visit),
        product_faults=product_faults,
        code_type=visit.field("code_type"),
        codes=f"{visit.field('codes')}\n{code_lines}".strip(),
        code_faults=code_faults,
        keep_codes=visit.field("keep_codes") == "on",
    )


def _is_active(visit: Visit) -> bool:
    """Publishing switches on and a draft is off; other buttons keep the current state."""
    match intent_of(visit):
        case "publish":
            return True
        case "draft":
            return False
    return visit.field("active") == "on"


def intent_of(visit: Visit) -> str:
    """How the form will be saved; a question about it keeps that."""
    step = visit.field("step")
    return step if step in ("publish", "draft", "save", "generate") else visit.field("intent")


def _sent_cart(visit: Visit) -> CartPromotionFields:
    field = visit.field
    return CartPromotionFields(
        who=field("who"),
        weekdays=frozenset(str(day) for day in visit.form.getlist("weekday")),
        hours_from=field("hours_from"),
        hours_until=field("hours_until"),
        target=field("target"),
        benefit=_sent_benefit(visit),
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
    rows = [TierFields(*texts) for texts in visit.rows("start", "off")]
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
        tiers=tuple(rows[: MAX_TIERS + 1]),
    )


def _sent_gift(visit: Visit) -> GiftFields:
    return GiftFields(
        visit.field("gift_products"), visit.field("gift_units"), visit.field("gift_buy")
    )


async def _content(visit: Visit, name: str) -> bytes:
    """The content of a file field; empty if no file was chosen."""
    file = visit.form.get(name)
    return await file.read() if isinstance(file, UploadFile) else b""


async def _read_file(
    read: Callable[[bytes, Language], tuple[str, tuple[str, ...]]], file: bytes, language: Language
) -> tuple[str, tuple[str, ...]]:
    return read(file, language) if len(file) <= SHORT else await in_thread(read, file, language)
