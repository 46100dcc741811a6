"""HTTP to a target, for every connector."""

from provisor.connectors.http.answer import Answer, Request
from provisor.connectors.http.token import Token, refusal_code, token_of
from provisor.connectors.http.transport import Limits, Signer, Transport
from provisor.connectors.http.trouble import NotReached

__all__ = ["Answer", "Limits", "NotReached", "Request", "Signer", "Token", "Transport", "refusal_code", "token_of"]
