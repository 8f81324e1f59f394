"""Pauses and resumes reading from a connection."""

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl


class ReadingFlow(FlowControl):
    """uvicorn's flow control; the application cannot resume reading that the connection holds."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._is_held = False

    def hold(self) -> None:
        self._is_held = True
        self.pause_reading()

    def release(self) -> None:
        self._is_held = False

    def resume_reading(self) -> None:
        if not self._is_held:
            super().resume_reading()
