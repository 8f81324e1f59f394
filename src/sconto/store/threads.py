"""Long computations in threads, so that the event loop goes on serving others."""

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

_THREADS: Final = 2
"""More threads would only make the event loop wait longer for the interpreter lock."""

_NEVER: Final = 2**30

_executor: Final = ThreadPoolExecutor(_THREADS, "in_thread")


async def in_thread(function: Callable[..., T], *arguments: object) -> T:
    """Call the function in a thread and return its result; a few such calls run together.

    The function must be Python of many small steps. During a single long call into C the
    interpreter lock is held, and the event loop stops.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_executor, _without_full_collections, function, arguments)


def _without_full_collections(function: Callable[..., T], arguments: tuple[object, ...]) -> T:
    """Call the function while Python's garbage collector visits young objects only.

    A full collection would visit each of a million new objects in one step.
    """
    young, middle, old = gc.get_threshold()
    if old == _NEVER:
        return function(*arguments)
    gc.set_threshold(young, middle, _NEVER)
    try:
        return function(*arguments)
    finally:
        gc.set_threshold(young, middle, old)
