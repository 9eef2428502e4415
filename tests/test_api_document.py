"""What ``docs/api.md`` says runs as it stands there."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from tests.conftest import PROJECT_DIR, new_data_dir


def test_the_example_of_the_document_names_a_photo(
    tmp_path: Path, models_dir: Path, sample_zip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (PROJECT_DIR / "docs/api.md").read_text(encoding="utf-8"), re.S)
    data_dir = new_data_dir(models_dir, tmp_path / "data")
    with zipfile.ZipFile(sample_zip) as sample, zipfile.ZipFile(data_dir / "photos.zip", "w") as photos:
        names = [name for name in sample.namelist() if name.endswith(".jpg")]
        for name in names[::6]:
            photos.writestr(name, sample.read(name))
        (tmp_path / "who.jpg").write_bytes(sample.read(names[0]))
    monkeypatch.chdir(tmp_path)
    values: dict[str, object] = {}
    exec(compile(code, "docs/api.md", "exec"), values)
    assert values["answers"] == [names[0].split("/")[-2]]
