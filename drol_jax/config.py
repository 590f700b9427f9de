"""What a tracker is (static, hashable) and what a researcher sweeps (`Hyper`, a pytree).

`Config` decides shapes and code paths: it is static under `jit`. `Hyper` holds every scalar that only enters
arithmetic, so one compiled step serves any values and `vmap` can run many settings at once.
"""

from dataclasses import dataclass, field, fields
from typing import Any, Literal

import jax
import jax.numpy as jnp

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
Head = Literal["depthwise_rpn", "upchannel_rpn", "multi_rpn", "siamfc", "points_v1", "points_v2", "points_v3"]
OnlineFeature = Literal["level", "mean", "weighted", "concat"]
Attention = Literal["none", "channel", "spatial", "dual"]
Order = Literal["compress_attend", "attend_compress"]
Fidelity = Literal["published", "exact"]
Precision = Literal["float32", "tf32", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The Siamese network."""

    backbone: Backbone
    head: Head
    width: float = 1.0
    """Channel multiplier of the backbone (`alexnet`, `alexnetlegacy`, `mobilenetv2`)."""
    layers: tuple[int, ...] = ()
    """Stages of the backbone that the head sees, in the order of the network; empty for the AlexNets, which have one
    output."""
    adjust_channels: tuple[int, ...] = ()
    """Channels of every stage after the neck; empty without a neck."""
    head_channels: int = 256
    """Hidden channels of the depth-wise head on one feature map; ignored by the others."""
    weighted: bool = False
    """`multi_rpn`: a learned weighted mean over the stages instead of the plain one."""
    online_feature: OnlineFeature = "level"
    """What the online subnet sees of several stages: one of them, their mean, their sum weighted by the head's raw
    classification weights, or all their channels."""
    online_level: int = 0
    """Which of `layers` it is with `online_feature: level`, counted from 0."""
    online_layers: tuple[int, ...] = ()
    """AlexNets: the convolutions, 2 to 5, all of whose channels the online subnet sees, cut to the cells of the last;
    empty: the last one alone (published)."""
    mask: bool = False
    """SiamMask's mask branch and decoder."""
    anchor_ratios: tuple[float, ...] = (0.33, 0.5, 1.0, 2.0, 3.0)
    """Height over width of the anchors."""
    anchor_scales: tuple[float, ...] = (8.0,)

    @property
    def anchors_per_cell(self) -> int:
        return len(self.anchor_ratios) * len(self.anchor_scales)

    @property
    def anchor_free(self) -> bool:
        """The head tells distances to the sides of a box from points, not offsets from anchors."""
        return self.head.startswith("points")


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """Geometry of template and search region. Sizes in pixels of the resized crop."""

    exemplar_size: int = 127
    instance_size: int = 255
    base_size: int = 0
    """Cells added to the head's map on top of (instance - exemplar) // stride + 1."""
    stride: int = 8
    context_amount: float = 0.5
    scale_step: float = 1.0375
    """SiamFC: ratio of neighbours among the three scales searched in each frame."""
    response_upsampling: int = 16
    """SiamFC: factor from the response map to the map that the peak is read from."""

    @property
    def score_size(self) -> int:
        """Rows and columns of the head's response map."""
        return (self.instance_size - self.exemplar_size) // self.stride + 1 + self.base_size


@dataclass(frozen=True, kw_only=True)
class OnlineConfig:
    """The online classification subnet (paper, sections 3.2 and 3.3)."""

    enabled: bool = True
    attention: Attention = "none"
    order: Order = "compress_attend"
    channels: int = 64
    """Channels after compression."""
    kernel_size: int = 4
    memory_size: int = 250
    rotations: tuple[float, ...] = (5, -5, 10, -10, 20, -20, 30, -30, 45, -45, -60, 60)
    """Degrees."""
    blurs: tuple[tuple[float, float], ...] = ((2, 0.2), (0.2, 2), (3, 1), (1, 3), (2, 2))
    """Gaussian sigmas (rows, columns), pixels."""
    translations: tuple[tuple[float, float], ...] = ((0.6, 0.6), (-0.6, 0.6), (0.6, -0.6), (-0.6, -0.6))
    """(rows, columns) in half search regions."""
    flip: bool = True
    dropout_samples: int = 7
    dropout_rate: float = 0.2
    random_shift: float = 1 / 3
    """Range of the random shifts of the augmented samples, in search regions."""
    gauss_newton_rounds: int = 6
    cg_iterations: int = 10
    """Conjugate-gradient iterations in each round of the first fit."""
    refit_iterations: int = 5
    hard_negative_iterations: int = 5
    short_term_drift: bool = False
    """After eight lost frames, move by a quarter of the found displacement."""

    @property
    def shifted_samples(self) -> int:
        """Augmented images that get a random shift: flip, blurs and rotations."""
        return self.flip + len(self.blurs) + len(self.rotations)

    @property
    def image_samples(self) -> int:
        """Augmented images of the first frame, the identity first."""
        return 1 + len(self.translations) + self.shifted_samples

    @property
    def first_samples(self) -> int:
        """Training samples of the first frame: images, then copies of the first with channels dropped."""
        return self.image_samples + self.dropout_samples


@dataclass(frozen=True, kw_only=True)
class TemplateConfig:
    """The short-term template (paper, section 3.4)."""

    update: bool = False


@dataclass(frozen=True, kw_only=True)
class LongTermConfig:
    """The long-term tracker (SiamRPN-LT): where the target is lost, a larger region is searched until it is back."""

    enabled: bool = False
    lost_instance_size: int = 831
    """Rows and columns of the enlarged search region, pixels of the resized crop."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """A tracker, all but its weights and its sweepable scalars."""

    model: ModelConfig
    search: SearchConfig = field(default_factory=SearchConfig)
    online: OnlineConfig = field(default_factory=OnlineConfig)
    template: TemplateConfig = field(default_factory=TemplateConfig)
    long_term: LongTermConfig = field(default_factory=LongTermConfig)
    fidelity: Fidelity = "published"
    """`published` keeps the quirks that shaped the published scores, `exact` has the method's geometry right; README.md
    lists them."""
    precision: Precision = "float32"
    """Of the network's products: in full, or in a lesser type where the device is faster in it; tf32 is float32 where
    there is no such type. The online subnet always computes in float32."""

    @property
    def short_term_template(self) -> bool:
        """The short-term template is chosen by the online subnet's scores and cannot run without it."""
        return self.template.update and self.online.enabled


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Hyper:
    """Scalars that enter arithmetic only. Every field is a leaf, a number or an array of lanes."""

    penalty_k: Any
    """SiamRPN: strength of the scale and ratio penalty. SiamFC: factor on the outer scales' maxima."""
    window_influence: Any
    size_lr: Any
    """Smoothing of the target size."""
    fusion: Any = 0.8
    """Weight of the online score map, lambda of the paper's equation 5."""
    not_found: Any = 0.25
    """Online peak under which the target counts as absent."""
    distractor: Any = 0.8
    hard_negative: Any = 0.5
    neighbourhood: Any = 2.2
    """Target sizes around the peak that a second peak must lie outside of."""
    displacement: Any = 0.8
    """Radius, in half search regions, that divides near from far peaks."""
    learning_rate: Any = 0.01
    hard_negative_learning_rate: Any = 0.02
    first_samples_weight: Any = 0.25
    """Least total weight of the first frame's samples."""
    label_sigma: Any = 0.25
    """Label width in target sizes."""
    filter_reg: Any = 0.1
    projection_reg: Any = 1e-4
    refit_interval: Any = 10
    """Frames."""
    template_threshold: Any = 0.75
    """Least online peak for a template candidate, tau_c of the paper's equation 6."""
    template_interval: Any = 5
    """Frames between renewals of the short-term template, T of the paper."""
    tau_regression: Any = 0.6
    """Least overlap of the two templates' boxes, upsilon_r of equation 7."""
    tau_classification: Any = 0.5
    """Least advantage of the short-term template's score, upsilon_c of equation 7."""
    confidence_low: Any = 0.85
    """Long-term: score under which the box stays where it was and the target counts as lost."""
    confidence_high: Any = 0.998
    """Long-term: score above which a lost target counts as found again."""
    mask_threshold: Any = 0.3
    """SiamMask: probability above which a pixel belongs to the target; read on the host, for the rotated box."""

    def on_device(self) -> "Hyper":
        """The same with every leaf a JAX array: float32, int32 for the two intervals."""
        whole = {"refit_interval", "template_interval"}
        values = {
            f.name: jnp.asarray(getattr(self, f.name), jnp.int32 if f.name in whole else jnp.float32)
            for f in fields(self)
        }
        return Hyper(**values)
