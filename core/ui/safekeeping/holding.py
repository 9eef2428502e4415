"""What pages say of backups that hold somebody who was erased."""

from __future__ import annotations

from datetime import date, datetime

from core.language.dates import format_day
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.workflows.safekeeping.holding_backups import HoldingBackups


def describe_holding(backups: HoldingBackups | None) -> str:
    """Which backups hold who was just erased, and until when; "" where there is none."""
    if backups is None:
        return ""
    sentences = []
    if backups.taken:
        days = ", ".join(format_day(datetime.fromisoformat(moment).astimezone().date()) for moment in backups.taken)
        sentences.append(
            ngettext(
                "{number} backup of before holds them still, of {days}.",
                "{number} backups of before hold them still, of {days}.",
                len(backups.taken),
                days=days,
            )
        )
        if backups.until:
            until = format_day(date.fromisoformat(backups.until))
            sentences.append(
                _("After {until} it is removed, and one of what is there then is taken before.", until=until)
            )
        else:
            sentences.append(_("Remove it on *Backups* when it is not needed any more."))
    if backups.out_of_reach:
        sentences.append(
            ngettext(
                "{number} folder of backups could not be looked into: connect its disk and look on *Backups*.",
                "{number} folders of backups could not be looked into: connect their disks and look on *Backups*.",
                backups.out_of_reach,
            )
        )
    return " ".join(sentences)
