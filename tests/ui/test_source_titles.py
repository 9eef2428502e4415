"""What a source of photos is called in the language of whoever reads: names that people gave stay as they are."""

from __future__ import annotations

import pytest

from core.language.languages import LANGUAGES
from core.language.texts import speaking
from core.ui.photos.source_titles import count_files, say_title


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("the sample", "das Beispiel"),
        ("12 files", "12 Dateien"),
        ("Photos", "Photos"),
        ("Training.zip", "Training.zip"),
    ],
)
def test_a_title_of_ours_is_said_again_and_a_name_stays(kept: str, read: str):
    assert say_title(kept) == kept
    with speaking(LANGUAGES["de"]):
        assert say_title(kept) == read


def test_files_are_counted_in_english_as_nobody_knows_who_will_read_it():
    with speaking(LANGUAGES["de"]):
        assert count_files(12) == "12 files"
