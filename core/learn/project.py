"""Lay the embeddings out on a plane: PCA at once, UMAP and t-SNE in the worker.

Both are pictures to explore by, not measurements: distances between far groups of a UMAP mean little.

``import umap`` also imports ``umap.parametric_umap``, which imports TensorFlow wherever it is installed (10
to 26 s and half a gigabyte for nothing). ``_without_tensorflow`` makes that one import fail as if it were not
installed.

The import takes 17 s the first time ever and 2.5 s afterwards: numba keeps what it compiles there on disk by
itself, in ``__pycache__`` or, where that cannot be written, the user's cache. The first fit of a process
compiles for another 11 to 13 s that no cache saves, as umap-learn does not mark those functions; a
``NUMBA_CACHE_DIR`` made no difference. The second fit of 1,027 faces takes 1.5 s. So this runs in the worker.

References
----------
McInnes, Healy, Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction", 2018,
arXiv:1802.03426.
van der Maaten, Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008.
Policar, Strazar, Zupan, "openTSNE: A Modular Python Library for t-SNE Dimensionality Reduction and Embedding", Journal
of Statistical Software 109, 2024.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from core.types import Doubles, Floats, Report, Vectors, silent

_FEWEST_FOR_UMAP = 4
_BLOCK_ROWS = 2048
_GENTLY = {"learning_rate": 0.2, "n_epochs": 100}
"""UMAP's own pace would forget where the points began."""


def pca(vectors: Vectors) -> Floats:
    """Project onto the two directions of largest variance.

    Exact and deterministic: each direction is turned so that its largest coefficient is positive.

    Parameters
    ----------
    vectors : (n, dimension) float32

    Returns
    -------
    (n, 2) float32, centred; zeros where there is nothing to spread (n < 2).
    """
    points = np.zeros((len(vectors), 2), dtype=np.float32)
    if len(vectors) < 2:
        return points
    middle = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    scatter = np.zeros((vectors.shape[1], vectors.shape[1]))
    for start in range(0, len(vectors), _BLOCK_ROWS):
        centred = vectors[start : start + _BLOCK_ROWS] - middle
        scatter += centred.T @ centred
    directions = _main_directions(scatter).astype(np.float32)
    points[:, : directions.shape[1]] = (vectors - middle) @ directions
    return points


def umap(
    vectors: Vectors,
    *,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    start: Floats | None = None,
    report: Report = silent,
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
    start : (n, 2) where the points begin; by PCA when not given. An earlier map keeps its looks this way
    report : called between the steps; UMAP itself tells nothing on the way

    Returns
    -------
    (n, 2) float32
    """
    if len(vectors) < _FEWEST_FOR_UMAP:
        return pca(vectors)
    report(0, 3, "Loading UMAP")
    reducer_class = _umap_class()
    report(1, 3, "Laying the faces out")
    reducer = reducer_class(
        n_neighbors=max(2, min(n_neighbors, len(vectors) - 1)),
        min_dist=min_dist,
        metric="euclidean",
        init=_start(vectors if start is None else start, by_pca=start is None),
        **({} if start is None else _GENTLY),
        random_state=seed,
        n_jobs=1,  # what a fixed seed means for umap-learn; saying so spares its warning
    )
    points = np.asarray(reducer.fit_transform(vectors), dtype=np.float32)
    report(3, 3, "The map is ready")
    return points


def tsne(vectors: Vectors, *, perplexity: int = 15, seed: int = 0, start: Floats | None = None) -> Floats:
    """Lay faces out by t-SNE: each face among its neighbours, groups at no telling distance.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    perplexity : about how many neighbours count; lowered to what the data hold
    start : (n, 2) as of ``umap``

    Returns
    -------
    (n, 2) float32
    """
    if len(vectors) < _FEWEST_FOR_UMAP:
        return pca(vectors)
    from openTSNE import TSNE  # two seconds, and only the worker needs it

    begin = _start(vectors if start is None else start, by_pca=start is None)
    reducer = TSNE(
        perplexity=max(1, min(perplexity, (len(vectors) - 1) // 3)),
        initialization=begin * (1e-4 / max(float(begin[:, 0].std()), 1e-9)),
        random_state=seed,
        n_jobs=1,
    )
    return np.asarray(reducer.fit(vectors), dtype=np.float32)


def _start(rows: Floats, *, by_pca: bool) -> Floats:
    """Give where the points begin: PCA or given places, at the scale UMAP uses, repeated faces a hair apart.

    UMAP's own spectral start has no solution for a few faces and is slow for groups that touch nowhere, which
    people in a good embedding are.

    References
    ----------
    Kobak, Linderman, "Initialization is critical for preserving global data structure
    in both t-SNE and UMAP", Nature Biotechnology 39, 2021.
    """
    points = pca(rows) if by_pca else rows - rows.mean(axis=0)
    widest = float(np.abs(points).max())
    jitter = np.random.default_rng(0).normal(scale=1e-4, size=points.shape)
    return np.asarray(10.0 * points / (widest or 1.0) + jitter, dtype=np.float32)


def _main_directions(scatter: Doubles) -> Doubles:
    """Give up to two principal directions of a scatter matrix as columns: (dimension, <= 2) float64."""
    _, directions = np.linalg.eigh(scatter)
    main = directions[:, ::-1][:, :2]
    largest = np.abs(main).argmax(axis=0)
    return np.asarray(main * np.sign(main[largest, np.arange(main.shape[1])]), dtype=np.float64)


def _umap_class() -> Any:
    with _without_tensorflow(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
        from umap import UMAP
    return UMAP


@contextmanager
def _without_tensorflow() -> Iterator[None]:
    """Make ``import tensorflow`` fail inside, unless it is loaded already."""
    if "tensorflow" in sys.modules:
        yield
        return
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["tensorflow"]
