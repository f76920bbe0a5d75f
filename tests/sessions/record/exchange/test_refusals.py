"""What is named by mistake is refused in sentences: what it is, and what to do."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from sessions.record.exchange import act, lerobot, robomimic, workspace
from sessions.record.exchange.base import ExchangeError

FORMATS: dict[str, Callable[[Path], Any]] = {
    "act": act.incoming,
    "lerobot": lerobot.incoming,
    "robomimic": robomimic.incoming,
    "workspace": workspace.incoming,
}
_RAW = ("errno", "unable", "synchronously", "traceback", "file signature", "error message", "0x")


def _torn(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["data/demo_0/actions"] = np.zeros((100, 7))
    path.write_bytes(path.read_bytes()[:2000])


MADE: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (lambda path: None, "There is no such file. Check the path."),
    "a folder": (Path.mkdir, "It is a folder. Name the file in it that is meant."),
    "text": (lambda path: path.write_text("hello, wörld\n" * 99), "It is a text file"),
    "empty": (Path.touch, "It is empty. Copy it again"),
    "a pointer": (
        lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        "Run git lfs pull.",
    ),
    "packed": (lambda path: path.write_bytes(gzip.compress(b"x")), "Unpack it"),
    "bytes": (lambda path: path.write_bytes(bytes(range(256))), "It is no HDF5 file"),
    "torn": (_torn, "It is torn: cut short, or damaged. Copy it again"),
    "a pipe": (os.mkfifo, "It is a pipe or a device. Name a plain file."),
}


def said(form: str, path: Path) -> str:
    with pytest.raises(ExchangeError) as caught:
        list(FORMATS[form](path)[1])
    words = str(caught.value)
    assert str(path) in words
    assert words.endswith(".")
    assert not [raw for raw in _RAW if raw in words.lower()], words
    return words


@pytest.mark.parametrize("what", MADE)
def test_a_file_that_is_none_is_named_with_what_it_is_and_the_remedy(
    tmp_path: Path, what: str
) -> None:
    path = tmp_path / "x.hdf5"
    make, words = MADE[what]
    make(path)
    assert words in said("robomimic", path)
    if what != "a folder":  # which holds no episodes, and says so
        assert words in said("act", path)
    for form in ("lerobot", "workspace"):
        assert said(form, path)


def test_a_folder_that_holds_what_was_meant_says_so(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "low_dim.hdf5", "w"):
        pass
    (tmp_path / "sub/meta").mkdir(parents=True)
    (tmp_path / "sub/meta/info.json").write_text("{}")
    assert "such as low_dim.hdf5" in said("robomimic", tmp_path)
    assert "such as sub in it" in said("lerobot", tmp_path)
    assert "Name the folder of another station's workspace" in said("workspace", tmp_path)


def test_a_file_of_another_format_says_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "x.hdf5"
    with h5py.File(path, "w") as file:
        file["something"] = np.zeros(3)
    assert "Give a robomimic file." in said("robomimic", path)
    assert "it is no ACT file. Name another one, or another format." in said("act", path)
