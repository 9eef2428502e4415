"""A data folder is encrypted in place: nothing of it can be read, everything works, and a kill loses nothing."""

from __future__ import annotations

import gc
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from core.__main__ import main
from core.base.errors import DataFolderFault, DataFolderLocked
from core.base.settings import Settings
from core.services import Services
from core.signing.keyring import Keyring
from core.store.artifacts import ArtifactKind
from core.store.encryption import key_file, rewriting
from core.store.encryption.keyring import is_encrypted
from core.store.encryption.sealed_stream import CHUNK_BYTES, open_sealed, seal
from core.store.sql.databases import sqlcipher
from core.workflows.exchange.export import export_path
from tests import prepared
from tests.conftest import MODEL_ID, new_data_dir

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
"""The three bytes alone come about by chance in megabytes of noise."""
SECRET, OTHER_SECRET = "correct horse battery", "another horse entirely"


class Killed(BaseException):
    """What a kill is to the code that it meets."""


@pytest.fixture
def memory_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for memory."""
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setenv("FACE_ATLAS_MEMORY_DIR", str(folder))
    monkeypatch.setenv("FACE_ATLAS_KEY", SECRET)
    # A guess takes 0.4 s on purpose.
    monkeypatch.setattr(key_file, "_SCRYPT_N", 1 << 10)
    return folder


@pytest.fixture
def folder(few_dir: Path, tmp_path: Path, memory_dir: Path) -> Path:
    """A few photos, learned, with an export and an upload that wait."""
    path = prepared.copy(few_dir, tmp_path / "data")
    services = Services(Settings(path))
    exported = export_path(services.settings.exports_dir, services.store.datasets()[0].id, "a0")
    exported.parent.mkdir(parents=True)
    photo = next((path / "artifacts").rglob("photos/*/*")).read_bytes()
    exported.write_bytes(photo)
    (path / "uploads" / "one").mkdir()
    (path / "uploads" / "one" / "holiday.jpg").write_bytes(photo)
    services.store.engine.dispose()
    for answer in path.glob("*.json"):
        answer.unlink()  # what the commands said that prepared the sample
    return path


def run_command(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    gc.collect()  # as the end of a process does, it closes what the command before had open
    status = main([*words, "--data", str(folder), "--json"])
    said = capsys.readouterr()
    assert status == 0, said.err
    return dict(json.loads(said.out))


def open_folder(folder: Path, memory_dir: Path, secret: str = SECRET) -> Services:
    return Services(Settings(folder, secret=secret, memory_root=memory_dir))


def contents(services: Services) -> dict[str, Any]:
    """What is kept: rows, vectors and files."""
    dataset = services.store.datasets()[0]
    table = services.store.face_table(dataset.id)
    embeddings = services.store.embeddings(dataset.id)
    files = {
        (file.kind, file.id): services.artifacts.read(dataset.id, ArtifactKind(file.kind), file.id)
        for file in services.artifacts.files(dataset.id)
    }
    order = np.argsort(embeddings.face_ids)
    services.store.engine.dispose()
    return {
        "people": table.people,
        "photos": tuple(table.photo_names),
        "vectors": embeddings.vectors[order].tobytes(),
        "files": files,
    }


def disk_bytes(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the folder but the networks, without what lies in memory."""
    for path in folder.rglob("*"):
        if path.is_file() and "models" not in path.parts and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def test_a_byte_search_of_an_encrypted_folder_finds_nobody_and_decrypting_gives_all_back(
    folder: Path, memory_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(Services(Settings(folder)))
    vector = before["vectors"][:32]
    traces = [JPEG, b"SQLite format 3", vector, b"holiday", b"face_id", SECRET.encode()]
    traces += [name.encode() for name in (*before["people"], *before["photos"][:20])]
    plain = b"".join(content for _, content in disk_bytes(folder))
    assert all(trace in plain for trace in traces[:3] + traces[6:]), "the search finds what lies in clear"
    receipt = run_command(folder, capsys, "encrypt")
    assert receipt["files"] == len(before["files"]) and receipt["database"] == "encrypted"
    services = open_folder(folder, memory_dir)
    # Written while it is encrypted: the log of the database, and what a page writes.
    services.store.create_dataset("Zoë Ångström", services.store.datasets()[0].model_id)
    services.artifacts.put("d0", ArtifactKind.CROP, "c0", JPEG + b" crop")
    services.artifacts.replace("d0", ArtifactKind.LOOKUP_PART, "a1", JPEG + b" part")
    left = [
        (name, trace)
        for name, content in disk_bytes(folder)
        for trace in [*traces, "Zoë Ångström".encode()]
        if trace in content
    ]
    assert left == []
    services.store.delete_dataset(next(d.id for d in services.store.datasets() if d.name == "Zoë Ångström"))
    services.artifacts.delete_dataset("d0")
    assert contents(services) == before
    assert (folder / "uploads" / "one" / "holiday.jpg").resolve().is_relative_to(memory_dir)
    run_command(folder, capsys, "decrypt")
    assert contents(Services(Settings(folder))) == before
    assert not is_encrypted(folder) and not any(memory_dir.iterdir())
    assert (folder / "uploads" / "one" / "holiday.jpg").is_file() and not (folder / "uploads").is_symlink()


def test_a_wrong_key_says_so_at_once_and_another_passphrase_opens_the_same(
    folder: Path, memory_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = contents(Services(Settings(folder)))
    run_command(folder, capsys, "encrypt")
    on_disk = dict(disk_bytes(folder))
    for secret, words in (("wrong", "does not open"), ("", "FACE_ATLAS_KEY")):
        with pytest.raises(DataFolderLocked, match=words):
            open_folder(folder, memory_dir, secret)
    assert dict(disk_bytes(folder)) == on_disk, "nothing was changed by a wrong key"
    new_key = tmp_path / "new.key"
    new_key.write_text(OTHER_SECRET + "\n")
    run_command(folder, capsys, "change-passphrase", "--new-key-file", str(new_key))
    with pytest.raises(DataFolderLocked):
        open_folder(folder, memory_dir, SECRET)
    assert contents(open_folder(folder, memory_dir, OTHER_SECRET)) == before
    monkeypatch.delenv("FACE_ATLAS_KEY")
    monkeypatch.setenv("FACE_ATLAS_KEY_FILE", str(new_key))
    assert run_command(folder, capsys, "datasets")["datasets"]


def kill_at(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, number: int) -> None:
    """Let the call of a function end the work, before it does anything."""
    original: Callable[..., Any] = getattr(owner, name)
    calls = iter(range(10**6))

    def call(*arguments: Any, **named: Any) -> Any:
        if next(calls) == number:
            raise Killed
        return original(*arguments, **named)

    monkeypatch.setattr(owner, name, call)


STEPS: list[tuple[object, str, int]] = [
    (rewriting, "store_keys", 1),
    (sqlcipher, "rewrite_database", 0),
    (sqlcipher, "_require_equal", 0),
    (sqlcipher, "flush_folders", 0),
    (rewriting, "_rewrite_key_file", 0),
    (rewriting, "_rewrite_file", 0),
    (rewriting, "_rewrite_large_file", 0),
    (rewriting, "_rewrite_file", 3),
]


@pytest.fixture
def small_folder(memory_dir: Path, tmp_path: Path) -> Path:
    """A dataset with few files of every way that they are written."""
    services = Services(Settings(tmp_path / "small"))
    dataset_id = services.store.create_dataset("Family", MODEL_ID).id
    for number, kind in enumerate((ArtifactKind.PHOTO, ArtifactKind.CROP, ArtifactKind.RUN, ArtifactKind.FACE_INDEX)):
        services.artifacts.put(dataset_id, kind, f"a{number}", JPEG + bytes(CHUNK_BYTES * number))
    services.keyring.open_own()
    services.store.engine.dispose()
    return tmp_path / "small"


def test_what_is_killed_at_any_step_goes_on_and_loses_nothing(
    small_folder: Path, memory_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_folder
    before = contents(Services(Settings(folder)))
    for command in ("encrypt", "rotate-key", "decrypt"):
        for owner, name, number in STEPS:
            with monkeypatch.context() as patch:
                kill_at(patch, owner, name, number)
                if command == "decrypt" and name == "store_keys":
                    continue  # it writes the key file once, before everything
                with pytest.raises(Killed):
                    main([command, "--data", str(folder)])
            with pytest.raises(DataFolderFault, match="not finished"):
                open_folder(folder, memory_dir)
        capsys.readouterr()
        run_command(folder, capsys, command if command != "rotate-key" else "encrypt")
        services = open_folder(folder, memory_dir)
        assert contents(services) == before, command


def test_files_in_an_object_store_are_encrypted_where_they_lie(
    memory_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FACE_ATLAS_ARTIFACTS", "memory://sealed")
    bucket = fsspec.filesystem("memory")
    folder = tmp_path / "data"

    def open_far(secret: str) -> Services:
        return Services(Settings(folder, artifacts_url="memory://sealed", secret=secret, memory_root=memory_dir))

    services = open_far("")
    dataset_id = services.store.create_dataset("Family", MODEL_ID).id
    services.artifacts.put(dataset_id, ArtifactKind.CROP, "c0", JPEG + b" far")
    services.artifacts.put(dataset_id, ArtifactKind.FACE_INDEX, "i0", JPEG + b" near")
    services.store.engine.dispose()

    def stored() -> list[bytes]:
        far = [bucket.cat_file(path) for path in bucket.find("/sealed")]
        return [*far, *(content for _, content in disk_bytes(folder))]

    before = contents(open_far(""))
    assert sum(JPEG in content for content in stored()) == 2
    for command in ("encrypt", "rotate-key"):
        assert run_command(folder, capsys, command)["files"] == 2
        assert not any(JPEG in content for content in stored())
        assert contents(open_far(SECRET)) == before
    run_command(folder, capsys, "decrypt")
    assert contents(open_far("")) == before
    bucket.store.clear()


def test_a_backup_of_an_encrypted_folder_is_encrypted_and_comes_back(
    folder: Path,
    memory_dir: Path,
    models_dir: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    services = Services(Settings(folder))
    before, dataset = contents(services), services.store.datasets()[0].name
    run_command(folder, capsys, "encrypt")
    target = str(tmp_path / "backups")
    assert run_command(folder, capsys, "backup", target)["lacking"] == 0
    assert run_command(folder, capsys, "backup", target)["copied"] == 0, "what did not change is not copied again"
    traces = [JPEG, b"SQLite format 3", before["vectors"][:32], dataset.encode()]
    traces += [name.encode() for name in (*before["people"], *before["photos"][:20])]
    assert [
        (name, trace) for name, content in disk_bytes(tmp_path / "backups") for trace in traces if trace in content
    ] == []
    assert run_command(folder, capsys, "backups", target, "--check")["is_whole"]
    assert dataset in run_command(folder, capsys, "backups", target)["table"], "it is told by what is here"
    # With another data key the files of before are nobody's, and the backups of before stay what they are.
    run_command(folder, capsys, "rotate-key")
    services = open_folder(folder, memory_dir)
    photo = next(file for file in services.artifacts.files(services.store.datasets()[0].id) if file.kind == "photos")
    path = services.artifacts.inner.path(services.store.datasets()[0].id, ArtifactKind.PHOTO, photo.id)
    path.write_bytes(path.read_bytes()[:-1])
    services.store.engine.dispose()
    report = run_command(folder, capsys, "doctor", "--backups", target)
    assert report["from_backup"] == 1 and report["faults"] == []
    assert contents(open_folder(folder, memory_dir)) == before
    empty = new_data_dir(models_dir, tmp_path / "empty")
    assert main(["restore", target, "--data", str(empty)]) == 1
    assert "encrypted" in capsys.readouterr().err
    # Another installation, with another passphrase: the backup is opened by that of its day.
    secrets = {name: tmp_path / f"{name}.key" for name in (SECRET, OTHER_SECRET)}
    for secret, path in secrets.items():
        path.write_text(secret)
    run_command(empty, capsys, "encrypt")
    run_command(empty, capsys, "change-passphrase", "--new-key-file", str(secrets[OTHER_SECRET]))
    monkeypatch.setenv("FACE_ATLAS_KEY", OTHER_SECRET)
    assert main(["restore", target, "--data", str(empty)]) == 1
    assert "--backup-key-file" in capsys.readouterr().err
    assert not open_folder(empty, memory_dir, OTHER_SECRET).store.datasets(), "nothing was restored"
    words = ["restore", target, "--backup-key-file", str(secrets[SECRET])]
    assert run_command(empty, capsys, *words)["datasets"] == [dataset]
    assert contents(open_folder(empty, memory_dir, OTHER_SECRET)) == before
    again = run_command(empty, capsys, *words, "--dataset", dataset, "--as", "Again")
    assert again["files"] == len(before["files"])


def test_the_keys_that_sign_and_are_trusted_are_encrypted_too(
    small_folder: Path, memory_dir: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = small_folder
    plain = Services(Settings(folder))
    own = plain.keyring.open_own().public
    plain.keyring.trust(Keyring(tmp_path / "anna").open_own().public, "Annas Rechner")
    plain.store.engine.dispose()

    def known(services: Services) -> tuple[str, list[str]]:
        services.store.engine.dispose()
        return services.keyring.open_own().public.hex, list(services.keyring.trusted().values())

    for command in ("encrypt", "rotate-key"):
        run_command(folder, capsys, command)
        content = b"".join(content for name, content in disk_bytes(folder) if name.startswith("keys/"))
        assert b"Annas" not in content and b"PRIVATE KEY" not in content
        assert known(open_folder(folder, memory_dir)) == (own.hex, ["Annas Rechner"])
    run_command(folder, capsys, "decrypt")
    assert known(Services(Settings(folder))) == (own.hex, ["Annas Rechner"])


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 7])
def test_a_sealed_file_is_read_by_parts_and_refuses_every_change(size: int) -> None:
    key_id, key = bytes(8), bytes(range(32))
    content = np.random.default_rng(3).bytes(size)
    sealed = seal(content, key_id, key, "d/photos/a")

    def read(stored: bytes, name: str = "d/photos/a") -> bytes:
        with open_sealed(io.BytesIO(stored), {key_id: key}, name) as file:
            return file.read()

    assert read(sealed) == content
    with open_sealed(io.BytesIO(sealed), {key_id: key}, "d/photos/a") as file:
        for begin in (0, size // 2, max(0, size - 3)):
            file.seek(begin)
            assert file.read(5) == content[begin : begin + 5]
    for position in (10, 20, 40, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[min(position, len(sealed) - 1)] ^= 1
        with pytest.raises(DataFolderFault):
            read(bytes(changed))
    for cut in (len(sealed) - 1, len(sealed) // 2, 32, 5):
        with pytest.raises(DataFolderFault):
            read(sealed[:cut])
    with pytest.raises(DataFolderFault):
        read(sealed, "d/photos/b")
