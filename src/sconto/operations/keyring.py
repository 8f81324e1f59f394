"""Encrypts secrets that are stored, with the service's secret key.

XChaCha20-Poly1305, with a key that is derived from the secret key. A sealed secret is bound to its
owner: in another owner's row it cannot be opened.
"""

import hmac
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

_ID_BYTES: Final = 8


class SecretUnreadable(Exception):
    """The secret was sealed with a key that this service does not have, or for somebody else."""


class Keyring:
    """Seals with the first of the service's keys, and opens with each of them."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def seal(self, secret: bytes, owner: str) -> bytes:
        """The secret, encrypted for its owner."""
        sealed: bytes = bytes(self._ciphers[self.key_id].encrypt(secret, owner.encode()))
        return sealed

    def open(self, key_id: bytes, sealed: bytes, owner: str) -> bytes:
        """The secret. Raises SecretUnreadable."""
        from nacl.exceptions import CryptoError  # noqa: PLC0415 - see `_ciphers`

        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SecretUnreadable
        try:
            opened: bytes = cipher.decrypt(sealed, owner.encode())
        except (CryptoError, ValueError):
            raise SecretUnreadable from None
        return opened

    @property
    def key_id(self) -> bytes:
        """The id of the key that seals. It reveals nothing of the key."""
        return next(iter(self._ciphers))

    @property
    def older_key_ids(self) -> list[bytes]:
        """The ids of the keys that only open."""
        return list(self._ciphers)[1:] if len(self._keys) > 1 else []

    @cached_property
    def _ciphers(self) -> dict[bytes, Any]:
        """A cipher for each key, by the key's id, the first one first."""
        # This import takes 20 ms and 3 MB, and only services with two-factor sign-in need it.
        from nacl.secret import Aead  # noqa: PLC0415

        # Stored secrets depend on these texts, so they never change.
        return {
            _derived(key, b"sconto vault id")[:_ID_BYTES]: Aead(_derived(key, b"sconto vault"))
            for key in self._keys
        }


def _derived(key: bytes, use: bytes) -> bytes:
    """A separate key for another use. The secret key is random enough for that."""
    return hmac.digest(key, use, "sha256")
