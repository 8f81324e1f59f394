"""Coverage: which products a promotion discounts, and by how much."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AllProducts:
    """One percent on every product of the merchant, including later ones."""

    percent: int


@dataclass(frozen=True, slots=True)
class ListedProducts:
    """One percent on the named products, in the order in which they were sent."""

    percent: int
    product_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OwnPercents:
    """A separate percent for each named product, in the order in which they were sent."""

    percents: Mapping[int, int]


Coverage = AllProducts | ListedProducts | OwnPercents


def named_products(coverage: Coverage) -> tuple[int, ...]:
    """The products that a promotion names; none if it covers all."""
    match coverage:
        case AllProducts():
            return ()
        case ListedProducts(product_ids=product_ids):
            return product_ids
        case OwnPercents(percents=percents):
            return tuple(percents)


def with_products(coverage: Coverage, percents: Mapping[int, int]) -> Coverage:
    """The coverage with these products added; their percents replace earlier ones.

    A coverage of all products is replaced.
    """
    match coverage:
        case AllProducts():
            before: Mapping[int, int] = {}
        case ListedProducts(percent=percent, product_ids=product_ids):
            before = dict.fromkeys(product_ids, percent)
        case OwnPercents(percents=before):
            pass
    return coverage_of({**before, **percents})


def coverage_of(percents: Mapping[int, int]) -> Coverage:
    """The coverage of products with these percents: one percent if all are equal."""
    if len(set(percents.values())) == 1:
        return ListedProducts(next(iter(percents.values())), tuple(percents))
    return OwnPercents(percents)


def percent_on(coverage: Coverage, product_id: int) -> int | None:
    """The percent on a product; None if it is not covered."""
    match coverage:
        case AllProducts(percent=percent):
            return percent
        case ListedProducts(percent=percent, product_ids=product_ids):
            return percent if product_id in product_ids else None
        case OwnPercents(percents=percents):
            return percents.get(product_id)
