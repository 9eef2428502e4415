"""What folders mean, one row a kind of archive."""

import pytest

from core.layout import Layout, Place, escapes, is_ignored, objection, printable, read_folders
from core.types import Split

TRAIN, VAL = Split.TRAIN, Split.VAL
ANN, BEN, NOBODY = Place("Ann", None), Place("Ben", None), Place(None, None)

FOLDERS = [
    ("people", {"Ann/1.jpg": ANN, "Ben/1.jpg": BEN}),
    (
        "train and val",
        {
            "train/Ann/1.jpg": Place("Ann", TRAIN),
            "val/Ann/2.jpg": Place("Ann", VAL),
            "val/Ben/1.jpg": Place("Ben", VAL),
        },
    ),
    (
        "Training and TESTING",
        {"Training/Ann/1.jpg": Place("Ann", TRAIN), "TESTING/Ben/1.jpg": Place("Ben", VAL)},
    ),
    ("valid", {"train/Ann/1.jpg": Place("Ann", TRAIN), "valid/Ben/1.jpg": Place("Ben", VAL)}),
    (
        "three splits",
        {"train/A/1.jpg": Place("A", TRAIN), "val/B/1.jpg": Place("B", VAL), "test/B/2.jpg": Place("B", VAL)},
    ),
    (
        "split below the person",
        {
            "Ann/train/1.jpg": Place("Ann", TRAIN),
            "Ann/val/2.jpg": Place("Ann", VAL),
            "Ben/test/1.jpg": Place("Ben", VAL),
        },
    ),
    ("wrapped people", {"photos/2024/Ann/1.jpg": ANN, "photos/2024/Ben/1.jpg": BEN}),
    (
        "the five celebrities",
        {
            "5-celebrity-faces-dataset/data/train/ben_afflek/1.jpg": Place("ben_afflek", TRAIN),
            "5-celebrity-faces-dataset/data/val/madonna/2.jpg": Place("madonna", VAL),
        },
    ),
    (
        "wrapped inside the splits",
        {"train/img/Ann/1.jpg": Place("Ann", TRAIN), "val/img/Ben/1.jpg": Place("Ben", VAL)},
    ),
    ("one split only", {"train/Ann/1.jpg": Place("Ann", TRAIN), "train/Ben/1.jpg": Place("Ben", TRAIN)}),
    (
        "one person in two splits",
        {"train/Ann/1.jpg": Place("Ann", TRAIN), "val/Ann/2.jpg": Place("Ann", VAL)},
    ),
    ("nested below a person", {"Ann/2019/1.jpg": ANN, "Ann/2020/may/1.jpg": ANN, "Ben/1.jpg": BEN}),
    ("loose photos", {"1.jpg": NOBODY, "2.jpg": NOBODY}),
    ("loose beside people", {"1.jpg": NOBODY, "Ann/1.jpg": ANN, "Ben/1.jpg": BEN}),
    ("loose beside wrapped people", {"all/1.jpg": NOBODY, "all/Ann/1.jpg": ANN, "all/Ben/1.jpg": BEN}),
    ("loose beside one person", {"1.jpg": NOBODY, "Ann/1.jpg": ANN}),
    ("loose in the splits", {"train/1.jpg": Place(None, TRAIN), "val/2.jpg": Place(None, VAL)}),
    ("one folder", {"Ann/1.jpg": ANN, "Ann/2.jpg": ANN}),
    ("one wrapped folder", {"photos/Ann/1.jpg": ANN, "photos/Ann/2.jpg": ANN}),
    ("a person called Test", {"Ann/1.jpg": ANN, "Ben/1.jpg": BEN, "Test/1.jpg": Place("Test", None)}),
    ("a split beside a person", {"train/1.jpg": Place("train", None), "Ann/1.jpg": ANN}),
    (
        "two spellings of an accent",
        {"Zoe\u0308/1.jpg": Place("Zo\u00eb", None), "Zo\u00eb/2.jpg": Place("Zo\u00eb", None)},
    ),
    ("doubled slashes and dots", {"./a//Ann/1.jpg": ANN, "a/Ben/1.jpg": BEN}),
    ("nothing", {}),
]


@pytest.mark.parametrize("expected", [row[1] for row in FOLDERS], ids=[row[0] for row in FOLDERS])
def test_folders_say_who_is_on_a_photo_and_which_split_it_is_in(expected: dict[str, Place]) -> None:
    assert dict(zip(expected, read_folders(expected), strict=True)) == expected


@pytest.mark.parametrize("expected", [row[1] for row in FOLDERS], ids=[row[0] for row in FOLDERS])
def test_folders_that_are_no_people_keep_their_splits(expected: dict[str, Place]) -> None:
    places = read_folders(expected, folders_are_people=False)
    assert places == [Place(None, place.split) for place in expected.values()]


def test_layout_counts_what_a_page_shows() -> None:
    layout = Layout.of([Place("Ann", TRAIN), Place("Ann", VAL), Place("Ben", TRAIN), Place(None, TRAIN)])
    assert (layout.photos, layout.train, layout.val, layout.unlabelled) == (4, 3, 1, 1)
    assert layout.people == ("Ann", "Ben")
    assert str(layout) == "train 3, val 1, 2 people, 1 unlabelled"


def test_layout_without_splits_counts_photos() -> None:
    assert str(Layout.of([ANN, ANN])) == "2 photos, 1 person"


@pytest.mark.parametrize(
    "name",
    [
        "../a.jpg",
        "a/../b.jpg",
        "a/..",
        "..\\a.jpg",
        "a\\..\\b.jpg",
        "/etc/a.jpg",
        "\\a.jpg",
        "\\\\host\\a.jpg",
        "C:a.jpg",
        "c:\\a.jpg",
        "d:/a.jpg",
    ],
)
def test_a_path_that_leaves_the_folder_is_seen(name: str) -> None:
    assert escapes(name)


@pytest.mark.parametrize("name", ["a..b/c.jpg", "...jpg", "a/b.jpg", "Ann: 2019/a.jpg"])
def test_an_odd_path_inside_the_folder_is_no_escape(name: str) -> None:
    assert not escapes(name)


@pytest.mark.parametrize(
    "name",
    [
        "Ann/",
        "__MACOSX/Ann/._1.jpg",
        "Ann/.hidden.jpg",
        ".git/a.jpg",
        "Ann/Thumbs.db",
        "DESKTOP.INI",
        ".DS_Store",
        "",
    ],
)
def test_what_systems_leave_behind_is_ignored(name: str) -> None:
    assert is_ignored(name)


@pytest.mark.parametrize("name", ["Ann/1.jpg", "./Ann/1.jpg", "a/README.txt", "thumbs.db/1.jpg"])
def test_what_a_user_put_there_is_not_ignored(name: str) -> None:
    assert not is_ignored(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a/1.JPG", None),
        ("a/1.heic", None),
        ("a/notes.txt", "not a photo (.txt)"),
        ("a/jpg", "not a photo (a name without an ending)"),
        ("a.jpg/x", "not a photo (a name without an ending)"),
        ("b.tar.gz", "an archive inside the archive is not opened; unpack it first"),
        ("b.ZIP", "an archive inside the archive is not opened; unpack it first"),
        ("a\n.jpg", "its name holds control characters or is no valid text; rename it"),
        ("a\udcff.jpg", "its name holds control characters or is no valid text; rename it"),
    ],
)
def test_a_name_tells_whether_a_file_is_taken(name: str, reason: str | None) -> None:
    assert objection(name) == reason


def test_a_report_shows_control_characters_written_out() -> None:
    assert printable("a\x00b\n\u00e9") == "a\\x00b\\x0a\u00e9"
