"""What goes wrong for some requests: outages, lost answers, login pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["unauthorized", "rate-limited", "server-error", "lost-reply", "dropped", "html", "redirect"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, for requests whose method and path match wholly and in part; `times` None: always.

    `lost-reply` carries the request out and drops the connection; `dropped` does not even carry it out.
    """

    kind: FaultKind
    method: str = ".*"
    path: str = "."
    times: int | None = None
    after: int = 0  # of those it concerns, so many are spared first
    status: int = 500  # of a server-error
    retry_after: str | None = None
    met: int = 0
    struck: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Is this request one of those concerned? Counts it."""
        if not re.fullmatch(self.method, method) or not re.search(self.path, path):
            return False
        self.met += 1
        if self.met <= self.after or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True
