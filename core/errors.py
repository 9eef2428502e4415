"""Every error that Face Atlas raises on purpose.

::

    FaceAtlasError                  the frame of a page and the command line show its text
    +-- InputRefused                what was given cannot be used (command line: exit status 1)
    |   +-- ArchiveRefused          a zip or folder as a whole
    |   +-- ImageRefused            one file that is no photo, or a dangerous one
    |   +-- TrainingRefused         too little to learn from
    |   +-- NotFound                no dataset, run, face or file of that name
    |   +-- NameTaken               a name that exists already
    |   +-- ModelMismatch           embeddings of two models met
    |   +-- ChangedMeanwhile        another window changed the same faces a moment ago
    +-- ModelUnavailable            a network is not installed, or could not be installed
    +-- DataFolderBusy              another process is installing into the same folder
    +-- Cancelled                   the user asked a job to stop

A message says what happened with the value, what was expected, and what to do next. It never holds
a vector or a photo's content; file names and people's names appear in messages, never in logs.
"""


class FaceAtlasError(Exception):
    """Base of every error that carries a message for the user."""


class InputRefused(FaceAtlasError):
    """What the user gave cannot be used as it is."""


class ArchiveRefused(InputRefused):
    """A whole archive or folder is refused; nothing of it was taken."""


class ImageRefused(InputRefused):
    """One file is no photo that can be read safely."""


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


class ModelUnavailable(FaceAtlasError):
    """A network is not installed or could not be fetched, verified or converted."""


class DataFolderBusy(FaceAtlasError):
    """Another process holds a lock in the data folder."""


class Cancelled(FaceAtlasError):
    """The user cancelled the work; what was finished is kept."""
