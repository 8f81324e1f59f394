"""When messages are sent again, and with which secrets they are signed."""

from datetime import timedelta

import pytest

from sconto.domain.webhooks import (
    GIVEN_UP_AFTER,
    PAUSED_FROM,
    RETRY_DELAYS,
    AttemptResult,
    DeliveryOutcome,
    DeliveryState,
    Message,
    decide_delivery,
    is_given_up,
    message_headers,
    pause_after,
    valid_secrets,
    write_secret,
)
from tests.builders import NOON

SECOND = timedelta(seconds=1)
FAILED = AttemptResult(1, 500, "answered 500")


def test_the_example_of_the_specification_has_its_signature() -> None:
    message = Message(
        "",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        {"test": 2432232314},
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",),
    )
    sent_at = NOON.fromtimestamp(1614265330, NOON.tzinfo)
    assert message_headers(message, b'{"test": 2432232314}', sent_at) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_previous_secret_is_valid_until_its_time() -> None:
    new, old = write_secret(b"n" * 32), write_secret(b"o" * 32)
    assert valid_secrets(new, None, None, NOON) == (new,)
    assert valid_secrets(new, old, NOON + SECOND, NOON) == (new, old)
    assert valid_secrets(new, old, NOON, NOON) == (new,)


def test_attempts_are_spread_over_three_days() -> None:
    assert timedelta(days=2.9) < sum(RETRY_DELAYS, timedelta()) < GIVEN_UP_AFTER
    assert list(RETRY_DELAYS) == sorted(RETRY_DELAYS)
    now = NOON
    for attempt, delay in enumerate(RETRY_DELAYS, 1):
        decision = decide_delivery(FAILED, attempt, NOON, now)
        assert decision == DeliveryOutcome(DeliveryState.WAITING, now + delay)
        now += delay
    dead = DeliveryOutcome(DeliveryState.DEAD)
    assert decide_delivery(FAILED, len(RETRY_DELAYS) + 1, NOON, now) == dead
    assert decide_delivery(FAILED, 2, NOON, NOON + GIVEN_UP_AFTER) == dead


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_success(status: int) -> None:
    assert decide_delivery(AttemptResult(1, status), 1, NOON, NOON) == DeliveryOutcome(
        DeliveryState.DELIVERED
    )


@pytest.mark.parametrize("status", [None, 100, 301, 307, 400, 404, 429, 500])
def test_all_other_answers_are_tried_again(status: int | None) -> None:
    assert decide_delivery(AttemptResult(1, status), 1, NOON, NOON).state is DeliveryState.WAITING


def test_410_and_a_failed_test_are_not_tried_again() -> None:
    assert decide_delivery(AttemptResult(1, 410), 1, NOON, NOON).state is DeliveryState.DEAD
    assert decide_delivery(FAILED, 1, NOON, NOON, is_test=True).state is DeliveryState.DEAD


def test_a_receiver_gets_the_time_that_it_asks_for_within_bounds() -> None:
    def retry_at(pause: timedelta) -> object:
        return decide_delivery(AttemptResult(1, 503, retry_after=pause), 1, NOON, NOON).retry_at

    assert retry_at(timedelta(minutes=7)) == NOON + timedelta(minutes=7)
    assert retry_at(timedelta()) == NOON + RETRY_DELAYS[0]
    assert retry_at(timedelta(days=90)) == NOON + timedelta(hours=6)


def test_pauses_grow_with_the_time_since_the_first_failure() -> None:
    def pause(failures: int, since: timedelta) -> timedelta | None:
        return pause_after(failures, NOON, NOON + since)

    assert pause(PAUSED_FROM - 1, timedelta(days=1)) is None
    assert pause(PAUSED_FROM, timedelta()) == 5 * SECOND
    assert pause(PAUSED_FROM, 90 * SECOND) == 90 * SECOND
    assert pause(1000, timedelta(days=1)) == timedelta(minutes=10)


def test_a_webhook_is_given_up_after_three_days_of_failures() -> None:
    assert not is_given_up(None, NOON)
    assert not is_given_up(NOON, NOON + GIVEN_UP_AFTER - SECOND)
    assert is_given_up(NOON, NOON + GIVEN_UP_AFTER)
