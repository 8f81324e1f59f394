"""What the statements of candidates read of cart promotions, and the cache of automatic ones.

Only the carts of a merchant that has ever had a cart promotion are read with these parts. There are
at most a hundred automatic ones. A process caches them under the merchant's cart version, which the
same statement returns (`timeline_versions`). If it returns another version, they are read again.
Cart promotions with codes are found by the code. Allowances and orders are never cached.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Self

import msgspec
from lru import LRU

from sconto.domain.allowances import Scope, Taken, room_for, without_order
from sconto.domain.candidates import CartOffers
from sconto.domain.cart import Cart
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import MAX_AUTOMATIC, CartTerms
from sconto.domain.holds import FIRST_ORDERS
from sconto.domain.listing import NO_OFFERS, ListedOffers
from sconto.domain.offers import Offer
from sconto.domain.order import StoredOrder
from sconto.domain.prepared_offers import PreparedOffers, can_be_prepared
from sconto.store.candidate_lookups import CODES_OF_TEXT, CODES_WITH_HOLDS
from sconto.store.past_customers import HAS_PAST_ORDER
from sconto.store.period_sql import ends_after

_MAX_MERCHANTS: Final = 10_000
"""Merchants whose automatic cart promotions a process caches."""

_MAX_PARTS: Final = 200_000
"""Of the cached promotions together. A part takes at most some 100 bytes: a product or tag that is
named. A promotion with its prepared outcomes takes as much as _PARTS_OF_PROMOTION."""

_PARTS_OF_PROMOTION: Final = 30

_PROMOTIONS_OF_CODE: Final = 100
"""Cart promotions that are read for one code, those created first."""

_TAKEN: Final = """
    ARRAY(
        SELECT json_build_object('scope', scope, 'taken', taken)
        FROM allowances
        WHERE allowances.merchant_id = $1 AND allowances.promotion_id = {promotion_id}
            AND (scope, key) IN (('total', ''), ('customer', cart.customer),
                                 ('budget', cart.currency))
    )
"""

# Includes what is held for others, except holds that have ended.
_TAKEN_AND_HELD: Final = """
    ARRAY(
        SELECT json_build_object('scope', scope, 'taken', taken + held - coalesce((
                SELECT sum(amount)
                FROM held_allowances AS one
                WHERE one.merchant_id = $1 AND one.promotion_id = allowances.promotion_id
                    AND one.scope = allowances.scope AND one.key = allowances.key
                    AND expires_at <= cart.now
            ), 0) - coalesce((
                SELECT amount
                FROM held_allowances AS one
                WHERE one.merchant_id = $1 AND one.promotion_id = allowances.promotion_id
                    AND one.scope = allowances.scope AND one.key = allowances.key
                    AND one.order_id = cart.order_ids[1] AND expires_at > cart.now
            ), 0))
        FROM allowances
        WHERE allowances.merchant_id = $1 AND allowances.promotion_id = {promotion_id}
            AND (scope, key) IN (('total', ''), ('customer', cart.customer),
                                 ('budget', cart.currency))
    )
"""

_TERMS: Final = """
    SELECT terms, automatic FROM cart_promotions
    WHERE merchant_id = $1 AND promotion_id = {promotion_id}
    LIMIT 1
"""

_OFFER: Final = """
    'promotion_id', promotion.promotion_id, 'active', promotion.active,
    'period', json_build_object('starts_at', promotion.starts_at,
                                'ends_at', promotion.ends_at)
"""

TAGGED: Final = """
    ARRAY(
        SELECT json_build_object('product_id', product.product_id, 'tags', product.tags)
        FROM unnest(cart.products) AS wanted (product_id)
        CROSS JOIN LATERAL (
            SELECT product_id, tags, deleted_at FROM products
            WHERE merchant_id = $1 AND product_id = wanted.product_id
            LIMIT 1
        ) AS product
        WHERE product.deleted_at IS NULL AND cardinality(product.tags) > 0
    ) AS tagged
"""


# ORDER BY keeps the planner from scanning the table in the hope of an early match.
def _automatic(taken: str) -> str:
    return f"""
    CASE WHEN cart.lists_automatic THEN ARRAY(
        SELECT json_build_object('offer', json_build_object({_OFFER}),
            'terms', cart_promotion.terms,
            'taken', {taken.format(promotion_id="promotion.promotion_id")})
        FROM cart_promotions AS cart_promotion
        CROSS JOIN LATERAL (
            SELECT promotion_id, active, starts_at, ends_at, deleted_at
            FROM promotions
            WHERE merchant_id = $1 AND promotion_id = cart_promotion.promotion_id
                AND active AND deleted_at IS NULL AND {ends_after("cart.at")}
            LIMIT 1
        ) AS promotion
        WHERE cart_promotion.merchant_id = $1 AND cart_promotion.automatic
    ) END AS automatic,
    CASE WHEN cart.lists_automatic THEN (
        SELECT true FROM cart_promotions WHERE merchant_id = $1 AND NOT automatic
        ORDER BY promotion_id
        LIMIT 1
    ) IS NOT NULL END AS any_with_codes
"""  # noqa: S608  # of our own constants


def _cart_promotions(taken: str, codes: str, held_until: str, is_first_held: str) -> str:
    return f"""
    {TAGGED},
    {_automatic(taken)},
    ARRAY(
        SELECT json_build_object(
            'offer', json_build_object({_OFFER}, 'key', code.code_key, 'code_id', code.code_id,
                'code_type', promotion.code_type,
                'used_at', code.used_at{held_until}),
            'terms', cart_promotion.terms,
            'taken', {taken.format(promotion_id="promotion.promotion_id")})
        FROM unnest(cart.codes) AS activated (key)
        CROSS JOIN LATERAL (
            {codes}
            ORDER BY promotion_id
            LIMIT {_PROMOTIONS_OF_CODE}
        ) AS code
        CROSS JOIN LATERAL (
            SELECT promotion_id, code_type, active, starts_at, ends_at, deleted_at, type
            FROM promotions
            WHERE merchant_id = $1 AND promotion_id = code.promotion_id
            LIMIT 1
        ) AS promotion
        CROSS JOIN LATERAL ({_TERMS.format(promotion_id="promotion.promotion_id")})
            AS cart_promotion
        WHERE promotion.deleted_at IS NULL AND promotion.code_type IS NOT NULL
    ) AS by_code,
    ARRAY(
        SELECT json_build_object('promotion_id', limited.promotion_id,
            'taken', {taken.format(promotion_id="limited.promotion_id")})
        FROM unnest(cart.limited) AS limited (promotion_id)
    ) AS taken,
    cart.customer IS NOT NULL AND (
        EXISTS (
            SELECT FROM orders
            WHERE merchant_id = $1 AND customer_id = cart.customer AND status <> 'deleted'
                AND order_id <> ALL (coalesce(cart.order_ids, '{{}}'))
        ) OR {HAS_PAST_ORDER.format(customer="cart.customer")}{is_first_held}
    ) AS has_ordered
"""  # noqa: S608  # of our own constants


AUTOMATIC_OFFERS: Final = _automatic(_TAKEN)

CART_PROMOTIONS: Final = _cart_promotions(_TAKEN, CODES_OF_TEXT, "", "")

CART_PROMOTIONS_WITH_HOLDS: Final = _cart_promotions(
    _TAKEN_AND_HELD,
    CODES_WITH_HOLDS,
    ", 'held_until', code.held_until",
    f""" OR EXISTS (
            SELECT FROM held_allowances
            WHERE merchant_id = $1 AND promotion_id = {FIRST_ORDERS} AND scope = 'customer'
                AND key = cart.customer AND expires_at > cart.now
                AND order_id IS DISTINCT FROM cart.order_ids[1]
        )""",  # noqa: S608  # of our own constants
)
"""The same for a merchant with holds: a first order held for another id counts as placed."""


class Tagged(msgspec.Struct, frozen=True):
    """A product with its tags."""

    product_id: int
    tags: frozenset[str]


class _TakenRow(msgspec.Struct, frozen=True):
    scope: Scope
    taken: int


class StoredOffer(msgspec.Struct, frozen=True):
    """A cart promotion as the statement returns it."""

    offer: Offer
    terms: CartTerms
    taken: list[_TakenRow] = []


class TakenOfPromotion(msgspec.Struct, frozen=True):
    """What is taken of an automatic promotion's limits."""

    promotion_id: int
    taken: list[_TakenRow] = []


class CachedCartPromotions(msgspec.Struct, frozen=True):
    """The automatic cart promotions of a merchant at a version, for times from `since` on.

    Those that cannot be prepared are the `others`; of them, those with limits need their allowances
    for each cart. `listed` are those that listings show. `are_all` says that these alone decide a
    cart: the merchant has none with codes, and nothing stored decides whether one of these applies:
    no tags, limits or earlier orders.
    """

    version: int
    since: datetime
    prepared: PreparedOffers
    others: tuple[CartOffer, ...] = ()
    listed: ListedOffers = NO_OFFERS
    are_all: bool = False

    @classmethod
    def of(
        cls,
        version: int,
        since: datetime,
        offers: Sequence[CartOffer],
        listed: ListedOffers,
        *,
        any_with_codes: bool,
    ) -> Self:
        """The automatic cart promotions of a merchant at a version."""
        return cls(
            version,
            since,
            PreparedOffers(tuple(one for one in offers if can_be_prepared(one.terms))),
            tuple(one for one in offers if not can_be_prepared(one.terms)),
            listed,
            not any_with_codes and all(_is_decided_by_carts(one.terms) for one in offers),
        )

    def decide(self, version: int, at: datetime) -> bool:
        """Whether these alone decide a cart at a time, at a version."""
        return self.are_all and self.version == version and at >= self.since

    @property
    def parts(self) -> int:
        """How much memory they take, in parts."""
        offers = (*self.prepared.offers, *self.others)
        return sum(_PARTS_OF_PROMOTION + one.terms.named for one in offers)

    @property
    def limited_ids(self) -> list[int]:
        """The ids of those that have limits."""
        return [one.promotion_id for one in self.others if has_limits(one.terms)]


class CartPromotionCache:
    """Cached automatic cart promotions of merchants, bounded.

    The merchant that was idle longest is dropped first. The entry of a single merchant stays,
    however many products it names.
    """

    def __init__(self) -> None:
        self._merchants: LRU[int, CachedCartPromotions] = LRU(
            _MAX_MERCHANTS, callback=self._count_off
        )
        self._parts = 0

    def get(self, merchant_id: int) -> CachedCartPromotions | None:
        """The cached entry; None if there is none, or the merchant never had a cart promotion."""
        return self._merchants.get(merchant_id)

    def put(self, merchant_id: int, cached: CachedCartPromotions) -> None:
        """Cache what was read, unless it is a long list, as for a time long ago."""
        if len(cached.prepared.offers) + len(cached.others) > MAX_AUTOMATIC:
            return
        before = self._merchants.get(merchant_id)
        if before is not None:
            self._count_off(merchant_id, before)
        self._parts += cached.parts
        self._merchants[merchant_id] = cached
        while self._parts > _MAX_PARTS and len(self._merchants) > 1:
            # Not popitem(): it leaks its result (lru-dict 1.4.1, its issue 64).
            oldest = self._merchants.peek_last_item()
            assert oldest is not None, "two merchants are cached"  # noqa: S101
            self._count_off(*oldest)
            del self._merchants[oldest[0]]

    def _count_off(self, _: int, cached: CachedCartPromotions) -> None:
        self._parts -= cached.parts


def has_limits(terms: CartTerms) -> bool:
    """Whether the promotion has a limit whose allowances must be read."""
    limits = terms.limits
    return (limits.total, limits.per_customer, limits.budget) != (None, None, None)


def _is_decided_by_carts(terms: CartTerms) -> bool:
    """Whether only the cart decides what the promotion gives, and nothing stored."""
    return not (terms.names_tags or terms.conditions.first_order or has_limits(terms))


def offers_of(
    cart: Cart,
    stored: Iterable[StoredOffer],
    cached: CachedCartPromotions | None,
    taken: Iterable[TakenOfPromotion],
    replaced: StoredOrder | None,
) -> CartOffers:
    """The cart promotions that a cart may get, with what is left of their limits.

    `taken` is of the cached ones. What the replaced order took counts as given back.
    """
    others = [_with_room(one.offer, one.terms, one.taken, cart, replaced) for one in stored]
    if cached is None:
        return CartOffers(others)
    taken_of: Mapping[int, list[_TakenRow]] = {one.promotion_id: one.taken for one in taken}
    others += [
        _with_room(one.offer, one.terms, taken_of.get(one.promotion_id, []), cart, replaced)
        for one in cached.others
    ]
    return CartOffers(others, cached.prepared)


def _with_room(
    offer: Offer,
    terms: CartTerms,
    rows: Sequence[_TakenRow],
    cart: Cart,
    replaced: StoredOrder | None,
) -> CartOffer:
    if not has_limits(terms):
        return CartOffer(offer, terms)
    taken = Taken(**{row.scope.value: row.taken for row in rows})
    if replaced is not None and not replaced.gave_back:
        taken = without_order(taken, offer.promotion_id, cart, replaced)
    return CartOffer(offer, terms, room_for(terms, taken, cart.currency))
