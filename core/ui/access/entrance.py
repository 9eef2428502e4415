"""Puts the door before the app where sign-in is configured."""

from __future__ import annotations

from streamlit.runtime import Runtime

from core.ui import data
from core.ui.access.configuration import base_path, login_address, own_origin
from core.ui.access.door import Admission, Door
from core.ui.access.media_owners import MediaOwners
from core.ui.gate import AsgiApp


def put_door_before(app: AsgiApp, runtime: Runtime, providers: tuple[str, ...]) -> tuple[AsgiApp, str]:
    """The app behind the door, and the name under which people open it."""
    name, is_https = own_origin()
    base = base_path()
    media = MediaOwners(runtime)
    media.watch_downloads()
    door = Door(
        app=app,
        admission=Admission(data.whole_services),
        media=media,
        providers=providers,
        login_address=login_address,
        is_https=is_https,
        base=base,
    )
    return door, name
