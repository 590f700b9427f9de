"""PySOT's backbones and neck in numpy, by the names in their state dicts."""

from collections.abc import Callable, Mapping

import numpy as np

from drol_jax.convert.source import nanotrack
from drol_jax.convert.source.layers import State, sequence

# PySOT's sequences, in the words of `source_layers.sequence`.
LEGACY = "0:conv2 1:bn pool relu 4:conv 5:bn pool relu 8:conv 9:bn relu 11:conv 12:bn relu 14:conv 15:bn"
LEGACY2 = "0:conv2 1:bn relu pool 4:conv 5:bn relu pool 8:conv 9:bn relu 11:conv 12:bn relu 14:conv"
PLAIN = "layer1.0:conv2 layer1.1:bn pool relu layer2.0:conv layer2.1:bn pool relu layer3.0:conv layer3.1:bn relu "
PLAIN += "layer4.0:conv layer4.1:bn relu layer5.0:conv layer5.1:bn"
# Stride, padding and dilation of a stage's first 3x3 convolution and its shortcut, and dilation of all others.
RESNET_STAGES = ((1, (1, 1, 1), 1), (2, (2, 0, 1), 1), (3, (1, 1, 1), 2), (4, (1, 2, 2), 4))
# Stride, padding and dilation of a stage's first depth-wise convolution, and dilation of all others.
MOBILENET_STAGES = (
    (1, (1, 1, 1), 1),
    (2, (2, 0, 1), 1),
    (3, (2, 0, 1), 1),
    (4, (1, 1, 1), 2),
    (5, (1, 2, 2), 2),
    (6, (1, 2, 2), 4),
    (7, (1, 4, 4), 4),
)


def adjusted(state: State, levels: list[np.ndarray]) -> list[np.ndarray]:
    """PySOT's AdjustAllLayer, where the state has one."""
    if not any(name.startswith("neck.") for name in state):
        return levels
    results = []
    for i, x in enumerate(levels):
        prefix = "neck.downsample" if len(levels) == 1 else f"neck.downsample{i + 2}"
        x = sequence(state, f"{prefix}.downsample.", "0:conv 1:bn", x)
        results.append(x[:, 4:11, 4:11] if x.shape[2] < 20 else x)
    return results


def _alexnet(state: State, x: np.ndarray) -> list[np.ndarray]:
    if "backbone.layer1.0.weight" in state:
        return [sequence(state, "backbone.", PLAIN, x)]
    last_norm = "backbone.features.15.weight" in state
    return [sequence(state, "backbone.features.", LEGACY if last_norm else LEGACY2, x)]


def _resnet(state: State, x: np.ndarray) -> list[np.ndarray]:
    x = sequence(state, "backbone.", "conv1:conv2 bn1:bn relu", x)
    found = [x]
    x = sequence(state, "", "pool", np.pad(x, ((0, 0), (1, 1), (1, 1))))
    for stage, first, dilation in RESNET_STAGES:
        i = 0
        while f"backbone.layer{stage}.{i}.conv1.weight" in state:
            x = _residual(state, f"backbone.layer{stage}.{i}.", x, first if i == 0 else None, dilation)
            i += 1
        found.append(x)
    return found


def _residual(state: State, prefix: str, x: np.ndarray, first: tuple[int, ...] | None, dilation: int) -> np.ndarray:
    usual = f"1,{dilation},{dilation}"
    wide = ",".join(map(str, first)) if first else usual
    if f"{prefix}conv3.weight" in state:
        layers = f"conv1:conv bn1:bn relu conv2:conv{wide} bn2:bn relu conv3:conv bn3:bn"
    else:
        layers = f"conv1:conv{wide} bn1:bn relu conv2:conv{usual} bn2:bn"
    y = sequence(state, prefix, layers, x)
    shortcut = state.get(f"{prefix}downsample.0.weight")
    if shortcut is not None:
        geometry = wide if shortcut.shape[2] == 3 else "1"
        x = sequence(state, prefix, f"downsample.0:conv{geometry} downsample.1:bn", x)
    return np.maximum(x + y, 0)


def _mobilenet(state: State, x: np.ndarray) -> list[np.ndarray]:
    x = sequence(state, "backbone.", "layer0.0:conv2 layer0.1:bn relu6", x)
    found = [x]
    for stage, first, dilation in MOBILENET_STAGES:
        i = 0
        while f"backbone.layer{stage}.{i}.conv.0.weight" in state:
            geometry = first if i == 0 else (1, dilation, dilation)
            wide = ",".join(map(str, geometry))
            layers = f"0:conv 1:bn relu6 3:conv{wide} 4:bn relu6 6:conv 7:bn"
            y = sequence(state, f"backbone.layer{stage}.{i}.conv.", layers, x)
            x = x + y if geometry[0] == 1 and x.shape == y.shape else y
            i += 1
        found.append(x)
    return found


OUTPUTS: Mapping[str, Callable[[State, np.ndarray], list[np.ndarray]]] = {
    "alexnet": _alexnet,
    "resnet": _resnet,
    "mobilenet": _mobilenet,
    "mobilenetv3": nanotrack.backbone_outputs,
}
"""`BackboneFacts.kind` -> every output for an image [3, rows, columns] BGR in 0..255, numbered as PySOT's
`used_layers`; of an AlexNet or MobileNetV3 the last one."""
