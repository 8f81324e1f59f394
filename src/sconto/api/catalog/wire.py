"""Reads the catalogue API's requests and writes its answers, field by field."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sconto.api.catalog.faults import NAME_RULE, say_product_fault
from sconto.api.cursors import read_cursor, write_cursor
from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.list_parameters import ListParameters
from sconto.api.problem_json import find_unknown, pointer
from sconto.domain.money import format_amount
from sconto.domain.names import is_name
from sconto.domain.product import (
    MAX_PRODUCTS,
    Product,
    ProductPage,
    ProductQuery,
    PutCounts,
    read_product,
)


def read_products(body: Mapping[str, object]) -> tuple[Product, ...]:
    """The products to put, each named once. Raises InvalidFields."""
    items = body.get("products")
    outcomes: list[Product | tuple[FieldFault, ...]]
    if isinstance(items, list) and 1 <= len(items) <= MAX_PRODUCTS:
        outcomes = [_read_item(f"/products/{index}", item) for index, item in enumerate(items)]
    else:
        outcomes = [(FieldFault("/products", f"must be a list of 1 to {MAX_PRODUCTS} products"),)]
    faults = [
        *(fault for outcome in outcomes if isinstance(outcome, tuple) for fault in outcome),
        *_find_repeats(outcomes),
        *find_unknown(body, ("products",)),
    ]
    if faults:
        raise InvalidFields(faults)
    return tuple(outcome for outcome in outcomes if isinstance(outcome, Product))


def _read_item(place: str, item: object) -> Product | tuple[FieldFault, ...]:
    if not isinstance(item, dict):
        return (FieldFault(place, "must be an object"),)
    product = read_product(item)
    if isinstance(product, Product):
        return product
    return tuple(
        FieldFault(place + pointer(fault.field), say_product_fault(fault)) for fault in product
    )


def _find_repeats(outcomes: Iterable[object]) -> Iterator[FieldFault]:
    first: dict[int, int] = {}
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, Product):
            earlier = first.setdefault(outcome.product_id, index)
            if earlier != index:
                reason = f"is the same as /products/{earlier}/product_id"
                yield FieldFault(f"/products/{index}/product_id", reason)


def render_counts(counts: PutCounts) -> dict[str, object]:
    """How many products were created, updated and left unchanged."""
    return {
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
    }


def read_query(parameters: Sequence[tuple[str, str]]) -> ProductQuery:
    """Which products to list. Raises InvalidFields, with `/limit` for the parameter `limit`."""
    query = ListParameters(parameters, ("limit", "cursor", "search"))
    limit, after = query.limit(MAX_PRODUCTS), query.cursor(read_cursor)
    search = query.get("search") or None
    if search is not None and not is_name(search):
        query.note("search", NAME_RULE)
    query.finish()
    return ProductQuery(limit, after or 0, search)


def render_page(page: ProductPage) -> dict[str, object]:
    """A page of the list, and the cursor of the next one."""
    return {
        "products": [render_product(product) for product in page.products],
        "next_cursor": write_cursor(page.products[-1].product_id) if page.more else None,
    }


def render_product(product: Product) -> dict[str, object]:
    """A product, with its tags, if any."""
    tags = {"tags": list(product.tags)} if product.tags else {}
    return {
        "product_id": product.product_id,
        "name": product.name,
        "price": format_amount(product.price, product.currency),
        "currency": product.currency,
        **tags,
    }
