"""The kinds of promotions."""

from enum import StrEnum


class PromotionKind(StrEnum):
    """The kinds of promotions; subscription promotions have ids of their own."""

    PRODUCT = "product"
    CART = "cart"
    SUBSCRIPTION = "subscription"
