"""Cards that people put into chats. No buttons but the way to the minutes: whoever reads them may be a stranger to the bot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from cards.kit import Card, unlinked
from meetings.model import Item, Outcome
from meetings.screens.base import Screen
from meetings.screens.quotes import Quote
from texts import format_date, t


def quoted(card: Card, screen: Quote) -> None:
    body, meeting, item = screen.body, screen.meeting, screen.item
    day = format_date(card.language, meeting.day, weekday=True)
    card.heading(title(screen, card.language), subtitle=body.name)
    card.words(card.t("search.where", number=meeting.designation, day=day))
    if item is None:
        if meeting.approved_at is not None:
            card.line("quotes.approved", day=meeting.approved_at.astimezone(body.tz).date())
    else:
        if item.outcome is not Outcome.NONE:
            card.line(f"stock.{item.outcome}")
        card.typed(item.decision, limit=2000)
    if screen.link:
        card.links([(card.t("documents.open_pdf"), screen.link)])
    elif screen.post:
        card.links([(card.t("quotes.open_board"), _post_link(body.tenant_id, body.channel_id, screen.post))])


def title(screen: Quote, language: str) -> str:
    """Plain text."""
    if screen.item is None:
        return t(language, "minutes.title_formal" if screen.body.formal else "minutes.title_memo", number=screen.meeting.designation)
    return _item(screen.item)


def preview(screen: Quote, language: str) -> dict[str, str]:
    """A thumbnail card, as which a decision stands in the list to choose from."""
    item, meeting = screen.item, screen.meeting
    said = "" if item is None else item.decision.strip() or (t(language, f"stock.{item.outcome}") if item.outcome else "")
    # A list shows about thirty letters of it.
    parts = (meeting.designation, format_date(language, meeting.day), _plain(said, 160), _plain(screen.body.name, 120))
    return {"title": _plain(title(screen, language), 120), "text": " · ".join(part for part in parts if part)}


def _item(item: Item) -> str:
    return item.title if item.section is None else f"§ {item.section} {item.title}"


def _plain(text: str, most: int) -> str:
    line = " ".join(text.split())
    cut = line if len(line) <= most else line[: most - 1].rstrip() + "…"
    return unlinked(cut)


def _post_link(tenant_id: str, channel_id: str, post: tuple[str, str]) -> str:
    """Into the channel, where Teams lets in its members alone."""
    root, shown = post
    return f"https://teams.microsoft.com/l/message/{quote(channel_id, safe='')}/{shown}?" + urlencode(
        {"tenantId": tenant_id, "parentMessageId": root}
    )


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {Quote: quoted}
