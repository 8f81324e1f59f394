"""A client of Sconto's HTTP APIs: `Client`, and `AsyncClient` for asyncio.

It needs `sconto[client]`, and imports nothing of the service. See docs/clients.md.
"""

from sconto.client.clients import AsyncClient, Client
from sconto.client.errors import (
    AddressInvalid,
    Conflict,
    Fault,
    MoreThanLeft,
    NotAllowed,
    NotFound,
    NotReached,
    NotSignedIn,
    OrderConflict,
    PriceChanged,
    Refused,
    RequestInvalid,
    ScontoError,
    ServiceFailed,
    TooManyRequests,
)

__all__ = [
    "AddressInvalid",
    "AsyncClient",
    "Client",
    "Conflict",
    "Fault",
    "MoreThanLeft",
    "NotAllowed",
    "NotFound",
    "NotReached",
    "NotSignedIn",
    "OrderConflict",
    "PriceChanged",
    "Refused",
    "RequestInvalid",
    "ScontoError",
    "ServiceFailed",
    "TooManyRequests",
]
