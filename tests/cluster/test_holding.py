"""Photos below a URL are read by the nodes, and what comes of them is what this machine would have stored."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import pytest
import ray

from core.archives.opening import open_source
from core.archives.source import CHANGED, PhotoEntry, ReachableFile
from core.archives.url_source import RemoteSource
from core.base.errors import ClusterUnavailable, ImageRefused
from core.base.settings import ArchiveLimits
from core.cluster.connection import connected
from core.cluster.holding import MOST_FAILURES, HoldingNodes, read_held
from core.cluster.pool import computing_nodes
from core.composition.stores import open_artifacts
from core.services import Services
from core.store.artifacts import ArtifactKind, content_id
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.photos.photo_reader import HeldFile, ReadPhoto
from tests.cluster.conftest import lose_node, restore_node
from tests.cluster.test_finder import ingest, services_at
from tests.conftest import new_data_dir
from tests.object_store import new_bucket, use_store

N_PHOTOS = 40
READ_BEFORE_THE_LOSS = 12

OpenServices = Callable[[str, str], Services]


@pytest.fixture
def open_services(models_dir: Path, engine: OpenVinoEngine, tmp_path: Path) -> OpenServices:
    """Services that look for faces at an address, and keep photos below a URL."""

    def open_at(address: str, artifacts_url: str) -> Services:
        services = services_at(address, new_data_dir(models_dir, tmp_path / artifacts_url.rpartition("/")[2]), engine)
        services.artifacts = open_artifacts(replace(services.settings, artifacts_url=artifacts_url))
        return services

    return open_at


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the photos that this process reads from now on."""
    names, read = list[str](), RemoteSource.read

    def note_and_read(source: RemoteSource, entry: PhotoEntry) -> bytes:
        names.append(entry.name)
        return read(source, entry)

    monkeypatch.setattr(RemoteSource, "read", note_and_read)
    return names


@pytest.fixture
def losing_a_reader(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[HeldFile]]:
    """One of two nodes is lost when they have read some photos; what they hold that they read after that."""
    held, later, turn = HoldingNodes.hold, list[HeldFile](), threading.Lock()
    n_held = 0

    def hold(nodes: HoldingNodes, file: ReachableFile) -> HeldFile | None:
        nonlocal n_held
        answer = held(nodes, file)
        with turn:
            n_held += 1
            if n_held == READ_BEFORE_THE_LOSS:
                lose_node(cluster)
            elif n_held > READ_BEFORE_THE_LOSS and answer is not None:
                later.append(answer)
        return answer

    monkeypatch.setattr(HoldingNodes, "hold", hold)
    yield later
    assert not cluster.worker_nodes, "no node was lost"
    restore_node(cluster)


def write_photos(url: str, files: Mapping[str, bytes]) -> str:
    for name, content in files.items():
        with fsspec.open(f"{url}/{name}", "wb", **({"auto_mkdir": True} if url.startswith("file") else {})) as file:
            file.write(content)
    return url


def kept_photos(services: Services) -> list[str]:
    """The ids of a dataset's photos, each held against what lies under it."""
    (dataset,) = services.store.datasets()
    ids = sorted(services.artifacts.ids(dataset.id, ArtifactKind.PHOTO))
    assert [content_id(services.artifacts.read(dataset.id, ArtifactKind.PHOTO, photo_id)) for photo_id in ids] == ids
    return ids


def test_photos_of_an_object_store_are_read_and_kept_by_the_nodes_though_one_is_lost(
    sample_files: Mapping[str, bytes],
    open_services: OpenServices,
    cluster: Any,
    object_store: str,
    read_here: list[str],
    monkeypatch: pytest.MonkeyPatch,
    losing_a_reader: list[HeldFile],
) -> None:
    use_store(object_store, monkeypatch)
    files, bucket = dict(list(sample_files.items())[:N_PHOTOS]), new_bucket()
    # Larger than what Ray sends along with an answer: a JPEG may have anything after its end.
    files = {name: content + bytes(150_000) for name, content in files.items()}
    more = {"x/copy.jpg": next(iter(files.values())), "x/broken.jpg": b"\xff\xd8\xff\xe0 no photo", "x/note.txt": b"-"}
    url = write_photos(f"{bucket}/in", files | more)
    local, distant = open_services("", f"{bucket}/local"), open_services(cluster.address, f"{bucket}/nodes")
    expected = ingest(local, url)
    read_here.clear()
    answer = ingest(distant, url)
    assert expected["summary"].outcomes == {"taken": N_PHOTOS, "duplicate": 1, "refused": 2}
    assert answer == expected
    assert kept_photos(distant) == kept_photos(local)
    # What the node that went was just reading may be read here.
    assert len(read_here) < MOST_FAILURES, "nodes were given up"
    assert losing_a_reader, "nothing was read after the loss"


def test_what_only_this_machine_can_read_it_reads(
    sample_files: Mapping[str, bytes], open_services: OpenServices, cluster: Any, read_here: list[str], tmp_path: Path
) -> None:
    url = write_photos("memory://photos", dict(list(sample_files.items())[:4]))
    answer = ingest(open_services(cluster.address, (tmp_path / "shared").as_uri()), url)
    assert answer["summary"].outcomes == {"taken": 4}
    assert len(read_here) == 4


def test_photos_that_a_node_wrote_to_another_place_are_not_taken(open_services: OpenServices, tmp_path: Path) -> None:
    services = open_services("", (tmp_path / "shared").as_uri())
    dataset_id = services.store.create_dataset("photos", DEFAULT_VECTORS_ID).id
    tools, entry = services.ingestor(dataset_id), PhotoEntry(0, "a.jpg", None, None, 5)
    photo = ReadPhoto(entry, photo_id=content_id(b"first"), held=HeldFile(content_id(b"first"), 5, _Nowhere(), None))
    with pytest.raises(ClusterUnavailable, match="FACE_ATLAS_ARTIFACTS"):
        tools.require_kept(dataset_id, [photo])
    services.artifacts.put(dataset_id, ArtifactKind.PHOTO, photo.photo_id, b"first")
    tools.require_kept(dataset_id, [photo])


def test_what_a_lost_node_held_is_read_again_and_refused_if_it_has_changed(cluster: Any, tmp_path: Path) -> None:
    write_photos(tmp_path.as_uri(), {"a.jpg": b"first", "b.jpg": b"second"})
    with (
        connected(cluster.address) as watch,
        open_source(tmp_path.as_uri(), ArchiveLimits()) as source,
    ):
        nodes, files = HoldingNodes(watch, computing_nodes()), [source.locate(entry) for entry in source.entries]
        first, second = (nodes.hold(file) for file in files if file is not None)
        assert first is not None and first.photo_id == content_id(b"first")
        assert ray.get(ray.remote(num_cpus=0)(read_held).remote(first)) == b"first"
        assert second is not None and second.size_bytes == 6
        lost = [HeldFile(held.photo_id, held.size_bytes, held.file, fail.remote()) for held in (first, second)]
        (tmp_path / "b.jpg").write_bytes(b"SECOND")
        assert read_held(lost[0]) == b"first"
        with pytest.raises(ImageRefused, match=CHANGED[:20]):
            read_held(lost[1])
        # Whether it changed is for this machine to say, which may see another folder.
        assert nodes.hold(second.file) is None
        leases = [first.reference, second.reference]
        nodes.close()
        assert nodes.hold(first.file) is None
        for lease in leases:
            with pytest.raises(KeyError):
                pickle.dumps(lease)
    # Whoever has such a photo may forget it when Ray is gone, on whatever thread.
    del first, second, leases


class _Nowhere:
    """A file that nobody asks for."""

    def read(self) -> bytes:
        raise AssertionError


@ray.remote(num_cpus=0, max_retries=0)
def fail() -> None:
    raise OSError("gone")
