"""Runs a PySOT network from its own source, in PyTorch, in a process of its own: `checkout` starts it.

    python checkout_network.py CHECKOUT CONFIG CHECKPOINT PICTURES.npz ANSWERS.npz

Whatever the checkout's modules do to Python stays in this process. `convert.torch.files` reads the checkpoint, never
torch.load, which would run what a pickle says.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.convert.torch import files as torch_files

PACKAGES = ("pysot",)
"""Packages of PySOT and of DROL, which grew out of it."""


def package_of(checkout: Path) -> str | None:
    """The package with the networks, where the folder has one."""
    return next((name for name in PACKAGES if (checkout / name / "models" / "model_builder.py").is_file()), None)


def build(checkout: Path, config: str) -> Any:
    """The checkout's network for its own configuration, with the numbers it was born with."""
    sys.path.insert(0, str(checkout))
    package = package_of(checkout)
    import_module(f"{package}.core.config").cfg.merge_from_file(config)
    return import_module(f"{package}.models.model_builder").ModelBuilder().eval()


def answer(network: Any, torch: Any, z: np.ndarray, x: np.ndarray, cell: tuple[int, int]) -> dict[str, np.ndarray]:
    """What the network gives for a template and a search region, RGB [H, W, 3]: `conversion.Maps`."""
    features: dict[str, Any] = {}
    # The neck's output where the network has one that it calls, else the backbone's.
    modules = [getattr(network, name) for name in ("backbone", "neck") if hasattr(network, name)]
    hooks = [m.register_forward_hook(lambda *call: features.update(last=call[2])) for m in modules]

    def tensor(image: np.ndarray) -> Any:
        return torch.from_numpy(np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1))[None])

    def levels() -> np.ndarray:
        found = features["last"]
        return np.concatenate([f.numpy()[0] for f in (found if isinstance(found, list | tuple) else [found])])

    with torch.no_grad():
        if hasattr(network, "template_short_term"):
            network.template_short_term(tensor(z))
        network.template(tensor(z))
        maps = {"template_feature": levels()}
        found = network.track(tensor(x))
        maps |= {"search_feature": levels(), "cls": found["cls"].numpy()[0]}
        if found.get("loc") is not None:
            maps["loc"] = found["loc"].numpy()[0]
        if found.get("mask") is not None:
            maps["coarse_mask"] = found["mask"].numpy()[0]
            maps["mask"] = network.mask_refine(cell).numpy().reshape(1, 127, 127)
    for hook in hooks:
        hook.remove()
    return maps


def main(checkout: str, config: str, checkpoint: str, images: str, answers: str) -> None:
    torch: Any = import_module("torch")

    state = torch_files.read_state_dict(checkpoint)
    network = build(Path(checkout), config)
    tensors = {name: torch.from_numpy(array) for name, array in state.items()}
    missing, unexpected = network.load_state_dict(tensors, strict=False)
    del tensors, state
    results: dict[str, Any] = {"names": json.dumps([list(missing), list(unexpected)])}
    with np.load(images) as given:
        for i, (row, column) in enumerate(given["cells"].tolist()):
            maps = answer(network, torch, given[f"z{i}"], given[f"x{i}"], (row, column))
            results |= {f"{i}/{name}": array for name, array in maps.items()}
    np.savez(answers, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
