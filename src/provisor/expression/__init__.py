"""The mapping language: text is compiled once into closures that answer for every entry."""

from provisor.expression.compiler import Expression, compile_expression
from provisor.expression.context import Context
from provisor.expression.error import ExpressionError
from provisor.expression.value import Control, Result

__all__ = ["Context", "Control", "Expression", "ExpressionError", "Result", "compile_expression"]
