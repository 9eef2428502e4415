"""Every setting of a running Face Atlas, in one frozen value. ``settings_from_env`` alone reads the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from core.base.errors import InputRefused

MIB = 1 << 20
GIB = 1 << 30
SECRET_VARIABLE = "FACE_ATLAS_KEY"


def usable_processors() -> int:
    """How many processors this process may run on."""
    # Of a machine's processors a container or ``taskset`` may leave fewer; macOS and Windows know no such set.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What one photo may cost."""

    max_pixels: int = 100_000_000
    max_file_bytes: int = 256 * MIB
    max_memory_bytes: int = 1280 * MIB
    """Of the program that decodes it, beyond its own; ``decoding.MEMORY_BUDGET_BYTES`` and what that cannot reckon."""
    max_seconds: float = 30.0
    """Of the processor. The largest photo that is taken needs about 5."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What one archive may hold. A declared or real size past a limit refuses it."""

    max_entries: int = 500_000
    max_total_bytes: int = 500 * GIB
    max_entry_bytes: int = 256 * MIB
    max_ratio: float = 200.0
    """Uncompressed over compressed size of one entry; photos hardly compress, bombs do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the data live, which engine runs, how much is allowed."""

    data_dir: Path
    engine: str = "openvino"
    quantised: bool = True
    """Whether networks that were quantised may run in place of those in floats."""
    onnx_providers: tuple[str, ...] = ()
    """Of the engine "onnx": what may run the networks, the first choice first; all that this system has by default."""
    threads: int = field(default_factory=usable_processors)
    images: ImageLimits = ImageLimits()
    archives: ArchiveLimits = ArchiveLimits()

    database_url: str = field(default="", repr=False)
    """The address of a PostgreSQL database, with its password; the SQLite file of the data folder by default."""

    artifacts_url: str = ""
    """Where photos, crops and arrays lie, as "s3://BUCKET/FOLDER"; in the data folder where it is empty."""

    language: str = ""
    """The code of the language that pages are read in, as "de"; English where it is empty."""
    secret: str = field(default="", repr=False)
    """The passphrase or key that opens an encrypted data folder."""
    # A folder of the user's alone is made in it, and refused where somebody else made one of that name.
    memory_root: Path = Path("/dev/shm")  # nosec B108
    """A folder that lies in memory, for what is opened in place of an encrypted data folder."""

    ray_address: str = ""
    """The Ray cluster that looks for faces on batches of photos; this machine where it is empty."""
    access_path: Path | None = None
    """The file that says who has which role; ``access.toml`` of the data folder where it is None."""
    keeps_photos: bool = True
    """Whether a new dataset keeps its photos, where nobody says otherwise."""
    audit_days: int = 90
    """How long the log of who saw whom is kept; with 0 none is written, and what there is goes."""
    backups_dir: Path | None = None
    """The folder of backups that pages offer first, on another disk; None where somebody types it."""
    erased_in_backups_days: int = 30
    """So long after an erasing backups may hold who was erased; with 0 for as long as somebody keeps them."""
    json_logs: bool = False
    """Whether logs are JSON lines, for a service that gathers them."""
    supervise: bool = True
    """The app starts and watches the worker itself; False where a server runs it under its own init."""

    @property
    def models_dir(self) -> Path:
        """Installed networks and the sample dataset."""
        return self.data_dir / "models"

    @property
    def database_path(self) -> Path:
        """The SQLite database."""
        return self.data_dir / "atlas.db"

    @property
    def database(self) -> Path | str:
        """Where the database is: a path or an address."""
        return self.database_url or self.database_path

    @property
    def artifacts_dir(self) -> Path:
        """Photos, crops and arrays, a folder for each dataset; with ``artifacts_url`` only those in use."""
        return self.data_dir / "artifacts"

    @property
    def access_file(self) -> Path:
        """Who has which role; without it nobody signs in, and everybody is the owner of everything."""
        return self.access_path or self.data_dir / "access.toml"

    @property
    def inbox_dir(self) -> Path:
        """Archives and folders that somebody put here by hand, for pages to offer."""
        return self.data_dir / "inbox"

    @property
    def uploads_dir(self) -> Path:
        """What came through the browser, until a job has read it."""
        return self.data_dir / "uploads"

    @property
    def exports_dir(self) -> Path:
        """Finished exports, a folder for each dataset."""
        return self.data_dir / "exports"

    @property
    def keys_dir(self) -> Path:
        """The key that this installation signs with, and those of others that somebody trusts."""
        return self.data_dir / "keys"

    @property
    def locks_dir(self) -> Path:
        """Locks between processes: one a dataset, and the worker's."""
        return self.data_dir / "locks"


def _read_variable(name: str, default: str) -> str:
    """A variable; one that is set to nothing says nothing, as in files that list them all."""
    return os.environ.get(f"FACE_ATLAS_{name}", "").strip() or default


def _read_threads(default: int) -> int:
    value = _read_variable("THREADS", str(default))
    if not value.isdecimal() or not int(value):
        raise InputRefused(f"FACE_ATLAS_THREADS is '{value}'; give how many processors may be used, as '4'.")
    return int(value)


def _read_days(name: str, default: int) -> int:
    value = _read_variable(name, str(default))
    if not value.isdecimal():
        raise InputRefused(f"FACE_ATLAS_{name} is '{value}'; give how many days are kept, as '{default}', or '0'.")
    return int(value)


def _read_keeping() -> bool:
    value = _read_variable("KEEP_PHOTOS", "1")
    # A typing error must not keep what nobody wanted to be kept.
    if value not in ("0", "1"):
        raise InputRefused(f"FACE_ATLAS_KEEP_PHOTOS is '{value}'; give '0' where new datasets keep no photos, or '1'.")
    return value == "1"


def read_secret() -> str:
    """What opens an encrypted data folder: ``FACE_ATLAS_KEY``, or the first line of the file ``FACE_ATLAS_KEY_FILE``.

    Empty where neither is set. Raises InputRefused for a file that cannot be read.
    """
    # Not by ``_read_variable``: a passphrase may begin or end with a space.
    secret, path = os.environ.get(SECRET_VARIABLE, ""), _read_variable("KEY_FILE", "")
    return secret or (read_key_file(path) if path else "")


def read_key_file(path: str) -> str:
    """The first line of a file. Raises InputRefused for one that cannot be read."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise InputRefused("The key file cannot be read. Check its path and its rights.") from fault
    return lines[0] if lines else ""


def find_data_dir(data_dir: Path | None = None) -> Path:
    """The data folder, absolute: the one that is given, or that of ``FACE_ATLAS_DATA``."""
    # Absolute from here on: the worker and the children that read files start in folders of their own.
    return (data_dir or Path(_read_variable("DATA", "data"))).resolve()


def settings_from_env(data_dir: Path | None = None) -> Settings:
    """Settings from ``FACE_ATLAS_DATA``, ``_DATABASE_URL``, ``_ENGINE``, ``_INT8``, ``_ONNX_PROVIDERS`` and others.

    ``_KEY``, ``_KEY_FILE`` and ``_MEMORY_DIR`` are about an encrypted data folder.
    The others are ``_LANGUAGE``, ``_ACCESS``, ``_KEEP_PHOTOS``, ``_ARTIFACTS``, ``_RAY_ADDRESS``, ``_THREADS``,
    ``_ACCESS_LOG_DAYS``, ``_BACKUPS``, ``_ERASED_IN_BACKUPS_DAYS``, ``_LOG`` and ``_WORKER``. ``_INT8`` and
    ``_KEEP_PHOTOS`` are "1" or "0", the providers are as "cuda,cpu", the address of Ray is as "HOST:6379",
    "ray://HOST:10001" or "auto", the log is "json", the worker is "app" or "external".

    Raises
    ------
    InputRefused
        For a number of threads or days that is none, a "1" or "0" that is neither, or a key file that cannot be read.
    """
    providers = _read_variable("ONNX_PROVIDERS", "").replace(",", " ").lower().split()
    access_path, backups = _read_variable("ACCESS", ""), _read_variable("BACKUPS", "")
    defaults = Settings(data_dir=find_data_dir(data_dir))
    return Settings(
        data_dir=defaults.data_dir,
        database_url=_read_variable("DATABASE_URL", ""),
        artifacts_url=_read_variable("ARTIFACTS", ""),
        secret=read_secret(),
        memory_root=Path(_read_variable("MEMORY_DIR", str(defaults.memory_root))),
        engine=_read_variable("ENGINE", defaults.engine),
        quantised=_read_variable("INT8", "1") != "0",
        onnx_providers=tuple(providers),
        threads=_read_threads(defaults.threads),
        language=_read_variable("LANGUAGE", ""),
        keeps_photos=_read_keeping(),
        audit_days=_read_days("ACCESS_LOG_DAYS", defaults.audit_days),
        backups_dir=Path(backups).resolve() if backups else None,
        erased_in_backups_days=_read_days("ERASED_IN_BACKUPS_DAYS", defaults.erased_in_backups_days),
        ray_address=_read_variable("RAY_ADDRESS", ""),
        access_path=Path(access_path).resolve() if access_path else None,
        json_logs=_read_variable("LOG", "") == "json",
        supervise=_read_variable("WORKER", "app") != "external",
    )
