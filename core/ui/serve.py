"""Starts the app: ``python -m core.ui.serve [--server.port 8501 ...]``.

``streamlit run app.py`` does the same but for one thing: since there is a folder ``pages``, Streamlit takes the app for
one of its older kind until a first visit has called ``st.navigation``, and greets a link to any page but the first
with "Page not found". Here it is told beforehand.
"""

from __future__ import annotations

import sys
from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

APP = Path(__file__).parents[2] / "app.py"

if __name__ == "__main__":
    PagesManager.uses_pages_directory = False
    cli.main(["run", str(APP), *sys.argv[1:]])
