"""Days and times as a language writes them; English as pages have it: "31 December 2027", "2027-12-31 14:05"."""

from __future__ import annotations

from datetime import date, datetime

from core.language.languages import ENGLISH
from core.language.texts import current_language


def format_day(day: date) -> str:
    """A day of the calendar, with its month in letters: "31 December 2027", "31. Dezember 2027"."""
    language = current_language()
    if language is ENGLISH:
        return f"{day.day} {day:%B %Y}"
    # Imported here: who reads English needs it not.
    from babel.dates import format_date

    return str(format_date(day, "long", locale=language.code))


def format_moment(moment: datetime, *, with_seconds: bool = False) -> str:
    """A day and the time of it, in the time zone that ``moment`` has: "2027-12-31 14:05", "31.12.2027, 14:05"."""
    language = current_language()
    if language is ENGLISH:
        return moment.strftime("%Y-%m-%d %H:%M:%S" if with_seconds else "%Y-%m-%d %H:%M")
    from babel.dates import format_date, format_time

    time = format_time(moment, "medium" if with_seconds else "short", locale=language.code)
    return f"{format_date(moment, 'medium', locale=language.code)}, {time}"


def date_field_format(in_english: str = "YYYY/MM/DD") -> str:
    """How a field writes the day that is chosen in it, in the letters of ``st.date_input``."""
    return current_language().date_field_format or in_english
