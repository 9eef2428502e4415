"""What a name alone says of a file."""

import pytest

from core.archives.file_names import ending_objection, leaves_folder, name_objection, printable_name


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
    assert leaves_folder(name)


@pytest.mark.parametrize("name", ["a..b/c.jpg", "...jpg", "a/b.jpg", "Ann: 2019/a.jpg"])
def test_an_odd_path_inside_the_folder_is_no_escape(name: str) -> None:
    assert not leaves_folder(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a/1.JPG", None),
        ("a/1.heic", None),
        ("a/notes.txt", "not a photo (.txt)"),
        ("a/jpg", "not a photo (a name without an ending)"),
        ("a.jpg/x", "not a photo (a name without an ending)"),
        ("b.tar.gz", "an archive among photos is not opened; unpack it first"),
        ("b.ZIP", "an archive among photos is not opened; unpack it first"),
        ("a\n.jpg", "its name holds control characters or is no valid text; rename it"),
        ("a\udcff.jpg", "its name holds control characters or is no valid text; rename it"),
    ],
)
def test_a_name_tells_whether_a_file_is_taken(name: str, reason: str | None) -> None:
    assert (name_objection(name) or ending_objection(name)) == reason


def test_a_report_shows_control_characters_written_out() -> None:
    assert printable_name("a\x00b\n\u00e9") == "a\\x00b\\x0a\u00e9"
