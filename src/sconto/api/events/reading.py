"""Reads the bodies and parameters of the events API; all faults are in one answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sconto.api.cart.fields import BodyFields
from sconto.api.cursors import read_cursor
from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.list_parameters import ListParameters, one_of, read_time
from sconto.api.merge_patch import merge
from sconto.api.rfc3339 import RULE, read_instant
from sconto.domain.events import EventType
from sconto.domain.names import NAME_LENGTH, is_name
from sconto.domain.numbers import MAX_INT64
from sconto.domain.receiver_address import (
    LONGEST_URL,
    ReceiverRules,
    UrlRefused,
    UrlRule,
    check_url,
)
from sconto.domain.webhooks import (
    DEFAULT_OVERLAP,
    LONGEST_OVERLAP,
    DeliveryState,
    NewWebhook,
    Webhook,
)

MAX_LISTED: Final = 1_000

_HOUR: Final = timedelta(hours=1)
_TYPES: Final = frozenset(EventType)
_TYPES_RULE: Final = "must be types of events, such as order.placed"
URL_RULES: Final[Mapping[UrlRule, str]] = {
    UrlRule.PRINTABLE: (f"must be a URL of at most {LONGEST_URL} ASCII characters, without blanks"),
    UrlRule.URL: "must be a URL such as https://shop.example/webhooks",
    UrlRule.HTTPS: "must begin with https://",
    UrlRule.NO_USER: "must not contain a user or a password",
    UrlRule.NO_FRAGMENT: "must not contain # or \\",
    UrlRule.HOST: "must name a host, such as https://shop.example/webhooks",
    UrlRule.PUBLIC: "must not be an address in a private network",
    UrlRule.HTTPS_OUTSIDE: "must begin with https:// outside the networks of the operator",
}
"""What the answer says of each rule."""

_DESCRIPTION_RULE: Final = f"must be a string of at most {NAME_LENGTH} characters"


@dataclass(frozen=True, slots=True)
class EventsQuery:
    """Which events to list: after a position, or since a time; of these types or of all."""

    after: int | None
    since: datetime | None
    types: tuple[str, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class DeliveriesQuery:
    """Which deliveries to list: those with an id below `before`, in a state or in any."""

    before: int
    limit: int
    state: DeliveryState | None


def read_new_webhook(body: Mapping[str, Any], rules: ReceiverRules) -> NewWebhook:
    """The webhook to create. Raises InvalidFields."""
    faults: list[FieldFault] = []
    fields = BodyFields(body, "", faults)
    url = fields.value("url")
    if type(url) is not str:
        fields.note("url", URL_RULES[UrlRule.URL])
    else:
        try:
            check_url(url, rules)
        except UrlRefused as refused:
            fields.note("url", URL_RULES[refused.rule])
    description = fields.value("description")
    if description is not None and description != "" and not _is_description(description):
        fields.note("description", _DESCRIPTION_RULE)
    types = fields.value("types")
    if types is not None and not _are_types(types):
        fields.note("types", _TYPES_RULE)
    enabled = fields.flag("enabled", default=True)
    fields.finish()
    if faults:
        raise InvalidFields(faults)
    return NewWebhook(url, description or "", tuple(dict.fromkeys(types or ())), enabled)


def read_change(patch: Mapping[str, Any], rules: ReceiverRules) -> Callable[[Webhook], NewWebhook]:
    """A function that applies a merge patch to a webhook; it raises InvalidFields."""

    def change(before: Webhook) -> NewWebhook:
        current = {
            "url": before.url,
            "description": before.description,
            "types": list(before.types),
            "enabled": before.enabled,
        }
        return read_new_webhook(merge(current, dict(patch)), rules)

    return change


def read_recording(body: Mapping[str, Any]) -> bool:
    """Whether to record events. Raises InvalidFields."""
    faults: list[FieldFault] = []
    fields = BodyFields(body, "", faults)
    if type(fields.value("recording")) is not bool:
        fields.note("recording", "must be true or false")
    fields.finish()
    if faults:
        raise InvalidFields(faults)
    return bool(body["recording"])


def read_overlap(body: Mapping[str, Any]) -> timedelta:
    """For how long the previous secret stays valid. Raises InvalidFields."""
    faults: list[FieldFault] = []
    fields = BodyFields(body, "", faults)
    default, most = DEFAULT_OVERLAP // _HOUR, LONGEST_OVERLAP // _HOUR
    hours = fields.number("overlap_hours", 0, most, default=default)
    fields.finish()
    if faults:
        raise InvalidFields(faults)
    return hours * _HOUR


def read_since(body: Mapping[str, Any]) -> datetime:
    """The time from which to replay. Raises InvalidFields."""
    faults: list[FieldFault] = []
    fields = BodyFields(body, "", faults)
    since = read_instant(fields.value("since"))
    if since is None:
        fields.note("since", RULE)
    fields.finish()
    if faults or since is None:
        raise InvalidFields(faults)
    return since


def read_events_query(parameters: Sequence[tuple[str, str]]) -> EventsQuery:
    """Which events to list. Raises InvalidFields, with `/limit` for the parameter `limit`."""
    query = ListParameters(parameters, ("cursor", "since", "types", "limit"))
    after = query.cursor(partial(read_cursor, least=0))
    since = None
    if (text := query.get("since")) is not None:
        since = read_time(text)
        if since is None:
            query.note("since", RULE)
        if query.get("cursor") is not None:
            query.note("since", "must not be given with a cursor")
    types = tuple(filter(None, (query.get("types") or "").split(",")))
    if not _TYPES.issuperset(types):
        query.note("types", f"{_TYPES_RULE}, separated by commas")
    limit = query.limit(MAX_LISTED)
    query.finish()
    return EventsQuery(after, since, types, limit)


def read_deliveries_query(parameters: Sequence[tuple[str, str]]) -> DeliveriesQuery:
    """Which deliveries to list. Raises InvalidFields."""
    query = ListParameters(parameters, ("cursor", "state", "limit"))
    before = query.cursor(read_cursor)
    state = query.get("state")
    if state is not None and state not in tuple(DeliveryState):
        query.note("state", one_of(*DeliveryState))
    limit = query.limit(MAX_LISTED)
    query.finish()
    return DeliveriesQuery(
        MAX_INT64 if before is None else before,
        limit,
        None if state is None else DeliveryState(state),
    )


def _is_description(sent: object) -> bool:
    return type(sent) is str and is_name(sent)


def _are_types(sent: object) -> bool:
    return type(sent) is list and all(type(one) is str and one in _TYPES for one in sent)
