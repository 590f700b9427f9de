"""The studio's web application: its page, pictures, tracks, news of what is under way, and orders."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette  # pyright: ignore[reportMissingImports]
from starlette.exceptions import HTTPException  # pyright: ignore[reportMissingImports]
from starlette.requests import Request  # pyright: ignore[reportMissingImports]
from starlette.responses import JSONResponse, Response, StreamingResponse  # pyright: ignore[reportMissingImports]
from starlette.routing import Route  # pyright: ignore[reportMissingImports]

from drol_jax.errors import UserError
from drol_jax.settings import load_settings
from drol_jax.show.replies import KINDS
from drol_jax.studio import views
from drol_jax.studio.beside import choices
from drol_jax.studio.exports import FILMS
from drol_jax.studio.inside import inside
from drol_jax.studio.orders import Desk, order_of
from drol_jax.studio.project import Seen
from drol_jax.studio.project_file import SUFFIX, text_of
from drol_jax.studio.trackers import SLIDERS, at_hand
from drol_jax.tracks.formats import FORMATS

SHARED = ("boxes.js", "view.js", "gestures.js", "paint.js", "page.css", "icon.svg")
"""Files of the pages of `drol_jax.show` that this page uses too."""
OWN = (
    "studio.css",
    "studio.js",
    "server.js",
    "player.js",
    "chart.js",
    "compare.js",
    "tracks.js",
    "panels.js",
    "inside.js",
    "tour.js",
)
TICK = 0.01
"""Seconds between two looks at whether there is news."""
BEAT = 10.0
"""Seconds after which a page is told that all is well, though nothing is new: it notices a lost connection by that."""
WIDEST = 4096
"""Pixels of a picture."""
MOST_AT_ONCE = 32
"""Pictures in one answer."""


def application(desk: Desk, ending: Callable[[], bool] = lambda: False) -> Starlette:
    """The application, without a guard.

    Args:
      ending: tells whether the server is about to end, so that open answers end too.
    """
    session = desk.session

    def told(content: object, status: int = 200) -> Response:
        return JSONResponse(content, status)

    def view() -> dict[str, Any]:
        with session.changes:
            return views.view(session, load_settings(session.project.setup.config).hyper)

    def state(request: Request) -> Response:
        return told(view())

    def tracks(request: Request) -> Response:
        with session.changes:
            return told(views.tracks(session))

    def picture(request: Request) -> Response:
        width = _number(request.query_params.get("width", "1280"), 16, WIDEST)
        return Response(session.filling.picture(request.path_params["number"], width), media_type="image/jpeg")

    def pictures(request: Request) -> Response:
        """Several frames in one answer, as they are made: each as four bytes of length, the least first, and a JPEG."""
        width = _number(request.query_params.get("width", "1280"), 16, WIDEST)
        count = _number(request.query_params.get("count", "8"), 1, MOST_AT_ONCE)
        number = request.path_params["number"]
        first = session.filling.picture(number, width)

        def packed() -> Iterator[bytes]:
            yield len(first).to_bytes(4, "little") + first
            with suppress(UserError):  # the film ends there, or is damaged: whoever wants that frame asks for it again
                for other in range(number + 1, number + count):
                    picture = session.filling.picture(other, width)
                    yield len(picture).to_bytes(4, "little") + picture

        return StreamingResponse(packed(), media_type="application/octet-stream")

    def coarse(request: Request) -> Response:
        number, found = session.filling.coarse(request.path_params["number"])
        return Response(found, media_type="image/jpeg", headers={"x-frame": str(number)})

    def shown(request: Request) -> Response:
        session.pace.shown(request.path_params["number"])
        return told({})

    def looked_into(request: Request) -> Response:
        name, number = request.query_params.get("name", ""), request.path_params["number"]
        return told(inside(session, name, number))

    def setup(request: Request) -> Response:
        return told({"sliders": SLIDERS, "formats": [*FORMATS, *FILMS], "trackers": at_hand()})

    def beside(request: Request) -> Response:
        return told(choices(session.project, desk.places))

    def listed(request: Request) -> Response:
        return told(desk.places.listed(request.query_params.get("folder", "")))

    def download(request: Request) -> Response:
        name = f"{session.project.video.name}{SUFFIX}".encode("ascii", "replace").decode().replace('"', "_")
        held = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(text_of(session.project), media_type="application/json", headers=held)

    async def order(request: Request) -> Response:
        body = await request.body()
        answer = await asyncio.to_thread(lambda: order_of(body).do(desk))
        return told(answer or {})

    async def upload(request: Request) -> Response:
        body = await request.body()

        def take() -> None:
            session.open(*desk.places.project(body, "the file"))

        await asyncio.to_thread(take)
        return told({})

    async def events(request: Request) -> Response:
        return StreamingResponse(_news(session, view, ending), media_type="text/event-stream")

    own = files("drol_jax.studio") / "static"
    shared = files("drol_jax.show") / "static"
    assets = {"": own / "studio.html"} | {name: own / name for name in OWN} | {name: shared / name for name in SHARED}
    contents = {name: file.read_bytes() for name, file in assets.items()}

    def asset(name: str) -> Route:
        kind = KINDS[".html" if not name else name[name.rindex(".") :]]
        return Route(f"/{name}", lambda request: Response(contents[name], media_type=kind))

    return Starlette(
        routes=[
            *map(asset, contents),
            Route("/state", state),
            Route("/setup", setup),
            Route("/tracks", tracks),
            Route("/events", events),
            Route("/picture/{number:int}", picture),
            Route("/pictures/{number:int}", pictures),
            Route("/coarse/{number:int}", coarse),
            Route("/shown/{number:int}", shown, methods=["POST"]),
            Route("/inside/{number:int}", looked_into),
            Route("/beside", beside),
            Route("/folders", listed),
            Route("/project", download, methods=["GET"]),
            Route("/project", upload, methods=["POST"]),
            Route("/order", order, methods=["POST"]),
        ],
        exception_handlers={UserError: _misuse, HTTPException: _unknown, Exception: _fault},
    )


async def _news(session: Any, view: Callable[[], dict[str, Any]], ending: Callable[[], bool]) -> AsyncIterator[str]:
    """Server-sent events: all but the tracks whenever something changed, with what a pass added since the last one."""
    version, live, taken, silent = 0, list[Mapping[str, Seen]](), 0, 0.0
    while not ending():
        if session.version == version and silent < BEAT:
            silent += TICK
            await asyncio.sleep(TICK)
            continue
        with session.changes:
            if session.live is not live:
                live, taken = session.live, 0
            fresh, taken = live[taken:], len(live)
            version = session.version
        yield f"data: {json.dumps({'view': view(), 'news': views.news(fresh)}, allow_nan=False)}\n\n"
        silent = 0.0


async def _misuse(request: Request, error: Exception) -> Response:
    return JSONResponse({"refused": "order", "why": str(error)}, 422)


async def _unknown(request: Request, error: Any) -> Response:
    status = int(error.status_code)
    word, why = ("method", "not with this method") if status == 405 else ("path", "there is no such page")
    return JSONResponse({"refused": word, "why": why}, status)


async def _fault(request: Request, error: Exception) -> Response:
    return JSONResponse({"refused": "fault", "why": f"{type(error).__name__}: {error}"}, 500)


def _number(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise UserError(f"{text[:20]!r} is no number")
    return min(max(int(text), least), most)
