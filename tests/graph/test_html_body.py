"""The body of an event: what is ours, what is the join block, and how it reads."""

from __future__ import annotations

import pytest

from graph.html_body import document, inner, plain_text, same_text, split_join_block

URL = "https://teams.example.org/l/meetup-join/1?p=a&amp;b=c"
RULE = f'<div style="width:100%"><span>{"_" * 80}</span></div>'
BLOCK = f'<div class="me-email-text" lang="fi"><a class="me-email-headline" href="{URL}">Liity</a></div>'


def test_the_block_begins_at_its_rule_and_runs_to_the_end() -> None:
    own, block = split_join_block(document(f"<p>Hei &amp; terve</p><br>{RULE}\r\n{BLOCK}{RULE}"), "")
    assert plain_text(own) == "Hei & terve"
    assert block == f"{RULE}\n{BLOCK}{RULE}"


def test_the_block_is_found_inside_a_wrapper_that_outlook_put_around() -> None:
    own, block = split_join_block(f'<div class="w"><p>Hei</p>ja terve{RULE}{BLOCK}</div><p>perässä</p>', "")
    assert plain_text(own) == "Hei\n\nja terve"
    assert block == f'<div class="w">{RULE}{BLOCK}</div><p>perässä</p>'


def test_a_rule_of_the_writers_own_is_not_the_blocks() -> None:
    own, block = split_join_block(f"<p>Hei</p><p>{'_' * 30}</p><p>terve</p>{RULE}{BLOCK}", "")
    assert plain_text(own) == f"Hei\n\n{'_' * 30}\n\nterve"
    assert block == RULE + BLOCK


def test_without_exchanges_class_the_join_link_marks_the_block() -> None:
    own, block = split_join_block(f'<p>Hei</p><p>Alla linkki: <a href="{URL}">Liity</a></p>', URL.replace("&amp;", "&"))
    assert plain_text(own) == "Hei\n\nAlla linkki:"
    assert block == f'<p><a href="{URL}">Liity</a></p>'


@pytest.mark.parametrize("html", ["", "<p>Hei</p>", "pelkkää tekstiä"])
def test_a_body_without_a_block_is_all_ours(html: str) -> None:
    own, block = split_join_block(html, "https://teams.example.org/l/1")
    assert (plain_text(own), block) == (plain_text(html), "")


def test_a_fragment_is_its_own_inside() -> None:
    assert inner("<p>Hei</p>") == "<p>Hei</p>"
    assert inner(document("<p>Hei</p>")) == "<p>Hei</p>"


def test_text_reads_as_it_looks() -> None:
    html = "<h2>Kokous</h2><p>Tervetuloa<br>kokoukseen!</p><ul><li>yksi</li><li>kaksi</li></ul><table><tr><th>A</th><td>1</td></tr></table>"
    assert plain_text(html) == "Kokous\n\nTervetuloa\nkokoukseen!\n\n• yksi\n• kaksi\n\nA 1"


def test_bodies_are_the_same_when_they_read_the_same() -> None:
    assert same_text("<p>Hei <b>kaikki</b></p>", document('<div style="x"><p class="y">Hei&nbsp;<b>kaikki</b></p></div>'))
    assert not same_text("<p><a href='https://example.org/1'>Liite</a></p>", "<p><a href='https://example.org/2'>Liite</a></p>")
