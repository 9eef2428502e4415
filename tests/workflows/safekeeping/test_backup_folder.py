"""A folder of backups: files of any size pass through it by parts, and what it says of its backups is read once."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest

from core.base.settings import Settings
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.workflows.safekeeping import backup_manifest
from core.workflows.safekeeping.backup_check import check_backup
from core.workflows.safekeeping.backup_folder import FILES
from core.workflows.safekeeping.expired_backups import remove_backups
from core.workflows.safekeeping.restore import restore_everything
from tests.workflows.exchange.test_export import Album
from tests.workflows.safekeeping.test_expired_backups import back_up
from tests.workflows.safekeeping.test_foreign_backups import change_manifest

LARGE = bytes(8 << 20) + b"the end"


@pytest.fixture
def album(tmp_path: Path) -> Album:
    album = Album(tmp_path / "home")
    album.add("Ann/1.jpg", "Ann")
    return album


@pytest.mark.parametrize("is_there", [False, True])
def test_a_file_of_any_size_comes_back_without_being_whole_in_memory(album: Album, tmp_path: Path, is_there: bool):
    key = album.dataset.id, ArtifactKind.LOOKUP_PHOTOS, "ab12"
    album.services.artifacts.replace_from(*key, io.BytesIO(LARGE))
    restored = Services(Settings(tmp_path / "restored"))
    if is_there:  # from a restoring that was killed
        restored.artifacts.replace_from(*key, io.BytesIO(LARGE))
    before = restored.artifacts.find(*key)
    tracemalloc.start()
    folder = back_up(album, tmp_path / "backups")
    assert check_backup(folder, folder.manifest()).is_whole
    restore_everything(restored.restore_tools(), folder, folder.manifest())
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < len(LARGE)
    assert restored.artifacts.read(*key) == LARGE
    assert before in (None, restored.artifacts.find(*key)), "what is there is not written again"


def test_a_large_file_that_was_damaged_is_found_and_backed_up_anew(album: Album, tmp_path: Path):
    key = album.dataset.id, ArtifactKind.LOOKUP_PHOTOS, "ab12"
    album.services.artifacts.replace_from(*key, io.BytesIO(LARGE))
    folder = back_up(album, tmp_path / "backups")
    (path,) = [path for path in (folder.path / FILES).glob("*/*") if path.stat().st_size == len(LARGE)]
    path.write_bytes(LARGE[:-1] + b"!")
    assert check_backup(folder, folder.manifest()).damaged == (" ".join(key),)
    album.services.artifacts.replace_from(*key, io.BytesIO(LARGE))  # written later, so that it is not taken as known
    back_up(album, folder.path)
    assert path.read_bytes() == LARGE


def test_a_manifest_is_read_once_and_again_when_it_is_another_one(
    album: Album, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = back_up(album, tmp_path / "backups")
    manifests = folder.manifests()
    with monkeypatch.context() as patch:
        patch.setattr(backup_manifest.json, "loads", lambda _: pytest.fail("it was read again"))
        assert folder.manifests() == manifests
    change_manifest(folder, files=99)
    assert [manifest.files for manifest in folder.manifests()] == [99]
    for _ in range(2):  # the second time as a page asks for it that was drawn before the first
        remove_backups(folder, manifests)
    assert folder.manifests() == []
