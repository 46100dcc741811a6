"""The functions, by family: to add one, declare it in the file of its family."""

from provisor.expression.function import LIBRARY
from provisor.expression.library import bits, case, chance, dates, flow, lists, logic, parts, patterns, roles

FAMILIES = (logic, parts, case, patterns, lists, dates, bits, roles, flow, chance)
"""In the order of the docs."""

__all__ = ["FAMILIES", "LIBRARY"]
