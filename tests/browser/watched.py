"""An app of which every process notes to whom it speaks."""

from __future__ import annotations

from pathlib import Path

WATCHER = '''"""Writes every address that this process looks up or connects to into a file."""
import os, sys
def _watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        address = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0]
        with open(os.environ["CONNECTIONS"], "a") as log:
            log.write(f"{event} {address!r}\\n")
sys.addaudithook(_watch)
'''


def write_watcher(folder: Path) -> None:
    """Fill a folder with the module that every Python process of the app loads first, and what it notes into."""
    (folder / "sitecustomize.py").write_text(WATCHER)
    (folder / "connections").touch()


def watched(folder: Path) -> dict[str, str]:
    """The variables of the environment that have a process watched."""
    return {"PYTHONPATH": str(folder), "CONNECTIONS": str(folder / "connections")}
