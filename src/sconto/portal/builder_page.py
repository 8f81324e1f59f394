"""The builder's page: the form, its table of products, and the impact next to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from starlette.responses import Response

from sconto.domain.cart_limits import MAX_TIERS
from sconto.domain.cart_promotion import CartPromotion
from sconto.domain.impact import Impact, Overlap
from sconto.domain.product import ProductPage, ProductQuery
from sconto.domain.promotion import NewPromotion, Promotion
from sconto.operations import cart_previews, impact, products
from sconto.operations.cart_previews import CartPreview
from sconto.operations.price_rises import PriceRises
from sconto.operations.turns import in_thread
from sconto.portal.backtests import DAYS
from sconto.portal.builder_fields import BuilderFields, ReadBuilder, with_common
from sconto.portal.builder_kinds import KINDS, is_cart
from sconto.portal.builder_sent import intent_of
from sconto.portal.cart_sentences import TARGETS
from sconto.portal.clashes import Clash, sent_version, version_field
from sconto.portal.date_presets import PRESETS
from sconto.portal.faults import name_some
from sconto.portal.product_rows import shown_rows
from sconto.portal.sentences import CODE_TYPES, warning_words
from sconto.portal.visit import Visit

_FOUND: Final = 12
"""How many products a search shows."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class FormTarget:
    """What the form is for: a new promotion (no id), or a stored one."""

    promotion: Promotion | None = None
    cart: CartPromotion | None = None

    @property
    def id(self) -> int | None:
        """The id of the stored promotion."""
        if self.cart is not None:
            return self.cart.id
        return None if self.promotion is None else self.promotion.summary.id

    @property
    def version(self) -> datetime | None:
        """When the stored promotion was last changed."""
        if self.cart is not None:
            return self.cart.updated_at
        return None if self.promotion is None else self.promotion.summary.updated_at

    @property
    def is_active(self) -> bool:
        """Whether it is stored and switched on."""
        if self.cart is not None:
            return self.cart.active
        return self.promotion is not None and self.promotion.summary.active

    @property
    def address(self) -> str:
        """The address of the stored promotion."""
        kind = "promotions" if self.cart is None else "cart-promotions"
        return f"/{kind}/{self.id}"

    @property
    def form_address(self) -> str:
        """The address to which the form is sent."""
        return "/promotions/new" if self.id is None else f"{self.address}/edit"

    @property
    def stored(self) -> tuple[int, NewPromotion] | None:
        """The stored product promotion with its id."""
        if self.promotion is None:
            return None
        summary = self.promotion.summary
        return summary.id, NewPromotion(
            summary.type, summary.name, summary.active, summary.period, self.promotion.terms
        )


@dataclass(frozen=True, slots=True)
class Effects:
    """What the promotion would do, as far as the form is filled in."""

    is_filled_in: bool = False
    impact: Impact | None = None
    cart: CartPreview | None = None
    overlaps: tuple[Overlap, ...] = ()


@dataclass(frozen=True, slots=True)
class FormFindings:
    """Why a form was not saved. `asks` for confirmation; `version` replaces the form's."""

    faults: Mapping[str, str] = field(default_factory=dict)
    asks: bool = False
    rises: PriceRises | None = None
    clash: Clash | None = None
    version: datetime | None = None

    @property
    def status(self) -> int:
        """The status of the answer."""
        return 422 if self.faults else 409 if self.clash else 200


NOTHING_FOUND: Final = FormFindings()


async def find_effects(
    visit: Visit, reading: ReadBuilder, target: FormTarget, *, codes_later: bool = False
) -> Effects:
    """What saving would do; nothing for a form with faults. `codes_later`: it has no codes yet."""
    database, caller, now = visit.context.database, visit.caller, visit.now
    if reading.promotion is not None:
        new = reading.promotion
        keep = visit.field("keep_codes") == "on" or codes_later
        query = impact.ImpactQuery(new, target.stored, keep_codes=keep)
        found = await impact.find_impact(database, caller, query, now)
        return Effects(is_filled_in=True, impact=found)
    if reading.cart is not None:
        cart = await cart_previews.preview_cart_promotion(
            database, caller, reading.cart, now, target.id
        )
        overlaps = await impact.find_cart_overlaps(database, caller, reading.cart, now, target.id)
        return Effects(is_filled_in=True, cart=cart, overlaps=tuple(overlaps))
    return Effects()


def unknown_products(visit: Visit, effects: Effects) -> Mapping[str, str]:
    """The fault of products that the catalogue does not have; empty without any."""
    if effects.impact is None or not effects.impact.unknown:
        return {}
    shown = name_some([*map(str, effects.impact.unknown)])
    sentence = visit.gettext("The catalogue does not have these products: %(ids)s.")
    return {"products": sentence % {"ids": shown}}


async def show_builder(
    visit: Visit,
    fields: BuilderFields,
    target: FormTarget,
    effects: Effects = Effects(),
    findings: FormFindings = NOTHING_FOUND,
) -> Response:
    """The form, with what was found about it."""
    rows = fields.own.rows
    ids = {int(row.product_id) for row in rows}
    database, caller = visit.context.database, visit.caller
    found = {} if effects.impact is None else effects.impact.products
    if not ids.issubset(found):
        found = await products.find_products(database, caller, ids)
    searched = await _search(visit)
    kinds = {
        name: kind
        for name, kind in KINDS.items()
        if target.id is None or is_cart(name) == (target.cart is not None)
    }
    render = partial(
        visit.render,
        "builder/form.html",
        # htmx shows no other answers.
        status=200 if "hx-request" in visit.request.headers else findings.status,
        builder=fields,
        fields=fields.cart if fields.is_cart or target.id is None else with_common(fields).cart,
        own=fields.own,
        benefit=fields.cart.benefit,
        target=target,
        promotion_id=target.id,
        here=visit.path(target.form_address),
        kinds=kinds,
        findings=findings,
        faults=findings.faults,
        ask=findings.asks,
        rises=findings.rises,
        clash=findings.clash,
        version=version_field(findings.version or sent_version(visit) or target.version),
        intent=intent_of(visit),
        rows=shown_rows(rows, found, {} if effects.impact is None else effects.impact.prices),
        searched=searched,
        backtest_days=DAYS,
        targets=TARGETS,
        code_types=CODE_TYPES,
        presets=PRESETS,
        weekdays=[(str(day), visit.language.weekday(day)) for day in range(7)],
        may_add=len(fields.cart.benefit.tiers) < MAX_TIERS,
        **shown_effects(visit, effects, target),
    )
    return await in_thread_if_long(render, fields)


async def in_thread_if_long(function: Callable[[], _T], fields: BuilderFields) -> _T:
    """Call what reads or shows the fields; in a thread if they are long."""
    return await in_thread(function) if fields.is_long else function()


def shown_effects(visit: Visit, effects: Effects, target: FormTarget) -> dict[str, Any]:
    """What the template of the impact needs."""
    warnings = () if effects.impact is None else effects.impact.warnings
    return {
        "effects": effects,
        "names": {} if effects.impact is None else effects.impact.names,
        "warnings": [(one, warning_words(visit.language, one)) for one in warnings],
        "own_id": target.id,
        "overlaps": [] if effects.impact is None else effects.impact.unnamed_overlaps,
        "shown_rows": frozenset(visit.form.getlist("row")),
    }


async def _search(visit: Visit) -> ProductPage | None:
    """The products that the form's search found; None without a search."""
    text = visit.field("product_search")
    if not text:
        return None
    query = ProductQuery(limit=_FOUND, search=text, with_tags=True)
    return await products.list_products(visit.context.database, visit.caller, query)
