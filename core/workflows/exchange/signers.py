"""Who signed an export that comes in, and whether it is as it was signed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.archives.zip_file import ZipMembers
from core.base.progress import UNWATCHED, Progress
from core.base.settings import ArchiveLimits
from core.formats.signed_zip import read_signed_list
from core.language.texts import marked
from core.signing.keyring import UNSIGNED, Keyring, Signer


def recognise_export(
    keyring: Keyring,
    limits: ArchiveLimits,
    path: Path,
    is_taken: Callable[[str], bool],
    progress: Progress = UNWATCHED,
) -> Signer:
    """Who signed a zip; what is no zip, as an unpacked folder, carries no signature.

    Parameters
    ----------
    is_taken : of a file's name in the zip, whether its content is to be compared with what was signed

    Raises
    ------
    ArchiveRefused
        The zip, or one of these files, was altered after it was signed.
    """
    if path.is_dir() or path.suffix.lower() != ".zip" or not path.exists():
        return UNSIGNED
    with ZipMembers(path, limits) as members:
        signed_list = read_signed_list(path.name, members.names, members.read)
        if signed_list is None:
            return UNSIGNED
        names = [name for name in signed_list.files if is_taken(name)]
        for number, name in enumerate(names):
            progress.step(number, len(names), marked("Comparing with the signature"))
            signed_list.require_file(path.name, name, members.read(name))
    return keyring.recognise(signed_list.signature)
