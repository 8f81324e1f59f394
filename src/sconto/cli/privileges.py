"""Privileges that the service gives up before it serves, so that an attacker cannot regain them."""

import ctypes
import os
import resource
import sys
from typing import Final

_NO_NEW_PRIVILEGES: Final = 38
"""PR_SET_NO_NEW_PRIVS of Linux's prctl(2)."""

_OWNER_ONLY: Final = 0o077


def drop_privileges() -> None:
    """Give up what serving does not need, for this process and its children.

    On Linux no program that it runs gets more rights than it has. No core dump writes its memory,
    with the keys in it, to disk. Only its owner can read its files. Call this before any thread
    starts, because on Linux each thread has its own rights.
    """
    os.umask(_OWNER_ONLY)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        library = ctypes.CDLL(None, use_errno=True)
        if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            error = ctypes.get_errno()
            raise OSError(error, f"prctl: {os.strerror(error)}")
