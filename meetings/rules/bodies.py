"""Setting up a body and changing its settings: what is typed is read, and what makes no sense is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from meetings.commands import ChangeBody
from meetings.errors import Refused
from meetings.model import Approval, Body, Calling, Numbering, Standing, StandingItem

LANGUAGES = ("fi", "sv", "en")
LONGEST_NAME = 120
LONGEST_RULE = 600
MOST_ITEMS = 40
LONGEST_TITLE = 500
LONGEST_TEMPLATE = 10_000
NOBODY = "none"

Kind = TypeVar("Kind", bound=StrEnum)

# The template of a new body: the items every meeting has, in order. Their words come from the catalogue.
TEMPLATE = (
    Standing.OPENING,
    Standing.QUORUM,
    Standing.AGENDA,
    Standing.PREVIOUS_MINUTES,
    Standing.ANNOUNCEMENTS,
    Standing.OTHER_BUSINESS,
    Standing.NEXT_MEETING,
    Standing.CLOSING,
)


def read_name(typed: str) -> str:
    """A body's name on one line. Refuses an empty or an overlong one."""
    name = " ".join(typed.split())
    if not name:
        raise Refused("setup.name_missing")
    if len(name) > LONGEST_NAME:
        raise Refused("setup.name_long", most=LONGEST_NAME)
    return name


def read_languages(first: str, second: str, kept: tuple[str, ...] = ("fi",)) -> tuple[str, ...]:
    """The languages of the record, the first one its own. An empty first keeps what was; `none` as second means only one."""
    first = first or kept[0]
    if first not in LANGUAGES or (second not in LANGUAGES and second not in {"", NOBODY}):
        raise Refused("setup.language_unknown")
    return (first,) if second in {"", NOBODY, first} else (first, second)


def read_zone(typed: str) -> str:
    """An IANA time zone such as Europe/Helsinki."""
    zone = typed.strip()
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise Refused("setup.zone_unknown", zone=zone[:60]) from None
    return zone


def read_count(typed: str, key: str, least: int, most: int) -> int:
    """A whole number of days between the two."""
    text = typed.strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and least <= int(text) <= most):
        raise Refused(key, least=least, most=most)
    return int(text)


def read_fraction(typed: str) -> tuple[int, int]:
    """`1/2`: more than half of the seats with a vote. Anything from 1/100 up to, but not, the whole."""
    above, slash, below = (part.strip() for part in typed.partition("/"))
    decimal = all(part.isascii() and part.isdecimal() and len(part) <= 3 for part in (above, below))
    if not slash or not decimal or not 0 < int(above) < int(below) <= 100:
        raise Refused("setup.quorum_unread", text=typed.strip()[:20])
    return int(above), int(below)


def change_body(
    body: Body,
    command: ChangeBody,
    *,
    accounts: Collection[str],
    roster: Collection[str],
    members: Collection[str],
    rule: Callable[[Body], str],
) -> Body:
    """The body with the settings of the form; an empty field keeps what was, an empty rule takes the stock wording of `rule`.

    Only persons with a Teams account can be secretary; chairs come from the roster or the accounts, checkers from the members.
    """
    before = rule(body)
    numerator, denominator = read_fraction(command.quorum) if command.quorum else (body.quorum_numerator, body.quorum_denominator)
    secretary = _person(command.secretary_id, body.secretary_id, accounts)
    if secretary == "":
        raise Refused("setup.secretary_missing")
    offices = {*roster, *accounts}
    changed = replace(
        body,
        name=read_name(command.name) if command.name else body.name,
        languages=read_languages(command.language, command.language_2, body.languages),
        zone=read_zone(command.zone) if command.zone else body.zone,
        secretary_id=secretary,
        chair_id=_person(command.chair_id, body.chair_id, offices),
        vice_chair_id=_person(command.vice_chair_id, body.vice_chair_id, offices),
        approval=_choice(Approval, command.approval, body.approval),
        comment_days=read_count(command.comment_days, "setup.comment_days", 1, 180) if command.comment_days else body.comment_days,
        checker_ids=tuple(dict.fromkeys(command.checker_ids)),
        quorum_numerator=numerator,
        quorum_denominator=denominator,
        quorum_needs_chair=command.quorum_needs_chair,
        lead_days=read_count(command.lead_days, "setup.lead_days", 0, 60) if command.lead_days else body.lead_days,
        calling=_choice(Calling, command.calling, body.calling),
        warn_days=read_count(command.warn_days, "setup.warn_days", 0, 30) if command.warn_days else body.warn_days,
        keep_months=read_count(command.keep_months, "setup.keep_months", 0, 120) if command.keep_months else body.keep_months,
        numbering=_choice(Numbering, command.numbering, body.numbering),
        formal=command.formal,
    )
    if changed.chair_id and changed.chair_id == changed.vice_chair_id:
        raise Refused("setup.one_chair")
    if not set(changed.checker_ids) <= {*members, *body.checker_ids}:
        raise Refused("setup.person_unknown")
    if changed.approval is Approval.CHECKERS and not changed.checker_ids:
        raise Refused("setup.checkers_missing")
    typed = command.approval_rule.strip()
    if len(typed) > LONGEST_RULE:
        raise Refused("setup.rule_long", most=LONGEST_RULE)
    # A wording nobody has touched follows the language and the kind of the minutes.
    return replace(changed, approval_rule=rule(changed) if typed in {"", before} else typed)


def write_lines(items: Sequence[StandingItem]) -> str:
    """The template as the secretary edits it: a line an item, its proposal after a bar."""
    ordered = sorted(items, key=lambda item: item.position)
    return "\n".join(f"{item.title} | {item.proposal}" if item.proposal else item.title for item in ordered)


def read_lines(typed: str, body: Body, stock: Callable[[Standing], Sequence[str]], new_id: Callable[[], str]) -> tuple[StandingItem, ...]:
    """The template from its lines. A line keeps its meaning by its title (its own or a stock one), a reworded line by its place.

    `stock` gives the known titles of a standing item. Refuses an empty template and one of too many lines.
    """
    if len(typed) > LONGEST_TEMPLATE:
        raise Refused("agenda.too_long", length=len(typed), most=LONGEST_TEMPLATE)
    lines = [line for raw in typed.splitlines() if (line := " ".join(raw.split()).strip("|").strip())]
    if not lines:
        raise Refused("setup.items_missing")
    if len(lines) > MOST_ITEMS:
        raise Refused("setup.items_many", most=MOST_ITEMS)
    old = sorted(body.standing_items, key=lambda item: item.position)
    titles = [line.partition("|")[0].strip() for line in lines]
    if (longest := max(map(len, titles))) > LONGEST_TITLE:
        raise Refused("agenda.too_long", length=longest, most=LONGEST_TITLE)
    by_title = {item.title.casefold(): item for item in reversed(old)}
    known = {title.casefold(): standing for standing in Standing if standing for title in stock(standing)}
    same_place = len(lines) == len(old)
    taken: set[Standing] = set()
    found = []
    for place, (line, title) in enumerate(zip(lines, titles, strict=True)):
        before = by_title.get(title.casefold())
        if before is None and same_place and old[place].title.casefold() not in {one.casefold() for one in titles}:
            before = old[place]
        standing = before.standing if before else known.get(title.casefold(), Standing.NONE)
        if standing in taken:
            standing = Standing.NONE
        taken.add(standing)
        taken.discard(Standing.NONE)
        found.append(StandingItem(before.id if before else new_id(), body.id, place + 1, standing, title, line.partition("|")[2].strip()))
        if before:
            by_title.pop(before.title.casefold(), None)
    return tuple(found)


def _person(typed: str, kept: str, allowed: Collection[str]) -> str:
    if typed in {"", kept}:
        return kept
    if typed == NOBODY:
        return ""
    if typed not in allowed:
        raise Refused("setup.person_unknown")
    return typed


def _choice(kind: type[Kind], typed: str, kept: Kind) -> Kind:
    try:
        return kind(typed) if typed else kept
    except ValueError:
        raise Refused("setup.choice_unknown") from None
