"""The bundled PostgreSQL of a data folder, for the first minutes and for tests.

`hold_server` takes a shared lock on the data folder. If no keeper runs, it starts one: a small
detached process that makes the cluster once, runs PostgreSQL, restarts it after a kill, and stops
it when the last holder has left. The keeper notices that by the lock, which ends with its process.
Holders replace a killed keeper, and the new one takes over the running server. All PostgreSQL
processes inherit another lock. As long as it is taken, a backend of an earlier server may still
write, so no other server is started.

A server keeps running unattended only if the last holder and the keeper are killed together. The
next holder takes it over. The wheel's Python code is not used, and importing this has no effect.
"""

from sconto.store.embedded.failures import EmbeddedError, EmbeddedUnavailable
from sconto.store.embedded.holding import hold_server

__all__ = ["EmbeddedError", "EmbeddedUnavailable", "hold_server"]
