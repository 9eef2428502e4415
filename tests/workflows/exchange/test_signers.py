"""An export says who signed it; what was altered since is refused, and what was damaged is another thing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.base.errors import ArchiveRefused, InputRefused
from core.corrections.model import Editor
from core.formats.signed_zip import SIGNATURE_NAME
from core.signing.keyring import SignerKind
from core.workflows.exchange import arrivals
from core.workflows.exchange.deliveries import Delivery, import_delivery
from core.workflows.exchange.export import ExportKind
from core.workflows.exchange.imports import LOG_NAME
from tests.workflows.exchange.test_export import Album

BY = Editor("Ben", "1")


@pytest.fixture
def album(tmp_path: Path) -> Album:
    album = Album(tmp_path / "home")
    faces = album.add("Ann/1.jpg", "Ann")
    album.add("Ben/1.jpg", "Ben")
    album.corrector().confirm(faces)
    return album


@pytest.fixture
def exported(album: Album, tmp_path: Path) -> Path:
    album.export(ExportKind.LOG, tmp_path / "log.zip")
    return tmp_path / "log.zip"


def rewritten(source: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    target.write_bytes(buffer.getvalue())
    return target


def test_an_export_says_who_signed_it(album, exported, tmp_path):
    tools, elsewhere = album.services.arrival_tools(), Album(tmp_path / "elsewhere")
    (part,) = arrivals.inspect_arrival(tools, exported, album.dataset.id)
    assert part.kind is ExportKind.LOG and part.signer.kind is SignerKind.OWN
    elsewhere.add("Ann/1.jpg", "Ann")
    (part,) = arrivals.inspect_arrival(elsewhere.services.arrival_tools(), exported, elsewhere.dataset.id)
    assert part.signer.kind is SignerKind.UNKNOWN and "not known here" in part.signer.sentence
    unsigned = rewritten(exported, tmp_path / "unsigned.zip", lambda members: members.pop(SIGNATURE_NAME))
    (part,) = arrivals.inspect_arrival(tools, unsigned, album.dataset.id)
    assert part.signer.kind is SignerKind.NONE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda members: members.update({LOG_NAME: members[LOG_NAME] + b"\n"}), "is another file"),
        (lambda members: members.update({"more.jsonl": b""}), "added"),
        (lambda members: members.update({SIGNATURE_NAME: members[SIGNATURE_NAME].replace(b"0", b"1")}), "not fit"),
        (lambda members: members.update({SIGNATURE_NAME: b"{"}), "not fit"),
    ],
    ids=["exchanged", "added", "list", "broken"],
)
def test_what_was_altered_is_refused_before_anything_is_taken(album, exported, tmp_path, change, reason):
    altered, tools = rewritten(exported, tmp_path / "altered.zip", change), album.services.arrival_tools()
    with pytest.raises(ArchiveRefused, match=reason):
        arrivals.inspect_arrival(tools, altered, album.dataset.id)
    revision = album.services.store.dataset(album.dataset.id).revision
    with pytest.raises(InputRefused, match=reason):
        import_delivery(tools, album.dataset.id, Delivery(altered, ExportKind.LOG, LOG_NAME), BY)
    assert album.services.store.dataset(album.dataset.id).revision == revision
