"""Webhooks: who gets events, how messages are signed, and when they are sent again.

Messages follow the Standard Webhooks specification (https://www.standardwebhooks.com): its headers,
its signatures and its secrets.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

MAX_WEBHOOKS: Final = 50
"""Webhooks of one merchant."""

SECRET_BYTES: Final = 32
"""Random bytes of a new secret. The specification asks for 24 to 64."""

LONGEST_OVERLAP: Final = timedelta(days=7)
DEFAULT_OVERLAP: Final = timedelta(hours=24)
"""How long the secret before the last one stays valid."""

_SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # the prefix of each secret

RETRY_DELAYS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        5,
        60,
        5 * 60,
        30 * 60,
        2 * 3600,
        5 * 3600,
        10 * 3600,
        14 * 3600,
        18 * 3600,
        22 * 3600,
    )
)
"""The pauses between attempts: three days in all."""

GIVEN_UP_AFTER: Final = timedelta(days=3)
"""A delivery whose attempt fails this long after the event is a dead letter; a webhook all of whose
attempts fail for this long is disabled."""

PAUSED_FROM: Final = 10
"""Failures in a row from which a webhook gets one attempt at a time, after a pause."""

_FIRST_PAUSE: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(minutes=10)

_LONGEST_RETRY_AFTER: Final = timedelta(hours=6)

GONE: Final = 410
"""The status by which a receiver says that it wants nothing more."""


class DeliveryState(StrEnum):
    """The state of a delivery; a dead one is not tried again automatically."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class DisabledBecause(StrEnum):
    """Why Sconto disabled a webhook."""

    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook as its owner describes it; without types it gets all events."""

    url: str
    description: str = ""
    types: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Webhook:
    """A stored webhook. `failing_since` is the first failure since the last success."""

    id: int
    url: str
    description: str
    types: tuple[str, ...]
    enabled: bool
    disabled_because: DisabledBecause | None
    failing_since: datetime | None
    previous_until: datetime | None
    created_at: datetime
    updated_at: datetime


NOT_KEPT: Final = "not kept"
"""The failure of a delivery whose event was deleted before it was sent."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and its result; `status` is None without an answer.

    `answer` is the beginning of the answer's body. `failure` says why there is none: NOT_KEPT, or
    what the sender found.
    """

    number: int
    started_at: datetime
    milliseconds: int
    status: int | None
    failure: str | None
    answer: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a webhook. `message_id` is the event's; a test has its own."""

    id: int
    webhook_id: int
    message_id: str
    type: str
    state: DeliveryState
    attempts: int
    due_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    last_status: int | None
    last_failure: str | None


@dataclass(frozen=True, slots=True)
class DeliveryDetails:
    """A delivery with what is sent, and all attempts; no payload if its event is not kept."""

    delivery: Delivery
    url: str
    payload: Mapping[str, Any] | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, and where."""

    url: str
    id: str
    payload: Mapping[str, Any]
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of a request. Without an answer, `failure` says why.

    `retry_after` is what the receiver asked for.
    """

    milliseconds: int
    status: int | None = None
    failure: str | None = None
    body: str = ""
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        """Only a 2xx is; a redirect is a failure."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """The state of a delivery after an attempt; `retry_at` is None if it has ended."""

    state: DeliveryState
    retry_at: datetime | None = None


def write_secret(key: bytes) -> str:
    """The secret of a random key."""
    return _SECRET_PREFIX + b64encode(key).decode()


def message_headers(message: Message, body: bytes, sent_at: datetime) -> dict[str, str]:
    """The headers of the specification for a body that has the message's payload.

    They have a signature for each secret that is valid.
    """
    timestamp = str(int(sent_at.timestamp()))
    content = b".".join((message.id.encode(), timestamp.encode(), body))
    signatures = [_sign(secret, content) for secret in message.secrets]
    return {
        "webhook-id": message.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def _sign(secret: str, content: bytes) -> str:
    key = b64decode(secret.removeprefix(_SECRET_PREFIX))
    return "v1," + b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def valid_secrets(
    secret: str, previous: str | None, previous_until: datetime | None, now: datetime
) -> tuple[str, ...]:
    """The newest secret, and the previous one while it is valid."""
    if previous is None or previous_until is None or previous_until <= now:
        return (secret,)
    return secret, previous


def decide_delivery(
    answer: AttemptResult,
    attempts: int,
    created_at: datetime,
    now: datetime,
    *,
    is_test: bool = False,
) -> DeliveryOutcome:
    """The state of a delivery after this number of attempts. A test is tried once.

    A receiver that asks for more time gets it, up to six hours.
    """
    if answer.is_success:
        return DeliveryOutcome(DeliveryState.DELIVERED)
    is_late = now - created_at >= GIVEN_UP_AFTER or attempts > len(RETRY_DELAYS)
    if is_test or is_late or answer.status == GONE:
        return DeliveryOutcome(DeliveryState.DEAD)
    delay = RETRY_DELAYS[attempts - 1]
    if answer.retry_after is not None:
        delay = max(delay, min(answer.retry_after, _LONGEST_RETRY_AFTER))
    return DeliveryOutcome(DeliveryState.WAITING, now + delay)


def pause_after(failures: int, failing_since: datetime | None, now: datetime) -> timedelta | None:
    """How long a webhook pauses after this number of failures in a row; None for no pause.

    The pause is as long as the time since the first failure, within bounds. So the number of
    concurrent requests does not matter.
    """
    if failures < PAUSED_FROM or failing_since is None:
        return None
    return max(_FIRST_PAUSE, min(now - failing_since, _LONGEST_PAUSE))


def is_given_up(failing_since: datetime | None, now: datetime) -> bool:
    """Whether a webhook has failed for so long that it is disabled."""
    return failing_since is not None and now - failing_since >= GIVEN_UP_AFTER
