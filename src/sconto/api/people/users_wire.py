"""Reads the requests about users and writes the answers, field by field."""

from collections.abc import Mapping, Sequence
from typing import Final

from sconto.api.cursors import read_cursor, write_cursor
from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.list_parameters import ListParameters
from sconto.api.people.fields import NAME_RULE, find_role_fault, read_role
from sconto.api.problem_json import find_unknown
from sconto.api.rfc3339 import write_instant
from sconto.domain.emails import read_email
from sconto.domain.names import is_username
from sconto.domain.password_links import PasswordLink
from sconto.domain.people import User, UserPage
from sconto.operations.password_links import NewUser

_FIELDS: Final = ("username", "role", "email")

_USERNAME_RULE: Final = f"{NAME_RULE}, no slash"
_EMAIL_RULE: Final = "must be an e-mail address such as ada@example.com, or null"

MAX_USERS: Final = 1000
"""The most users of a page."""


def read_invitation(body: Mapping[str, object]) -> NewUser:
    """The user to invite. Raises InvalidFields."""
    username, email, role = body.get("username"), body.get("email"), read_role(body)
    faults = [*find_role_fault(body)]
    if not isinstance(username, str) or not is_username(username):
        rule = _USERNAME_RULE if "username" in body else "is missing"
        faults.insert(0, FieldFault("/username", rule))
    if email is not None and (not isinstance(email, str) or read_email(email) is None):
        faults.append(FieldFault("/email", _EMAIL_RULE))
    faults += find_unknown(body, _FIELDS)
    if faults or not isinstance(username, str) or role is None:
        raise InvalidFields(faults)
    return NewUser(username, role, email if isinstance(email, str) else None)


def read_page(parameters: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """How many users to list, and after which id. Raises InvalidFields."""
    # Of a parameter that is given twice the last one counts.
    query = ListParameters(dict(parameters).items(), ("limit", "cursor"))
    limit, after = query.limit(MAX_USERS), query.cursor(read_cursor)
    query.finish()
    return limit, after or 0


def render_link(link: PasswordLink, address: str, *, is_sent: bool) -> dict[str, object]:
    """A link, its address, and whether it was sent by mail."""
    return {
        "user_id": link.user_id,
        "username": link.username,
        "email": link.email,
        "purpose": link.purpose.value,
        "link": address,
        "expires_at": write_instant(link.expires_at),
        "sent": is_sent,
    }


def render_page(page: UserPage) -> dict[str, object]:
    """A page of users, and the cursor of the next one."""
    return {
        "users": [_render_user(user) for user in page.users],
        "next_cursor": write_cursor(page.users[-1].id) if page.more else None,
    }


def _render_user(user: User) -> dict[str, object]:
    return {
        "user_id": user.id,
        "username": user.name,
        "role": user.role.value,
        "email": user.email,
        "disabled": user.disabled,
        "invited": user.invited,
        # Answers about users without it are the same as before.
        **({"two_factor": True} if user.two_factor else {}),
    }
