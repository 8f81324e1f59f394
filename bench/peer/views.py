"""A cart's price and an order, with Oscar's own basket, applicator and order creator."""

import json
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from oscar.core.loading import get_class, get_model

Applicator = get_class("offer.applicator", "Applicator")
NoShippingRequired = get_class("shipping.methods", "NoShippingRequired")
OrderCreator = get_class("order.utils", "OrderCreator")
OrderTotalCalculator = get_class("checkout.calculators", "OrderTotalCalculator")
Selector = get_class("partner.strategy", "Selector")
Basket = get_model("basket", "Basket")
Product = get_model("catalogue", "Product")
Voucher = get_model("voucher", "Voucher")


def ready(_: HttpRequest) -> HttpResponse:
    """Say that the peer is ready."""
    return HttpResponse()


def quote(request: HttpRequest) -> HttpResponse:
    """The totals of a cart. Nothing is stored, as for a quote of Sconto."""
    with transaction.atomic():
        answer = _totals(_fill_basket(request))
        transaction.set_rollback(True)
    return JsonResponse(answer)


def place_order(request: HttpRequest) -> HttpResponse:
    """The totals of a cart that becomes an order."""
    with transaction.atomic():
        basket = _fill_basket(request)
        shipping = NoShippingRequired()
        charge = shipping.calculate(basket)
        total = OrderTotalCalculator().calculate(basket, charge)
        answer = _totals(basket)
        OrderCreator().place_order(basket, total, shipping, charge, AnonymousUser())
        basket.submit()
    return JsonResponse(answer, status=201)


def _fill_basket(request: HttpRequest) -> Any:
    """A basket with the cart's products and codes, and all offers applied.

    Amounts come from the catalogue: Oscar takes none from a request.
    """
    cart = json.loads(request.body)
    products = Product.objects.in_bulk([line["product_id"] for line in cart["lines"]])
    basket = Basket.objects.create()
    basket.strategy = Selector().strategy()
    for line in cart["lines"]:
        basket.add_product(products[line["product_id"]], line["quantity"])
    for voucher in Voucher.objects.filter(code__in=[code.upper() for code in cart["codes"]]):
        basket.vouchers.add(voucher)
    Applicator().apply(basket, AnonymousUser(), request)
    return basket


def _totals(basket: Any) -> dict[str, object]:
    lines = [
        {
            "product_id": line.product_id,
            "quantity": line.quantity,
            "subtotal": str(line.line_price_incl_tax),
            "discount": str(line.discount_value),
            "total": str(line.line_price_incl_tax_incl_discounts),
        }
        for line in basket.all_lines()
    ]
    return {
        "currency": basket.currency,
        "lines": lines,
        "codes": [applied["voucher"].code for applied in basket.grouped_voucher_discounts],
        "discount": str(basket.total_discount),
        "total": str(basket.total_incl_tax),
    }
