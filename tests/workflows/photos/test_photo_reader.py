"""Reading ahead: every photo in its order, and never more of them than memory allows."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from core.archives.opening import open_source
from core.base.machine import Pace
from core.base.settings import ArchiveLimits, ImageLimits
from core.imaging.decoding import decoding_bytes
from core.imaging.pixels import encode_jpeg
from core.workflows.photos.photo_reader import PhotoReader, ReadPhoto
from tests.conftest import write_zip
from tests.waiting import LONGEST_S

ROOT = Path(__file__).parents[3]
LIMITS = ImageLimits()
ENOUGH_PX = 1280


def photo(width: int, height: int, seed: int = 0) -> bytes:
    """A JPEG of a few large squares: small as a file, whatever its size."""
    squares = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return encode_jpeg(np.kron(squares, np.ones((height // 4, width // 4, 1), dtype=np.uint8)))


SMALL = [photo(64, 48, seed) for seed in range(30)]
WEIGHT = max(decoding_bytes(data, LIMITS) for data in SMALL)


def read_all(path: Path, contents: Sequence[bytes], pace: Pace, known: set[str] | None = None) -> list[list[ReadPhoto]]:
    archive = write_zip(path / "a.zip", {f"{number:03}.jpg": data for number, data in enumerate(contents)})
    with open_source(archive, ArchiveLimits()) as source:
        return list(
            PhotoReader(source=source, known=known or set(), limits=LIMITS, pace=pace, enough_px=ENOUGH_PX).batches(
                source.entries
            )
        )


def names(batches: Sequence[Sequence[ReadPhoto]]) -> list[str]:
    return [photo.entry.name for batch in batches for photo in batch]


@pytest.mark.parametrize(
    ("photos_at_once", "bytes_in_flight", "largest"),
    [
        pytest.param(8, 1 << 30, 8, id="as many as are wanted"),
        pytest.param(8, 6 * WEIGHT, 4, id="half the budget and one more"),
        pytest.param(8, 1, 1, id="one by one, where even one is too much"),
        pytest.param(1, 1 << 30, 1, id="one by one, as is wanted"),
    ],
)
@pytest.mark.parametrize("threads", [1, 3])
def test_photos_come_in_order_in_batches_of_bounded_size(
    tmp_path: Path, threads: int, photos_at_once: int, bytes_in_flight: int, largest: int
) -> None:
    batches = read_all(tmp_path, SMALL, Pace(threads, photos_at_once, bytes_in_flight))
    assert names(batches) == [f"{number:03}.jpg" for number in range(30)]
    assert max(map(len, batches)) == largest
    assert all(photo.picture is not None for batch in batches for photo in batch)


def test_the_last_photos_are_dealt_out_to_all_who_look_through_them(tmp_path: Path) -> None:
    assert [len(batch) for batch in read_all(tmp_path, SMALL, Pace(2, 8, 1 << 30))] == [8, 8, 5, 4, 4, 1]


def test_a_photo_beyond_the_budget_is_taken_alone(tmp_path: Path) -> None:
    contents = [*SMALL[:5], photo(2000, 1600), *SMALL[5:10]]
    batches = read_all(tmp_path, contents, Pace(2, 8, 20 * WEIGHT))
    assert names(batches) == [f"{number:03}.jpg" for number in range(11)]
    assert [photo.entry.index for photo in next(batch for batch in batches if batch[0].entry.index == 5)] == [5]


def test_two_batches_in_hand_share_the_budget_and_an_empty_one_asks_to_be_done_with_one(tmp_path: Path) -> None:
    def count_photos(bytes_in_flight: int) -> list[int]:
        archive = write_zip(tmp_path / "b.zip", {f"{number:03}.jpg": data for number, data in enumerate(SMALL[:9])})
        pace = Pace(2, 8, bytes_in_flight)
        with open_source(archive, ArchiveLimits()) as source:
            reader = PhotoReader(
                source=source, known=set(), limits=LIMITS, pace=pace, enough_px=ENOUGH_PX, batches_in_hand=2
            )
            return [len(batch) for batch in reader.batches(source.entries)]

    assert max(count_photos(6 * WEIGHT)) == 3
    # Each fills the budget by itself: there is never another beside it.
    assert count_photos(1) == [1, 0] * 8 + [1]


def test_what_is_known_or_refused_comes_without_a_picture(tmp_path: Path) -> None:
    pace = Pace(2, 8, 1 << 30)
    (first,) = read_all(tmp_path, SMALL[:2], pace)
    contents = [SMALL[0], b"no photo", SMALL[1][:-30], b"", SMALL[2]]
    batch = list(chain(*read_all(tmp_path, contents, pace, known={first[0].photo_id})))
    assert [photo.picture is not None for photo in batch] == [False, False, False, False, True]
    assert [bool(photo.objection) for photo in batch] == [False, True, True, True, False]
    assert batch[0].data == SMALL[0]


def test_nothing_to_read_gives_no_batch(tmp_path: Path) -> None:
    assert read_all(tmp_path, [], Pace(2, 8, 1 << 30)) == []


PEAK = r"""
import re, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from core.archives.opening import open_source
from core.base.machine import Pace
from core.base.settings import ArchiveLimits, ImageLimits
from core.workflows.photos.photo_reader import PhotoReader

def status_bytes(field):
    return int(re.search(field + r":\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

at_start = status_bytes("VmRSS")
with open_source(Path(sys.argv[2]), ArchiveLimits()) as source:
    reader = PhotoReader(source, set(), ImageLimits(), Pace(2, 16, int(sys.argv[3])), 1 << 20)
    read = sum(len(batch) for batch in reader.batches(source.entries))
print(read, status_bytes("VmHWM") - at_start)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_reading_ahead_takes_no_more_memory_than_its_budget(tmp_path: Path) -> None:
    """40 photos of 18 MB each: 16 in a batch and as many ahead would take 576 MB."""
    data = photo(3000, 2000)
    budget = 4 * decoding_bytes(data, LIMITS)
    archive = write_zip(tmp_path / "a.zip", {f"{number}.jpg": data + bytes([number]) for number in range(40)})
    command = [sys.executable, "-c", PEAK, str(ROOT), str(archive), str(budget)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LONGEST_S).stdout
    read, taken = map(int, re.findall(r"\d+", output))
    assert read == 40
    assert taken < budget + 30_000_000
