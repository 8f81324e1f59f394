"""Reads the requests about API keys and writes the answers, field by field."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.people.fields import NAME_RULE, find_role_fault, read_role
from sconto.api.problem_json import find_unknown
from sconto.api.rfc3339 import RULE, read_instant, write_instant, write_optional_instant
from sconto.domain.api_keys import ApiKey, NewKey
from sconto.domain.names import is_name

_FIELDS: Final = ("name", "role", "expires_at")


def read_new_key(body: Mapping[str, object], now: datetime) -> NewKey:
    """The key to create. Raises InvalidFields."""
    name, role = body.get("name"), read_role(body)
    sent_end = body.get("expires_at")
    expires_at = read_instant(sent_end)
    faults = [*find_role_fault(body)]
    if not isinstance(name, str) or not is_name(name):
        faults.insert(0, FieldFault("/name", NAME_RULE if "name" in body else "is missing"))
    if sent_end is not None and expires_at is None:
        faults.append(FieldFault("/expires_at", f"{RULE}, or null"))
    elif expires_at is not None and expires_at <= now:
        faults.append(FieldFault("/expires_at", "must be in the future"))
    faults += find_unknown(body, _FIELDS)
    if faults or not isinstance(name, str) or role is None:
        raise InvalidFields(faults)
    return NewKey(name, role, expires_at)


def render_key(key: ApiKey) -> dict[str, object]:
    """A key, without its text."""
    return {
        "key_id": key.id,
        "name": key.name,
        "role": key.role.value,
        "prefix": key.prefix,
        "created_at": write_instant(key.created_at),
        "created_by": key.created_by,
        "expires_at": write_optional_instant(key.expires_at),
        "last_used_at": write_optional_instant(key.last_used_at),
    }
