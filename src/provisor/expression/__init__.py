"""The mapping language: text is compiled once into closures that answer for every entry."""

from provisor.expression.compiler import Expression, compile_expression
from provisor.expression.error import ExpressionError

__all__ = ["Expression", "ExpressionError", "compile_expression"]
