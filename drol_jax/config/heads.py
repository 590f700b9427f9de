"""What is known of a head before it is built: its family, and which features it fits. No jax.

Whoever asks about a head (settings, networks, trackers, converters, benchmarks) asks here; no other module but those
that compute it knows one by its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Head = Literal["depthwise_rpn", "upchannel_rpn", "multi_rpn", "siamfc", "points_v1", "points_v2", "points_v3"]
Family = Literal["peak", "anchors", "points"]
"""How a response is read: the highest place of a map at three scales, offsets from anchors, or distances from points
to the sides of a box. `tracker.families` and `train.families` have a module for each."""

FINE_OUTPUTS = (0, 1, 2)
"""Outputs of the backbone that SiamMask's decoder takes."""
COARSE_MASK = 63
"""Rows and columns of the masks of SiamMask's branch."""
REFINED_MASK = 127
"""Rows and columns of its decoder's masks."""


@dataclass(frozen=True, kw_only=True)
class HeadFacts:
    """One head. Cells are rows or columns of the features that it sees."""

    kind: str
    """Module of `nets/heads` whose `build` makes it."""
    family: Family
    template_cells: tuple[int, int | None]
    """Least and most cells of the template."""
    kernel: int | None = None
    """Cells of the kernel that takes the response's border off; None: the template's."""
    several: bool = False
    """It sees several outputs of the backbone; else one."""
    masks: bool = False
    """SiamMask's branch may stand beside it."""
    in_pysot: bool = True
    """PySOT has it."""
    unused: tuple[str, ...] = ()
    """Fields of `ModelConfig` that make no difference to it."""

    def response_cells(self, template: int, search: int) -> int:
        """Rows of the response to features of so many cells."""
        return search - (template if self.kernel is None else self.kernel) + 1


def _points(kernel: int) -> HeadFacts:
    # The cells of the template are channels, so that there is one right number of them.
    return HeadFacts(kind="points", family="points", template_cells=(8, 8), kernel=kernel, in_pysot=False)


HEADS: Mapping[Head, HeadFacts] = {
    # A 3 x 3 convolution of template and search features comes before the match of the RPNs.
    "depthwise_rpn": HeadFacts(kind="depthwise_rpn", family="anchors", template_cells=(3, None), masks=True),
    "upchannel_rpn": HeadFacts(
        kind="upchannel_rpn", family="anchors", template_cells=(3, None), unused=("head_channels",)
    ),
    "multi_rpn": HeadFacts(
        kind="multi_rpn", family="anchors", template_cells=(3, None), several=True, unused=("head_channels",)
    ),
    "siamfc": HeadFacts(
        kind="siamfc",
        family="peak",
        template_cells=(1, None),
        unused=("head_channels", "anchor_ratios", "anchor_scales"),
    ),
    "points_v1": _points(kernel=1),
    "points_v2": _points(kernel=1),
    "points_v3": _points(kernel=2),
}
