"""What saving a product promotion would do to prices: cheaper, dearer and unchanged products."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from sconto.domain.bill import PricedCart
from sconto.domain.candidates import AutomaticPick, Candidates, CartOffers
from sconto.domain.cart import Cart, Line
from sconto.domain.listing import is_listed
from sconto.domain.preview import Draft, PromotionWarning, first_code, with_draft
from sconto.domain.price_changes import PriceChange, UnitPrice, find_price_changes
from sconto.domain.pricing import price
from sconto.domain.product import Product
from sconto.domain.promotion import PromotionType


@dataclass(frozen=True, slots=True)
class Rivals:
    """The automatic picks at a time as if a promotion did not exist, for all products and each."""

    everywhere: AutomaticPick | None = None
    specific: Mapping[int, AutomaticPick] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another promotion at the same time; `products` counts shared ones, None for all products.

    `is_exclusive` says that of two cart promotions the better one applies alone.
    """

    promotion_id: int
    name: str
    products: int | None = None
    is_cart: bool = False
    is_exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Impact:
    """What a draft would do at a time.

    `changes` are of all products that were compared; `prices` with the draft are by id.
    `is_partial` says that the draft covers more products. `unknown` are products that it names but
    the catalogue does not have. `names` are those of other promotions, by id.
    """

    at: datetime
    changes: Sequence[PriceChange]
    prices: Mapping[int, UnitPrice]
    is_partial: bool = False
    overlaps: Sequence[Overlap] = ()
    warnings: Sequence[PromotionWarning] = ()
    unknown: Sequence[int] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    sample: PricedCart | None = None
    products: Mapping[int, Product] = field(default_factory=dict)

    @property
    def cheaper(self) -> list[PriceChange]:
        """Those whose price falls."""
        return [one for one in self.changes if not one.is_dearer]

    @property
    def dearer(self) -> list[PriceChange]:
        """Those whose price rises."""
        return [one for one in self.changes if one.is_dearer]

    @property
    def unnamed_overlaps(self) -> list[Overlap]:
        """The overlaps that no warning names."""
        named = {one.promotion_id for one in self.warnings}
        return [one for one in self.overlaps if one.promotion_id not in named]

    @property
    def unchanged(self) -> int:
        """How many products cost the same."""
        return len(self.prices) - len(self.changes)


def compare_prices(
    products: Sequence[Product],
    candidates: Candidates,
    before: Draft | None,
    after: Draft,
    at: datetime,
) -> tuple[list[PriceChange], dict[int, UnitPrice]]:
    """The changed prices of one unit each, and all prices with the draft.

    `candidates` do not contain the promotion; `before` is its stored version. A draft with codes is
    compared with the price without any code, as for a shopper who enters one.
    """
    listed = _listed(candidates)
    ids = {product.product_id for product in products}
    old = listed if before is None else _with(listed, before, ids)
    new = _with(listed, after, ids)
    code = first_code(after) if after.promotion.type is PromotionType.COUPON else None
    prices_before = _unit_prices(products, old, (), at)
    prices_after = _unit_prices(products, new, () if code is None else (code,), at)
    changes = find_price_changes(prices_before, prices_after, at, code)
    return list(changes), prices_after


def price_sample(
    products: Sequence[Product], candidates: Candidates, draft: Draft, quantity: int, at: datetime
) -> PricedCart | None:
    """A cart of these products with the draft; None without products."""
    if not products:
        return None
    lines = [
        Line(str(number), one.product_id, quantity, one.price)
        for number, one in enumerate(products, 1)
    ]
    is_coupon = draft.promotion.type is PromotionType.COUPON
    codes = (first_code(draft),) if is_coupon else ()
    found = _with(candidates, draft, {one.product_id for one in products})
    return price(Cart(products[0].currency, tuple(lines), codes), found, at)


def with_rivals(candidates: Candidates, rivals: Rivals) -> Candidates:
    """The candidates with these automatic picks in place of their own."""
    return replace(candidates, everywhere=rivals.everywhere, specific=rivals.specific)


def _with(candidates: Candidates, draft: Draft, product_ids: set[int]) -> Candidates:
    promotion = draft.promotion
    is_automatic = promotion.type is PromotionType.DISCOUNT
    found = with_draft(candidates, draft, product_ids)
    return replace(
        candidates,
        offers=found.offers,
        everywhere=found.everywhere if is_automatic else candidates.everywhere,
        specific=found.specific if is_automatic else candidates.specific,
    )


def _listed(candidates: Candidates) -> Candidates:
    """The candidates with the cart promotions that listing prices show."""
    shown = [
        one for one in candidates.cart_offers if one.offer.key is None and is_listed(one.terms)
    ]
    return replace(candidates, cart_offers=CartOffers(shown))


def _unit_prices(
    products: Iterable[Product], candidates: Candidates, codes: tuple[str, ...], at: datetime
) -> dict[int, UnitPrice]:
    prices: dict[int, UnitPrice] = {}
    for product in products:
        line = Line("1", product.product_id, 1, product.price)
        line_priced = price(Cart(product.currency, (line,), codes), candidates, at).lines[0]
        pick = line_priced.winning_pick
        winner = None if pick is None else pick.promotion_id
        prices[product.product_id] = UnitPrice(product, line_priced.total, winner)
    return prices
