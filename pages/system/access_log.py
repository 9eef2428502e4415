"""Access log: who saw, identified and took along whom."""

from core.ui import frame
from core.ui.audit import log_page

with frame.page("Access log", "Who saw, identified and took along whom.") as page:
    log_page.show_access_log(page.services)
