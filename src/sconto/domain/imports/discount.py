"""A discount of another system, and the promotion that does the same here."""

from dataclasses import dataclass, field
from datetime import datetime

from sconto.domain.cart_promotion import (
    AmountOff,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    PercentOff,
    ProductSelection,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.imports.notes import Note, NoteKind, Unreadable
from sconto.domain.money import FULL_PERCENT
from sconto.domain.promotion import NewPromotion, PromotionType, Terms
from sconto.domain.schedule import Period


@dataclass
class Discount:
    """What could be read of a discount; all its codes have these terms.

    It has a percent, amounts, or neither if it makes shipping free. `notes` say what is different
    here. `is_looser` says that the promotion would give more than the discount did: then it is
    created switched off, so that a person checks it.
    """

    name: str
    codes: tuple[str, ...]
    line: int
    target: Target = Target.ORDER
    code_type: CodeType = CodeType.REUSABLE
    active: bool = True
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    percent: int | None = None
    amounts: dict[str, int] | None = None
    products: ProductSelection = field(default_factory=ProductSelection)
    on_discounted: bool = True
    conditions: Conditions = field(default_factory=Conditions)
    limits: Limits = field(default_factory=Limits)
    exclusive: bool = False
    file: str = ""
    """Its name, if several are read."""
    is_looser: bool = False
    as_cart: bool = False
    """It names products that the catalogue lacks, which a product promotion may not."""
    notes: list[Note] = field(default_factory=list)

    def note(self, kind: NoteKind, *values: object) -> None:
        """Note what is different here."""
        self.notes.append(Note(kind, values))

    def loosen(self, kind: NoteKind, *values: object) -> None:
        """Note a restriction that is left out."""
        self.is_looser = True
        self.note(kind, *values)

    def left_of(self, limit: int | None, used: int | None) -> int | None:
        """What a limit of uses leaves, which is noted; None without one. Raises Unreadable if 0."""
        if limit is None:
            return None
        used = used or 0
        if used >= limit:
            raise Unreadable(NoteKind.USED_UP)
        if used:
            self.note(NoteKind.PARTLY_USED, used, limit)
        return limit - used


@dataclass(frozen=True, slots=True)
class Left:
    """A line that is left out, and why."""

    line: int
    name: str
    reason: Note
    file: str = ""


def make_promotion(discount: Discount, now: datetime) -> NewPromotion | NewCartPromotion:
    """A product promotion if the discount is only a percent on products; else a cart promotion."""
    period = Period(discount.starts_at or now.replace(microsecond=0), discount.ends_at)
    active = discount.active and not discount.is_looser
    if _is_percent_on_products(discount) and discount.percent is not None:
        ids = tuple(sorted(discount.products.ids))
        coverage = ListedProducts(discount.percent, ids) if ids else AllProducts(discount.percent)
        terms = Terms(coverage, discount.code_type, discount.codes)
        return NewPromotion(PromotionType.COUPON, discount.name, active, period, terms)
    benefit = (
        AmountOff(discount.amounts)
        if discount.amounts is not None
        else PercentOff(discount.percent or FULL_PERCENT)
    )
    return NewCartPromotion(
        discount.name,
        active,
        period,
        CartTerms(
            discount.target,
            benefit,
            None,
            discount.products,
            discount.on_discounted,
            discount.conditions,
            discount.limits,
            exclusive=discount.exclusive,
        ),
        discount.code_type,
        discount.codes,
    )


def _is_percent_on_products(discount: Discount) -> bool:
    only_ids = ProductSelection(ids=discount.products.ids)
    return (
        discount.target is Target.LINES
        and discount.percent is not None
        and discount.products == only_ids
        and discount.on_discounted
        and discount.conditions == Conditions()
        and discount.limits == Limits()
        and not discount.exclusive
        and not discount.as_cart
    )
