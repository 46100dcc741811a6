"""The shapes in which the emulated service answers and refuses."""

import msgspec
from aiohttp import web


class Refused(Exception):
    """A request the Admin API turns down, as one or more (code, value) pairs."""

    def __init__(self, status: int, code: str, value: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.errors = [(code, value)]


class OAuthRefused(Exception):
    """A request a token endpoint turns down in the form of RFC 6749 section 5.2."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(error)
        self.status, self.error, self.description = status, error, description


def json(value: object, status: int = 200) -> web.Response:
    """`value` as a JSON answer."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def done() -> web.Response:
    """An answer without a body."""
    return web.Response(status=204)


def refusal(refused: Refused, incident: str) -> web.Response:
    """The Admin API's error envelope."""
    errors = [{"code": code, "value": value} if value else {"code": code} for code, value in refused.errors]
    return json({"incidentId": incident, "errors": errors}, refused.status)


def oauth_refusal(refused: OAuthRefused) -> web.Response:
    """The token endpoint's error body."""
    answer = json({"error": refused.error, "error_description": refused.description}, refused.status)
    if refused.status == 401:
        answer.headers["WWW-Authenticate"] = "Basic"
    return answer


def gateway(status: int, code: str, message: str) -> web.Response:
    """What the API gateway answers in place of the service behind it."""
    return json({"errorCode": code, "message": message}, status)


def page(status: int, title: str) -> web.Response:
    """An HTML page where JSON was expected."""
    text = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return web.Response(text=text, status=status, content_type="text/html")
