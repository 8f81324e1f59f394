"""Fields that several requests of the people API have."""

from collections.abc import Iterator, Mapping
from typing import Final

from sconto.api.faults import FieldFault
from sconto.domain.names import NAME_LENGTH
from sconto.domain.people import Role

NAME_RULE: Final = (
    f"must have 1 to {NAME_LENGTH} characters, not only blanks, no control characters"
)

_ROLE_RULE: Final = f"must be one of {', '.join(Role)}"


def read_role(body: Mapping[str, object]) -> Role | None:
    """The role in the body; None if there is none."""
    role = body.get("role")
    return Role(role) if isinstance(role, str) and role in Role._value2member_map_ else None


def find_role_fault(body: Mapping[str, object]) -> Iterator[FieldFault]:
    """The fault of the role, if it has one."""
    if read_role(body) is None:
        yield FieldFault("/role", _ROLE_RULE if "role" in body else "is missing")
