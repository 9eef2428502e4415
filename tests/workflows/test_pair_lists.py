"""Lists of pairs: the table, pairs.txt with its folds, pairsDevTest.txt without, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.archive import open_source
from core.errors import InputRefused
from core.settings import ArchiveLimits
from core.workflows.pair_lists import read_pairs
from core.workflows.verify_pairs import find_photos

PAIRS_TXT = """2\t2
Abel_Pacheco\t1\t4
Akhmed_Zakayev\t1\t3
Abdel_Madi_Shabneh\t1\tDean_Barker\t1
Abdul_Rahman\t1\tPortia_de_Rossi\t12
Abdullah_Gul\t2\t11
Abdullatif_Sener\t1\t2
Abel_Pacheco\t1\tJong_Thae_Hwa\t2
Afton_Smith\t1\tDwayne_Wade\t1
"""
DEV_TEST = "2\nAbel_Pacheco\t1\t4\nAkhmed_Zakayev\t1\t3\nAbel_Pacheco\t1\tDean_Barker\t1\nA_B\t1\tC_D\t2\n"


def written(folder: Path, text: str, name: str = "pairs.txt") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_the_ten_fold_list_gives_its_folds(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path, PAIRS_TXT))
    assert pairs.fold.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert pairs.same.tolist() == [True, True, False, False] * 2
    assert (pairs.photo_a[0], pairs.photo_b[0]) == (
        "Abel_Pacheco/Abel_Pacheco_0001.jpg",
        "Abel_Pacheco/Abel_Pacheco_0004.jpg",
    )
    assert pairs.photo_b[3] == "Portia_de_Rossi/Portia_de_Rossi_0012.jpg"


def test_the_development_list_is_dealt_into_folds_that_hold_both_kinds(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path, DEV_TEST))
    assert pairs.fold.tolist() == [0, 1, 0, 1]
    assert pairs.same.tolist() == [True, True, False, False]


def test_the_table_is_read_with_a_byte_order_mark(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path, "\ufeffphoto_a,photo_b,same,fold\nx/1.jpg,x/2.jpg,1,3\n", "pairs.csv"))
    assert (pairs.photo_a, pairs.same.tolist(), pairs.fold.tolist()) == (("x/1.jpg",), [True], [3])


@pytest.mark.parametrize(
    ("case", "text", "message"),
    [
        ("cut", PAIRS_TXT.rsplit("Afton", 1)[0], "lists 7"),
        ("a line short of a number", PAIRS_TXT.replace("Abel_Pacheco\t1\t4", "Abel_Pacheco\t1"), "Line 2"),
        ("a number that is none", PAIRS_TXT.replace("Dean_Barker\t1", "Dean_Barker\tx"), "Line 4"),
        ("an unknown table", "left,right\na,b\n", "no column photo_a"),
        ("same is neither", "photo_a,photo_b,same,fold\na,b,yes,0\n", "Line 2"),
        ("empty", "photo_a,photo_b,same,fold\n", "lists no pairs"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_with_its_line(
    tmp_path: Path, case: str, text: str, message: str
) -> None:
    with pytest.raises(InputRefused, match=message):
        read_pairs(written(tmp_path, text))


def test_a_list_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" * 8)
    with pytest.raises(InputRefused, match="no text"):
        read_pairs(tmp_path / "photo.jpg")
    with pytest.raises(InputRefused, match="cannot be read"):
        read_pairs(tmp_path / "nothing.txt")


def test_photos_are_found_by_their_last_folder_unless_two_have_it(tmp_path: Path) -> None:
    for place in ("lfw/A_B/A_B_0001.jpg", "train/C/C_0001.jpg", "val/C/C_0001.jpg"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_bytes(b"x")
    with open_source(tmp_path, ArchiveLimits()) as source:
        found = find_photos(source.entries, ["A_B/A_B_0001.jpg", "val/C/C_0001.jpg"])
        assert [entry.name for entry in found.values()] == ["lfw/A_B/A_B_0001.jpg", "val/C/C_0001.jpg"]
        with pytest.raises(InputRefused, match=r"is 'train/C/C_0001\.jpg' and 'val/C/C_0001\.jpg'"):
            find_photos(source.entries, ["C/C_0001.jpg"])
        with pytest.raises(InputRefused, match="1 photos of the list are not among"):
            find_photos(source.entries, ["D/D_0001.jpg"])


def test_every_fold_of_a_dealt_list_can_be_measured_on(tmp_path: Path) -> None:
    lines = [f"P\t{n}\t{n + 1}" for n in range(1, 31)] + [f"P\t{n}\tQ\t{n}" for n in range(1, 31)]
    pairs = read_pairs(written(tmp_path, "\n".join(["30", *lines])))
    assert np.unique(pairs.fold).tolist() == list(range(10))
    assert [int(pairs.same[pairs.fold == fold].sum()) for fold in range(10)] == [3] * 10
