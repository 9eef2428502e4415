"""Files made to harm: each is refused in words by what it says of itself, before room is made for it."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from core.archives.opening import open_source
from core.archives.zip_file import ZipMembers
from core.base.errors import InputRefused
from core.base.settings import ArchiveLimits
from core.isolation import files
from core.isolation.pool import shared_pool

FACES = 118
MOST_BYTES = 300 << 20


@pytest.mark.parametrize(
    ("read", "name", "reason"),
    [
        pytest.param(
            lambda path: files.read_vectors_isolated(path, FACES),
            "bomb.parquet",
            "4\u202f000\u202f000 vectors",
            id="Parquet",
        ),
        pytest.param(lambda path: files.read_sidecar_isolated(path.read_bytes()), "nest20k.xmp", "nested", id="XMP"),
        pytest.param(files.read_bundle_isolated, "badmetrics.zip", "'accuracy' is missing or cannot be", id="bundle"),
    ],
)
def test_a_hostile_file_is_refused_in_words_and_takes_little_memory(
    shared_dir: Path, read: Callable[[Path], object], name: str, reason: str
) -> None:
    shared_pool().warm()
    own_before = own_peak_bytes()
    with pytest.raises(InputRefused, match=reason):
        read(shared_dir / "cases" / "hostile" / name)
    assert own_peak_bytes() - own_before < MOST_BYTES
    assert all(peak_bytes(pid) < MOST_BYTES for pid in shared_pool().pids)


def own_peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def peak_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def test_a_path_of_thirty_thousand_folders_is_one_refused_file(shared_dir: Path) -> None:
    own_before = own_peak_bytes()
    with open_source(shared_dir / "cases" / "hostile" / "long_deep.zip", ArchiveLimits()) as source:
        (refusal,) = source.refused
        assert not source.entries
    assert "32\u202f760 folders" in refusal.reason
    assert len(refusal.name) <= 201
    assert own_peak_bytes() - own_before < MOST_BYTES


def test_a_table_of_contents_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    ending = b"PK\x05\x06" + bytes(8) + (300 << 20).to_bytes(4, "little") + bytes(6)
    hostile = tmp_path / "a.zip"
    with hostile.open("wb") as file:
        file.truncate(301 << 20)  # a file with a hole
        file.seek(0, 2)
        file.write(ending)
    with pytest.raises(InputRefused, match="table of contents"):
        ZipMembers(hostile, ArchiveLimits())


def test_a_log_whose_values_are_nested_beyond_reading_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"format": "face-atlas-log", "version": 1}\n' + "[" * 1_000_000 + "\n")
    with pytest.raises(InputRefused):
        files.require_readable_log(log)
