"""Who may enter: whose the dataset is, with whom it is shared, and the roles for admins."""

from core.language.texts import gettext as _
from core.ui import frame
from core.ui.access import sharing

with frame.page(_("Who may enter"), _("Whose a dataset is, who else may see it, and who has which role.")) as page:
    sharing.show_shares(page.dataset)
    sharing.show_roles()
