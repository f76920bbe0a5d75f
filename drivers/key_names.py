"""The one spelling of every key, as it is printed on it: ``G``, ``Space``, ``Ctrl+R``."""

from __future__ import annotations

MODIFIERS = ("Ctrl", "Alt", "Shift")
NAMED = (
    *("Space", "Enter", "Backspace", "Tab", "Escape", "Delete", "Insert", "Home", "End"),
    *("PageUp", "PageDown", "Up", "Down", "Left", "Right", "Shift", "Ctrl", "Alt"),
    *(f"F{i}" for i in range(1, 25)),
)
CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,.;:'/\\[]-=`?!*+"
CHOICES = f"{', '.join(NAMED[:18])}, F1 to F24, or one of {CHARACTERS}"

_ALIASES = {
    **{"return": "Enter", "esc": "Escape", "del": "Delete", "ins": "Insert", "control": "Ctrl"},
    **{"pgup": "PageUp", "pgdown": "PageDown", "comma": ",", "period": "."},
}
_KEYS = {name.lower(): name for name in (*NAMED, *CHARACTERS)} | _ALIASES


def key_name(text: str) -> str:
    """The one spelling of a key: ``ctrl+return`` is ``Ctrl+Enter``.

    Understands the names Qt gives keys in portable text.

    Raises:
        ValueError: there is no such key.
    """
    # The key + itself ends the text, as in "Ctrl++".
    before, last = (text[:-1], "+") if text.endswith("+") else (text, "")
    parts = [part.strip().lower() for part in before.split("+") if part]
    last = last or (parts.pop() if parts else "")
    found = {_KEYS.get(part, "") for part in parts}
    key = _KEYS.get(last)
    if key is None or not found <= set(MODIFIERS):
        raise ValueError(f"there is no key {text!r}")
    return "+".join([*(m for m in MODIFIERS if m in found), key])
