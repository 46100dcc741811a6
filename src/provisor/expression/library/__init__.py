"""The functions, by family: to add one, declare it in the file of its family."""

from provisor.expression.function import LIBRARY
from provisor.expression.library import chance, dates, encodings, flow, letters, lists, logic, replace, roles, texts

FAMILIES = (logic, texts, letters, replace, lists, dates, encodings, roles, flow, chance)
"""In the order of the docs."""

__all__ = ["FAMILIES", "LIBRARY"]
