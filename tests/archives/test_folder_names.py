"""What folders of strangers are called."""

import pytest

from core.archives.folder_names import is_called_strangers


@pytest.mark.parametrize(
    "name",
    [
        *("unknown", "UNKNOWN", "Strangers", "unknown people", "unknown_1", "no-name", "Unbekannt", "fremde"),
        *("inconnus", "Étrangers", "etranger", "desconocido", "Extraños", "sconosciuti", "desconhecidos", "Okända"),
        *("yabancı", "Неизвестные", "άγνωστοι", "陌生人", "不明", "모르는 사람", "مجهول", "e\u0301tranger"),
    ],
)
def test_strangers_are_known_by_many_names(name):
    assert is_called_strangers(name)


@pytest.mark.parametrize("name", ["", "Ann", "unknown soldier", "Fremont", "Niemand Anders", "Nobody Jones", "2019"])
def test_people_are_not_taken_for_strangers(name):
    assert not is_called_strangers(name)
