"""Where the master key comes from, and which keys are not taken."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from provisor.domain.error import Refused
from provisor.secret import MasterKey, load_key

TEXT = base64.b64encode(bytes(range(32))).decode()


def written(path: Path, content: str, mode: int = 0o600) -> Path:
    path.write_text(content, "utf-8")
    path.chmod(mode)
    return path


def refusal(home: Path, key: str | None = None, key_file: Path | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        load_key(home, key, key_file)
    return caught.value


def test_the_environment_goes_before_the_key_file_and_that_before_the_home(tmp_path: Path) -> None:
    named = written(tmp_path / "named", base64.b64encode(b"n" * 32).decode())
    assert load_key(tmp_path, TEXT, named).material == bytes(range(32))
    assert load_key(tmp_path, f" {TEXT}\n", None).material == bytes(range(32))
    assert load_key(tmp_path, None, named).material == b"n" * 32
    assert load_key(tmp_path, "", named).material == b"n" * 32
    assert not (tmp_path / "provisor.key").exists()


def test_the_first_start_makes_a_key_that_only_its_owner_may_read(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    before = os.umask(0)
    try:
        key = load_key(home)
    finally:
        os.umask(before)
    assert stat.S_IMODE((home / "provisor.key").stat().st_mode) == 0o600
    assert [each.name for each in home.iterdir()] == ["provisor.key"]
    assert load_key(home) == key
    assert load_key(tmp_path / "another") != key


def test_processes_that_start_together_get_one_key(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from provisor.secret import load_key;"
        "sys.stdin.read(1); print(load_key(Path(sys.argv[1])).id)"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("!")
        racer.stdin.flush()
    ids = {racer.communicate()[0].strip() for racer in racers}
    assert ids == {load_key(tmp_path).id}


def test_threads_that_start_together_get_one_key(tmp_path: Path) -> None:
    keys: list[MasterKey] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        keys.append(load_key(tmp_path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len({key.id for key in keys}) == 1


@pytest.mark.parametrize("text", ["secret!", "c2VjcmV0", base64.b64encode(b"x" * 33).decode(), "é"])
def test_a_key_that_is_not_32_bytes_of_base64_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    refused = refusal(tmp_path, text)
    assert refused.reason.code == "KeyInvalid"
    assert refused.reason.parameters["origin"] == "PROVISOR_KEY"
    assert text not in str(refused)
    assert refusal(tmp_path, None, written(tmp_path / "file", text)).reason.code == "KeyInvalid"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_file_that_others_may_read_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "my key", TEXT, mode)
    refused = refusal(tmp_path, None, path)
    assert refused.reason.code == "KeyFileTooOpen"
    assert refused.reason.parameters["mend"] == f"chmod 600 '{path}'"
    assert TEXT not in str(refused)
    subprocess.run(refused.reason.parameters["mend"], shell=True, check=True)
    assert load_key(tmp_path, None, path).material == bytes(range(32))


def test_a_key_file_that_is_not_there_is_not_replaced_by_a_new_key(tmp_path: Path) -> None:
    assert refusal(tmp_path, None, tmp_path / "absent").reason.code == "KeyFileUnreadable"
    assert refusal(tmp_path, None, tmp_path).reason.code == "KeyFileUnreadable"
    (tmp_path / "provisor.key").symlink_to(tmp_path / "unmounted")
    assert refusal(tmp_path).reason.code == "KeyFileUnreadable"
    assert not (tmp_path / "unmounted").exists()


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = refusal(tmp_path / "file" / "home")
    assert refused.reason.code == "KeyFileUnreadable"
    assert "home" in refused.reason.parameters["file"]
