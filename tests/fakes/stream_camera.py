"""A network camera: a real HTTP server that sends numbered pictures as JPEG, as IP cameras do.

OpenCV opens it like any other camera, and its ``grab`` waits for the next picture, which a file's
does not. It can be unplugged, go silent, and come back with another size.
"""

from __future__ import annotations

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from drivers.cameras import _cv2
from drivers.cameras.synthetic import picture


class StreamCamera:
    """Plugged in from the start; use it as a context, so that its port is freed."""

    def __init__(self, fps: float = 60.0, size: tuple[int, int] = (160, 120)) -> None:
        self.fps, self.size = fps, size
        self.sent = 0
        self.silent = False
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self._plugged = threading.Event()
        self.plug()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/stream.mjpg"

    def __enter__(self) -> StreamCamera:
        return self

    def __exit__(self, *_: object) -> None:
        self.pull()

    def plug(self) -> None:
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.stream(self)

            def log_message(self, *_: object) -> None:
                """Silent."""

        self._plugged.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def pull(self) -> None:
        self._plugged.clear()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def stream(self, request: BaseHTTPRequestHandler) -> None:
        cv2 = _cv2.load()
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        with contextlib.suppress(OSError):
            while self._plugged.is_set():
                if not self.silent:
                    image = picture(self.sent, self.size[1], self.size[0])
                    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}"
                    request.wfile.write(head.encode() + b"\r\n\r\n" + jpeg.tobytes() + b"\r\n")
                    self.sent += 1
                time.sleep(1.0 / self.fps)
