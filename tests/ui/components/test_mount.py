"""How the components' modules come to the browser: an address that changes with them, and files that are all there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit import config
from streamlit.components.v2.component_manager import BidiComponentManager

from core.language.languages import LANGUAGES
from core.language.texts import speaking
from core.ui.components import mount
from core.ui.components.browser_words import BrowserWords

SOURCES = sorted(mount.BROWSER_FOLDER.parent.glob("*.py"))
MODULES = sorted(mount.BROWSER_FOLDER.rglob("*.js"))
IMPORTED = re.compile(r'^import\b[^;"]*?\bfrom "([^"]+)";', re.M)


@pytest.fixture(autouse=True)
def _version_of_each_test() -> Iterator[None]:
    mount.modules_version.cache_clear()
    yield
    mount.modules_version.cache_clear()


def test_other_modules_have_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shared").mkdir()
    module = tmp_path / "shared/text.js"
    module.write_text("export const one = 1;")
    monkeypatch.setattr(mount, "BROWSER_FOLDER", tmp_path)
    address = mount.modules_address()
    assert re.fullmatch(r"/_stcore/bidi-components/face_atlas\.[0-9a-f]{12}/", address)
    module.write_text("export const one = 2;")
    mount.modules_version.cache_clear()
    assert mount.modules_address() != address
    module.write_text("export const one = 1;")
    mount.modules_version.cache_clear()
    assert mount.modules_address() == address


def test_the_address_lies_below_that_of_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "get_option", {"server.baseUrlPath": "/faces/"}.get)
    assert mount.modules_address().startswith("/faces/_stcore/bidi-components/face_atlas.")


def test_the_server_answers_with_the_folder_and_a_component_with_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    manager, registered = BidiComponentManager(), {}
    monkeypatch.setattr(mount, "get_bidi_component_manager", lambda: manager)
    monkeypatch.setattr(mount.st.components.v2, "component", lambda name, **parts: registered.update(parts))
    mount.register_component("some", "<p></p>", module="paste.js", style="paste.css")
    package = mount.modules_address().split("/")[-2]
    assert manager.get(package) is not None
    assert manager.get_component_path(package) == str(mount.BROWSER_FOLDER)
    assert registered["html"] == "<p></p>"
    assert 0 <= registered["css"].index("--ink:") < registered["css"].index("p {")
    assert f'"{mount.modules_address()}paste.js"' in registered["js"]
    mount.register_component("some", module="scatter/cards.js")
    assert registered["css"] is None


def test_a_component_that_speaks_has_its_words_before_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    registered, drawn = {}, {}

    def register(name: str, **parts: object) -> Callable[..., None]:
        registered.update(parts)
        return lambda **options: drawn.update(options)

    monkeypatch.setattr(mount.st.components.v2, "component", register)
    draw = mount.register_component("some", module="boxes.js", words=BrowserWords(("Zoom in",)))
    with speaking(LANGUAGES["de"]):
        draw(key="one", data={"boxes": []})
    words = {"language": "de", "decimal_sign": ",", "texts": {"Zoom in": "Vergrößern"}}
    assert drawn == {"key": "one", "data": {"boxes": [], "words": words}}
    assert f'"{mount.modules_address()}shared/words.js"' in registered["js"]
    assert 0 < registered["js"].index("speak(component.data.words)") < registered["js"].index("module.default(")


def test_every_file_that_a_component_names_is_there() -> None:
    named = {name for path in SOURCES for name in re.findall(r'(?:module|style)="([^"]+)"', path.read_text("utf-8"))}
    assert {"scatter/map.js", "scatter/map.css", "picker.js", "lookups/deal.js"} <= named
    assert {name for name in named if not (mount.BROWSER_FOLDER / name).is_file()} == set()


def test_every_import_of_a_module_is_a_file_of_the_folder() -> None:
    imports = [(path, name) for path in MODULES for name in IMPORTED.findall(path.read_text("utf-8"))]
    assert len(imports) > 40
    stray = [
        f"{path.name} imports {name}"
        for path, name in imports
        if not (target := (path.parent / name).resolve()).is_file() or not target.is_relative_to(mount.BROWSER_FOLDER)
    ]
    assert stray == []
