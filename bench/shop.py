"""A merchant's shop, made up from a seed: products, promotions, codes, and the timeline."""

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
"""Odd, so that different numbers below 2**32 stay different: codes come in no order."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a shop is; `codes` are those of all its promotions together."""

    name: str
    promotions: int
    codes: int


@dataclass(frozen=True, slots=True)
class Coupon:
    """A promotion whose codes are in carts; without products it covers all."""

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
        """Its first code, where it has one alone."""
        return code_text(self.first_code)


@dataclass(frozen=True, slots=True)
class Discount:
    """A promotion that applies by itself, or would if it were active and its time had come."""

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

    The first two promotions are live for ever: one on all products, one on every second. Of the
    others 60 % have codes, 30 % are discounts on two products and 10 % on all; these are live,
    over, still to come or switched off. So a cart meets as many picks in every shop.
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
    """A shop with coupons on all products, one code each, and nothing that applies by itself."""
    shop = Shop(merchant_id, Size("coupons only", coupons, coupons))
    for number in range(coupons):
        shop.coupons.append(Coupon(first_promotion + number, 10 * PERCENT, (), number, 1))
    return shop


def draw_timeline(shop: Shop) -> Iterator[tuple[int, Span]]:
    """The picks by product, as the rules that the service itself follows draw them."""
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
    """The code with that number, in the spelling by which codes are compared."""
    return f"c{number * _MULTIPLIER & 0xFFFFFFFF:08x}"


def check_spelling() -> None:
    """Raise unless the codes are written as the service would write their keys."""
    for number in (0, 1, 9_999_999):
        text = code_text(number)
        if code_key(text) != text:
            raise AssertionError(text)


def _any_period(random: Random, now: datetime) -> tuple[Period, bool]:
    """Live, over, still to come or switched off, and whether active."""
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
