"""What was understood of a zip or folder, told on standard error before anything is taken."""

from __future__ import annotations

import sys

from core.archives.folder_layout import FolderLayout


def print_layout(layout: FolderLayout) -> list[str]:
    """Say how folders and names are read, and how to say otherwise; gives the sentences too."""
    # On standard error: standard output carries the answer alone, which a program may read.
    sentences = [f"{layout}.", *layout.notes, *_about_names(layout)]
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    if layout.strangers:
        print("If an unknown folder is a person's: --unknown-folders person.", file=sys.stderr)
    # Notes are there where folders could be meant in two ways.
    if layout.notes:
        print("If folders are meant otherwise: --folders.", file=sys.stderr)
    return sentences


def print_zip_names(layout: FolderLayout) -> None:
    """Say how names in a local code page are read."""
    for sentence in _about_names(layout):
        print(sentence, file=sys.stderr)


def _about_names(layout: FolderLayout) -> list[str]:
    names = layout.local_names
    if names is None:
        return []
    sample = next(choice.sample for choice in names.choices if choice.codec == names.codec)
    otherwise = "" if names.asked_for else " If that is wrong: --zip-names CODEPAGE."
    return [f"Names in the zip are read as {names.title}, {names.codec}: {sample}.{otherwise}"]
