"""Which processes a workspace needs, in the order in which they are started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from drivers import registry
from sessions.bus import policy_endpoint
from sessions.live.children import Kind
from sessions.types import SessionError
from sessions.workspace import Workspace

_REST_S = 40.0
"""So long the control process may take to bring the arm to its rest pose and let it go [s]."""


class SupervisorError(SessionError):
    """The supervisor cannot run here; the message says why."""


def kinds(space: Workspace, runtime: Path, modules: dict[str, str]) -> list[Kind]:
    """The processes of a workspace, in the order in which they are started."""
    root, station = str(space.root), space.station
    found = []
    for process in registry.processes(station.robot, runtime, station.rate_hz):
        found.append(
            Kind(
                process.name,
                process.module,
                process.arguments,
                restarts=False,
                niceness=0,
                on_death="Start it again here, as one plugs a cable in.",
            )
        )
    if not station.policy_server:
        found.append(Kind("policy", "policies.server", ("--endpoint", policy_endpoint(runtime))))
    found.append(
        Kind(
            "recorder",
            "sessions.record.recorder",
            (root,),
            stop_s=8.0,
            suspended_for="an import or a repair has the workspace",
        )
    )
    if station.cameras:
        errors = runtime / "cameras.err"
        found.append(Kind("cameras", "sessions.live.cameras", (root,), errors=errors, logged=True))
    control = Kind(
        "control",
        "sessions.live.control",
        (root,),
        niceness=0,
        stop_s=_REST_S,
        errors=runtime / "control.err",
        logged=True,
        hurries=True,
    )
    found.append(control)
    unknown = set(modules) - {kind.name for kind in found}
    if unknown:
        raise SupervisorError(f"This workspace has no process {sorted(unknown)[0]!r}.")
    return [_instead(kind, modules) for kind in found]


def _instead(kind: Kind, modules: dict[str, str]) -> Kind:
    return replace(kind, module=modules.get(kind.name, kind.module))
