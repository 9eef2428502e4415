"""Backups: take one now, see what there is by age, and bring a dataset back out of one."""

from core.language.texts import gettext as _
from core.ui import frame
from core.ui.safekeeping import backup_form, backup_list

with frame.page(_("Backups"), _("Copies of everything on another disk, and the way back.")) as page:
    folder = backup_form.choose_folder(page.services)
    backup_form.offer_backup(page, folder)
    backup_form.follow_newest(page.services)
    if folder is not None:
        backup_list.show_backups(page.services, folder)
