"""People: everybody who has a name, the faces that wait for one, and one person in detail."""

from core.language.texts import gettext as _
from core.ui import frame
from core.ui.people import overview

with frame.page(_("People"), _("Who is in your photos, named or not, those with the most faces first.")) as page:
    overview.show_people_page(page)
