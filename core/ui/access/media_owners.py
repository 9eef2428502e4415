"""Whose page shows a file below ``/media/``: Streamlit itself gives one to everybody who knows its address.

The address is the hash of the content, so that it cannot be guessed; but it may have been seen, copied or logged.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession


@dataclass
class MediaOwners:
    """Asks Streamlit which sessions show a file, and whose they are."""

    runtime: Runtime
    _downloads: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By the id of a session the files that were written for it at a click, which Streamlit knows of nobody."""

    def watch_downloads(self) -> None:
        """From now on remember for whom a file is written at a click."""
        manager = self.runtime.media_file_mgr
        execute = manager.execute_deferred

        def execute_for_session(file_id: str) -> str:
            entry = manager._deferred_callables.get(file_id)
            address = execute(file_id)
            if entry is not None:
                self._downloads[entry["session_id"]].add(PurePosixPath(address).stem)
            return address

        manager.execute_deferred = execute_for_session  # type: ignore[method-assign]

    def shows(self, address: str, file_name: str) -> bool:
        """Whether an open page of somebody shows a file, or offers it for download."""
        file_id = PurePosixPath(file_name).stem
        files_by_session = self.runtime.media_file_mgr._files_by_session_and_coord
        sessions = self._sessions()
        for session_id in [known for known in self._downloads if known not in sessions]:
            del self._downloads[session_id]
        return any(
            file_id in self._downloads.get(session_id, ())
            or file_id in list(files_by_session.get(session_id, {}).values())
            for session_id, session in sessions.items()
            if _is_of(session, address)
        )

    def has_page(self, address: str, upload: str) -> bool:
        """Whether it is an open page of somebody that a file is uploaded to.

        Parameters
        ----------
        upload : of the file's address what comes after the upload's beginning: "SESSION/FILE"
        """
        session = self._sessions().get(upload.partition("/")[0])
        return session is not None and _is_of(session, address)

    def _sessions(self) -> dict[str, AppSession]:
        return {info.session.id: info.session for info in self.runtime._session_mgr.list_active_sessions()}


def _is_of(session: AppSession, address: str) -> bool:
    return str(session._user_info.get("email", "")).strip().lower() == address
