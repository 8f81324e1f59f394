"""Cart promotions: what takes an amount off lines, orders or shipping.

The values of `reference/cart.md`. Amounts are integers of the currency's minor unit, percents
millionths of one percent. A mapping of amounts has one for each currency that the promotion knows.
"""

from collections.abc import Set
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

import msgspec

from sconto.domain.codes import CodeType
from sconto.domain.hours import Hours
from sconto.domain.money import FULL_PERCENT
from sconto.domain.schedule import Period

Amounts = dict[str, int]
"""Amounts in minor units, by currency. Nobody changes one."""

MAX_AUTOMATIC: Final = 100
"""Automatic cart promotions of a merchant that may be active and not over at a time."""


class Target(StrEnum):
    """What a cart promotion takes its discount off, in the order of the steps."""

    LINES = "lines"
    ORDER = "order"
    SHIPPING = "shipping"


class Measure(StrEnum):
    """What tiers are measured by."""

    SUBTOTAL = "subtotal"
    QUANTITY = "quantity"


class ProductSelection(msgspec.Struct, frozen=True, omit_defaults=True):
    """The products that a promotion covers; without `ids` and `tags`, all but the exceptions."""

    ids: frozenset[int] = frozenset()
    tags: frozenset[str] = frozenset()
    except_ids: frozenset[int] = frozenset()
    except_tags: frozenset[str] = frozenset()

    def covers(self, product_id: int, tags: Set[str]) -> bool:
        """Whether a product with these tags is covered."""
        if product_id in self.except_ids or not tags.isdisjoint(self.except_tags):
            return False
        if not self.ids and not self.tags:
            return True
        return product_id in self.ids or not tags.isdisjoint(self.tags)


ALL_PRODUCTS = ProductSelection()


class PercentOff(msgspec.Struct, frozen=True, omit_defaults=True, tag="percent"):
    """A percent of what is covered; `at_most` caps the discount of the whole promotion."""

    percent: int
    at_most: Amounts | None = None

    @property
    def amounts_by_currency(self) -> tuple[Amounts, ...]:
        """All its amounts."""
        return () if self.at_most is None else (self.at_most,)


class AmountOff(msgspec.Struct, frozen=True, omit_defaults=True, tag="amount"):
    """An amount: of lines for each unit, of the order and of shipping once."""

    amounts: Amounts

    @property
    def amounts_by_currency(self) -> tuple[Amounts, ...]:
        """All its amounts."""
        return (self.amounts,)


class FixedPrice(msgspec.Struct, frozen=True, omit_defaults=True, tag="price"):
    """A price that each unit costs; lines that are cheaper keep their price."""

    prices: Amounts

    @property
    def amounts_by_currency(self) -> tuple[Amounts, ...]:
        """All its amounts."""
        return (self.prices,)


class BuyAndGet(msgspec.Struct, frozen=True, omit_defaults=True, tag="units"):
    """For every `buy` units, `get` others at a percent off, the cheapest first.

    Without `get_products` both are units of the covered lines. `at_most` limits the units that get
    the percent.
    """

    buy: int
    get: int
    percent: int = FULL_PERCENT
    get_products: ProductSelection | None = None
    at_most: int | None = None

    @property
    def amounts_by_currency(self) -> tuple[Amounts, ...]:
        """It has no amounts."""
        return ()


class Tier(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the promotion takes off from a subtotal (by currency) or a quantity on."""

    reached_at: int | Amounts
    benefit: PercentOff | AmountOff

    @property
    def amounts_by_currency(self) -> tuple[Amounts, ...]:
        """All its amounts."""
        start = () if isinstance(self.reached_at, int) else (self.reached_at,)
        return (*start, *self.benefit.amounts_by_currency)

    def is_below(self, other: "Tier") -> bool:
        """Whether it begins below the other: in the same unit, in the same currencies."""
        first, second = self.reached_at, other.reached_at
        if isinstance(first, int) or isinstance(second, int):
            return isinstance(first, int) and isinstance(second, int) and first < second
        return first.keys() == second.keys() and all(first[name] < second[name] for name in first)


class Tiers(msgspec.Struct, frozen=True, omit_defaults=True, tag="tiers"):
    """Benefits by what is covered, in ascending order; the highest that is reached counts."""

    by: Measure
    tiers: tuple[Tier, ...]

    @property
    def amounts_by_currency(self) -> tuple[Amounts, ...]:
        """All amounts of its tiers."""
        return tuple(amounts for tier in self.tiers for amounts in tier.amounts_by_currency)


Benefit = PercentOff | AmountOff | FixedPrice | BuyAndGet | Tiers


class Conditions(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a bill must have; the minimums are measured on the covered lines."""

    minimum_subtotal: Amounts | None = None
    minimum_quantity: int | None = None
    segments: frozenset[str] = frozenset()
    first_order: bool = False


class Limits(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many orders a promotion serves, in all and for a customer, and what it may cost."""

    total: int | None = None
    per_customer: int | None = None
    budget: Amounts | None = None


NO_CONDITIONS = Conditions()
NO_LIMITS = Limits()


class CartTerms(msgspec.Struct, frozen=True, omit_defaults=True, dict=True):
    """What a cart promotion gives, and when a bill gets it. It is stored as JSON of this shape.

    Cached terms price many carts, so they keep what needs to be found only once.
    """

    target: Target
    benefit: Benefit
    hours: Hours | None = None
    products: ProductSelection = ALL_PRODUCTS
    on_discounted: bool = True
    conditions: Conditions = NO_CONDITIONS
    limits: Limits = NO_LIMITS
    priority: int = 0
    exclusive: bool = False

    @property
    def names_tags(self) -> bool:
        """Whether the tags of a product can decide if it is covered."""
        return any(one.tags or one.except_tags for one in self._selections)

    @property
    def named(self) -> int:
        """How many products and tags it names."""
        return sum(
            len(one.ids) + len(one.tags) + len(one.except_ids) + len(one.except_tags)
            for one in self._selections
        )

    @property
    def _selections(self) -> list[ProductSelection]:
        if isinstance(self.benefit, BuyAndGet) and self.benefit.get_products is not None:
            return [self.products, self.benefit.get_products]
        return [self.products]

    @property
    def needs_customer(self) -> bool:
        """Whether it serves only orders that name their customer."""
        return self.conditions.first_order or self.limits.per_customer is not None

    @cached_property
    def is_for_everybody(self) -> bool:
        """Whether it serves each customer, and orders without a customer."""
        return not self.conditions.segments and not self.needs_customer

    @cached_property
    def begins_somewhere(self) -> bool:
        """Whether its benefit needs a minimum of units, or an amount, to take anything off."""
        return isinstance(self.benefit, BuyAndGet | Tiers)

    @cached_property
    def currencies(self) -> frozenset[str] | None:
        """The currencies in which all its amounts are given; None if it has no amounts."""
        minimum, budget = self.conditions.minimum_subtotal, self.limits.budget
        given = [one for one in (minimum, budget) if one is not None]
        given += self.benefit.amounts_by_currency
        return frozenset.intersection(*map(frozenset, given)) if given else None


class NewCartPromotion(msgspec.Struct, frozen=True):
    """A cart promotion that is to be created; `code_type` None means that it needs no code."""

    name: str
    active: bool
    period: Period
    terms: CartTerms
    code_type: CodeType | None = None
    codes: tuple[str, ...] = ()


class CartPromotion(msgspec.Struct, frozen=True):
    """A cart promotion as it is stored, without its codes."""

    id: int
    name: str
    active: bool
    period: Period
    terms: CartTerms
    code_type: CodeType | None
    created_at: datetime
    updated_at: datetime


class CartPromotionQuery(msgspec.Struct, frozen=True):
    """Which cart promotions to list, the latest created first; None means no filter.

    Only promotions with ids below `before` are listed. `name` is a part of the name, whatever the
    case; `code_key` is what a code is compared by.
    """

    limit: int
    before: int | None = None
    active: bool | None = None
    running: bool | None = None
    target: Target | None = None
    name: str | None = None
    code_key: str | None = None
