"""The end of every plan: is it about to take away more than one would in the ordinary course of things?"""

from __future__ import annotations

from dataclasses import dataclass

ALLOWED_NUMBER = 500
ALLOWED_SHARE = 0.10
ALWAYS_ALLOWED = 5  # a company of ten loses people, too


@dataclass(frozen=True, slots=True)
class Verdict:
    """`held` destructive lines wait until a person agrees to exactly that number."""

    destructive: int
    allowed: int
    held: bool


def judge(destructive: int, active_links: int, agreed: int | None) -> Verdict:
    """Above min(500, max(5, 10 % of the active links)) all destructive lines of a cycle are held back."""
    allowed = min(ALLOWED_NUMBER, max(ALWAYS_ALLOWED, int(active_links * ALLOWED_SHARE)))
    return Verdict(destructive, allowed, held=destructive > allowed and agreed != destructive)
