"""What travels between the loop and a policy server: msgpack structs and named arrays.

Never pickle: a policy server may be someone else's machine, and unpickling what it sends would run
its code here. Everything that is read is checked first - protocol, size, types, shapes - and what
does not fit is a ``WireError`` with a sentence, never a crash.

A message is two frames: ``PROTOCOL``, then one struct below.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from policies.base import PolicyServerError, PolicySpec

PROTOCOL = b"dagger-policy/1"
MAX_BYTES = 64 * 1024 * 1024
"""Largest message: twenty raw 640x480 images and more; policies read far smaller ones."""
DTYPES = ("<f4", "<f8", "<i4", "<i8", "|u1", "|b1")

Number = Annotated[int, Meta(ge=0, lt=2**62)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]
Text = Annotated[str, Meta(max_length=8192)]


class WireError(PolicyServerError):
    """A message cannot be read, or an array may not travel."""


class Array(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A numpy array in C order; ``dtype`` is one of ``DTYPES``."""

    dtype: Annotated[str, Meta(max_length=3)]
    shape: Annotated[tuple[Annotated[int, Meta(ge=0, le=2**31)], ...], Meta(max_length=4)]
    data: bytes


class _Message(msgspec.Struct, tag=True, frozen=True, forbid_unknown_fields=True):
    number: Number
    """The client's count, echoed in the reply."""


class Infer(_Message, frozen=True):
    """Asks for a chunk; answered by Chunk or Failure."""

    tick: Number
    epoch: Number
    arrays: Annotated[dict[Name, Array], Meta(max_length=32)]


class Load(_Message, frozen=True):
    """Asks to load a checkpoint folder of the server's machine; answered by ServerState.

    ``identity`` is drawn by the client and comes back as ``ServerState.load``.
    """

    path: Text
    identity: Number


class Reset(_Message, frozen=True):
    """Forgets the policy's history; answered by ServerState."""


class Ping(_Message, frozen=True):
    """Answered by ServerState at once, also while a checkpoint is loading."""


class Chunk(_Message, frozen=True):
    """``actions`` (H, A) for the observation of ``tick``; ``seconds`` is the time it took."""

    tick: Number
    epoch: Number
    actions: Array
    doubt: float
    seconds: float


class Failure(_Message, frozen=True):
    """The request was not carried out; ``why`` is a sentence for the operator."""

    why: Text


class ServerState(_Message, frozen=True):
    """What a server has loaded.

    Attributes:
        instance: drawn at the server's start; another one means it was restarted.
        load: identity of the newest Load it took, 0 if none.
        path: checkpoint that is loaded, empty if none.
        spec: the loaded policy's spec, None if none is loaded.
        loading: a load is under way.
        error: why the newest load failed, empty if it did not.
    """

    instance: Number
    load: Number
    path: Text
    spec: PolicySpec | None
    loading: bool
    error: Text


Request = Infer | Load | Reset | Ping
Reply = Chunk | Failure | ServerState

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def encode(message: Request | Reply) -> list[bytes]:
    """The frames of a message."""
    return [PROTOCOL, _encoder.encode(message)]


def decode_request(frames: list[bytes]) -> Request:
    """What a client asked.

    Raises:
        WireError: another protocol, too large, or not a request.
    """
    return _decoded(frames, _requests)


def decode_reply(frames: list[bytes]) -> Reply:
    """What a server answered.

    Raises:
        WireError: another protocol, too large, or not a reply.
    """
    return _decoded(frames, _replies)


def pack(array: NDArray[Any]) -> Array:
    """An array ready to travel.

    Raises:
        WireError: a dtype that is not among ``DTYPES``, or too many axes.
    """
    code = array.dtype.str
    if code not in DTYPES or array.ndim > 4:
        raise WireError(
            f"An array of type {code} with {array.ndim} axes may not travel; send one of "
            f"{', '.join(DTYPES)} with at most 4 axes."
        )
    return Array(code, array.shape, array.tobytes())


def unpack(array: Array) -> NDArray[Any]:
    """The array as a writable copy.

    Raises:
        WireError: its type is not allowed, or its data are not as long as its shape says.
    """
    if array.dtype not in DTYPES:
        raise WireError(
            f"An array is of type {array.dtype!r}; only {', '.join(DTYPES)} are accepted."
        )
    dtype = np.dtype(array.dtype)
    wanted = math.prod(array.shape) * dtype.itemsize
    if wanted != len(array.data):
        raise WireError(
            f"An array of shape {array.shape} and type {array.dtype} needs {wanted} bytes; "
            f"{len(array.data)} came."
        )
    return np.frombuffer(array.data, dtype=dtype).reshape(array.shape).copy()


def pack_all(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Array]:
    """Named arrays ready to travel; see ``pack``."""
    return {name: pack(np.asarray(array)) for name, array in arrays.items()}


def unpack_all(arrays: Mapping[str, Array]) -> dict[str, NDArray[Any]]:
    """Named arrays as they were sent; see ``unpack``."""
    return {name: unpack(array) for name, array in arrays.items()}


def _decoded(frames: list[bytes], decoder: msgspec.msgpack.Decoder[T]) -> T:
    if len(frames) != 2 or frames[0] != PROTOCOL:
        first = frames[0][:32] if frames else b""
        raise WireError(
            f"The other end does not speak {PROTOCOL.decode()} (it began with {first!r}). "
            "Check the endpoint, and that both ends have the same version."
        )
    if len(frames[1]) > MAX_BYTES:
        raise WireError(f"A message has {len(frames[1])} bytes; at most {MAX_BYTES} are accepted.")
    try:
        return decoder.decode(frames[1])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"A message cannot be read ({error}).") from error
