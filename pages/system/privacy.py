"""Privacy: what is stored where, who can see it, for how long, how it goes, and what is not promised."""

from core.language.texts import gettext as _
from core.ui import frame
from core.ui.system import privacy

with frame.page(_("Privacy"), _("What is kept of the people on your photos, and what you can do about it.")) as page:
    privacy.show_what_is_kept(page.services)
    privacy.show_who_sees_it(page.services)
    privacy.show_how_long(page.services)
    privacy.show_how_to_remove()
    privacy.show_what_is_not_promised()
    privacy.show_receipts(page.services)
    privacy.show_signing_key(page.services)
