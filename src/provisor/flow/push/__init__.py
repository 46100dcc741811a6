"""6 export: do it; decide nothing."""

from provisor.flow.push.many import costs_more, find_all, shows_everybody
from provisor.flow.push.order import NOT_PUSHED, rank
from provisor.flow.push.pool import Pace, Push, Stopped

__all__ = ["NOT_PUSHED", "Pace", "Push", "Stopped", "costs_more", "find_all", "rank", "shows_everybody"]
