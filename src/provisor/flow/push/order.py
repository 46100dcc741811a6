"""In which order a plan is carried out."""

from __future__ import annotations

from provisor.domain.change import Action, Adopt, Create, Delete, Disable, Skip, Update

NOT_PUSHED = 9


def rank(action: Action) -> int:
    """Disable, delete, update, create: seats are freed before they are taken. One rank ends before the next begins."""
    match action:
        case Disable():
            return 0
        case Delete():
            return 1
        case Update() | Adopt():
            return 2
        case Create():
            return 3
        case Skip():
            return NOT_PUSHED
