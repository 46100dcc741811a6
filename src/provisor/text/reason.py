"""A code with its parameters, as a sentence; and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from provisor.text.checks import CHECKS, PROBLEMS
from provisor.text.explanations import EXPLANATIONS
from provisor.text.filters import FILTERS
from provisor.text.outcomes import OUTCOMES
from provisor.text.plain import plain
from provisor.text.records import RECORDS
from provisor.text.refusals import REFUSALS
from provisor.text.row import Row
from provisor.text.schemas import SCHEMAS

TEXTS: Mapping[str, Row] = {**REFUSALS, **SCHEMAS, **RECORDS, **FILTERS, **OUTCOMES, **CHECKS, **EXPLANATIONS}
"""Every code that a person may meet."""

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_NAME = re.compile(r"\{(\w+)\}")


class ReasonLike(Protocol):
    """A code and the parameters that name the thing and the place."""

    @property
    def code(self) -> str: ...

    @property
    def parameters(self) -> Mapping[str, str]: ...


def describe(reason: ReasonLike) -> str:
    """One sentence, safe to show; the code and its parameters where no sentence fits. Never raises."""
    parameters = {name: plain(str(value)) for name, value in reason.parameters.items()}
    row = TEXTS.get(reason.code)
    sentence = None if row is None else _filled(row.sentence, parameters)
    if sentence is not None:
        return sentence
    named = ", ".join(f"{plain(name)}={value}" for name, value in parameters.items())
    return plain(reason.code) + (f" ({named})" if named else "")


def remedy(code: str) -> str | None:
    """The next step, where there is one to take."""
    row = TEXTS.get(code)
    return row.remedy if row else None


def _filled(template: str, parameters: Mapping[str, str]) -> str | None:
    """The template with its values; a part in square brackets falls away where one is missing. None: cannot be filled.

    Values are put in once: what looks like a placeholder inside one stays as it is.
    """
    parts = []
    for number, part in enumerate(_OPTIONAL.split(template)):  # odd ones stood in brackets
        values = [_value(name, parameters) for name in _NAME.findall(part)]
        if not all(values):
            if number % 2:
                continue
            return None
        texts = iter(values)
        parts.append(_NAME.sub(lambda _, texts=texts: next(texts) or "", part))
    return "".join(parts)


def _value(name: str, parameters: Mapping[str, str]) -> str | None:
    value = parameters.get(name)
    if not value:
        return None
    rest = {key: text for key, text in parameters.items() if key not in ("problem", "why")}
    if name == "problem":
        template = PROBLEMS.get(value)
        return (_filled(template, rest) if template else None) or value
    if name == "why" and value in TEXTS:
        return (_filled(TEXTS[value].sentence, rest) or value).rstrip(".")
    return value
