"""What the key sheet says that the keys do."""

from __future__ import annotations

from dagger_gui.key_groups import key_groups, keyboard_axes
from drivers import bindings
from sessions import stations


def _driving(station: str) -> dict[str, str]:
    axes = keyboard_axes(stations.load(station))
    rows = key_groups(bindings.load(), axes)[-1].rows
    return {words: keys[0] for keys, words in rows}


def test_keys_that_move_single_axes_are_said_to_and_no_tool_is_spoken_of() -> None:
    driving = _driving("pusht")
    keys = bindings.load().keyboard
    shown = {"x +": "right", "x −": "left", "y −": "forward", "y +": "back"}  # y grows downwards
    for words, motion in shown.items():
        assert driving[words] in (*keys[motion], "↑", "↓", "←", "→")
    assert not any("Tool" in words or "Pitch" in words for words in driving)
    assert "Slow, while held" in driving


def test_keys_that_move_a_tool_say_so() -> None:
    assert "Tool forward" in _driving("simulated")
