"""Finding faces on the nodes of a Ray cluster: the same answers as ``LocalFinder``, from many machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace

from core.archives.source import ReachableFile
from core.base.machine import MEMORY_SHARE, Pace, free_memory_bytes
from core.base.progress import Progress
from core.base.settings import Settings
from core.cluster.connection import connected
from core.cluster.holding import HoldingNodes
from core.cluster.node import FaceWork, LoadPipeline, NodeOrder
from core.cluster.pool import (
    BATCHES_A_WORKER,
    BATCHES_AHEAD,
    Poisoned,
    WorkerPool,
    computing_nodes,
    count_workers,
    threads_of_worker,
)
from core.cluster.versions import read_versions
from core.vision.models import catalogue
from core.workflows.photos.face_finding import AnsweredPhoto, Batch, KeepFiles, PhotoQuestion, refuse_photo
from core.workflows.photos.photo_reader import HeldFile


@dataclass
class ClusterFinder:
    """Finds faces with the vectors of ``model_id``, on workers with ``settings.threads`` processors each or fewer."""

    settings: Settings
    model_id: str
    load: LoadPipeline
    """``services.load_pipeline``."""
    decodes: bool = True
    batches_in_hand: int = 1
    """Of the bytes of the others ``fit_pace`` knows."""
    _keep: KeepFiles | None = field(default=None, init=False)
    _holding: HoldingNodes | None = field(default=None, init=False)
    """While faces are looked for."""

    def fit_pace(self, pace: Pace) -> Pace:
        """Files for all workers at once, within the same share of this machine's memory. Raises ClusterUnavailable."""
        with connected(self.settings.ray_address):
            n_workers = count_workers(threads_of_worker(self.settings.threads))
        n_batches = n_workers * (BATCHES_A_WORKER + BATCHES_AHEAD)
        # The reader takes half of its bytes for one batch at most, and knows of one or two of all that are in hand.
        most = free_memory_bytes() // MEMORY_SHARE
        bytes_in_flight = min(pace.bytes_in_flight, 2 * most // max(1, n_batches))
        # Nothing is decoded here, and whoever waits for a store or a node takes no processor.
        return replace(pace, threads=max(pace.threads, n_workers), bytes_in_flight=bytes_in_flight)

    def hold_files(self, keep: KeepFiles) -> Callable[[ReachableFile], HeldFile | None]:
        """See ``FaceFinder``."""
        self._keep = keep
        return lambda file: self._holding.hold(file) if self._holding is not None else None

    def stream_faces(
        self,
        batches: Iterable[tuple[Batch, Sequence[PhotoQuestion]]],
        enough_px: int | None,
        progress: Progress,
        *,
        portraits: bool = False,
    ) -> Iterator[tuple[Batch, list[AnsweredPhoto]]]:
        """See ``FaceFinder``."""
        with ExitStack() as stack:
            watch = stack.enter_context(connected(self.settings.ray_address))
            if self._keep is not None:
                self._holding = stack.enter_context(closing(HoldingNodes(watch, computing_nodes())))
            order = self._order()
            pool = WorkerPool[PhotoQuestion, AnsweredPhoto](
                order, read_versions(order.settings, order.network_ids), watch
            )
            work = FaceWork(enough_px, portraits, self._keep)
            batches_with_questions = (
                ((batch, questions), questions) for batch, questions in progress.until_cancelled(batches)
            )
            # Its workers end before the connection does, also where the rest is not asked for.
            with closing(pool.stream(work, batches_with_questions, progress)) as stream:
                for (batch, questions), answers in stream:
                    yield (
                        batch,
                        [
                            refuse_photo(question.photo, answer.reason) if isinstance(answer, Poisoned) else answer
                            for question, answer in zip(questions, answers, strict=True)
                        ],
                    )

    def _order(self) -> NodeOrder:
        return NodeOrder(
            load=self.load,
            # Without the database's password and the data folder's key: nodes have nothing to do with them.
            settings=replace(self.settings, database_url="", secret=""),
            model_id=self.model_id,
            network_ids=(catalogue.DETECTOR.id, catalogue.find_vectors_model(self.model_id).id),
            threads=threads_of_worker(self.settings.threads),
        )
