"""HDF5 from anywhere: what a file is, how much it can hold, and whether it leads out of itself.

A few bytes can claim 10^12 rows, point to another file or to a device, and HDF5's own words for
what is wrong help nobody. Readers of episodes and of other people's files both ask here first.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5d

FAULTS = (
    *(OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, AttributeError),
    *(ArithmeticError, MemoryError, RecursionError),
)
"""What HDF5, h5py and NumPy raise on torn or senseless data."""

MOST_PICTURE = 1 << 28
"""No picture has more bytes."""

_RATIO = 1100  # deflate packs at most 1032 bytes into one; nothing that is packed better is data
_ABSENT = re.compile(r"(?:attribute:|object) '([^']*)'")
_OF_HDF5 = "Unable to "  # how its own sentences begin
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_PLACES = (0, 512, 1024, 2048)  # where HDF5 looks for it; behind what users put before
_OTHERS = {
    b"version https://git-lfs": ("a Git LFS pointer, not the data", "Run git lfs pull."),
    b"PK\x03\x04": ("a ZIP archive", "Unpack it, and name what was in it."),
    b"\x1f\x8b": ("compressed (gzip)", "Unpack it, and name what was in it."),
    b"PAR1": ("a Parquet file; HDF5 is needed", "Name another file, or another format."),
}


def refusal(path: Path) -> tuple[str, str]:
    """What a path is instead of an HDF5 file, and the remedy; both empty if it begins as one."""
    try:
        if not path.exists():
            return "There is no such file.", "Check the path."
        if path.is_dir():
            inside = sorted(p.name for p in path.iterdir() if p.suffix in (".hdf5", ".h5"))
            such = f", such as {inside[0]}" if inside else ""
            return "It is a folder.", f"Name the file in it that is meant{such}."
        if not path.is_file():
            return "It is a pipe or a device.", "Name a plain file."
        with path.open("rb") as file:
            head = file.read(max(_PLACES) + len(_SIGNATURE))
    except OSError as error:
        return f"It cannot be read ({error.strerror}).", "Check its permissions and the disk."
    if not head:
        return "It is empty.", "Copy it again from where it came."
    if any(head[place:].startswith(_SIGNATURE) for place in _PLACES):
        return "", ""
    for begin, (what, remedy) in _OTHERS.items():
        if head.startswith(begin):
            return f"It is {what}.", remedy
    if b"\0" not in head and _is_text(head):
        return "It is a text file; HDF5 is needed.", "Name another file."
    lost = "It is no HDF5 file, or its beginning is lost."
    return lost, "Name another file, or copy it again from where it came."


def reason(error: BaseException) -> str:
    """What went wrong within a file, without HDF5's own words."""
    said = str(error)
    if isinstance(error, KeyError):
        said, found = said.strip("'\""), _ABSENT.search(said)
        name = "what must be there" if said.startswith(_OF_HDF5) else said
        return f"{found[1] if found else name} is missing"
    if isinstance(error, MemoryError):
        return "it claims more than fits into memory"
    if isinstance(error, RecursionError):  # which is a RuntimeError as well
        return "it is nested without end"
    if isinstance(error, OSError | RuntimeError):
        return "its bytes are damaged"
    if isinstance(error, TypeError | AttributeError | IndexError):
        return "something of another kind is there"
    return said


def link_out(file: Any) -> str:
    """The name of the first link that leads to another file; empty if none does."""
    found = file.visititems_links(
        lambda name, link: name if isinstance(link, h5py.ExternalLink) else None
    )
    return str(found or "")


def rows(
    parent: Any, place: str, count: int, size: int, shape: tuple[int, ...] | None = None
) -> Any:
    """A dataset of numbers whose first ``count`` rows can be read without harm.

    Args:
        parent: the group it is in.
        place: its name there.
        count: rows that are wanted.
        size: of the whole file [bytes]; more than it holds cannot be in it.
        shape: of one row; None for any.

    Raises:
        KeyError: it is absent.
        ValueError: it is a group, holds no numbers, is shorter, has other rows, claims more than
            the file can hold, or keeps its numbers in another file.
    """
    found = parent[place]
    if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "biuf":
        raise ValueError("it holds no numbers")
    if not found.shape:
        raise ValueError("it is one number, not a row of them")
    if len(found) < count:
        raise ValueError(f"{len(found)} rows where {count} were written")
    if shape is not None and found.shape[1:] != shape:
        raise ValueError(f"rows are {found.shape[1:]} where {shape} were written")
    check_within(found, count * int(np.prod(found.shape[1:], dtype=object)), size)
    return found


def check_within(dataset: Any, numbers: int, size: int) -> None:
    """Makes sure that so many numbers of a dataset can be in a file of ``size`` bytes.

    Raises:
        ValueError: they cannot, or they are kept in another file.
    """
    made = dataset.id.get_create_plist()
    if made.get_layout() == h5d.VIRTUAL or made.get_external_count():
        raise ValueError("it keeps its numbers in another file")
    claimed, most = numbers * dataset.dtype.itemsize, size * (_RATIO if made.get_nfilters() else 1)
    if claimed > most:
        raise ValueError(f"it claims {claimed:.3g} bytes in a file of {size:.3g}")


def _is_text(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # a letter cut in two at the end
    return True
