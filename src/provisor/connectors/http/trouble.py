"""What it means that no answer came."""

from __future__ import annotations

import socket
from typing import Any

import aiohttp

from provisor.connectors.http.answer import Request
from provisor.domain.error import Incompatible, Misconfigured, ProvisorError, Unavailable


class NotReached(Unavailable):
    """No connection was made, so nothing was done. `name_unknown`: the host's name does not exist (RFC 8020)."""

    def __init__(self, *, name_unknown: bool = False, wait: float | None = None, **parameters: object) -> None:
        super().__init__(wait, **parameters)
        self.name_unknown = name_unknown


def trouble(error: Exception, request: Request) -> ProvisorError:
    """What aiohttp's exception means to an admin."""
    told: dict[str, Any] = {"method": request.method, "address": request.address}
    match error:
        case aiohttp.ClientConnectorDNSError():
            unknown = isinstance(error.os_error, socket.gaierror) and error.os_error.errno == socket.EAI_NONAME
            return NotReached(name_unknown=unknown, problem="NameNotResolved", **told)
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ServerFingerprintMismatch():
            return Incompatible(problem="CertificateNotTrusted", **told)
        case aiohttp.ClientSSLError():
            return Incompatible(problem="TlsFailed", **told)
        case aiohttp.ConnectionTimeoutError():
            return NotReached(problem="ConnectTimedOut", **told)
        case aiohttp.ClientConnectorError():
            return NotReached(problem="ConnectionRefused", **told)
        case aiohttp.ClientResponseError():
            return Incompatible(problem="NotHttp", **told)
        case TimeoutError():
            return Unavailable(problem="TimedOut", **told)
        case ValueError() | aiohttp.NonHttpUrlClientError():
            return Misconfigured(problem="InvalidAddress", **told)
        case _:
            return Unavailable(problem="ConnectionLost", **told)
