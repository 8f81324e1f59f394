"""Long computing in threads of its own, so that the event loop goes on serving others."""

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

_THREADS: Final = 2
"""More of them would only make the event loop wait longer for the interpreter."""

_NEVER: Final = 2**30

_executor: Final = ThreadPoolExecutor(_THREADS, "in_thread")


async def in_thread(function: Callable[..., T], *arguments: object) -> T:
    """What the function answers, called in a thread; a few such calls run at a time.

    The function must be Python that goes from step to step: a single call into C that takes long
    keeps the interpreter, and with it the event loop, from wherever it is called.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_executor, _without_full_collections, function, arguments)


def _without_full_collections(function: Callable[..., T], arguments: tuple[object, ...]) -> T:
    """Call the function while Python's collector looks at young objects only.

    A full collection visits each of a million objects that are being built, in one step.
    """
    young, middle, old = gc.get_threshold()
    if old == _NEVER:
        return function(*arguments)
    gc.set_threshold(young, middle, _NEVER)
    try:
        return function(*arguments)
    finally:
        gc.set_threshold(young, middle, old)
