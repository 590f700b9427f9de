"""Convert NanoTrack's pair of ONNX files, which OpenCV's TrackerNano takes too, into a drol_jax checkpoint.

    drol-jax convert onnx BACKBONE HEAD --config NAME|FILE --output DIR|FILE.safetensors [--force]

Needs neither onnx nor onnxruntime, and runs nothing that a file holds. The pair computes what the release's .pth file
does, with normalisation in the convolutions already; so do the weights that come of it, whose normalisations add a bias
and no more. They track as those of the .pth file, to rounding; their numbers, and so their hash, are others. The
converted network must give the pair's own answer, which a second evaluation computes from the graphs.
"""

from dataclasses import replace

import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.config.network import backbone_facts
from drol_jax.convert.arguments import FromOnnx
from drol_jax.convert.conversion import Job, Maps, check_and_save, job_of
from drol_jax.convert.names import pysot as pysot_names
from drol_jax.convert.names.nanotrack_onnx import state_of
from drol_jax.convert.onnx import graph as graphs
from drol_jax.convert.onnx.evaluate import evaluate
from drol_jax.convert.onnx.graph import Graph
from drol_jax.errors import UserError

SEARCH_PIXELS = 255
"""The head's shapes are written for a search region of this size."""


def convert(given: FromOnnx) -> None:
    """Read, name, compare, save.

    Raises:
      UserError: a file is no such network, the configuration is of another one, or the weights cannot be written.
    """
    job = replace(job_of(given), head=given.head, search_pixels=SEARCH_PIXELS)
    variables, backbone, head = read(job)
    print(f"{job.source}, {given.head}: {job.model.backbone} with a {job.model.head} head")
    check_and_save(variables, job, lambda z, x: answer(backbone, head, z, x), "onnx_to_flax")


def read(job: Job) -> tuple[dict, Graph, Graph]:
    """The pair as our variables, and its two graphs.

    Raises:
      UserError: as `convert`.
    """
    assert job.head is not None
    check_network(job.model, job.config)
    backbone, head = graphs.read(job.source), graphs.read(job.head)
    state = state_of(backbone, head, job.model)
    if wrong := pysot_names.problems(state, job.model):
        network = f"{job.model.backbone} with a {job.model.head} head, the network of --config {job.config}"
        raise UserError(f"{job.source} and {job.head} are not {network}: {wrong}")
    return pysot_names.to_flax(state, job.model), backbone, head


def check_network(model: ModelConfig, config: str) -> None:
    """Check that a configuration's network is one that comes as such a pair.

    Raises:
      UserError: it is another one.
    """
    if backbone_facts(model).kind != "mobilenetv3":
        raise UserError(
            f"--config {config} is {model.backbone} with a {model.head} head; a backbone and a head in ONNX are "
            "NanoTrack's: nanotrack_v1, nanotrack_v2 or nanotrack_v3"
        )


def answer(backbone: Graph, head: Graph, z: np.ndarray, x: np.ndarray) -> Maps:
    """The pair's own answer.

    Args:
      backbone, head: the two graphs.
      z, x: template [127, 127, 3] and search region [255, 255, 3], RGB in 0..255.

    Raises:
      UserError: a graph holds what NanoTrack's do not.
    """
    features = []
    for image in (z, x):
        picture = image[..., ::-1].transpose(2, 0, 1)[None]
        features.append(evaluate(backbone, {backbone.inputs[0]: picture})[backbone.outputs[0]])
    cls, loc = evaluate(head, dict(zip(head.inputs, features, strict=True))).values()
    return {"template_feature": features[0][0], "search_feature": features[1][0], "cls": cls[0], "loc": loc[0]}
