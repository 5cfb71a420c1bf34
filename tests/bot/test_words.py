from __future__ import annotations

import pytest

from bot.words import language_of, read_text
from meetings import commands as c
from meetings.commands import Command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", c.ShowHelp()),
        ("Apua", c.ShowHelp()),
        ("hjälp!", c.ShowHelp()),
        ("HELP", c.ShowHelp()),
        ("tilanne", c.ShowStatus()),
        ("kommentoi Päätös on toinen", c.CommentMinutes(text="Päätös on toinen")),
        ("lähetä pöytäkirja 18.5.2026", c.SendMinutes(deadline="18.5.2026")),
        ("pöytäkirja", c.PrepareMinutes()),
        ("esityslista\n1 § Avaus\n2 § Muut asiat", c.ReadAgenda(text="1 § Avaus\n2 § Muut asiat")),
        ("Esityslista: 1 § Avaus", c.ReadAgenda(text="1 § Avaus")),
        ("suomi", c.ChooseLanguage(language="fi")),
        ("kieli ruotsi", c.ChooseLanguage(language="sv")),
        ("ei kommentteja.", c.AnswerNoComments()),
    ],
)
def test_a_text_is_read_as_its_command(text: str, command: Command) -> None:
    assert read_text(text) == command


def test_a_misspelt_word_gets_the_nearest_commands() -> None:
    asked = read_text("tilane")
    assert isinstance(asked, c.AskAgain)
    assert asked.nearest[0] == "show_status"


def test_a_long_text_without_a_word_is_kept_and_asked_about() -> None:
    text = "Ohjausryhmän jäsenet:\nMaija Meri\nPekka Puro"
    assert read_text(text) == c.TakeText(text=text)


def test_a_word_is_not_found_inside_a_longer_one() -> None:
    assert isinstance(read_text("apuraha"), c.AskAgain)


@pytest.mark.parametrize(("text", "language"), [("tilanne", "fi"), ("läget", "sv"), ("status", "en"), ("xyz", "")])
def test_the_word_tells_the_language(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("ei kommentteja, paitsi § 3", ("answer_no_comments", "comment_minutes")),
        ("inga kommentarer\nmen § 3 är fel", ("answer_no_comments", "comment_minutes")),
        ("publish only tomorrow", ("publish_agenda", "show_agenda")),
        ("hyväksy pöytäkirja vasta ensi viikolla", ("approve_minutes",)),
        ("?", ()),
    ],
)
def test_a_sentence_that_begins_with_an_act_is_asked_about(text: str, nearest: tuple[str, ...]) -> None:
    assert read_text(text) == c.AskAgain(text=text, nearest=nearest)


@pytest.mark.parametrize("text", ["Muistio 3/2026\nAika: ma", "Kokous 3/2026\nAika: ma 11.5.2026\n1 § Avaus", "tilanne " + "x" * 200])
def test_a_pasted_text_is_kept_though_it_begins_with_a_word(text: str) -> None:
    assert read_text(text) == c.TakeText(text=text)


def test_a_line_broken_in_two_is_still_a_line() -> None:
    assert read_text("kokous ma 11.5.2026\nklo 10–12") == c.PlanMeeting(text="ma 11.5.2026\nklo 10–12")
