"""Listing cameras, with the kernel's answers in its own structs (linux/videodev2.h)."""

from __future__ import annotations

import errno
import os
import struct

import pytest

from drivers.cameras import _v4l
from drivers.formats import PictureFormat

YUYV, MJPG = b"YUYV", b"MJPG"
SIZES = {MJPG: [(1920, 1080), (640, 480)], YUYV: [(640, 480)]}
RATES = {(1920, 1080): [(1, 30), (1, 15)], (640, 480): [(1, 60)]}
CAPTURE, METADATA, DEVICE_CAPS = 0x1, 0x00800000, 0x80000000


class Kernel:
    """What the kernel says of one camera node."""

    def __init__(self, caps: int = CAPTURE, *, ranges: bool = False) -> None:
        self.caps, self.ranges = caps, ranges

    def __call__(self, fd: int, request: int, data: bytearray) -> int:
        assert len(data) == request >> 16 & 0x3FFF, "the size is part of the request"
        index = struct.unpack_from("<I", data)[0]
        if request == 0x80685600:  # VIDIOC_QUERYCAP
            whole = DEVICE_CAPS | CAPTURE | METADATA
            struct.pack_into("<16s32s32sIII", data, 0, b"uvc", b"C920", b"usb", 1, whole, self.caps)
        elif request == 0xC0405602:  # VIDIOC_ENUM_FMT
            code = self._nth(list(SIZES), index)
            struct.pack_into("<I32s4s", data, 8, 0, b"a coding", code)
        elif request == 0xC02C564A:  # VIDIOC_ENUM_FRAMESIZES
            size = self._nth(SIZES[bytes(data[4:8])], index)
            if self.ranges:
                struct.pack_into("<7I", data, 8, 3, 32, 1280, 2, 32, 960, 2)
            else:
                struct.pack_into("<III", data, 8, 1, *size)
        elif request == 0xC034564B:  # VIDIOC_ENUM_FRAMEINTERVALS
            interval = self._nth(RATES.get(struct.unpack_from("<II", data, 8), []), index)
            struct.pack_into("<III", data, 16, 1, *interval)
        else:
            raise AssertionError(hex(request))
        return 0

    @staticmethod
    def _nth(values, index):
        if index >= len(values):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return values[index]


@pytest.fixture
def node(tmp_path, monkeypatch):
    """/dev/video2 with its stable names; a character device is borrowed for it."""
    (tmp_path / "video2").symlink_to("/dev/null")
    for kind, name in (("by-id", "usb-046d_C920-video-index0"), ("by-path", "pci-0-usb-0:1")):
        folder = tmp_path / "v4l" / kind
        folder.mkdir(parents=True)
        (folder / name).symlink_to(tmp_path / "video2")
    names = tmp_path / "names" / "video2"
    names.mkdir(parents=True)
    (names / "name").write_text("HD Pro Webcam C920\n")
    monkeypatch.setattr(_v4l, "DEVICES", tmp_path)
    monkeypatch.setattr(_v4l, "_NAMES", tmp_path / "names")
    return tmp_path / "video2"


def test_a_camera_is_listed_with_its_stable_name_and_formats_the_largest_first(node):
    (camera,) = _v4l.cameras(Kernel())
    assert camera.path == node
    assert camera.stable == "usb-046d_C920-video-index0"
    assert camera.name == "HD Pro Webcam C920"
    assert camera.formats == (
        PictureFormat(1920, 1080, 30.0, "MJPG"),
        PictureFormat(640, 480, 60.0, "MJPG"),
        PictureFormat(640, 480, 60.0, "YUYV"),
    )


def test_a_range_of_sizes_is_told_by_its_largest(node):
    (camera,) = _v4l.cameras(Kernel(ranges=True))
    assert {(f.width, f.height) for f in camera.formats} == {(1280, 960)}


def test_the_metadata_device_of_a_camera_is_not_one(node):
    assert _v4l.cameras(Kernel(METADATA)) == ()


def test_what_does_not_speak_v4l2_is_not_listed(node):
    assert _v4l.cameras() == ()  # the real kernel, asked about /dev/null
