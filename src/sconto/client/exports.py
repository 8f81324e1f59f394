"""The export API: orders, redemptions, returns and codes as files, whole in memory."""

from typing import Any, Literal

from sconto.client.bodies.words import CodeState, OrderStatus
from sconto.client.call import Api, Call, S, operation

Format = Literal["csv", "parquet"]


class Exports(Api[S]):
    """`client.exports`. Times are in RFC 3339; the last one is not included."""

    @operation
    def orders(
        self,
        *,
        format: Format = "csv",
        since: str | None = None,
        until: str | None = None,
        status: OrderStatus | None = None,
        customer_id: str | None = None,
        promotion_id: int | None = None,
        code: str | None = None,
    ) -> Call[bytes]:
        """The orders, a line each."""
        filters = (format, since, until, status, customer_id, promotion_id, code)
        return _of_orders("orders", *filters)

    @operation
    def redemptions(
        self,
        *,
        format: Format = "csv",
        since: str | None = None,
        until: str | None = None,
        status: OrderStatus | None = None,
        customer_id: str | None = None,
        promotion_id: int | None = None,
        code: str | None = None,
    ) -> Call[bytes]:
        """The redemptions of orders, a line each."""
        filters = (format, since, until, status, customer_id, promotion_id, code)
        return _of_orders("redemptions", *filters)

    @operation
    def returns(
        self,
        *,
        format: Format = "csv",
        since: str | None = None,
        until: str | None = None,
        customer_id: str | None = None,
    ) -> Call[bytes]:
        """The returned lines and shipping, a line each; the times are those of the returns."""
        query = {"format": format, "from": since, "until": until, "customer_id": customer_id}
        return Call("GET", "/export/v1/returns", query=query, read=_read_bytes)

    @operation
    def codes(
        self,
        *,
        format: Format = "csv",
        promotion_id: int | None = None,
        state: CodeState | None = None,
    ) -> Call[bytes]:
        """The codes, a line each."""
        query = {"format": format, "promotion_id": promotion_id, "state": state}
        return Call("GET", "/export/v1/codes", query=query, read=_read_bytes)


_FILTERS = ("format", "from", "until", "status", "customer_id", "promotion_id", "code")


def _of_orders(what: str, *values: str | int | None) -> Call[bytes]:
    query = dict(zip(_FILTERS, values, strict=True))
    return Call("GET", f"/export/v1/{what}", query=query, read=_read_bytes)


def _read_bytes(answer: Any) -> bytes:
    content: bytes = answer.content
    return content
