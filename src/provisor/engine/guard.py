"""The end of every plan: is it about to take away, or take over, more than in the ordinary course of things?"""

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
    allowed = _ordinary(active_links)
    return Verdict(destructive, allowed, held=destructive > allowed and agreed != destructive)


def too_many_adoptions(adoptions: int, active_links: int, *, initial: bool) -> bool:
    """So many accounts are taken over at once only in the beginning, or by a matching attribute that means others."""
    return not initial and adoptions > _ordinary(active_links)


def _ordinary(active_links: int) -> int:
    return min(ALLOWED_NUMBER, max(ALWAYS_ALLOWED, int(active_links * ALLOWED_SHARE)))
