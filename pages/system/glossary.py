"""Words: those of the field beside those of the pages."""

from core.ui import frame
from core.ui.system import glossary

with frame.page("Words explained", "What the words of the field mean, and what these pages call it."):
    glossary.show_glossary()
