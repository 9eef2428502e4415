"""A zip file, a folder, or what lies below a URL, opened as a source of photos."""

from __future__ import annotations

from pathlib import Path

from core.archives.folder_layout import AUTO
from core.archives.folder_source import FolderSource
from core.archives.source import NameRules, PhotoSource
from core.archives.url_source import RemoteSource
from core.archives.zip_source import ZipSource
from core.base.errors import ArchiveRefused
from core.base.settings import ArchiveLimits
from core.language.texts import marked


def open_source(
    path: Path | str,
    limits: ArchiveLimits,
    *,
    folders_are_people: bool = True,
    folders: str = AUTO,
    zip_names: str = "",
    stranger_folders: bool = True,
) -> PhotoSource:
    """Open a zip file or a folder of photos.

    Parameters
    ----------
    path : Path or str
        A .zip file, or a folder that is read with all folders in it; links in it are reported, not followed. A text is
        the URL of a folder, as "s3://BUCKET/FOLDER".
    limits : ArchiveLimits
        What it may hold.
    folders_are_people : bool
        False gives every photo the person None.
    folders : str
        How folders are read, one of ``folder_layout.RULES``.
    zip_names : str
        Code page of names in a zip that do not say theirs; decided by the names when empty.
    stranger_folders : bool
        Photos in a folder called "unknown" or the like are of strangers; False makes it a person's.

    Raises
    ------
    ArchiveRefused
        No zip or folder, a damaged one, or a dangerous one; nothing was read.
    InputRefused
        There is no such rule or code page.
    SourceUnavailable
        The store of the URL refuses, or does not answer.
    """
    rules = NameRules(folders_are_people, folders, zip_names, stranger_folders)
    if isinstance(path, str):
        return RemoteSource(path, limits, rules)
    if path.is_dir():
        return FolderSource(path, limits, rules)
    if path.is_file():
        return ZipSource(path, limits, rules)
    raise ArchiveRefused(
        marked("'{path}' is neither a file nor a folder. Give a .zip file or a folder of photos.").format(path=path)
    )
