"""What the environment sets. Every name begins with PROVISOR_; docs/reference/settings.md lists them."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once, at the start of a process."""

    model_config = SettingsConfigDict(env_prefix="PROVISOR_", extra="ignore", frozen=True)

    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("provisor")))
    """The folder that holds the database and, unless it is given, the key."""

    key: SecretStr | None = None
    """The master key itself: 32 bytes in base64."""

    key_file: Path | None = None
    """A file that holds the master key."""

    database_url: SecretStr | None = None
    """Where the database is, with the password; unset, a SQLite file in the home."""

    port: int = Field(default=8400, ge=0, le=65535)
    """Where the service listens, on 127.0.0.1."""

    goto_client_id: str | None = None
    """The OAuth client that signs in to GoTo; where it is not set, each app is asked for one."""

    goto_client_secret: SecretStr | None = None
    """That client's secret."""

    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    """What the service writes to standard error."""

    def preset(self, name: str) -> str | None:
        """The value that answers a credential field for every app, where it is set."""
        value = getattr(self, name, None)
        return value.get_secret_value() if isinstance(value, SecretStr) else value
