"""A merchant's shop, generated from a seed: products, promotions, codes, and the timeline."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from sconto.domain.codes import code_key
from sconto.domain.money import PERCENT
from sconto.domain.schedule import Period, Span, latest_wins, span_of

PRODUCTS: Final = 2_000
ALL_PRODUCTS_ID: Final = 0
"""The product that stands for all products on the timeline."""

_MULTIPLIER: Final = 0x9E3779B1
"""It puts codes out of order. It is odd, so that different numbers below 2**32 stay different."""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a shop; `codes` is the sum over all its promotions."""

    name: str
    promotions: int
    codes: int


@dataclass(frozen=True, slots=True)
class Coupon:
    """A promotion with codes; without products it covers all."""

    promotion_id: int
    percent: int
    products: tuple[int, ...]
    first_code: int
    codes: int

    def code(self, random: Random) -> str:
        """One of its codes."""
        return code_text(self.first_code + random.randrange(self.codes))

    @property
    def only_code(self) -> str:
        """Its code, if it has only one."""
        return code_text(self.first_code)


@dataclass(frozen=True, slots=True)
class Discount:
    """A promotion without codes; it applies while it is active and its period is running."""

    promotion_id: int
    percent: int
    products: tuple[int, ...]
    period: Period
    active: bool


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that a merchant has."""

    merchant_id: int
    size: Size
    coupons: list[Coupon] = field(default_factory=list)
    discounts: list[Discount] = field(default_factory=list)


def make_shop(merchant_id: int, size: Size, first_promotion: int, seed: str, now: datetime) -> Shop:
    """A shop of this size, the same for the same seed.

    The first two promotions always run: one on all products, one on every second product. Of the
    others 60 % have codes, 30 % are discounts on two products and 10 % on all. These discounts are
    running, over, still to come or inactive. So a cart has as many picks in every shop.
    """
    random = Random(f"{seed} {size.name}")
    shop = Shop(merchant_id, size)
    always = Period(now - timedelta(days=1000))
    every_second = tuple(range(2, PRODUCTS + 1, 2))
    shop.discounts.append(Discount(first_promotion, 5 * PERCENT, (), always, True))
    shop.discounts.append(Discount(first_promotion + 1, 8 * PERCENT, every_second, always, True))
    kinds = [random.randrange(10) if i else 9 for i in range(size.promotions - 2)]
    coupons = sum(kind >= 4 for kind in kinds)
    codes = 0
    for promotion_id, kind in enumerate(kinds, first_promotion + 2):
        if kind < 4:
            products = tuple(random.sample(every_second, 2)) if kind else ()
            period, active = _any_period(random, now)
            percent = random.randrange(3, 15) * PERCENT
            shop.discounts.append(Discount(promotion_id, percent, products, period, active))
            continue
        products = tuple(random.sample(range(1, PRODUCTS + 1), 2)) if kind % 2 else ()
        more = size.codes * (len(shop.coupons) + 1) // coupons - codes
        percent = random.randrange(4, 30) * PERCENT
        shop.coupons.append(Coupon(promotion_id, percent, products, codes, max(1, more)))
        codes += max(1, more)
    return shop


def make_plain_shop(merchant_id: int, coupons: int, first_promotion: int) -> Shop:
    """A shop with coupons on all products, each with one code, and no other promotions."""
    shop = Shop(merchant_id, Size("coupons only", coupons, coupons))
    for number in range(coupons):
        shop.coupons.append(Coupon(first_promotion + number, 10 * PERCENT, (), number, 1))
    return shop


def draw_timeline(shop: Shop) -> Iterator[tuple[int, Span]]:
    """The automatic picks by product, computed by the rules of the service itself."""
    claims: dict[int, list[Span]] = {}
    for discount in shop.discounts:
        if discount.active:
            span = span_of(discount.period, discount.promotion_id, discount.percent)
            for product_id in discount.products or (ALL_PRODUCTS_ID,):
                claims.setdefault(product_id, []).append(span)
    for product_id, spans in claims.items():
        for span in latest_wins(spans):
            yield product_id, span


def code_text(number: int) -> str:
    """The code with this number, spelt as the key by which codes are compared."""
    return f"c{number * _MULTIPLIER & 0xFFFFFFFF:08x}"


def check_spelling() -> None:
    """Raise unless the codes are spelt as the service spells their keys."""
    for number in (0, 1, 9_999_999):
        text = code_text(number)
        if code_key(text) != text:
            raise AssertionError(text)


def _any_period(random: Random, now: datetime) -> tuple[Period, bool]:
    """A period that is running, over or still to come, and whether the promotion is active."""
    start, length = (
        timedelta(hours=random.randrange(1, 8000)),
        timedelta(hours=random.randrange(1, 4000)),
    )
    fate = random.randrange(10)
    if fate < 4:
        return Period(now - start, now + timedelta(days=1) + length), True
    if fate < 7:
        return Period(now - start - length, now - start), True
    if fate < 9:
        return Period(now + start, now + start + length), True
    return Period(now - start), False
