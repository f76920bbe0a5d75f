import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drivers.ring import RingError, RingReader, RingWriter

DTYPE = np.dtype([("index", "<i8"), ("flag", "u1"), ("values", "<f8", (4,))])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "steps.ring"


@pytest.fixture
def ring(path):
    writer = RingWriter(path, DTYPE, 8, {"names": ["a", "b"]})
    reader = RingReader(path)
    yield writer, reader
    reader.close()
    writer.close()


def record(index: int) -> np.ndarray:
    made = np.zeros((), DTYPE)
    made["index"], made["flag"], made["values"] = index, index % 2, index
    return made


def push(writer: RingWriter, count: int) -> None:
    for _ in range(count):
        writer.push(record(writer.count))


def test_what_was_written_is_read_back_with_its_layout_and_facts(ring):
    writer, reader = ring
    assert reader.latest() is None
    assert reader.get(0) is None
    assert writer.push(record(0)) == 0
    assert reader.dtype == DTYPE
    assert reader.meta == {"names": ["a", "b"]}
    assert reader.latest() == record(0)
    assert reader.head == writer.count == 1


def test_a_record_filled_in_place_appears_only_when_it_is_committed(ring):
    writer, reader = ring
    slot = writer.slot()
    slot["index"] = 42
    assert reader.latest() is None
    assert writer.commit() == 0
    assert reader.latest()["index"] == 42


def test_what_is_read_is_a_copy_that_later_writes_leave_alone(ring):
    writer, reader = ring
    push(writer, 1)
    kept = reader.get(0)
    push(writer, 20)
    assert kept == record(0)


def test_an_overwritten_record_is_gone_and_never_something_else(ring):
    writer, reader = ring
    push(writer, 20)
    assert reader.get(11) is None
    assert [int(reader.get(i)["index"]) for i in range(12, 20)] == list(range(12, 20))
    assert reader.get(20) is None
    assert reader.get(-1) is None


def test_a_record_being_overwritten_is_not_read(ring):
    writer, reader = ring
    push(writer, 8)
    writer.slot()["index"] = 99
    assert reader.get(0) is None
    assert reader.latest()["index"] == 7


def test_a_record_overwritten_while_it_is_read_is_not_given_out(ring):
    writer, reader = ring
    push(writer, 8)

    def slow(view):
        copy = view.copy()
        push(writer, 8)
        return copy

    assert reader.read(7, slow) is None


def test_one_field_can_be_taken_without_the_rest(ring):
    writer, reader = ring
    push(writer, 3)
    assert reader.read(2, lambda view: int(view["index"])) == 2
    assert reader.read(3, lambda view: int(view["index"])) is None


def test_reading_on_gives_every_record_once_and_in_order(ring):
    writer, reader = ring
    seen, following = [], 0
    for count in (3, 0, 5, 1, 6):
        push(writer, count)
        records, following, lost = reader.since(following)
        assert records.dtype == DTYPE
        assert lost == 0
        seen += records["index"].tolist()
    assert seen == list(range(15))


def test_a_reader_that_was_too_slow_is_told_how_many_records_it_lost(ring):
    writer, reader = ring
    push(writer, 2)
    _, following, _ = reader.since(0)
    push(writer, 18)
    records, following, lost = reader.since(following)
    assert following == 20
    assert records["index"][-1] == 19
    assert lost + len(records) == 18
    assert lost >= 10


def test_a_restarted_writer_is_noticed_and_its_new_file_read(path):
    first = RingWriter(path, DTYPE, 8)
    push(first, 5)
    reader = RingReader(path)
    assert not reader.replaced()
    second = RingWriter(path, DTYPE, 8)
    assert reader.replaced()
    assert reader.latest()["index"] == 4
    again = RingReader(path)
    assert again.latest() is None
    second.close(unlink=True)
    assert again.replaced()
    for ring in (first, reader, again):
        ring.close()


def test_only_this_user_may_read_a_ring(ring, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"x" * 100,
        b"\x89HDF\r\n\x1a\n" + b"x" * 8192,
        b"DAGRING1" + bytes(8192),
        b"DAGRING1" + bytes(8) + (60000).to_bytes(4, "little") + bytes(8192),
        b"DAGRING1" + bytes(8) + (2).to_bytes(4, "little") + b"{}" + bytes(8192),
    ],
    ids=["absent", "empty", "short", "foreign", "no spec", "long spec", "empty spec"],
)
def test_a_file_that_is_no_ring_is_refused_by_name(path, content):
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RingError, match=r"steps\.ring"):
        RingReader(path)


def test_a_ring_file_that_was_cut_short_is_refused_by_name(ring, path):
    short = path.with_name("short.ring")
    short.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(RingError, match=r"short\.ring"):
        RingReader(short)


def test_a_ring_needs_two_slots_and_a_structured_record(path):
    with pytest.raises(RingError, match="2 or more"):
        RingWriter(path, DTYPE, 1)
    with pytest.raises(RingError, match="structured"):
        RingWriter(path, np.dtype("<f8"), 8)


WRITER = """
import sys
from pathlib import Path
from pathlib import Path
import numpy as np
from drivers.ring import RingWriter
dtype = np.dtype([("index", "<i8"), ("values", "<i8", (4096,))])
writer = RingWriter(Path(sys.argv[1]), dtype, 4)
print("ready", flush=True)
for index in range(int(sys.argv[2])):
    slot = writer.slot()
    slot["index"] = index
    slot["values"] = index
    writer.commit()
writer.close()
"""


def test_under_a_writer_at_full_speed_no_torn_record_is_ever_read(path):
    total = 150_000
    command = [sys.executable, "-c", WRITER, str(path), str(total)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        reader = RingReader(path)
        newest, whole, following, accounted = -1, 0, 0, 0
        while reader.head < total:
            latest = reader.latest()
            if latest is not None:
                assert (latest["values"] == latest["index"]).all()
                assert latest["index"] >= newest
                newest = int(latest["index"])
                whole += 1
            records, following, lost = reader.since(following)
            assert (records["values"] == records["index"][:, None]).all()
            accounted += len(records) + lost
            assert accounted == following
        reader.close()
    assert process.returncode == 0
    assert whole > 0


def test_a_ring_without_room_is_refused_in_words_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(RingError, match="Free some space"):
        RingWriter(tmp_path / "a.ring", np.dtype([("t", "<f8")]), 8)
    assert list(tmp_path.iterdir()) == []


def test_a_ring_has_all_its_space_from_the_start(tmp_path: Path) -> None:
    ring = RingWriter(tmp_path / "a.ring", np.dtype([("t", "<f8", (1000,))]), 64)
    facts = (tmp_path / "a.ring").stat()
    ring.close()
    assert facts.st_blocks * 512 >= facts.st_size
