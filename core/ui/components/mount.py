"""How a component of our own comes onto a page: its html, its style sheet and its module, which lie in ``browser``.

Streamlit runs a component's script from an address of its own making, from which no other file can be reached. So the
script that it gets only imports the component's module, and all modules are files that Streamlit itself answers with,
as for a component that is a package. They import each other as anywhere, and each is loaded once: what one component
has to say to another is exported by a module. A new version of any has a new address, so that no browser mixes two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import config
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

from core.ui.components.browser_words import BrowserWords, words_for_reader

BROWSER_FOLDER = Path(__file__).parent / "browser"
_BASE = "shared/base.css"
_PACKAGE = "face_atlas"


def register_component(
    name: str, html: str = "", *, module: str, style: str | None = None, words: BrowserWords | None = None
) -> Callable[..., Any]:
    """Register a component; call what comes back to draw it.

    Parameters
    ----------
    module, style : files of the folder ``browser``; the module's default function draws the component
    words : what that module and those that it imports say
    """
    # At every registration, as modules are imported in no order that could be relied on; it does no harm twice.
    serve_modules(get_bidi_component_manager())
    # They come with each component: it is drawn in a shadow root, where style sheets of the page do not reach.
    css = "\n".join(map(_read, (_BASE, style))) if style else None
    component = st.components.v2.component(name, html=html, css=css, js=_importing(module, speaks=words is not None))
    return component if words is None else _with_words(component, words)


def _with_words(component: Callable[..., Any], words: BrowserWords) -> Callable[..., Any]:
    def mount(*, data: Mapping[str, Any], **options: Any) -> Any:
        return component(data={**data, "words": words_for_reader(words)}, **options)

    return mount


def _read(file_name: str) -> str:
    return (BROWSER_FOLDER / file_name).read_text(encoding="utf-8")


def _importing(module: str, *, speaks: bool) -> str:
    """The script that Streamlit runs; a module that speaks gets its words before it draws."""
    script = f"const module = await {_import_of(module)};\n"
    if not speaks:
        return f"{script}export default module.default;\n"
    return (
        f"{script}const {{ speak }} = await {_import_of('shared/words.js')};\n"
        "export default (component) => {\n  speak(component.data.words);\n  return module.default(component);\n};\n"
    )


def _import_of(module: str) -> str:
    # The script's own address is a blob's, against which no relative one can be resolved: hence the page's origin.
    return f'import(new URL("{modules_address()}{module}", location.origin))'


def modules_address() -> str:
    """Where the server has the folder ``browser``, from its root, with a slash at the end."""
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    return f"{'/' + base if base else ''}/_stcore/bidi-components/{_PACKAGE}.{modules_version()}/"


@cache
def modules_version() -> str:
    """Tells these modules from those of before and after them."""
    content = hashlib.sha256()
    # All modules as one: they import each other by relative addresses, so a new one of any needs a new folder for all.
    # Names count too, for a module that is only renamed; sorted, as a folder is listed in no order.
    for path in sorted(BROWSER_FOLDER.rglob("*.js")):
        content.update(f"{path.relative_to(BROWSER_FOLDER).as_posix()}\n".encode() + path.read_bytes())
    return content.hexdigest()[:12]


def serve_modules(manager: BidiComponentManager) -> None:
    """Let a server answer with the modules, as with those of a package that has such a manifest."""
    manifest = ComponentManifest(_PACKAGE, "", [ComponentConfig(modules_version(), asset_dir=BROWSER_FOLDER.name)])
    manager.register_from_manifest(manifest, BROWSER_FOLDER.parent)


def ignore_change() -> None:
    """Do nothing: Streamlit asks for a callback for every value that is to come back."""
