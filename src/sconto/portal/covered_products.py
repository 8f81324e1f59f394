"""The products of a promotion: list, search, download."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Final

from starlette.responses import Response, StreamingResponse

from sconto.domain.covered_products import MAX_COVERED_COUNTED, CoveredProduct, CoveredQuery
from sconto.domain.money import format_amount, format_percent
from sconto.domain.people import Action
from sconto.domain.spreadsheet import BYTE_ORDER_MARK, shown_as_text
from sconto.operations import covered_products
from sconto.operations.turns import in_short_turns
from sconto.portal.pages import read
from sconto.portal.promotion import find, show
from sconto.portal.visit import Visit

_COLUMNS: Final = ("product_id", "name", "percent", "price", "price_with_promotion", "currency")


async def show_products(visit: Visit) -> Response:
    """The products that were searched for, a page at a time."""
    heading = await find(visit)
    query = CoveredQuery(after=visit.id_in_query("after") or 0, search=visit.search("search"))
    page = await covered_products.list_covered(
        visit.context.database, visit.caller, heading.summary.id, query
    )
    return show(
        visit,
        "promotions/products.html",
        heading,
        page=page,
        query=query,
        most=MAX_COVERED_COUNTED,
    )


async def download(visit: Visit) -> Response:
    """Stream the products that were searched for as a CSV file."""
    heading = await find(visit)
    promotion_id = heading.summary.id
    parts = covered_products.export_covered(
        visit.context.database, visit.caller, promotion_id, visit.search("search")
    )
    headers = {"Content-Disposition": f'attachment; filename="products-{promotion_id}.csv"'}
    turns, merchant_id = visit.context.short_turns, visit.caller.merchant_id
    lines = in_short_turns(turns, merchant_id, parts, _write_lines)
    return StreamingResponse(_write_file(lines), media_type="text/csv", headers=headers)


async def _write_file(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    yield BYTE_ORDER_MARK + ",".join(_COLUMNS) + "\r\n"
    async for some in lines:
        yield some


def _write_lines(part: Sequence[CoveredProduct]) -> str:
    lines = io.StringIO()
    csv.writer(lines).writerows(map(_cells, part))
    return lines.getvalue()


def _cells(covered: CoveredProduct) -> tuple[object, ...]:
    percent = format_percent(covered.percent)
    product, price = covered.product, covered.price_after
    if product is None or price is None:
        return (covered.product_id, "", percent, "", "", "")
    before, after = (format_amount(one, product.currency) for one in (product.price, price))
    name = shown_as_text(product.name)
    return (covered.product_id, name, percent, before, after, product.currency)


PAGES: Final = (
    read("/promotions/{promotion_id}/products", show_products, Action.READ_PROMOTIONS),
    read("/promotions/{promotion_id}/products.csv", download, Action.READ_PROMOTIONS),
)
