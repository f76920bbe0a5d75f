"""The control process with a virtual pad plugged into it: ``python -m`` this, with a WORKSPACE.

SDL keeps a virtual joystick in the process that attached it, so the pad has to be attached here.
Then the very ``main`` of the control process runs. A test moves the pad through ``PadCable``.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from sessions.live import control
from sessions.workspace import open_workspace
from tests.fakes.virtual_gamepad import VirtualGamepad


def socket_path(runtime: Path) -> Path:
    return runtime / "virtual-gamepad.sock"


class PadCable:
    """A test's end: each call returns when the pad has changed, with the moment it did.

    Times are of the monotonic clock, which all processes share.
    """

    def __init__(self, runtime: Path, timeout_s: float = 30.0) -> None:
        deadline = time.monotonic() + timeout_s
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        while True:
            try:
                self._socket.connect(str(socket_path(runtime)))
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    self._socket.close()
                    raise TimeoutError("the control process offers no pad") from error
                time.sleep(0.02)
        self._lines = self._socket.makefile("rw", encoding="utf-8")

    def axis(self, name: str, value: float) -> float:
        return self._ask(act="axis", name=name, value=value)

    def button(self, name: str, down: bool) -> float:
        return self._ask(act="button", name=name, down=down)

    def pull(self) -> float:
        return self._ask(act="pull")

    def plug(self) -> float:
        return self._ask(act="plug")

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def _ask(self, **request: Any) -> float:
        self._lines.write(json.dumps(request) + "\n")
        self._lines.flush()
        answer = json.loads(self._lines.readline())
        assert "error" not in answer, answer["error"]
        return float(answer["t"])


def _act(pad: VirtualGamepad, request: dict[str, Any]) -> dict[str, Any]:
    t = time.monotonic()
    try:
        if request["act"] == "axis":
            pad.axis(request["name"], request["value"])
        elif request["act"] == "button":
            pad.button(request["name"], request["down"])
        else:
            {"pull": pad.pull, "plug": pad.plug}[request["act"]]()
    except (AssertionError, KeyError, ValueError) as error:
        return {"error": repr(error)}
    return {"t": t}


def _serve(server: socket.socket, pad: VirtualGamepad) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection, connection.makefile("rw", encoding="utf-8") as lines:
            for line in lines:
                lines.write(json.dumps(_act(pad, json.loads(line))) + "\n")
                lines.flush()


def main(arguments: list[str]) -> int:
    path = socket_path(open_workspace(Path(arguments[0])).runtime())
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    pad = VirtualGamepad()
    pad.plug()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        path.chmod(0o600)
        server.listen(1)
        threading.Thread(target=_serve, args=(server, pad), daemon=True).start()
        return control.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
