"""Access log: who saw, identified and took along whom."""

from core.language.texts import gettext as _
from core.ui import frame
from core.ui.audit import log_page

with frame.page(_("Access log"), _("Who saw, identified, compared and exported whom.")) as page:
    log_page.show_access_log(page.services)
