"""What the emulator remembers of its own doings, for tests to read."""

from dataclasses import dataclass
from typing import Literal

MailKind = Literal["invitation", "product", "transfer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail that would have gone out; `time` is epoch seconds."""

    time: float
    to: str
    kind: MailKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write that was carried out: on whom (empty for a group of its own) and to what effect, `unchanged` included."""

    time: float
    method: str
    path: str
    email: str
    key: str
    effect: str
