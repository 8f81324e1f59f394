"""The stock of a back-test: what the prices of its orders depend on, read once and cached.

It is loaded for a page of orders, with one statement for each kind of thing that is missing. An
edit of the merchant's promotions empties it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from sconto.domain.allowances import Scope
from sconto.domain.backtest.draft import CartPromotionDraft, Draft, ProductDraft
from sconto.domain.backtest.prospects import Occasion, Prospects
from sconto.domain.backtest.replay import RecordedOrder
from sconto.domain.candidates import NO_CART_OFFERS, AutomaticPick, Candidates, CartOffers
from sconto.domain.cart import Cart
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import NO_LIMITS, CartTerms
from sconto.domain.codes import activated_codes, code_key
from sconto.domain.offers import Offer
from sconto.domain.schedule import ALL_PRODUCTS_ID, PeriodState
from sconto.domain.stored_request import cart_of
from sconto.domain.subscription_pricing import SubscriptionRules
from sconto.store import backtest_reads as reads
from sconto.store.backtest_reads import CodeFacts, PeriodOrder, ProductFacts, Rival
from sconto.store.pool import Connection
from sconto.store.subscription_rules import carried_codes

_MAX_CACHED: Final = 200_000
"""Things of a kind that are cached; more than that, and all are read again."""

_NO_PRODUCT: Final = ProductFacts(0, known=False, tags=frozenset(), picks=())

Carried = tuple[str, str | None]


class Stock:
    """The cache of one back-test."""

    def __init__(self, merchant_id: int, draft: Draft, since: datetime, until: datetime) -> None:
        self._merchant_id = merchant_id
        self._draft = draft
        self._since = since
        self._until = until
        self._version: int | None = None
        self._automatic: Prospects | None = None
        self._products: dict[int, ProductFacts] = {}
        self._codes: dict[str, list[CodeFacts]] = {}
        self._percents: dict[tuple[int, int], int | None] = {}
        self._rules: dict[Carried, SubscriptionRules | None] = {}
        self._rivals: dict[int, list[Rival]] = {}
        self._taken: dict[int, Mapping[tuple[int, Scope, str], int]] = {}
        self.opening: dict[tuple[int, Scope, str], int] = {}
        """What was taken of limits before the period, as far as the loaded orders ask for it."""

    async def load(
        self, connection: Connection, version: int | None, orders: Sequence[PeriodOrder]
    ) -> list[RecordedOrder]:
        """Load what is missing for these orders, and return those that can be placed again.

        `version` is the merchant's price version.
        """
        caches = (self._products, self._codes, self._percents, self._rules, self._rivals)
        if version != self._version or any(len(one) > _MAX_CACHED for one in caches):
            for cache in (*caches, self._taken):
                cache.clear()
            self._automatic, self._version = None, version
        placed = [(one, cart_of(one.request)) for one in orders if one.request is not None]
        carts = [cart for _, cart in placed]
        if self._automatic is None:
            self._automatic = await self._read_automatic(connection)
        await self._load_products(connection, carts)
        await self._load_codes(connection, carts)
        await self._load_percents(connection, carts)
        await self._load_rules(connection, carts)
        await self._load_rivals(connection)
        await self._load_opening(connection, carts)
        return [
            RecordedOrder(one.order_id, one.placed_at, cart, self._candidates(one, cart))
            for one, cart in placed
        ]

    @property
    def _offers(self) -> Sequence[CartOffer]:
        """All automatic cart promotions."""
        return () if self._automatic is None else self._automatic.offers

    def uncovered(self, product_id: int, at: datetime) -> AutomaticPick | None:
        """The automatic pick without the promotion that the draft replaces."""
        for rival in self._rivals.get(product_id, ()):
            if rival.period.state(at) is PeriodState.RUNNING:
                return rival.pick
        return None

    async def _read_automatic(self, connection: Connection) -> Prospects:
        found = await reads.read_automatic(connection, self._merchant_id, self._since, self._until)
        return Prospects([CartOffer(one.offer, _interned(one.terms)) for one in found])

    async def _load_products(self, connection: Connection, carts: Iterable[Cart]) -> None:
        wanted = {line.product_id: None for cart in carts for line in cart.lines}
        missing = [one for one in (ALL_PRODUCTS_ID, *wanted) if one not in self._products]
        if missing:
            found = await reads.read_products(
                connection, self._merchant_id, missing, self._since, self._until
            )
            self._products.update((one.product_id, one) for one in found)

    async def _load_codes(self, connection: Connection, carts: Iterable[Cart]) -> None:
        keys = {code_key(code): None for cart in carts for code in cart.codes}
        missing = [key for key in keys if key is not None and key not in self._codes]
        if missing:
            found = await reads.read_codes(
                connection, self._merchant_id, missing, self._since, self._until
            )
            self._codes.update((key, []) for key in missing)
            for one in found:
                if one.may_apply and one.offer.key is not None:
                    terms = None if one.terms is None else _interned(one.terms)
                    self._codes[one.offer.key].append(replace(one, terms=terms))

    async def _load_percents(self, connection: Connection, carts: Iterable[Cart]) -> None:
        missing = {
            (facts.offer.promotion_id, line.product_id): None
            for cart in carts
            for facts in self._facts_of(cart)
            if facts.terms is None and facts.offer.percent is None
            for line in cart.lines
            if (facts.offer.promotion_id, line.product_id) not in self._percents
        }
        if missing:
            found = await reads.read_percents(connection, self._merchant_id, missing)
            self._percents.update((pair, found.get(pair)) for pair in missing)

    async def _load_rules(self, connection: Connection, carts: Iterable[Cart]) -> None:
        wanted = {one: None for cart in carts for one in _carried(cart)}
        missing = [one for one in wanted if one not in self._rules]
        if missing:
            found = await reads.read_rules(connection, self._merchant_id, missing)
            self._rules.update((one, found.get(one)) for one in missing)

    async def _load_rivals(self, connection: Connection) -> None:
        draft = self._draft
        if not isinstance(draft, ProductDraft) or draft.replaces is None:
            return
        missing = [
            product_id
            for product_id, facts in self._products.items()
            if product_id not in self._rivals
            and any(pick.promotion_id == draft.replaces for _, _, pick in facts.picks)
        ]
        if missing:
            found = await reads.read_rivals(
                connection, self._merchant_id, missing, draft.replaces, self._since, self._until
            )
            self._rivals.update((one, []) for one in missing)
            for rival in found:
                self._rivals[rival.product_id].append(rival)

    async def _load_opening(self, connection: Connection, carts: Sequence[Cart]) -> None:
        """Load what was taken before the period from all limits that these carts meet."""
        own: list[tuple[int, CartTerms]] = []
        if isinstance(self._draft, CartPromotionDraft) and self._draft.replaces is not None:
            own = [(self._draft.replaces, self._draft.promotion.terms)]
        met = [*own, *((one.promotion_id, one.terms) for one in self._offers)]
        pairs: dict[tuple[int, str], None] = {}
        limited = {promotion_id for promotion_id, terms in met if terms.limits is not NO_LIMITS}
        for cart in carts:
            by_code = [
                (one.offer.promotion_id, one.terms)
                for one in self._facts_of(cart)
                if one.terms is not None and one.terms.limits is not NO_LIMITS
            ]
            limited.update(promotion_id for promotion_id, _ in by_code)
            customer = cart.customer.id
            if customer is not None:
                for promotion_id, terms in (*met, *by_code):
                    if terms.limits.per_customer is not None:
                        pairs[promotion_id, customer] = None
        for promotion_id in limited - self._taken.keys():
            self._taken[promotion_id] = await reads.read_taken_before(
                connection, self._merchant_id, promotion_id, self._since
            )
        self.opening = {}
        for promotion_id in limited:
            self.opening.update(self._taken[promotion_id])
        if pairs:
            taken = await reads.read_taken_by_customers(
                connection, self._merchant_id, list(pairs), self._since
            )
            self.opening.update(taken)

    def _facts_of(self, cart: Cart) -> Iterator[CodeFacts]:
        """The promotions of the cart's codes."""
        if cart.codes:
            for key in activated_codes(cart.codes):
                yield from self._codes.get(key, ())

    def _candidates(self, order: PeriodOrder, cart: Cart) -> Candidates:
        at, products = order.placed_at, self._products
        facts = {line.product_id: products.get(line.product_id, _NO_PRODUCT) for line in cart.lines}
        specific = {
            product_id: pick
            for product_id, one in facts.items()
            if one.picks and (pick := _pick_at(one, at)) is not None
        }
        offers: list[Offer] = []
        cart_offers: Sequence[CartOffer] = ()
        if self._automatic is not None and self._automatic.offers:
            occasion = Occasion(cart, at, has_ordered=order.has_ordered)
            cart_offers = self._automatic.of(occasion)
        by_code: list[CartOffer] = []
        for one in self._facts_of(cart):
            offer = _as_of(one.offer, at)
            if one.terms is not None:
                by_code.append(CartOffer(offer, one.terms))
            elif offer.percent is not None:
                offers.append(offer)
            else:
                offers.append(replace(offer, percents=self._percents_of(offer, facts)))
        subscription = cart.subscription
        return Candidates(
            frozenset([product_id for product_id, one in facts.items() if one.known]),
            _pick_at(products[ALL_PRODUCTS_ID], at),
            specific,
            offers,
            () if subscription is None else [self._rules.get(one) for one in _carried(cart)],
            CartOffers([*cart_offers, *by_code]) if cart_offers or by_code else NO_CART_OFFERS,
            {product_id: one.tags for product_id, one in facts.items() if one.tags},
            order.has_ordered,
        )

    def _percents_of(self, offer: Offer, product_ids: Iterable[int]) -> dict[int, int]:
        return {
            product_id: percent
            for product_id in product_ids
            if (percent := self._percents.get((offer.promotion_id, product_id))) is not None
        }


def _pick_at(facts: ProductFacts, at: datetime) -> AutomaticPick | None:
    for starts_at, ends_at, pick in reversed(facts.picks):
        if starts_at <= at:
            return pick if ends_at is None or at < ends_at else None
    return None


def _as_of(offer: Offer, at: datetime) -> Offer:
    """The offer at a time: a code that was used later is not used yet."""
    if offer.used_at is None or offer.used_at <= at:
        return offer
    return replace(offer, used_at=None)


def _interned(terms: CartTerms) -> CartTerms:
    """The terms, with NO_LIMITS itself where there is no limit."""
    return replace(terms, limits=NO_LIMITS) if terms.limits == NO_LIMITS else terms


def _carried(cart: Cart) -> list[Carried]:
    """The codes on the cart's subscription, by key and application."""
    if cart.subscription is None:
        return []
    return list(zip(*carried_codes(cart.subscription), strict=True))
