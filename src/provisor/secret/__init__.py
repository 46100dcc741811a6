"""Secrets at rest: sealed under a master key, opened only for the owner and field that they belong to."""

from provisor.secret.envelope import Vault, redact
from provisor.secret.key import MasterKey, load_key

__all__ = ["MasterKey", "Vault", "load_key", "redact"]
