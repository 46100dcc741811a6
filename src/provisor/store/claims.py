"""Claims as keys: what a target or a directory says may be longer than an index takes, and of any characters."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

LONGEST: Final = 200  # characters of four bytes at the most: an index of PostgreSQL takes 2704 bytes a row
LONGEST_ID: Final = 400


def key_of(claim: str) -> str:
    """The claim itself, or its digest, which no claim is equal to: that has an `=` in it."""
    if len(claim) <= LONGEST and "\0" not in claim:
        return claim
    return f"sha256:{sha256(claim.encode('utf-8', 'surrogatepass')).hexdigest()}"


def is_key(target_id: str) -> bool:
    """Can an account of this id be kept at all?"""
    return len(target_id) <= LONGEST_ID and "\0" not in target_id
