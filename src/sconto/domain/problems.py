"""Why something cannot be done: facts for the caller, without a wire's words or numbers."""

from sconto.domain.code_file import RefusedCodeLine
from sconto.domain.order import StoredOrder
from sconto.domain.people import Action
from sconto.domain.pricing import PricedCart
from sconto.domain.product import RefusedLine
from sconto.domain.promotion import PromotionType
from sconto.domain.subscription_promotion import IneligibleReason, SubscriptionPromotion


class Problem(Exception):
    """A request that the rules refuse; nothing was changed."""


class PromotionNotFound(Problem):
    """No such promotion, or not this merchant's, or deleted: one cannot tell."""

    def __init__(self, promotion_id: int) -> None:
        super().__init__(f"promotion {promotion_id} not found")
        self.promotion_id = promotion_id


class UnknownProducts(Problem):
    """The merchant's catalogue does not have these products."""

    def __init__(self, product_ids: tuple[int, ...]) -> None:
        super().__init__(f"products {product_ids} not found")
        self.product_ids = product_ids


class PeriodReversed(Problem):
    """The end lies before the start."""


class TermsMissing(Problem):
    """A promotion cannot change its type without the terms of the new one."""

    def __init__(self, promotion_type: PromotionType) -> None:
        super().__init__(f"no terms for type {promotion_type}")
        self.type = promotion_type


class NoCodesAllowed(Problem):
    """The promotion applies by itself: it has no codes."""

    def __init__(self) -> None:
        super().__init__("the promotion applies by itself and has no codes")


class CodesTaken(Problem):
    """The promotion has these codes already, in some spelling, or they were sent twice."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        super().__init__(f"codes {codes} are there already")
        self.codes = codes


class NoCodesSent(Problem):
    """There is no code in what was sent."""

    def __init__(self) -> None:
        super().__init__("there are no codes in it")


class CodeFileRefused(Problem):
    """Lines of a file of codes cannot be taken; `lines` are the first of `total` such lines."""

    def __init__(self, lines: tuple[RefusedCodeLine, ...], total: int) -> None:
        lines_are = "1 line is" if total == 1 else f"{total:,} lines are"
        super().__init__(f"nothing was imported: {lines_are} not valid")
        self.lines = lines
        self.total = total


class CursorRefused(Problem):
    """The cursor is none that a page before has named."""


class PatternRefused(Problem):
    """No codes can be generated in this way; the text says why."""


class GenerationNotFound(Problem):
    """No such generation of codes, or not this merchant's: one cannot tell."""

    def __init__(self, generation_id: int) -> None:
        super().__init__(f"generation {generation_id} not found")
        self.generation_id = generation_id


class ProductNotFound(Problem):
    """The merchant's catalogue does not have this product."""

    def __init__(self, product_id: int) -> None:
        super().__init__(f"product {product_id} not found")
        self.product_id = product_id


class ImportRefused(Problem):
    """Lines of a product file cannot be taken; `lines` are the first of `total` such lines."""

    def __init__(self, lines: tuple[RefusedLine, ...], total: int) -> None:
        lines_are = "1 line is" if total == 1 else f"{total:,} lines are"
        super().__init__(f"nothing was imported: {lines_are} not valid")
        self.lines = lines
        self.total = total


class OrderNotFound(Problem):
    """The merchant has placed no order under this id."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"order {order_id} not found")
        self.order_id = order_id


class TokenMissing(Problem):
    """The request names nobody."""


class TokenInvalid(Problem):
    """The token is none of ours, or no longer counts."""


class TokenExpired(Problem):
    """The token was ours once."""


class BadCredentials(Problem):
    """No such user, or another password: one cannot tell."""


class TooManyAttempts(Problem):
    """Too many sign-ins failed; `retry_after` seconds from now another one is looked at."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many failed attempts, wait {retry_after} s")
        self.retry_after = retry_after


class TooManyUnknownCodes(Problem):
    """Too many codes that nobody made; in `retry_after` seconds carts with codes are taken."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many unknown codes, wait {retry_after} s")
        self.retry_after = retry_after


class AccessDenied(Problem):
    """The caller's role does not allow the action."""

    def __init__(self, action: Action) -> None:
        super().__init__(f"not allowed to {action}")
        self.action = action


class BodyTooLarge(Problem):
    """The request's body has more bytes than its address takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


class UnsupportedMediaType(Problem):
    """The request's body is of another type than the address takes."""


class BodyEncoded(Problem):
    """The request's body is compressed, which no address takes."""


class TooManyLargeRequests(Problem):
    """The merchant's large requests are too many; in so many seconds it is worth another try."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many large requests at once, wait {retry_after} s")
        self.retry_after = retry_after


class MerchantNotFound(Problem):
    """No merchant has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"merchant {name!r} not found")
        self.name = name


class UserNotFound(Problem):
    """No user has this name."""

    def __init__(self, username: str) -> None:
        super().__init__(f"user {username!r} not found")
        self.username = username


class UserAmbiguous(Problem):
    """Users of several merchants have this name."""

    def __init__(self, username: str) -> None:
        super().__init__(f"several merchants have a user {username!r}")
        self.username = username


class OwnAccess(Problem):
    """Nobody changes their own role, or keeps themselves out."""


class NameTaken(Problem):
    """Another merchant, or another user of the merchant, already has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is taken")
        self.name = name


class NotAName(Problem):
    """A text that no merchant or user can be called: see `is_name` and `is_username`."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is no name")
        self.name = name


class PasswordRefused(Problem):
    """A password that is too short or too long to be given to a user."""


class OrderConflict(Problem):
    """Another cart was placed under this order id; `order` is what is stored."""

    def __init__(self, order: StoredOrder) -> None:
        super().__init__(f"order {order.order_id!r} was placed with another cart")
        self.order = order


class TotalDiffers(Problem):
    """The cart does not cost what the shopper agreed to; `quote` is what it costs."""

    def __init__(self, quote: PricedCart) -> None:
        super().__init__("the total differs from the expected one")
        self.quote = quote


class CodesUsedUp(Problem):
    """Another order used up an activated code; `quote` is what the cart costs without it."""

    def __init__(self, quote: PricedCart) -> None:
        super().__init__("an activated code is used up")
        self.quote = quote


class ReplacedOrderNotFound(Problem):
    """The merchant has placed no order under the id of the one to be replaced."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"order {order_id!r} to be replaced not found")
        self.order_id = order_id


class OrderNotReplaceable(Problem):
    """The order to be replaced was paid, or is deleted; `order` is what is stored."""

    def __init__(self, order: StoredOrder) -> None:
        super().__init__(f"order {order.order_id!r} cannot be replaced: it is {order.status}")
        self.order = order


class OrderBusy(Problem):
    """Something else is using the order or one of its codes; ask again in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"held up, wait {retry_after} s")
        self.retry_after = retry_after


class OrderReplaced(Problem):
    """Another order took this one's place, and its codes; it stays deleted."""

    def __init__(self, order: StoredOrder) -> None:
        super().__init__(f"order {order.order_id!r} was replaced by {order.replaced_by!r}")
        self.order = order


class SubscriptionPromotionNotFound(Problem):
    """No such subscription promotion, or not this merchant's, or archived: one cannot tell."""

    def __init__(self, promotion_id: str) -> None:
        super().__init__(f"subscription promotion {promotion_id!r} not found")
        self.promotion_id = promotion_id


class SubscriptionCodeNotFound(Problem):
    """None of the merchant's subscription promotions has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"subscription code {code!r} not found")
        self.code = code


class SubscriptionCodeTaken(Problem):
    """Another of the merchant's subscription promotions has this code, in some spelling."""

    def __init__(self, code: str) -> None:
        super().__init__(f"subscription code {code!r} is taken")
        self.code = code


class ApplicationNotFound(Problem):
    """No code was applied under this id, or it was another promotion's."""

    def __init__(self, application_id: str) -> None:
        super().__init__(f"application {application_id!r} not found")
        self.application_id = application_id


class CodeRefused(Problem):
    """The subscription may not have the promotion's code; `reason` is the first reason."""

    def __init__(self, promotion: SubscriptionPromotion, reason: IneligibleReason) -> None:
        super().__init__(f"subscription promotion {promotion.id} refused: {reason}")
        self.promotion = promotion
        self.reason = reason


class MaxUsageTooLow(Problem):
    """The limit lies below the `usage` that is counted already."""

    def __init__(self, usage: int) -> None:
        super().__init__(f"used {usage} times already")
        self.usage = usage


class IdempotencyKeyReused(Problem):
    """Another request was sent with this Idempotency-Key."""


class IdempotencyKeyBusy(Problem):
    """The request with this Idempotency-Key is under way; ask again in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"under way, wait {retry_after} s")
        self.retry_after = retry_after
