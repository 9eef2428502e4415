"""Naming: the wall of people with those in front who have no name yet."""

from core.language.texts import gettext as _
from core.ui import frame
from core.ui.people import overview

with frame.page(_("Name the faces"), _("Say who a face is: all that are like it have the name.")) as page:
    overview.show_people_page(page, unnamed_first=True)
