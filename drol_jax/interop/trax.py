"""Our trackers as TraX servers (https://github.com/votchallenge/trax), which is how vot-toolkit runs them.

The client starts the process and speaks to it over its standard streams, or over a socket where it says so in the
environment. It watches every answer with a timeout, but not the greeting: so everything is compiled before that, and
one process serves any number of tracks, so that a restart after a failure compiles nothing.
"""

from typing import Any

import numpy as np

from drol_jax.api import Tracker
from drol_jax.errors import UserError
from drol_jax.image.boxes import box_from_polygon
from drol_jax.image.masks import corners
from drol_jax.interop.session import Found, Session, picture
from drol_jax.system.optional import optional
from drol_jax.tracker.state import TrackerState


def serve(tracker: Tracker, height: int, width: int, seed: int | None = None) -> None:
    """Answer a client until it quits.

    Takes rectangles and polygons as starts; answers with rectangles, a tracker with a mask branch with the mask's
    rotated box. Several objects may be tracked at once and may join later; each is a track of its own, and answers
    come in the order in which they joined. Pictures come as paths or in memory.

    Args:
      height, width: of the largest picture expected. Larger ones work, but compile while the client waits.
      seed: of the online subnet's draws, the same in every track; default is the configuration's.

    Raises:
      UserError: vot-trax is not installed; the client broke off; a picture or a start cannot be used, which the
        client is told too.
    """
    trax: Any = optional("trax", "'drol_jax[vot]'")
    session = Session(tracker, seed)
    session.tracker.warmup(height, width)
    try:
        # Both kinds of region are asked for, or else the client would turn a polygon into its bounding box.
        server = trax.Server(
            [trax.Region.RECTANGLE, trax.Region.POLYGON],
            [trax.Image.PATH, trax.Image.MEMORY],
            tracker_name=tracker.name,
            tracker_description="drol_jax",
            tracker_family="Siamese",
            multiobject=True,
        )
    except trax.TraxException as error:
        raise UserError(
            f"no TraX client: {error}; this command is for a client to start, such as vot-toolkit"
        ) from None
    try:
        _answer(server, session, trax)
    except UserError as error:
        server.quit(str(error))
        raise
    except trax.TraxException as error:
        raise UserError(f"the TraX client broke off: {error}") from None
    server.quit()


def _answer(server: Any, session: Session, trax: Any) -> None:
    tracks: list[TrackerState] = []
    while (request := server.wait()).type != trax.TraxStatus.QUIT:
        pixels = _pixels(request.image)
        if request.type == trax.TraxStatus.INITIALIZE:
            tracks = []
        answers = []
        for place, state in enumerate(tracks):
            tracks[place], found = session.follow(state, pixels)
            answers.append((_region(found, trax), {"confidence": f"{found.score:.6f}"}))
        for region, _ in request.objects or ():
            box = start_box(region)
            tracks.append(session.start(pixels, box))
            polygon = corners(box) if session.tracker.config.model.mask else None
            answers.append((_region(Found(box, polygon, 1.0), trax), {}))
        server.status(answers)


def start_box(region: Any) -> np.ndarray:
    """The box that a track starts from, as PySOT's trackers start theirs on VOT.

    Args:
      region: TraX rectangle or polygon, pixels, 0-based.

    Returns:
      float64 [4] (x, y, w, h): the rectangle itself; of four corners `image.boxes.box_from_polygon`; of another
      number of them their bounding box.

    Raises:
      UserError: another kind of region.
    """
    if region.type == "rectangle":
        return np.array(region.bounds(), np.float64)
    if region.type != "polygon":
        raise UserError(f"cannot start from a region of type {region.type}; send a rectangle or a polygon")
    points = np.array(list(region), np.float64)
    if len(points) == 4:
        return box_from_polygon(points.reshape(8))
    return np.concatenate([points.min(0), np.ptp(points, axis=0)])


def _pixels(channels: Any) -> np.ndarray:
    image = channels["color"]
    return picture(image.path() if image.type() == "path" else image.array())


def _region(found: Found, trax: Any) -> Any:
    if found.polygon is None:
        return trax.Rectangle.create(*found.box.tolist())
    return trax.Polygon.create([(x, y) for x, y in found.polygon.reshape(4, 2).tolist()])
