"""The map: embeddings on a plane or in space, by PCA at once or by UMAP in the worker; stored per revision.

Faces that come after a map are placed on it beside those most like them, and nobody moves. When it is made anew, it
begins where everybody was, so that it keeps its looks.
"""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial

import numpy as np

from core.base.columns import TextColumn, encode_texts
from core.base.errors import InputRefused
from core.base.face_table import Embeddings, FaceRows, take_items
from core.base.progress import UNWATCHED, Progress
from core.base.types import Floats
from core.language.texts import marked
from core.learn.projection import layouts
from core.learn.projection.faithfulness import BESIDE, measure_faithfulness, place_beside
from core.learn.projection.map_values import MapParams
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.job_model import JobRequest
from core.store.values.runs import MapInfo
from core.workflows.neighbours.search import ExactSearch, NeighbourSearch, open_gallery_search
from core.workflows.run_tools import RunTools


class Method(StrEnum):
    """Ways to lay vectors out."""

    UMAP = "umap"
    TSNE = "tsne"
    PCA = "pca"


FEWEST_TO_LAY_OUT = 4
"""Of fewer faces there are no neighbourhoods: they have the quick map alone."""
DIMENSIONS = {Method.UMAP: (2, 3), Method.TSNE: (2,), Method.PCA: (2, 3)}
"""How many a map of each method can have."""


@dataclass(frozen=True, slots=True)
class MapOptions(JobRequest):
    """How the map is made; the defaults are UMAP's own. For t-SNE ``n_neighbors`` is the perplexity."""

    method: Method = Method.UMAP
    n_neighbors: int = 15
    min_dist: float = 0.1
    seed: int = 0
    afresh: bool = False
    """Do not begin where an earlier map left everybody."""
    dimensions: int = 2
    """2 or 3; t-SNE has 2, as its quick way is made for a plane."""

    def __post_init__(self) -> None:
        # Here, as options come from pages, commands and stored jobs alike: none reaches the worker as nonsense.
        if self.dimensions not in DIMENSIONS[self.method]:
            allowed = " or ".join(map(str, DIMENSIONS[self.method]))
            raise InputRefused(
                marked("A {method} map has {dimensions} dimensions, not {other}.").format(
                    method=self.method, dimensions=allowed, other=self.dimensions
                )
            )


def compile_map_functions() -> None:
    """Compile what maps need, so that it is there on disk when the first one is asked for."""
    layouts.warm_up()


def are_map_functions_compiled() -> bool:
    """Whether that was done on this installation already."""
    return layouts.is_warm()


def load_map_libraries() -> None:
    """Load what maps need into this process."""
    layouts.import_umap()


@dataclass(frozen=True, slots=True, eq=False)
class FaceMap(FaceRows):
    """Faces on a plane or in space."""

    face_ids: Sequence[str]
    points: Floats
    """(n_faces, 2) or (n_faces, 3) float32; the axes have no unit."""
    newcomers: frozenset[str] = frozenset()
    """Faces that came after the map was made, and were placed beside those most like them."""


def build_pca_map(embeddings: Embeddings, dimensions: int = 2) -> FaceMap:
    """The map that needs no waiting: the two or three directions in which the embeddings spread most."""
    _require_faces(embeddings)
    return FaceMap(embeddings.face_ids, layouts.pca_layout(embeddings.vectors, dimensions))


def lay_out_faces(embeddings: Embeddings, options: MapOptions) -> FaceMap:
    """A map that is not stored. Raises InputRefused when there are no faces."""
    _require_faces(embeddings)
    return FaceMap(embeddings.face_ids, _points(embeddings, options, None))


def add_newcomers(
    face_map: FaceMap, embeddings: Embeddings, open_search: Callable[[Embeddings], NeighbourSearch] = ExactSearch
) -> FaceMap:
    """A stored map with the faces that came since; without those that are gone, and as it is when most are new.

    Parameters
    ----------
    open_search : a search among the faces of the map that are there still
    """
    remaining, rows = embeddings.match(face_map.face_ids)
    new_rows = np.setdiff1d(np.arange(len(embeddings)), rows)
    # A map on which most are guests would be drawn by its minority: it is shown as it is, and should be made anew.
    if not len(new_rows) or len(new_rows) > len(remaining):
        return face_map
    on_map, map_points = embeddings.take(rows), face_map.points[remaining]
    nearest = open_search(on_map).nearest_faces(embeddings.vectors[new_rows], BESIDE)
    near_rows = on_map.indices([face_id for face_ids, _ in nearest for face_id in face_ids])
    around = map_points[near_rows].reshape(len(new_rows), -1, map_points.shape[1])
    new_points = place_beside(around, np.stack([distances for _, distances in nearest]))
    new_ids = take_items(embeddings.face_ids, new_rows)
    face_ids = TextColumn.of(face_map.face_ids).take(remaining).followed_by(new_ids)
    return FaceMap(face_ids, np.concatenate([map_points, new_points]), frozenset(new_ids))


def build_map(
    tools: RunTools,
    dataset_id: str,
    options: MapOptions,
    progress: Progress = UNWATCHED,
    map_id: str = "",
) -> MapInfo:
    """Compute and store a map of all faces of a dataset, under an id of its own by default.

    Raises
    ------
    InputRefused
        There are no faces.
    """
    began = time.monotonic()
    dataset = tools.store.dataset(dataset_id)
    progress.report(0, 2, marked("Reading the faces"))
    embeddings = tools.store.embeddings(dataset_id)
    _require_faces(embeddings)
    # Two steps alone: the libraries that lay out tell nothing on the way.
    progress.step(1, 2, marked("Laying out {number} faces").format(number=len(embeddings)))
    points = _points(embeddings, options, _starting_points(tools, dataset_id, embeddings, options))
    # The last place where a map can be stopped: nothing of it is stored yet.
    progress.raise_if_cancelled()
    info = MapInfo(
        id=map_id or uuid.uuid4().hex[:12],
        dataset_id=dataset_id,
        revision=dataset.revision,
        method=options.method,
        params=MapParams(
            **asdict(options),
            model_id=embeddings.model_id,
            faithfulness=measure_faithfulness(embeddings.vectors, points),
        ),
        created=time.time(),
        seconds=time.monotonic() - began,
    )
    # The file before its row: a map that is listed can be opened.
    tools.artifacts.replace(dataset_id, ArtifactKind.MAP, info.id, _to_bytes(FaceMap(embeddings.face_ids, points)))
    tools.runs.add_map(info)
    progress.report(2, 2, marked("Done"))
    return info


def load_map(artifacts: Artifacts, info: MapInfo) -> FaceMap:
    """A stored map. Raises NotFound when its file is gone."""
    with np.load(io.BytesIO(artifacts.read(info.dataset_id, ArtifactKind.MAP, info.id)), allow_pickle=False) as arrays:
        return FaceMap(TextColumn(arrays["face_ids"]), arrays["points"])


def _points(embeddings: Embeddings, options: MapOptions, start: Floats | None) -> Floats:
    if options.method is Method.PCA:
        return layouts.pca_layout(embeddings.vectors, options.dimensions)
    # Perplexity is t-SNE's word for how many neighbours count, so one setting serves both.
    if options.method is Method.TSNE:
        return layouts.tsne_layout(embeddings.vectors, perplexity=options.n_neighbors, seed=options.seed, start=start)
    return layouts.umap_layout(
        embeddings.vectors,
        n_neighbors=options.n_neighbors,
        min_dist=options.min_dist,
        seed=options.seed,
        start=start,
        dimensions=options.dimensions,
    )


def _starting_points(tools: RunTools, dataset_id: str, embeddings: Embeddings, options: MapOptions) -> Floats | None:
    """Where the newest map of this kind has everybody; None where there is none that most are on."""
    kind = (options.method, options.dimensions)
    # The newest first; one of other dimensions or of another method has no places that would mean anything here.
    maps = tools.runs.maps(dataset_id)
    latest = next((info for info in maps if (info.method, info.params.dimensions) == kind), None)
    if latest is None or options.afresh:
        return None
    # Newcomers begin beside those most like them. Where most are new, or a face has no place, a start from the old map
    # would only pull everybody apart again.
    search = partial(open_gallery_search, tools.store, tools.artifacts, tools.store.dataset(dataset_id))
    face_map = add_newcomers(load_map(tools.artifacts, latest), embeddings, search)
    _, map_rows = face_map.match(embeddings.face_ids)
    return face_map.points[map_rows] if len(map_rows) == len(embeddings) else None


def _require_faces(embeddings: Embeddings) -> None:
    if not len(embeddings):
        raise InputRefused(marked("This dataset has no faces yet, so there is nothing to map. Add photos first."))


def _to_bytes(face_map: FaceMap) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, face_ids=encode_texts(face_map.face_ids), points=face_map.points)
    return buffer.getvalue()
