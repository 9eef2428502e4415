"""Every error that Face Atlas raises on purpose.

::

    FaceAtlasError                  the frame of a page and the command line show its text
    +-- InputRefused                what was given cannot be used (command line: exit status 1)
    |   +-- ArchiveRefused          a zip or folder as a whole
    |   +-- ImageRefused            one file that is no photo, or a dangerous one
    |   |   +-- ReadingEnded        a file that ended the program that reads it
    |   +-- TrainingRefused         too little to learn from
    |   +-- NotFound                no dataset, run, face or file of that name
    |   +-- NameTaken               a name that exists already
    |   +-- ModelMismatch           embeddings of two models met
    |   +-- ChangedMeanwhile        another window changed the same faces a moment ago
    |   +-- AccessRefused           who is signed in may not do this
    |       +-- SignInNeeded        nobody is signed in, or the session has ended
    |       +-- TooOften            the same was asked for too often in a short time
    +-- ModelUnavailable            a network is not installed, or could not be installed
    +-- EngineUnavailable           what is to run the networks is not installed, or not on this device
    +-- ReaderUnavailable           the program that reads files does not start
    +-- SourceUnavailable           where the photos lie does not answer, or lets nobody read
    +-- ArtifactsUnavailable        the object store of photos and crops does not answer, or refuses
    +-- ClusterUnavailable          the cluster that is to compute cannot be reached, or cannot do it
    +-- DataFolderFault             the data folder or its database cannot be read or written
    |   +-- DataFolderBusy          another process holds a lock in it
    |   +-- DataFolderLocked        it is encrypted, and its passphrase or key was not given
    |   +-- FileDamaged             a file of it is not what was written
    |   +-- DatabaseGone            the database server does not answer just now
    |   +-- DiskFull                there is no room on its disk
    +-- Cancelled                   the user asked a job to stop

A message says what happened with the value, what was expected, and what to do next. It never holds
a vector or a photo's content; file names and people's names appear in messages, never in logs.
"""

from __future__ import annotations

import errno
from pathlib import PurePath

from core.language.texts import gettext, marked

# The promise about deleting holds because of the reserve (store/disk_reserve), which is given up for it.
DISK_FULL = marked(
    "The disk is full, so this could not be written; what was there before is kept. Deleting a dataset or an export "
    "always works, as room is kept for it. Or free space by other means, then do it again."
)


class FaceAtlasError(Exception):
    """Base of every error that carries a message for the user."""


class InputRefused(FaceAtlasError):
    """What the user gave cannot be used as it is."""


class ArchiveRefused(InputRefused):
    """A whole archive or folder is refused; nothing of it was taken."""


class ImageRefused(InputRefused):
    """One file is no photo that can be read safely."""


class ReadingEnded(ImageRefused):
    """One file that ended the program that reads it, or took too long; it is not to be met again."""


class TrainingRefused(InputRefused):
    """The dataset holds too little to learn from."""


class NotFound(InputRefused):
    """Nothing of that name or id exists."""


class NameTaken(InputRefused):
    """The name is in use."""


class ModelMismatch(InputRefused):
    """Vectors of two embedding models were about to be mixed."""


class ChangedMeanwhile(InputRefused):
    """Somebody else changed what was about to be changed, after it was shown."""


class AccessRefused(InputRefused):
    """Who is signed in may not do this."""


class SignInNeeded(AccessRefused):
    """Nobody is signed in, or the session has ended."""


class TooOften(AccessRefused):
    """The same was asked for too often in a short time."""


class ModelUnavailable(FaceAtlasError):
    """A network is not installed or could not be fetched, verified or converted."""


class EngineUnavailable(FaceAtlasError):
    """What is to run the networks is not installed, or cannot run on the device that was asked for."""


class ReaderUnavailable(FaceAtlasError):
    """The program that reads files could not be started."""


class SourceUnavailable(FaceAtlasError):
    """The object store or shared folder that photos are read from refuses or is gone; no photo is to blame."""


class ArtifactsUnavailable(FaceAtlasError):
    """The object store in which photos, crops and arrays are kept refuses or is gone; what lies there stands."""


class ClusterUnavailable(FaceAtlasError):
    """The cluster does not answer, went away, or has a node that would compute something else."""


class DataFolderFault(FaceAtlasError):
    """The data folder or its database cannot be read or written: read-only, damaged, of a newer version, no folder."""


class DataFolderBusy(DataFolderFault):
    """Another process holds a lock in the data folder."""


class FileDamaged(DataFolderFault):
    """One file of the data folder was changed or cut off since it was written; the others can be used."""


class DataFolderLocked(DataFolderFault):
    """The data folder is encrypted, and no passphrase or key was given, or another one."""


class DatabaseGone(DataFolderFault):
    """The server of the database does not answer; what was under way may be done again when it does."""


class DiskFull(DataFolderFault):
    """There is no room on the disk of the data folder."""


class Cancelled(FaceAtlasError):
    """The user cancelled the work; what was finished is kept."""


_SYSTEM_REASONS = {
    errno.EACCES: marked("{file} may not be read or written by you. Change its permissions, then do it again."),
    errno.EPERM: marked("{file} may not be read or written by you. Change its permissions, then do it again."),
    errno.EROFS: marked("{file} is on a disk that can only be read. Choose another folder, then do it again."),
    errno.ENOENT: marked("{file} is not there (any more). Give it again, or put it back."),
    errno.ENOTDIR: marked(
        "{file} lies below something that is a file, not a folder. Move that file away, or choose another folder."
    ),
    errno.EISDIR: marked("{file} is a folder where a file is expected. Give the name of a file."),
    errno.EEXIST: marked("{file} is a file where a folder is expected. Move that file away, or choose another folder."),
    errno.EIO: marked("The disk reported an error at {file}. Check the disk; copy what is on it elsewhere first."),
    errno.EMFILE: marked("Too many files are open at once. Close other programs, then do it again."),
}


def is_disk_full(fault: OSError) -> bool:
    """Whether the system refused for want of room (the disk's, or the user's share of it)."""
    # EDQUOT is the user's share of a disk that has room; EFBIG a file system, or a limit, that takes no file so large.
    return fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def describe_os_error(fault: OSError) -> str:
    """What the system refused, as a sentence with what to do; it names the file, never its folder."""
    if is_disk_full(fault):
        return gettext(DISK_FULL)
    # The last part alone: a whole path tells the name of the user's account. Some errors name no file.
    file = f"'{PurePath(str(fault.filename)).name}'" if fault.filename is not None else gettext("A file")
    if fault.errno in _SYSTEM_REASONS:
        return gettext(_SYSTEM_REASONS[fault.errno], file=file)
    return gettext(
        "The computer refused: {reason} ({file}). Mend it, then do it again.",
        reason=fault.strerror or type(fault).__name__,
        file=file,
    )


def data_folder_fault(fault: OSError) -> DataFolderFault:
    """The same as an error that pages, jobs and the command line show."""
    return DiskFull(gettext(DISK_FULL)) if is_disk_full(fault) else DataFolderFault(describe_os_error(fault))
