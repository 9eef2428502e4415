"""Where a dataset stands on the way from photos to names, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.store.job_model import Job, JobKind
from core.store.values.datasets import Counts, Dataset
from core.store.values.runs import Run
from core.ui import data, jobs, menu, words
from core.ui.access import offers

STEPS = (marked("Photos in"), marked("Named"), marked("Checked"), marked("Trained"))


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one step that a dataset's card and its pages offer."""

    label: str
    page: str
    why: str


def next_dataset_step(counts: Counts, run: Run | None, revision: int, jobs_of_it: list[Job]) -> NextStep:
    """What to do next with a dataset."""
    # The order is the way through the app: each step is offered when all before it are done. What runs comes first.
    active = next((job for job in jobs_of_it if job.state.active), None)
    if active is not None:
        return NextStep(_("Watch the work"), jobs.PAGES[active.kind], _("Work is in progress."))
    if not counts.photos:
        return NextStep(_("Add photos"), menu.INGEST, _("It is empty."))
    if not counts.faces:
        return NextStep(_("Add photos"), menu.INGEST, _("No face was found in its photos."))
    # Two people are the fewest that can be told apart; one face alone makes no group. Of faces that wait for a name in
    # their majority, what was named says too little to learn from first.
    mostly_unnamed = run is None and counts.unnamed_faces > counts.faces / 2
    if (counts.people < 2 or mostly_unnamed) and counts.unnamed_faces > 1:
        return NextStep(
            _("Name the faces"),
            menu.CLUSTERS,
            ngettext(
                "{number} of its faces has no name yet.",
                "{number} of its faces have no name yet.",
                counts.unnamed_faces,
            ),
        )
    if counts.people < 2:
        reason = (
            _("Nobody has a name yet.") if not counts.people else _("It knows one person; telling apart takes two.")
        )
        return NextStep(_("Add photos"), menu.INGEST, reason)
    if run is None:
        return NextStep(_("Train"), menu.TRAIN, _("Its faces are ready to learn from."))
    if run.revision != revision:
        return NextStep(_("Train"), menu.TRAIN, _("Photos or names changed since it was trained."))
    return NextStep(_("Who is this?"), menu.IDENTIFY, _("It is ready to use."))


def find_offered_step(dataset: Dataset, step: NextStep, run: Run | None) -> NextStep:
    """The next step where whoever acts may take it; else what there is to do for who may only look."""
    if offers.may(menu.action_of(step.page), dataset.id):
        return step
    why = _("It was shared with you, to look at.")
    return NextStep(_("Who is this?"), menu.IDENTIFY, why) if run else NextStep(_("People"), menu.PEOPLE, why)


def describe_faces(counts: Counts) -> str:
    """How many faces there are, and how many of them wait for a name where others have one."""
    faces = ngettext("{number} face", "{number} faces", counts.faces)
    # Where nobody has a name, that is said instead.
    if not (counts.unnamed_faces and counts.people):
        return faces
    return _("{faces} ({unnamed} without a name)", faces=faces, unnamed=words.count(counts.unnamed_faces))


def find_next_step(dataset: Dataset) -> NextStep:
    """What to do next with a dataset, whatever runs just now."""
    run = data.newest_run(dataset)
    return next_dataset_step(data.dataset_counts(dataset.id, dataset.revision), run, dataset.revision, [])


def done_steps(counts: Counts, run: Run | None, jobs_of_it: list[Job]) -> tuple[bool, ...]:
    """Which of ``STEPS`` are behind it."""
    looked_over = any(job.kind in (JobKind.SUSPECTS, JobKind.CLUSTER) and job.finished for job in jobs_of_it)
    is_named = counts.people >= 2 and counts.unnamed_faces <= counts.faces / 2
    # A training measures itself, and its recogniser can be used at once: it is the last step.
    return counts.faces > 0, is_named, looked_over, run is not None
