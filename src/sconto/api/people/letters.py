"""The mail with a link that sets a password, in English, and its sending."""

from sconto.domain.password_links import LinkPurpose, PasswordLink
from sconto.operations.mail import Letter, MailServer, try_to_send


async def send_link(server: MailServer | None, link: PasswordLink, address: str) -> bool:
    """Whether the link was sent to its user; False without a mail server or an e-mail address."""
    if link.email is None:
        return False
    if link.purpose is LinkPurpose.INVITATION:
        subject = f"Your invitation to Sconto for {link.merchant}"
        opening = f"You are invited to Sconto for {link.merchant}."
    else:
        subject = f"Your password for Sconto, {link.merchant}"
        opening = f"Somebody at {link.merchant} wants you to set a new password for Sconto."
    text = (
        f"{opening} Your user name is {link.username}.\n\n"
        f"Set your password here. The link works once, until {link.expires_at:%Y-%m-%d %H:%M} UTC:"
        f"\n\n{address}\n\nIf you do not expect this mail, ignore it.\n"
    )
    return await try_to_send(server, Letter(link.email, subject, text))
