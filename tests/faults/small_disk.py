"""What a user does on a disk that gets full, on a real one of 60 MB; run by ``test_full_disk.py`` where it is mounted.

Prints one JSON document: what each step came to.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from core.__main__ import main
from core.base.settings import Settings
from core.services import Services
from tests.conftest import PROJECT_DIR, new_data_dir
from tests.waiting import LONGEST_S

BLOCK_BYTES = 1 << 16


def command(*words: object) -> dict[str, Any]:
    """A command's exit status and what it says."""
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        status = main([*map(str, words)])
    return {"status": status, "told": told.getvalue()}


def fill(path: Path) -> None:
    """Take the last byte of the disk."""
    with path.open("ab", buffering=0) as ballast:
        for size in (BLOCK_BYTES, 1):
            with contextlib.suppress(OSError):
                while ballast.write(bytes(size)):
                    pass


def state(data_dir: Path) -> dict[str, Any]:
    """What a newly started program sees."""
    services = Services(Settings(data_dir))
    names = [dataset.name for dataset in services.store.datasets()]
    jobs = [(job.kind, job.state, job.error) for job in services.jobs.jobs()]
    files = sum(1 for path in services.settings.artifacts_dir.rglob("*") if path.is_file())
    services.store.engine.dispose()
    return {"datasets": names, "jobs": jobs, "files": files}


def people(data_dir: Path, dataset: str) -> list[str]:
    services = Services(Settings(data_dir))
    names = [person.name for person in services.store.people(services.store.dataset(dataset).id)]
    services.store.engine.dispose()
    return names


def dialog(name: str) -> None:
    """What the page's own dialog holds, drawn as a page: AppTest cannot press the buttons of a dialog."""
    from core.ui import data
    from core.ui.home import cards

    shown = [dataset for dataset in data.services().store.datasets() if dataset.name == name]
    for dataset in shown:
        cards._ask_whether_to_delete(dataset)


def erase_on_the_page(name: str) -> dict[str, Any]:
    """Home is opened, and "Erase it" pressed."""
    app = AppTest.from_file(str(PROJECT_DIR / "app.py"), default_timeout=LONGEST_S).run()
    told = [str(each.value) for each in (*app.exception, *app.error)]
    shown = any(name in each.value for each in app.markdown)
    asked = AppTest.from_function(dialog, args=(name,), default_timeout=LONGEST_S).run()
    pressed = next(button for button in asked.button if button.label == "Erase it").click().run()
    told += [str(each.value) for each in (*asked.exception, *asked.error, *pressed.exception, *pressed.error)]
    return {"shown": shown, "told": told}


def live_on(disk: Path, models_dir: Path, photos: list[Path]) -> dict[str, Any]:
    """Two datasets come in, the disk gets full, more is asked for, and both are deleted."""
    data_dir = new_data_dir(models_dir, disk / "data")
    os.environ |= {"FACE_ATLAS_DATA": str(data_dir), "FACE_ATLAS_WORKER": "external"}
    steps: dict[str, Any] = {}
    for name, photo in zip(("One", "Two"), photos[:2], strict=True):
        steps[name] = command("ingest", photo, "--dataset", name, "--data", data_dir)
    steps["reserve"] = (data_dir / "reserve").stat().st_size
    fill(disk / "ballast")
    steps["ingest"] = command("ingest", photos[2], "--dataset", "Three", "--data", data_dir)
    fill(disk / "ballast")
    steps["opened"] = state(data_dir)
    fill(disk / "ballast")
    steps["page"] = erase_on_the_page("One")
    steps["after page"] = state(data_dir)
    fill(disk / "ballast")
    steps["person"] = command("erase", *people(data_dir, "Two")[:1], "--dataset", "Two", "--data", data_dir)
    steps["people"] = people(data_dir, "Two")
    fill(disk / "ballast")
    steps["command"] = command("erase", "--whole-dataset", "--dataset", "Two", "--data", data_dir)
    steps["afterwards"] = state(data_dir)
    (disk / "ballast").unlink()
    steps["again"] = command("ingest", photos[0], "--dataset", "Four", "--data", data_dir)
    steps["reserve again"] = (data_dir / "reserve").stat().st_size
    return steps


if __name__ == "__main__":
    folder, models, *archives = map(Path, sys.argv[1:])
    print(json.dumps(live_on(folder, models, archives)))
