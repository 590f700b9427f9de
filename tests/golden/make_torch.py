"""Records torch_*.pth and torch_answers.npz with genuine PyTorch and a checkout of DROL. No test runs this.

    python -m venv /tmp/torchvenv && /tmp/torchvenv/bin/pip install torch==2.13.0 numpy
    /tmp/torchvenv/bin/python tests/golden/make_torch.py PATH_TO_DROL

Two tiny networks of PySOT's own classes, one file in each of PyTorch's two formats, with their answers on the
converter's fixed pictures; and one small file of every number type and tensor form in both formats.
"""

import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, sys.argv[1])

from pysot.models.backbone.alexnet import alexnet, alexnetlegacy  # noqa: E402
from pysot.models.head.rpn import DepthwiseRPN, UPChannelRPN  # noqa: E402


class Network(torch.nn.Module):
    """The part of PySOT's ModelBuilder that its checkpoints hold."""

    def __init__(self, backbone, rpn_head):
        super().__init__()
        self.backbone, self.rpn_head = backbone, rpn_head

    def forward(self, z, x):
        zf, xf = self.backbone(z), self.backbone(x)
        return zf, xf, *self.rpn_head(zf, xf)


def pictures():
    bits = np.random.PCG64(2020).random_raw(127 * 127 * 3 + 191 * 191 * 3)
    numbers = (bits >> np.uint64(56)).astype(np.float32)
    z, x = np.split(numbers, [127 * 127 * 3])
    # RGB, channels last -> PySOT's BGR, channels first.
    return [
        torch.from_numpy(p.reshape(n, n, 3)[..., ::-1].transpose(2, 0, 1).copy())[None] for p, n in ((z, 127), (x, 191))
    ]


torch.manual_seed(1)
answers = {}
networks = {
    "siamrpn": (Network(alexnetlegacy(width_mult=0.05), DepthwiseRPN(5, 12, 8)), False),
    "upchannel": (Network(alexnet(width_mult=0.02), UPChannelRPN(5, 5)), True),
}
for name, (network, new_format) in networks.items():
    for key, tensor in network.state_dict().items():
        if key.endswith(("running_mean", "bias")):
            tensor.uniform_(-0.1, 0.1)
        elif key.endswith("running_var") or tensor.ndim == 1:
            tensor.uniform_(0.5, 1.5)
    with torch.no_grad():
        outputs = network.eval()(*pictures())
    for part, tensor in zip(("template_feature", "search_feature", "cls", "loc"), outputs, strict=True):
        answers[f"{name}/{part}"] = tensor[0].numpy()
    content = network.state_dict() if new_format else {"epoch": 20, "state_dict": network.state_dict(), "lr": [0.1]}
    torch.save(content, HERE / f"torch_{name}.pth", _use_new_zipfile_serialization=new_format)
np.savez_compressed(HERE / "torch_answers.npz", **answers)

numbers = torch.arange(24.0).reshape(4, 6)
forms = OrderedDict(
    whole=numbers,
    turned=numbers.t(),
    window=numbers[1:3, 2:5],
    float16=torch.arange(5).half() / 4,
    bfloat16=torch.arange(5).bfloat16() / 4,
    float64=torch.arange(3).double() / 3,
    int64=torch.tensor(7),
    int32=torch.arange(4, dtype=torch.int32),
    uint8=torch.arange(4, dtype=torch.uint8),
    bool=torch.tensor([True, False]),
    empty=torch.zeros(0, 3),
    parameter=torch.nn.Parameter(torch.ones(2)),
)
for suffix, new_format in (("zip", True), ("legacy", False)):
    content = {"state_dict": OrderedDict((f"module.{key}", value) for key, value in forms.items())}
    torch.save(content, HERE / f"torch_forms_{suffix}.pth", _use_new_zipfile_serialization=new_format)
