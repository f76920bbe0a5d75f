"""Files that are wrong in any way bring a sentence that names them, and nothing else."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions import taxonomy
from sessions.config import Station, Task
from sessions.record import index, jpeg, layout
from sessions.record.catalogue import Catalogue
from sessions.record.layout import EpisodeError
from sessions.record.marks import Facts
from sessions.record.quality import measure
from sessions.record.reader import FrameReader, counts, read_episode
from sessions.record.storage import EpisodeWriter
from sessions.types import Outcome, SessionError
from sessions.verify import Verification
from sessions.workspace import Workspace
from tests.sessions.record.exchange.parts import full_workspace
from tests.sessions.record.parts import CAMERAS, DTYPE, image, made_workspace, meta, steps


def written(folder: Path) -> Path:
    writer = EpisodeWriter(folder, meta(), DTYPE, CAMERAS)
    writer.append(steps(0, 40))
    for i in range(20):
        for camera in CAMERAS:
            writer.add_frame(camera, 100 + i / 30, jpeg.encode(image(i)), sequence=i)
    return writer.finish(Outcome.SUCCESS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("whole"))


PLACES = (
    *("committed", "t", "tick", "controller", "doubt", "actions", "obs", "obs/position"),
    *("cameras", "cameras/top", "cameras/top/jpeg", "cameras/top/offset", "cameras/top/size"),
    *("cameras/wrist/t", "cameras/wrist/flags"),
)

WRONG: list[Any] = [
    None,
    np.zeros(3),
    np.zeros((40, 2, 2), np.int32),
    np.array([b"words", b"words"]),
    np.full(40, -1, np.int64),
    np.full(40, 2**62, np.int64),
    np.full(40, np.nan),
    "a text",
    "group",
]


def everything(path: Path) -> None:
    """What the program does with an episode; every fault must be a sentence with the file."""
    for act in (counts, read_episode, _pictures, _measured):
        try:
            act(path)
        except EpisodeError as error:
            assert path.name in str(error)  # noqa: PT017


def _pictures(path: Path) -> None:
    with FrameReader(path) as reader:
        for camera in CAMERAS:
            for i in (0, 7, 19):
                reader.image(camera, i)


def _measured(path: Path) -> None:
    measure(read_episode(path))


@given(place=st.sampled_from(PLACES), wrong=st.sampled_from(range(len(WRONG))))
@settings(max_examples=80, deadline=None)
def test_any_dataset_may_be_missing_or_of_another_kind(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, place: str, wrong: int
) -> None:
    path = tmp_path_factory.mktemp("one") / "000001.h5"
    path.write_bytes(whole.read_bytes())
    with h5py.File(path, "r+") as file:
        del file[place]
        value = WRONG[wrong]
        if isinstance(value, str) and value == "group":
            file.create_group(place)
        elif value is not None:
            file[place] = value
    everything(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metadata", "{"),
        ("metadata", 7),
        ("metadata", '{"episode": "one"}'),
        ("layout", "two"),
        ("layout", 99),
        ("format", b"\xff\xfe"),
        ("outcome", 200),
        ("outcome", "won"),
    ],
)
def test_any_attribute_may_be_wrong(whole: Path, tmp_path: Path, name: str, value: object) -> None:
    path = tmp_path / "000001.h5"
    path.write_bytes(whole.read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs[name] = value
    everything(path)
    with pytest.raises(EpisodeError, match="000001"):
        read_episode(path)


@given(st.binary(max_size=300), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_any_bytes_behind_the_end_are_passed_over(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, tail: bytes, cut: int
) -> None:
    path = tmp_path_factory.mktemp("tail") / "000001.h5"
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) - cut] + tail)
    entry = index.examine(path, 1)
    assert entry.problem or entry.ticks == 40


def claim(file: h5py.File, place: str, shape: tuple[int, ...], kind: str) -> None:
    """A dataset that says it is huge and holds nothing."""
    del file[place]
    file.create_dataset(place, shape, kind, chunks=(1,) * len(shape))


HUGE = 10**12


def _huge(file: h5py.File) -> None:
    """Every column says that it has 10^12 rows; the file stays small."""
    for name in layout.columns(DTYPE):
        claim(file, layout.dataset_path(name), (HUGE, *DTYPE[name].shape), DTYPE[name].base.str)
    file["committed"][0] = HUGE


def _huge_without_width(file: h5py.File) -> None:
    for name in layout.columns(DTYPE):
        place = layout.dataset_path(name)
        del file[place]
        file.create_dataset(place, (HUGE, 0), "f8")
    file["committed"][0] = HUGE


def _huge_picture(file: h5py.File) -> None:
    claim(file, "cameras/top/jpeg", (HUGE,), "u1")
    file["cameras/top/size"][7] = HUGE // 2


def _outside(file: h5py.File) -> None:
    del file["t"]
    file["t"] = h5py.ExternalLink("/dev/zero", "/t")


def _external(file: h5py.File) -> None:
    del file["doubt"]
    file.create_dataset("doubt", (40,), "f4", external=[("/dev/zero", 0, 160)])


def _virtual(file: h5py.File) -> None:
    del file["doubt"]
    made = h5py.VirtualLayout((40,), "f4")
    made[:] = h5py.VirtualSource("elsewhere.h5", "doubt", (40,))
    file.create_virtual_dataset("doubt", made)


def _loop(file: h5py.File) -> None:
    del file["t"]
    file["t"] = h5py.SoftLink("/t")


def _set(place: str, row: int, value: float) -> Callable[[h5py.File], None]:
    return lambda file: file[place].__setitem__(row, value)


@pytest.mark.parametrize(
    ("harm", "place"),
    [
        (_huge, "tick .it claims"),
        (_huge_without_width, "tick .rows are"),
        (lambda f: claim(f, "committed", (HUGE,), "i8"), "committed"),
        (lambda f: claim(f, "cameras", (HUGE,), "i8"), "committed .cameras is no group"),
        (_set("controller", 17, 200), r"controller \(row 17 is 200; 0 to 4 are known\)"),
        (_outside, r"its links \(t leads to another file\)"),
        (_external, "doubt .it keeps its numbers in another file"),
        (_virtual, "doubt .it keeps its numbers in another file"),
        (_loop, r"t \(its bytes are damaged\)"),
        (_set("committed", 0, 41), "tick .40 rows where 41 were written"),
        (_set("committed", 1, -1), "is no count"),
    ],
)
def test_a_hostile_episode_is_refused_at_its_place_without_being_believed(
    whole: Path, tmp_path: Path, harm: Callable[[h5py.File], None], place: str
) -> None:
    path = tmp_path / "000001.h5"
    path.write_bytes(whole.read_bytes())
    with h5py.File(path, "r+") as file:
        harm(file)
    with pytest.raises(EpisodeError, match=rf"000001\.h5: It is torn at .*{place}") as caught:
        read_episode(path)
    assert "nable to" not in str(caught.value), "HDF5's own words help nobody"
    space = made_workspace(tmp_path / "w")
    path.replace(space.episodes / path.name)
    catalogue = Catalogue(space)
    assert [e.ticks for e in catalogue.episodes()] in ([], [40])
    assert Verification(space).run().findings


@pytest.mark.parametrize("harm", [_huge_picture, _set("cameras/top/size", 7, -5)])
def test_a_picture_that_claims_to_be_endless_is_refused_by_its_number(
    whole: Path, tmp_path: Path, harm: Callable[[h5py.File], None]
) -> None:
    path = tmp_path / "000001.h5"
    path.write_bytes(whole.read_bytes())
    with h5py.File(path, "r+") as file:
        harm(file)
    with FrameReader(path) as reader:
        assert reader.image("wrist", 7).shape == (48, 64, 3)
        with pytest.raises(EpisodeError, match=r"cameras/top, frame 7"):
            reader.jpeg("top", 7)


def test_a_pipe_among_the_episodes_does_not_hold_up_the_others(whole: Path, tmp_path: Path) -> None:
    space = made_workspace(tmp_path / "w")
    (space.episodes / "000001.h5").write_bytes(whole.read_bytes())
    os.mkfifo(space.episodes / "000002.h5")
    catalogue = Catalogue(space)
    assert [e.episode for e in catalogue.episodes()] == [1]
    assert "000002.h5: It is a pipe or a device" in catalogue.problems[0]
    (bad,) = Verification(space).run().bad
    assert (bad.path.name, bad.text) == ("000002.h5", "It cannot be read (it is no plain file).")


ENTRY = index.Entry(0, 0, meta(), outcome=1, duration_s=1.0, ticks=40)
_TAKEOVER = index.Takeover(Facts(5, 9, 0.1, 0.1))


@pytest.mark.parametrize(
    "lie",
    [
        {"outcome": 200},
        {"outcome": 2**63},
        {"ticks": -1},
        {"duration_s": float("nan")},
        {"human_s": float("inf")},
        {"meta": meta(camera_names=("../../evil",))},
        {"meta": meta(rate_hz=float("nan"))},
        {"takeovers": (msgspec.structs.replace(_TAKEOVER, facts=Facts(-5, 9, 0.1, 0.1)),)},
        {"takeovers": (msgspec.structs.replace(_TAKEOVER, facts=Facts(5, 2**62, 0.1, 0.1)),)},
        {"takeovers": (msgspec.structs.replace(_TAKEOVER, facts=Facts(5, 9, 1e400, 0.1)),)},
        {"takeovers": ([[[]]] * 9,)},
        {"measures": {"jerk": "much"}},
    ],
)
@pytest.mark.parametrize("where", ["trailer", "index"])
def test_a_summary_that_makes_no_sense_is_made_anew_from_the_ticks(
    whole: Path, tmp_path: Path, lie: dict[str, Any], where: str
) -> None:
    space = made_workspace(tmp_path / "w")
    path = space.episodes / "000001.h5"
    path.write_bytes(whole.read_bytes())
    facts = path.stat()
    told = {**msgspec.structs.asdict(ENTRY), **lie}
    told |= {"size": facts.st_size, "modified": facts.st_mtime_ns}
    if where == "index":
        made = {"version": 5, "entries": {path.name: told}}
        (space.episodes / index.FILE).write_bytes(msgspec.msgpack.encode(made))
    else:
        own = msgspec.msgpack.encode({"version": 5, "layout": 1, "entry": told})
        with path.open("ab") as file:
            file.write(own + len(own).to_bytes(8, "little") + b"dagger-1")
    catalogue = Catalogue(space)
    (summary,) = catalogue.episodes()
    assert (summary.outcome, summary.ticks) == ("success", 40)
    assert 0 < summary.duration_s < 1
    assert catalogue.interventions() == []


def test_nesting_without_end_is_no_summary(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "000001.h5"
    own = b"\x91" * 100_000
    path.write_bytes(whole.read_bytes() + own + len(own).to_bytes(8, "little") + b"dagger-1")
    assert index.examine(path, 1).ticks == 40
    (tmp_path / index.FILE).write_bytes(own)
    assert index.read(tmp_path) == {}


def test_a_lying_summary_is_no_more_than_a_cache(whole: Path, tmp_path: Path) -> None:
    space = made_workspace(tmp_path / "w")
    path = space.episodes / "000001.h5"
    path.write_bytes(whole.read_bytes())
    with path.open("ab") as file:
        own = msgspec.msgpack.encode({"version": 4, "layout": 1, "entry": {"size": "big"}})
        file.write(own + len(own).to_bytes(8, "little") + b"dagger-1")
    assert [e.ticks for e in Catalogue(space).episodes()] == [40]


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "a/b", "", ".", "..", "x\0y"])
def test_a_name_that_leads_elsewhere_is_never_written_nor_read(
    whole: Path, tmp_path: Path, name: str
) -> None:
    hostile = meta(camera_names=(name,))
    with pytest.raises(EpisodeError, match="no name of a camera"):
        EpisodeWriter(tmp_path, hostile, DTYPE)
    path = tmp_path / "000001.h5"
    path.write_bytes(whole.read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs["metadata"] = msgspec.json.encode(hostile).decode()
    with pytest.raises(EpisodeError):
        read_episode(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["000001.h5"]
    with pytest.raises(ValueError, match="is no name"):
        Station(name="x", robot={}, cameras={name: {}})
    with pytest.raises(ValueError, match="taxonomy is"):
        Task(name="x", taxonomy=name)


def test_strange_file_names_in_the_folder_are_no_episodes(whole: Path, tmp_path: Path) -> None:
    space = made_workspace(tmp_path / "w")
    for name in ("x.h5", "-1.h5", "0000001e9.h5", "000000.h5", "..h5", "000002.h5.old"):
        (space.episodes / name).write_bytes(whole.read_bytes())
    (space.episodes / "000003.h5").mkdir()
    assert [e.episode for e in Catalogue(space).episodes()] == []
    outcome = Verification(space).run()
    assert all(f.level in ("bad", "notice", "good") for f in outcome.findings)
    assert layout.episode_number(Path("000012.h5")) == 12


def _harmed(whole: bytes, chance: random.Random) -> bytes:
    """Cut short, with flipped bits, or with something else in its midst."""
    torn = bytearray(whole)
    how = chance.randrange(3)
    if how == 0:
        return bytes(torn[: chance.randrange(len(torn))])
    for _ in range(chance.choice((1, 5, 30))):
        torn[chance.randrange(len(torn))] ^= 1 << chance.randrange(8)
    if how == 2:
        place = chance.randrange(len(torn))
        torn[place:place] = chance.choice((b"[" * 5000, b"\xff\xfe", b"9" * 400, b"\0" * 64))
    return bytes(torn)


@pytest.mark.parametrize("name", ["episodes/edits.jsonl", "taxonomy", "episodes/index.msgpack"])
def test_harmed_labels_and_categories_are_read_or_refused_by_file(
    tmp_path: Path, name: str
) -> None:
    space = full_workspace(tmp_path / "w")
    taxonomy.write(taxonomy.load("manipulation").renamed("other", "rest"), space.root)
    Catalogue(space)
    own = taxonomy.own_path(space.task.taxonomy, space.root)
    path = own if name == "taxonomy" else space.root / name
    whole, chance, refused = path.read_bytes(), random.Random(3), 0
    for _ in range(60):
        path.write_bytes(_harmed(whole, chance))
        try:
            taxonomy.load(space.task.taxonomy, space.root)
            catalogue = Catalogue(space)
            assert len(catalogue.episodes()) == 4
            catalogue.interventions()
            assert mine(space) <= FILES
        except SessionError as error:
            refused += 1
            assert path.name in str(error)  # noqa: PT017
    assert refused or name == "episodes/index.msgpack", "which is only a cache"


FILES = {"000001.h5", "000002.h5", "000003.h5", "000004.h5"} | {
    *("edits.jsonl", "index.msgpack", "sha256sums")
}


def mine(space: Workspace) -> set[str]:
    return {path.name for path in space.episodes.iterdir()}
