"""Why something cannot be done: facts for the caller, without a wire's words or numbers."""


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
