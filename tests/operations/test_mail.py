"""Mail is sent by a real SMTP server, and a failure is returned and not raised."""

import logging
from dataclasses import replace

import pytest

from sconto.operations.mail import Letter, try_to_send
from tests.ports import free_port
from tests.post_office import post_office, text_of

LETTER = Letter("ada@example.com", "Grüße", "Ein Link:\n\nhttp://sconto/ä\n")


async def test_a_letter_arrives_as_it_was_written() -> None:
    with post_office() as office:
        assert await try_to_send(office.server, LETTER)
    (mail,) = office.mails
    assert office.recipients == [["ada@example.com"]]
    assert (mail["From"], mail["To"]) == ("sconto@shop", "ada@example.com")
    assert text_of(mail).replace("\r\n", "\n") == LETTER.text
    assert mail["Message-ID"].endswith("@shop>")


async def test_without_a_server_nothing_is_sent() -> None:
    assert not await try_to_send(None, LETTER)


async def test_nothing_is_sent_unencrypted_to_a_server_that_must_encrypt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with post_office() as office, caplog.at_level(logging.WARNING):
        assert not await try_to_send(replace(office.server, encrypted=True), LETTER)
        assert not await try_to_send(replace(office.server, user="me", password="pass"), LETTER)
    assert office.mails == []
    assert "a mail could not be sent" in caplog.text
    for secret in ("ada@", "Link", "pass"):
        assert secret not in caplog.text.replace("password", "")


async def test_a_server_that_does_not_answer_is_a_failure() -> None:
    with post_office() as office:
        nobody = replace(office.server, port=free_port())
    assert not await try_to_send(nobody, LETTER)


async def test_an_address_adds_no_field_to_a_mail() -> None:
    with post_office() as office:
        two = replace(LETTER, to="ada@example.com\nBcc: eve@example.com")
        assert not await try_to_send(office.server, two)
    assert office.mails == []
