"""The master key: from the environment, from a file, or made at first start."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import secrets
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from provisor.domain.error import Refused

KEY_BYTES = 32
ID_BYTES = 8
FILE_NAME = "provisor.key"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """32 bytes, and an id that tells keys apart and nothing of them."""

    material: bytes = field(repr=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        if len(self.material) != KEY_BYTES:
            raise Refused("KeyInvalid", expected=_EXPECTED, length=len(self.material))
        digest = hashlib.sha256(b"provisor key id\0" + self.material).digest()
        object.__setattr__(self, "id", digest[:ID_BYTES].hex())


_EXPECTED = "32 bytes in base64, as `openssl rand -base64 32` prints"


def load_key(home: Path, key: str | None = None, key_file: Path | None = None) -> MasterKey:
    """The key of PROVISOR_KEY's value, else of the key file, else of `home/provisor.key`, made where it is missing.

    Raises Refused: KeyInvalid, KeyFileUnreadable, KeyFileTooOpen. A file that others may read is not used.
    """
    if key is not None and key.strip():
        return _decode(key, "PROVISOR_KEY")
    if key_file is not None:
        return _read(key_file)
    path = home / FILE_NAME
    if not os.path.lexists(path):
        _make(path)
    return _read(path)


def _decode(text: str, origin: str) -> MasterKey:
    try:
        material = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("KeyInvalid", origin=origin, expected=_EXPECTED) from None
    if len(material) != KEY_BYTES:
        raise Refused("KeyInvalid", origin=origin, expected=_EXPECTED, length=len(material))
    return MasterKey(material)


def _read(path: Path) -> MasterKey:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            content = file.read(1024)
    except OSError as error:
        raise Refused("KeyFileUnreadable", file=path, because=error.strerror or "cannot be read") from None
    if mode & 0o077:
        raise Refused("KeyFileTooOpen", file=path, mode=f"{mode:04o}", mend=f"chmod 600 {shlex.quote(str(path))}")
    return _decode(content.decode("ascii", "replace"), str(path))


def _make(path: Path) -> None:
    """Writes a new key beside `path` and links it there whole, so that of two starting processes one key stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was first: its key is the key
                os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise Refused("KeyFileUnreadable", file=path, because=error.strerror or "cannot be written") from None
