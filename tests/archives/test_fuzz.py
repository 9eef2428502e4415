"""Archives that nobody would make: 2,000 of them, mutated and hostile, from a fixed seed.

``ARCHIVE_FUZZ=50000`` tries as many as that; ``ARCHIVE_FUZZ_SEED=7`` others. Nothing but a refusal may come of one,
nothing may be written, and no name may lead out of the folder.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from core.archives.folder_layout import RULES
from core.archives.opening import open_source
from core.base.errors import ArchiveRefused, ImageRefused
from core.base.settings import ArchiveLimits
from tests.archives.hostile_zips import hostile_zip, mutated, ordinary_zip

ROUNDS = int(os.environ.get("ARCHIVE_FUZZ", "2000"))
SEED = int(os.environ.get("ARCHIVE_FUZZ_SEED", "0"))
SHARES = 8
LIMITS = ArchiveLimits(max_entries=400, max_total_bytes=1 << 22, max_entry_bytes=1 << 20)


def read_all(path: Path, chance: random.Random) -> None:
    """Open an archive and read everything in it; refusals are what may happen."""
    rule, zip_names = chance.choice(RULES), chance.choice(("", "", "cp932", "utf-8"))
    try:
        source = open_source(path, LIMITS, folders=rule, zip_names=zip_names)
    except ArchiveRefused as refusal:
        assert str(refusal)
        return
    with source:
        for index, entry in enumerate(source.entries):
            assert entry.index == index
            assert not entry.name.startswith("/")
            assert ".." not in entry.name.split("/")
            assert "\x00" not in entry.name
            entry.name.encode()  # valid text, fit for a database
            try:
                assert len(source.read(entry)) <= LIMITS.max_entry_bytes
            except ImageRefused as refusal:
                assert str(refusal)
        for refused in source.refused:
            (refused.name + refused.reason).encode()


@pytest.mark.parametrize("share", range(SHARES))
def test_no_archive_gives_more_than_a_refusal(tmp_path: Path, share: int) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(share, ROUNDS, SHARES):
        chance = random.Random(SEED * 1_000_003 + number)
        content = hostile_zip(chance) if number % 2 else ordinary_zip(chance)
        if chance.random() < 0.7:
            content = mutated(chance, content)
        path = folder / "a.zip"
        path.write_bytes(content)
        try:
            read_all(path, chance)
        except Exception as fault:
            kept = tmp_path / f"{number}.zip"
            kept.write_bytes(content)
            raise AssertionError(f"archive {number} of seed {SEED}, kept as {kept}") from fault
        assert [other.name for other in folder.iterdir()] == ["a.zip"]
    assert list(tmp_path.iterdir()) == [folder]
