"""An expert for gym-pusht's PushT, to see what a station of somebody else's is good for.

    dagger-gui simulate --station pusht --operator benchmarks.pusht_expert:Expert --workspace NEW

It knows the physics: it tries pushes all around the T in a copy of the environment, takes the one
that brings the T nearest to its place, and does that. No learning, and no hurry.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from gym_pusht.envs.pusht import PushTEnv
from numpy.typing import NDArray

from drivers.experts import ExpertSpec

Floats = NDArray[np.float64]

RADIUS = 15.0
CLEAR = RADIUS + 7.0
GOAL = (256.0, 256.0, np.pi / 4)
SPEEDS = (12.0, 4.0)
STEPS = 14
TURNS = (-0.35, 0.0, 0.35)
PATIENCE = 40
STRAYED = 60.0
PROGRESS = 2.0
LOW, HIGH = 20.0, 492.0


class Bench:
    """A copy of the environment's physics that is put into any state."""

    def __init__(self) -> None:
        self.env = PushTEnv(obs_type="state", render_mode="rgb_array")
        self.env.reset(seed=0)
        shapes = self.env._block_shapes
        self.corners = np.array([tuple(v) for shape in shapes for v in shape.get_vertices()])
        self.goal = placed(self.corners, GOAL)

    def put(self, agent: Floats, pose: tuple[float, float, float]) -> None:
        """The agent at rest, and the T at (x, y, angle)."""
        body = self.env.agent
        body.position, body.velocity = tuple(agent), (0.0, 0.0)
        block = self.env.block
        block.angle = pose[2]  # before the position: an angle turns it about its centre of mass
        block.position = pose[:2]
        block.velocity, block.angular_velocity = (0.0, 0.0), 0.0
        self.env.space.reindex_shapes_for_body(block)
        self.env.space.reindex_shapes_for_body(body)

    def step(self, target: Floats) -> None:
        """A tenth of a second, as the environment takes it."""
        env, body = self.env, self.env.agent
        for _ in range(10):
            ax = env.k_p * (target[0] - body.position[0]) - env.k_v * body.velocity[0]
            ay = env.k_p * (target[1] - body.position[1]) - env.k_v * body.velocity[1]
            body.velocity = (body.velocity[0] + ax * env.dt, body.velocity[1] + ay * env.dt)
            env.space.step(env.dt)

    def away(self) -> float:
        """How far the T's corners are from their places, on average."""
        block = self.env.block
        now = placed(self.corners, (*block.position, block.angle))
        return float(np.linalg.norm(now - self.goal, axis=1).mean())


def placed(corners: Floats, pose: tuple[float, float, float]) -> Floats:
    """The T's corners, shape (8, 2), at a pose."""
    c, s = np.cos(pose[2]), np.sin(pose[2])
    return corners @ np.array([[c, s], [-s, c]]) + np.array(pose[:2])


def pose_of(corners: Floats, seen: Floats) -> tuple[float, float, float]:
    """The T's pose whose corners are ``seen`` (Procrustes)."""
    a, b = corners - corners.mean(axis=0), seen - seen.mean(axis=0)
    angle = np.arctan2((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum(), (a * b).sum())
    c, s = np.cos(angle), np.sin(angle)
    x, y = seen.mean(axis=0) - corners.mean(axis=0) @ np.array([[c, s], [-s, c]])
    return float(x), float(y), float(angle)


def outline(seen: Floats) -> Floats:
    """Points around the T with their outward normals, shape (N, 4)."""
    bar, stem = seen[:4], seen[4:]
    order = [bar[i] for i in hull_order(bar)], [stem[i] for i in hull_order(stem)]
    found = []
    for mine, other in (order, order[::-1]):
        centre = np.mean(mine, axis=0)
        for p, q in zip(mine, [*mine[1:], mine[0]], strict=True):
            length = float(np.linalg.norm(q - p))
            normal = np.array([q[1] - p[1], p[0] - q[0]]) / length
            normal *= np.sign(normal @ (p - centre))
            for share in np.arange(0.5, max(1.0, length // 15)) / max(1.0, length // 15):
                at = p + share * (q - p)
                if not inside(np.array(other), at + 2.0 * normal):
                    found.append([*at, *normal])
    return np.array(found)


def hull_order(quad: Floats) -> list[int]:
    """The four corners in order around their centre."""
    around = quad - quad.mean(axis=0)
    order: list[int] = np.argsort(np.arctan2(around[:, 1], around[:, 0])).tolist()
    return order


def inside(quad: Floats, point: Floats, margin: float = 0.0) -> bool:
    """Whether a point is in a convex quadrilateral given in order, or this near to it."""
    return distance(quad, point) <= margin


def distance(quad: Floats, point: Floats) -> float:
    """How far a point is from a convex quadrilateral given in order; below 0 inside."""
    nearest, within = np.inf, True
    for p, q in zip(quad, [*quad[1:], quad[0]], strict=True):
        edge = q - p
        share = np.clip((point - p) @ edge / (edge @ edge), 0.0, 1.0)
        nearest = min(nearest, float(np.linalg.norm(point - p - share * edge)))
        within &= bool(edge[0] * (point[1] - p[1]) - edge[1] * (point[0] - p[0]) >= 0)
    return -nearest if within else nearest


class Expert:
    """Plans a push, goes there around the T, pushes, backs off; see ``drivers.experts``."""

    tag = "approach"

    def __init__(self, spec: ExpertSpec) -> None:
        self._bench = Bench()
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Forgets what it was about to do."""
        self._plan: deque[Floats] = deque()
        self._best, self._stuck, self._driving = np.inf, 0, 0
        self._target: Floats | None = None
        self._followed = True

    def __call__(self, observation: dict[str, Any]) -> tuple[Floats, bool]:
        """The next point to go to; wants control when the T comes no nearer to its place."""
        agent = np.asarray(observation["agent_pos"])
        seen = np.asarray(observation["environment_state"]).reshape(8, 2)
        away = float(np.linalg.norm(seen - self._bench.goal, axis=1).mean())
        wants = self._watch(away)
        # While a policy drives nobody follows it, and planning for nobody is a waste of time.
        strayed = self._target is not None and np.linalg.norm(self._target - agent) > STRAYED
        self._followed = wants or (self._followed and not strayed)
        if not self._followed:
            self._plan.clear()
        elif not self._plan:
            self._plan.extend(self._planned(agent, seen, away))
        self._target = self._plan.popleft() if self._plan else agent
        return self._target, wants

    def _watch(self, away: float) -> bool:
        if away < self._best - PROGRESS:
            self._best, self._stuck = away, 0
        else:
            self._stuck += 1
        if self._driving:
            self._driving -= 1
        elif self._stuck > PATIENCE:
            self._plan.clear()
            self._driving, self._stuck, self._best = 60, 0, away
        return self._driving > 0

    def _planned(self, agent: Floats, seen: Floats, away: float) -> list[Floats]:
        pose = pose_of(self._bench.corners, seen)
        best: tuple[float, list[Floats], Floats] | None = None
        for at in outline(seen):
            contact, normal = at[:2], at[2:]
            start = contact + CLEAR * normal
            if self._blocked(seen, start):
                continue
            for turn in TURNS:
                c, s = np.cos(turn), np.sin(turn)
                way = -np.array([c * normal[0] - s * normal[1], s * normal[0] + c * normal[1]])
                for speed in SPEEDS if away < 40.0 else SPEEDS[:1]:
                    found = self._tried(pose, start, way, speed)
                    travel = 0.004 * float(np.linalg.norm(start - agent))
                    if found is not None and (best is None or found[0] + travel < best[0]):
                        best = (found[0] + travel, found[1], start)
        if best is None:
            return [agent]
        _, push, start = best
        back = push[0] if not push else push[-1] + 1.6 * (start - push[-1])
        retreat = [np.clip(push[-1] + k / 4 * (back - push[-1]), LOW, HIGH) for k in (1, 2, 3, 4)]
        return [*self._around(agent, seen, start), *push, *retreat]

    def _tried(
        self, pose: tuple[float, float, float], start: Floats, way: Floats, speed: float
    ) -> tuple[float, list[Floats]] | None:
        """The least distance that pushing this way leads to, and the targets that lead there."""
        bench = self._bench
        bench.put(start, pose)
        targets, found = [], None
        for step in range(1, STEPS + 1):
            target = np.clip(start + (step * speed + 4.0) * way, LOW, HIGH)
            targets.append(target)
            bench.step(target)
            away = bench.away()
            if found is None or away < found[0] - 0.05:
                found = (away, list(targets))
        return found

    def _around(self, agent: Floats, seen: Floats, goal: Floats) -> list[Floats]:
        """Points on the way to ``goal`` that keep off the T, one a step."""
        corners = [goal] if self._free(seen, agent, goal) else self._detour(agent, seen, goal)
        way, here = [], agent
        for corner in corners:
            length = float(np.linalg.norm(corner - here))
            count = max(1, int(np.ceil(length / 22.0)))
            way += [here + k / count * (corner - here) for k in range(1, count + 1)]
            here = corner
        return [*way, goal, goal, goal]  # comes to rest there

    def _detour(self, agent: Floats, seen: Floats, goal: Floats) -> list[Floats]:
        centre = seen.mean(axis=0)
        first, last = (np.arctan2(*(p - centre)[::-1]) for p in (agent, goal))
        options = []
        for sense in (1, -1):
            turn = (last - first) * sense % (2 * np.pi)
            angles = first + sense * np.linspace(0.0, turn, max(2, int(turn / 0.35) + 1))
            ring = [centre + 125.0 * np.array([np.cos(a), np.sin(a)]) for a in angles]
            ring = [np.clip(p, LOW, HIGH) for p in ring]
            hits = sum(distance_to(seen, p) < RADIUS + 2.0 for p in ring)
            options.append((hits, turn, ring))
        return [*min(options, key=lambda option: option[:2])[2], goal]

    def _free(self, seen: Floats, here: Floats, there: Floats) -> bool:
        count = max(2, int(np.linalg.norm(there - here) / 8.0))
        points = [here + k / count * (there - here) for k in range(1, count + 1)]
        return all(distance_to(seen, p) > RADIUS + 3.0 for p in points)

    def _blocked(self, seen: Floats, start: Floats) -> bool:
        outside = bool((start < LOW).any() or (start > HIGH).any())
        return outside or distance_to(seen, start) < RADIUS + 2.0


def distance_to(seen: Floats, point: Floats) -> float:
    """How far a point is from the T."""
    parts = (seen[:4], seen[4:])
    return min(distance(part[hull_order(part)], point) for part in parts)
