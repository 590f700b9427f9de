"""What a tracker is (`Config`, static, hashable), what a researcher sweeps (`Hyper`), what is known of networks.

No jax here: commands read it before they start anything. A field's limits stand in its annotation, and
`drol_jax.settings` holds a configuration file to them.
"""

from drol_jax.config.backbones import Backbone
from drol_jax.config.confidence import ConfidenceConfig
from drol_jax.config.heads import Family, Head
from drol_jax.config.hyper import Hyper
from drol_jax.config.model import ModelConfig, OnlineFeature
from drol_jax.config.tracker import (
    Attention,
    Config,
    Fidelity,
    LongTermConfig,
    OnlineConfig,
    Order,
    Precision,
    Samples,
    SearchConfig,
    TemplateConfig,
)

__all__ = [
    "Attention",
    "Backbone",
    "ConfidenceConfig",
    "Config",
    "Family",
    "Fidelity",
    "Head",
    "Hyper",
    "LongTermConfig",
    "ModelConfig",
    "OnlineConfig",
    "OnlineFeature",
    "Order",
    "Precision",
    "Samples",
    "SearchConfig",
    "TemplateConfig",
]
