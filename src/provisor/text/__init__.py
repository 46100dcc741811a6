"""What people read: sentences for codes, and text that is safe to show."""

from provisor.text.plain import looks_like_mail, plain
from provisor.text.reason import TEXTS, ReasonLike, describe, remedy
from provisor.text.time import duration, moment

__all__ = ["TEXTS", "ReasonLike", "describe", "duration", "looks_like_mail", "moment", "plain", "remedy"]
