"""Archives that a friend, a careless tool or an enemy may hand over."""

import os
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.archives.opening import open_source
from core.archives.source import PhotoSource
from core.base.errors import ArchiveRefused, ImageRefused
from core.base.settings import MIB, ArchiveLimits
from core.base.types import Split

LIMITS = ArchiveLimits()
JPEG = b"\xff\xd8 stands for a photo"
Files = dict[str | zipfile.ZipInfo, bytes]


def make_zip(path: Path, files: Files, method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def make_folder(path: Path, files: Files) -> Path:
    path.mkdir()
    for name, data in files.items():
        file = path / str(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def edit(path: Path, change: Callable[[bytes], bytes]) -> Path:
    path.write_bytes(change(path.read_bytes()))
    return path


def names(source: PhotoSource) -> list[str]:
    return [entry.name for entry in source.entries]


def reasons(source: PhotoSource) -> dict[str, str]:
    return {refusal.name: refusal.reason for refusal in source.refused}


@pytest.fixture(params=["zip", "folder"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Files], Path]:
    """Builder of either kind of source: what both promise is tested on both."""
    if request.param == "zip":
        return lambda files: make_zip(tmp_path / "a.zip", files)
    return lambda files: make_folder(tmp_path / "a", files)


# --- both kinds


def test_a_source_gives_photos_people_and_splits(make: Callable[[Files], Path]) -> None:
    path = make({"data/train/Ann/1.jpg": b"1", "data/train/Ben/1.png": b"2", "data/val/Ann/2.jpg": b"3"})
    with open_source(path, LIMITS) as source:
        assert [(e.index, e.name, e.person, e.split) for e in source.entries] == [
            (0, "data/train/Ann/1.jpg", "Ann", Split.TRAIN),
            (1, "data/train/Ben/1.png", "Ben", Split.TRAIN),
            (2, "data/val/Ann/2.jpg", "Ann", Split.VAL),
        ]
        assert [source.read(entry) for entry in source.entries] == [b"1", b"2", b"3"]
        assert str(source.layout) == "train 2, val 1, 2 people"


def test_a_source_of_unknown_people_keeps_splits_only(make: Callable[[Files], Path]) -> None:
    with open_source(make({"train/Ann/1.jpg": JPEG}), LIMITS, folders_are_people=False) as source:
        assert (source.entries[0].person, source.entries[0].split) == (None, Split.TRAIN)


def test_a_source_reports_what_is_no_photo_and_ignores_leftovers(make: Callable[[Files], Path]) -> None:
    leftovers = {"__MACOSX/Ann/._1.jpg": b"", "Ann/.DS_Store": b"", "Ann/Thumbs.db": b"", ".git/x.jpg": b""}
    path = make({"Ann/1.jpg": JPEG, "Ann/notes.txt": b"", "more.zip": b"PK", **leftovers})
    with open_source(path, LIMITS) as source:
        assert names(source) == ["Ann/1.jpg"]
        assert reasons(source) == {
            "Ann/notes.txt": "not a photo (.txt)",
            "more.zip": "an archive among photos is not opened; unpack it first",
            ".git/x.jpg": "left out: a hidden folder (.git)",
            "._ files": "1 file was left out: what macOS keeps beside files",
            ".DS_Store": "1 file was left out: settings of a folder",
            "Thumbs.db": "1 file was left out: thumbnails of Windows",
        }


JPEG_HEAD = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1"


def test_files_are_photos_by_what_they_hold_whatever_they_are_called(make: Callable[[Files], Path]) -> None:
    photos = ["a/1.jpg_large", "a/2.jpg!d", "a/3", "a/4.JPG.download", "a/5.txt", "b/6.mp4", "b/7.zip", "b/8.dng"]
    others = {
        "a/x.pdf": (b"%PDF-1.4 ", "not a photo but a PDF document"),
        "a/y.jpg_large": (b"<html><body>404 Not Found", "not a photo but a web page"),
        "b/film": (b"\0\0\0\x18ftypmp42" + bytes(40), "not a photo but an MP4 film"),
        "b/z.xyz": (b"\1\2\3\4\5", "not a photo (.xyz)"),
        "b/in.zip": (b"PK\3\4" + bytes(60), "not a photo but a zip archive; unpack it first"),
    }
    path = make(dict.fromkeys(photos, JPEG_HEAD) | {name: content for name, (content, _) in others.items()})
    with open_source(path, LIMITS) as source:
        assert sorted(names(source)) == photos
        assert source.layout.photos == len(photos)
        assert source.layout.people == ("a", "b")
        assert reasons(source) == {name: reason for name, (_, reason) in others.items()}


def test_a_photo_by_another_name_is_still_held_to_the_limits(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.bin", JPEG_HEAD + bytes(5_000_000))
    with open_source(tmp_path / "a.zip", LIMITS) as source:
        assert names(source) == []
        assert "expands" in reasons(source)["bomb.bin"]


def test_a_source_without_photos_is_empty(make: Callable[[Files], Path]) -> None:
    with open_source(make({}), LIMITS) as source:
        assert source.entries == ()
        assert source.refused == ()
        assert source.layout.people == ()


def test_a_source_with_too_many_entries_is_refused(make: Callable[[Files], Path]) -> None:
    path = make({f"{number}.jpg": JPEG for number in range(4)})
    with pytest.raises(ArchiveRefused, match="more than 3 entries"):
        open_source(path, ArchiveLimits(max_entries=3))


def test_a_source_with_too_many_bytes_is_refused(make: Callable[[Files], Path]) -> None:
    path = make({"1.jpg": bytes(60), "2.jpg": bytes(60)})
    with pytest.raises(ArchiveRefused, match="120 bytes; at most 100 are taken"):
        open_source(path, ArchiveLimits(max_total_bytes=100))


def test_a_source_reports_a_photo_that_is_too_large(make: Callable[[Files], Path]) -> None:
    path = make({"1.jpg": bytes(60), "2.jpg": bytes(50)})
    with open_source(path, ArchiveLimits(max_entry_bytes=50)) as source:
        assert names(source) == ["2.jpg"]
        assert reasons(source) == {"1.jpg": "it has 60 bytes; one photo may have 50"}


def test_a_source_is_read_from_several_threads(make: Callable[[Files], Path]) -> None:
    contents = {f"{number:03}.jpg": os.urandom(2000) * 20 for number in range(60)}
    with open_source(make(dict(contents)), LIMITS) as source, ThreadPoolExecutor(8) as pool:
        assert list(pool.map(source.read, source.entries * 3)) == list(contents.values()) * 3


def test_nothing_at_a_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match="neither a file nor a folder"):
        open_source(tmp_path / "none.zip", LIMITS)


# --- folder


def test_a_folder_reports_links_and_does_not_follow_them(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "a", {"Ann/1.jpg": JPEG})
    outside = make_folder(tmp_path / "b", {"secret.jpg": JPEG})
    (folder / "Ann" / "2.jpg").symlink_to(outside / "secret.jpg")
    (folder / "Ben").symlink_to(outside, target_is_directory=True)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    with open_source(folder, LIMITS) as source:
        assert names(source) == ["Ann/1.jpg"]
        assert sorted(reasons(source)) == ["Ann/2.jpg", "Ben", "loop"]
        assert "not followed" in reasons(source)["Ben"]


def test_a_file_that_became_a_link_or_large_after_listing_is_refused(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "a", {"1.jpg": JPEG, "2.jpg": JPEG, "3.jpg": JPEG})
    with open_source(folder, ArchiveLimits(max_entry_bytes=100)) as source:
        (folder / "1.jpg").unlink()
        (folder / "1.jpg").symlink_to("/etc/hostname")
        (folder / "2.jpg").write_bytes(bytes(101))
        (folder / "3.jpg").unlink()
        for entry in source.entries:
            with pytest.raises(ImageRefused):
                source.read(entry)


# --- zip: refused as a whole


@pytest.mark.parametrize(
    "name", ["../1.jpg", "a/../b.jpg", "/1.jpg", "C:/1.jpg", "..\\1.jpg", "\\1.jpg", "__MACOSX/../1.txt"]
)
def test_a_zip_entry_that_leaves_the_folder_refuses_the_zip(tmp_path: Path, name: str) -> None:
    path = make_zip(tmp_path / "a.zip", {"Ann/1.jpg": JPEG, name: JPEG})
    with pytest.raises(ArchiveRefused, match="leaves the folder, so the archive was refused"):
        open_source(path, LIMITS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"no zip at all", "is no zip archive"),
        (b"PK\x03\x04 and then", "damaged or cut-off zip"),
    ],
)
def test_a_file_that_is_no_zip_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(ArchiveRefused, match=words):
        open_source(tmp_path / "a.zip", LIMITS)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_zip_is_refused(tmp_path: Path, kept: float) -> None:
    path = make_zip(tmp_path / "a.zip", {f"Ann/{number}.jpg": JPEG for number in range(9)})
    edit(path, lambda data: data[: int(len(data) * kept)])
    with pytest.raises(ArchiveRefused, match="damaged or cut-off zip"):
        open_source(path, LIMITS)


def test_a_zip_whose_entries_share_bytes_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"1.jpg": JPEG, "2.jpg": JPEG})

    def point_both_at_the_first(data: bytes) -> bytes:
        second = data.rindex(b"PK\x01\x02")
        return data[: second + 42] + bytes(4) + data[second + 46 :]

    with pytest.raises(ArchiveRefused, match="overlap as in a zip bomb"):
        open_source(edit(path, point_both_at_the_first), LIMITS)


# --- zip: one entry refused


def test_a_zip_reports_links(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("Ann/2.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with open_source(make_zip(tmp_path / "a.zip", {"Ann/1.jpg": JPEG, link: b"/etc/passwd"}), LIMITS) as source:
        assert names(source) == ["Ann/1.jpg"]
        assert "link" in reasons(source)["Ann/2.jpg"]


def test_a_zip_reports_encrypted_entries(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"1.jpg": JPEG, "2.jpg": JPEG})

    def mark_the_last(data: bytes) -> bytes:
        at = data.rindex(b"PK\x01\x02") + 8
        return data[:at] + b"\x01" + data[at + 1 :]

    with open_source(edit(path, mark_the_last), LIMITS) as source:
        assert names(source) == ["1.jpg"]
        assert "encrypted" in reasons(source)["2.jpg"]


def test_a_zip_reports_entries_that_expand_like_a_bomb(tmp_path: Path) -> None:
    files: Files = {"bomb.bmp": bytes(3 * MIB), "small.bmp": bytes(MIB), "photo.jpg": os.urandom(2 * MIB)}
    with open_source(make_zip(tmp_path / "a.zip", files, zipfile.ZIP_DEFLATED), LIMITS) as source:
        assert names(source) == ["small.bmp", "photo.jpg"]
        assert "at most 200-fold is taken" in reasons(source)["bomb.bmp"]


@pytest.mark.parametrize(("method", "word"), [(zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "lzma")])
def test_a_zip_reports_methods_that_cannot_be_bounded(tmp_path: Path, method: int, word: str) -> None:
    with open_source(make_zip(tmp_path / "a.zip", {"1.jpg": JPEG}, method), LIMITS) as source:
        assert source.entries == ()
        assert f"compressed with {word}" in reasons(source)["1.jpg"]


@pytest.mark.parametrize("declared", [10, 5000, 100_000])
def test_a_wrong_declared_size_refuses_the_entry_and_not_the_next(tmp_path: Path, declared: int) -> None:
    path = make_zip(tmp_path / "a.zip", {"1.jpg": os.urandom(6000), "2.jpg": JPEG}, zipfile.ZIP_DEFLATED)

    def lie(data: bytes) -> bytes:
        at = data.index(b"PK\x01\x02") + 24
        return data[:at] + struct.pack("<I", declared) + data[at + 4 :]

    with open_source(edit(path, lie), LIMITS) as source:
        with pytest.raises(ImageRefused, match=r"1\.jpg"):
            source.read(source.entries[0])
        assert source.read(source.entries[1]) == JPEG


def test_a_damaged_entry_is_refused_and_not_the_next(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"1.jpg": b"once upon a time", "2.jpg": JPEG})
    edit(path, lambda data: data.replace(b"upon", b"UPON"))
    with open_source(path, LIMITS) as source:
        with pytest.raises(ImageRefused, match=r"'1\.jpg' is damaged in the zip \(Bad CRC-32"):
            source.read(source.entries[0])
        assert source.read(source.entries[1]) == JPEG


def test_a_zip_reports_control_characters_and_nul_in_names(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"Ann/X.jpg": JPEG, "Ann/Y.jpg": JPEG, "Ann/1.jpg": JPEG})
    edit(path, lambda data: data.replace(b"X.jpg", b"\0.jpg").replace(b"Y.jpg", b"\n.jpg"))
    with open_source(path, LIMITS) as source:
        assert names(source) == ["Ann/1.jpg"]
        assert sorted(reasons(source)) == ["Ann/\\x00.jpg", "Ann/\\x0a.jpg"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", b"PK\x03\x04 and the last" + b"PK\x05\x06" + struct.pack("<HHHHLLH", 4, 4, 1, 1, 0, 0, 0)),
        ("a.zip", b"PK\x07\x08PK\x03\x04 and the first"),
        (
            "a.zip",
            b"PK\x06\x07"
            + struct.pack("<LQL", 0, 0, 3)
            + b"PK\x05\x06"
            + struct.pack("<HHHHLLH", *[65535] * 4, 0, 0, 0),
        ),
        ("a.zip.001", b"PK\x03\x04 and the first"),
        ("a.z01", b"PK\x03\x04 and the first"),
    ],
    ids=["last", "first", "zip64", "cut by 7-Zip", "by its name"],
)
def test_a_part_of_a_divided_zip_is_told_as_one(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ArchiveRefused, match="one part of several"):
        open_source(tmp_path / name, LIMITS)


@pytest.mark.parametrize(
    ("magic", "kind"), [(b"Rar!\x1a\x07\x01", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"\x1f\x8b\x08", "gzip")]
)
def test_another_kind_of_archive_is_told_by_its_content(tmp_path: Path, magic: bytes, kind: str) -> None:
    (tmp_path / "a.zip").write_bytes(magic + bytes(40))
    with pytest.raises(ArchiveRefused, match=f"is no zip archive but a {kind} archive; unpack it first"):
        open_source(tmp_path / "a.zip", LIMITS)


# --- from real use


def test_a_divided_zip_from_real_use_is_told(shared_dir: Path) -> None:
    with pytest.raises(ArchiveRefused, match="one part of several"):
        open_source(shared_dir / "cases" / "archives" / "span.zip", LIMITS)


def test_thumbnails_of_a_synology_are_left_out_each_with_its_line(shared_dir: Path) -> None:
    with open_source(shared_dir / "cases" / "archives" / "synology.zip", LIMITS) as source:
        assert len(source.entries) == 12
        assert source.layout.people == ("Hans_Blix", "Hugo_Chavez", "Serena_Williams")
        assert {refusal.reason for refusal in source.refused} == {"left out: thumbnails that a Synology makes (@eaDir)"}
        assert len(source.refused) == 36
        assert "36 pictures are left out: thumbnails that a Synology makes (@eaDir)." in source.layout.notes


@pytest.mark.parametrize(
    ("layout", "people", "sides", "unlabelled", "note"),
    [
        (
            "train_val_plus_docs_image", ["Hans_Blix", "Hugo_Chavez", "Serena_Williams"], (9, 3), ["docs/chart.png"],
            "1 photo beside them is taken without a name (docs).",
        ),
        (
            "wrapped_people_plus_root_photo", ["Hugo_Chavez", "Serena_Williams"], (0, 0), ["cover.jpg"],
            "People are the folders inside Family.",
        ),
        (
            "train_dev", ["Hugo_Chavez", "Serena_Williams"], (6, 2), [],
            "Read as sides of the test, not as people: train to learn from; dev to test with.",
        ),
        (
            "spaces_dots", ["Ann", "Bob"], (0, 0), [],
            "One person, Ann, is spelt differently too: “ Ann”, “Ann ”, “Ann.”.",
        ),
        ("case_only", ["Ann", "Bob"], (6, 2), [], "One person, Ann, is spelt differently too: “ann”."),
    ],
)  # fmt: skip
def test_layouts_from_real_use_are_understood_and_told(
    shared_dir: Path, layout: str, people: list[str], sides: tuple[int, int], unlabelled: list[str], note: str
) -> None:
    with open_source(shared_dir / "cases" / "layouts" / f"{layout}.zip", LIMITS) as source:
        assert list(source.layout.people) == people
        assert (source.layout.train, source.layout.val) == sides
        assert [entry.name for entry in source.entries if entry.person is None] == unlabelled
        assert note in source.layout.notes


# --- what is left out


LEFT_OUT = [
    ("Ann/.hidden.jpg", "left out: a hidden file (.hidden.jpg)"),
    (".cache/a.jpg", "left out: a hidden folder (.cache)"),
    (".thumbnails/a.jpg", "left out: thumbnails (.thumbnails)"),
    ("Ann/Thumbs/a.jpg", "left out: thumbnails (Thumbs)"),
    ("Ann/.picasaoriginals/a.jpg", "left out: originals that Picasa kept of changed photos (.picasaoriginals)"),
    ("#recycle/a.jpg", "left out: a recycle bin (#recycle)"),
    ("$RECYCLE.BIN/S-1-5/a.jpg", "left out: a recycle bin ($RECYCLE.BIN)"),
    ("lost+found/a.jpg", "left out: what a check of the disk has found (lost+found)"),
    ("Ann/SYNOPHOTO_THUMB_M.jpg", "left out: thumbnails that a Synology makes (@eaDir)"),
    ("P.photoslibrary/resources/derivatives/a.jpg", "left out: previews and notes of a photo library (resources)"),
]


@pytest.mark.parametrize(("name", "reason"), LEFT_OUT, ids=[name for name, _ in LEFT_OUT])
def test_a_picture_that_a_program_left_gets_its_line(make: Callable[[Files], Path], name: str, reason: str) -> None:
    with open_source(make({"Ann/1.jpg": JPEG, "Ben/1.jpg": JPEG, name: JPEG}), LIMITS) as source:
        assert names(source) == ["Ann/1.jpg", "Ben/1.jpg"]
        assert source.layout.people == ("Ann", "Ben")
        assert reasons(source) == {name: reason}


@pytest.mark.parametrize(
    "name", ["Thumbsy/1.jpg", "thumbs.db/1.jpg", "P.photoslibrary/originals/0/1.jpg", "recycle/1.jpg"]
)
def test_what_only_looks_like_a_leftover_is_taken(make: Callable[[Files], Path], name: str) -> None:
    with open_source(make({name: JPEG}), LIMITS) as source:
        assert names(source) == [name]


def test_ten_thousand_resource_forks_are_one_line(tmp_path: Path) -> None:
    forks = {f"__MACOSX/Ann/._{number}.jpg": b"" for number in range(10_000)}
    with open_source(make_zip(tmp_path / "a.zip", {"Ann/1.jpg": JPEG, **forks}), LIMITS) as source:
        assert names(source) == ["Ann/1.jpg"]
        assert reasons(source) == {"._ files": "10\u202f000 files were left out: what macOS keeps beside files"}


def test_a_folder_full_of_hidden_files_is_not_walked_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.archives.folder_source._MOST_LEFTOVERS", 5)
    hidden = {f".cache/{folder}/{number}": b"" for folder in range(3) for number in range(4)}
    folder = make_folder(tmp_path / "a", {"Ann/1.jpg": JPEG, **hidden})
    with open_source(folder, LIMITS) as source:
        assert names(source) == ["Ann/1.jpg"]
        assert reasons(source) == {".cache": "9 files were left out: a hidden folder"}


# --- zip: names


def rename_raw(path: Path, placeholder: bytes, raw: bytes) -> Path:
    """Put bytes into the names of a zip without setting the UTF-8 flag."""
    assert len(placeholder) == len(raw)
    return edit(path, lambda data: data.replace(placeholder, raw))


def test_a_utf8_name_without_the_flag_is_read_as_utf8(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"Zo##/1.jpg": JPEG})
    with open_source(rename_raw(path, b"##", "ë".encode()), LIMITS) as source:
        assert source.entries[0].person == "Zoë"
        assert source.read(source.entries[0]) == JPEG


def test_a_cp437_name_stays_cp437(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"J#rg/1.jpg": JPEG})
    with open_source(rename_raw(path, b"#", "ö".encode("cp437")), LIMITS) as source:
        assert source.entries[0].person == "Jörg"
        assert source.read(source.entries[0]) == JPEG


@pytest.mark.parametrize(("crc_of", "person"), [(b"??/1.jpg", "李明"), (b"other", "??")])
def test_the_unicode_path_field_is_the_name_when_its_crc_fits(tmp_path: Path, crc_of: bytes, person: str) -> None:
    field = b"\x01" + struct.pack("<I", zlib.crc32(crc_of)) + "李明/1.jpg".encode()
    info = zipfile.ZipInfo("??/1.jpg")
    info.extra = struct.pack("<HH", 0x7075, len(field)) + field
    with open_source(make_zip(tmp_path / "a.zip", {info: JPEG}), LIMITS) as source:
        assert source.entries[0].person == person
        assert source.read(source.entries[0]) == JPEG


def test_backslashes_of_windows_tools_are_folders(tmp_path: Path) -> None:
    with open_source(
        make_zip(tmp_path / "a.zip", {"data\\Ann\\1.jpg": JPEG, "data\\Ben\\1.jpg": JPEG}), LIMITS
    ) as source:
        assert [entry.person for entry in source.entries] == ["Ann", "Ben"]


def test_two_entries_of_the_same_name_are_both_kept(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        archive.writestr("Ann/1.jpg", b"first")
        archive.writestr("Ann/1.jpg", b"second")
    with open_source(tmp_path / "a.zip", LIMITS) as source:
        assert [source.read(entry) for entry in source.entries] == [b"first", b"second"]
        assert [entry.index for entry in source.entries] == [0, 1]


@pytest.mark.parametrize("content", [JPEG + b"more", JPEG[::-1]])
def test_a_photo_that_is_written_after_its_folder_was_listed_is_left_out(tmp_path: Path, content: bytes) -> None:
    folder = make_folder(tmp_path / "a", {"1.jpg": JPEG, "2.jpg": JPEG})
    with open_source(folder, LIMITS) as source:
        (folder / "1.jpg").write_bytes(content)
        with pytest.raises(ImageRefused, match="changed after the folder was listed"):
            source.read(source.entries[0])
        assert source.read(source.entries[1]) == JPEG
