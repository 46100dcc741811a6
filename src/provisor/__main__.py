"""The console script."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from provisor import cli

if TYPE_CHECKING:
    from provisor.app.installation import Installation


def main() -> None:
    """Run the command line and exit with its code."""
    os.umask(0o077)  # the home holds people's data and secrets: nobody else on this machine reads it
    sys.exit(cli.main(application=_application))


def _application(installation: Installation) -> Any:
    """What `serve` answers with: the doors do not know one another, so it is put in here."""
    from provisor.api.application import application  # noqa: PLC0415  (the web stack, needed by one command)

    return application(installation)


if __name__ == "__main__":
    main()
