"""Which products a promotion covers, and with which percents."""

import pytest

from sconto.domain.coverage import (
    AllProducts,
    Coverage,
    ListedProducts,
    OwnPercents,
    named_products,
    percent_on,
)


@pytest.mark.parametrize(
    ("coverage", "on_7", "on_8"),
    [
        (AllProducts(10), 10, 10),
        (ListedProducts(10, (9, 7)), 10, None),
        (OwnPercents({9: 5, 7: 20}), 20, None),
    ],
)
def test_each_coverage_has_its_percent_on_a_product(
    coverage: Coverage, on_7: int | None, on_8: int | None
) -> None:
    assert percent_on(coverage, 7) == on_7
    assert percent_on(coverage, 8) == on_8


def test_products_keep_the_order_in_which_they_were_sent() -> None:
    assert named_products(ListedProducts(10, (9, 7, 8))) == (9, 7, 8)
    assert named_products(OwnPercents({9: 1, 7: 2})) == (9, 7)


def test_a_promotion_on_all_products_names_none() -> None:
    assert named_products(AllProducts(10)) == ()
