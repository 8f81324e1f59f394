"""A quick decision which cart promotions a cart may get at all.

A back-test needs no reasons. It leaves out of each cart the promotions that certainly take nothing
off. The usual steps decide the others.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sconto.domain.cart import Cart
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import NO_CONDITIONS, CartTerms, Target


class Occasion:
    """What a cart and its time say about any promotion, before any step."""

    def __init__(self, cart: Cart, at: datetime, *, has_ordered: bool) -> None:
        self._cart = cart
        self._at = at
        self._has_ordered = has_ordered or cart.customer.has_ordered
        self._subtotal = sum([line.quantity * line.unit_price for line in cart.lines])
        self._quantity = sum([line.quantity for line in cart.lines])
        self.product_ids = {line.product_id for line in cart.lines}

    def may_get(self, offered: CartOffer) -> bool:
        """False if the promotion certainly takes nothing off."""
        return self._fits(offered.terms) and offered.obstacle(self._at) is None

    def _fits(self, terms: CartTerms) -> bool:
        cart, products = self._cart, terms.products
        if terms.target is Target.SHIPPING:
            if not cart.shipping:
                return False
        elif products.ids and not products.tags and products.ids.isdisjoint(self.product_ids):
            return False
        if terms.needs_customer and cart.customer.id is None:
            return False
        conditions = terms.conditions
        if conditions is not NO_CONDITIONS:
            if conditions.segments and conditions.segments.isdisjoint(cart.customer.segments):
                return False
            if conditions.first_order and self._has_ordered:
                return False
            if (conditions.minimum_quantity or 0) > self._quantity:
                return False
            minimum = conditions.minimum_subtotal
            # Discounts only make the subtotal lower.
            if minimum is not None and minimum.get(cart.currency, 0) > self._subtotal:
                return False
        currencies = terms.currencies
        return currencies is None or cart.currency in currencies


class Prospects:
    """The automatic cart promotions of a merchant, by the products that they name."""

    def __init__(self, offers: Iterable[CartOffer]) -> None:
        self.offers = tuple(offers)
        self._others: list[CartOffer] = []
        self._by_product: dict[int, list[CartOffer]] = {}
        for one in self.offers:
            products = one.terms.products
            if one.terms.target is Target.SHIPPING or products.tags or not products.ids:
                self._others.append(one)
            else:
                for product_id in products.ids:
                    self._by_product.setdefault(product_id, []).append(one)

    def of(self, occasion: Occasion) -> list[CartOffer]:
        """The promotions that a cart may get, each once."""
        return [one for one in self._named(occasion) if occasion.may_get(one)]

    def _named(self, occasion: Occasion) -> Iterator[CartOffer]:
        yield from self._others
        if self._by_product:
            found = [
                one
                for product_id in occasion.product_ids
                for one in self._by_product.get(product_id, ())
            ]
            yield from {id(one): one for one in found}.values()
