"""A real SMTP server that keeps what it receives."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from sconto.settings.mail import MailSettings, read_mail_server
from tests.ports import free_port


class PostOffice:
    """The received mails, and the server as the settings describe it."""

    def __init__(self, port: int) -> None:
        self.mails: list[Message] = []
        self.recipients: list[list[str]] = []
        self.url = f"smtp://127.0.0.1:{port}"
        server = read_mail_server({"SCONTO_SMTP_URL": self.url, "SCONTO_SMTP_FROM": "sconto@shop"})
        assert server is not None
        self.server: MailSettings = server

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail; aiosmtpd finds the method by its name."""
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """A running server on this machine."""
    port = free_port()
    office = PostOffice(port)
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def text_of(mail: Message) -> str:
    """The text of a mail."""
    content = mail.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()
