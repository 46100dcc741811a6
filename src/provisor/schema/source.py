"""An expression as Microsoft Graph nests it (attributeMappingSource), and such a tree as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from provisor.expression import ExpressionError
from provisor.expression.library import LIBRARY
from provisor.expression.parse import Attribute, Call, Comparison, Constant, Node, Word, parse

_COMPARISONS: Final = frozenset(("=", "<>", ">", ">=", "<", "<="))
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "replace": (
        *("source", "Find", "RegularExpression", "RegularExpressionGroupName"),
        *("Replacement", "ReplacementPropertyName", "Template"),
    ),
    "switch": ("source", "defaultValue", "switchValue"),
}
"""Graph's names of parameters, where ours are others."""


def source_tree(text: str) -> Mapping[str, Any]:
    """The tree of an expression; its own text stands as it was written."""
    try:
        tree = _tree(parse(text))
    except ExpressionError:
        tree = _told("Function", None, text)
    return {**tree, "expression": text}


def _tree(node: Node | None) -> dict[str, Any]:
    match node:
        case None:
            return _told("Constant", "", "")
        case Attribute(name, _):
            return _told("Attribute", name, f"[{name}]")
        case Constant(value, _):
            return _told("Constant", str(value), quoted(str(value)))
        case Word(name, _):
            return _told("Constant", name, name)
        case Comparison(left, operator, right):
            sides = {"left": _tree(left), "right": _tree(right)}
            text = f"{sides['left']['expression']} {operator} {sides['right']['expression']}"
            return _told("Function", operator, text, [{"key": key, "value": side} for key, side in sides.items()])
        case Call(name, arguments, _):
            trees = [_tree(one) for one in arguments]
            text = f"{name}({', '.join(tree['expression'] for tree in trees)})"
            keys = _keys(name)
            given = [
                {"key": _key(keys, number), "value": tree}
                for number, (tree, one) in enumerate(zip(trees, arguments, strict=True))
                if one is not None
            ]
            return _told("Function", LIBRARY[name.lower()].name if name.lower() in LIBRARY else name, text, given)


def _told(type_: str, name: str | None, text: str, parameters: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    return {"expression": text, "name": name, "parameters": list(parameters), "type": type_}


def _keys(function: str) -> Sequence[str]:
    folded = function.lower()
    if folded in _KEYS or folded not in LIBRARY:
        return _KEYS.get(folded, ())
    return [each.name for each in LIBRARY[folded].parameters]


def _key(keys: Sequence[str], number: int) -> str:
    return keys[min(number, len(keys) - 1)] if keys else f"argument{number + 1}"


def quoted(text: str) -> str:
    """A text as a constant of an expression."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def text_of(type_: str, name: str, parameters: Sequence[tuple[str, str]]) -> str:
    """The text of one node, given the keys and the texts of its parameters."""
    if type_ == "Attribute":
        return f"[{name}]"
    if type_ == "Constant":
        return quoted(name)
    if name in _COMPARISONS and len(parameters) == 2:
        return f"{parameters[0][1]} {name} {parameters[1][1]}"
    keys = [key.casefold() for key in _keys(name)]
    arguments: list[str] = []
    for key, text in parameters:
        place = keys.index(key.casefold()) if key.casefold() in keys else len(arguments)
        arguments += [""] * (place - len(arguments))
        arguments.append(text)
    return f"{name}({', '.join(arguments)})"
