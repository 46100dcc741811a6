"""Envelope encryption: each secret under a key of its own, which the master key wraps (AES-256-GCM, SP 800-38D)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from provisor.domain.error import Refused
from provisor.secret.key import ID_BYTES, KEY_BYTES, MasterKey

_VERSION = b"\x01"
_NONCE = 12
_TAG = 16
_WRAPPED = KEY_BYTES + _TAG
_HEAD = len(_VERSION) + ID_BYTES
_SHORTEST = _HEAD + _NONCE + _WRAPPED + _NONCE + _TAG
_HIDDEN = "********"


class Vault:
    """Seals and opens secrets under one master key.

    A blob is version (1 byte), key id (8), nonce (12), wrapped data key (48), nonce (12), sealed text; version, key id,
    owner and field are authenticated, so that a blob opens only for the owner and the field that it was sealed for.
    """

    __slots__ = ("_key",)

    def __init__(self, key: MasterKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return f"Vault(key={self._key.id})"

    def seal(self, owner: str, field: str, text: str) -> bytes:
        """The text as a blob that differs each time."""
        head = _VERSION + bytes.fromhex(self._key.id)
        bound = _bound(head, owner, field)
        data_key = AESGCM.generate_key(KEY_BYTES * 8)
        outer, inner = secrets.token_bytes(_NONCE), secrets.token_bytes(_NONCE)
        wrapped = AESGCM(self._key.material).encrypt(outer, data_key, b"key" + bound)
        sealed = AESGCM(data_key).encrypt(inner, text.encode("utf-8", "surrogatepass"), b"text" + bound)
        return b"".join((head, outer, wrapped, inner, sealed))

    def open(self, owner: str, field: str, blob: bytes) -> str:
        """The text of a blob; raises Refused (SecretUnreadable), which tells nothing of either."""
        head, rest = blob[:_HEAD], blob[_HEAD:]
        if len(blob) < _SHORTEST or head[:1] != _VERSION:
            raise Refused("SecretUnreadable", owner=owner, field=field, because="damaged")
        if head[1:] != bytes.fromhex(self._key.id):
            raise Refused("SecretUnreadable", owner=owner, field=field, because="sealed with another key")
        outer, wrapped = rest[:_NONCE], rest[_NONCE : _NONCE + _WRAPPED]
        rest = rest[_NONCE + _WRAPPED :]
        bound = _bound(head, owner, field)
        try:
            data_key = AESGCM(self._key.material).decrypt(outer, wrapped, b"key" + bound)
            return (
                AESGCM(data_key).decrypt(rest[:_NONCE], rest[_NONCE:], b"text" + bound).decode("utf-8", "surrogatepass")
            )
        except InvalidTag:
            raise Refused(
                "SecretUnreadable", owner=owner, field=field, because="damaged, or of another owner or field"
            ) from None

    def fingerprint(self, text: str) -> str:
        """What tells whether a text is the same again, and without the key nothing of it (HMAC, RFC 2104)."""
        key = hmac.digest(self._key.material, b"provisor fingerprint", "sha256")
        return "hmac-sha256:" + hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret in it hidden, the longest first, so that no part of one is left."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text


def _bound(head: bytes, owner: str, field: str) -> bytes:
    """What a blob is bound to; lengths keep ("a", "bc") apart from ("ab", "c")."""
    names = (owner.encode("utf-8", "surrogatepass"), field.encode("utf-8", "surrogatepass"))
    return head + b"".join(len(name).to_bytes(4, "big") + name for name in names)
