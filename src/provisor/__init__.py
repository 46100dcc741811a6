"""Provisor: automatic user provisioning."""

__version__ = "0.1.0"
