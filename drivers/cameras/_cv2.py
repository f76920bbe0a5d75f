"""OpenCV, imported when a camera is connected and without what it does to Qt.

Importing it points Qt at OpenCV's own, incomplete plug-ins; children of this process would inherit
that, and a window would not open.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

_QT = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
_ENVIRONMENT = {
    # A camera that is pulled lets go of whoever waits for its picture after this many seconds.
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "2",
    # What cannot be opened is said in a sentence of ours; OpenCV's own lines name its source code.
    "OPENCV_LOG_LEVEL": "ERROR",
}


def load() -> Any:
    """The module ``cv2``; the first call takes up to a second."""
    for key, value in _ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    kept = {key: os.environ.get(key) for key in _QT}
    module = importlib.import_module("cv2")
    for key, former in kept.items():
        if former is not None and "cv2" not in former:
            os.environ[key] = former
        else:
            os.environ.pop(key, None)
    return module
