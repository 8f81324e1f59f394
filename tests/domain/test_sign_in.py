"""Limits on failed sign-ins, and how long to wait."""

from datetime import UTC, datetime, timedelta

import pytest

from sconto.domain.sign_in import (
    TypedName,
    limits_of_attempt,
    password_checks_for,
    read_name,
    seconds_until,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def address_key(address: str) -> str:
    return limits_of_attempt("demo", address)[1].key


def test_limits_are_ten_failures_of_a_pair_fifty_of_an_address_a_hundred_of_a_name() -> None:
    subjects = limits_of_attempt("demo", "192.0.2.1")
    assert [subject.allowed for subject in subjects] == [10, 50, 100]
    assert all(subject.binding for subject in subjects)


def test_known_addresses_have_the_pairs_limit_and_token_holders_one_of_their_own() -> None:
    known = limits_of_attempt("demo", "192.0.2.1", is_exempt=True)
    assert [subject.binding for subject in known] == [True, False, False]
    *rest, own = limits_of_attempt("demo", "192.0.2.1", holder=7)
    assert not any(subject.binding for subject in rest)
    assert (own.allowed, own.binding) == (10, True)
    assert own.key == limits_of_attempt("other", "192.0.2.2", holder=7)[-1].key


@pytest.mark.parametrize(("users", "looks"), [(0, 2), (1, 2), (2, 2), (3, 4), (4, 4), (9, 16)])
def test_password_checks_are_a_power_of_two(users: int, looks: int) -> None:
    assert password_checks_for(users) == looks


def test_a_name_is_read_as_a_whole_and_as_merchant_and_user() -> None:
    assert read_name("demo") == TypedName("demo", None, None)
    assert read_name("Nord/Süd/demo") == TypedName("Nord/Süd/demo", "Nord/Süd", "demo")
    assert read_name(f"{'m' * 255}/{'u' * 255}") is not None


@pytest.mark.parametrize("text", ["", "a\x00b", "x" * 256, f"{'m' * 256}/u", "\ud800/x", "\n"])
def test_texts_that_cannot_be_names_are_refused(text: str) -> None:
    assert read_name(text) is None


def test_the_exact_name_identifies_a_user() -> None:
    keys = {limits_of_attempt(name, "192.0.2.1")[0].key for name in ["demo", "Demo", "demo "]}
    assert len(keys) == 3


def test_a_typed_name_is_stored_only_as_a_hash() -> None:
    for subject in limits_of_attempt("my-secret\x00" + "x" * 100_000 + "\ud800", "192.0.2.1"):
        assert "secret" not in subject.key
        assert len(subject.key) < 100


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff:0:0:2"), ("::ffff:192.0.2.1", "192.0.2.1")],
)
def test_addresses_of_one_person_count_together(one: str, other: str) -> None:
    assert address_key(one) == address_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8:0:1::1")]
)
def test_addresses_of_different_people_count_apart(one: str, other: str) -> None:
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
