"""Any app that speaks SCIM 2.0 (RFC 7643, RFC 7644), and what those that speak it loosely need."""

from provisor.connectors.scim.target import Scim, open_scim

__all__ = ["Scim", "open_scim"]
