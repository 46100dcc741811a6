"""Replace, and its five ways."""

from __future__ import annotations

from collections.abc import Sequence

from provisor.domain.error import InvalidValue
from provisor.domain.resource import Attributes
from provisor.expression.coerce import text
from provisor.expression.context import Context
from provisor.expression.function import Unusable, form, limited
from provisor.expression.operand import ABSENT, Evaluate, Operand
from provisor.expression.pattern import Match, Pattern, pattern, replacement
from provisor.expression.value import MAXIMUM_SIZE, Datum

_NAME = "Replace"


@form(
    "Replace",
    "source, [oldValue], [regexPattern], [regexGroupName], [replacementValue], [replacementAttributeName], [template]",
    'Replace([mobile], , "[()\\\\s-]+", , "", , )',
    "+491711234567",
)
def replace(arguments: Sequence[Operand]) -> Evaluate:
    """Replaces parts of a text, case and all; what is given beside the source tells in which of five ways.

    oldValue, replacementValue: every oldValue in the source. oldValue, template: every oldValue in the template, by
    the source. regexPattern, replacementValue: every match, with ${group} for what a group holds. With regexGroupName,
    only what that group holds. regexPattern, regexGroupName, replacementAttributeName: the source, or if it is empty,
    what the group holds in the other attribute.
    """
    source, old, matching, group, new, other, template = [*arguments, *[ABSENT] * (7 - len(arguments))]
    if matching.given and other.given and group.given:
        return _taken_from_elsewhere(source, matching, group, other)
    if matching.given and new.given:
        return _matched(source, matching, group, new)
    if old.given and template.given:
        return _filled_in(template, old, source)
    if old.given and new.given:
        return _substituted(source, old, new)
    raise Unusable(0, InvalidValue(function=_NAME, expected="oldValue or regexPattern, and what comes in its place"))


def _substituted(source: Operand, old: Operand, new: Operand) -> Evaluate:
    """Every `old` in the source by `new`."""
    asked, find, put = source.evaluate, old.evaluate, new.evaluate
    fixed = (text(old.constant, _NAME) or "", text(new.constant, _NAME) or "") if old.fixed and new.fixed else None

    def evaluate(attributes: Attributes, context: Context) -> Datum:
        within = text(asked(attributes, context), _NAME)
        if within is None:
            return None
        sought, by = fixed or (text(find(attributes, context), _NAME), text(put(attributes, context), _NAME))
        return _with(within, sought, by, context) if sought and sought in within else within

    return evaluate


def _filled_in(template: Operand, old: Operand, source: Operand) -> Evaluate:
    """Every `old` in the template by the source; null where there is no source."""
    whole, find, put = template.evaluate, old.evaluate, source.evaluate

    def evaluate(attributes: Attributes, context: Context) -> Datum:
        by = text(put(attributes, context), _NAME)
        within = text(whole(attributes, context), _NAME)
        if by is None or within is None:
            return None
        sought = text(find(attributes, context), _NAME)
        return _with(within, sought, by, context) if sought else within

    return evaluate


def _with(within: str, sought: str, by: str | None, context: Context) -> Datum:
    """Replaces, after a look at how long that gets."""
    more = len(by or "") - len(sought)
    if more > 0 and len(within) + within.count(sought) * more > MAXIMUM_SIZE:
        raise InvalidValue(function=_NAME, problem="TooLong")
    return limited(within.replace(sought, by or ""), _NAME, context)


def _matched(source: Operand, matching: Operand, group: Operand, new: Operand) -> Evaluate:
    """Every match by the replacement, or only the group within it."""
    asked, put, named, fixed = source.evaluate, new.evaluate, group.evaluate, _pattern(matching)

    def evaluate(attributes: Attributes, context: Context) -> Datum:
        text_ = text(asked(attributes, context), _NAME)
        compiled = fixed or pattern(matching.evaluate(attributes, context), _NAME)
        if text_ is None or compiled is None:
            return text_
        by = text(put(attributes, context), _NAME) or ""
        name = text(named(attributes, context), _NAME)
        if not name:
            return limited(compiled.replace(text_, replacement(compiled, by), context, _NAME), _NAME, context)
        number = _number(compiled, name)

        def within(match: Match) -> str:
            whole: str = match[0]
            start, end = match.span(number)
            begin = match.start()
            return whole if start < 0 else whole[: start - begin] + by + whole[end - begin :]

        return limited(compiled.replace(text_, within, context, _NAME), _NAME, context)

    return evaluate


def _taken_from_elsewhere(source: Operand, matching: Operand, group: Operand, other: Operand) -> Evaluate:
    """The source; if that is empty, what the group holds in another attribute."""
    asked, named, fallback, fixed = source.evaluate, group.evaluate, other.evaluate, _pattern(matching)

    def evaluate(attributes: Attributes, context: Context) -> Datum:
        text_ = text(asked(attributes, context), _NAME)
        if text_:
            return text_
        elsewhere = text(fallback(attributes, context), _NAME)
        compiled = fixed or pattern(matching.evaluate(attributes, context), _NAME)
        if elsewhere is None or compiled is None:
            return text_
        number = _number(compiled, text(named(attributes, context), _NAME) or "0")
        found = compiled.first(elsewhere, number, context, _NAME)
        return text_ if found is None else found

    return evaluate


def _pattern(operand: Operand) -> Pattern | None:
    """The pattern, if it is a constant; a wrong one is Unusable."""
    if not operand.fixed:
        return None
    try:
        return pattern(operand.constant, _NAME)
    except InvalidValue as error:
        raise Unusable(2, error) from None


def _number(compiled: Pattern, name: str) -> int:
    number = compiled.groups.get(name)
    if number is None:
        raise InvalidValue(function=_NAME, expected="a group of the regexPattern as regexGroupName", found="another")
    return number
