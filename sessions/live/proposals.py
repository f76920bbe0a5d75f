"""The policy's side of the loop: asking in time, keeping what is due, forgetting by epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivers.base import RobotState
from policies.base import Floats, LinkStatus, Observation, PolicyLink, PolicySpec
from policies.chunks import ChunkSchedule
from sessions.live.frames import FrameSource

_STATUS_TICKS = 5


def same_folder(one: str, other: str) -> bool:
    """Whether two folders are the same; a link may give the absolute path of a relative one."""
    return one == other or (bool(one) and Path(one).resolve() == Path(other).resolve())


class Proposals:
    """What the policy proposes, tick by tick. Never waits.

    Args:
        link: the policy at the other end.
        station: what the station offers a policy.
        frames: the cameras' newest frames; None without cameras.
        replan_ticks: a new chunk is asked for every so many ticks.
        max_age_ticks: a chunk is not used longer than this after its observation, so that a
            silent server is noticed before its last chunk runs out.

    Attributes:
        epoch: goes up at each takeover, hand-back and start; older chunks are dropped.
        status: what is known of the policy, refreshed every few ticks.
        misfit: why the policy that is loaded cannot drive this station, whoever loaded it; empty
            if it can. It is asked nothing then.
        expected: checkpoint folder that should be loaded; empty for whichever it is.
        action: shape (A,), what is due at this tick; None if nothing is.
        answered_t: when the newest chunk came [s]; NaN before the first.
        fault: why the newest chunk was thrown away; empty if it was not.
    """

    def __init__(
        self,
        link: PolicyLink,
        station: PolicySpec,
        frames: FrameSource | None,
        replan_ticks: int,
        max_age_ticks: int,
    ) -> None:
        self.link = link
        self.station = station
        self.epoch = 0
        self.status = LinkStatus()
        self.misfit = ""
        self.expected = ""
        self.action: Floats | None = None
        self.answered_t = float("nan")
        self.fault = ""
        self._frames = frames
        self._schedule = ChunkSchedule(max_age=max_age_ticks)
        self._replan = replan_ticks
        self._asked = -replan_ticks
        self._columns: tuple[tuple[str, ...], NDArray[np.intp]] | None = None
        self.look()

    def refresh(self, tick: int) -> None:
        """Looks at the link's status now and then."""
        if tick % _STATUS_TICKS == 0:
            self.look()

    def look(self) -> None:
        """Looks at the link's status now, and whether what is loaded fits the station."""
        self.status = self.link.status()
        spec, path = self.status.spec, self.status.path
        found = [] if spec is None else spec.misfits(self.station)
        if self.expected and path and not same_folder(path, self.expected):
            found.append(f"it is {path}, not {self.expected}")
        self.misfit = "; ".join(found)

    def new_epoch(self) -> None:
        """Drops every chunk, what is in flight, and the policy's history."""
        self.epoch += 1
        self._schedule.flush(self.epoch)
        self.link.reset()
        self.fault = ""
        self._asked = -self._replan

    def receive(self, now: float) -> None:
        """Takes the chunks that have arrived by ``now``."""
        for chunk in self.link.poll():
            wrong = chunk.actions.ndim != 2 or chunk.actions.shape[1] != self.size
            self.fault = f"the chunk has shape {chunk.actions.shape}" if wrong else ""
            if wrong:
                continue
            if chunk.epoch == self.epoch:
                self._schedule.push(chunk)
                self.answered_t = now

    def ask(self, state: RobotState, tick: int) -> None:
        """Asks for a chunk if one is to be asked for at this tick."""
        spec = self.status.spec
        if spec is None or self.misfit or self.status.loading:
            return
        if tick - self._asked < self._replan:
            return
        observation = self._observation(state, spec)
        # What could not be sent is tried again with the next tick, not a whole replan later.
        if observation is not None and self.link.request(observation, tick, self.epoch):
            self._asked = tick

    def due(self, tick: int) -> float:
        """Sets ``action`` to what is due at ``tick``; returns the doubt, NaN without one."""
        self.action, doubt = self._schedule.due(tick)
        return doubt

    @property
    def size(self) -> int:
        """Number of joints A."""
        return len(self.station.joint_names)

    def _observation(self, state: RobotState, spec: PolicySpec) -> Observation | None:
        found: Observation = {"position": state.position, "velocity": state.velocity}
        if spec.environment_names:
            found["environment_state"] = state.environment_state[self._selection(spec)]
        for camera in spec.camera_names:
            image = self._image(camera, spec)
            if image is None:
                return None
            found[f"image.{camera}"] = image
        return found

    def _image(self, camera: str, spec: PolicySpec) -> NDArray[np.uint8] | None:
        if self._frames is None:
            return None
        return self._frames.image(camera, spec.image_height, spec.image_width)

    def _selection(self, spec: PolicySpec) -> NDArray[np.intp]:
        """Which components of the station's environment state the policy reads, in its order."""
        if self._columns is None or self._columns[0] != spec.environment_names:
            order = [self.station.environment_names.index(n) for n in spec.environment_names]
            self._columns = (spec.environment_names, np.array(order, dtype=np.intp))
        return self._columns[1]
