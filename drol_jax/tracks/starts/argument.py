"""The start box of a command line: `--box x,y,w,h[@frame][=name]`."""

import re

from drol_jax.errors import UserError
from drol_jax.tracks.starts.start import Start

_PARTS = re.compile(r"(?P<box>[^@=]*)(?:@(?P<frame>[^=]*))?(?:=(?P<name>.*))?", re.DOTALL)


def parse_box(text: str) -> Start:
    """The start box of a text such as "305,122,110,262", "305,122,110,262@30" or "305,122,110,262@30=anna".

    Returns:
      At frame 0 and without a name where none is given; not checked yet.

    Raises:
      UserError: it is written otherwise.
    """
    where = f"--box {text}"
    parts = _PARTS.fullmatch(text)
    try:
        if parts is None:
            raise ValueError(text)
        x, y, w, h = (float(word) for word in parts["box"].split(","))
        frame = 0 if parts["frame"] is None else int(parts["frame"])
    except ValueError:
        raise UserError(f"{where}: wanted x,y,w,h[@frame][=name] in pixels, such as 305,122,110,262@30=anna") from None
    return Start(frame, parts["name"], (x, y, w, h), where)
