"""The key sheet's content, read off the bindings that are in force."""

from __future__ import annotations

from dagger_gui.widgets.key_sheet import KeyGroup
from drivers.bindings import MOTIONS, WINDOW_ACTIONS, Bindings
from sessions.config import Station

_SHORT = {"Backspace": "⌫", "Delete": "Del", "Up": "↑", "Down": "↓", "Left": "←", "Right": "→"}
_GROUPS = {
    "Stop and go": ("stop", "next", "pause", "disarm", "rest", "release"),
    "Correct": ("correct", "toggle", "operator", "demonstrate"),
    "End the attempt": ("success", "failure", "discard", "reset_scene"),
    "Corrections": ("note", "discard_correction", "undo", "redo", "retrain"),
    "Review": (
        *("play", "slower", "faster", "next_untagged", "find", "boundary", "split", "merge"),
        *("start_earlier", "start_later", "end_earlier", "end_later"),
    ),
    "Window": ("page_run", "page_review", "page_rounds", "page_station", "theme", "keys"),
}
_CURSOR = (  # fixed: while the human drives, the same keys are the arm's
    (("←", "→"), "Frame back, frame on"),
    (("PgUp", "PgDn"), "Correction before, after"),
    (("Home", "End"), "First frame, last frame"),
    (("+", "−"), "Zoom the time in, out"),
    (("0",), "The whole attempt"),
)
_FIRST = ("first axis", "second axis", "third axis", "fourth axis")
_PAIRS = (("right", "left"), ("forward", "back"), ("up", "down"), ("roll_right", "roll_left"))
_OF_ANY = ("gripper_open", "gripper_close", "slow")  # whatever the keys move
_TAGS = tuple(f"tag_{n}" for n in range(1, 10))


def shown(key: str) -> str:
    """A key as it is printed on it."""
    return "+".join(_SHORT.get(part, part) for part in key.split("+")) if key != "+" else key


def first_key(keys: Bindings, action: str) -> str:
    """The first key of a window action as printed on it; empty if it has none."""
    bound = keys.window.get(action, ())
    return shown(bound[0]) if bound else ""


def keyboard_axes(station: Station) -> tuple[str, ...]:
    """Which components of the robot the motion keys move; empty if they move a tool."""
    tables = station.operators.values()
    if any(table.get("type") == "keyboard" for table in tables):
        return ()
    for table in tables:
        if table.get("type") == "axes" and table.get("by", "keyboard") == "keyboard":
            return tuple(table.get("axes", ())) or _FIRST
    return ()


def motion_words(axes: tuple[str, ...]) -> dict[str, str]:
    """What each motion key does, in words.

    Args:
        axes: the components that right, forward, up and a roll move, a minus before one that is
            turned round, as the station's operator of type ``axes`` has them; empty for a tool.
    """
    if not axes:
        return MOTIONS
    found = {}
    for (plus, minus), axis in zip(_PAIRS, axes, strict=False):
        name, turned = axis.removeprefix("-"), axis.startswith("-")
        found[plus], found[minus] = (f"{name} {'−+'[turned ^ i]}" for i in (True, False))
    return {motion: found.get(motion, MOTIONS[motion]) for motion in (*found, *_OF_ANY)}


def key_groups(keys: Bindings, axes: tuple[str, ...] = ()) -> list[KeyGroup]:
    """Every action with its keys, grouped by what they are for.

    Args:
        keys: the bindings in force.
        axes: as of ``keyboard_axes``.
    """
    groups = [
        KeyGroup(
            title,
            tuple(
                (tuple(map(shown, keys.window[action])), WINDOW_ACTIONS[action])
                for action in actions
                if keys.window.get(action)
            ),
        )
        for title, actions in _GROUPS.items()
    ]
    tags = [shown(key) for action in _TAGS for key in keys.window.get(action, ())[:1]]
    if tags:
        rows = ((tags[0], "…", tags[-1]), "Say what failed")
        at = list(_GROUPS).index("Corrections")
        groups[at] = KeyGroup(groups[at].title, (rows, *groups[at].rows))
    at = list(_GROUPS).index("Review")
    groups[at] = KeyGroup(groups[at].title, (*groups[at].rows, *_CURSOR))
    motion = tuple(
        (tuple(map(shown, keys.keyboard[name])), words)
        for name, words in motion_words(axes).items()
        if keys.keyboard.get(name)
    )
    return [*groups, KeyGroup("Drive with the keyboard, while held", motion)]
