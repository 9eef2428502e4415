"""Looks for what is left of photos below a data folder: bytes of their pictures, also inside of zips."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

TRACE_BYTES = 48


def list_traces(photos: Iterable[bytes]) -> list[bytes]:
    """Some bytes of each photo that nothing else has: of its compressed picture, whose end is its own."""
    return [
        photo[start : start + TRACE_BYTES]
        for photo in photos
        for start in (len(photo) // 2, len(photo) * 3 // 4, len(photo) - TRACE_BYTES)
    ]


def find_photo_traces(data_dir: Path, photos: Iterable[bytes]) -> set[str]:
    """The files, but of the networks, in which bytes of these photos stand."""
    traces = list_traces(photos)
    return {name for name, content in _contents(data_dir) if any(trace in content for trace in traces)}


def _contents(data_dir: Path) -> Iterator[tuple[str, bytes]]:
    for path in data_dir.rglob("*"):
        name = path.relative_to(data_dir)
        if path.is_file() and name.parts[0] != "models":
            yield from _opened(name.as_posix(), path.read_bytes())


def _opened(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, content
    if content[:4] == b"PK\x03\x04" and zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield from _opened(name, archive.read(member))
