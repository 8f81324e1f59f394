"""SQL for the kind of a promotion."""


def kind_of(column: str = "type") -> str:
    """The PromotionKind of a row of `promotions`, by the column of its type."""
    return f"CASE {column} WHEN 'cart' THEN 'cart' ELSE 'product' END"
