"""What the numbers cannot say, in plain words and from the numbers themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.base.types import TRUSTED_GRADE
from core.base.words import count, format_interval, format_people_count, format_strangers_share, percent
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.learn.metrics.run_values import RunThreshold, describe_update
from core.report.content import Bullets, Paragraph, Section
from core.report.material import ReportMaterial

FEW_TESTED = 3
"""Below so many tested faces a person's own rates mean little."""
WIDE = 0.05
"""An interval of the accuracy that is this wide is said to be wide."""
SMALL_PX = 40
MANY_UNKNOWN = 0.1
DISHONEST = 0.03
"""An error of the probabilities (ECE) from which on it is warned of."""

FOR_ALL = marked(
    "The tested photos come from the same collection as the learned ones. On photos of other cameras, years, ages or "
    "moods it will be right less often than this report says."
)
DECIDE = marked(
    "Do not decide about people by this report or by the recogniser. A likeness is a hint to look at, not a proof of "
    "who somebody is: strangers who look alike can get a name, known people can be missed, and errors are not spread "
    "evenly. The networks were trained mostly on photos of adult celebrities; expect more errors on children, old "
    "scans and groups that those photos hardly show. Faces are biometric data: in many countries you need the consent "
    "of the people shown, or another legal ground, to process them or to pass this report on."
)


def limitations_section(material: ReportMaterial) -> Section:
    """Everything that makes the figures less than they look."""
    # From what holds of this run alone to what holds of every run.
    sentences = (*_on_the_data(material), *_on_strangers(material), *_on_the_faces(material), _(FOR_ALL))
    return Section("limits", _("Limits"), (Bullets(sentences), Paragraph(_(DECIDE), strong=True)))


def _on_the_data(material: ReportMaterial) -> Iterator[str]:
    result, run = material.predictions.evaluation, material.run
    low, high = result.accuracy_ci95
    if high - low > WIDE:
        yield ngettext(
            "Only {number} face could be tested, so the accuracy is anything from {interval}.",
            "Only {number} faces could be tested, so the accuracy is anything from {interval}.",
            result.n_test,
            interval=format_interval(low, high),
        )
    supports = np.array([row.support for row in result.per_person])
    few = int(np.count_nonzero((supports > 0) & (supports < FEW_TESTED)))
    if few:
        yield _(
            "{people} had fewer than {least} tested faces; their own rates mean little.",
            people=format_people_count(few),
            least=FEW_TESTED,
        )
    if untested := int(np.count_nonzero(supports == 0)):
        yield _(
            "{people} had no face to be tested on: nothing is known about them.", people=format_people_count(untested)
        )
    if left_out := len(run.params.left_out):
        yield _(
            "{people} took no part; the recogniser does not know them and may give them another's name.",
            people=format_people_count(left_out),
        )
    if result.ece > DISHONEST:
        yield _(
            "Its probabilities are off by {percentage} in the mean; read them as a rough order.",
            percentage=percent(result.ece),
        )
    yield from _on_what_changed(material)
    if run.params.imported is not None:
        yield _("It was trained on another computer: its photos and faces are not here to be shown or measured again.")
    elif material.faces.n_missing:
        yield ngettext(
            "{number} face of the run left the dataset since and cannot be shown.",
            "{number} faces of the run left the dataset since and cannot be shown.",
            material.faces.n_missing,
        )
    if material.study is None:
        yield _("It was measured on one division of the photos. Another one would give somewhat other figures.")


def _on_what_changed(material: ReportMaterial) -> Iterator[str]:
    if material.stale:
        yield _("Photos or names changed since the training. The report tells of what was learned then.")
    if material.run.params.updated is not None:
        yield describe_update(material.run.params.updated)


def _on_strangers(material: ReportMaterial) -> Iterator[str]:
    threshold, predictions = material.run.params.threshold, material.predictions
    if threshold.from_prior:
        yield _describe_prior_limit(threshold, material.run.metrics.n_people)
    else:
        broken = [
            percent(operating_point.fpir)
            for operating_point in material.operating_points
            if not operating_point.enough_data
        ]
        if broken:
            yield _(
                "With {people} as strangers these rates cannot be promised: {rates}. The limits for them are as strict "
                "as the data allow, and more may pass.",
                people=format_people_count(threshold.n_impostor_people),
                rates=", ".join(broken),
            )
    # Of known people at the threshold in use: whoever is called unknown here is missed, however good the accuracy is.
    unknown = predictions.count_unknown(threshold.score) / len(predictions.scores)
    if unknown > MANY_UNKNOWN:
        yield _(
            "{percentage} of the known faces would be called unknown. That is many: some photos may lie under the "
            "wrong name.",
            percentage=percent(unknown),
        )


def _describe_prior_limit(threshold: RunThreshold, n_people: int) -> str:
    people, share = format_people_count(n_people), format_strangers_share(threshold)
    if tried := threshold.n_impostor_people:
        return _(
            '{people} are too few to learn when to say "unknown" from them alone. The limit was measured with the '
            "model on other photos, and {strangers} tried as strangers moved it: {share} of strangers would get a "
            "name.",
            people=people,
            strangers=format_people_count(tried),
            share=share,
        )
    return _(
        '{people} are too few to learn when to say "unknown" from them alone. The limit was measured with the '
        "model on other photos, and not on these: {share} of strangers would get a name.",
        people=people,
        share=share,
    )


def _on_the_faces(material: ReportMaterial) -> Iterator[str]:
    faces = material.faces
    if small := int(np.count_nonzero(faces.sizes_px < SMALL_PX)):
        yield ngettext(
            "{small} of {number} tested face are narrower than {pixels} pixels; such faces are recognised less surely.",
            "{small} of {number} tested faces are narrower than {pixels} pixels; such faces are recognised less "
            "surely.",
            len(faces.sizes_px),
            small=count(small),
            pixels=SMALL_PX,
        )
    if poor := int(np.count_nonzero(faces.grades < TRUSTED_GRADE)):
        yield ngettext(
            "{poor} of {number} tested face are of poor quality (below {percentage}).",
            "{poor} of {number} tested faces are of poor quality (below {percentage}).",
            len(faces.grades),
            poor=count(poor),
            percentage=percent(TRUSTED_GRADE),
        )
    if taking_no_part := sum(entry.faces for entry in material.run.params.gated or ()):
        yield ngettext(
            "{number} face took no part, mostly for their quality: the figures hold for faces as good as those that "
            "were taken.",
            "{number} faces took no part, mostly for their quality: the figures hold for faces as good as those that "
            "were taken.",
            taking_no_part,
        )
