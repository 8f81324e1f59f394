"""What a service gives up before it serves: nobody who breaks into it gets it back."""

import ctypes
import os
import resource
import sys
from typing import Final

_NO_NEW_PRIVILEGES: Final = 38
"""PR_SET_NO_NEW_PRIVS of Linux's prctl(2)."""

_OWNER_ALONE: Final = 0o077


def drop_privileges() -> None:
    """Give up, for this process and all that it starts, what serving does not need.

    No program that it runs gets more rights than it has (on Linux); no memory, with the keys in it,
    is written to disk when it crashes; its files are its owner's alone. Comes before any thread is
    started, for on Linux each thread has rights of its own.
    """
    os.umask(_OWNER_ALONE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        library = ctypes.CDLL(None, use_errno=True)
        if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            error = ctypes.get_errno()
            raise OSError(error, f"prctl: {os.strerror(error)}")
