"""What folders mean, one row a kind of archive."""

import pytest

from core.archives.folder_layout import FolderLabel, FolderLayout, interpret_folders
from core.base.errors import InputRefused
from core.base.types import Split

TRAIN, VAL = Split.TRAIN, Split.VAL
ANN, BEN, NOBODY = FolderLabel("Ann", None), FolderLabel("Ben", None), FolderLabel(None, None)

FOLDERS = [
    ("people", {"Ann/1.jpg": ANN, "Ben/1.jpg": BEN}),
    (
        "train and val",
        {
            "train/Ann/1.jpg": FolderLabel("Ann", TRAIN),
            "val/Ann/2.jpg": FolderLabel("Ann", VAL),
            "val/Ben/1.jpg": FolderLabel("Ben", VAL),
        },
    ),
    (
        "Training and TESTING",
        {"Training/Ann/1.jpg": FolderLabel("Ann", TRAIN), "TESTING/Ben/1.jpg": FolderLabel("Ben", VAL)},
    ),
    ("valid", {"train/Ann/1.jpg": FolderLabel("Ann", TRAIN), "valid/Ben/1.jpg": FolderLabel("Ben", VAL)}),
    (
        "three splits",
        {
            "train/A/1.jpg": FolderLabel("A", TRAIN),
            "val/B/1.jpg": FolderLabel("B", VAL),
            "test/B/2.jpg": FolderLabel("B", VAL),
        },
    ),
    (
        "split below the person",
        {
            "Ann/train/1.jpg": FolderLabel("Ann", TRAIN),
            "Ann/val/2.jpg": FolderLabel("Ann", VAL),
            "Ben/test/1.jpg": FolderLabel("Ben", VAL),
        },
    ),
    ("wrapped people", {"photos/2024/Ann/1.jpg": ANN, "photos/2024/Ben/1.jpg": BEN}),
    (
        "the five celebrities",
        {
            "5-celebrity-faces-dataset/data/train/ben_afflek/1.jpg": FolderLabel("ben_afflek", TRAIN),
            "5-celebrity-faces-dataset/data/val/madonna/2.jpg": FolderLabel("madonna", VAL),
        },
    ),
    (
        "wrapped inside the splits",
        {"train/img/Ann/1.jpg": FolderLabel("Ann", TRAIN), "val/img/Ben/1.jpg": FolderLabel("Ben", VAL)},
    ),
    ("one split only", {"train/Ann/1.jpg": FolderLabel("Ann", TRAIN), "train/Ben/1.jpg": FolderLabel("Ben", TRAIN)}),
    (
        "one person in two splits",
        {"train/Ann/1.jpg": FolderLabel("Ann", TRAIN), "val/Ann/2.jpg": FolderLabel("Ann", VAL)},
    ),
    ("nested below a person", {"Ann/2019/1.jpg": ANN, "Ann/2020/may/1.jpg": ANN, "Ben/1.jpg": BEN}),
    ("loose photos", {"1.jpg": NOBODY, "2.jpg": NOBODY}),
    ("loose beside people", {"1.jpg": NOBODY, "Ann/1.jpg": ANN, "Ben/1.jpg": BEN}),
    ("loose beside wrapped people", {"all/1.jpg": NOBODY, "all/Ann/1.jpg": ANN, "all/Ben/1.jpg": BEN}),
    ("loose beside one person", {"1.jpg": NOBODY, "Ann/1.jpg": ANN}),
    ("loose in the splits", {"train/1.jpg": FolderLabel(None, TRAIN), "val/2.jpg": FolderLabel(None, VAL)}),
    ("one folder", {"Ann/1.jpg": ANN, "Ann/2.jpg": ANN}),
    ("one wrapped folder", {"photos/Ann/1.jpg": ANN, "photos/Ann/2.jpg": ANN}),
    ("a person called Test", {"Ann/1.jpg": ANN, "Ben/1.jpg": BEN, "Test/1.jpg": FolderLabel("Test", None)}),
    ("a split beside a person", {"train/1.jpg": FolderLabel("train", None), "Ann/1.jpg": ANN}),
    (
        "two spellings of an accent",
        {"Zoe\u0308/1.jpg": FolderLabel("Zo\u00eb", None), "Zo\u00eb/2.jpg": FolderLabel("Zo\u00eb", None)},
    ),
    ("doubled slashes and dots", {"./a//Ann/1.jpg": ANN, "a/Ben/1.jpg": BEN}),
    ("nothing", {}),
    (
        "splits beside a folder of pictures",
        {
            "train/Ann/1.jpg": FolderLabel("Ann", TRAIN),
            "train/Ben/1.jpg": FolderLabel("Ben", TRAIN),
            "val/Ann/2.jpg": FolderLabel("Ann", VAL),
            "docs/chart.png": NOBODY,
            "assets/icons/a.png": NOBODY,
        },
    ),
    (
        "splits beside a loose photo, wrapped",
        {
            "set/train/Ann/1.jpg": FolderLabel("Ann", TRAIN),
            "set/val/Ben/1.jpg": FolderLabel("Ben", VAL),
            "set/cover.jpg": NOBODY,
        },
    ),
    (
        "a person's own folder beside splits",
        {"train/Ann/1.jpg": FolderLabel("Ann", TRAIN), "val/Ben/1.jpg": FolderLabel("Ben", VAL), "Ann/2.jpg": ANN},
    ),
    (
        "one split beside a folder of pictures",
        {
            "train/Ann/1.jpg": FolderLabel("Ann", TRAIN),
            "train/Ben/1.jpg": FolderLabel("Ben", TRAIN),
            "docs/chart.png": NOBODY,
        },
    ),
    (
        "loose splits beside a person",
        {"train/1.jpg": FolderLabel(None, TRAIN), "val/1.jpg": FolderLabel(None, VAL), "Ann/1.jpg": ANN},
    ),
    (
        "another folder below a person beside splits",
        {
            "Ann/train/1.jpg": FolderLabel("Ann", TRAIN),
            "Ann/val/2.jpg": FolderLabel("Ann", VAL),
            "Ann/raw/3.jpg": ANN,
            "Ben/test/1.jpg": FolderLabel("Ben", VAL),
        },
    ),
    ("train and dev", {"train/Ann/1.jpg": FolderLabel("Ann", TRAIN), "dev/Ben/1.jpg": FolderLabel("Ben", VAL)}),
    (
        "train_set and holdout",
        {"train_set/Ann/1.jpg": FolderLabel("Ann", TRAIN), "holdout/Ben/1.jpg": FolderLabel("Ben", VAL)},
    ),
    (
        "training_data and validation_set",
        {"training_data/Ann/1.jpg": FolderLabel("Ann", TRAIN), "validation_set/Ben/1.jpg": FolderLabel("Ben", VAL)},
    ),
    (
        "Train Images and Eval-Set",
        {"Train Images/A/1.jpg": FolderLabel("A", TRAIN), "Eval-Set/B/1.jpg": FolderLabel("B", VAL)},
    ),
    ("train2017 and val2017", {"train2017/A/1.jpg": FolderLabel("A", TRAIN), "val2017/B/1.jpg": FolderLabel("B", VAL)}),
    ("a person called Dev", {"Dev/1.jpg": FolderLabel("Dev", None), "Dev/2.jpg": FolderLabel("Dev", None)}),
    ("a person called Dev beside Ann", {"Ann/1.jpg": ANN, "Dev/1.jpg": FolderLabel("Dev", None)}),
    (
        "a person called Test with folders, beside Ann",
        {"Ann/a/1.jpg": ANN, "Ann/b/1.jpg": ANN, "Test/a/1.jpg": FolderLabel("Test", None), "Ben/1.jpg": BEN},
    ),
    ("a stray photo beside wrapped people", {"cover.jpg": NOBODY, "Family/Ann/1.jpg": ANN, "Family/Ben/1.jpg": BEN}),
    (
        "stray photos at two levels",
        {"a.jpg": NOBODY, "x/b.jpg": NOBODY, "x/y/Ann/1.jpg": ANN, "x/y/Ann/2.jpg": ANN, "x/y/Ben/1.jpg": BEN},
    ),
    ("one person with a folder inside", {"Ann/1.jpg": ANN, "Ann/2.jpg": ANN, "Ann/beach/3.jpg": ANN}),
    ("years around people", {"2019/Ann/1.jpg": ANN, "2019/Ben/1.jpg": BEN, "2020/Ann/1.jpg": ANN}),
    ("years and months around people", {"2019/05/Ann/1.jpg": ANN, "2019/06 June/Ben/1.jpg": BEN}),
    ("wrapped years around people", {"Photos/2019/Ann/1.jpg": ANN, "Photos/2020-05/Ben/1.jpg": BEN}),
    ("one year around people", {"2019/Ann/1.jpg": ANN, "2019/Ben/1.jpg": BEN}),
    ("years of one person", {"Ann/2019/1.jpg": ANN, "Ann/2020/1.jpg": ANN}),
    ("events by date", {"2019-05-03 Wedding/1.jpg": NOBODY, "2020/2.jpg": NOBODY}),
    ("a year beside people", {"2019/1.jpg": NOBODY, "Ann/1.jpg": ANN, "Ben/1.jpg": BEN}),
    ("people who are numbers", {"1999/1.jpg": FolderLabel("1999", None), "2500/1.jpg": FolderLabel("2500", None)}),
    (
        "years inside splits",
        {"train/2019/Ann/1.jpg": FolderLabel("Ann", TRAIN), "val/2020/Ben/1.jpg": FolderLabel("Ben", VAL)},
    ),
    (
        "case",
        {
            "train/Ann/1.jpg": FolderLabel("Ann", TRAIN),
            "train/Ann/2.jpg": FolderLabel("Ann", TRAIN),
            "val/ann/1.jpg": FolderLabel("Ann", VAL),
            "val/Ben/1.jpg": FolderLabel("Ben", VAL),
        },
    ),
    ("spaces and dots", {"Ann/1.jpg": ANN, "Ann /2.jpg": ANN, " Ann/3.jpg": ANN, "Ann./4.jpg": ANN, "Ben/1.jpg": BEN}),
    (
        "wide and invisible letters",
        {"Ann/1.jpg": ANN, "Ann/2.jpg": ANN, "Ａｎｎ/3.jpg": ANN, "A\u200bnn/4.jpg": ANN, "Ben/1.jpg": BEN},
    ),
    (
        "underscores",
        {
            "Ann Lee/1.jpg": FolderLabel("Ann Lee", None),
            "Ann Lee/2.jpg": FolderLabel("Ann Lee", None),
            "Ann_Lee/1.jpg": FolderLabel("Ann Lee", None),
            "Ben/1.jpg": BEN,
        },
    ),
    ("a name that ends in a dot", {"Sam Davis Jr./1.jpg": FolderLabel("Sam Davis Jr.", None), "Ben/1.jpg": BEN}),
    ("a wrapping folder in two spellings", {"Family/Ann/1.jpg": ANN, "family/Ben/1.jpg": BEN}),
    ("a folder of spaces", {" /1.jpg": NOBODY, "Ann/1.jpg": ANN, "Ben/1.jpg": BEN}),
]

STRANGERS = FolderLabel(None, None, is_stranger=True)
FOLDERS += [
    ("strangers beside people", {"Ann/1.jpg": ANN, "Ben/1.jpg": BEN, "unknown/1.jpg": STRANGERS}),
    ("strangers in German", {"Ann/1.jpg": ANN, "Ben/1.jpg": BEN, "Unbekannte/1.jpg": STRANGERS}),
    (
        "strangers inside and beside splits",
        {
            "train/Ann/1.jpg": FolderLabel("Ann", TRAIN),
            "train/unknown/2.jpg": FolderLabel(None, TRAIN, is_stranger=True),
            "val/Ann/3.jpg": FolderLabel("Ann", VAL),
            "Strangers/4.jpg": STRANGERS,
            "others/5.jpg": NOBODY,
        },
    ),
    ("strangers with folders inside", {"Ann/1.jpg": ANN, "Ben/1.jpg": BEN, "strangers/a/1.jpg": STRANGERS}),
    ("an unknown place below a person", {"Ann/unknown/1.jpg": ANN, "Ann/2.jpg": ANN, "Ben/1.jpg": BEN}),
]

RULES = [
    ("people", {"unknown/1.jpg": FolderLabel("unknown", None), "Ann/1.jpg": ANN}),
    ("people", {"train/1.jpg": FolderLabel("train", None), "dev/1.jpg": FolderLabel("dev", None)}),
    ("people", {"2019/1.jpg": FolderLabel("2019", None), "2020/1.jpg": FolderLabel("2020", None)}),
    (
        "splits",
        {"Train/Ann/1.jpg": FolderLabel("Ann", TRAIN), "dev/Ben/1.jpg": FolderLabel("Ben", VAL), "x/Zoe/1.jpg": NOBODY},
    ),
    ("splits", {"Test/Ann/1.jpg": FolderLabel("Ann", VAL), "Zoe/1.jpg": NOBODY}),
    (
        "1",
        {"Family/Ann/1.jpg": FolderLabel("Family", None), "Club/Ben/1.jpg": FolderLabel("Club", None), "1.jpg": NOBODY},
    ),
    ("2", {"Family/Ann/1.jpg": ANN, "Club/Ben/1.jpg": BEN, "docs/1.jpg": NOBODY}),
    ("2", {"train/Ann/1.jpg": FolderLabel("Ann", TRAIN), "val/Ben/x/1.jpg": FolderLabel("Ben", VAL)}),
    ("1", {"train/1.jpg": FolderLabel("train", None), "val/1.jpg": FolderLabel("val", None)}),
    ("none", {"train/Ann/1.jpg": FolderLabel(None, TRAIN), "val/Ben/1.jpg": FolderLabel(None, VAL)}),
]


@pytest.mark.parametrize(("rule", "expected"), RULES, ids=[f"{rule}: {next(iter(row))}" for rule, row in RULES])
def test_folders_are_read_as_somebody_says(rule: str, expected: dict[str, FolderLabel]) -> None:
    assert dict(zip(expected, interpret_folders(expected, rule=rule).labels, strict=True)) == expected


@pytest.mark.parametrize("rule", ["", "0", "10", "Ann"])
def test_a_rule_that_there_is_not_is_refused(rule: str) -> None:
    with pytest.raises(InputRefused, match="or a level, 1 to 9"):
        interpret_folders(["Ann/1.jpg"], rule=rule)


NOTES = [
    (["Ann/1.jpg", "Ben/1.jpg"], []),
    (
        ["train/Ann/1.jpg", "dev/Ann/2.jpg", "docs/a.png"],
        [
            "Read as sides of the test, not as people: train to learn from; dev to test with.",
            "1 photo beside them is taken without a name (docs).",
        ],
    ),
    (["Family/Ann/1.jpg", "Family/Ben/1.jpg", "cover.jpg"], ["People are the folders inside Family."]),
    (["2019/Ann/1.jpg", "2020/Ben/1.jpg"], ["Dates are not read as people: 2019, 2020."]),
    (
        ["Ann/1.jpg", "Ann/2.jpg", "ann /3.jpg", "Ben/1.jpg"],
        ["One person, Ann, is spelt differently too: “ann ”."],
    ),
]


@pytest.mark.parametrize(("names", "notes"), NOTES, ids=[row[0][0] for row in NOTES])
def test_what_was_understood_is_said_in_sentences(names: list[str], notes: list[str]) -> None:
    assert list(interpret_folders(names).notes) == notes


@pytest.mark.parametrize("expected", [row[1] for row in FOLDERS], ids=[row[0] for row in FOLDERS])
def test_folders_say_who_is_on_a_photo_and_which_split_it_is_in(expected: dict[str, FolderLabel]) -> None:
    assert dict(zip(expected, interpret_folders(expected).labels, strict=True)) == expected


@pytest.mark.parametrize("expected", [row[1] for row in FOLDERS], ids=[row[0] for row in FOLDERS])
def test_folders_that_are_no_people_keep_their_splits(expected: dict[str, FolderLabel]) -> None:
    places = interpret_folders(expected, folders_are_people=False).labels
    assert places == [FolderLabel(None, place.split) for place in expected.values()]


def test_layout_counts_what_a_page_shows() -> None:
    layout = FolderLayout.of(
        [FolderLabel("Ann", TRAIN), FolderLabel("Ann", VAL), FolderLabel("Ben", TRAIN), FolderLabel(None, TRAIN)]
    )
    assert (layout.photos, layout.train, layout.val, layout.unlabelled) == (4, 3, 1, 1)
    assert layout.people == ("Ann", "Ben")
    assert str(layout) == "train 3, val 1, 2 people, 1 unlabelled"


def test_layout_without_splits_counts_photos() -> None:
    assert str(FolderLayout.of([ANN, ANN])) == "2 photos, 1 person"


def test_a_folder_of_strangers_is_told_and_may_be_a_persons_all_the_same():
    names = ["Ann/1.jpg", "Unknown_2/1.jpg", "Unknown_2/2.jpg"]
    understood = interpret_folders(names)
    assert "Read as strangers, nobody to name: Unknown_2 (2 photos)." in understood.notes
    assert str(FolderLayout.of(understood.labels)) == "3 photos, 1 person, 2 of strangers"
    otherwise = interpret_folders(names, stranger_folders=False)
    assert [label.person for label in otherwise.labels] == ["Ann", "Unknown_2", "Unknown_2"]
    assert not any(label.is_stranger for label in otherwise.labels) and not otherwise.notes
