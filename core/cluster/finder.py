"""Finding faces on the nodes of a Ray cluster: the same answers as ``LocalFinder``, from many machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from core.base.machine import MEMORY_SHARE, Pace, free_memory_bytes
from core.base.progress import Progress
from core.base.settings import Settings
from core.cluster.connection import connected
from core.cluster.node import FaceWork, LoadPipeline, NodeOrder
from core.cluster.pool import BATCHES_A_WORKER, BATCHES_AHEAD, Poisoned, WorkerPool, count_workers, threads_of_worker
from core.cluster.versions import read_versions
from core.vision.models import catalogue
from core.workflows.photos.face_finding import AnsweredPhoto, Batch, PhotoQuestion, refuse_photo


@dataclass(frozen=True)
class ClusterFinder:
    """Finds faces with the vectors of ``model_id``, on workers with ``settings.threads`` processors each or fewer."""

    settings: Settings
    model_id: str
    load: LoadPipeline
    """``services.load_pipeline``."""
    decodes: bool = True

    def fit_pace(self, pace: Pace) -> Pace:
        """Files for all workers at once, within the same share of this machine's memory. Raises ClusterUnavailable."""
        with connected(self.settings.ray_address):
            n_batches = count_workers(threads_of_worker(self.settings.threads)) * (BATCHES_A_WORKER + BATCHES_AHEAD)
        # The reader takes half of its bytes for one batch at most, and knows of one or two of all that are in hand.
        most = free_memory_bytes() // MEMORY_SHARE
        return replace(pace, bytes_in_flight=min(pace.bytes_in_flight, 2 * most // max(1, n_batches)))

    def stream_faces(
        self,
        batches: Iterable[tuple[Batch, Sequence[PhotoQuestion]]],
        enough_px: int | None,
        progress: Progress,
        *,
        portraits: bool = False,
    ) -> Iterator[tuple[Batch, list[AnsweredPhoto]]]:
        """See ``FaceFinder``."""
        with connected(self.settings.ray_address) as watch:
            order = self._order()
            pool = WorkerPool[PhotoQuestion, AnsweredPhoto](
                order, read_versions(order.settings, order.network_ids), watch
            )
            work = FaceWork(enough_px, portraits)
            asked = (((batch, questions), questions) for batch, questions in progress.until_cancelled(batches))
            # Its workers end before the connection does, also where the rest is not asked for.
            with closing(pool.stream(work, asked, progress)) as stream:
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
            # Without the database and its password: nodes have nothing to do with it.
            settings=replace(self.settings, database_url=""),
            model_id=self.model_id,
            network_ids=(catalogue.DETECTOR.id, catalogue.find_vectors_model(self.model_id).id),
            threads=threads_of_worker(self.settings.threads),
        )
