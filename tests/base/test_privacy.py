"""The data folder is its owner's alone: what was open is closed, what is written is closed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from core.__main__ import main
from core.base.privacy import restrict_to_owner
from core.base.settings import Settings
from core.services import Services

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows keeps the user's folders to the user")


def rights(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)


def test_an_open_folder_is_closed_with_everything_in_it_but_what_links_point_to(tmp_path: Path):
    folder, elsewhere = tmp_path / "data", tmp_path / "models"
    (folder / "inbox").mkdir(parents=True)
    elsewhere.mkdir()
    (folder / "inbox" / "album.zip").write_bytes(b"")
    (folder / "models").symlink_to(elsewhere)
    for path, mode in ((folder, 0o775), (folder / "inbox", 0o755), (elsewhere, 0o755)):
        path.chmod(mode)
    (folder / "inbox" / "album.zip").chmod(0o664)
    restrict_to_owner(folder)
    assert (rights(folder), rights(folder / "inbox")) == ("drwx------", "drwx------")
    assert rights(folder / "inbox" / "album.zip") == "-rw-------"
    assert rights(elsewhere) == "drwxr-xr-x"


def test_a_closed_folder_is_left_as_it_is(tmp_path: Path):
    """Within it nothing can be reached, so that a start need not look at a hundred thousand files."""
    (tmp_path / "photo.jpg").write_bytes(b"")
    (tmp_path / "photo.jpg").chmod(0o644)
    tmp_path.chmod(0o700)
    restrict_to_owner(tmp_path)
    assert rights(tmp_path / "photo.jpg") == "-rw-r--r--"


def test_services_close_the_folder_that_they_work_in(tmp_path: Path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    Services(Settings(folder)).store.create_dataset("Ann", "facenet-128")
    made = [folder, *folder.rglob("*")]
    assert {rights(path) for path in made} == {"drwx------", "-rw-------"}


def test_the_command_line_writes_for_its_owner_alone(models_dir: Path, tmp_path: Path):
    before = os.umask(0o022)  # as most systems have it
    try:
        assert main(["sample", "--out", str(tmp_path / "out"), "--data", str(models_dir.parent)]) == 0
    finally:
        os.umask(before)
    assert {rights(path) for path in (tmp_path / "out").rglob("*")} == {"-rw-------"}
