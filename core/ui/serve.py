"""Starts the app: ``python -m core.ui.serve [--server.port 8501 ...]``.

``streamlit run app.py`` puts no gate (``core.ui.gate``) before its routes. And since there is a folder ``pages``,
Streamlit takes the app for one of its older kind until a first visit has called ``st.navigation``, and greets a link to
any page but the first with "Page not found". Here it is told beforehand.
"""

from __future__ import annotations

import logging
import os
import sys
from http import HTTPStatus
from pathlib import Path

from streamlit import config, file_util
from streamlit import logger as streamlit_logger
from streamlit.runtime import Runtime
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.secrets import secrets_singleton as secrets
from streamlit.web import cli
from streamlit.web.server.starlette import starlette_server
from streamlit.web.server.starlette.starlette_app import create_starlette_app
from uvicorn import config as uvicorn_config

from core.base.errors import FaceAtlasError
from core.base.logs import hand_to_root, write_json_lines
from core.base.passphrase import ask_at_start
from core.base.privacy import restrict_new_files
from core.base.settings import find_data_dir, settings_from_env
from core.store.encryption.keyring import is_encrypted
from core.ui.components.mount import modules_address, serve_modules
from core.ui.gate import (
    OPEN,
    OPEN_ANSWER,
    AsgiApp,
    Gate,
    Hosts,
    Message,
    Receive,
    Scope,
    Send,
    check_address,
    inline_script_sources,
    response_headers,
)
from core.ui.monitoring.freed_memory import start_giving_back
from core.ui.monitoring.routes import monitor

APP = Path(__file__).parents[2] / "app.py"
CACHED_FOREVER = (b"cache-control", b"private, max-age=31536000, immutable")


def create_guarded_app(runtime: Runtime) -> AsgiApp:
    """Streamlit's application behind the gate; called when the settings are read and before a port is opened."""
    opened = os.environ.get(OPEN)
    try:
        providers = find_sign_in_providers()
        if not providers:
            check_address(config.get_option("server.address"), opened)
    except FaceAtlasError as refusal:
        sys.exit(f"Refused: {refusal}")
    # Read before it is emptied: Streamlit's own check knows no numeric addresses, and the gate stands before it.
    names = tuple(config.get_option("server.allowedHosts"))
    config.set_option("server.allowedHosts", [])
    serve_modules(runtime.bidi_component_registry)
    app = cache_modules(create_starlette_app(runtime), modules_address())
    if providers:
        from core.ui.access.entrance import put_door_before

        app, own_name = put_door_before(app, runtime, providers)
        names = (*names, own_name)
    start_giving_back()
    # Before the door: a proxy asks how the server is, and signs in nowhere.
    app = monitor(app, runtime)
    hosts = Hosts(names, opened == OPEN_ANSWER)
    # Its scripts are let by their hashes, read here from the very file that is served: an update needs no new list.
    index = Path(file_util.get_static_dir(), "index.html").read_text(encoding="utf-8")
    return Gate(app, hosts, response_headers(inline_script_sources(index)))


def _let_streamlit_log_as_others() -> None:
    """Its loggers, and those of the server below it, write by themselves; those that come later would too."""
    # The server configures its loggers by this when it starts.
    uvicorn_config.LOGGING_CONFIG["loggers"] = {}
    streamlit_logger.setup_formatter = lambda logger: hand_to_root([logger])
    hand_to_root(logging.getLogger(name) for name in tuple(logging.root.manager.loggerDict))


def find_sign_in_providers() -> tuple[str, ...]:
    """By whom people sign in. Without a file of roles and a section of secrets nothing is loaded to find that out."""
    if not settings_from_env().access_file.exists() and not secrets.load_if_toml_exists():
        return ()
    from core.ui.access.configuration import sign_in_providers

    return sign_in_providers(settings_from_env().access_file)


def cache_modules(app: AsgiApp, address: str) -> AsgiApp:
    """Let browsers keep the components' modules, whose address is another when they are; Streamlit has them come anew.

    Parameters
    ----------
    address : what the paths of the modules begin with
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_to_keep(message: Message) -> None:
            # A refusal or a missing file must not be kept for a year.
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
                sent = [header for header in message["headers"] if header[0].lower() != CACHED_FOREVER[0]]
                message = {**message, "headers": [*sent, CACHED_FOREVER]}
            await send(message)

        is_module = scope["type"] == "http" and scope["path"].startswith(address)
        await app(scope, receive, send_to_keep if is_module else send)

    return answer


if __name__ == "__main__":
    restrict_new_files()
    if settings_from_env().json_logs:
        write_json_lines(sys.stderr)
        _let_streamlit_log_as_others()
        os.environ.setdefault("STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE", "true")
    try:
        # Before the server starts: a page could ask nobody for it.
        ask_at_start(is_encrypted=is_encrypted(find_data_dir()))
    except FaceAtlasError as refusal:
        sys.exit(f"Refused: {refusal}")
    # Both are read when the server starts, inside of the next line; there is no setting for either.
    PagesManager.uses_pages_directory = False
    starlette_server.create_starlette_app = create_guarded_app  # type: ignore[assignment,attr-defined]
    cli.main(["run", str(APP), *sys.argv[1:]])
