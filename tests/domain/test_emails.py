"""E-mail addresses of users."""

import pytest

from sconto.domain.emails import read_email


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("ada@example.com", "ada@example.com"),
        (" Ada.L+sconto@Example.COM ", "ada.l+sconto@example.com"),
        ("root@localhost", "root@localhost"),
        ("jürgen@bücher.example", "jürgen@bücher.example"),
    ],
)
def test_an_address_is_stored_in_small_letters(text: str, stored: str) -> None:
    assert read_email(text) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "a@b@c",
        "ada@example.com, eve@example.com",
        "Ada <ada@example.com>",
        "ada@example.com\nBcc: eve@example.com",
        "a b@example.com",
        f"{'a' * 251}@b.c",
        "ada@\ud800",
    ],
)
def test_other_texts_are_not_addresses(text: str) -> None:
    assert read_email(text) is None
