"""How fast a target is asked: one limit for everybody who asks it."""

from __future__ import annotations

import asyncio

from yarl import URL

_AT_LEAST = 10.0  # requests a second: so few tell nothing about what a target bears
_NONE = 0.0001  # seconds: as good as no gap
_NEAR = 0.8, 1.25  # around the gap at which the last 429 came, where it is narrowed with care

_throttles: dict[asyncio.AbstractEventLoop, dict[str, Throttle]] = {}


def throttle_of(url: str, concurrency: int) -> Throttle:
    """The throttle of the target at this address (scheme, host and port): one for all who ask on this loop.

    It outlives them, so that a pause is kept by the next cycle, too. Whoever is first says how many requests the target
    is sent at a time. Raises ValueError where the address is none.
    """
    origin = str(URL(url).origin())
    loop = asyncio.get_running_loop()
    if loop not in _throttles:
        for ended in [one for one in _throttles if one.is_closed()]:
            del _throttles[ended]
        _throttles[loop] = {}
    return _throttles[loop].setdefault(origin, Throttle(concurrency))


class Throttle:
    """Places in time, first come first served. Times are in seconds, on the loop's clock.

    Each request keeps its own distance to the next, whoever sends that. A 429 pauses everybody and widens the gap
    between two requests, once for all that are on their way together. Every answer without one narrows it again: by
    a tenth, and near the gap at which the last 429 came so little that it takes ten seconds to get past it.
    """

    def __init__(self, concurrency: int) -> None:
        self.lanes = asyncio.Semaphore(concurrency)
        self.resume = 0.0  # nothing is sent before
        self.gap = 0.0  # between two requests, beyond what their rates ask for; 0: the target is not strained
        self.rounds = 0  # a pause voids the places that were taken before it
        self._next = self._slowed = self._too_narrow = 0.0
        self._second, self._sent, self._sent_before = 0.0, 0, 0

    def take(self, now: float, distance: float) -> float:
        """When the next request may be sent: the place is taken, unless `rounds` moves on before its time comes."""
        place = max(self._next, now)
        self._next = place + max(self.gap, distance)
        if place - self._second >= 1:
            self._sent_before = self._sent if place - self._second < 2 else 0
            self._second, self._sent = place, 0
        self._sent += 1
        return place

    def pause(self, now: float, seconds: float) -> None:
        """Nothing is sent until then, whoever asks meanwhile."""
        if now + seconds > self.resume:
            self.resume = now + seconds
            self._next = max(self.resume, now + self.gap)
            self.rounds += 1

    def slow_down(self, now: float, sent: float, distance: float, widest: float) -> None:
        """429 was answered to a request that was `sent` then, by somebody who keeps that distance."""
        if sent >= self._slowed:
            usual = 1 / max(self._sent, self._sent_before, _AT_LEAST)
            self._too_narrow = self.gap if self.gap > distance else max(usual, distance)
            self.gap = min(2 * self._too_narrow, widest)
            self._slowed = now

    def speed_up(self) -> None:
        """Something else than 429 was answered."""
        near = _NEAR[0] * self._too_narrow < self.gap < _NEAR[1] * self._too_narrow
        self.gap *= 1 - min(0.1, self.gap / 20 if near else 0.1)
        if self.gap < _NONE:
            self.gap = 0.0
