"""A new link that sets a password: shown to the admin, and sent in the admin's language."""

from starlette.responses import Response

from sconto.domain.password_links import LinkPurpose, PasswordLink
from sconto.operations.mail import Letter, try_to_send
from sconto.portal.visit import Visit


async def show_link(visit: Visit, link: PasswordLink) -> Response:
    """Send a new link by mail, if that is possible, and show it."""
    return visit.render(
        "people/link.html",
        link=link,
        address=_address_of(visit, link),
        is_sent=await _send_link(visit, link),
        has_mail=visit.context.mail is not None,
    )


def service_address(visit: Visit) -> str:
    """Where browsers find the service, without a slash at the end."""
    request = visit.request
    asked = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('app_root_path', '')}"
    return visit.context.public_url or asked


def _address_of(visit: Visit, link: PasswordLink) -> str:
    """The address that the admin passes on."""
    return f"{service_address(visit)}{link.path}"


async def _send_link(visit: Visit, link: PasswordLink) -> bool:
    """Whether the link was sent to its user; False without a mail server or an e-mail address."""
    if link.email is None:
        return False
    _ = visit.gettext
    facts = {
        "merchant": link.merchant,
        "name": link.username,
        "until": visit.language.instant(link.expires_at),
    }
    if link.purpose is LinkPurpose.INVITATION:
        subject = _("Your invitation to Sconto for %(merchant)s")
        opening = _("You are invited to Sconto for %(merchant)s. Your user name is %(name)s.")
    else:
        subject = _("Your password for Sconto, %(merchant)s")
        opening = _(
            "Somebody at %(merchant)s wants you to set a new password for Sconto. "
            "Your user name is %(name)s."
        )
    how = _("Set your password here. The link works once, until %(until)s:")
    closing = _("If you do not expect this mail, ignore it.")
    parts = (opening % facts, how % facts, _address_of(visit, link), closing)
    letter = Letter(link.email, subject % facts, "\n\n".join(parts) + "\n")
    return await try_to_send(visit.context.mail, letter)
