"""The products of a promotion: list, search, download."""

from typing import Final

from starlette.responses import Response

from sconto.domain.covered_products import MAX_COVERED_COUNTED, CoveredProduct, CoveredQuery
from sconto.domain.money import format_amount, format_percent
from sconto.domain.people import Action
from sconto.domain.spreadsheet import shown_as_text
from sconto.operations import covered_products
from sconto.portal.csv_files import stream_csv
from sconto.portal.pages import read
from sconto.portal.promotion import find_heading, show_page
from sconto.portal.visit import Visit

_COLUMNS: Final = ("product_id", "name", "percent", "price", "price_with_promotion", "currency")


async def show_products(visit: Visit) -> Response:
    """The products that were searched for, a page at a time."""
    heading = await find_heading(visit)
    query = CoveredQuery(after=visit.id_in_query("after") or 0, search=visit.search("search"))
    page = await covered_products.list_covered(
        visit.context.database, visit.caller, heading.summary.id, query
    )
    return show_page(
        visit,
        "promotions/products.html",
        heading,
        page=page,
        query=query,
        most=MAX_COVERED_COUNTED,
    )


async def download(visit: Visit) -> Response:
    """Stream the products that were searched for as a CSV file."""
    heading = await find_heading(visit)
    promotion_id = heading.summary.id
    parts = covered_products.export_covered(
        visit.context.database, visit.caller, promotion_id, visit.search("search")
    )
    return stream_csv(visit, f"products-{promotion_id}", _COLUMNS, parts, _cells)


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
