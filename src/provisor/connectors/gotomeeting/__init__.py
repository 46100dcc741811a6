"""Citrix GoToMeeting, by GoTo's Admin API v1."""

from provisor.connectors.gotomeeting.account import ATTRIBUTES
from provisor.connectors.gotomeeting.target import GoToMeeting, open_gotomeeting

__all__ = ["ATTRIBUTES", "GoToMeeting", "open_gotomeeting"]
