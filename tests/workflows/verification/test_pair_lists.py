"""Lists of pairs: the table, pairs.txt with its folds, pairsDevTest.txt without, and what is wrong with others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.__main__ import main
from core.archives.opening import open_source
from core.base.errors import InputRefused
from core.base.settings import ArchiveLimits
from core.workflows.verification.pair_lists import read_pairs
from core.workflows.verification.verify_pairs import find_listed_photos

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
        ("same is neither", "photo_a,photo_b,same,fold\na,b,1,0\nc,d,maybe,0\n", "Line 3.*'maybe'; expected 1 or 0"),
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
        found = find_listed_photos(source.entries, ["A_B/A_B_0001.jpg", "val/C/C_0001.jpg"])
        assert [entry.name for entry in found.values()] == ["lfw/A_B/A_B_0001.jpg", "val/C/C_0001.jpg"]
        with pytest.raises(InputRefused, match=r"is 'train/C/C_0001\.jpg' and 'val/C/C_0001\.jpg'"):
            find_listed_photos(source.entries, ["C/C_0001.jpg"])
        with pytest.raises(InputRefused, match="1 photos of the list are not among"):
            find_listed_photos(source.entries, ["D/D_0001.jpg"])


def test_every_fold_of_a_dealt_list_can_be_measured_on(tmp_path: Path) -> None:
    lines = [f"P\t{n}\t{n + 1}" for n in range(1, 31)] + [f"P\t{n}\tQ\t{n}" for n in range(1, 31)]
    pairs = read_pairs(written(tmp_path, "\n".join(["30", *lines])))
    assert np.unique(pairs.fold).tolist() == list(range(10))
    assert [int(pairs.same[pairs.fold == fold].sum()) for fold in range(10)] == [3] * 10


TABLE = [("x/1.jpg", "x/2.jpg", "1", "0"), ("x/1.jpg", "y/2.jpg", "0", "1")]
HEADER = ("photo_a", "photo_b", "same", "fold")


def table(separator: str, rows: list[tuple[str, ...]], end: str = "\n") -> str:
    return end.join(separator.join(row) for row in rows) + end


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", [True, False])
def test_a_table_is_read_with_any_separator_with_and_without_a_header(
    tmp_path: Path, separator: str, header: bool
) -> None:
    pairs = read_pairs(written(tmp_path, table(separator, [HEADER] * header + TABLE, "\r\n"), "pairs.csv"))
    assert pairs.photo_a == ("x/1.jpg", "x/1.jpg") and pairs.photo_b == ("x/2.jpg", "y/2.jpg")
    assert (pairs.same.tolist(), pairs.fold.tolist(), pairs.folds_dealt) == ([True, False], [0, 1], False)


@pytest.mark.parametrize(
    ("same", "different"),
    [
        ("TRUE", "FALSE"), ("true", "false"), ("yes", "no"), ("Y", "N"), ("1", "0"), ("1.0", "0.0"), ("1", "-1"),
        ("same", "different"), ("WAHR", "FALSCH"), ("VRAI", "FAUX"), ("genuine", "impostor"), ("match", "mismatch"),
    ],
)  # fmt: skip
def test_same_and_different_are_read_in_the_words_that_people_write(tmp_path: Path, same: str, different: str) -> None:
    rows = [HEADER[:3], ("a.jpg", "b.jpg", same), ("a.jpg", "c.jpg", different)]
    pairs = read_pairs(written(tmp_path, table(",", rows), "pairs.csv"))
    assert pairs.same.tolist() == [True, False]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_a_list_is_read_in_the_encodings_that_spreadsheets_write(tmp_path: Path, encoding: str) -> None:
    content = table("\t", [HEADER, ("Zoë/1.jpg", "Zoë/2.jpg", "TRUE", "1")]).encode(encoding)
    (tmp_path / "p.txt").write_bytes(b"\xfe\xff" * (encoding == "utf-16-be") + content)
    assert read_pairs(tmp_path / "p.txt").photo_b == ("Zoë/2.jpg",)


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("other words in the header, other order", "Label;Image 2;Image 1;remark\n1;b.jpg;a.jpg;x\n0;c.jpg;a.jpg;\n"),
        ("excel's own line", "sep=;\nphoto_a;photo_b;same\na.jpg;b.jpg;1\na.jpg;c.jpg;0\n"),
        ("the label first", "1 a.jpg b.jpg\n0 a.jpg c.jpg\n"),
        ("spaces", "a.jpg b.jpg 1\na.jpg   c.jpg 0\n"),
        ("quotes and empty lines", '"photo_a","photo_b","same"\n\n"a.jpg", "b.jpg","1"\n\n"a.jpg","c.jpg","0"\n\n'),
        ("dots, backslashes, drives", "photo_a,photo_b,same\n./a.jpg,C:\\b.jpg,1\n.\\a.jpg,/c.jpg,0\n"),
    ],
)
def test_a_table_is_read_in_the_forms_that_people_have(tmp_path: Path, case: str, text: str) -> None:
    pairs = read_pairs(written(tmp_path, text, "pairs.csv"))
    assert (pairs.photo_a, pairs.photo_b) == (("a.jpg", "a.jpg"), ("b.jpg", "c.jpg")), case
    assert pairs.same.tolist() == [True, False] and pairs.folds_dealt


def test_spaces_with_a_fold_are_no_list_of_lfw(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path, "a.jpg b.jpg 1 3\na.jpg c.jpg 0 4\n"))
    assert (pairs.photo_a, pairs.fold.tolist()) == (("a.jpg", "a.jpg"), [3, 4])


@pytest.mark.parametrize("separator", ["\t", " "])
def test_a_list_of_lfw_may_have_names_with_spaces(tmp_path: Path, separator: str) -> None:
    lines = [("Ann Lee", "1", "2"), ("Bo", "3", "1"), ("Ann Lee", "1", "Bo van Es", "2"), ("Bo", "1", "Ann Lee", "9")]
    pairs = read_pairs(written(tmp_path, "2\n" + table(separator, lines)))
    assert pairs.photo_a == ("Ann Lee/Ann Lee_0001.jpg", "Bo/Bo_0003.jpg", "Ann Lee/Ann Lee_0001.jpg", "Bo/Bo_0001.jpg")
    assert pairs.photo_b[2:] == ("Bo van Es/Bo van Es_0002.jpg", "Ann Lee/Ann Lee_0009.jpg")
    assert pairs.folds_dealt


def test_a_list_of_lfw_as_a_table_of_its_own_is_read_by_the_form_of_its_rows(tmp_path: Path) -> None:
    text = "name,imagenum1,imagenum2,\nAnn Lee,1,2,\nAnn Lee,1,Bo,2\n"
    pairs = read_pairs(written(tmp_path, text, "pairs.csv"))
    assert pairs.same.tolist() == [True, False]
    assert pairs.photo_b == ("Ann Lee/Ann Lee_0002.jpg", "Bo/Bo_0002.jpg")


@pytest.mark.parametrize(
    ("case", "text", "message"),
    [
        ("two columns", "photo_a,photo_b\na,b\n", "Line 1 .* has no column same; expected photo_a,photo_b,same,fold"),
        ("a short row", "photo_a;photo_b;same\na;b;1\nc;d\n", "Line 3 .* has 2 columns; expected photo_a"),
        ("no name", "photo_a;photo_b;same\na;b;1\n;d;1\n", "Line 3 .* a photo's name is missing"),
        (
            "a fold that is none",
            "photo_a,photo_b,same,fold\na,b,1,x\n",
            "Line 2 .* fold is 'x'; expected a whole number",
        ),
        ("with itself", "photo_a,photo_b,same\na,b,1\n./c,c,1\n", "Line 3 .* compares 'c' with itself"),
        ("contradicting", "photo_a,photo_b,same\na,b,1\nb,a,0\n", "Line 3 .* says different .* line 2 says same"),
        ("prose", "Dear Ann\nhere is the list\n", "Line 1 .*'Dear . Ann'"),
        ("nothing", "", "lists no pairs. Expected rows of photo_a"),
        ("a quote without an end, very long", 'photo_a,photo_b,same\n"a,b,1\n' + "x" * 200_000, "Line"),
    ],
)
def test_a_list_that_cannot_be_read_says_where_and_what_was_expected(
    tmp_path: Path, case: str, text: str, message: str
) -> None:
    with pytest.raises(InputRefused, match=message):
        read_pairs(written(tmp_path, text))


def photos(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


@pytest.mark.parametrize(
    ("case", "listed", "photo"),
    [
        ("capitals", "ann/img_1.JPG", "Ann/IMG_1.jpg"),
        ("underscores for spaces", "Ann_Lee/Ann_Lee_0001.jpg", "lfw/Ann Lee/Ann Lee_0001.jpg"),
        ("aligned copies as PNG", "Ann_Lee/Ann_Lee_0001.jpg", "lfw_160/Ann_Lee/Ann_Lee_0001.png"),
        ("folders above", "C:\\Users\\Me\\photos\\Ann\\1.jpg", "photos/Ann/1.jpg"),
        ("folders above, photos without", "/albums/photos/1.jpg", "1.jpg"),
        ("no folders in the list", "1.jpg", "deep/down/1.jpg"),
        ("another form of the same letters", "Zoe\u0308/1.jpg", "Zo\u00eb/1.jpg"),
    ],
)
def test_a_photo_is_found_as_people_write_its_path(tmp_path: Path, case: str, listed: str, photo: str) -> None:
    with open_source(photos(tmp_path, photo, "else/other.jpg"), ArchiveLimits()) as source:
        assert find_listed_photos(source.entries, [listed])[listed].name == photo, case


def test_of_photos_that_a_path_may_mean_the_likest_path_wins(tmp_path: Path) -> None:
    folder = photos(tmp_path, "train/C/1.jpg", "val/C/1.jpg", "c/2.jpg", "C/2.jpg")
    with open_source(folder, ArchiveLimits()) as source:
        assert find_listed_photos(source.entries, ["/data/val/C/1.jpg"])["/data/val/C/1.jpg"].name == "val/C/1.jpg"
        assert find_listed_photos(source.entries, ["c/2.jpg"])["c/2.jpg"].name == "c/2.jpg"


CASES = ("no_fold.csv", "semicolon_excel.csv", "true_false.csv", "pairs_names_with_spaces.txt")


@pytest.mark.parametrize("name", CASES)
def test_lists_that_people_have_are_read_and_their_photos_found(shared_dir: Path, name: str) -> None:
    folder = shared_dir / "cases" / "pair-lists"
    pairs = read_pairs(folder / name)
    assert (len(pairs.same), int(pairs.same.sum())) == (40, 20)
    assert pairs.folds_dealt is (name == "no_fold.csv")
    assert [int(pairs.same[pairs.fold == fold].sum()) * 2 for fold in np.unique(pairs.fold)] == [
        int((pairs.fold == fold).sum()) for fold in np.unique(pairs.fold)
    ]
    archive = "photos_spaces.zip" if name.endswith(".txt") else "photos.zip"
    with open_source(folder / archive, ArchiveLimits()) as source:
        assert len(find_listed_photos(source.entries, sorted({*pairs.photo_a, *pairs.photo_b}))) == 24


def test_the_command_line_measures_a_list_without_folds_and_says_that_they_were_dealt(
    capsys: pytest.CaptureFixture[str], data_dir: Path, shared_dir: Path
) -> None:
    folder = shared_dir / "cases" / "pair-lists"
    words = ["verify-pairs", str(folder / "no_fold.csv"), "--photos", str(folder / "photos.zip"), "--json"]
    assert main([*words, "--data", str(data_dir)]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert (measured["n_pairs"], measured["folds"], measured["folds_dealt"]) == (40, 10, True)
    assert measured["accuracy"] == 1.0
