"""The labels of an item's parts, in three languages, and lines that name an attachment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """The parts of an item; `REST` is what stands under no label."""

    PRESENTER = "presenter"
    PROPOSAL = "proposal"
    HANDLING = "handling"
    DISCUSSION = "discussion"
    DECISION = "decision"
    ATTACHMENTS = "attachments"
    EARLIER = "earlier"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A line that begins with a label: the label as written (`mark`) and the text after it."""

    label: Label
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class NamedAttachment:
    """A line that names an attachment; `mark` is its `Liite 3:` as written, empty when it has none."""

    number: int | None
    title: str
    mark: str


_WORDS = {
    Label.PRESENTER: "esittelijä esittelijät föredragande föredraganden presenter presented_by",
    Label.PROPOSAL: "esitys esitykset päätösehdotus päätösesitys ehdotus esitys_päätökseksi esittelijän_ehdotus esittelijän_päätösehdotus "
    "esittelijän_esitys puheenjohtajan_esitys sihteerin_esitys ehdotus_päätökseksi förslag beslutsförslag förslag_till_beslut "
    "föredragandens_förslag ordförandens_förslag sekreterarens_förslag proposal proposals proposed_decision draft_decision "
    "proposal_for_decision",
    Label.HANDLING: "käsittely asian_käsittely käsittely_kokouksessa behandling ärendets_behandling behandling_på_mötet handling "
    "handling_of_the_item consideration",
    Label.DISCUSSION: "keskustelu käyty_keskustelu diskussion discussion",
    Label.DECISION: "päätös päätökset beslut decision decisions",
    Label.ATTACHMENTS: "liite liitteet liitteenä bilaga bilagor bilagt attachment attachments appendix appendices annex annexes",
    Label.EARLIER: "aiempi_käsittely aiemmat_käsittelyt aikaisempi_käsittely aikaisemmat_käsittelyt asian_aiempi_käsittely "
    "asian_aikaisempi_käsittely edellinen_käsittely tidigare_behandling tidigare_behandlingar ärendets_tidigare_behandling "
    "earlier_handling previous_handling earlier_consideration",
}
_LABELS = {word.replace("_", " "): label for label, words in _WORDS.items() for word in words.split()}
# A colon or a tab ends a label: a table of Word has the label in its first column.
_LABELLED = re.compile(r"(?P<word>[^\W\d_]+(?:[^\S\t]+[^\W\d_]+){0,3})(?P<colon>\s*:|[^\S\t]*\t)?(?P<text>.*)", re.DOTALL)
_ATTACHMENT = re.compile(
    r"(?P<mark>\(?(?:liite|bilaga|attachment|appendix|annex)\s*(?:nro\s*|nr\s*|no\.?\s*)?(?P<number>\d{1,3})(?!\w|\s*[–-]\s*\d)\)?\s*"
    r"(?P<parted>[:.,–-](?!\d))?)\s*(?P<title>.*)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?P<mark>(?P<number>\d{1,3})(?:[.)]\s+|\s*[:–]\s+))(?P<title>\D.*)")
_PRESENTER = re.compile(
    r"(?P<title>.*\S)\s*(?P<open>[(,]\s*(?:esittelijä|föredragande|presenter)\b\s*:?)\s*(?P<name>[^(),]+?)\s*(?P<close>\)?)", re.IGNORECASE
)


def label_of(text: str) -> Labelled | None:
    """The label a line begins with: followed by a colon, or alone on its line with a capital."""
    found = _LABELLED.fullmatch(text)
    if found is None:
        return None
    label = _LABELS.get(" ".join(found["word"].split()).casefold())
    if label is None:
        return None
    if found["colon"]:
        return Labelled(label, text[: found.end("colon")], found["text"].strip())
    if not found["text"].strip() and text[0].isupper():
        return Labelled(label, text, "")
    return None


def attachment_line(text: str, *, in_list: bool) -> NamedAttachment:
    """What a line says of an attachment. Outside a list of attachments only `Liite 3: …` and `Liite 3 Title` name one."""
    found = _ATTACHMENT.fullmatch(text)
    if found is not None and (in_list or _names(found)):
        return NamedAttachment(int(found["number"]), found["title"].strip(), found["mark"].strip())
    if in_list:
        numbered = _NUMBERED.fullmatch(text)
        if numbered is not None:
            return NamedAttachment(int(numbered["number"]), numbered["title"].strip(), numbered["mark"].strip())
    return NamedAttachment(None, text, "")


def presenter_in(title: str) -> tuple[str, str, tuple[str, ...]]:
    """A heading without `(esittelijä N.N.)` at its end, the name, and the characters between the two."""
    found = _PRESENTER.fullmatch(title)
    if found is None or (found["open"][0] == "(") != (found["close"] == ")"):
        return title, "", ()
    return found["title"], found["name"], tuple(part for part in (found["open"], found["close"]) if part)


def _names(found: re.Match[str]) -> bool:
    title = found["title"].strip()
    return (bool(found["parted"]) and bool(title)) or title[:1].isupper() or (not title and found["mark"].strip() == found[0].strip())
