"""Nouns as canonical JSON text and back: equal values are equal text."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_encoder = msgspec.json.Encoder(order="sorted")
_plain = msgspec.json.Decoder(dict[str, Any])


def encode(value: object) -> str:
    return _encoder.encode(value).decode()


def decode(text: str) -> dict[str, Any]:
    return _plain.decode(text)


def decode_as(text: str, kind: type[T]) -> T:
    found: T = _decoders[kind].decode(text)
    return found


class _Decoders(dict[type, msgspec.json.Decoder[Any]]):
    def __missing__(self, kind: type) -> msgspec.json.Decoder[Any]:
        decoder = self[kind] = msgspec.json.Decoder(kind)
        return decoder


_decoders = _Decoders()  # made once: to make one takes longer than to use it
