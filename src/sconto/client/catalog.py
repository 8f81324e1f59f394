"""The catalogue API: the merchant's products."""

from collections.abc import Sequence

from sconto.client.bodies.catalog import CatalogCounts, CatalogProduct
from sconto.client.call import (
    Api,
    Call,
    Listing,
    S,
    listing,
    operation,
    pages_of,
    read_nothing,
)


class Catalog(Api[S]):
    """`client.catalog`."""

    @operation
    def put_products(self, products: Sequence[CatalogProduct]) -> Call[CatalogCounts]:
        """Create or change up to 1,000 products, all or none."""
        return Call("PUT", "/catalog/v1/products", {"products": list(products)})

    @listing
    def list_products(
        self, *, search: str | None = None, page_size: int = 1000
    ) -> Listing[CatalogProduct]:
        """The products by ascending id."""
        query = {"limit": page_size, "search": search}
        return pages_of(Call("GET", "/catalog/v1/products", query=query), "products")

    @operation
    def get_product(self, product_id: int) -> Call[CatalogProduct]:
        """The product as last put."""
        return Call("GET", f"/catalog/v1/products/{product_id}")

    @operation
    def delete_product(self, product_id: int) -> Call[None]:
        """Delete a product. Promotions that name it keep it."""
        return Call("DELETE", f"/catalog/v1/products/{product_id}", read=read_nothing)
