"""Why something cannot be done: facts for the caller, without a wire's words or numbers."""

from sconto.domain.people import Action


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


class ProductNotFound(Problem):
    """The merchant's catalogue does not have this product."""

    def __init__(self, product_id: int) -> None:
        super().__init__(f"product {product_id} not found")
        self.product_id = product_id


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


class AccessDenied(Problem):
    """The caller's role does not allow the action."""

    def __init__(self, action: Action) -> None:
        super().__init__(f"not allowed to {action}")
        self.action = action


class BodyTooLarge(Problem):
    """The request's body has more bytes than anybody may send."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


class UnsupportedMediaType(Problem):
    """The request's body is of another type than the address takes."""
