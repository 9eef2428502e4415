"""A full disk: nothing is half written, everything says so, and deleting always works.

The disk is a file system in memory of 60 MB, mounted in a namespace of its own, which most systems let any user do.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.store.disk_reserve import RESERVE_BYTES
from tests.conftest import PROJECT_DIR, write_zip

MOUNT = 'mount -t tmpfs -o size=60m tmpfs "$0" && exec "$@"'


def on_a_small_disk(folder: Path, *command: object) -> subprocess.CompletedProcess[str]:
    """Run a command while a disk of 60 MB is mounted at a folder; nobody else sees it."""
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT, str(folder), *map(str, command)]
    return subprocess.run(words, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def steps(models_dir: Path, sample_files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of each step in ``small_disk.py``."""
    disk, given = tmp_path_factory.mktemp("disk"), tmp_path_factory.mktemp("given")
    try:
        tried = on_a_small_disk(disk, "true")
    except FileNotFoundError:
        pytest.skip("there is no `unshare` here, so no small disk can be mounted")
    if tried.returncode:
        pytest.skip(f"no disk can be mounted here: {tried.stderr.strip()}")
    files = list(sample_files.items())
    parts = files[:8], files[8:16], files[16:24]
    photos = [write_zip(given / f"{number}.zip", dict(part)) for number, part in enumerate(parts)]
    done = on_a_small_disk(disk, sys.executable, "-m", "tests.faults.small_disk", disk, models_dir, *photos)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_room_is_kept_while_there_is_some(steps: dict[str, Any]) -> None:
    assert [steps[name]["status"] for name in ("One", "Two")] == [0, 0]
    assert steps["reserve"] == RESERVE_BYTES


def test_a_command_says_that_the_disk_is_full_and_leaves_nothing_half(steps: dict[str, Any]) -> None:
    assert steps["ingest"]["status"] == 1
    assert "The disk is full" in steps["ingest"]["told"]
    assert "Traceback" not in steps["ingest"]["told"]


def test_the_program_starts_on_a_full_disk_and_shows_what_is_there(steps: dict[str, Any]) -> None:
    assert steps["opened"]["datasets"][:2] == ["One", "Two"]
    assert "running" not in {state for _, state, _ in steps["opened"]["jobs"]}


def test_a_dataset_is_deleted_on_the_page_of_a_full_disk(steps: dict[str, Any]) -> None:
    assert steps["page"] == {"shown": True, "told": []}
    assert "One" not in steps["after page"]["datasets"]


def test_a_person_is_erased_on_a_full_disk(steps: dict[str, Any]) -> None:
    assert steps["person"]["status"] == 0, steps["person"]["told"]
    assert len(steps["people"]) == 1, "one of two"


def test_a_dataset_is_deleted_by_the_command_on_a_full_disk(steps: dict[str, Any]) -> None:
    assert steps["command"]["status"] == 0, steps["command"]["told"]
    assert not {"One", "Two"} & set(steps["afterwards"]["datasets"])


def test_the_room_is_kept_again_when_there_is_some(steps: dict[str, Any]) -> None:
    assert steps["again"]["status"] == 0, steps["again"]["told"]
    assert steps["reserve again"] == RESERVE_BYTES
