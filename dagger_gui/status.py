"""The status line's figures, gathered from every process's newest state."""

from __future__ import annotations

import math

from dagger_gui.session_model import SessionModel
from dagger_gui.widgets.status_line import CameraRate, Status
from sessions.messages import ControlState


def status(model: SessionModel) -> Status:
    """What the line shows now; what is not known stays at its unknown value."""
    control, recorder, cameras = model.control, model.recorder, model.cameras
    plain = Status(wanted_hz=model.workspace.station.rate_hz)
    operator_ok = True
    if control is not None:
        device = {d.name: d for d in control.devices}.get(control.operator)
        operator_ok = device is None or device.ok
    training = (
        model.training if model.supervisor is not None and model.supervisor.training else None
    )
    part = training.step / training.steps if training is not None and training.steps else math.nan
    return Status(
        rate_hz=control.measured_hz if control is not None else plain.rate_hz,
        wanted_hz=control.rate_hz if control is not None else plain.wanted_hz,
        late_ticks=control.late_ticks if control is not None else 0,
        ticks=control.ticks if control is not None else 0,
        period_p99_ms=control.period_p99_ms if control is not None else plain.period_p99_ms,
        cameras=tuple(
            CameraRate(c.name, c.fps, c.dropped, not c.problem)
            for c in (cameras.cameras if cameras is not None else ())
        ),
        operator=control.operator if control is not None else "",
        operator_ok=operator_ok,
        disk_free_bytes=recorder.disk_free_bytes if recorder is not None else -1,
        saved=recorder.saved if recorder is not None else 0,
        started=recorder.started if recorder is not None else 0,
        lost=recorder.lost_ticks + recorder.lost_frames if recorder is not None else 0,
        packets=_packets(control),
        training=f"{100 * part:.0f} %" if math.isfinite(part) else "",
    )


def _packets(control: ControlState | None) -> int:
    """What the servos' buses lost; negative where no device has a bus."""
    devices = control.devices if control is not None else ()
    buses = [d for d in devices if math.isfinite(d.bus_p99_ms)]
    return sum(d.lost + d.corrupt for d in buses) if buses else -1
