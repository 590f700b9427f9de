"""What is known of a backbone before it is built: its outputs and where their cells lie. No jax.

Whoever asks about a backbone (settings, networks, converters, benchmarks) asks here; no other module but those that
compute it knows one by its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from drol_jax.config.heads import Family

Backbone = Literal[
    "alexnet",
    "alexnetlegacy",
    "alexnetlegacy2",
    "resnet18",
    "resnet34",
    "resnet50",
    "mobilenetv2",
    "mobilenetv3_small",
    "mobilenetv3_small_v3",
]


@dataclass(frozen=True, kw_only=True)
class BackboneFacts:
    """One backbone. Its outputs are numbered from the image on; a cell is a row or column of an output."""

    kind: str
    """Module of `nets/backbones` whose `build` makes it; converters find names and layers by it."""
    families: tuple[Family, ...]
    """Families of heads that stand on it."""
    channels: Mapping[int, int]
    """Channels of each output at width 1, by the output's number. The last is what a head sees if `stages` is empty."""
    stride: int
    """Pixels between the centres of two neighbouring cells of the outputs that a head may see."""
    first_cell: float
    """Pixel that the first of these cells is centred on."""
    stages: tuple[int, ...] = ()
    """Outputs that a head may see, each through a layer of the neck; none: the last output, and there is no neck."""
    online_layers: tuple[int, ...] = ()
    """Outputs that the online subnet may see, cut to the cells of the last one."""
    scalable: bool = False
    """All channels are multiplied by `ModelConfig.width`."""
    masks: bool = False
    """SiamMask's decoder fits its first outputs."""
    in_pysot: bool = True
    """PySOT and DROL have it, under the same name."""
    pysot_stages: tuple[int, ...] = ()
    """PySOT's default of BACKBONE.KWARGS.used_layers."""

    @property
    def last(self) -> int:
        """Number of the last output."""
        return max(self.channels)

    def cells(self, pixels: int) -> int:
        """Cells along one side of an image, before any neck: AlexNet 127 -> 6, 255 -> 22; ResNet 127 -> 15."""
        return int((pixels - 1 - 2 * self.first_cell) // self.stride) + 1

    def channels_of(self, output: int, width: float = 1.0) -> int:
        """Channels of an output."""
        return int(self.channels[output] * width) if self.scalable else self.channels[output]


def _alexnet(scalable: bool) -> BackboneFacts:
    return BackboneFacts(
        kind="alexnet",
        families=("peak", "anchors"),
        channels={1: 96, 2: 256, 3: 384, 4: 384, 5: 256},
        stride=8,
        # The receptive field is 87 pixels wide, and no padding moves it.
        first_cell=43.0,
        online_layers=(2, 3, 4, 5),
        scalable=scalable,
    )


def _resnet(expansion: int, masks: bool = False) -> BackboneFacts:
    return BackboneFacts(
        kind="resnet",
        families=("peak", "anchors"),
        channels={0: 64, **{stage: 32 * 2**stage * expansion for stage in (1, 2, 3, 4)}},
        stride=8,
        first_cell=7.0,
        stages=(2, 3, 4),
        masks=masks,
    )


def _mobilenetv3(channels: Mapping[int, int]) -> BackboneFacts:
    return BackboneFacts(
        kind="mobilenetv3",
        families=("points",),
        channels=channels,
        stride=16,
        # Padded: of 255 pixels the map is not in the middle, its cells lie at 0 to 240.
        first_cell=0.0,
        in_pysot=False,
    )


BACKBONES: Mapping[Backbone, BackboneFacts] = {
    "alexnet": _alexnet(scalable=True),
    "alexnetlegacy": _alexnet(scalable=True),
    "alexnetlegacy2": _alexnet(scalable=False),
    "resnet18": _resnet(1),
    "resnet34": _resnet(1),
    "resnet50": _resnet(4, masks=True),
    "mobilenetv2": BackboneFacts(
        kind="mobilenet",
        families=("peak", "anchors"),
        channels=dict(enumerate((32, 16, 24, 32, 64, 96, 160, 320))),
        stride=8,
        first_cell=7.0,
        stages=(3, 4, 5, 6, 7),
        # All of one stride and in one place.
        online_layers=(3, 4, 5, 6, 7),
        scalable=True,
        pysot_stages=(3, 5, 7),
    ),
    "mobilenetv3_small": _mobilenetv3({8: 48}),
    "mobilenetv3_small_v3": _mobilenetv3({9: 96}),
}
