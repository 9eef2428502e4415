"""What came of an import, in words."""

from __future__ import annotations

from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.ui import words
from core.workflows.exchange.deliveries import BundleSummary, ImportResult
from core.workflows.exchange.import_names import SidecarSummary
from core.workflows.exchange.imports import LogSummary, VectorSummary


def describe_import_result(result: ImportResult) -> str:
    """What was taken, in words."""
    match result.summary:
        case BundleSummary(dataset=name, known=True):
            return _("It is here already, as '{name}'. Nothing was changed.", name=name)
        case BundleSummary(dataset=name, people=people):
            known = _("'{name}' knows {people}.", name=name, people=words.format_people_count(people))
            return f"{known} {result.summary.signer.sentence}"
        case VectorSummary() as vectors:
            return _describe_vectors(vectors)
        case LogSummary() as log:
            return _describe_log(log)
        case SidecarSummary() as names:
            return _describe_names(names, result.list_lengths.get("conflicts", 0))


def _describe_vectors(vectors: VectorSummary) -> str:
    first = ngettext(
        "{number} vector was put in the place of those here.",
        "{number} vectors were put in the place of those here.",
        vectors.taken,
    )
    more = {
        ngettext(
            "{number} vector was the same as here.", "{number} vectors were the same as here.", vectors.unchanged
        ): vectors.unchanged,
        ngettext(
            "{number} vector was of no face of this dataset.",
            "{number} vectors were of no face of this dataset.",
            vectors.unknown,
        ): vectors.unknown,
    }
    return _join_sentences(first, more)


def _describe_log(log: LogSummary) -> str:
    first = ngettext(
        "{number} correction was repeated, on {faces}.",
        "{number} corrections were repeated, on {faces}.",
        log.events,
        faces=ngettext("{number} face", "{number} faces", log.faces),
    )
    more = {
        ngettext(
            "{number} face of the log could not be found.",
            "{number} faces of the log could not be found.",
            log.faces_missing,
        ): log.faces_missing,
        ngettext(
            "{number} entry was undone at home, and passed over.",
            "{number} entries were undone at home, and passed over.",
            log.undone,
        ): log.undone,
        ngettext(
            "{number} correction was of nothing that is here.",
            "{number} corrections were of nothing that is here.",
            log.empty,
        ): log.empty,
        ngettext(
            "{number} correction was here already.", "{number} corrections were here already.", log.known
        ): log.known,
    }
    return _join_sentences(first, more)


def _describe_names(names: SidecarSummary, n_conflicts: int) -> str:
    first = ngettext(
        "{number} file was read: {faces} got a name.",
        "{number} files were read: {faces} got a name.",
        names.files,
        faces=ngettext("{number} face", "{number} faces", names.named),
    )
    more = {
        ngettext(
            "{number} face of them had another one.", "{number} faces of them had another one.", names.renamed
        ): names.renamed,
        ngettext("{number} face had it already.", "{number} faces had it already.", names.unchanged): names.unchanged,
        ngettext(
            "At {number} place no face was found here.", "At {number} places no face was found here.", names.unmatched
        ): names.unmatched,
        ngettext(
            "{number} face was called otherwise.", "{number} faces were called otherwise.", n_conflicts
        ): n_conflicts,
    }
    return _join_sentences(first, more)


def _join_sentences(first: str, more: dict[str, int]) -> str:
    """The first, and those of which there is something."""
    return " ".join([first, *(sentence for sentence, number in more.items() if number)])


def count_refused(kind: str, number: int, *, of_log: bool) -> str:
    """How many things of a kind were not taken."""
    if kind == "conflicts":
        return ngettext(
            "{number} face called otherwise, by somebody here or by two files",
            "{number} faces called otherwise, by somebody here or by two files",
            number,
        )
    if kind == "refused_regions":
        return ngettext("{number} region refused", "{number} regions refused", number)
    if of_log:
        return ngettext("{number} correction refused", "{number} corrections refused", number)
    return ngettext("{number} file refused", "{number} files refused", number)
