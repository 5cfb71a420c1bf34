"""Looking for decisions: what counts as one, which words are asked for, and the sentence of a decision that answers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from meetings.model import Item, Meeting, Outcome, Phase

# Before these there is no record that is complete.
RECORDED = frozenset({Phase.CLOSED, Phase.REVIEW, Phase.APPROVED})
MOST_WORDS = 10
# Letters of a text to look for.
LONGEST = 500
_WORD = re.compile(r"[^\W_]+")
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[^\W_a-zåäö]|§|[\"”(])|\s*\n\s*")


def is_decision(item: Item) -> bool:
    """Whether anything has become of the item."""
    return item.outcome is not Outcome.NONE or bool(item.decision.strip())


def may_be_quoted(meeting: Meeting) -> bool:
    """Whether what a meeting decided may be shown where its body does not sit. From its approval on the record is final and may be handed
    on by whoever may read it; before that its wording is the body's own affair, and nobody shows it, not even its secretary."""
    return meeting.phase is Phase.APPROVED


def words_of(text: str) -> tuple[str, ...]:
    """The words and numbers of a text in lower case, in order. A word divided at the end of a line by a soft hyphen is one."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).replace("\u00ad", "").casefold()))


def asked_words(text: str) -> tuple[str, ...]:
    """The words to look for, each once. Words of one or two letters (*ja*, *i*, *of*) only where there is nothing else."""
    words = tuple(dict.fromkeys(words_of(text)))
    return tuple(word for word in words if len(word) > 2 or word.isdecimal()) or words


def telling_sentence(texts: Sequence[str], asked: Sequence[Callable[[str], bool]]) -> tuple[str, int]:
    """The sentence in which most of the asked words stand, the first of the best, and which text it is of. Where none stands, the first
    sentence there is; ("", 0) of empty texts. Each of `asked` tells whether a word of a text is what was asked for."""
    best, most = ("", 0), -1
    for place, text in enumerate(texts):
        for sentence in filter(None, _SENTENCES.split(text.strip())):
            words = words_of(sentence)
            met = sum(1 for one in asked if any(map(one, words)))
            if met > most:
                best, most = (sentence, place), met
    return best
