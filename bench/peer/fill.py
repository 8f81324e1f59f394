"""Fills the peer's empty database with the shop that is on standard input as JSON.

The model is as close to ours as Oscar allows. Each promotion is an exclusive offer on a range of
products. The higher its percent, the earlier it is tried, so that a product gets only the highest.
Of the offers on all products, the one created last comes first. Codes are vouchers that may be used
any number of times. Stock is not tracked.
"""

import json
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import django
from django.core.management import call_command
from django.db import connection, transaction
from oscar.core.loading import get_model

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def main() -> None:
    """Create the tables, fill them, and let PostgreSQL collect statistics."""
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    shop = json.load(sys.stdin)
    with transaction.atomic():
        _add_products(shop["products"], Decimal(shop["price"]))
        everything = get_model("offer", "Range").objects.create(
            name="All products", includes_all_products=True
        )
        for number, promotion in enumerate(shop["promotions"]):
            _add_promotion(f"Promotion {number}", promotion, everything)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _add_products(number: int, price: Decimal) -> None:
    """Products with the ids from 1, at one price."""
    product_class = get_model("catalogue", "ProductClass").objects.create(
        name="Product", track_stock=False
    )
    partner = get_model("partner", "Partner").objects.create(name="Partner")
    product, stock = get_model("catalogue", "Product"), get_model("partner", "StockRecord")
    names = {product_id: f"product-{product_id}" for product_id in range(1, number + 1)}
    product.objects.bulk_create(
        product(id=product_id, upc=name, title=name, slug=name, product_class=product_class)
        for product_id, name in names.items()
    )
    stock.objects.bulk_create(
        stock(
            product_id=product_id,
            partner=partner,
            partner_sku=name,
            price_currency="EUR",
            price=price,
        )
        for product_id, name in names.items()
    )


def _add_promotion(name: str, promotion: dict[str, Any], everything: Any) -> None:
    """An offer with its condition and benefit, and a voucher for each of its codes."""
    covered = _range(name, promotion["products"]) if promotion["products"] else everything
    condition, benefit, offer_model, voucher_model = (
        get_model("offer", "Condition"),
        get_model("offer", "Benefit"),
        get_model("offer", "ConditionalOffer"),
        get_model("voucher", "Voucher"),
    )
    offer = offer_model.objects.create(
        name=name,
        offer_type=offer_model.VOUCHER if promotion["codes"] else offer_model.SITE,
        status=offer_model.OPEN if promotion["active"] else offer_model.SUSPENDED,
        priority=promotion["priority"],
        start_datetime=promotion["starts_at"],
        end_datetime=promotion["ends_at"],
        condition=condition.objects.create(type=condition.COUNT, value=1, range=covered),
        benefit=benefit.objects.create(
            type=benefit.PERCENTAGE, value=promotion["percent"], range=covered
        ),
    )
    for code in promotion["codes"]:
        voucher = voucher_model.objects.create(
            name=code,
            code=code,
            usage=voucher_model.MULTI_USE,
            start_datetime=_FIRST,
            end_datetime=_LAST,
        )
        voucher.offers.add(offer)


def _range(name: str, products: list[int]) -> Any:
    covered = get_model("offer", "Range").objects.create(name=name)
    links = get_model("offer", "RangeProduct")
    links.objects.bulk_create(links(range=covered, product_id=product) for product in products)
    return covered


if __name__ == "__main__":
    main()
