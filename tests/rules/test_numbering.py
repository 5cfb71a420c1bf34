from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from meetings.model import Item, Outcome, Phase
from meetings.rules.agenda import insert, remove
from meetings.rules.numbering import in_order, next_number, number_sections
from tests.samples import meeting


def test_meeting_numbers_run_within_the_year_and_skip_none() -> None:
    held = [meeting(number=1), meeting(number=2, phase=Phase.CANCELLED), meeting(number=7, year=2025)]
    assert next_number(held, 2026) == 3
    assert next_number(held, 2027) == 1


def test_sections_start_after_the_last_of_the_year() -> None:
    fresh = meeting()
    fresh = replace(fresh, items=tuple(replace(item, section=None) for item in fresh.items))
    assert [item.section for item in in_order(number_sections(fresh))] == [1, 2, 3]
    assert [item.section for item in in_order(number_sections(fresh, last=40))] == [41, 42, 43]


def test_an_item_added_to_an_earlier_meeting_takes_no_number_of_a_later_one() -> None:
    held = insert(meeting(), Item("late", "meeting", 0, "Lisäasia"), 2)
    assert [item.section for item in in_order(number_sections(held, last=20))] == [1, 21, 2, 3]
    assert [item.section for item in in_order(number_sections(held))] == [1, 4, 2, 3]


def test_an_item_removed_after_publishing_keeps_its_section() -> None:
    published = meeting()
    left = remove(published, published.items[1])
    assert [(item.section, item.outcome) for item in in_order(left)] == [(1, Outcome.NONE), (2, Outcome.WITHDRAWN), (3, Outcome.NONE)]


def test_an_item_removed_before_publishing_leaves_no_gap() -> None:
    draft = meeting()
    draft = replace(draft, items=tuple(replace(item, section=None) for item in draft.items))
    left = number_sections(remove(draft, draft.items[1]))
    assert [(item.title, item.section) for item in in_order(left)] == [("Asia 1", 1), ("Asia 3", 2)]


@given(st.lists(st.tuples(st.sampled_from(["add", "move", "remove", "number"]), st.integers(0, 12)), max_size=25), st.integers(0, 200))
def test_a_section_once_given_never_changes_and_is_never_given_twice(steps: list[tuple[str, int]], last: int) -> None:
    held = replace(meeting(), items=())
    seen: dict[str, int] = {}
    for count, (step, place) in enumerate(steps):
        if step == "add":
            held = insert(held, Item(f"n{count}", "meeting", 0, f"Asia {count}"), place)
        elif step == "move" and held.items:
            held = insert(held, held.items[place % len(held.items)], place)
        elif step == "remove" and held.items:
            held = remove(held, held.items[place % len(held.items)])
        else:
            before = max([last, *seen.values()])
            fresh = [item.id for item in in_order(held) if item.section is None]
            held = number_sections(held, last)
            assert [item.section for item in in_order(held) if item.id in fresh] == list(range(before + 1, before + 1 + len(fresh)))
        for item in held.items:
            if item.section is not None:
                assert seen.setdefault(item.id, item.section) == item.section
        given_now = [item.section for item in held.items if item.section is not None]
        assert len(set(given_now)) == len(given_now)
        assert all(section > last for section in given_now)
        assert [item.position for item in in_order(held)] == list(range(1, len(held.items) + 1))
