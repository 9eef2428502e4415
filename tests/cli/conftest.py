"""Commands on a data folder, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main
from core.base.settings import Settings
from core.services import Services
from tests import prepared

Command = Callable[..., dict[str, Any]]
Refusal = Callable[..., str]


@pytest.fixture(scope="module")
def folder(sample_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trained sample; the tests of a file share it."""
    return prepared.copy(sample_dir, tmp_path_factory.mktemp("commands") / "data")


@pytest.fixture(scope="module")
def app(folder: Path) -> Services:
    """What the app has on the same folder."""
    return Services(Settings(folder))


@pytest.fixture
def command(folder: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    """Give a command on the sample; its answer."""

    def give(*words: object, dataset: str | None = prepared.SAMPLE) -> dict[str, Any]:
        of_dataset = ["--dataset", dataset] if dataset else []
        status = main(["--data", str(folder), "--json", *map(str, words), *of_dataset])
        told = capfd.readouterr()
        assert status == 0, told.err
        return json.loads(told.out)

    return give


@pytest.fixture
def refusal(folder: Path, capfd: pytest.CaptureFixture[str]) -> Refusal:
    """Give a command that is refused; the sentence."""

    def give(*words: object, dataset: str | None = prepared.SAMPLE) -> str:
        of_dataset = ["--dataset", dataset] if dataset else []
        status = main(["--data", str(folder), "--json", *map(str, words), *of_dataset])
        told = capfd.readouterr()
        assert (status, told.out) == (1, "")
        assert told.err.startswith("Refused: ") and "Traceback" not in told.err
        return told.err

    return give
