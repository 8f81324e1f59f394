"""What the routes of the checkout API share."""

from starlette.requests import Request

from sconto.domain.names import is_reference
from sconto.domain.problems import OrderNotFound


def order_id_of(request: Request) -> str:
    """The id in the path, which may contain slashes. Raises OrderNotFound if it is not valid."""
    order_id: str = request.path_params["order_id"]
    if not is_reference(order_id):
        raise OrderNotFound(order_id)
    return order_id
