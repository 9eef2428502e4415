"""What goes wrong on a page, in words: wherever it happens, also in a fragment, a dialog or a callback.

Streamlit shows such an error as a traceback and logs its text, which may name a person or a file. Errors that speak to
the user become a message instead; any other stays what it is, for whoever mends it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime import fragment
from streamlit.runtime.scriptrunner import exec_code

from core.base.errors import FaceAtlasError, describe_os_error
from core.language.said_before import say_again
from core.ui.words import plain

# Streamlit has no hook for errors of a script: this one function is what every way of running one calls in the end.
_HANDLER = "handle_user_script_exception"
_in_full = getattr(exec_code, _HANDLER)


def describe_fault(fault: BaseException) -> str | None:
    """What to tell the user; None for what only a programmer can mend."""
    if isinstance(fault, FaceAtlasError):
        return say_again(str(fault))
    # The system's own faults, such as a full disk, have a number; without one, a library raised it for reasons of its
    # own.
    if isinstance(fault, OSError) and fault.errno is not None:
        return describe_os_error(fault)
    return None


def show_refusal(words: str) -> None:
    """A message in the place of what could not be shown."""
    st.error(plain(words), icon=":material/error:")


def show_faults_in_words() -> None:
    """From now on, in every session of this process."""
    # Each of the two modules imported the function under a name of its own.
    for module in (exec_code, fragment):
        setattr(module, _HANDLER, _tell)


def _tell(fault: Exception, on_script_error: Callable[[Exception], Any] | None) -> None:
    words = describe_fault(fault)
    if words is None:
        _in_full(fault, on_script_error)
    else:
        show_refusal(words)
