"""What a word of a language is looked up by, so that one form of it finds the others: `hankinnan` finds `hankintojen`.

Snowball takes the endings off. Finnish and Swedish change the word before its ending too, which it leaves: `päätös : päätöksen`,
`lupa : luvan`, `skolan : skolor`. Those changes are undone here as far as that goes without a dictionary (docs/adr/0014).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import snowballstemmer

KNOWN = 100_000  # so many words are kept with their stems: a text uses the same few again and again
_SNOWBALL = {language: snowballstemmer.stemmer(name) for language, name in (("fi", "finnish"), ("sv", "swedish"), ("en", "english"))}

# A genitive (`määrärahan`) that Snowball takes for the particle -han, which no minutes use.
_NO_PARTICLE = re.compile(r"(?<!aa)(?<=ha)n$|(?<!ää)(?<=hä)n$")
# What -s, -us, -nen become: päätös, päätöks(en), päätöst(ä); mahdollisuus, -uud(en), -uut(ta); ylein(en), yleis(en); tekemin(en), -mis(en).
_S_STEM = re.compile(r"(?<=[aeiouyäö])(?:ks|st|s)$|(?<=uu|yy)[dt]$|(?:(?<=ei)|(?<=lli)|(?<=[aeouyäö]mi))n$")
_VOWELS = re.compile(r"[aeiouyäöj]+$")
# Consonant gradation: the strong grade and what it weakens to have one sign.
_GRADES = {"nn": "n", "nt": "n", "ng": "n", "nk": "n", "ll": "l", "lt": "l", "rr": "r", "rt": "r", "rk": "r", "mm": "m", "mp": "m"}
_GRADES |= {"kk": "k", "pp": "p", "tt": "t", "v": "p", "d": "t"}
_GRADE = re.compile("(?:" + "|".join(_GRADES) + ")$")
# Definite and plural endings that stay on short words: skolan, hyran, broarna; projektet beside projekt.
_SWEDISH = re.compile(r"(?<=...)(?:arn|and|ar|or|an|en|et)$|(?<=k)t$")


def _finnish(word: str) -> str:
    stem = _SNOWBALL["fi"].stemWord(_NO_PARTICLE.sub("", word))
    for ending in (_S_STEM, _VOWELS):
        shorter = ending.sub("", stem)
        stem = shorter if len(shorter) > 2 else stem
    return _GRADE.sub(lambda found: _GRADES[found[0]], stem)


def _swedish(word: str) -> str:
    return _SWEDISH.sub("", _SNOWBALL["sv"].stemWord(word))


def _english(word: str) -> str:
    return str(_SNOWBALL["en"].stemWord(word))


_STEMS: Mapping[str, Callable[[str], str]] = {"fi": _finnish, "sv": _swedish, "en": _english}


@lru_cache(KNOWN)
def stem(language: str, word: str) -> str:
    """The stem of a word in lower case; of a language that is not known, the word itself."""
    return _STEMS[language](word) if language in _STEMS else word
