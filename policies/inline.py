"""A policy in the caller's own process: for lockstep, where time waits for everyone."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from policies.base import ActionChunk, LinkStatus, Observation, Policy, PolicyError


class InlinePolicy:
    """Satisfies ``PolicyLink`` without sockets or threads; same calls, same answers, every time.

    Args:
        policy: what to run; None until ``load`` brings one.
        delay_ticks: a chunk is given out by the poll this many polls after its request, as a
            server would take about a tick; 0 and 1 both mean the very next poll.
        path: checkpoint folder ``policy`` came from, for ``status``.
    """

    def __init__(self, policy: Policy | None = None, delay_ticks: int = 1, path: str = "") -> None:
        self._policy = policy
        self._delay = max(1, delay_ticks)
        self._pending: tuple[Observation, int, int] | None = None
        self._polls = 0
        self._status = LinkStatus(path=path, spec=policy.spec if policy else None)

    def request(self, observation: Observation, tick: int, epoch: int) -> bool:
        """Keeps the observation; False if a request is still waiting or no policy is loaded."""
        if self._pending is not None or self._policy is None:
            return False
        self._pending = (observation, tick, epoch)
        self._polls = 0
        return True

    def poll(self) -> list[ActionChunk]:
        """The chunk, once it is due; the policy runs here and only then."""
        if self._pending is None or self._policy is None:
            return []
        self._polls += 1
        if self._polls < self._delay:
            return []
        observation, tick, epoch = self._pending
        self._pending = None
        try:
            actions, doubt = self._policy.act(observation)
        except PolicyError as error:
            self._status = replace(self._status, error=str(error))
            return []
        if self._status.error or math.isnan(self._status.latency_s):
            self._status = replace(self._status, error="", latency_s=0.0)
        return [ActionChunk(epoch, tick, actions, doubt)]

    def reset(self) -> None:
        """Forgets the waiting request and the policy's history."""
        self._pending = None
        if self._policy is not None:
            self._policy.reset()

    def load(self, path: str) -> None:
        """Loads a checkpoint now; a failure is in ``status`` and the former policy stays."""
        # Here, so that a process which only ever talks to a server need not import torch.
        from policies import registry

        self._pending = None
        try:
            self._policy = registry.load(Path(path))
        except PolicyError as error:
            self._status = replace(self._status, error=str(error))
            return
        self._status = LinkStatus(path=path, spec=self._policy.spec)

    def status(self) -> LinkStatus:
        """What is loaded; always alive, never loading."""
        return self._status

    def close(self) -> None:
        """Nothing to release."""
        self._pending = None
