"""Faces and vectors as tables: CSV, Parquet and npz, written in pieces, and vectors read back.

PyArrow is loaded when a Parquet file is written or read: nothing else needs it, and it takes half a second.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core.base import words
from core.base.errors import InputRefused
from core.base.face_table import Embeddings
from core.base.json_values import parse_json
from core.base.types import Face, Quality, Vectors
from core.formats.npz_header import read_npz_arrays
from core.language.texts import marked
from core.store.exchange_protocols import StoredPhoto

EMBEDDINGS_FORMAT = 1
MOST_DIMENSION = 512
"""Of vectors: no network here gives longer ones."""
_LONGEST_ID_BYTES = 64
_QUALITY = tuple(Quality.__dataclass_fields__)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, the wide forms of East Asian keyboards too.

References
----------
OWASP, "CSV Injection".
"""
COLUMNS = {
    "face_id": "string",
    "person": "string",
    "split": "string",
    "photo": "string",
    "photo_sha256": "string",
    "photo_width_px": "int64",
    "photo_height_px": "int64",
    "photo_turn": "int64",
    "taken": "string",
    **dict.fromkeys(("left_px", "top_px", "right_px", "bottom_px", "detection_prob"), "double"),
    **dict.fromkeys(_QUALITY, "double"),
    **dict.fromkeys(("excluded", "confirmed", "stranger", "hidden", "drawn"), "bool"),
}
"""The columns of the table of faces, and their Parquet types. Sides and boxes are those of the photo after it was
turned by ``photo_turn`` quarters clockwise."""
ON_MAP = {
    **dict.fromkeys(("face_id", "photo", "person", "prediction"), "string"),
    "sure": "double",
    "split": "string",
    **dict.fromkeys(("quality", "x", "y", "z"), "double"),
}
"""The columns of faces that were chosen on a map; ``sure`` is the probability of the prediction."""

Row = dict[str, Any]


def build_face_rows(photos: Iterable[StoredPhoto], hidden: Mapping[int, bool]) -> Iterator[Row]:
    """One row for every face; ``hidden`` tells who is hidden, by the person's id."""
    for photo in photos:
        for face in photo.faces:
            yield _row(photo, face, hidden.get(face.person_id or 0, False))


def _row(stored_photo: StoredPhoto, face: Face, hidden: bool) -> Row:
    photo, box, quality = stored_photo.photo, face.box, face.quality
    # The camera's clock without a zone, kept as if it were UTC: a zone in the text would claim what nobody knows.
    taken_at = (
        None if photo.taken is None else datetime.fromtimestamp(photo.taken, UTC).replace(tzinfo=None).isoformat()
    )
    return {
        "face_id": face.id,
        "person": face.person,
        "split": face.split.value if face.split else None,
        "photo": photo.name,
        "photo_sha256": photo.id,
        "photo_width_px": photo.width_px,
        "photo_height_px": photo.height_px,
        "photo_turn": photo.turn,
        "taken": taken_at,
        "left_px": box.left,
        "top_px": box.top,
        "right_px": box.right,
        "bottom_px": box.bottom,
        "detection_prob": face.prob,
        **{name: getattr(quality, name) if quality else None for name in _QUALITY},
        "excluded": face.excluded,
        "confirmed": face.confirmed,
        "stranger": face.stranger,
        "hidden": hidden,
        "drawn": face.drawn,
    }


def encode_csv(pages: Iterable[list[Row]], columns: Iterable[str] = COLUMNS) -> Iterator[bytes]:
    """A CSV file (UTF-8 with its mark, for Excel), page by page: the only way in which a CSV file is written here.

    Names of files and people are not of our making: one that a spreadsheet would take for a formula gets an apostrophe
    before it.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\r\n")
    # Without the mark Excel reads UTF-8 as the code page of the machine.
    text.write("\ufeff")
    writer.writeheader()
    for page in pages:
        # Only texts can run: a negative number begins with a minus, and an apostrophe would make a text of it.
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in page)
        yield text.getvalue().encode("utf-8", "replace")
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode("utf-8")


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_faces_parquet(path: Path, pages: Iterable[list[Row]]) -> None:
    """A Parquet file of faces, page by page."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()])
    # The schema is said and not guessed from the first page: a column that is empty there would be of no type, and the
    # second page would not fit.
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for page in pages:
            writer.write_table(pa.Table.from_pylist(page, schema))


def encode_parquet(rows: list[Row], columns: Mapping[str, str], embeddings: Embeddings) -> bytes:
    """A Parquet file of faces with their vectors as the last column; the model's id is in the file's metadata.

    Parameters
    ----------
    embeddings : a vector for each row, in their order
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in columns.items()])
    dimension = embeddings.vectors.shape[1]
    # A list of fixed length keeps the numbers in one block, so that readers get a matrix without copying rows.
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(embeddings.vectors.ravel()), dimension)
    table = pa.Table.from_pylist(rows, schema).append_column("vector", vectors)
    buffer = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata({"model_id": embeddings.model_id, "format": str(EMBEDDINGS_FORMAT)}),
        buffer,
        compression="zstd",
    )
    return buffer.getvalue()


# vectors


def write_vectors_parquet(path: Path, pages: Iterable[Embeddings], model_id: str, dimension: int) -> None:
    """A Parquet file of face ids and vectors; the model's id is in the file's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [("face_id", pa.string()), ("vector", pa.list_(pa.float32(), dimension))],
        metadata={"model_id": model_id, "format": str(EMBEDDINGS_FORMAT)},
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for page in pages:
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(page.vectors.ravel()), dimension)
            writer.write_table(pa.table([pa.array(page.face_ids), vectors], schema=schema))


def write_vectors_npz(path: Path, pages: Iterable[Embeddings], model_id: str, dimension: int, count: int) -> None:
    """An npz of ``face_ids`` (n,), ``vectors`` (n, dimension) float32 and a header; never held in memory as a whole.

    Parameters
    ----------
    count : how many vectors at most; the file says how many came
    """
    ids: list[str] = []
    with zipfile.ZipFile(path, "w") as archive:
        # The matrix goes first, as its rows come in pages, and the ids are gathered beside: NumPy's own writer would
        # need all of it in memory. The length is not known to the zip beforehand, hence zip64.
        with archive.open("vectors.npy", "w", force_zip64=True) as target:
            head = {"descr": "<f4", "fortran_order": False, "shape": (count, dimension)}
            np.lib.format.write_array_header_1_0(target, head)
            for page in pages:
                # Never more rows than the header has promised: a face that was added meanwhile would make the file
                # unreadable.
                target.write(np.ascontiguousarray(page.vectors[: count - len(ids)], dtype="<f4").tobytes())
                ids.extend(page.face_ids[: count - len(ids)])
        # Too few cannot be mended, the header is written: better no file than one that ends early.
        if len(ids) != count:
            raise InputRefused(marked("The faces changed while they were exported. Export again."))
        header = json.dumps({"format": EMBEDDINGS_FORMAT, "model_id": model_id}).encode("ascii")
        for name, array in (("face_ids", np.array(ids, dtype="S24")), ("header", np.frombuffer(header, np.uint8))):
            with archive.open(f"{name}.npy", "w") as target:
                np.lib.format.write_array(target, array, allow_pickle=False)


def read_vectors(path: Path, most_faces: int) -> Embeddings:
    """Vectors that ``write_vectors_npz`` or ``write_vectors_parquet`` wrote.

    Raises
    ------
    InputRefused
        It is anything else, or says that it holds more than ``most_faces`` vectors: nothing of them was read.
    """
    read = _from_parquet if path.suffix.lower() == ".parquet" else _from_npz
    embeddings = read(path, most_faces)
    require_unit_length(embeddings.vectors)
    return embeddings


def _require_few(path: Path, count: int, most_faces: int) -> None:
    if count > most_faces:
        raise InputRefused(
            marked(
                "'{file}' says that it holds {count} vectors; for the faces of this dataset at most {most} are read."
            ).format(file=path.name, count=words.count(count), most=words.count(most_faces))
        )


def _from_npz(path: Path, most_faces: int) -> Embeddings:
    # The size on the disk is the first bound, before the file is read; it is reckoned for the longest vectors, whatever
    # the model.
    most_bytes = most_faces * (MOST_DIMENSION * 4 + _LONGEST_ID_BYTES) + (1 << 16)
    size = path.stat().st_size
    if size > most_bytes:
        raise InputRefused(
            marked("'{file}' has {size} bytes; the vectors of this dataset's faces have {most} at most.").format(
                file=path.name, size=words.count(size), most=words.count(most_bytes)
            )
        )
    try:
        arrays = read_npz_arrays(path.read_bytes(), most_bytes)
        _require_few(path, len(arrays["vectors"]), most_faces)
        header = parse_json(bytes(arrays["header"]))
        ids = tuple(value.decode("ascii") for value in arrays["face_ids"].tolist())
        vectors = arrays["vectors"]
        if header["format"] != EMBEDDINGS_FORMAT or vectors.dtype != np.float32:
            raise ValueError(f"expected format {EMBEDDINGS_FORMAT} and float32")
        return Embeddings(ids, vectors, str(header["model_id"]))
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise InputRefused(
            marked("'{file}' holds no vectors of faces ({fault}).").format(file=path.name, fault=fault)
        ) from fault


def _from_parquet(path: Path, most_faces: int) -> Embeddings:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Number of rows and type of the column stand in the file's end: both are held against the bounds before a row
        # is read.
        file = pq.ParquetFile(path)
        _require_few(path, file.metadata.num_rows, most_faces)
        vector_type = file.schema_arrow.field("vector").type
        if not pa.types.is_fixed_size_list(vector_type) or not 0 < vector_type.list_size <= MOST_DIMENSION:
            raise ValueError(f"expected a column of vectors with at most {MOST_DIMENSION} numbers")
        table = file.read(["face_id", "vector"], use_threads=False)
        metadata = file.schema_arrow.metadata or {}
        vectors = table.column("vector").combine_chunks()
        block = vectors.flatten().to_numpy(zero_copy_only=False).reshape(len(table), -1)
        # Other programs write texts as bytes, and may leave one out.
        id_column = table.column("face_id").cast(pa.string())
        if id_column.null_count:
            raise ValueError("a face_id is missing")
        ids = tuple(id_column.to_pylist())
        return Embeddings(ids, np.asarray(block, dtype=np.float32), metadata[b"model_id"].decode("utf-8"))
    except (pa.ArrowException, KeyError, ValueError, TypeError, OSError) as fault:
        raise InputRefused(
            marked("'{file}' holds no vectors of faces ({fault}).").format(file=path.name, fault=fault)
        ) from fault


def require_unit_length(vectors: Vectors) -> None:
    """Raise InputRefused unless every vector, a row of (n, dimension), has unit length."""
    # Huge numbers overflow to infinity and fail the check below, which is the answer; a warning on stderr is none.
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(vectors, axis=1)
    # Rounding in float32 and in other programs stays far below a thousandth; vectors that were not normalised are far
    # above.
    if not np.allclose(lengths, 1.0, atol=1e-3):
        raise InputRefused(marked("A vector in the file is not of unit length, as the vectors of faces are."))
