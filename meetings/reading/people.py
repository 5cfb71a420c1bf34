"""Who is meant by a cell of a roster: name, title, organisation, address, leave and role, in whatever order they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class PersonReading:
    """A person as written. `roles`: chair, vice_chair, secretary. `on_leave`: marked so. `rest` could not be placed."""

    name: str
    title: str = ""
    organisation: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()
    on_leave: bool = False
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell says: its people in order, and other readings of who is the name (`names`) when more than one would do."""

    people: tuple[PersonReading, ...] = ()
    organisation: str = ""
    names: tuple[str, ...] = ()


EMAIL = re.compile(r"(?<![^\s<>(),;|/])<?(?:mailto:)?([^\s<>(),;|/@]{1,64}@[^\s<>(),;|/@]{1,190}\.[^\s<>(),;|/@.]{2,63})>?(?=[\s,;()|/]|$)")
_UPPER = "A-ZÅÄÖÉÈÜŠŽÁÍÓÚÆØÕ"
_LOWER = "a-zåäöéèüšžáíóúæøõßñç"
_NAME_WORD = rf"(?:[{_UPPER}][{_LOWER}]+(?:[-'’][{_UPPER}][{_LOWER}]+)*|[{_UPPER}]\.|[{_UPPER}][{_LOWER}]*[{_UPPER}][{_LOWER}]+)"
_PARTICLES = ("af", "von", "van", "de", "der", "den", "la", "le", "du", "zu")
_PARTICLE = f"(?:{'|'.join(_PARTICLES)})"
NAME = re.compile(rf"{_NAME_WORD}(?:\s+(?:{_PARTICLE}\s+)*{_NAME_WORD}){{1,3}}")
_ONE_NAME_WORD = re.compile(_NAME_WORD)
_ROLES = {
    word: role
    for role, words in {
        "chair": "pj pj. puh.joht. puheenjohtaja ordf ordf. ordförande chair chairman chairperson chairwoman",
        "vice_chair": "vpj vpj. varapj varapj. varapuheenjohtaja viceordf viceordf. viceordförande vice_ordf. vice_ordförande vice-chair "
        "vice_chair deputy_chair",
        "secretary": "siht siht. sihteeri sekr sekr. sekreterare secretary",
    }.items()
    for word in (one.replace("_", " ") for one in words.split())
}
_LEAVE = re.compile(
    r"virkavapaa(?:lla|alla)?|virkavapaalla|toimivapaa(?:lla)?|opintovapaa(?:lla)?|perhevapaa(?:lla)?|hoitovapaa(?:lla)?|vanhempainvapaa(?:lla)?"
    r"|sairauslomalla|vapaalla|tjänstledig|tjänstledighet|ledig|föräldraledig|on\s+leave|leave(?:\s+of\s+absence)?",
    re.IGNORECASE,
)
_ORGANISATION = re.compile(
    r"(?:\b(?:ry|rf|oy|oyj|ab|ky|ay|sr|abp|ltd|inc|plc|r\.y\.|r\.f\.)(?=$|[\s,.)]))|kun(?:ta|nan|nat|tayhtymä)\b|kaupun(?:ki|gin)\b"
    r"|(?:liitto|liiton|yhdisty(?:s|ksen)|säätiö|yliopisto|opisto|koulu|lukio|keskus|virasto|ministeriö|seura|osuuskunta|kerho|museo|kirjasto"
    r"|kamari|järjestö|seurakunta|hallitus|neuvosto|verkosto|instituutti|laitos|konserni|akatemia|teatteri|yritykset|toimisto|keskusta|yhtymä)\b"
    r"|(?:kommun|förbund(?:et)?|förening(?:en)?|stiftelse(?:n)?|universitet|gymnasium|byrån?|ministerium|sällskap|museum|bibliotek"
    r"|handelskammare|församling|central|centralen|institut|råd(?:et)?|verk|verket|andelslag|nätverk(?:et)?|akademi)\b"
    # Whole words or known compounds only: Eskola and Nystad are surnames.
    r"|\b(?:stad|skola|(?:hög|folkhög|yrkeshög|grund|folk|yrkes|kyrkoby)skola)\b"
    r"|\b(?:municipality|city|council|association|society|university|college|school|foundation|ministry|agency|office|institute|museum"
    r"|library|chamber|parish|centre|center|network|union|trust|group|authority|cooperative|company|federation|club)\b|\bELY\b|\bTE\b",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:johtaja|päällikkö|sihteeri|suunnittelija|asiantuntija|koordinaattori|esimies|rehtori|opettaja|professori|tutkija|ohjaaja|virkamies"
    r"|insinööri|sihteeristö|edustaja|puheenjohtaja|neuvos|lehtori|kehittäjä|yrittäjä|valtuutettu|chef|direktör|sekreterare|planerare|koordinator"
    r"|rektor|lärare|ledare|sakkunnig|ombudsman|forskare|företagare|rådgivare|ingenjör|director|manager|officer|coordinator|adviser|advisor|head"
    r"|planner|teacher|principal|researcher|secretary|engineer|expert|entrepreneur|lecturer|mayor|specialist)$",
    re.IGNORECASE,
)
_EMPTY = re.compile(
    r"[-–—.?/\s]*|avoin|avoinna|ei nimetty|nimeämättä|nimetään myöhemmin|vakant|obesatt|utses senare|ej utsedd|vacant|open|none"
    r"|not named|tba",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[^\S\n\u2028]+")
_BRACKETED = re.compile(r"\(([^()]*)\)")
_PARTS = re.compile(r"\s*[,\u2028\n]\s*|\s+[–—-]\s+")


@lru_cache(maxsize=64)
def read_cell(text: str) -> Cell:
    """The people of a cell: none when it is empty or says so, several when `/` parts names. A cell without a name is an organisation."""
    cleaned = _BLANKS.sub(" ", text).strip()
    if is_empty(cleaned):
        return Cell()
    if cleaned.startswith("(") and cleaned.endswith(")") and cleaned.count("(") == 1:
        # The whole cell in brackets: (Name, on leave).
        cleaned = cleaned[1:-1].strip()
    halves = [part.strip() for part in re.split(r"\s*/\s*|\s+(?:tai|eller|or)\s+", cleaned) if part.strip()]
    if len(halves) > 1 and all(_has_name(half) for half in halves):
        cells = [_one_person(half) for half in halves]
        people = [one.people[0] for one in cells if one.people]
        shared = people[-1].organisation
        return Cell(tuple(one if one.organisation else replace(one, organisation=shared) for one in people))
    return _one_person(cleaned)


def is_empty(text: str) -> bool:
    return _EMPTY.fullmatch(text.strip("() ")) is not None


def looks_like_name(text: str) -> bool:
    return NAME.fullmatch(text.strip()) is not None and _ORGANISATION.search(text) is None and not _is_title(text)


def looks_like_organisation(text: str) -> bool:
    return _ORGANISATION.search(text) is not None


def role_of(text: str) -> str:
    """The role a word names, empty for none."""
    return _ROLES.get(" ".join(text.split()).strip(" :").casefold(), "")


def _one_person(text: str) -> Cell:
    emails = [*EMAIL.finditer(text)]
    left = EMAIL.sub(" ", text)
    parts: list[str] = []
    for bracketed in _BRACKETED.findall(left):
        parts += _PARTS.split(bracketed)
    parts = [*_PARTS.split(_BRACKETED.sub(", ", left)), *parts]
    parts = [one for one in (part.strip(" ()\t;:") for part in parts) if one and one not in "–-—"]
    plain = any(looks_like_name(part) for part in parts)
    roles: list[str] = []
    titles: list[str] = []
    organisations: list[str] = []
    names: list[str] = []
    rest: list[str] = []
    on_leave = False
    choices: tuple[str, ...]
    for part in parts:
        if role := role_of(part):
            roles.append(role)
        elif _LEAVE.fullmatch(part):
            on_leave = True
        elif plain and looks_like_organisation(part) and _LEAVE.search(part) is None:
            # The name stands by itself: two words before `Association` are then no second one.
            (titles if _speaks_of_a_role(part) else organisations).append(part)
        else:
            name, title, organisation, leave, role = _part(part)
            on_leave = on_leave or leave
            roles += [role] if role else []
            names += [name] if name else []
            titles += [title] if title else []
            organisations += [organisation] if organisation else []
            if not (name or title or organisation or role or leave):
                rest.append(part)
    if not names and len(rest) >= 2 and all(_ONE_NAME_WORD.fullmatch(one) for one in rest[:2]):
        # Surname, first name: which is which is asked.
        surname, first = rest[:2]
        person = PersonReading(f"{first} {surname}")
        names, choices, rest = [person.name], (person.name, f"{surname} {first}"), rest[2:]
    else:
        choices = tuple(names) if len(names) > 1 else ()
        if not names and len(rest) == 1 and emails and not organisations:
            names, rest = [rest[0]], []
    address = emails[0][1] if emails else ""
    rest += [one[1] for one in emails[1:]]
    if not names:
        return Cell((), ", ".join((*organisations, *rest, *titles)) or address)
    if not organisations and len(names) == 1 and len(rest) == 1 and rest[0][0].isupper():
        # With a name, and perhaps a title, what is left in capitals is whom the person comes from.
        organisations, rest = rest, []
    organisation = ", ".join((*organisations, *names[1:]))
    return Cell(
        (PersonReading(names[0], ", ".join(titles), organisation, address, tuple(dict.fromkeys(roles)), on_leave, ", ".join(rest)),),
        "",
        choices,
    )


def _speaks_of_a_role(text: str) -> bool:
    """`ordförande för byarådet`, `yhdistyksen sihteeri`: in small letters, and of what somebody does."""
    first = text.split(maxsplit=1)[0]
    return text[0].islower() and (_is_title(first) or _is_title(text) or bool(role_of(first)))


def _part(text: str) -> tuple[str, str, str, bool, str]:
    """A stretch between commas as (name, title, organisation, on leave, role); one of them or several in a row."""
    leave = _LEAVE.search(text)
    if leave is not None and text[: leave.start()].endswith(" "):
        name, title, organisation, _, role = _part(f"{text[: leave.start()]}{text[leave.end() :]}".strip())
        return name, title, organisation, True, role
    words = text.split()
    if len(words) > 2 and (role := role_of(words[0])):
        name, title, organisation, on_leave, _ = _part(" ".join(words[1:]))
        if name:
            return name, title, organisation, on_leave, role
    if len(words) > 2 and _is_title(words[0]) and looks_like_name(" ".join(words[1:])):
        # `Rehtori N.N.` at the beginning of a cell.
        return " ".join(words[1:]), words[0], "", False, ""
    if looks_like_name(text):
        return text, "", "", False, ""
    if _ORGANISATION.search(text) is None:
        return *_named_and_titled(words), "", False, ""
    named = _name_before_organisation(words)
    if named is not None:
        return *named, False, ""
    if words[0][0].islower() and _is_title(words[0]) and len(words) == 1:
        return "", text, "", False, ""
    return "", "", text, False, ""


def _named_and_titled(words: list[str]) -> tuple[str, str]:
    """Title words before or after a name: (name, title); a stretch that is only a title has no name, only a name no title."""
    text = " ".join(words)
    for size in range(min(4, len(words) - 1), 1, -1):
        head, tail = words[:size], words[size:]
        if looks_like_name(" ".join(head)) and tail[0][0].islower() and tail[0] not in _PARTICLES:
            return " ".join(head), " ".join(tail)
        head, tail = words[:-size], words[-size:]
        if looks_like_name(" ".join(tail)) and (all(one[0].islower() for one in head) or _is_title(head[-1])):
            return " ".join(tail), " ".join(head)
    if words[0][0].islower() or _is_title(text):
        return "", text
    return "", ""


def _name_before_organisation(words: list[str]) -> tuple[str, str, str] | None:
    """`Maija Saari Lehdon kunta` and the other way round, when one side is plainly a name: (name, title, organisation)."""
    for size in (2, 3):
        if len(words) <= size:
            continue
        head, tail = " ".join(words[:size]), " ".join(words[size:])
        # Of three capitalised words before `kunta` the last is the municipality's name.
        if (
            size == 2
            and len(words) > 3
            and looks_like_name(head)
            and _ORGANISATION.search(words[size]) is None
            and looks_like_organisation(tail)
        ):
            return head, "", tail
        head, tail = " ".join(words[:-size]), " ".join(words[-size:])
        if looks_like_name(tail) and _ORGANISATION.search(words[-size - 1]):
            return tail, "", head
    return None


def _has_name(text: str) -> bool:
    return bool(read_cell(text).people)


def _is_title(text: str) -> bool:
    return bool(text.strip()) and _TITLE.search(text.rsplit(maxsplit=1)[-1]) is not None
