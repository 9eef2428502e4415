"""Files are listed and weighed while others come and go."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from core.base.files.folders import list_files, read_state, sum_bytes


def test_the_files_of_a_folder_are_listed_and_weighed(tmp_path: Path) -> None:
    inside = tmp_path / "folder"
    (inside / "b").mkdir(parents=True)
    (inside / "b" / "two.txt").write_bytes(b"22")
    (inside / "a.txt").write_bytes(b"1")
    (tmp_path / "outside.txt").write_bytes(b"333")
    (inside / "link.txt").symlink_to(tmp_path / "outside.txt")
    (inside / "loop").symlink_to(tmp_path)
    assert list_files(inside) == [inside / "a.txt", inside / "b" / "two.txt"]
    assert sum_bytes(list_files(inside)) == 3


def test_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert list_files(tmp_path / "gone") == []
    assert read_state(tmp_path / "gone") is None
    assert sum_bytes([tmp_path / "gone"]) == 0


def test_folders_that_go_while_they_are_listed_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "stays.txt").write_bytes(b"1")
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            (tmp_path / "scratch" / "deep").mkdir(parents=True)
            (tmp_path / "scratch" / "deep" / "file").touch()
            shutil.rmtree(tmp_path / "scratch")

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(100):
            assert tmp_path / "stays.txt" in list_files(tmp_path)
            assert sum_bytes(list_files(tmp_path)) == 1
    finally:
        ended.set()
        thread.join()
