"""Imports modules when they are needed."""

import gc
from importlib import import_module
from types import ModuleType


def load_module(name: str) -> ModuleType:
    """Import a module without collecting garbage: everything imported stays.

    Garbage collection would take an eighth of the time of importing Sconto.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        if was_enabled:
            gc.enable()
