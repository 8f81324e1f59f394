"""Uploaded files wait for their user, for a limited time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from sconto.domain.people import Caller
from sconto.domain.upload import KEPT_FOR, MAX_OF_USER, Upload, UploadNotFound
from sconto.operations import uploads
from sconto.store.database import Database
from tests.builders import NOON


async def content_of(database: Database, caller: Caller, upload: Upload) -> bytes:
    return b"".join([part async for part in uploads.read_upload(database, caller, upload)])


async def test_a_file_is_read_as_it_was_sent_by_its_user_alone(
    database: Database, merchant: Caller
) -> None:
    parts = [bytes(range(256)) * 1000, b"\0end"]
    upload_id = await uploads.keep_upload(database, merchant, "a.csv", iter(parts), NOON)
    upload = await uploads.find_upload(database, merchant, upload_id, NOON)
    assert (upload.name, upload.size, upload.typed) == ("a.csv", 256_004, False)
    assert await content_of(database, merchant, upload) == b"".join(parts)
    others = (
        replace(merchant, user_id=merchant.user_id + 1),
        replace(merchant, merchant_id=merchant.merchant_id + 1_000_000),
    )
    for other in others:
        with pytest.raises(UploadNotFound):
            await uploads.find_upload(database, other, upload_id, NOON)
    await uploads.remove_upload(database, merchant, upload)
    assert await content_of(database, merchant, upload) == b""
    with pytest.raises(UploadNotFound):
        await uploads.find_upload(database, merchant, upload_id, NOON)


async def test_old_files_are_removed(database: Database, merchant: Caller) -> None:
    kept = [
        await uploads.keep_upload(database, merchant, str(number), [b"A"], NOON)
        for number in range(MAX_OF_USER + 1)
    ]
    with pytest.raises(UploadNotFound):
        await uploads.find_upload(database, merchant, kept[0], NOON)
    newest = await uploads.find_upload(database, merchant, kept[-1], NOON)
    over = NOON + KEPT_FOR
    with pytest.raises(UploadNotFound):
        await uploads.find_upload(database, merchant, kept[-1], over)
    await uploads.remove_over(database, over - timedelta(microseconds=1))
    assert await content_of(database, merchant, newest) == b"A"
    assert await uploads.remove_over(database, over) >= MAX_OF_USER
    assert await content_of(database, merchant, newest) == b""


async def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing(
    database: Database, merchant: Caller
) -> None:
    def parts() -> Iterator[bytes]:
        yield b"A"
        raise EOFError

    with pytest.raises(EOFError):
        await uploads.keep_upload(database, merchant, "a", parts(), NOON)
    async with database.read() as connection:
        left = await connection.fetchval(
            "SELECT count(*) FROM uploads WHERE merchant_id = $1", merchant.merchant_id
        )
    assert left == 0
