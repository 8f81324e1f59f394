"""Links that set a password: an admin makes them, and the recipient opens them."""

from typing import Final

from starlette.responses import Response

from sconto.domain.people import LONGEST_PASSWORD, PASSWORD_LENGTH, Action, is_acceptable_password
from sconto.domain.people_problems import EmailTaken, LinkOver, NotAnEmail, UserDisabled
from sconto.operations import password_links, users
from sconto.portal.letters import show_link
from sconto.portal.notices import Notice
from sconto.portal.pages import Audience, read, write
from sconto.portal.people import render_one
from sconto.portal.session import close_session
from sconto.portal.visit import Visit


async def reset(visit: Visit) -> Response:
    """Make a link with which a user sets another password, and show it, once."""
    if visit.id_in_path("user_id") == visit.caller.user_id:
        return visit.redirect("/account")
    try:
        link = await password_links.reset_password(
            visit.context.database, visit.caller, visit.id_in_path("user_id"), visit.now
        )
    except UserDisabled:
        fault = visit.gettext("They are deactivated. Reactivate them first.")
        return await render_one(visit, {"link": fault})
    return await show_link(visit, link)


async def set_email(visit: Visit) -> Response:
    """Set or remove a user's e-mail address."""
    _ = visit.gettext
    try:
        user = await users.set_email(
            visit.context.database,
            visit.caller,
            visit.id_in_path("user_id"),
            visit.field("email"),
        )
    except NotAnEmail:
        return await render_one(visit, {"email": _("This is not an e-mail address.")})
    except EmailTaken:
        return await render_one(visit, {"email": _("Somebody else has this e-mail address.")})
    text = _("The e-mail address of %(name)s is saved.") % {"name": user.name}
    return visit.redirect(f"/people/{user.id}", Notice(text))


async def show_form(visit: Visit) -> Response:
    """The form in which the link's recipient sets a password. It leaves the link unused."""
    return await _render(visit)


async def set_password(visit: Visit) -> Response:
    """Set the password, once. A link signs nobody in."""
    password = visit.form.get("password")
    if not isinstance(password, str) or not is_acceptable_password(password):
        text = visit.gettext("A password has %(least)s to %(most)s characters.")
        return await _render(visit, text % {"least": PASSWORD_LENGTH, "most": LONGEST_PASSWORD})
    try:
        link = await password_links.use_link(
            visit.context.database, visit.request.path_params["token"], password, visit.now
        )
    except LinkOver:
        return _render_over(visit)
    text = visit.gettext("Your password is set. Sign in as %(name)s.")
    name = f"{link.merchant}/{link.username}"
    response = visit.redirect("/sign-in", Notice(text % {"name": name}))
    # A user who was signed in here may not be the user of the link.
    close_session(visit.request, response)
    return response


async def _render(visit: Visit, fault: str | None = None) -> Response:
    token = visit.request.path_params["token"]
    try:
        link = await password_links.open_link(visit.context.database, token, visit.now)
    except LinkOver:
        return _render_over(visit)
    return visit.render(
        "people/password.html", status=422 if fault else 200, link=link, token=token, fault=fault
    )


def _render_over(visit: Visit) -> Response:
    return visit.render("people/link_over.html", status=410)


PAGES: Final = (
    write("/people/{user_id}/password-link", reset, Action.MANAGE_PEOPLE),
    write("/people/{user_id}/email", set_email, Action.MANAGE_PEOPLE, again=render_one),
    read("/password/{token}", show_form, Audience.EVERYBODY),
    write("/password/{token}", set_password, Audience.EVERYBODY),
)
