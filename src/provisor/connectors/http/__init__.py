"""HTTP to a target, for every connector."""

from provisor.connectors.http.answer import Answer, Request
from provisor.connectors.http.transport import Limits, Signer, Transport
from provisor.connectors.http.trouble import NotReached

__all__ = ["Answer", "Limits", "NotReached", "Request", "Signer", "Transport"]
