import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from policies import wire

arrays = st.sampled_from(wire.DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0))
)


@given(st.dictionaries(st.text(min_size=1, max_size=20), arrays, max_size=4))
def test_named_arrays_arrive_as_they_were_sent(named):
    request = wire.Infer(1, 2, 3, wire.pack_all(named))
    arrived = wire.unpack_all(wire.decode_request(wire.encode(request)).arrays)
    assert arrived.keys() == named.keys()
    for name, array in named.items():
        assert arrived[name].dtype == array.dtype
        assert arrived[name].flags.writeable
        np.testing.assert_array_equal(arrived[name], array)


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_noise_is_refused_with_a_sentence(frames):
    for decode in (wire.decode_request, wire.decode_reply):
        with pytest.raises(wire.WireError):
            decode(frames)
        with pytest.raises(wire.WireError):
            decode([wire.PROTOCOL, *frames])


@given(st.data())
def test_a_message_with_bytes_changed_is_read_or_refused_but_never_worse(data):
    frames = wire.encode(
        wire.Infer(1, 2, 3, wire.pack_all({"position": np.arange(7.0), "image.top": np.eye(3)}))
    )
    body = bytearray(frames[1])
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        request = wire.decode_request([frames[0], bytes(body)])
        if isinstance(request, wire.Infer):
            wire.unpack_all(request.arrays)
    except wire.WireError:
        pass


@pytest.mark.parametrize(
    "array",
    [
        {"dtype": "|O", "shape": [1], "data": bytes(8)},
        {"dtype": "<f8", "shape": [2], "data": bytes(8)},
        {"dtype": "<f8", "shape": [2**31, 2**31, 2**31], "data": bytes(8)},
        {"dtype": "<f8", "shape": [-1], "data": bytes(8)},
        {"dtype": "<f8", "shape": [1, 1, 1, 1, 1], "data": bytes(8)},
        {"dtype": "<f8", "shape": [1], "data": bytes(8), "more": 1},
    ],
)
def test_an_array_that_lies_about_itself_is_refused(array):
    body = {"type": "Infer", "number": 1, "tick": 0, "epoch": 0, "arrays": {"position": array}}
    with pytest.raises(wire.WireError):
        wire.unpack_all(wire.decode_request([wire.PROTOCOL, msgspec.msgpack.encode(body)]).arrays)


def test_types_that_may_not_travel_are_refused_before_they_do():
    with pytest.raises(wire.WireError, match=r"type \|O.*send one of <f4"):
        wire.pack(np.array([object()]))


def test_another_protocol_is_named():
    with pytest.raises(wire.WireError, match=r"does not speak dagger-policy/1.*b'GET / HTTP"):
        wire.decode_request([b"GET / HTTP/1.1"])


def test_too_large_a_message_is_refused_unread(monkeypatch):
    monkeypatch.setattr(wire, "MAX_BYTES", 10)
    with pytest.raises(wire.WireError, match="at most 10 are accepted"):
        wire.decode_request([wire.PROTOCOL, bytes(11)])
