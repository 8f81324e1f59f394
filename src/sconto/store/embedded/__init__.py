"""The bundled PostgreSQL of a data folder, for the first minute and for tests.

The life of the server: `hold` locks the data folder beside other holders and, where no keeper
lives, starts one: a small detached process that makes the cluster once, runs PostgreSQL, starts it
again when it was killed, and stops it when the last holder has left, which the kernel tells it
because a lock ends with its process. Holders replace a killed keeper, and the new one takes over
the running server. All PostgreSQL processes inherit one more lock: as long as it is taken, a
backend of an earlier server may still write, and no other server is started.

Only when the last holder and the keeper are killed at once does a server stay alone; the next
holder takes it over. Nothing of the wheel's Python is used, and nothing happens at import.
"""

from sconto.store.embedded.failures import EmbeddedError, EmbeddedUnavailable
from sconto.store.embedded.holding import hold

__all__ = ["EmbeddedError", "EmbeddedUnavailable", "hold"]
