"""Mail, sent by an SMTP server if one is set."""

import asyncio
import logging
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final, Protocol

TIMEOUT: Final = 10
"""Seconds that the mail server may take for each step."""

_log = logging.getLogger(__name__)


class Server(Protocol):
    """The settings of the mail server."""

    @property
    def host(self) -> str:
        """Its name or address."""

    @property
    def port(self) -> int:
        """Its port."""

    @property
    def user(self) -> str:
        """The user to sign in as; empty for none."""

    @property
    def password(self) -> str:
        """The password of the user."""

    @property
    def is_smtps(self) -> bool:
        """Whether the connection is encrypted from the first byte."""

    @property
    def encrypted(self) -> bool:
        """Whether nothing may be sent before STARTTLS."""

    @property
    def sender(self) -> str:
        """The sender of all mail."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one person."""

    to: str
    subject: str
    text: str


async def try_to_send(server: Server | None, letter: Letter) -> bool:
    """Whether the mail server took the letter; False without a server.

    A failure is logged without the addresses and the text.
    """
    if server is None:
        return False
    try:
        await asyncio.to_thread(_send, server, letter)
    except (OSError, ValueError) as error:  # SMTPException is an OSError
        _log.warning("a mail could not be sent: %s", type(error).__name__)
        return False
    return True


def _send(server: Server, letter: Letter) -> None:
    message = EmailMessage()
    message["From"] = server.sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2])
    message.set_content(letter.text)
    context = ssl.create_default_context()
    if server.is_smtps:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    with connection:
        if server.encrypted and not server.is_smtps:
            # Raises SMTPNotSupportedError if the server does not offer it.
            connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
        connection.send_message(message)
