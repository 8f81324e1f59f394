"""The settings of events and webhooks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from sconto.settings.errors import SettingError


@dataclass(frozen=True, slots=True)
class EventSettings:
    """The settings of events and webhooks.

    They are the private networks that webhooks may reach, as text, how long a webhook may take to
    answer, and how long events are kept.
    """

    networks: str
    timeout: int
    days: int


def read_event_settings(environment: Mapping[str, str]) -> EventSettings:
    """The settings. Raises SettingError."""
    networks = environment.get("SCONTO_WEBHOOK_NETWORKS") or ""
    try:
        for network in filter(None, map(str.strip, networks.split(","))):
            ip_network(network)
    except ValueError:
        raise SettingError(
            f"SCONTO_WEBHOOK_NETWORKS is {networks!r}; expected networks separated by commas, such "
            "as 10.1.0.0/16"
        ) from None
    return EventSettings(
        networks,
        _whole_number(environment, "SCONTO_WEBHOOK_TIMEOUT", 15, 1, 60),
        _whole_number(environment, "SCONTO_EVENTS_KEPT_DAYS", 30, 4, 3650),
    )


def _whole_number(
    environment: Mapping[str, str], name: str, default: int, least: int, most: int
) -> int:
    text = environment.get(name) or str(default)
    if not re.fullmatch("[0-9]{1,6}", text) or not least <= int(text) <= most:
        raise SettingError(f"{name} is {text!r}; expected a whole number from {least} to {most}")
    return int(text)
