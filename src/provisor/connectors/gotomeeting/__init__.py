"""Citrix GoToMeeting, by GoTo's Admin API v1."""

from provisor.connectors.gotomeeting.target import GoToMeeting, open_gotomeeting

__all__ = ["GoToMeeting", "open_gotomeeting"]
