"""Objects below a URL by their keys: read, written whole, listed, and removed with every version that is kept of them.

Anything that fsspec opens will do; of a store that speaks S3 the versions of an object go too, and what a killed
process was uploading.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.base.errors import ArtifactsUnavailable
from core.base.files.file_systems import describe_store_fault, open_file_system

REMOVED_AT_ONCE = 1000
"""S3 takes no more in one request."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it is listed."""

    key: str
    """Below the URL."""
    size_bytes: int
    written: float
    """Seconds since 1970, by the store's clock."""


IsKept = Callable[[StoredObject], bool]


def keep_nothing(stored: StoredObject) -> bool:
    """An ``IsKept`` by which all goes."""
    return False


@dataclass
class ObjectStore:
    """The objects below a URL."""

    url: str
    _system: Any = field(init=False, repr=False, compare=False)
    _root: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._system, self._root = open_file_system(self.url)

    def __reduce__(self) -> tuple[type[ObjectStore], tuple[str]]:
        """Other processes open it anew, with the rights that they have."""
        return type(self), (self.url,)

    def read(self, key: str, start: int | None = None, end: int | None = None) -> bytes | None:
        """The bytes of an object, or some of them; None where there is none. Raises ArtifactsUnavailable."""
        with self._asking("read"):
            try:
                content: bytes = self._system.cat_file(self._path(key), start=start, end=end)
                return content
            except FileNotFoundError:
                self._require_bucket()
                return None

    def write(self, key: str, content: bytes) -> None:
        """Put an object in the place of the one that may be there: others see either, whole."""
        with self._asking("written"):
            self._system.pipe_file(self._path(key), content)

    def find(self, key: str) -> StoredObject | None:
        """What is known of an object; None where there is none."""
        with self._asking("read"):
            try:
                return self._described(self._system.info(self._path(key)))
            except FileNotFoundError:
                self._require_bucket()
                return None

    def list_below(self, prefix: str) -> Iterator[StoredObject]:
        """The objects whose keys begin so; ``prefix`` ends with a slash."""
        with self._asking("listed"):
            listed = self._system.find(self._path(prefix.rstrip("/")), detail=True)
            if not listed:
                self._require_bucket()
            for info in listed.values():
                yield self._described(info)

    def remove_below(self, prefix: str, is_kept: IsKept = keep_nothing) -> int:
        """Remove the objects whose keys begin so but for those that are kept; how many there were."""
        going = [self._path(stored.key) for stored in self.list_below(prefix) if not is_kept(stored)]
        with self._asking("deleted"):
            if going:
                self._system.rm(going)
        return len(going)

    def remove(self, key: str) -> None:
        """Remove an object; one that is gone already is no fault."""
        with self._asking("deleted"):
            try:
                self._system.rm_file(self._path(key))
            except FileNotFoundError:
                self._require_bucket()

    def end_uploads(self, prefix: str, before: float) -> int:
        """Drop what was uploaded in part and not finished, and was begun before a time; how many there were."""
        return 0

    def clock_ahead_s(self) -> float:
        """By how many seconds the store's clock is ahead of this machine's: rather too many than too few."""
        # Of a name of its own: another machine may ask at the same time.
        began, key = time.time(), f"clock-{uuid.uuid4().hex}"
        self.write(key, b"")
        stored = self.find(key)
        self.remove(key)
        # Times are told in whole seconds, the rest cut off.
        return stored.written + 1.0 - began if stored is not None else 0.0

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    def _described(self, info: Any) -> StoredObject:
        written = info.get("LastModified") or info.get("mtime") or info.get("created")
        return StoredObject(
            key=str(info["name"]).lstrip("/").removeprefix(self._root.lstrip("/")).lstrip("/"),
            size_bytes=int(info["size"] or 0),
            written=written.timestamp() if isinstance(written, datetime) else float(written or 0),
        )

    def _require_bucket(self) -> None:
        """A bucket that is not there is no file that is not there: raise what the store says of it."""

    @contextmanager
    def _asking(self, verb: str) -> Iterator[None]:
        try:
            yield
        except ArtifactsUnavailable:
            raise
        except Exception as fault:  # each store has errors of its own, which share no base
            raise self._unavailable(verb, describe_store_fault(fault)) from fault

    def _unavailable(self, verb: str, reason: str) -> ArtifactsUnavailable:
        return ArtifactsUnavailable(
            f"Files in '{self.url}' cannot be {verb} just now; what is stored there stands. See that the store answers "
            f"and allows it, then open the page again or resume the job. What was heard of it: {reason}."
        )


@dataclass
class S3Store(ObjectStore):
    """The same where S3 is spoken."""

    def find(self, key: str) -> StoredObject | None:
        """See ``ObjectStore``; one request, where fsspec also asks whether it is a folder."""
        with self._asking("read"):
            try:
                head = self._call("head_object", Key=self._key(key))
            except FileNotFoundError:
                return None
        return StoredObject(key, int(head["ContentLength"]), head["LastModified"].timestamp())

    def list_below(self, prefix: str) -> Iterator[StoredObject]:
        """See ``ObjectStore``; in pages, as there may be millions."""
        for page in self._pages("list_objects_v2", prefix, "ContinuationToken"):
            yield from map(self._listed, page.get("Contents", ()))

    def remove_below(self, prefix: str, is_kept: IsKept = keep_nothing) -> int:
        """See ``ObjectStore``; of what is kept earlier versions go, too."""
        if self._keeps_versions():
            return self._remove_versions(prefix, is_kept)
        going = [stored.key for stored in self.list_below(prefix) if not is_kept(stored)]
        self._remove_all([{"Key": self._key(key)} for key in going])
        return len(going)

    def _remove_versions(self, prefix: str, is_kept: IsKept = keep_nothing, *, of_key: str | None = None) -> int:
        """Remove versions of the objects whose keys begin so, or of one object; how many of them were the latest."""
        count = 0
        for page in self._pages("list_object_versions", prefix, "KeyMarker", "VersionIdMarker"):
            # A key may be the beginning of another one, which is none of what is meant.
            versions, markers = (
                [entry for entry in page.get(name, []) if of_key is None or entry["Key"] == self._key(of_key)]
                for name in ("Versions", "DeleteMarkers")
            )
            latest = [version for version in versions if version["IsLatest"]]
            # With its key: of all objects from before versions were kept, the version is called "null".
            kept = {_version_key(version) for version in latest if is_kept(self._listed(version))}
            going = {_version_key(version) for version in (*versions, *markers)} - kept
            self._remove_all([{"Key": own_key, "VersionId": version_id} for own_key, version_id in sorted(going)])
            count += len(latest) - len(kept)
        return count

    def remove(self, key: str) -> None:
        """See ``ObjectStore``."""
        if self._keeps_versions():
            self._remove_versions(key, of_key=key)
        else:
            self._remove_all([{"Key": self._key(key)}])

    def end_uploads(self, prefix: str, before: float) -> int:
        """See ``ObjectStore``; the store keeps parts until they are told to go, and shows them in no list of files."""
        uploads = [
            upload
            for page in self._pages("list_multipart_uploads", prefix, "KeyMarker", "UploadIdMarker")
            for upload in page.get("Uploads", ())
            if upload["Initiated"].timestamp() < before
        ]
        with self._asking("deleted"):
            for upload in uploads:
                self._call("abort_multipart_upload", Key=upload["Key"], UploadId=upload["UploadId"])
        return len(uploads)

    def _keeps_versions(self) -> bool:
        """Also where it did so once: what was written then is there. Asked each time, as it may be switched on."""
        with self._asking("deleted"):
            return bool(self._call("get_bucket_versioning").get("Status"))

    def _remove_all(self, objects: Sequence[dict[str, str]]) -> None:
        with self._asking("deleted"):
            for start in range(0, len(objects), REMOVED_AT_ONCE):
                part = {"Objects": objects[start : start + REMOVED_AT_ONCE], "Quiet": True}
                # What may not be deleted is said in an answer that is none of a fault.
                for refusal in self._call("delete_objects", Delete=part).get("Errors", ()):
                    raise self._unavailable("deleted", f"{refusal.get('Code')} {refusal.get('Message')}")

    def _pages(self, method: str, prefix: str, *markers: str) -> Iterator[Any]:
        position: dict[str, str] = {}
        while True:
            with self._asking("listed"):
                page = self._call(method, Prefix=self._key(prefix), **position)
            yield page
            if not page.get("IsTruncated"):
                return
            position = {marker: page[f"Next{marker}"] for marker in markers if page.get(f"Next{marker}")}

    def _call(self, method: str, **arguments: Any) -> Any:
        bucket = self._root.partition("/")[0]
        return self._system.call_s3(method, Bucket=bucket, **arguments)

    def _key(self, key: str) -> str:
        return self._path(key).partition("/")[2]

    def _listed(self, entry: Any) -> StoredObject:
        beginning = len(self._key(""))
        return StoredObject(entry["Key"][beginning:], int(entry["Size"]), entry["LastModified"].timestamp())

    def _require_bucket(self) -> None:
        self._call("head_bucket")


@dataclass
class GcsStore(ObjectStore):
    """The same in Google Cloud Storage. Earlier versions of an object stay, where the bucket keeps them."""

    def _require_bucket(self) -> None:
        self._system.info(self._root.partition("/")[0])


def _version_key(entry: Any) -> tuple[str, str]:
    """What a version or a marker of a listing is told by."""
    return entry["Key"], entry["VersionId"]


_STORES: Mapping[str, type[ObjectStore]] = {"s3": S3Store, "gs": GcsStore, "gcs": GcsStore}


def open_object_store(url: str) -> ObjectStore:
    """The store of a URL. Raises InputRefused for one that cannot be used."""
    return _STORES.get(url.partition("://")[0], ObjectStore)(url)
