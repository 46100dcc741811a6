"""What a token service answers (RFC 6749 section 5), for every connector that signs in by OAuth."""

from __future__ import annotations

import msgspec

from provisor.connectors.http.answer import Answer
from provisor.domain.error import Incompatible

HOUR = 3600.0  # seconds that a token is taken to last where it is not said


class Token(msgspec.Struct):
    """RFC 6749 section 5.1; some send `expires_in` as text."""

    access_token: str
    expires_in: int | float | str | None = None
    refresh_token: str | None = None

    @property
    def life(self) -> float:
        """Seconds that it may be used: a little less than it lasts."""
        try:
            lasts = HOUR if self.expires_in is None else max(0.0, float(self.expires_in))
        except ValueError:
            lasts = HOUR
        return lasts - min(60.0, lasts / 10)


class _Refusal(msgspec.Struct):
    """RFC 6749 section 5.2."""

    error: str | None = None


def token_of(answer: Answer) -> Token:
    """The token that came. Raises Incompatible where it could not be sent in a header."""
    token = answer.decode(Token)
    if not token.access_token or not token.access_token.isascii() or not token.access_token.isprintable():
        raise Incompatible(problem="UnexpectedJson", address=answer.address)
    return token


def refusal_code(answer: Answer) -> str:
    """Why there is no token, in RFC 6749's word; empty where it is not said."""
    try:
        return answer.decode(_Refusal).error or ""
    except Incompatible:
        return ""
