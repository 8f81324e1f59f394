"""Settings of a merchant: what is valid, and the links that carry a code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.merchant_settings import (
    MerchantSettings,
    Setting,
    fill_code_link,
    find_faults,
    is_code_link,
)


@pytest.mark.parametrize(
    "pattern",
    [
        "https://shop.example/?code={code}",
        "https://shop.example/c/{code}",
        "http://localhost:3000/#code={code}&from=mail",
        "https://shop.example?code={code}",
    ],
)
def test_a_link_has_the_code_after_the_servers_name(pattern: str) -> None:
    assert is_code_link(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "{code}",
        "https://shop.example/",
        "https://shop.example/{code}/{code}",
        "https://{code}.example/",
        "https://shop.example{code}/",
        "https://shop.example:{code}/",
        "https://ada@shop.example/{code}",
        "https://shop.example:99999/{code}",
        "https:///{code}",
        "javascript:alert('{code}')//",
        "javascript://shop.example/%0A{code}",
        "ftp://shop.example/{code}",
        "https://shop.example/ {code}",
        "https://shop.example/{code}\n",
        'https://shop.example/{code}"',
        "https://shop.example/{other}{code}",
        "https://[shop/{code}",
        f"https://shop.example/{'a' * 500}{{code}}",
    ],
)
def test_other_texts_are_not_links(pattern: str) -> None:
    assert not is_code_link(pattern)


@given(st.text(st.characters(codec="utf-8")))
def test_every_code_stays_in_its_place(code: str) -> None:
    link = fill_code_link("https://shop.example/?code={code}&x=1", code)
    assert link.startswith("https://shop.example/?code=")
    assert link.endswith("&x=1")
    assert link.isascii()
    assert set("&#?/ {}") & set(link[27:-4]) == set()


def test_all_faults_are_found_together() -> None:
    wrong = MerchantSettings(" ", "Mars/Olympus", "EURO", "shop.example")
    assert find_faults(wrong) == [
        Setting.SHOP_NAME,
        Setting.TIME_ZONE,
        Setting.CURRENCY,
        Setting.CODE_LINK,
    ]
    right = MerchantSettings("Tea", "Asia/Tokyo", "JPY", "https://tea.example/{code}", True)
    assert find_faults(right) == []
    assert right.link_for("A B") == "https://tea.example/A%20B"
    assert MerchantSettings().link_for("A") is None
