"""Why something cannot be done: facts for the caller. The edges write the sentences."""

from dataclasses import dataclass
from enum import Enum, auto

from sconto.domain.bill import PricedCart
from sconto.domain.code_file import RefusedCodeLine
from sconto.domain.order import StoredOrder
from sconto.domain.people import Action
from sconto.domain.product import RefusedProductLine
from sconto.domain.promotion import PromotionType
from sconto.domain.subscription_promotion import IneligibleReason, SubscriptionPromotion


class Problem(Exception):
    """A request that the rules refuse; nothing was changed."""

    def __str__(self) -> str:
        """The facts, as a log shows them."""
        return repr(self)


@dataclass(eq=False)
class PromotionNotFound(Problem):
    """No such promotion, or not this merchant's, or deleted: one cannot tell."""

    promotion_id: int


@dataclass(eq=False)
class UnknownProducts(Problem):
    """The merchant's catalogue does not have these products."""

    product_ids: tuple[int, ...]


class PeriodReversed(Problem):
    """The end lies before the start."""


@dataclass(eq=False)
class TermsMissing(Problem):
    """A promotion cannot change its type without the terms of the new one."""

    type: PromotionType


class NoCodesAllowed(Problem):
    """The promotion applies by itself: it has no codes."""


@dataclass(eq=False)
class CodesTaken(Problem):
    """The promotion has these codes already, in some spelling, or they were sent twice."""

    codes: tuple[str, ...]


class NoCodesSent(Problem):
    """There is no code in what was sent."""


@dataclass(eq=False)
class CodeFileRefused(Problem):
    """Lines of a file of codes cannot be taken; `lines` are the first of `total` such lines."""

    lines: tuple[RefusedCodeLine, ...]
    total: int


class CursorRefused(Problem):
    """The cursor is none that a page before has named."""


class PatternFault(Enum):
    """Why no codes can be generated with a pattern."""

    COUNT = auto()
    NO_GROUP = auto()
    NOT_A_CODE = auto()
    ALPHABET = auto()
    TOO_SHORT = auto()


@dataclass(eq=False)
class PatternRefused(Problem):
    """No codes can be generated with this pattern.

    A pattern that is too short has `possible` codes, of which `generated` may be generated.
    """

    fault: PatternFault
    possible: int = 0
    generated: int = 0


@dataclass(eq=False)
class GenerationNotFound(Problem):
    """No such generation of codes, or not this merchant's: one cannot tell."""

    generation_id: int


@dataclass(eq=False)
class ProductNotFound(Problem):
    """The merchant's catalogue does not have this product."""

    product_id: int


@dataclass(eq=False)
class ImportRefused(Problem):
    """Lines of a product file cannot be taken; `lines` are the first of `total` such lines."""

    lines: tuple[RefusedProductLine, ...]
    total: int


@dataclass(eq=False)
class OrderNotFound(Problem):
    """The merchant has placed no order under this id."""

    order_id: str


class TokenMissing(Problem):
    """The request names nobody."""


class TokenInvalid(Problem):
    """The token is none of ours, or no longer counts."""


class TokenExpired(Problem):
    """The token was ours once."""


class BadCredentials(Problem):
    """No such user, or another password: one cannot tell."""


@dataclass(eq=False)
class TooManyAttempts(Problem):
    """Too many sign-ins failed; `retry_after` seconds from now another one is looked at."""

    retry_after: int


@dataclass(eq=False)
class TooManyUnknownCodes(Problem):
    """Too many codes that nobody made; in `retry_after` seconds carts with codes are taken."""

    retry_after: int


@dataclass(eq=False)
class AccessDenied(Problem):
    """The caller's role does not allow the action."""

    action: Action


@dataclass(eq=False)
class BodyTooLarge(Problem):
    """The request's body has more bytes than its address takes."""

    limit: int


class UnsupportedMediaType(Problem):
    """The request's body is of another type than the address takes."""


class BodyEncoded(Problem):
    """The request's body is compressed, which no address takes."""


@dataclass(eq=False)
class TooManyLargeRequests(Problem):
    """The merchant's large requests are too many; in so many seconds it is worth another try."""

    retry_after: int


@dataclass(eq=False)
class MerchantNotFound(Problem):
    """No merchant has this name."""

    name: str


@dataclass(eq=False)
class UserNotFound(Problem):
    """No user has this name."""

    username: str


@dataclass(eq=False)
class UserAmbiguous(Problem):
    """Users of several merchants have this name."""

    username: str


class OwnAccess(Problem):
    """Nobody changes their own role, or keeps themselves out."""


@dataclass(eq=False)
class NameTaken(Problem):
    """Another merchant, or another user of the merchant, already has this name."""

    name: str


@dataclass(eq=False)
class NotAName(Problem):
    """A text that no merchant or user can be called: see `is_name` and `is_username`."""

    name: str


class PasswordRefused(Problem):
    """A password that is too short or too long to be given to a user."""


@dataclass(eq=False)
class OrderConflict(Problem):
    """Another cart was placed under this order id; `order` is what is stored."""

    order: StoredOrder


@dataclass(eq=False)
class TotalDiffers(Problem):
    """The cart does not cost what the shopper agreed to; `quote` is what it costs."""

    quote: PricedCart


@dataclass(eq=False)
class CodesUsedUp(Problem):
    """Another order used up an activated code; `quote` is what the cart costs without it."""

    quote: PricedCart


@dataclass(eq=False)
class ReplacedOrderNotFound(Problem):
    """The merchant has placed no order under the id of the one to be replaced."""

    order_id: str


@dataclass(eq=False)
class OrderNotReplaceable(Problem):
    """The order to be replaced was paid, or is deleted; `order` is what is stored."""

    order: StoredOrder


@dataclass(eq=False)
class OrderBusy(Problem):
    """Something else is using the order or one of its codes; ask again in `retry_after` seconds."""

    retry_after: int


@dataclass(eq=False)
class OrderReplaced(Problem):
    """Another order took this one's place, and its codes; it stays deleted."""

    order: StoredOrder


@dataclass(eq=False)
class TooManyAutomatic(Problem):
    """The merchant has as many automatic cart promotions that are not over as it may have."""

    most: int


@dataclass(eq=False)
class OrderGaveBack(Problem):
    """The order gave back what its cart promotions took, so it stays deleted."""

    order: StoredOrder


@dataclass(eq=False)
class SubscriptionPromotionNotFound(Problem):
    """No such subscription promotion, or not this merchant's, or archived: one cannot tell."""

    promotion_id: str


@dataclass(eq=False)
class SubscriptionCodeNotFound(Problem):
    """None of the merchant's subscription promotions has this code."""

    code: str


@dataclass(eq=False)
class SubscriptionCodeTaken(Problem):
    """Another of the merchant's subscription promotions has this code, in some spelling."""

    code: str


@dataclass(eq=False)
class ApplicationNotFound(Problem):
    """No code was applied under this id, or it was another promotion's."""

    application_id: str


@dataclass(eq=False)
class CodeRefused(Problem):
    """The subscription may not have the promotion's code; `reason` is the first reason."""

    promotion: SubscriptionPromotion
    reason: IneligibleReason


@dataclass(eq=False)
class MaxUsageTooLow(Problem):
    """The limit lies below the `usage` that is counted already."""

    usage: int


class IdempotencyKeyReused(Problem):
    """Another request was sent with this Idempotency-Key."""


@dataclass(eq=False)
class IdempotencyKeyBusy(Problem):
    """The request with this Idempotency-Key is under way; ask again in `retry_after` seconds."""

    retry_after: int
