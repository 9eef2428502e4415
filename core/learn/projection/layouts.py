"""Lay the embeddings out on a plane or in space: PCA at once, UMAP and t-SNE (on a plane alone) in the worker.

Both are pictures to explore by, not measurements: distances between far groups of a UMAP mean little.

``import umap`` also imports ``umap.parametric_umap``, which imports TensorFlow wherever it is installed (10
to 26 s and half a gigabyte for nothing). ``_without_parametric_umap`` makes that one import fail, as it does where
TensorFlow is not installed.

What numba compiles is kept on disk, in ``__pycache__`` of the packages or, where that cannot be written, in the user's
cache. umap-learn marks only some of its functions for that; ``_kept_on_disk`` marks the others. The import takes 19 s
the first time ever and 2.4 s afterwards, the first fit of a process 10 s and 0.1 s; then 1,027 faces take 1.5 s. So
this runs in the worker, and ``warm_up`` makes the first time pass while nobody waits.

From 4,096 rows on umap-learn looks for neighbours by NN-descent, whose compilation takes 40 s of every process that
no cache saves. Exact neighbours by matrix products take 2 s of 20,000 faces, so they are given to it.

References
----------
McInnes, Healy, Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction", 2018,
arXiv:1802.03426.
van der Maaten, Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008.
Policar, Strazar, Zupan, "openTSNE: A Modular Python Library for t-SNE Dimensionality Reduction and Embedding", Journal
of Statistical Software 109, 2024.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from core.base.types import Doubles, Floats, Ints, Vectors
from core.base.vectors import normalise_rows
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.neighbours import nearest_neighbours
from core.learn.numerics.unit_vectors import cosines_to_distances

_FEWEST_FOR_UMAP = 4
_EXACT_BELOW = 4096
"""umap-learn compares all with all below so many rows, and heeds given neighbours from there on."""
_BLOCK_ROWS = 2048
_GENTLY = {"learning_rate": 0.2, "n_epochs": 100}
"""UMAP's own pace would forget where the points began."""


def pca_layout(vectors: Vectors, dimensions: int = 2) -> Floats:
    """Project onto the two or three directions of largest variance.

    Exact and deterministic: each direction is turned so that its largest coefficient is positive.

    Parameters
    ----------
    vectors : (n, dimension) float32

    Returns
    -------
    (n, dimensions) float32, centred; zeros where there is nothing to spread (n < 2).
    """
    points = np.zeros((len(vectors), dimensions), dtype=np.float32)
    if len(vectors) < 2:
        return points
    middle = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    scatter = np.zeros((vectors.shape[1], vectors.shape[1]))
    # The scatter of all is a sum over blocks, so that no second copy of the vectors is needed.
    for block in row_blocks(len(vectors), _BLOCK_ROWS):
        centred = vectors[block] - middle
        scatter += centred.T @ centred
    directions = _main_directions(scatter, dimensions).astype(np.float32)
    points[:, : directions.shape[1]] = (vectors - middle) @ directions
    return points


def umap_layout(
    vectors: Vectors,
    *,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    start: Floats | None = None,
    dimensions: int = 2,
) -> Floats:
    """Lay faces out so that alike ones are neighbours; the same seed gives the same map on the same machine.

    Fewer than four faces have no neighbourhood to speak of and are laid out by PCA. ``n_neighbors`` is
    lowered to what the data hold. On unit vectors Euclidean distance orders neighbours as cosine does, and it
    is the faster one.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length; rows may repeat
    n_neighbors : how far to look: few shows small groups, many the large picture
    min_dist : how close points may come, 0..1
    start : (n, dimensions) where the points begin; by PCA when not given. An earlier map keeps its looks this way
    dimensions : 2 or 3

    Returns
    -------
    (n, dimensions) float32
    """
    if len(vectors) < _FEWEST_FOR_UMAP:
        return pca_layout(vectors, dimensions)
    n_neighbors = max(2, min(n_neighbors, len(vectors) - 1))
    reducer = _umap_class()(
        n_neighbors=n_neighbors,
        **({"precomputed_knn": _neighbours(vectors, n_neighbors)} if len(vectors) >= _EXACT_BELOW else {}),
        min_dist=min_dist,
        metric="euclidean",
        n_components=dimensions,
        init=_start(pca_layout(vectors, dimensions) if start is None else start),
        **({} if start is None else _GENTLY),
        random_state=seed,
        # What a fixed seed means for umap-learn; saying so spares its warning.
        n_jobs=1,
    )
    return _fitted(reducer, vectors)


def warm_up() -> None:
    """Compile all that ``umap_layout`` needs: half a minute where numba has nothing on disk, no time after."""
    if is_warm():
        return
    import_umap()
    rng = np.random.default_rng(0)
    for n, dimensions in ((_FEWEST_FOR_UMAP * 10, 2), (_FEWEST_FOR_UMAP * 10, 3), (_EXACT_BELOW, 2)):
        vectors = normalise_rows(rng.normal(size=(n, 8)))
        knn_options = {"precomputed_knn": _neighbours(vectors, 5)} if n >= _EXACT_BELOW else {}
        start = _start(pca_layout(vectors, dimensions))
        settings = {"n_neighbors": 5, "n_components": dimensions, "n_epochs": 2, "random_state": 0, "n_jobs": 1}
        _fitted(_umap_class()(init=start, metric="euclidean", **settings, **knn_options), vectors)
    if (mark := _compiled()) is not None:
        mark.touch()


def is_warm() -> bool:
    """Whether a process before this one has compiled all of it."""
    mark = _compiled()
    return mark is not None and mark.exists()


def _compiled() -> Path | None:
    """The mark that all is compiled, beside what numba keeps; None where that is elsewhere or cannot be written."""
    spec = find_spec("umap")
    folder = Path(spec.origin).parent / "__pycache__" if spec is not None and spec.origin else None
    if folder is None or "NUMBA_CACHE_DIR" in os.environ or not os.access(folder, os.W_OK):
        return None
    from llvmlite.binding import get_host_cpu_name

    versions = [version(name) for name in ("umap-learn", "numba", "numpy")]
    return folder / f"all-compiled-{'-'.join(versions)}-{get_host_cpu_name()}.mark"


def import_umap() -> None:
    """Import umap-learn, which takes some seconds once in a process."""
    _umap_class()


def _fitted(reducer: Any, vectors: Vectors) -> Floats:
    with warnings.catch_warnings():
        # Neighbours are given without what would find those of other rows, which nobody asks for.
        warnings.filterwarnings("ignore", message="precomputed_knn", category=UserWarning)
        return np.asarray(reducer.fit_transform(vectors), dtype=np.float32)


def _neighbours(vectors: Vectors, k: int) -> tuple[Ints, Floats]:
    """The k nearest rows of each, itself the first, and their Euclidean distances: (n, k) int64 and float32."""
    neighbours = nearest_neighbours(vectors, k - 1)
    cosine = _cosines(vectors, neighbours)
    order = np.argsort(-cosine, axis=1, kind="stable")
    itself = np.arange(len(vectors))[:, None]
    distances = cosines_to_distances(np.take_along_axis(cosine, order, axis=1))
    return (
        np.concatenate([itself, np.take_along_axis(neighbours, order, axis=1)], axis=1),
        np.concatenate([np.zeros(itself.shape), distances], axis=1).astype(np.float32),
    )


def _cosines(vectors: Vectors, columns: Ints) -> Floats:
    """Of each row with some others: (n, k)."""
    blocks = row_blocks(len(vectors), _BLOCK_ROWS)
    cosines = [np.einsum("ij,ikj->ik", vectors[block], vectors[columns[block]]) for block in blocks]
    return np.concatenate(cosines)


def tsne_layout(vectors: Vectors, *, perplexity: int = 15, seed: int = 0, start: Floats | None = None) -> Floats:
    """Lay faces out by t-SNE: each face among its neighbours, groups at no telling distance.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    perplexity : about how many neighbours count; lowered to what the data hold
    start : (n, 2) as of ``umap_layout``

    Returns
    -------
    (n, 2) float32
    """
    if len(vectors) < _FEWEST_FOR_UMAP:
        return pca_layout(vectors)
    # Imported here: it takes two seconds, and only the worker needs it.
    from openTSNE import TSNE

    begin = _start(pca_layout(vectors) if start is None else start)
    reducer = TSNE(
        perplexity=max(1, min(perplexity, (len(vectors) - 1) // 3)),
        # A first axis of this spread, as t-SNE's authors advise: from farther apart groups would not find together.
        initialization=begin * (1e-4 / max(float(begin[:, 0].std()), 1e-9)),
        random_state=seed,
        n_jobs=1,
    )
    return np.asarray(reducer.fit(vectors), dtype=np.float32)


def _start(points_before: Floats) -> Floats:
    """Give where the points begin: around their middle, at the scale UMAP uses, repeated faces a hair apart.

    UMAP's own spectral start has no solution for a few faces and is slow for groups that touch nowhere, which
    people in a good embedding are.

    References
    ----------
    Kobak, Linderman, "Initialization is critical for preserving global data structure
    in both t-SNE and UMAP", Nature Biotechnology 39, 2021.
    """
    # The jitter has a seed of its own, so that the same points begin at the same places whatever the map's seed is.
    points = points_before - points_before.mean(axis=0)
    widest = float(np.abs(points).max())
    jitter = np.random.default_rng(0).normal(scale=1e-4, size=points.shape)
    return np.asarray(10.0 * points / (widest or 1.0) + jitter, dtype=np.float32)


def _main_directions(scatter: Doubles, most: int) -> Doubles:
    """Give up to so many principal directions of a scatter matrix as columns: (dimension, <= most) float64."""
    _, directions = np.linalg.eigh(scatter)
    main = directions[:, ::-1][:, :most]
    largest = np.abs(main).argmax(axis=0)
    return np.asarray(main * np.sign(main[largest, np.arange(main.shape[1])]), dtype=np.float64)


def _umap_class() -> Any:
    with _without_parametric_umap(), _kept_on_disk(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
        from umap import UMAP
    return UMAP


@contextmanager
def _without_parametric_umap() -> Iterator[None]:
    """Make its import fail inside, unless it was tried before."""
    if "umap" in sys.modules:
        yield
        return
    # None in sys.modules makes an import fail with ImportError, which umap takes for TensorFlow's absence.
    sys.modules["umap.parametric_umap"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["umap.parametric_umap"]


@contextmanager
def _kept_on_disk() -> Iterator[None]:
    """Let numba keep on disk what is compiled of functions that are defined inside."""
    if "umap" in sys.modules:
        yield
        return
    import numba

    njit = numba.njit

    def keeping(*arguments: Any, **options: Any) -> Any:
        return njit(*arguments, **{"cache": True, **options})

    numba.njit = keeping
    try:
        yield
    finally:
        numba.njit = njit
