"""Whatever becomes of a photo's bytes, it is taken or refused with words, within bounded memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COUNT = int(os.environ.get("FACE_ATLAS_FUZZ_IMAGES", "600"))
"""How many mutations; set it for a longer run, and FACE_ATLAS_FUZZ_FIRST for others than the first."""
FIRST = int(os.environ.get("FACE_ATLAS_FUZZ_FIRST", "0"))
MOST_BYTES = 200_000_000
"""Four million pixels of the dearest format (WebP, 17 bytes each), one strip, and what the libraries keep."""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_thousands_of_mutated_photos_are_taken_or_refused_and_nothing_else() -> None:
    command = [sys.executable, "-m", "tests.imaging.mutate", str(COUNT), str(FIRST)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["taken"] + report["refused"] == COUNT
    assert min(report["taken"], report["refused"]) > COUNT // 10, report
    assert report["peak_bytes"] - report["before_bytes"] < MOST_BYTES, report
