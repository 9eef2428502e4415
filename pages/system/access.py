"""Who may enter: whose the dataset is, with whom it is shared, and the roles for admins."""

from core.ui import frame
from core.ui.access import sharing

with frame.page("Who may enter", "Whose a dataset is, who else may see it, and who has which role.") as page:
    sharing.show_shares(page.dataset)
    sharing.show_roles()
