"""Who may import whom is a contract, checked by import-linter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs import-linter over the `src` of a folder."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--config", ROOT / ".importlinter", "--no-cache", "--no-logo"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nobody_imports_from_above() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_package_that_has_no_place_in_the_layers_fails_the_build(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "src/provisor/utils.py").write_text('"""Whatever nobody found a place for."""\n', "utf-8")
    result = lint(tmp_path)
    assert result.returncode == 1
    assert "provisor.utils" in result.stdout
