"""From a pasted roster to seats with member and deputies, and experts apart; doubtful rows are asked about, none is dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from meetings.reading.people import (
    EMAIL,
    Cell,
    PersonReading,
    is_empty,
    looks_like_name,
    looks_like_organisation,
    read_cell,
    role_of,
)
from meetings.reading.questions import NO_ANSWERS, Choice, Question, ask, point_out

__all__ = ["PersonReading", "RosterReading", "SeatReading", "read_roster"]


@dataclass(frozen=True, slots=True)
class SeatReading:
    """A row of the roster. `member_on_leave`: the first deputy acts. `source` is the row as written."""

    organisation: str
    group: str
    member: PersonReading | None
    deputies: tuple[PersonReading, ...]
    member_on_leave: bool
    source: str


@dataclass(frozen=True, slots=True)
class RosterReading:
    """A whole roster. `officers` hold no seat (a secretary); `unread` are the lines nothing was made of.

    Every line with text is the source of a seat or person, a heading (`headings`), or unread. A question's `item` counts in `seats`.
    """

    seats: tuple[SeatReading, ...]
    experts: tuple[PersonReading, ...]
    questions: tuple[Question, ...]
    officers: tuple[PersonReading, ...] = ()
    unread: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    people_lines: tuple[str, ...] = ()


_EXPERTS = re.compile(
    r"(?:(?:pysyvät|muut|kutsutut|permanenta|övriga|permanent|invited)\s+)?(?:asiantuntija(?:t|jäsenet)?|sakkunniga?|experts?)(?:\s*\(.*\))?",
    re.IGNORECASE,
)
_MEMBERS = re.compile(
    r"(?:varsinaiset\s+|ordinarie\s+|ohjausryhmän\s+|full\s+)?(?:jäsenet|ledamöter(?:na)?|members)"
    r"(?:\s*(?:ja|och|and|/)\s*(?:henkilökohtaiset\s+|personliga\s+|personal\s+)?(?:varajäsenet|ersättare|suppleanter|deputies))?"
    r"|kokoonpano|sammansättning|composition",
    re.IGNORECASE,
)
_COLUMNS = {
    word.replace("_", " "): column
    for column, words in {
        "organisation": "organisaatio taho yhteisö edustettu_taho työnantaja organisation instans företrädd_organisation arbetsgivare "
        "organization",
        "group": "ryhmä sektori kiintiö grupp sektor kvot group sector",
        "member": "jäsen jäsenet varsinainen_jäsen varsinainen nimi ledamot ledamöter ordinarie ordinarie_ledamot namn "
        "member members full_member name",
        "deputy": "varajäsen henkilökohtainen_varajäsen vara varajäsenet varajäsen_1 1._varajäsen 2._varajäsen varajäsen_2 ersättare "
        "personlig_ersättare ersättare_1 ersättare_2 suppleant suppleanter personlig_suppleant personliga_suppleanter "
        "suppleant_1 suppleant_2 deputy personal_deputy deputies deputy_1 deputy_2 deputy_member",
        "title": "nimike tehtävä titteli tehtävänimike titel uppgift befattning title position",
        "email": "sähköposti sähköpostiosoite jäsenen_sähköposti e-post e-postadress email e-mail e-mail_address email_address",
        "deputy_title": "varajäsenen_nimike varajäsenen_tehtävä ersättarens_titel deputy_title deputy's_title",
        "deputy_email": "varajäsenen_sähköposti ersättarens_e-post deputy_email deputy_e-mail deputy's_email",
        "deputy_organisation": "varajäsenen_organisaatio ersättarens_organisation deputy_organisation deputy's_organisation",
        "role": "rooli asema roll role",
        "first_name": "etunimi förnamn first_name given_name",
        "surname": "sukunimi efternamn surname last_name family_name",
        "number": "nro nr no # paikka plats seat",
    }.items()
    for word in words.split()
}
# So many blanks before a row are an empty first cell and no indentation.
_EMPTY_COLUMN = 20
# Past this it is a text and no row of a roster.
_LONGEST_ROW = 2000
# `N.N. (varajäsen M.M.)`: the row says itself who deputises.
_DEPUTY_NAMED = re.compile(
    r"(?P<member>.+?)[\s,;(–-]+(?i:(?:henkilökohtainen|personlig|personal)\s+)?(?i:varajäsen|varalla|ersättare|suppleant|deputy)"
    r"(?:\s*:\s*|\s+(?=[A-ZÅÄÖ]))(?P<deputy>[^()]+?)\)?"
)
_SPACES = re.compile(r"\s{2,}")
_NUMBERED = re.compile(r"^(?:\d{1,3}[.)]\s+|[•●▪\uf000-\uf0ff]\s*|[-–*]\s+(?=\S))")


@dataclass
class _Roster:
    """The roster as it grows, row by row."""

    answers: Mapping[str, str]
    seats: list[SeatReading] = field(default_factory=list)
    experts: list[PersonReading] = field(default_factory=list)
    officers: list[PersonReading] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    people_lines: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    commas: bool = False
    group: str = ""
    organisation: str = ""
    in_experts: bool = False


def read_roster(text: str, answers: Mapping[str, str] = NO_ANSWERS) -> RosterReading:
    """The seats and experts of a text: columns parted by tab, `;`, `|`, several spaces or (with a header row) commas.

    `answers`: question id → value of the choice made.
    """
    roster = _Roster(answers)
    lines = [line.strip("\r\n\ufeff") for line in re.split(r"\r\n|[\n\r\f]", text)]
    rows = [(number, line) for number, line in enumerate(lines) if line.strip()]
    for place, (number, line) in enumerate(rows):
        following = rows[place + 1][1] if place + 1 < len(rows) else ""
        _read_row(roster, number, line, following)
    _ask_twice(roster)
    if not roster.seats and not roster.experts and not roster.officers:
        roster.questions.append(point_out("no_seats"))
    return RosterReading(
        tuple(roster.seats),
        tuple(roster.experts),
        tuple(roster.questions),
        tuple(roster.officers),
        tuple(roster.unread),
        tuple(roster.headings),
        tuple(roster.people_lines),
    )


def _read_row(roster: _Roster, number: int, line: str, following: str) -> None:
    if len(line) > _LONGEST_ROW:
        roster.unread.append(line)
        return
    cells = _cells(line, commas=roster.commas, columns=roster.columns)
    filled = [cell for cell in cells if cell]
    if len(filled) == 1 and _read_heading(roster, line, filled[0], following):
        return
    columns = _header(cells)
    if columns:
        roster.columns = columns
        roster.commas = len(_comma_cells(line)) > 1 and _header(_comma_cells(line)) == columns
        roster.headings.append(line)
        if not roster.seats:
            # What stood above the first table is its title, not a group of seats.
            roster.group = roster.organisation = ""
        return
    if not filled or all(set(cell) <= set("-–—=+: ") for cell in filled):
        roster.headings.append(line)
        return
    if roster.columns and len(cells) > 1 and len([cell for cell in cells if cell]) <= len(roster.columns):
        row = _by_column(cells, roster.columns)
        if roster.in_experts:
            _add_experts(roster, number, line, [row.member, *row.deputies], row.named)
        else:
            place = len(roster.seats)
            _add_seat(roster, number, line, row.member, row.deputies, row.named)
            if row.rest:
                roster.questions.append(point_out("roster_unplaced", place, name=row.member, text=", ".join(row.rest)))
        return
    if roster.in_experts:
        _add_experts(roster, number, line, cells, {})
    elif len(cells) == 1:
        _read_single(roster, number, line, cells[0])
    else:
        member, deputies, named = _by_position(cells)
        _add_seat(roster, number, line, member, deputies, named)


def _read_heading(roster: _Roster, line: str, text: str, following: str) -> bool:
    """Experts, members, a group, an organisation for the rows below; or `Sihteeri: N.N.`, which is a row."""
    bare = text.strip(" :#*")
    marked = text.rstrip().endswith(":") or bare.isupper()
    if _EXPERTS.fullmatch(bare):
        roster.in_experts, roster.group, roster.organisation, roster.columns = True, "", "", ()
    elif _MEMBERS.fullmatch(bare):
        roster.in_experts, roster.group, roster.organisation = False, "", ""
    elif _header_words(bare):
        roster.columns = ()
    elif _cannot_head(text, bare) or not following:
        return False
    elif marked or not looks_like_organisation(bare):
        if not marked and (len(bare.split()) > 4 or not bare[0].isupper() or "," in bare):
            return False
        roster.group, roster.organisation, roster.in_experts = bare, "", False
    else:
        roster.organisation = bare
    roster.headings.append(line)
    return True


def _cannot_head(text: str, bare: str) -> bool:
    """A line with somebody in it, or with the signs of a row, heads nothing."""
    row = _NUMBERED.match(text) or EMAIL.search(text) or is_empty(bare) or role_of(bare.split(":", maxsplit=1)[0])
    return bool(row) or looks_like_name(bare) or bool(read_cell(text).people) or bool(_pairs(text))


def _read_single(roster: _Roster, number: int, line: str, text: str) -> None:
    """A row without columns: a person, `Puheenjohtaja: N.N.`, or member and deputy parted by a single space."""
    text = _unnumbered(text)
    role, _, after = text.partition(":")
    if role_of(role) and after.strip():
        _add_officer(roster, number, line, role_of(role), after.strip())
        return
    words = text.split(maxsplit=1)
    if len(words) > 1 and role_of(words[0]) and looks_like_name(words[1].split(",")[0]):
        _add_officer(roster, number, line, role_of(words[0]), words[1])
        return
    named = _DEPUTY_NAMED.fullmatch(text)
    if named is not None and read_cell(named["member"]).people and read_cell(named["deputy"]).people:
        _add_seat(roster, number, line, named["member"], [named["deputy"]], {})
        return
    pairs = _pairs(text)
    if pairs:
        choices = tuple(Choice(f"{a} | {b}", "reading.choice_pair", (("member", a), ("deputy", b))) for a, b in pairs)
        if len(pairs) == 1:
            member, deputy = pairs[0]
        else:
            question = ask("one_column", len(roster.seats), f"r{number}", choices, roster.answers, text=text)
            roster.questions.append(question)
            member, deputy = question.answer.split(" | ")
        _add_seat(roster, number, line, member, [deputy], {})
        return
    if read_cell(text).people:
        _add_seat(roster, number, line, text, [], {})
        return
    roster.unread.append(line)


def _add_officer(roster: _Roster, number: int, line: str, role: str, text: str) -> None:
    before = len(roster.seats)
    if role == "secretary":
        people = read_cell(text).people
        if people:
            roster.officers += [replace(one, roles=tuple(dict.fromkeys((role, *one.roles)))) for one in people]
            roster.people_lines.append(line)
            return
        roster.unread.append(line)
        return
    member, deputies, named = _by_position(_cells(text))
    _add_seat(roster, number, line, member, deputies, named)
    seat = roster.seats[-1] if len(roster.seats) > before else None
    if seat is not None and seat.member is not None and role not in seat.member.roles:
        roster.seats[-1] = replace(seat, member=replace(seat.member, roles=(role, *seat.member.roles)))


def _add_experts(roster: _Roster, number: int, line: str, cells: Sequence[str], named: Mapping[str, str]) -> None:
    """People of the experts' part: one a cell, the text cells without a name being their organisation."""
    texts = [text for text in cells if text]
    read = [(text, read_cell(_unnumbered(text))) for text in texts]
    organisation = next((cell.organisation for _, cell in read if not cell.people), "") or named.get("organisation", "")
    people = [
        replace(
            person,
            organisation=person.organisation or organisation,
            title=person.title or named.get("title", ""),
            email=person.email or named.get("email", ""),
        )
        for _, cell in read
        for person in cell.people
    ]
    if not people:
        roster.unread.append(line)
        return
    roster.people_lines.append(line)
    for text, cell in read:
        if cell.names:
            _ask_name(roster, number, f"e{texts.index(text)}", None, cell)
    roster.questions += [point_out("roster_unplaced", None, name=one.name, text=one.rest) for one in people if one.rest]
    roster.experts += people


def _add_seat(roster: _Roster, number: int, line: str, member_text: str, deputy_texts: Sequence[str], named: Mapping[str, str]) -> None:
    place = len(roster.seats)
    organisation = named.get("organisation", "") or roster.organisation
    member_cell = read_cell(_unnumbered(member_text))
    deputy_cells = [read_cell(text) for text in deputy_texts]
    members = _named_apart(roster, number, "m", place, member_cell)
    deputies = [person for at, cell in enumerate(deputy_cells) for person in _named_apart(roster, number, f"v{at}", place, cell)]
    organisation = organisation or member_cell.organisation or next((cell.organisation for cell in deputy_cells if not cell.people), "")
    if members:
        members[0] = _filled(members[0], named, "")
    if deputies:
        deputies[0] = _filled(deputies[0], named, "deputy_")
    if not members and not deputies and not organisation and not named.get("group"):
        roster.unread.append(line)
        return
    members, deputies = _ask_slashes(roster, number, place, members, deputies)
    member = members[0] if members else None
    if member is None and deputies:
        choices = (Choice("vacant", "reading.choice_vacant"), Choice("member", "reading.choice_is_member", (("name", deputies[0].name),)))
        question = ask("no_member", place, f"r{number}", choices, roster.answers, name=deputies[0].name)
        roster.questions.append(question)
        if question.answer == "member":
            member, deputies = deputies[0], deputies[1:]
    on_leave = member is not None and member.on_leave
    if member is not None and on_leave:
        choices = (Choice("leave", "reading.choice_on_leave"), Choice("acting", "reading.choice_not_on_leave"))
        question = ask("on_leave", place, f"r{number}", choices, roster.answers, name=member.name)
        roster.questions.append(question)
        on_leave = question.answer == "leave"
        member = replace(member, on_leave=on_leave)
    for text, cell in zip(deputy_texts, deputy_cells, strict=True):
        if cell.organisation and not cell.people and cell.organisation != organisation:
            roster.questions.append(point_out("roster_unplaced", place, name=member.name if member else organisation, text=text))
    for person in (*([member] if member else []), *deputies):
        if person.rest:
            roster.questions.append(point_out("roster_unplaced", place, name=person.name, text=person.rest))
    if member is None and not deputies:
        roster.questions.append(point_out("seat_empty", place, organisation=organisation or line.strip()))
    organisation = organisation or (member.organisation if member else "") or (deputies[0].organisation if deputies else "")
    group = named.get("group", "") or roster.group
    roster.seats.append(SeatReading(organisation, group, member, tuple(deputies), on_leave, line.strip()))


def _named_apart(roster: _Roster, number: int, cell_id: str, place: int, cell: Cell) -> list[PersonReading]:
    """The people of a cell, after asking which of several wordings is the name."""
    people = [*cell.people]
    if people and cell.names:
        name = _ask_name(roster, number, cell_id, place, cell)
        first = people[0]
        if name != first.name and name in first.organisation.split(", "):
            others = [first.name if one == name else one for one in first.organisation.split(", ")]
            people[0] = replace(first, name=name, organisation=", ".join(others))
        else:
            people[0] = replace(first, name=name)
    return people


def _ask_name(roster: _Roster, number: int, cell_id: str, place: int | None, cell: Cell) -> str:
    choices = tuple(Choice(name, "reading.choice_name", (("name", name),)) for name in cell.names)
    question = ask("which_name", place, f"r{number}{cell_id}", choices, roster.answers, first=cell.names[0], second=cell.names[1])
    roster.questions.append(question)
    return question.answer


def _ask_slashes(
    roster: _Roster, number: int, place: int, members: list[PersonReading], deputies: list[PersonReading]
) -> tuple[list[PersonReading], list[PersonReading]]:
    """`A / B` in the deputies' column: in that order or the other; in the members' column: who of them is the member."""
    if len(members) > 1:
        choices = tuple(Choice(one.name, "reading.choice_is_member", (("name", one.name),)) for one in members)
        question = ask("two_members", place, f"r{number}", choices, roster.answers, first=members[0].name, second=members[1].name)
        roster.questions.append(question)
        chosen = next(one for one in members if one.name == question.answer)
        deputies = [*(one for one in members if one is not chosen), *deputies]
        members = [chosen]
    elif len(deputies) > 1:
        choices = (
            Choice("in_order", "reading.choice_first_deputy", (("name", deputies[0].name),)),
            Choice("turned", "reading.choice_first_deputy", (("name", deputies[-1].name),)),
        )
        question = ask("two_deputies", place, f"r{number}", choices, roster.answers, first=deputies[0].name, second=deputies[1].name)
        roster.questions.append(question)
        deputies = deputies[::-1] if question.answer == "turned" else deputies
    return members, deputies


def _ask_twice(roster: _Roster) -> None:
    seen: dict[str, int] = {}
    for place, seat in enumerate(roster.seats):
        for person in (*([seat.member] if seat.member else []), *seat.deputies):
            name = person.email.casefold() or person.name.casefold()
            if seen.setdefault(name, place) != place:
                roster.questions.append(point_out("twice", place, name=person.name, first=seen[name] + 1, second=place + 1))


def _filled(person: PersonReading, named: Mapping[str, str], prefix: str) -> PersonReading:
    role = role_of(named.get("role", "")) if not prefix else ""
    return replace(
        person,
        title=person.title or named.get(f"{prefix}title", ""),
        email=person.email or named.get(f"{prefix}email", ""),
        organisation=person.organisation or (named.get("deputy_organisation", "") if prefix else ""),
        roles=tuple(dict.fromkeys((*person.roles, *([role] if role else [])))),
    )


def _cells(line: str, *, commas: bool = False, columns: Sequence[str] = ()) -> list[str]:
    """The cells of a row by the strongest mark in it; commas part cells only below a header row parted by them."""
    stripped = line.strip(" ")
    for mark in ("\t", ";", "|"):
        if mark in stripped:
            inner = stripped.strip("|") if mark == "|" else stripped
            return [cell.strip(' "') for cell in inner.split(mark)]
    parted = _comma_cells(stripped)
    if len(parted) > 1 and (commas or _header(parted)):
        return parted
    cells = [cell.strip() for cell in _SPACES.split(stripped)]
    if len(columns) > len(cells) and len(line) - len(line.lstrip(" ")) >= _EMPTY_COLUMN:
        # Nothing stands in the first column.
        return ["", *cells]
    return cells


def _comma_cells(line: str) -> list[str]:
    """Comma-separated values: a quoted cell may hold commas and doubled quotes."""
    cells = re.findall(r'(?:^|,)\s*("(?:[^"]|"")*"|[^,]*)', line)
    return [cell[1:-1].replace('""', '"').strip() if cell.startswith('"') and cell.endswith('"') else cell.strip() for cell in cells]


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    """The columns a header row names, '' for an unknown one; empty when the row is none (at least two known, one of them people)."""
    found = tuple(_COLUMNS.get(" ".join(cell.strip(" :").split()).casefold(), "") for cell in cells)
    known = [one for one in found if one]
    has_people = bool({"member", "deputy", "surname"} & set(known))
    return found if has_people and len(known) >= 2 and 2 * len(known) >= len([cell for cell in cells if cell]) else ()


def _header_words(text: str) -> bool:
    """`Jäsen Varajäsen` with a single space, or one of them alone."""
    words = text.casefold()
    return (words in _COLUMNS and _COLUMNS[words] in {"member", "deputy"}) or any(
        _COLUMNS.get(words[:at].strip()) == "member" and _COLUMNS.get(words[at:].strip()) == "deputy"
        for at in (one.start() for one in re.finditer(r"\s", words))
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of a row by what their columns are called."""

    member: str
    deputies: tuple[str, ...]
    named: Mapping[str, str]
    rest: tuple[str, ...]


def _by_column(cells: Sequence[str], columns: Sequence[str]) -> _Row:
    named: dict[str, str] = {}
    deputies: list[str] = []
    rest: list[str] = []
    for place, cell in enumerate(cells):
        column = columns[place] if place < len(columns) else ""
        if column == "deputy":
            deputies.append(cell)
        elif not column and cell and not is_empty(cell):
            rest.append(cell)
        elif column and cell:
            named[column] = f"{named[column]}, {cell}" if column in named else cell
    member = named.pop("member", "") or " ".join(named[one] for one in ("first_name", "surname") if one in named)
    return _Row(member, tuple(deputies), named, tuple(rest))


def _by_position(cells: Sequence[str]) -> tuple[str, list[str], dict[str, str]]:
    """Columns without a header: member and deputy; before them an organisation, after them further deputies."""
    rest = [*cells]
    named: dict[str, str] = {}
    if rest and rest[0].strip().isdigit() and len(rest) > 1:
        rest = rest[1:]
    if len(rest) > 2 and rest[0] and not read_cell(rest[0]).people:
        named["organisation"] = rest[0] if not is_empty(rest[0]) else ""
        rest = rest[1:]
    elif len(rest) == 2 and rest[0] and not is_empty(rest[0]) and not read_cell(rest[0]).people and read_cell(rest[1]).people:
        # Organisation and member: nobody stands in the deputies' column.
        named["organisation"], rest = rest[0], rest[1:]
    return rest[0], rest[1:], named


def _pairs(text: str) -> list[tuple[str, str]]:
    """The ways to part a row with single spaces into member and deputy; empty when it is one person.

    Four capitalised words are two names; three or five leave a choice. Titles and organisations make it one person's cell.
    """
    words = text.split()
    if not 4 <= len(words) <= 6 or not all(looks_like_name(f"{one} Aalto") for one in words):
        return []
    if len(words) == 4:
        return [(" ".join(words[:2]), " ".join(words[2:]))]
    return [(" ".join(words[:at]), " ".join(words[at:])) for at in range(2, len(words) - 1)]


def _unnumbered(text: str) -> str:
    return _NUMBERED.sub("", text.strip())
