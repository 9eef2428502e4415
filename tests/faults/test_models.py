"""A model file that was damaged after it was installed is not loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.base.errors import ModelUnavailable
from core.vision.models.manifest import network_path
from tests.conftest import MODEL_ID


def test_a_flipped_byte_in_a_network_is_told_with_the_way_out(models_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / MODEL_ID
    folder.mkdir()
    for path in (models_dir / MODEL_ID).iterdir():
        shutil.copyfile(path, folder / path.name)
    assert network_path(tmp_path, MODEL_ID, "embed").is_file()
    content = bytearray((folder / "embed.bin").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "embed.bin").write_bytes(content)
    with pytest.raises(ModelUnavailable, match=f"embed.bin is damaged.*models install {MODEL_ID}"):
        network_path(tmp_path, MODEL_ID, "embed")
