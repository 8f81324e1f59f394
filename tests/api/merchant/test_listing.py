"""The query of the list of promotions."""

import pytest

from sconto.api.merchant.errors import Refused, fault
from sconto.api.merchant.listing import read_query
from sconto.domain.promotion import PromotionQuery


def test_without_parameters_everything_is_listed() -> None:
    assert read_query([]) == PromotionQuery()


def test_all_parameters_are_read() -> None:
    sent = {
        "limit": "10",
        "offset": "20",
        "status": "1",
        "expired": "0",
        "search_string": "Bla",
        "sort_by_update_date": "desc",
    }
    assert read_query(sent.items()) == PromotionQuery(
        limit=10, offset=20, active=True, expired=False, search="Bla", sort="desc"
    )


def test_zero_is_a_valid_count() -> None:
    assert read_query([("limit", "0"), ("offset", "0")]) == PromotionQuery(limit=0, offset=0)


def test_if_a_parameter_is_repeated_the_last_value_counts() -> None:
    assert read_query([("limit", "x"), ("limit", "2")]) == PromotionQuery(limit=2)


COUNTS = ["", " ", "-1", "+1", "1.0", "1e3", "x", "1 ", "٣", "²", "9223372036854775808", "9" * 5000]
FLAGS = ["", "2", "-1", "true", "01", " 1", "１"]  # noqa: RUF001  # a wide digit is the point


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("limit", value) for value in COUNTS),
        *(("offset", value) for value in COUNTS),
        *(("status", value) for value in FLAGS),
        *(("expired", value) for value in FLAGS),
        *(("search_string", value) for value in ["", "ab", "a\x00bc", "a\nbc"]),
        *(("sort_by_update_date", value) for value in ["", "ASC", "down", "1", "asc "]),
        ("Limit", "1"),
        ("page", "1"),
        ("", ""),
    ],
)
def test_a_bad_value_or_an_unknown_parameter_is_named(name: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        read_query([(name, value)])
    assert (refused.value.status, refused.value.faults) == (400, (fault(11010, name),))


def test_bad_parameters_come_in_the_documented_order_and_unknown_ones_last() -> None:
    sent = ["z", "sort_by_update_date", "search_string", "expired", "a", "status", "offset"]
    with pytest.raises(Refused) as refused:
        read_query([(name, "x") for name in [*sent, "limit"]])
    ordered = ["limit", "offset", "status", "expired", "search_string", "sort_by_update_date"]
    assert list(refused.value.faults) == [fault(11010, name) for name in [*ordered, "z", "a"]]


def test_three_characters_of_any_alphabet_can_be_searched() -> None:
    assert read_query([("search_string", "Чёр")]).search == "Чёр"
    assert read_query([("search_string", "😀😀😀")]).search == "😀😀😀"
    assert read_query([("search_string", " %_")]).search == " %_"
