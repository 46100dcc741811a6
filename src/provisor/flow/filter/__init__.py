"""2 scope, the filter: which entries an object mapping is for, and what is wrong with a filter when it is saved."""

from provisor.flow.filter.check import Fault, faults, warnings
from provisor.flow.filter.clause import MEMBER_OF
from provisor.flow.filter.filter import Filter, Verdict, compile_filter, uses_groups

__all__ = ["MEMBER_OF", "Fault", "Filter", "Verdict", "compile_filter", "faults", "uses_groups", "warnings"]
