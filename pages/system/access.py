"""Who may enter: whose the dataset is, with whom it is shared, and the roles for admins."""

from core.language.texts import gettext as _
from core.ui import frame
from core.ui.access import sharing

with frame.page(_("Who may enter"), _("Whose a dataset is, who else may see it, and who has which role.")) as page:
    if page.chosen is None:
        # Who may enter is an admin's to know before there is anything to be seen.
        sharing.show_roles()
    sharing.show_shares(page.dataset)
    sharing.show_roles()
