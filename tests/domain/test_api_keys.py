"""API keys: their form and checksum let scanners find leaked keys and nothing else."""

import re
from zlib import crc32

import pytest

from sconto.domain.api_keys import ALPHABET, is_key, key_hash, shown_prefix, write_key

SECRET = "7fGh2LmNq8RsTuVwXyZ0aBcDeFgHi3"
KEY = write_key(SECRET)


def test_a_key_has_a_start_that_scanners_find() -> None:
    assert re.fullmatch("sconto_live_[0-9A-Za-z]{36}", KEY)
    assert is_key(KEY)


def test_the_checksum_is_the_crc_32_of_the_secret_in_base_62() -> None:
    assert KEY.startswith(f"sconto_live_{SECRET}")
    number = 0
    for digit in KEY[-6:]:
        number = number * 62 + ALPHABET.index(digit)
    assert number == crc32(SECRET.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sconto_live_",
        KEY[:-1],
        f"{KEY}0",
        f" {KEY}",
        KEY.replace("live", "test"),
        KEY[:20] + ("0" if KEY[20] != "0" else "1") + KEY[21:],
        KEY[:-1] + ("0" if KEY[-1] != "0" else "1"),
        f"{KEY[:-1]}é",
    ],
)
def test_a_mistyped_key_is_none(text: str) -> None:
    assert not is_key(text)


def test_the_hash_and_the_prefix_do_not_reveal_the_key() -> None:
    assert len(key_hash(KEY)) == 32
    assert key_hash(KEY) != key_hash(write_key(SECRET[::-1]))
    assert shown_prefix(KEY) == "sconto_live_7fGh"
