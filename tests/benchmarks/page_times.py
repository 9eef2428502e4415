"""How long pages of a dataset take, in processor seconds of the page's process::

    FACE_ATLAS_DATA=DIR python -m tests.benchmarks.page_times DATASET [PAGE ...]

Each page is run without a browser three times: the first time in the process, once more with everything that is kept
warm, and after a correction (a face is confirmed, and that is taken back at the end). What the browser draws is not in
it. Peak memory is the process's, after all pages.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

os.environ["FACE_ATLAS_WORKER"] = "external"

from streamlit.testing.v1 import AppTest

from core.corrections.model import Editor
from core.ui import data, menu
from core.workflows.labels.correct import Corrector

ROOT = Path(__file__).parents[2]
LONGEST_S = 300
EDITOR = Editor("benchmark", "page times")
PAGES = {
    "Home": menu.HOME,
    "People": menu.PEOPLE,
    "Name the faces": menu.CLUSTERS,
    "Map of faces": menu.MAP,
    "Suspects": menu.SUSPECTS,
    "Look them over": menu.REVIEW,
    "Who is this?": menu.IDENTIFY,
    "Same person?": menu.VERIFY,
    "Many photos": menu.BATCH,
    "Train": menu.TRAIN,
    "How good is it?": menu.EVALUATE,
    "Add photos": menu.INGEST,
    "Export and import": menu.EXCHANGE,
    "Work": menu.JOBS,
    "About": menu.ABOUT,
}


def open_app(dataset_id: str) -> AppTest:
    """A tab on the app's first page."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=LONGEST_S)
    app.query_params["dataset"] = dataset_id
    return app.run()


def time_page(app: AppTest, page: str) -> float:
    """Open a page; the processor seconds of its run. Raises AssertionError when it fails."""
    app.switch_page(str(ROOT / page))
    began = time.process_time()
    app.run()
    took = time.process_time() - began
    assert not app.exception, app.exception
    return took


def measure_pages(dataset_id: str, names: list[str]) -> None:
    """Print a row a page: first, warm, after a correction."""
    services = data.services()
    corrector = Corrector(store=services.store, log=services.log, dataset_id=dataset_id, editor=EDITOR)
    face_ids = services.store.face_table(dataset_id, next(iter(services.store.names(dataset_id)))).face_ids[:1]
    print("| page | first | warm | after a correction |\n|---|--:|--:|--:|", flush=True)
    for name in names:
        app = open_app(dataset_id)
        times = [time_page(app, PAGES[name]) for _ in range(2)]
        corrector.confirm(face_ids)
        times.append(time_page(app, PAGES[name]))
        corrector.undo()
        print(f"| {name} | {' | '.join(f'{seconds:.2f}' for seconds in times)} |", flush=True)
    print(f"Peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    asked_id, *asked_pages = sys.argv[1:]
    measure_pages(asked_id, asked_pages or list(PAGES))
