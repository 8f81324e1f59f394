"""The bodies of lists of orders, with an example of each."""

from typing import Annotated

from pydantic import BaseModel, Field

from openapi.checkout_models import PLACED, PlacedOrder
from openapi.fields import Absent, strict


class ListedOrder(PlacedOrder):
    """An order as it was placed, with its customer and the orders around it."""

    model_config = strict({**PLACED, "customer_id": "c-17"})

    customer_id: Annotated[str | Absent, Field(description="Only if the shop named one.")] = None
    replaces: Annotated[str | Absent, Field(description="The order that it replaced.")] = None
    replaced_by: Annotated[str | Absent, Field(description="The order that replaced it.")] = None


class OrderList(BaseModel):
    """Some orders, the newest first. Continue with `next_cursor` until it is null."""

    model_config = strict(
        {"orders": [{**PLACED, "customer_id": "c-17"}], "next_cursor": "NyA2MzkxMTYyMDgwMDAgQS0x"}
    )

    orders: list[ListedOrder]
    next_cursor: Annotated[
        str | None,
        Field(description="May be set on a page with fewer orders than `limit`, or none."),
    ]
