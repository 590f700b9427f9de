"""A small CVAT server: one task with its frames, one function with a queue of requests, annotations that are sent.

It answers what `cvat-cli function create-native`, `function run-agent` and uploads of tracks ask for (cvat-cli 2.80).
"""

import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
from PIL import Image

TASK, FUNCTION = 3, 7
QUEUE = f"/api/functions/queues/function:{FUNCTION}"
SOME_DAY = "2026-01-01T00:00:00Z"

Ask = Callable[[dict[str, Any] | None], dict[str, Any] | None]
"""Given the answer to the last request (None before the first, or where it failed), the next one; None ends."""


@dataclass
class FakeCvat:
    """The server; runs in a `with` block."""

    frames: Sequence[np.ndarray]
    """uint8 RGB [H, W, 3]."""
    ask: Ask = lambda answer: None
    """What the function is asked."""
    labels: tuple[str, ...] = ("person", "car")
    start_frame: int = 0
    frame_filter: str = ""
    size: int | None = None
    created: dict[str, Any] = field(default_factory=dict)
    """The function, as it was created."""
    annotations: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of what was added."""
    failed: list[str] = field(default_factory=list)
    """What the agent said of requests that it could not answer."""
    calls: list[str] = field(default_factory=list)
    """Methods and paths."""

    def __enter__(self) -> "FakeCvat":
        fake, self._last, self._asked = self, None, 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake._answer(self, "GET", {})

            def do_POST(self) -> None:
                fake._answer(self, "POST", self._body())

            def do_PATCH(self) -> None:
                fake._answer(self, "PATCH", self._body())

            def _body(self) -> Any:
                return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def login(self) -> list[str]:
        """Arguments of cvat-cli and of ours that name this server."""
        return ["--server-host", "http://127.0.0.1", "--server-port", str(self._server.server_address[1])]

    def _answer(self, handler: BaseHTTPRequestHandler, method: str, body: Any) -> None:
        parts = urlsplit(handler.path)
        path, query = unquote(parts.path), parse_qs(parts.query)
        self.calls.append(f"{method} {path}")
        if path == f"/api/tasks/{TASK}/data/" or path == f"/api/tasks/{TASK}/data":
            file = io.BytesIO()
            Image.fromarray(self.frames[int(query["number"][0])]).save(file, "PNG", compress_level=1)
            return _send(handler, 200, file.getvalue(), "image/png")
        if path == f"{QUEUE}/watch":
            return _send(handler, 200, b"", "text/event-stream")
        told = self._told(method, path, body, query)
        if told is None:
            return _send(handler, 404, b'{"detail":"Not found."}', "application/json")
        _send(handler, 201 if path == "/api/functions" else 200, json.dumps(told).encode(), "application/json")

    def _told(self, method: str, path: str, body: Any, query: dict[str, list[str]]) -> Any:
        if path == "/api/server/about":
            return {"name": "CVAT", "description": "", "version": "2.80.0", "logo_url": "", "subtitle": ""}
        if (method, path) == ("POST", "/api/functions"):
            self.created = {"id": FUNCTION, **body}
            return self.created
        if path == f"/api/functions/{FUNCTION}":
            return self.created
        if path == f"/api/tasks/{TASK}":
            return self._task()
        if path == f"/api/tasks/{TASK}/data/meta":
            return self._meta()
        if path == "/api/labels":
            found = [{"id": 11 + n, "name": name, "task_id": TASK} for n, name in enumerate(self.labels)]
            return {"count": len(found), "next": None, "previous": None, "results": found}
        if path.startswith(f"/api/tasks/{TASK}/annotations") and method == "PATCH":
            assert query["action"] == ["create"]
            self.annotations.append(body)
            return {"version": 1, "tags": [], "shapes": [], "tracks": []}
        request = re.fullmatch(re.escape(QUEUE) + r"/requests/(acquire|[^/]+/(complete|fail|update))", path)
        return self._request(request, body) if request else None

    def _request(self, path: re.Match[str], body: Any) -> Any:
        if path[2] == "complete":
            self._last = body
        elif path[2] == "fail":
            self._last = None
            self.failed.append(body["exc_info"])
        if path[2] is not None or body["request_category"] != "interactive":
            return {"ar_assignment": None}
        asked = self.ask(self._last)
        if asked is None:
            return {"ar_assignment": None}
        self._asked += 1
        return {"ar_assignment": {"ar_id": f"r{self._asked}", "ar_params": {"task": TASK, **asked}}}

    def _task(self) -> dict[str, Any]:
        return {
            "id": TASK,
            "name": "match",
            "size": self.size or len(self.frames),
            "data_chunk_size": 36,
            "data_original_chunk_type": "video",
            "mode": "interpolation",
            "organization": None,
            "project_id": None,
            "updated_date": SOME_DAY,
            "created_date": SOME_DAY,
            "jobs": {"url": "", "count": 1, "completed": 0, "validation": 0},
            "labels": {"url": ""},
        }

    def _meta(self) -> dict[str, Any]:
        height, width = self.frames[0].shape[:2]
        size = self.size or len(self.frames)
        return {
            "chunk_size": 36,
            "chunks_updated_date": SOME_DAY,
            "size": size,
            "image_quality": 70,
            "start_frame": self.start_frame,
            "stop_frame": self.start_frame + size - 1,
            "frame_filter": self.frame_filter,
            "frames": [{"name": "match.mp4", "width": width, "height": height, "related_files": 0}],
            "deleted_frames": [],
            "included_frames": None,
        }


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
