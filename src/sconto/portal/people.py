"""People: the merchant's users and their roles, which an admin changes."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from sconto.domain.emails import read_email
from sconto.domain.history import Subject
from sconto.domain.names import NAME_LENGTH, is_name
from sconto.domain.numbers import parse_id
from sconto.domain.people import (
    LONGEST_PASSWORD,
    PASSWORD_LENGTH,
    Action,
    Role,
    is_acceptable_password,
)
from sconto.domain.people_problems import EmailTaken, TwoFactorIsOff
from sconto.domain.problems import NameTaken
from sconto.operations import history, two_factor, users
from sconto.operations.password_links import NewUser, invite_user
from sconto.portal.letters import show_link
from sconto.portal.notices import Notice
from sconto.portal.pages import read, write
from sconto.portal.roles import ROLES
from sconto.portal.typed_values import choice_of
from sconto.portal.visit import Visit

_LISTED: Final = 50
_ENTRIES: Final = 20


async def show_list(visit: Visit) -> Response:
    """The merchant's users, a form to add one, and the latest changes."""
    return await _render_list(visit)


async def add(visit: Visit) -> Response:
    """Add a user, or show the faults at their fields. Without a password they are invited."""
    name, password, role = visit.field("username"), _password(visit), _role(visit)
    faults = _faults(visit, name, password, role)
    if faults or role is None:
        return await _render_list(visit, faults)
    new = NewUser(name, role, visit.field("email"))
    database, caller = visit.context.database, visit.caller
    try:
        if not password:
            link = await invite_user(database, caller, new, visit.now)
            return await show_link(visit, link)
        await users.add_user(database, caller, name, password, role, email=new.email)
    except NameTaken:
        fault = {"username": visit.gettext("Somebody else has this name.")}
        return await _render_list(visit, fault)
    except EmailTaken:
        fault = {"email": visit.gettext("Somebody else has this e-mail address.")}
        return await _render_list(visit, fault)
    return visit.redirect("/people", Notice(visit.gettext("%(name)s is added.") % {"name": name}))


async def show_one(visit: Visit) -> Response:
    """A user, with what can be changed."""
    return await render_one(visit)


async def change_role(visit: Visit) -> Response:
    """Give a user another role."""
    role = _role(visit)
    if role is None:
        return await render_one(visit, {"role": visit.gettext("Choose a role.")})
    user = await users.change_role(
        visit.context.database, visit.caller, visit.id_in_path("user_id"), role
    )
    text = visit.gettext("%(name)s has another role and is signed out within 10 seconds.")
    return visit.redirect("/people", Notice(text % {"name": user.name}))


async def switch(visit: Visit) -> Response:
    """Disable a user, which can be undone, or enable them again."""
    user_id = visit.id_in_path("user_id")
    if visit.field("disabled") != "yes":
        return await reactivate(visit)
    user = await users.set_disabled(visit.context.database, visit.caller, user_id, disabled=True)
    text = visit.gettext("%(name)s is deactivated, within 10 seconds everywhere.")
    undo = f"/people/{user_id}/reactivate"
    return visit.redirect("/people", Notice(text % {"name": user.name}, undo))


async def reactivate(visit: Visit) -> Response:
    """Enable a user again."""
    user = await users.set_disabled(
        visit.context.database, visit.caller, visit.id_in_path("user_id"), disabled=False
    )
    text = visit.gettext("%(name)s is active again.")
    return visit.redirect("/people", Notice(text % {"name": user.name}))


async def reset_two_factor(visit: Visit) -> Response:
    """Remove the second factor of a user who lost it."""
    context, user_id = visit.context, visit.id_in_path("user_id")
    try:
        user = await two_factor.reset(context.database, context.tokens, visit.caller, user_id)
    except TwoFactorIsOff:
        return visit.redirect(f"/people/{user_id}")
    text = visit.gettext(
        "%(name)s can sign in with the password alone until they set up two-factor sign-in again."
    )
    return visit.redirect("/people", Notice(text % {"name": user.name}))


async def reset_password(visit: Visit) -> Response:
    """Give a user another password; one's own needs the present one, so it is on another page."""
    if visit.id_in_path("user_id") == visit.caller.user_id:
        return visit.redirect("/account")
    password = _password(visit)
    if not is_acceptable_password(password):
        return await render_one(visit, {"password": password_rule(visit)})
    user = await users.set_password(
        visit.context.database, visit.caller, visit.id_in_path("user_id"), password
    )
    text = visit.gettext("%(name)s has a new password and is signed out within 10 seconds.")
    return visit.redirect("/people", Notice(text % {"name": user.name}))


async def sign_out(visit: Visit) -> Response:
    """End all sessions and tokens of a user."""
    user = await users.sign_out_everywhere(
        visit.context.database,
        visit.context.tokens,
        visit.caller,
        visit.id_in_path("user_id"),
    )
    text = visit.gettext("%(name)s is signed out everywhere within 10 seconds.")
    return visit.redirect("/people", Notice(text % {"name": user.name}))


def _faults(visit: Visit, name: str, password: str, role: Role | None) -> dict[str, str]:
    """The faults of a new user, by field."""
    _ = visit.gettext
    faults: dict[str, str] = {}
    if "/" in name:
        faults["username"] = _("A name has no slash.")
    elif not is_name(name):
        faults["username"] = _("A name has 1 to %(number)s characters.") % {"number": NAME_LENGTH}
    if password and not is_acceptable_password(password):
        faults["password"] = password_rule(visit)
    if visit.field("email") and read_email(visit.field("email")) is None:
        faults["email"] = _("This is not an e-mail address.")
    if role is None:
        faults["role"] = _("Choose a role.")
    return faults


def password_rule(visit: Visit) -> str:
    """The sentence about passwords that are refused."""
    text = visit.gettext("A password has %(least)s to %(most)s characters.")
    return text % {"least": PASSWORD_LENGTH, "most": LONGEST_PASSWORD}


def _password(visit: Visit) -> str:
    """The password as it was typed: blanks are part of it."""
    password = visit.form.get("password")
    return password if isinstance(password, str) else ""


def _role(visit: Visit) -> Role | None:
    return choice_of(Role, visit.field("role"))


async def _render_list(visit: Visit, faults: Mapping[str, str] | None = None) -> Response:
    context, caller = visit.context, visit.caller
    after = parse_id(visit.query("after")) or 0
    page = await users.list_users(context.database, caller, limit=_LISTED, after=after)
    changes = await history.list_entries_of_all(
        context.database, caller, Subject.USER, limit=_ENTRIES
    )
    return visit.render(
        "people/list.html",
        status=422 if faults else 200,
        page=page,
        after=after,
        entries=changes.entries,
        names={user.id: user.name for user in page.users},
        roles=ROLES,
        faults=faults or {},
    )


async def render_one(visit: Visit, faults: Mapping[str, str] | None = None) -> Response:
    """The page of a user, with the faults of a form."""
    user = await users.get_user(visit.context.database, visit.caller, visit.id_in_path("user_id"))
    return visit.render(
        "people/one.html",
        status=422 if faults else 200,
        user=user,
        is_self=user.id == visit.caller.user_id,
        roles=ROLES,
        faults=faults or {},
    )


PAGES: Final = (
    read("/people", show_list, Action.MANAGE_PEOPLE),
    write("/people", add, Action.MANAGE_PEOPLE, again=show_list),
    read("/people/{user_id}", show_one, Action.MANAGE_PEOPLE),
    write("/people/{user_id}/role", change_role, Action.MANAGE_PEOPLE),
    write("/people/{user_id}/switch", switch, Action.MANAGE_PEOPLE),
    write("/people/{user_id}/reactivate", reactivate, Action.MANAGE_PEOPLE),
    write("/people/{user_id}/two-factor/reset", reset_two_factor, Action.MANAGE_PEOPLE),
    write("/people/{user_id}/password", reset_password, Action.MANAGE_PEOPLE),
    write("/people/{user_id}/sign-out", sign_out, Action.MANAGE_PEOPLE),
)
