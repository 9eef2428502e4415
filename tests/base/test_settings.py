"""What the environment says, and what it says wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.errors import InputRefused
from core.base.settings import Settings, settings_from_env


def test_a_variable_that_is_set_to_nothing_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("DATABASE_URL", "ARTIFACTS", "ENGINE", "INT8", "ONNX_PROVIDERS", "THREADS", "RAY_ADDRESS", "WORKER")
    for name in names:
        monkeypatch.setenv(f"FACE_ATLAS_{name}", " ")
    assert settings_from_env(tmp_path) == Settings(tmp_path)
    monkeypatch.setenv("FACE_ATLAS_DATA", "")
    assert settings_from_env().data_dir == Path("data").resolve()


@pytest.mark.parametrize("value", ["two", "0", "-1", "1.5"])
def test_threads_that_are_no_number_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FACE_ATLAS_THREADS", value)
    with pytest.raises(InputRefused, match=f"FACE_ATLAS_THREADS is '{value}'"):
        settings_from_env(tmp_path)
