"""Files that are damaged in every way, brought in: each is refused in words and changes nothing, or is taken whole.

``FACE_ATLAS_FUZZ=5000`` tries so many instead of 500, others each time; a failure names the number to try again alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from core.base.errors import FaceAtlasError
from core.base.settings import Settings
from core.formats import bundle as bundle_files
from core.services import Services
from core.workflows.exchange import arrivals, deliveries, imports
from core.workflows.exchange.bundles import export_bundle
from core.workflows.exchange.deliveries import Delivery
from core.workflows.exchange.export import ExportKind
from tests import prepared
from tests.workflows.exchange.test_import_names import Photos, both, mwg, region, segment

TRIES = int(os.environ.get("FACE_ATLAS_FUZZ", "500"))
SEED = 20 if TRIES == 500 else time.time_ns()
TOKENS = (
    b"NaN", b"-1", b"1e999", b"9" * 400, b"\x00", b"\xff\xfe", b"null", b"true", b"[]", b"{}", b'""', b"[" * 3000,
    b"\\ud800", b"<a>", b"&#0;", b"<!DOCTYPE x>", b"0x10", b"\xf0\x9f\x91\xa9", b"../../x", b"=1+1", b"\r", b"1" * 19,
)  # fmt: skip
Mutate = Callable[[random.Random, bytes], bytes]


@dataclass(frozen=True)
class Seed:
    """A sound file and how it is spoilt."""

    name: str
    content: bytes
    share: int
    mutate: Mutate


def spoil(rng: random.Random, content: bytes) -> bytes:
    """One to four changes of any kind."""
    spoilt = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(spoilt) + 1), rng.choice((1, 1, 2, 8, 64, 1000))
        kind = rng.randrange(6)
        if kind == 0 and at < len(spoilt):
            spoilt[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del spoilt[at : at + length]
        elif kind == 2:
            spoilt[at:at] = spoilt[at : at + length]
        elif kind == 3:
            del spoilt[at:]
        else:
            spoilt[at : at + rng.choice((0, 1, 5))] = rng.choice(TOKENS)
    return bytes(spoilt)


def spoil_values(rng: random.Random, content: bytes) -> bytes:
    """Values of JSON lines changed, so that they stay JSON; now and then bytes too."""
    lines = content.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    value = json.loads(lines[at])
    lines[at] = json.dumps(changed(rng, value)).encode() + b"\n"
    if rng.random() < 0.3:
        lines.insert(rng.randrange(len(lines)), lines[rng.randrange(len(lines))])
    spoilt = b"".join(lines)
    return spoil(rng, spoilt) if rng.random() < 0.4 else spoilt


ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1 << 70, 1e308, float("nan"), float("inf"), "", "x" * 5000, "\x00", "a\nb", [], {}, [[]], "1",
    0.5, {"x": 1}, [None] * 5,
)  # fmt: skip


def changed(rng: random.Random, value: Any) -> Any:
    """The value with something in it replaced or gone."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        if rng.random() < 0.15:
            return {name: each for name, each in value.items() if name != key}
        return {**value, key: changed(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [changed(rng, each) if place == at else each for place, each in enumerate(value)]
    return rng.choice(ODD)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    """A dataset with photos, names, corrections and one import."""
    album = Photos(tmp_path_factory.mktemp("fuzz") / "data")
    for number in range(6):
        album.put(f"{number}.jpg", 1 + number, "Ann", None)
    album.corrector().move([next(iter(album.names()))], "Bob")
    album.corrector().rename(album.people()["Bob"], "Robert")
    return album


@pytest.fixture(scope="module")
def bundle(sample_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    services = Services(Settings(prepared.copy(sample_dir, tmp_path_factory.mktemp("sample") / "data")))
    (dataset,) = services.store.datasets()
    path = tmp_path_factory.mktemp("bundle") / "stars.bundle.zip"
    export_bundle(services.bundle_tools(), services.runs.runs(dataset.id)[0], path)
    return path


def seeds(album: Photos, bundle: Path, folder: Path) -> list[Seed]:
    def exported(what: ExportKind, name: str) -> bytes:
        album.export(what, folder / f"{what}.zip")
        with zipfile.ZipFile(folder / f"{what}.zip") as archive:
            return archive.read(name)

    full = mwg(*[region(f"Name {number}", 0.1 * number, 0.3, 0.1, 0.2) for number in range(8)])
    inside = b"\xff\xd8" + segment(full) + album.content("0.jpg")[2:]
    return [
        Seed("0.jpg.xmp", both(), 6, spoil),
        Seed("1.xmp", full, 4, spoil),
        Seed("0.jpg", inside, 3, spoil),
        Seed("log.jsonl", exported(ExportKind.LOG, "log.jsonl"), 6, spoil_values),
        Seed("e.npz", exported(ExportKind.EMBEDDINGS, "embeddings.npz"), 3, spoil),
        Seed("e.parquet", exported(ExportKind.EMBEDDINGS, "embeddings.parquet"), 3, spoil),
        Seed(
            "all.zip",
            zipped({"log.jsonl": exported(ExportKind.LOG, "log.jsonl"), "0.jpg.xmp": both()}, folder),
            2,
            spoil,
        ),
        Seed("b.bundle.zip", bundle.read_bytes(), 1, spoil),
        Seed("b.bundle.zip", bundle.read_bytes(), 2, lambda rng, content: forged(rng, content, folder)),
    ]  # fmt: skip


def zipped(files: dict[str, bytes], folder: Path) -> bytes:
    with zipfile.ZipFile(folder / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return (folder / "z.zip").read_bytes()


@dataclass(frozen=True)
class OddRun:
    """What stands where a run is expected, and is written as if it were one."""

    value: object

    def to_json(self) -> object:
        return self.value


def forged(rng: random.Random, content: bytes, folder: Path) -> bytes:
    """A bundle whose hashes are right and whose parts are not."""
    path = folder / "forged.zip"
    path.write_bytes(content)
    sound, _ = bundle_files.read_bundle_file(path)
    part = rng.choice(("run", "card", "recogniser", "predictions"))
    value = getattr(sound, part)
    odd = spoil(rng, value) if isinstance(value, bytes) else changed(rng, value)
    bundle_files.write_bundle(path, replace(sound, **{part: OddRun(odd) if part == "run" else odd}))
    return path.read_bytes()


def state(album: Photos) -> tuple[Any, ...]:
    """Everything that an import could change, of all datasets."""
    services, store = album.services, album.services.store
    datasets = store.datasets()
    vectors = store.embeddings(album.dataset.id).vectors.tobytes()
    return (
        [(dataset.id, dataset.name, dataset.revision, len(services.runs.runs(dataset.id))) for dataset in datasets],
        album.names(),
        store.names(album.dataset.id),
        len(services.log.events(album.dataset.id)),
        hashlib.sha256(vectors).hexdigest(),
        sorted(path.name for path in services.artifacts.root.iterdir()),
    )


def bring_in(album: Photos, path: Path) -> bool:
    """Look at a file and take all that is in it; False when it was refused as a whole, or a part was."""
    tools, by = album.services.arrival_tools(), imports.new_import_editor("Ben")
    taken = True
    try:
        parts = arrivals.inspect_arrival(tools, path, album.dataset.id)
    except FaceAtlasError as refusal:
        assert str(refusal).strip()
        return False
    for part in parts:
        before = state(album)
        try:
            deliveries.import_delivery(tools, album.dataset.id, Delivery(path, part.kind, part.member), by)
        except FaceAtlasError as refusal:
            taken = False
            assert str(refusal).strip()
            assert state(album) == before, "what is refused changes nothing"
    return taken


def clear(album: Photos) -> None:
    """Undo what was taken: the next file finds the dataset as it was."""
    services = album.services
    for dataset in services.store.datasets():
        if dataset.id != album.dataset.id:
            services.runs.runs(dataset.id)  # what was taken can be read
            services.store.delete_dataset(dataset.id)
            services.artifacts.delete_dataset(dataset.id)
    for event in services.log.events(album.dataset.id):
        if event.session.startswith("import-") and event.active and event.target_id is None:
            services.log.undo(album.dataset.id, imports.new_import_editor("Ben"), [event.id])


def test_damaged_files_are_refused_in_words_or_taken_whole(home: Photos, bundle: Path, tmp_path: Path) -> None:
    kinds = seeds(home, bundle, tmp_path)
    weights = [kind.share for kind in kinds]
    outcomes = {True: 0, False: 0}
    original = home.names()
    for number in range(TRIES):
        rng = random.Random(f"{SEED} {number}")
        (kind,) = rng.choices(kinds, weights)
        path = tmp_path / kind.name
        path.write_bytes(kind.mutate(rng, kind.content))
        try:
            outcomes[bring_in(home, path)] += 1
        except Exception as fault:
            kept = tmp_path / f"failed-{kind.name}"
            path.replace(kept)
            raise AssertionError(f"seed {SEED} number {number}, {kind.name}, kept as {kept}: {fault!r}") from fault
        clear(home)
        path.unlink()
    assert home.names() == original
    assert min(outcomes.values()) > TRIES // 20, f"files of both kinds are tried: {outcomes}"


def test_sound_files_are_all_taken(home: Photos, bundle: Path, tmp_path: Path) -> None:
    for kind in seeds(home, bundle, tmp_path):
        path = tmp_path / kind.name
        path.write_bytes(kind.content)
        assert bring_in(home, path), kind.name
        clear(home)
