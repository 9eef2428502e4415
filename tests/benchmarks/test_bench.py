"""The benchmark's own arithmetic, and its measurements of three photos with the real networks."""

from __future__ import annotations

import sys
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from core.base.progress import UNWATCHED
from core.base.settings import ImageLimits
from core.bench import ingesting, others, photos, run
from core.bench.report import format_report
from core.bench.run import BenchmarkOptions, measure_ours
from core.bench.stopwatch import REST, RecordingEngine, Stopwatch, replay_batches
from core.imaging import decoding
from core.services import Services
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.photos import ingest

N_PHOTOS = 3


@pytest.fixture
def few(sample_zip: Path, tmp_path: Path) -> Path:
    return photos.select_photos(sample_zip, N_PHOTOS, tmp_path / "few.zip")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What ``time.perf_counter`` says from now on."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return now


def test_a_call_within_a_call_is_taken_from_the_outer_one(clock: list[float]) -> None:
    watch = Stopwatch()

    def wait(seconds: float) -> None:
        clock[0] += seconds

    inner = watch.timing("inner", wait)

    def outer() -> None:
        wait(1)
        inner(2)
        wait(4)

    wait(8)
    watch.timing("outer", outer)()
    assert watch.shares(0, clock[0]) == {REST: 8, "outer": 5, "inner": 2}


def test_stages_that_overlap_share_the_clock_equally() -> None:
    watch = Stopwatch()
    together = Barrier(2)

    def work() -> None:
        together.wait()
        time.sleep(0.05)
        together.wait()

    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        for stage in ("read", "decode"):
            pool.submit(watch.timing(stage, work))
    ended = time.perf_counter()
    shares = watch.shares(began, ended)
    assert sum(shares.values()) == pytest.approx(ended - began)
    assert shares["read"] >= 0.025 and shares["decode"] >= 0.025, "each has at least its half of what both slept"


def test_enlarged_photos_have_the_size_asked_for_and_still_show_the_whole_photo(few: Path, tmp_path: Path) -> None:
    size = photos.EnlargedSize("small", 400, 300, 2)
    made = photos.read_zip(photos.enlarge_photos(few, size, ImageLimits(), tmp_path / "made.zip"))
    assert [decoding.decode_image(data, ImageLimits()).shape for data in made.values()] == [(300, 400, 3)] * 2
    assert set(made) <= set(photos.read_zip(few)), "the names still say who is on them"


def test_replayed_calls_are_those_of_the_recording(engine: OpenVinoEngine, services: Services, few: Path) -> None:
    recorder = RecordingEngine(engine)
    ingesting.ingest_archive(ingesting.with_engine(services, recorder), few, "recorded")
    networks = {key[1] for key, _ in recorder.calls}
    assert networks == {"pnet", "rnet", "onet", "embed"}
    again = RecordingEngine(engine)
    assert set(replay_batches(again, recorder.calls)) == networks
    assert [(key, batch.shape) for key, batch in again.calls] == [(key, batch.shape) for key, batch in recorder.calls]


def test_the_stages_of_an_ingest_are_all_seen_and_nothing_stays_wrapped(services: Services, few: Path) -> None:
    untouched = dict(vars(ingest))
    seconds = ingesting.measure_stages(services, "stages", few)
    assert tuple(seconds) == ingesting.STAGES
    assert all(value > 0 for value in seconds.values()), seconds
    assert vars(ingest) == untouched


def test_the_peak_memory_of_a_program_is_its_own_and_not_that_of_its_starter() -> None:
    here = np.ones(60_000_000)  # 480 MB
    small = others.measure_peak_mb([sys.executable, "-c", "pass"])
    larger = others.measure_peak_mb([sys.executable, "-c", "held = bytes(bytearray(100_000_000))"])
    assert small < 100 < 190 < larger < here.nbytes / 1e6


def test_packages_that_are_not_installed_are_named_with_the_reason(few: Path) -> None:
    bare = few.with_name("bare")
    venv.create(bare, with_pip=False)
    told = others.measure_peers(bare / "bin" / "python", few)
    assert {name: told[name]["reason"] for name in ("face_recognition", "facenet-pytorch", "deepface")} == {
        "face_recognition": "ModuleNotFoundError: No module named 'face_recognition'",
        "facenet-pytorch": "ModuleNotFoundError: No module named 'torch'",
        "deepface": "ModuleNotFoundError: No module named 'deepface'",
    }


def test_the_benchmark_measures_and_tells_everything(
    services: Services, sample_zip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "IDENTIFICATIONS", N_PHOTOS)  # each photo once is enough to tell
    size = photos.EnlargedSize(photos.ONE_MEGAPIXEL, 400, 300, N_PHOTOS)
    archives = {
        photos.SAMPLE: photos.select_photos(sample_zip, 10, tmp_path / "sample.zip"),
        photos.ONE_MEGAPIXEL: photos.enlarge_photos(sample_zip, size, ImageLimits(), tmp_path / "larger.zip"),
    }
    measured = measure_ours(services, BenchmarkOptions(quick=True), archives, UNWATCHED)
    one = measured["ingest"][str(services.settings.threads)][photos.ONE_MEGAPIXEL]
    assert (one["photos"], one["faces"], one["without_face"]) == (N_PHOTOS, N_PHOTOS, 0)
    assert one["ratio"] == pytest.approx(one["whole"] / one["networks"])
    assert sum(one["network"].values()) == pytest.approx(one["networks"])
    assert 0 < one["decoder"] < one["whole"]
    about = {"processor": "P", "features": [], "threads": services.settings.threads, "engine": "openvino"}
    text = format_report({**about, "precision": "f32", "versions": {}, "quick": True, **measured})
    assert f"{one['whole']:,.1f}" in text and all(stage in text for stage in ingesting.STAGES)
