"""Words: those of the field beside those of the pages."""

from core.language.texts import gettext as _
from core.ui import frame
from core.ui.system import glossary

with frame.page(_("Words explained"), _("What the words of the field mean, and what these pages call it.")):
    glossary.show_glossary()
