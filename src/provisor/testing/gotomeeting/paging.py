"""Query strings and result pages."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote

from aiohttp import web

from provisor.testing.gotomeeting.answer import Refused, json
from provisor.testing.gotomeeting.options import Options

Row = TypeVar("Row")


def query(request: web.Request) -> dict[str, str]:
    """The query with percent signs decoded and plus signs left alone, as the service reads it."""
    _, _, text = request.raw_path.partition("?")
    pairs = (part.partition("=") for part in text.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def flag(values: dict[str, str], name: str) -> bool:
    """A boolean of the query, absent meaning false; refuses what is neither true nor false."""
    text = values.get(name, "false").lower()
    if text not in {"true", "false"}:
        raise Refused(400, f"{name}.invalid", text)
    return text == "true"


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows and which properties a list request asks for."""

    offset: int
    size: int
    attributes: Collection[str] | None

    def answer(self, rows: Sequence[Row], show: Callable[[Row, Collection[str] | None], object]) -> web.Response:
        """One page of `rows`: `toIndex` is exclusive, and an empty `results` is left out."""
        chosen = rows[self.offset : self.offset + self.size]
        envelope: dict[str, object] = {
            "fromIndex": self.offset,
            "toIndex": self.offset + len(chosen),
            "total": len(rows),
        }
        if chosen:
            envelope["results"] = [show(row, self.attributes) for row in chosen]
        return json(envelope)


def window(values: dict[str, str], options: Options) -> Window:
    """The page asked for; refuses a page size above the limit, a negative offset and what is no number."""
    offset = _number(values, "offset", 0, 0, None)
    size = _number(values, "pageSize", options.default_page_size, 1, options.max_page_size)
    named = values.get("attributes")
    return Window(offset, size, None if named is None else {name.strip() for name in named.split(",")})


def _number(values: dict[str, str], name: str, default: int, least: int, most: int | None) -> int:
    text = values.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text) < least or (most is not None and int(text) > most):
        raise Refused(400, f"{name}.invalid", text)
    return int(text)
