"""Everything people read, in Finnish, Swedish and English: gettext catalogues through Babel, dates, times, lists."""

from texts.catalogue import LANGUAGES, t, words
from texts.formats import format_date, format_list, format_time, format_times, wording

__all__ = ["LANGUAGES", "format_date", "format_list", "format_time", "format_times", "t", "wording", "words"]
