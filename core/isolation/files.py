"""Files of others that are no photos, parsed in a child within bounds: vectors, XMP, correction logs, bundles.

Vectors and XMP come from the child, as what reads them is not written in Python. Of a log and a bundle the child says
only that they can be read within its bounds: then the same is done here, in Python.

Besides what parsing refuses, a file is refused that ends the child or takes too long: ``ReadingEnded``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from core.base.errors import InputRefused
from core.base.face_table import Embeddings
from core.base.json_values import LONGEST_TEXT
from core.formats import bundle, tables, xmp
from core.formats.bundle import Bundle
from core.formats.xmp import Sidecar
from core.isolation.bounds import Bounds
from core.isolation.file_tasks import CHECK_BUNDLE, CHECK_LOG, READ_SIDECAR, READ_VECTORS, FileOrder
from core.isolation.messages import BlocksOnly
from core.isolation.pool import shared_pool
from core.language.texts import marked

SPARE_VECTORS: Final = 10_000
"""A file may hold twice as many vectors as a dataset has faces, and so many besides: faces were removed meanwhile."""
_MIB: Final = 1 << 20
_SIDECAR: Final = Bounds(256 * _MIB, 10)
_LOG: Final = Bounds(1024 * _MIB, 120)
_BUNDLE: Final = Bounds(768 * _MIB, 60)


def read_vectors_isolated(path: Path, n_faces: int) -> Embeddings:
    """As ``tables.read_vectors``, for a dataset of so many faces. Raises InputRefused."""
    most_faces = 2 * n_faces + SPARE_VECTORS
    most_bytes = most_faces * tables.MOST_DIMENSION * 4
    # Twice: while a file is taken apart its columns and the array made of them are there at once.
    bounds = Bounds(256 * _MIB + 2 * most_bytes, 60)
    reply = shared_pool().read(READ_VECTORS, FileOrder.of(path, most_faces), [], bounds, most_bytes)
    n_faces_read, dimension = reply.answer.shape
    if n_faces_read > most_faces or [block.size for block in reply.blocks] != [4 * n_faces_read * dimension]:
        raise _nonsense(path.name)
    vectors = reply.blocks[0].view(np.float32).reshape(reply.answer.shape)
    try:
        embeddings = Embeddings(reply.answer.face_ids, vectors, reply.answer.model_id)
    except ValueError as fault:  # of another number of faces
        raise _nonsense(path.name) from fault
    # Checked on this side too: the child that checked it may have been taken over by the file.
    tables.require_unit_length(embeddings.vectors)
    return embeddings


def read_sidecar_isolated(*documents: bytes) -> Sidecar:
    """As ``xmp.decode_sidecar``. Raises InputRefused."""
    sidecar = shared_pool().read(READ_SIDECAR, BlocksOnly(), documents, _SIDECAR).answer
    regions, refused = sidecar.regions, sidecar.refused
    texts = [sidecar.photo_id, *(region.name for region in regions)]
    texts += [text for refusal in refused for text in (refusal.name, refusal.reason)]
    is_long = any(text is not None and len(text) > LONGEST_TEXT for text in texts)
    if is_long or len(regions) + len(refused) > 2 * xmp.MOST_REGIONS:
        raise _nonsense("the sidecar")
    return sidecar


def require_readable_log(path: Path) -> None:
    """Raise InputRefused for a correction log that cannot be read to its end within bounds."""
    shared_pool().read(CHECK_LOG, FileOrder.of(path), [], _LOG)


def read_bundle_isolated(path: Path) -> tuple[Bundle, str]:
    """As ``bundle.read_bundle_file``. Raises InputRefused."""
    reply = shared_pool().read(CHECK_BUNDLE, FileOrder.of(path), [], _BUNDLE)
    # Read again, as it may have been replaced between the check and now: then the bounds hold for another file.
    content, digest = bundle.read_bundle_file(path)
    if reply.answer.sha256 != digest:
        raise InputRefused(marked("'{name}' changed while it was read. Give it again.").format(name=path.name))
    return content, digest


def _nonsense(name: str) -> InputRefused:
    return InputRefused(
        marked("'{name}' could not be read safely: what the program that reads it said makes no sense.").format(
            name=name
        )
    )
