"""The vault: secrets that are stored encrypted with the service's secret key.

AES-256 in GCM, with a key that HKDF derives from the secret key. A sealed secret is bound to its
owner: moved to the row of somebody else, it does not open.
"""

import secrets
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_ID_BYTES: Final = 8


class SecretUnreadable(Exception):
    """The secret was sealed with a key that this service does not have, or for somebody else."""


class Vault:
    """Seals with the first of the service's keys, and opens with each of them."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def seal(self, secret: bytes, owner: str) -> bytes:
        """The secret, encrypted for its owner."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed: bytes = self._ciphers[self.key_id].encrypt(nonce, secret, owner.encode())
        return nonce + sealed

    def open(self, key_id: bytes, sealed: bytes, owner: str) -> bytes:
        """The secret. Raises SecretUnreadable."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see `_ciphers`

        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SecretUnreadable
        try:
            opened: bytes = cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode()
            )
        except (InvalidTag, ValueError):
            raise SecretUnreadable from None
        return opened

    @property
    def key_id(self) -> bytes:
        """The id of the key that seals. It gives nothing of the key away."""
        return next(iter(self._ciphers))

    @property
    def older_key_ids(self) -> list[bytes]:
        """The ids of the keys that only open."""
        return list(self._ciphers)[1:] if len(self._keys) > 1 else []

    @cached_property
    def _ciphers(self) -> dict[bytes, Any]:
        """A cipher for each key, by the key's id, the first one first."""
        # 10 ms and 6 MB, for services whose people use two-factor sign-in.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        def derive(key: bytes, use: bytes, size: int) -> bytes:
            return HKDF(algorithm=SHA256(), length=size, salt=None, info=use).derive(key)

        return {
            derive(key, b"sconto vault id", _ID_BYTES): AESGCM(
                derive(key, b"sconto vault", _KEY_BYTES)
            )
            for key in self._keys
        }
