"""Imports MuJoCo after choosing how it renders without a screen.

MuJoCo reads MUJOCO_GL once, when it is imported, and fails in obscure ways if the library it names
is absent. Everything in this package takes ``mujoco`` from here.
"""

from __future__ import annotations

import ctypes
import importlib
import os
from typing import Any

_LIBRARIES = (("egl", "libEGL.so.1"), ("osmesa", "libOSMesa.so.8"), ("osmesa", "libOSMesa.so"))


def choose_backend() -> str:
    """Sets MUJOCO_GL to a backend this machine has, unless it is set; returns the choice.

    The user's own choice is never overridden. ``disable`` if there is none: physics runs all the
    same, and only rendering is refused.
    """
    chosen = os.environ.get("MUJOCO_GL")
    if chosen:
        return chosen
    for name, library in _LIBRARIES:
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        os.environ["MUJOCO_GL"] = name
        return name
    os.environ["MUJOCO_GL"] = "disable"
    return "disable"


choose_backend()
mujoco: Any = importlib.import_module("mujoco")
