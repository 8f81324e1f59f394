"""Whose failures are counted together, and how long to wait."""

from datetime import UTC, datetime, timedelta

import pytest

from sconto.domain.sign_in import seconds_until, subjects_of_attempt

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def address_key(address: str) -> str:
    return subjects_of_attempt("demo", address)[1].key


def test_ten_failures_of_a_user_and_fifty_of_an_address_are_allowed() -> None:
    user, address = subjects_of_attempt("demo", "192.0.2.1")
    assert (user.allowed, address.allowed) == (10, 50)


def test_users_are_told_apart_by_the_exact_name() -> None:
    keys = {subjects_of_attempt(name, "192.0.2.1")[0].key for name in ["demo", "Demo", "demo "]}
    assert len(keys) == 3


def test_a_name_is_not_kept_as_it_was_typed() -> None:
    user, _ = subjects_of_attempt("my-secret\x00" + "x" * 100_000 + "\ud800", "192.0.2.1")
    assert "secret" not in user.key
    assert len(user.key) < 100


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff:0:0:2"), ("::ffff:192.0.2.1", "192.0.2.1")],
)
def test_addresses_of_one_person_count_together(one: str, other: str) -> None:
    assert address_key(one) == address_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8:0:1::1")]
)
def test_other_addresses_do_not(one: str, other: str) -> None:
    assert address_key(one) != address_key(other)


def test_a_caller_without_an_address_counts_too() -> None:
    assert address_key("") == address_key("/run/socket")


@pytest.mark.parametrize(
    ("ahead", "seconds"),
    [
        (timedelta(seconds=900), 900),
        (timedelta(seconds=899, microseconds=1), 900),
        (timedelta(microseconds=1), 1),
        (timedelta(0), 1),
        (timedelta(seconds=-5), 1),
    ],
)
def test_seconds_are_rounded_up_and_at_least_one(ahead: timedelta, seconds: int) -> None:
    assert seconds_until(NOW + ahead, NOW) == seconds
