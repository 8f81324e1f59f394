"""A cart promotion that is tried before it is created or changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sconto.domain.allowances import NOTHING_TAKEN, Taken, room_for
from sconto.domain.cart import Cart
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import NewCartPromotion
from sconto.domain.codes import activated_codes, code_key
from sconto.domain.offers import Offer


@dataclass(frozen=True, slots=True)
class CartDraft:
    """A draft, and the promotion that it replaces; None if it replaces none.

    `taken` is what orders took of the limits of the replaced promotion.
    """

    promotion: NewCartPromotion
    replaces: int | None = None
    taken: Taken = NOTHING_TAKEN

    def offers(self, cart: Cart, replaced: Iterable[CartOffer] = ()) -> Iterator[CartOffer]:
        """What a cart may get from the draft; nothing if it needs a code that the cart lacks.

        Its id is that of the promotion that it replaces, or 0. `replaced` is what the cart may get
        from that promotion: a code that both have stays used.
        """
        new = self.promotion
        room = room_for(new.terms, self.taken, cart.currency)
        if new.code_type is None:
            yield CartOffer(self._offer(), new.terms, room)
            return
        used_at = {one.offer.key: one.offer.used_at for one in replaced}
        keys = {code_key(code) for code in new.codes}
        for key in activated_codes(cart.codes):
            if key in keys:
                yield CartOffer(self._offer(key, used_at.get(key)), new.terms, room)

    def _offer(self, key: str | None = None, used_at: datetime | None = None) -> Offer:
        new = self.promotion
        return Offer(
            key=key,
            code_id=None if key is None else 0,
            promotion_id=self.replaces or 0,
            code_type=new.code_type,
            active=new.active,
            period=new.period,
            used_at=used_at,
        )
