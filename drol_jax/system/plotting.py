"""matplotlib, which takes a second to import, without its words on standard error.

It tells of folders that it cannot write to, of letters that a font lacks and of layouts that do not fit: none of it is
anything that whoever wants a page or a plot can mend, and the plot is there all the same.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def quietly(settings: Any = None) -> Iterator[None]:
    """Draw without a word of matplotlib's; its errors still come.

    Args:
      settings: of matplotlib, meanwhile, a dictionary; by default those that are set.
    """
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"matplotlib|drol_jax")
            if settings is None:
                yield
            else:
                with matplotlib.rc_context(settings):
                    yield
    finally:
        logger.setLevel(level)


with quietly():
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MultipleLocator

__all__ = ["Figure", "FigureCanvasAgg", "MultipleLocator", "matplotlib", "quietly"]
