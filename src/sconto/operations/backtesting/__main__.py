"""Computes the back-test that a worker names on standard input."""

import asyncio
import sys
from datetime import UTC, datetime

from sconto.operations.backtesting.process import serve_assignment

asyncio.run(serve_assignment(sys.stdin.buffer.readline(), lambda: datetime.now(UTC)))
