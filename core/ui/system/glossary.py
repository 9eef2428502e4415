"""The words of the field beside those of the pages, each in a sentence or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from core.language.texts import gettext as _
from core.language.texts import marked
from core.ui import menu, words

SEARCH_FIELD = "glossary_search"


class GlossaryTerm(NamedTuple):
    """A word, what it is called elsewhere, and what it means here."""

    term: str
    """As the field says it."""
    plain: str
    """As the pages say it; "" where they use the same word."""
    meaning: str
    page_path: str
    """Where it is seen."""


TERMS: tuple[GlossaryTerm, ...] = (
    GlossaryTerm(
        marked("Accuracy"),
        marked("right on new photos"),
        marked(
            "The share of tested faces that got their right name. It is measured on faces that were not learned from, "
            "and comes with an interval: with few tested faces the true share may be lower or higher."
        ),
        menu.EVALUATE,
    ),
    GlossaryTerm(
        marked("Macro F1"),
        marked("fair to everybody"),
        marked(
            "How well each person is recognised, averaged over people, so that somebody with few photos counts as much "
            "as somebody with many."
        ),
        menu.EVALUATE,
    ),
    GlossaryTerm(
        marked("Detection"),
        marked("finding faces"),
        marked(
            "Where in a photo faces are. MTCNN does it: three small networks, each looking closer at what the one "
            "before proposed. It also says where eyes, nose and mouth are."
        ),
        menu.INGEST,
    ),
    GlossaryTerm(
        marked("Embedding"),
        marked("the 128 numbers of a face"),
        marked(
            "FaceNet turns a face into a list of 128 numbers. Two photos of one person give lists that lie close "
            "together; two people give lists that lie far apart. Everything else here is done with these numbers."
        ),
        menu.IDENTIFY,
    ),
    GlossaryTerm(
        marked("Distance"),
        marked("how unlike two faces are"),
        marked(
            "Between two embeddings: 0 for the same picture, about 1 where one person ends and the next begins, 2 at "
            "most."
        ),
        menu.VERIFY,
    ),
    GlossaryTerm(
        marked("Linear SVM"),
        marked("the recogniser's classifier"),
        marked(
            "The classifier that learns the people: for each of them it finds the flat border in the space of "
            "embeddings that keeps their faces from all others with the widest margin. C is what a face on the wrong "
            "side costs. Other classifiers can be compared with it, and taken instead."
        ),
        menu.TRAIN,
    ),
    GlossaryTerm(
        marked("Training, validation and test faces"),
        marked("to learn from, to test on"),
        marked(
            "Faces are learned from or tested on, never both; several shots of one moment stay on one side, or the "
            "test would be too easy."
        ),
        menu.TRAIN,
    ),
    GlossaryTerm(
        marked("Cross-validation"),
        marked("everybody is tested once"),
        marked(
            "The faces are divided into a few parts; each is tested by a recogniser that learned from the others. So "
            "few photos give a figure as good as many."
        ),
        menu.EVALUATE,
    ),
    GlossaryTerm(
        marked("Confusion matrix"),
        marked("who is taken for whom"),
        marked(
            "A table with a row for who somebody is and a column for who they were taken for. What lies off the "
            "diagonal are errors."
        ),
        menu.EVALUATE,
    ),
    GlossaryTerm(
        marked("Open-set identification"),
        marked("saying unknown"),
        marked(
            "Most people on a photo were never learned. A face gets a name only when it is near enough to somebody; "
            "otherwise it is unknown."
        ),
        menu.IDENTIFY,
    ),
    GlossaryTerm(
        marked("False-accept rate, FPIR"),
        marked("how often a stranger gets a name"),
        marked(
            "Of people it was never shown, how many would be named. You choose it, at 1 in 100 for instance, and the "
            "threshold follows from it. FPIR (false-positive identification rate) is its name in the standards."
        ),
        menu.EVALUATE,
    ),
    GlossaryTerm(
        marked("DIR, FNIR"),
        marked("known people who are named"),
        marked(
            "Of people it knows, how many get their right name at that threshold (detection and identification rate). "
            "FNIR is the rest: those who are missed."
        ),
        menu.EVALUATE,
    ),
    GlossaryTerm(
        marked("Threshold"),
        marked("how sure it must be"),
        marked(
            "The score from which a face gets a name. Stricter means fewer strangers with a name, more known people "
            "who stay unknown."
        ),
        menu.IDENTIFY,
    ),
    GlossaryTerm(
        marked("Sure, likely, unsure, unknown"),
        "",
        marked(
            "How sure a name is. Unknown: below the threshold, and one step of the slider would not change that. "
            "Unsure: one step would decide otherwise, or the name is less than 80\u00a0% probable. Likely: beyond one "
            "step. Sure: the strictest step names it too, and it is at least 95\u00a0% probable."
        ),
        menu.IDENTIFY,
    ),
    GlossaryTerm(
        marked("Likeness (score)"),
        marked("how like somebody a face is"),
        marked(
            "From 0, as like as a stranger on average, to 100, as like as the faces that were learned from. It puts "
            "the classifier's margin, the distance to the person's mean and to their nearest faces into one number, on "
            "one scale with the threshold. It is no probability. Of two faces it is 100 times the cosine of their "
            "embeddings."
        ),
        menu.IDENTIFY,
    ),
    GlossaryTerm(
        marked("Margin (decision value)"),
        marked("on whose side of the border"),
        marked(
            "How far a face lies from the border that the linear SVM drew around a person: above 0 on their side, "
            "below 0 on the others'. Whoever has the largest margin is named."
        ),
        menu.IDENTIFY,
    ),
    GlossaryTerm(
        marked("Calibration, ECE"),
        marked("whether 90\u00a0% means 90\u00a0%"),
        marked(
            "Scores are turned into probabilities that hold: of a hundred answers of 90\u00a0%, about ninety are "
            "right. ECE (expected calibration error) says by how much they miss on average."
        ),
        menu.EVALUATE,
    ),
    GlossaryTerm(
        marked("Verification, 1:1"),
        marked("same person?"),
        marked(
            "Whether two faces are one person, without asking who it is. TAR at FAR is the share of true pairs that "
            "are accepted while at most the named share of false pairs is."
        ),
        menu.VERIFY,
    ),
    GlossaryTerm(
        marked("Clustering"),
        marked("groups"),
        marked(
            "Faces without a name are put together by likeness (agglomerative clustering), so that a name given once "
            "holds for all of a group."
        ),
        menu.PEOPLE,
    ),
    GlossaryTerm(
        marked("Label errors"),
        marked("suspects"),
        marked("Faces that probably have the wrong name: they lie closer to somebody else than to their own person."),
        menu.SUSPECTS,
    ),
    GlossaryTerm(
        marked("Near duplicates"),
        marked("shots of one moment"),
        marked(
            "Pictures that show nearly the same, as bursts and copies do. They count as one where figures are made."
        ),
        menu.SUSPECTS,
    ),
    GlossaryTerm(
        marked("UMAP, t-SNE, PCA"),
        marked("the map of faces"),
        marked(
            "Ways to lay 128 numbers on a flat sheet. UMAP and t-SNE keep neighbours together, but distances between "
            "far groups mean little; PCA keeps directions, but squeezes groups over each other."
        ),
        menu.MAP,
    ),
    GlossaryTerm(
        marked("Nearest neighbours"),
        marked("who looks alike"),
        marked("The faces with the smallest distance to one, found in all 128 numbers, not on the flat map."),
        menu.MAP,
    ),
    GlossaryTerm(
        marked("Quality"),
        marked("fit to tell by"),
        marked(
            "From sharpness, size, pose and light: how far a face can be trusted. Too poor ones are not named and not "
            "learned from."
        ),
        menu.REVIEW,
    ),
    GlossaryTerm(
        marked("Confidence interval"),
        marked("from .. to .. with 95\u00a0% certainty"),
        marked("Where the true figure probably lies: of a hundred intervals found this way, about 95 hold it."),
        menu.EVALUATE,
    ),
    GlossaryTerm(
        marked("Slices"),
        marked("where it is better or worse"),
        marked(
            "The figure for parts of the faces: by size, quality, pose, or how many photos of somebody were learned."
        ),
        menu.EVALUATE,
    ),
)


def find_terms(text: str, terms: Sequence[GlossaryTerm] = TERMS) -> list[GlossaryTerm]:
    """The terms of whose words all words of ``text`` are part: those that are called so, then by the alphabet."""
    needles = text.casefold().split()
    matches = [term for term in terms if all(word in " ".join(term[:3]).casefold() for word in needles)]
    return sorted(matches, key=lambda term: (text.casefold() not in term.term.casefold(), term.term.casefold()))


def show_glossary() -> None:
    """A field to search with, and the terms."""
    text = st.text_input(
        _("Find a word"),
        key=SEARCH_FIELD,
        placeholder=_("Find a word"),
        label_visibility="collapsed",
        icon=":material/search:",
        width=320,
    )
    translated = [_translate(term) for term in TERMS]
    terms = find_terms(text, translated)
    if not terms:
        st.info(_("No such word here."), icon=":material/search:")
    titles = _titles()
    for term in terms:
        with st.container(key=f"term_{translated.index(term)}"):
            plain = f" · {words.plain(term.plain)}" if term.plain else ""
            st.markdown(f"**{words.plain(term.term)}**{plain}  \n{words.plain(term.meaning)}")
            st.page_link(term.page_path, label=words.plain(titles[term.page_path]), icon=":material/arrow_forward:")


def _translate(term: GlossaryTerm) -> GlossaryTerm:
    # There is nothing to translate in "": gettext has the head of its catalogue there.
    plain = _(term.plain) if term.plain else ""
    return term._replace(term=_(term.term), plain=plain, meaning=_(term.meaning))


def _titles() -> Mapping[str, str]:
    return {entry.script: _(entry.title) for entry in menu.ENTRIES}
