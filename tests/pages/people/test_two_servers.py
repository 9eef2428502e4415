"""Two app processes on one database: what is corrected in one is there with the next run of a page in the other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.services import Services
from core.vision.engine.openvino import OpenVinoEngine
from tests.conftest import new_data_dir
from tests.pages.conftest import app_services, texts
from tests.pages.people.test_people import PEOPLE, name_field, person_of, rename
from tests.postgresql import running_server
from tests.stored_faces import add_faces

OTHER_APP = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=300)
app.query_params["person"] = sys.argv[2]
app.run()
app.switch_page(sys.argv[1]).run()
for line in sys.stdin:
    name = line.strip()
    field = next(field for field in app.text_input if field.label == "Name")
    (field.set_value(name) if name else app).run()
    assert not app.exception, app.exception
    print("name:", next(field for field in app.text_input if field.label == "Name").value, flush=True)
"""


@pytest.fixture
def shared(models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: OpenVinoEngine) -> Services:
    """The app's services; the database is on a server."""
    monkeypatch.setenv("FACE_ATLAS_DATABASE_URL", running_server().new_database())
    return app_services(new_data_dir(models_dir, tmp_path / "data"), monkeypatch, engine)


@pytest.fixture
def other_app(shared: Services) -> Iterator[Callable[[str], str]]:
    """Another process with the same page: runs it again, by giving a name or nothing; the name that it shows then."""
    dataset = add_faces(shared, "Family", {"Ann": 3, "Bob": 3})
    command = [sys.executable, "-c", OTHER_APP, PEOPLE, str(person_of(shared, dataset, "Ann").id)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=Path(__file__).parents[3], env=dict(os.environ), **pipes) as process:

        def run_again(name: str = "") -> str:
            process.stdin.write(f"{name}\n")
            process.stdin.flush()
            return next(line for line in process.stdout if line.startswith("name:")).removeprefix("name:").strip()

        yield run_again
        process.stdin.close()


def test_each_of_two_apps_shows_the_others_correction_with_its_next_run(
    shared: Services, other_app: Callable[[str], str], open_page: Callable[..., AppTest]
) -> None:
    (dataset,) = shared.store.datasets()
    app = open_page(PEOPLE, person=str(person_of(shared, dataset, "Ann").id))
    assert (name_field(app).value, other_app("")) == ("Ann", "Ann")
    rename(app, "Anna")
    assert other_app("") == "Anna"
    assert other_app("Anne") == "Anne"
    assert name_field(app.run()).value == "Anne"
    shared.store.engine.dispose()


def test_privacy_says_that_names_are_on_a_server(shared: Services, open_page: Callable[..., AppTest]) -> None:
    told = texts(open_page("pages/system/privacy.py"))
    assert "names, vectors and corrections in a database on a server" in told
    assert "log and backups keep of who was erased is up to whoever keeps it" in told
    shared.store.engine.dispose()
