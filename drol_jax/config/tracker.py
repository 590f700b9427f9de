"""`Config`: what a tracker is, static and hashable. It decides shapes and code paths. No jax."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Interval, Lt

from drol_jax.config.confidence import BORROWED, ConfidenceConfig
from drol_jax.config.model import ModelConfig, Positive
from drol_jax.config.network import head_facts
from drol_jax.config.parts import Parts

Attention = Literal["none", "channel", "spatial", "dual"]
Order = Literal["compress_attend", "attend_compress"]
Fidelity = Literal["published", "exact"]
Precision = Literal["float32", "tf32", "bfloat16"]
Samples = Literal["float32", "bfloat16", "auto"]
Count = Annotated[int, Gt(0)]
Shift = Annotated[float, Interval(ge=-1, le=1)]


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """Geometry of template and search region. Sizes in pixels of the resized crop."""

    exemplar_size: int = 127
    """Rows and columns of the template's crop."""
    instance_size: int = 255
    """Rows and columns of the search region's crop."""
    base_size: int = 0
    """Cells added to the head's map on top of (instance - exemplar) // stride + 1."""
    stride: Count = 8
    """Pixels from one cell of the head's map to the next."""
    context_amount: Annotated[float, Ge(0)] = 0.5
    """Share of width plus height that is added to each side of the target before it is cut."""
    scale_step: Annotated[float, Gt(1)] = 1.0375
    """Ratio of neighbours among the three scales that SiamFC searches in each frame."""
    response_upsampling: Count = 16
    """Factor from SiamFC's response map to the map that the peak is read from."""

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
    channels: Count = 64
    """Channels after compression."""
    kernel_size: Count = 4
    """Rows and columns of the filter, cells."""
    memory_size: int = 250
    """Samples that the memory holds."""
    samples: Samples = "float32"
    """Type of the memory's samples. In bfloat16 they are rounded to it and take half the memory, and refits of the
    filter may take less time. auto: a `Tracker` takes bfloat16 where the device is faster in it; else it is float32."""
    rotations: tuple[float, ...] = (5, -5, 10, -10, 20, -20, 30, -30, 45, -45, -60, 60)
    """Degrees."""
    blurs: tuple[tuple[Positive, Positive], ...] = ((2, 0.2), (0.2, 2), (3, 1), (1, 3), (2, 2))
    """Gaussian sigmas (rows, columns), pixels."""
    translations: tuple[tuple[Shift, Shift], ...] = ((0.6, 0.6), (-0.6, 0.6), (0.6, -0.6), (-0.6, -0.6))
    """(rows, columns) in half search regions."""
    flip: bool = True
    dropout_samples: Annotated[int, Ge(0)] = 7
    dropout_rate: Annotated[float, Ge(0), Lt(1)] = 0.2
    random_shift: Annotated[float, Interval(ge=0, le=1)] = 1 / 3
    """Range of the random shifts of the augmented samples, in search regions."""
    gauss_newton_rounds: Count = 6
    cg_iterations: Count = 10
    """Conjugate-gradient iterations in each round of the first fit."""
    refit_iterations: Count = 5
    hard_negative_iterations: Count = 5
    short_term_drift: bool = False
    """Move by a quarter of the found displacement from the eighth lost frame on."""

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
    """The long-term tracker (SiamRPN-LT): a lost target is searched in a larger region until it is back."""

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
    confidence: ConfidenceConfig | None = None
    """Fitted to this tracker; None: that of another tracker of its family (`calibration`)."""
    fidelity: Fidelity = "published"
    """`published` keeps the quirks that shaped the published scores, `exact` has the method's geometry right; README.md
    lists them."""
    precision: Precision = "float32"
    """Precision of the network's products: float32 in full, or a lesser type where the device is faster in it; tf32 is
    float32 on devices without that type. The online subnet computes in float32 but for `online.samples`."""

    @property
    def calibration(self) -> ConfidenceConfig:
        """What confidences are computed with."""
        return self.confidence or BORROWED[head_facts(self.model).family]

    parts: Parts | None = field(default=None, metadata={"left out": None})
    """A researcher's own parts (`drol_jax.load(..., plugin=)`); no file's key."""

    def own(self, part: str) -> Any:
        """A researcher's own part by the name of its field of `Parts`; None for the library's."""
        return None if self.parts is None else getattr(self.parts, part)

    @property
    def short_term_template(self) -> bool:
        """The short-term template is chosen by the online subnet's scores and cannot run without it."""
        return self.template.update and self.online.enabled
