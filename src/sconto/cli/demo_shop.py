"""The demo's shop: a catalogue, promotions of several kinds, and a user who may change them."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from sconto.cli.refusals import CommandRefused
from sconto.domain.cart_promotion import (
    AmountOff,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.people import Role
from sconto.domain.problems import BadCredentials, NameTaken
from sconto.domain.product import Product, ProductQuery
from sconto.domain.promotion import NewPromotion, PromotionQuery, PromotionType, Terms
from sconto.domain.schedule import Period
from sconto.operations import Database, cart_promotions, people, products, promotions
from sconto.operations.tokens import Tokens
from sconto.portal import shop

NAME: Final = "demo"
"""The name of the merchant, and of its user."""

PASSWORD: Final = "demo-password"  # noqa: S105  # published: this shop sells nothing

CODE: Final = "WELCOME10"
"""A code that gives a discount on every product."""

CART_CODE: Final = "TENOFF"
"""A code that takes ten euros off orders from fifty."""

OPEN_FOR: Final = timedelta(days=42)
"""How long the promotions of a new shop have been running."""

_ADDRESS: Final = "sconto demo"
"""The address under which the demo's own failed sign-ins are counted."""

CATALOGUE: Final = (
    Product(11111, "Mug, white", 1999, "EUR"),
    Product(22222, "Teapot, cast iron", 6450, "EUR"),
    Product(33333, "Green tea, 100 g", 795, "EUR"),
    Product(44444, "Black tea, 250 g", 1290, "EUR"),
    Product(55555, "Strainer", 450, "EUR"),
)


async def open_shop(database: Database, tokens: Tokens, now: datetime) -> str:
    """A token for the shop. The shop is created if it does not exist, and never changed.

    Raises CommandRefused if nobody can sign in with the published password.
    """
    # After `sconto restored` only tokens of the new epoch are valid.
    await tokens.refresh(database)
    with suppress(NameTaken):
        await people.create_merchant(database, NAME)
    with suppress(NameTaken):
        await people.create_user(database, NAME, NAME, PASSWORD, Role.ADMIN)
    with suppress(NameTaken):
        await people.create_user(database, NAME, shop.USER, shop.PASSWORD, Role.CHECKOUT)
    try:
        token = await people.sign_in(database, tokens, NAME, PASSWORD, _ADDRESS, now)
    except BadCredentials:
        raise CommandRefused(
            f"the user {NAME} is disabled or has another password than {PASSWORD}: "
            f"run `sconto user enable {NAME}` and `sconto user password {NAME}`"
        ) from None
    caller = tokens.caller(token, now)
    if not (await products.list_products(database, caller, ProductQuery(limit=1))).products:
        await products.put_products(database, caller, CATALOGUE, now)
    if not await promotions.list_promotions(database, caller, PromotionQuery(limit=1), now):
        for promotion in _promotions(now):
            await promotions.create_promotion(database, caller, promotion, now)
        await cart_promotions.create_promotion(database, caller, _cart_promotion(now), now)
    return token


def _cart_promotion(now: datetime) -> NewCartPromotion:
    terms = CartTerms(
        Target.ORDER,
        AmountOff({"EUR": 1000}),
        conditions=Conditions(minimum_subtotal={"EUR": 5000}),
        limits=Limits(total=5000),
    )
    always = Period(now - OPEN_FOR)
    return NewCartPromotion(
        "10 euros off from 50", True, always, terms, CodeType.REUSABLE, (CART_CODE,)
    )


def _promotions(now: datetime) -> Sequence[NewPromotion]:
    always = Period(now - OPEN_FOR)
    last_year = Period(now - timedelta(days=400), now - timedelta(days=365))
    return (
        NewPromotion(
            PromotionType.DISCOUNT,
            "Last year's sale",
            active=True,
            period=last_year,
            terms=Terms(AllProducts(30 * PERCENT)),
        ),
        NewPromotion(
            PromotionType.DISCOUNT,
            "Five percent on everything",
            active=True,
            period=always,
            terms=Terms(AllProducts(5 * PERCENT)),
        ),
        NewPromotion(
            PromotionType.DISCOUNT,
            "Tea of the month",
            active=True,
            period=always,
            terms=Terms(OwnPercents({33333: 15 * PERCENT, 44444: 12_500_000})),
        ),
        NewPromotion(
            PromotionType.COUPON,
            "Newsletter",
            active=True,
            period=always,
            terms=Terms(AllProducts(10 * PERCENT), CodeType.REUSABLE, (CODE,)),
        ),
        NewPromotion(
            PromotionType.COUPON,
            "Sorry for the delay",
            active=True,
            period=always,
            terms=Terms(
                ListedProducts(25 * PERCENT, (22222,)),
                CodeType.ONE_TIME,
                ("SORRY-001", "SORRY-002", "SORRY-003"),
            ),
        ),
    )
