"""A proxy between Sconto and its database that can be cut and connected again."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlencode, urlsplit


class DatabaseProxy:
    """Passes bytes to the database's socket, in a thread, while it is connected."""

    def __init__(self, database_url: str, folder: Path) -> None:
        parts = urlsplit(database_url)
        query = parse_qs(parts.query)
        port = query.get("port", [str(parts.port or 5432)])[0]
        self._target = f"{query['host'][0]}/.s.PGSQL.{port}"
        self._path = folder / f".s.PGSQL.{port}"
        query["host"] = [str(folder)]
        self.url = parts._replace(query=urlencode(query, doseq=True)).geturl()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._connections: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._questions: tuple[bytes, ...] = ()
        self._losses = 0

    @classmethod
    @contextmanager
    def between(cls, database_url: str, folder: Path) -> Iterator[Self]:
        """A connected proxy; `url` is the database's address through it."""
        proxy = cls(database_url, folder)
        thread = threading.Thread(target=proxy._loop.run_forever)
        thread.start()
        try:
            proxy.connect()
            yield proxy
        finally:
            proxy.cut()
            proxy._loop.call_soon_threadsafe(proxy._loop.stop)
            thread.join()
            proxy._loop.close()

    def connect(self) -> None:
        """Connect it again."""
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    def lose_answers(self, times: int, *questions: bytes) -> None:
        """Forward this many questions, but break the connection before the answer."""
        self._questions, self._losses = questions, times

    @property
    def losses_left(self) -> int:
        """The number of answers still to be lost."""
        return self._losses

    def stall(self) -> None:
        """Let nothing through, without closing connections."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    async def _open(self) -> None:
        self._flows.set()
        self._server = await asyncio.start_unix_server(self._accept, self._path)

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._path.unlink(missing_ok=True)
        for writer in self._ends:
            writer.transport.abort()
        self._flows.set()
        await asyncio.gather(*self._connections)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.ensure_future(self._connect(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        ends = {writer, far_writer}
        self._ends |= ends
        try:
            await asyncio.gather(
                self._ask(reader, far_writer, writer), self._pass_on(far_reader, writer)
            )
        finally:
            for end in ends:
                end.close()
                with suppress(OSError):
                    await end.wait_closed()
            self._ends -= ends

    async def _ask(
        self, reader: asyncio.StreamReader, far: asyncio.StreamWriter, near: asyncio.StreamWriter
    ) -> None:
        """Forward questions until one whose answer must be lost."""
        with suppress(OSError):
            while chunk := await reader.read(65536):
                await self._flows.wait()
                if self._losses and any(question in chunk for question in self._questions):
                    self._losses -= 1
                    near.transport.abort()
                far.write(chunk)
                await far.drain()
        far.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                await self._flows.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()
