"""Two-factor sign-in: what people type, which steps count, and recovery codes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.two_factor import (
    RecoveryCode,
    TimeCode,
    limit_of_codes,
    read_code,
    recovery_hash,
    show_recovery_code,
    step_of,
    steps_at,
    write_recovery_code,
)


@pytest.mark.parametrize("text", ["123456", " 123 456 ", "123-456", "12345 6\n"])
def test_six_digits_are_a_code_however_they_are_written(text: str) -> None:
    assert read_code(text) == TimeCode("123456")


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345a", "٣٤٥٦٧٨", "0123-4567-89AB-CDE"])
def test_other_texts_are_not_codes_of_an_app(text: str) -> None:
    assert read_code(text) is None


@given(st.binary(min_size=10, max_size=10))
def test_a_recovery_code_is_read_as_shown_and_as_people_mistype_it(random: bytes) -> None:
    code = write_recovery_code(random)
    shown = show_recovery_code(code)
    assert len(shown) == 19
    assert read_code(shown) == code
    assert read_code(shown.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == code


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_different_random_bytes_make_different_codes(one: bytes, other: bytes) -> None:
    codes = [write_recovery_code(random) for random in (one, other)]
    assert (codes[0] == codes[1]) == (one == other)
    assert (recovery_hash(codes[0]) == recovery_hash(codes[1])) == (one == other)


def test_the_hash_does_not_contain_the_code() -> None:
    assert b"0" * 16 not in recovery_hash(RecoveryCode("0" * 16))


def test_codes_of_the_previous_and_the_next_step_are_accepted() -> None:
    now = datetime(2026, 11, 28, 12, 0, 29, 999_999, tzinfo=UTC)
    step = step_of(now)
    assert step == step_of(now.replace(second=0, microsecond=0))
    assert step_of(now.replace(second=30)) == step + 1
    assert set(steps_at(now)) == {step - 1, step, step + 1}
    assert next(steps_at(now)) == step


def test_failures_elsewhere_do_not_count_for_a_known_person() -> None:
    keys = {limit_of_codes(user, is_known=known).key for user in (7, 8) for known in (True, False)}
    assert len(keys) == 4
