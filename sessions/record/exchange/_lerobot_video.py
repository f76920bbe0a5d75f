"""Video for LeRobot: H.264 with a key frame at every second picture. The only file that knows PyAV.

LeRobot's decoders (torchcodec, PyAV) open it, and reach any picture by decoding at most two. There
are no B-frames, so that episodes are joined by copying packets.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from sessions.record.exchange.base import ExchangeError, Job

_ENCODER = "libx264"
_OPTIONS = {"g": "2", "bf": "0", "crf": "20", "preset": "veryfast"}
_BT601, _LIMITED = 6, 1  # the colours that RGB is turned into, said in the file
_CHECK_EVERY = 64
_PIXELS = 2**26  # no camera has more; a torn header may say anything
_FAULTS = (av.FFmpegError, OSError, ValueError, IndexError, MemoryError, TypeError)

Image = NDArray[np.uint8]


def encode(path: Path, fps: int, size: tuple[int, int], images: Iterable[Image], job: Job) -> int:
    """Writes one episode's pictures, one a tick; returns how many.

    Args:
        path: the file, replaced if there.
        fps: pictures a second.
        size: height and width, both even.
        images: RGB, shape (H, W, 3); a repeated object is not converted again.
        job: asked to stop every now and then.

    Raises:
        ExchangeError: it cannot be written.
        CancelledError: it was cancelled.
    """
    if _ENCODER not in av.codecs_available:
        raise ExchangeError(f"PyAV here has no {_ENCODER}. Install its wheel: pip install av.")
    count = 0
    with naming(path, "be written"), av.open(str(path), "w", format="mp4") as container:
        stream: Any = container.add_stream(_ENCODER, rate=fps, options=_OPTIONS)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        # Beside a session the loop needs the other cores.
        stream.codec_context.thread_count = 1
        stream.codec_context.colorspace = _BT601
        stream.codec_context.color_range = _LIMITED
        for count, image in enumerate(images, 1):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = count - 1, Fraction(1, fps)
            container.mux(stream.encode(frame))
            if count % _CHECK_EVERY == 0:
                job.check()
        container.mux(stream.encode())
    return count


def joinable(one: Path, other: Path) -> bool:
    """Whether two files of ``encode`` can be one: a decoder is set up once a file.

    Raises:
        ExchangeError: one is torn.
    """
    return _setup(one) == _setup(other)


def _setup(path: Path) -> tuple[Any, ...]:
    with _stream(path) as (_, stream):
        context = stream.codec_context
        return context.extradata, stream.time_base, context.width, context.height


def join(parts: Sequence[Path], target: Path, fps: int, job: Job) -> None:
    """Puts episodes behind one another without encoding them again.

    Raises:
        ExchangeError: one is torn, or the target cannot be written.
        CancelledError: it was cancelled.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    options = {"movflags": "faststart"}
    pictures = 0
    with naming(target, "be written"), av.open(str(target), "w", options=options) as out:
        joined: Any = None
        for part in parts:
            job.check()
            with _stream(part) as (container, stream):
                if joined is None:
                    joined = out.add_stream_from_template(stream)
                    joined.time_base = stream.time_base
                shift = round(pictures / fps / stream.time_base)
                for packet in container.demux(stream):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = joined
                    out.mux(packet)
                    pictures += 1


def count(path: Path, job: Job) -> int:
    """How many pictures can be decoded.

    Raises:
        ExchangeError: absent or torn.
        CancelledError: it was cancelled.
    """
    found = 0
    with _stream(path) as (container, stream), naming(path, "be decoded"):
        for _ in container.decode(stream):
            found += 1
            if found % _CHECK_EVERY == 0:
                job.check()
    return found


def pictures_at(path: Path, times: Sequence[float], tolerance_s: float) -> Iterator[Image]:
    """The picture nearest to each time, RGB of shape (H, W, 3).

    Args:
        path: the video.
        times: since its beginning, ascending [s].
        tolerance_s: how far off a picture may be [s].

    Raises:
        ExchangeError: absent, torn, or there is none near a time.
    """
    if not len(times):
        return
    with _stream(path) as (container, stream), naming(path, "be decoded"):
        container.seek(max(0, round(times[0] / stream.time_base) - 1), backward=True, stream=stream)
        decoded = ((float(f.time), f) for f in container.decode(stream) if f.time is not None)
        before = now = next(decoded, None)
        for wanted in times:
            while now is not None and now[0] < wanted:
                before, now = now, next(decoded, None)
            near = [c for c in (before, now) if c is not None]
            best = min(near, key=lambda c: abs(c[0] - wanted), default=None)
            if best is None or abs(best[0] - wanted) > tolerance_s:
                raise ExchangeError(f"{path} has no picture at {wanted:.3f} s; it is cut short.")
            yield best[1].to_ndarray(format="rgb24")


@contextlib.contextmanager
def _stream(path: Path) -> Iterator[tuple[Any, Any]]:
    with naming(path, "be opened"), av.open(str(path)) as container:
        stream: Any = next(iter(container.streams.video), None)
        if stream is None or stream.codec_context is None:  # of no codec that PyAV knows
            raise ExchangeError(f"{path} holds no video that can be decoded.")
        if stream.width * stream.height > _PIXELS:
            raise ExchangeError(f"{path} says its pictures are {stream.width}x{stream.height}.")
        yield container, stream


@contextlib.contextmanager
def naming(path: Path, what: str) -> Iterator[None]:
    """Turns whatever FFmpeg says into a sentence with the file in it."""
    try:
        yield
    except ExchangeError:
        raise
    except _FAULTS as error:
        raise ExchangeError(f"{path} cannot {what} ({error}).") from error
