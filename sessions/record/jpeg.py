"""JPEG in and out. The only file of the recorder that knows OpenCV.

Importing ``opencv-python`` points Qt at OpenCV's own plugins through the environment, which a
window started afterwards would inherit and fail on; both variables are put back at once.
"""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

_QT_KEYS = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
_before = {key: os.environ.get(key) for key in _QT_KEYS}
import cv2  # noqa: E402  (between the two halves of the repair)

for _key, _value in _before.items():
    if _value is None:
        os.environ.pop(_key, None)
    else:
        os.environ[_key] = _value

QUALITY = 95
_REDUCED = {
    8: cv2.IMREAD_REDUCED_COLOR_8,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    2: cv2.IMREAD_REDUCED_COLOR_2,
}
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers that begin a frame
THUMBNAIL = (160, 120)

Image = NDArray[np.uint8]


def one_thread() -> None:
    """Keeps OpenCV to the calling thread: the loop and the policy need the other cores."""
    cv2.setNumThreads(1)


def encode(image: Image, quality: int = QUALITY) -> bytes:
    """JPEG of an RGB image, shape (H, W, 3) uint8.

    Raises:
        ValueError: the image cannot be encoded (wrong shape or type).
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"an image of shape {image.shape} {image.dtype} is not RGB uint8")
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise ValueError(f"an image of shape {image.shape} could not be encoded as JPEG")
    return data.tobytes()


def decode(data: bytes) -> Image:
    """RGB image, shape (H, W, 3) uint8.

    Raises:
        ValueError: ``data`` is no whole JPEG.
    """
    return _decoded(data, cv2.IMREAD_COLOR)


def decode_reduced(data: bytes, height: int, width: int) -> Image:
    """RGB image at full size, or at a half, a quarter or an eighth that is still so large.

    A JPEG holds its coarse picture first: decoding no more than is needed is several times faster.

    Args:
        data: the JPEG.
        height: rows that are needed.
        width: columns that are needed.

    Raises:
        ValueError: ``data`` is no whole JPEG.
    """
    rows, columns = _size(data)
    for scale, flags in _REDUCED.items():
        if rows // scale >= height and columns // scale >= width:
            return _decoded(data, flags)
    return _decoded(data, cv2.IMREAD_COLOR)


def thumbnail(data: bytes) -> bytes:
    """A JPEG of at most 160 x 120 from one of any size; empty if ``data`` is no JPEG."""
    try:
        small = _decoded(data, cv2.IMREAD_REDUCED_COLOR_4)
    except ValueError:
        return b""
    scale = min(THUMBNAIL[0] / small.shape[1], THUMBNAIL[1] / small.shape[0], 1.0)
    if scale < 1.0:
        size = (max(1, round(small.shape[1] * scale)), max(1, round(small.shape[0] * scale)))
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)
    return encode(small, quality=80)


def resized(image: Image, height: int, width: int) -> Image:
    """A picture at another size, shape (height, width, 3) uint8.

    Averaged where it gets smaller than a half: above that each pixel counts between two lines, and
    averaging takes three times as long.
    """
    halved = 2 * height <= image.shape[0] or 2 * width <= image.shape[1]
    how = cv2.INTER_AREA if halved else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def _size(data: bytes) -> tuple[int, int]:
    """Rows and columns, from the header; (0, 0) if it is torn."""
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        if data[place + 1] in _SIZES:
            rows = int.from_bytes(data[place + 5 : place + 7], "big")
            return rows, int.from_bytes(data[place + 7 : place + 9], "big")
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return 0, 0


def _decoded(data: bytes, flags: int) -> Image:
    if not data:
        raise ValueError("0 bytes are no JPEG")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if image is None:
        raise ValueError(f"{len(data)} bytes are no whole JPEG")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
