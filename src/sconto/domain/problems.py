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
    """The promotion does not exist, is another merchant's or is deleted: indistinguishable."""

    promotion_id: int


@dataclass(eq=False)
class UnknownProducts(Problem):
    """The merchant's catalogue does not have these products."""

    product_ids: tuple[int, ...]


class PeriodReversed(Problem):
    """The end is before the start."""


@dataclass(eq=False)
class TermsMissing(Problem):
    """A promotion cannot change its type without the terms of the new type."""

    type: PromotionType


class NoCodesAllowed(Problem):
    """The promotion is automatic and has no codes."""


@dataclass(eq=False)
class CodesTaken(Problem):
    """The promotion already has these codes, in any spelling, or they were sent twice."""

    codes: tuple[str, ...]


class NoCodesSent(Problem):
    """No code was sent."""


@dataclass(eq=False)
class CodeFileRefused(Problem):
    """Lines of a file of codes cannot be taken; `lines` are the first of `total` such lines."""

    lines: tuple[RefusedCodeLine, ...]
    total: int


class CursorRefused(Problem):
    """The cursor is not from an earlier page."""


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

    A pattern that is too short has only `possible` codes, of which `generated` may be generated.
    """

    fault: PatternFault
    possible: int = 0
    generated: int = 0


@dataclass(eq=False)
class GenerationNotFound(Problem):
    """The generation does not exist or is another merchant's: indistinguishable."""

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
    """The request has no token."""


class TokenInvalid(Problem):
    """The token is not ours, or was revoked."""


class TokenExpired(Problem):
    """The token has expired."""


class BadCredentials(Problem):
    """The user does not exist or the password is wrong: indistinguishable."""


@dataclass(eq=False)
class TooManyAttempts(Problem):
    """Too many sign-ins failed; try again in `retry_after` seconds."""

    retry_after: int


@dataclass(eq=False)
class TooManyUnknownCodes(Problem):
    """Too many unknown codes; send carts with codes again in `retry_after` seconds."""

    retry_after: int


@dataclass(eq=False)
class AccessDenied(Problem):
    """The caller's role does not allow the action."""

    action: Action


@dataclass(eq=False)
class BodyTooLarge(Problem):
    """The request's body has more bytes than the address accepts."""

    limit: int


class UnsupportedMediaType(Problem):
    """The address does not accept the type of the request's body."""


class BodyEncoded(Problem):
    """The request's body is compressed, which no address accepts."""


@dataclass(eq=False)
class TooManyLargeRequests(Problem):
    """The merchant has too many large requests; try again in `retry_after` seconds."""

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
    """Users may not change their own role or disable themselves."""


@dataclass(eq=False)
class NameTaken(Problem):
    """Another merchant, or another user or API key of the merchant, has this name."""

    name: str


@dataclass(eq=False)
class NotAName(Problem):
    """No merchant, user or API key can have this name: see `is_name` and `is_username`."""

    name: str


class PasswordRefused(Problem):
    """The password is too short or too long."""


@dataclass(eq=False)
class OrderConflict(Problem):
    """Another cart was placed under this order id, as the stored `order`."""

    order: StoredOrder


@dataclass(eq=False)
class OrderPlaced(Problem):
    """Nothing can be held for this order id, because the stored `order` was placed under it."""

    order: StoredOrder


@dataclass(eq=False)
class HoldNotFound(Problem):
    """Nothing is held for this order id."""

    order_id: str


@dataclass(eq=False)
class TotalDiffers(Problem):
    """The cart does not cost what the shopper agreed to; `quote` is the current price."""

    quote: PricedCart


@dataclass(eq=False)
class CodesUsedUp(Problem):
    """Other orders used up an activated code, or its promotion's limit.

    `quote` is the price without it.
    """

    quote: PricedCart


@dataclass(eq=False)
class ReplacedOrderNotFound(Problem):
    """The order to be replaced does not exist."""

    order_id: str


@dataclass(eq=False)
class OrderNotReplaceable(Problem):
    """The order to be replaced, the stored `order`, is paid or deleted."""

    order: StoredOrder


@dataclass(eq=False)
class OrderBusy(Problem):
    """Another request uses the order or one of its codes; try again in `retry_after` seconds."""

    retry_after: int


@dataclass(eq=False)
class OrderReplaced(Problem):
    """Another order replaced this one and took its codes; it stays deleted."""

    order: StoredOrder


@dataclass(eq=False)
class TooManyAutomatic(Problem):
    """The merchant has the maximum of automatic cart promotions that are not over."""

    most: int


@dataclass(eq=False)
class OrderGaveBack(Problem):
    """The order gave back what its cart promotions took, so it stays deleted."""

    order: StoredOrder


@dataclass(eq=False)
class SubscriptionPromotionNotFound(Problem):
    """The promotion does not exist, is another merchant's or is archived: indistinguishable."""

    promotion_id: str


@dataclass(eq=False)
class SubscriptionCodeNotFound(Problem):
    """No subscription promotion of the merchant has this code."""

    code: str


@dataclass(eq=False)
class SubscriptionCodeTaken(Problem):
    """Another subscription promotion of the merchant has this code, in any spelling."""

    code: str


@dataclass(eq=False)
class ApplicationNotFound(Problem):
    """No code of the promotion was applied under this id."""

    application_id: str


@dataclass(eq=False)
class CodeRefused(Problem):
    """The subscription is not eligible for the promotion; `reason` is the first reason."""

    promotion: SubscriptionPromotion
    reason: IneligibleReason


@dataclass(eq=False)
class MaxUsageTooLow(Problem):
    """The limit is below the `usage` counted so far."""

    usage: int


class IdempotencyKeyReused(Problem):
    """Another request was sent with this Idempotency-Key."""


@dataclass(eq=False)
class IdempotencyKeyBusy(Problem):
    """A request with this Idempotency-Key is running; try again in `retry_after` seconds."""

    retry_after: int


class ParquetUnavailable(Problem):
    """Parquet files need pyarrow (`sconto[parquet]`), which is not installed."""


@dataclass(eq=False)
class EventsGone(Problem):
    """The next event after a position is no longer kept; the oldest one comes after `oldest`."""

    oldest: int


class RecordingNeeded(Problem):
    """Recording cannot be switched off while a webhook is enabled."""


@dataclass(eq=False)
class WebhookNotFound(Problem):
    """The merchant has no such webhook."""

    webhook_id: int


@dataclass(eq=False)
class DeliveryNotFound(Problem):
    """The webhook has no such delivery, or its event is no longer kept."""

    delivery_id: int


@dataclass(eq=False)
class TooManyWebhooks(Problem):
    """A merchant may have no more than `most` webhooks."""

    most: int
