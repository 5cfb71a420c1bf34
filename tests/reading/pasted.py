"""Pasted texts for tests of the readers: the invented meetings of `tests/data`, and strategies that mix what secretaries paste."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import strategies as st

from meetings.reading.agenda import AgendaReading, kept_text

DATA = Path(__file__).parent.parent / "data"
LANGUAGES = ("fi", "sv", "en")


def data(name: str) -> str:
    return (DATA / f"{name}.txt").read_text(encoding="utf-8")


def characters(text: str) -> Counter[str]:
    """How many of each character that is not a blank."""
    return Counter("".join(text.split()))


def lost_and_invented(text: str, reading: AgendaReading) -> tuple[Counter[str], Counter[str]]:
    """What of the text is in no field and no mark of the reading, and what of the reading is not in the text."""
    source, kept = characters(text), characters(kept_text(reading))
    return source - kept, kept - source


WORDS = st.sampled_from(
    [
        "Ohjausryhmä",
        "päättää",
        "että",
        "kehittämishanke",
        "jatkuu",
        "Kansa-koulu",
        "och",
        "styrgruppen",
        "beslutar",
        "the",
        "ferry",
        "linja-auto",
        "2020-2022",
        "ja",
        "-kokonaisuuksissa",
        "maa-",
        "EU-",
        "4.5.2020",
        "klo",
        "10.00",
        "§",
        "7§",
        "(7§)",
        "3/2020",
        "Liite",
        "Bilaga",
        "liitteen",
        "esitys:",
        "päätös",
        "Esittelijä",
        "kes-",
        "kustelu",
        "saa\xadri",
        "\u200b",
        "Meriseminaari",
        "Saaristopäivä",
    ]
)
SENTENCES = st.lists(WORDS, min_size=1, max_size=14).map(" ".join)
LINES = st.one_of(
    SENTENCES,
    SENTENCES.map(lambda text: f"       {text}-"),
    SENTENCES.map(lambda text: f"- {text}"),
    SENTENCES.map(lambda text: f"\uf0b7 {text}"),
    SENTENCES.map(lambda text: f"•{text}"),
    st.sampled_from(["", "", "", "\f", "2 (6)", "Sivu 3/6", "\t"]),
    st.sampled_from(
        [
            "Esitys:",
            "Esitys: Hyväksytään.",
            "   Päätös:",
            "Käsittely :",
            "Keskustelu",
            "Förslag:\tGodkänns",
            "Decision: Approved.",
            "Beslut:",
        ]
    ),
    st.sampled_from(
        ["Esittelijä: Aino Aalto", "Föredragande:", "Aiempi käsittely:", "16.4.2020 (7§)", "§ 7, 16.4.2020 ja 3.12.2020 (5 §)."]
    ),
    st.sampled_from(
        ["Liitteet:", "Liite 1: Muistio", "Bilaga 2 Avtal; Bilaga 3: Karta", "Liite 4", "(liite 5)", "1) Kartta https://a.example/b"]
    ),
    st.sampled_from(["https://saaret.example/x-", "<www.saaret.example>", "www.saaret.example"]),
    st.builds("{}{}{}".format, st.integers(0, 30), st.sampled_from(["§     ", "§", " § ", "§  ", ". ", ") "]), SENTENCES),
    st.builds("§ {}{}{}".format, st.integers(0, 30), st.sampled_from(["  ", ". ", ": "]), SENTENCES),
    st.sampled_from(
        ["1 § Avaus (esittelijä Aino Aalto)", "2§ Talous, föredragande: Bo Berg", "3 §", "1 § Avaus ......... 3", "2 § Talous\t4"]
    ),
    st.text(max_size=40),
)
TEXTS = st.lists(LINES, max_size=40).map("\n".join)
