"""API keys: an admin creates them for programs, sees when they were used, and revokes them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from sconto.domain.api_keys import NewKey
from sconto.domain.history import Subject
from sconto.domain.names import NAME_LENGTH, is_name
from sconto.domain.people import Action, Role
from sconto.domain.people_problems import TooManyKeys
from sconto.domain.problems import NameTaken
from sconto.operations import api_keys, history
from sconto.portal.notices import Notice
from sconto.portal.pages import read, write
from sconto.portal.roles import ROLES
from sconto.portal.visit import Visit
from sconto.portal.words import marked

_NEVER: Final = ""

LIFETIMES: Final = {
    _NEVER: marked("Never"),
    "30": marked("In 30 days"),
    "90": marked("In 90 days"),
    "365": marked("In a year"),
}
"""When a new key expires, by days."""

_ENTRIES: Final = 20


async def show_list(visit: Visit) -> Response:
    """The merchant's keys, a form to create one, and the latest changes."""
    return await _render(visit)


async def create(visit: Visit) -> Response:
    """Create a key and show it, once; or show the faults at their fields."""
    _ = visit.gettext
    name, role, days = visit.field("name"), visit.field("role"), visit.field("expires")
    faults: dict[str, str] = {}
    if not is_name(name):
        faults["name"] = _("A name has 1 to %(number)s characters.") % {"number": NAME_LENGTH}
    if role not in Role._value2member_map_:
        faults["role"] = _("Choose a role.")
    if days not in LIFETIMES:
        faults["expires"] = _("Choose when it expires.")
    if faults:
        return await _render(visit, faults)
    expires_at = None if days == _NEVER else visit.now + timedelta(days=int(days))
    new = NewKey(name, Role(role), expires_at)
    context = visit.context
    try:
        key, text = await api_keys.create_key(
            context.database, visit.caller, new, visit.now, context.keys
        )
    except NameTaken:
        return await _render(visit, {"name": _("Another key has this name.")})
    except TooManyKeys as problem:
        fault = _("You have %(number)s keys, which is the maximum. Revoke one first.")
        return await _render(visit, {"name": fault % {"number": problem.most}})
    return visit.render("api_keys/created.html", key=key, text=text, roles=ROLES)


async def show_one(visit: Visit) -> Response:
    """A key, with the button that revokes it."""
    key = await api_keys.get_key(visit.context.database, visit.caller, visit.id_in_path("key_id"))
    return visit.render("api_keys/one.html", key=key, roles=ROLES)


async def revoke(visit: Visit) -> Response:
    """Revoke a key permanently."""
    context = visit.context
    key = await api_keys.revoke_key(
        context.database, visit.caller, visit.id_in_path("key_id"), visit.now, context.keys
    )
    text = visit.gettext("%(name)s is revoked, within 10 seconds everywhere.")
    return visit.redirect("/keys", Notice(text % {"name": key.name}))


async def _render(visit: Visit, faults: Mapping[str, str] | None = None) -> Response:
    database, caller = visit.context.database, visit.caller
    changes = await history.list_entries_of_all(database, caller, Subject.API_KEY, limit=_ENTRIES)
    return visit.render(
        "api_keys/list.html",
        status=422 if faults else 200,
        keys=await api_keys.list_keys(database, caller),
        entries=changes.entries,
        roles=ROLES,
        lifetimes=LIFETIMES,
        faults=faults or {},
    )


PAGES: Final = (
    read("/keys", show_list, Action.MANAGE_PEOPLE),
    write("/keys", create, Action.MANAGE_PEOPLE, again=show_list),
    read("/keys/{key_id}", show_one, Action.MANAGE_PEOPLE),
    write("/keys/{key_id}/revoke", revoke, Action.MANAGE_PEOPLE),
)
