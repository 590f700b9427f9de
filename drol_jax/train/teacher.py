"""Learning from another tracker's answers: what a teacher says of the same pairs, and how far a network is from it.

Sources: Hinton et al., "Distilling the Knowledge in a Neural Network", 2015 (maps at a temperature); Romero et al.,
"FitNets", ICLR 2015 (features); Shen et al., "Distilled Siamese Networks for Visual Tracking", 2019.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax import checkpoint
from drol_jax.checkpoint.variables import variable_shapes
from drol_jax.config import Config, ModelConfig
from drol_jax.config.network import head_facts
from drol_jax.errors import UserError
from drol_jax.nets.heads.interface import Response
from drol_jax.nets.inference.fold import fold
from drol_jax.nets.siamese import SiameseNet
from drol_jax.settings import load_settings
from drol_jax.system.trees import unflatten_dict
from drol_jax.tracker import families as tracked
from drol_jax.train.families import family
from drol_jax.train.features import without_online
from drol_jax.train.losses import mean_over
from drol_jax.train.pairs.batch import Pairs
from drol_jax.train.targets import split
from drol_jax.train.teacher_blocks import Blocks, adapted, block_distances, place_of, watched

SURE = 0.3
"""The teacher's boxes count where it gives the target this probability at least."""


@dataclass(frozen=True, kw_only=True)
class TeacherSettings:
    """Whose answers are learned, and what of them. The teacher must see images and map cells of the same sizes."""

    config: str
    """The teacher's tracker configuration: a name or a YAML file."""
    weights: str
    """Its weights, as `--weights` takes them."""
    maps: float = 1.0
    """Weight of the difference of the score maps."""
    boxes: float = 1.0
    """Weight of the difference of the boxes where the teacher is sure of the target."""
    features: float = 1.0
    """Weight of the difference of what the blocks of both networks make of the images, where they have the same names,
    rows and columns: of each channel, over its variance. Where their channels are of other numbers, the network's go
    through an adapter, a product that is learned with it and then left out."""
    by_block: float = 0.0
    """Span at the beginning, as a share of all steps, in which each such block is given what the teacher's blocks
    before it have made: all learn at once, and none waits for those before it."""
    temperature: float = 2.0
    """What scores are divided by before they are compared as probabilities."""


ADAPTERS = "adapters"
"""Among the parameters that learn: kernels that are no part of the network."""


class Lesson(NamedTuple):
    """What a network makes of pairs, as far as a teacher is asked for it."""

    response: Response
    blocks: Blocks


@dataclass(frozen=True)
class Teacher:
    """A network that does not learn."""

    settings: TeacherSettings
    config: Config
    variables: Any
    """Normalisations folded into convolutions."""
    hash: str
    """Of the weights."""

    @classmethod
    def of(cls, settings: TeacherSettings, student: Config) -> "Teacher":
        """Read what the settings name.

        Raises:
          UserError: no such configuration or weights; a teacher with other sizes or another kind of answers; SiamFC,
            whose maps are no probabilities and tell no boxes.
        """
        config = load_settings(settings.config).config
        if head_facts(config.model).family == "peak":
            raise UserError(
                f"teacher {settings.config} gives SiamFC's responses, which are no probabilities and tell no boxes; "
                "name a tracker with anchors or points"
            )
        theirs, ours = (
            (head_facts(c.model).family, c.search.exemplar_size, c.search.instance_size, c.search.stride, _places(c))
            for c in (config, student)
        )
        if theirs != ours:
            words = [
                f"{f} maps for {z} and {x} pixels at stride {s} with {n} boxes a cell"
                for f, z, x, s, n in (theirs, ours)
            ]
            raise UserError(
                f"teacher {settings.config} gives {words[0]}, the network that learns {words[1]}; name one of its kind"
            )
        loaded = checkpoint.load(checkpoint.resolve(settings.weights), config.model)
        return cls(settings, config, fold(config.model, loaded.variables), loaded.hash)

    def adapters(self, student: ModelConfig, seed: int) -> dict[str, np.ndarray]:
        """First kernels [channels of the network, channels of the teacher] of the adapters that there have to be."""
        if not self.settings.features:
            return {}
        ours, theirs = (self._block_shapes(model) for model in (student, self.config.model))
        wanted = {
            place_of(name): (shape[-1], theirs[name][-1])
            for name, shape in ours.items()
            if name in theirs and shape[:-1] == theirs[name][:-1] and shape != theirs[name]
        }
        return {
            place: np.random.default_rng([seed, zlib.crc32(place.encode())])
            .normal(0, shape[0] ** -0.5, shape)
            .astype(np.float32)
            for place, shape in wanted.items()
        }

    def _block_shapes(self, model: ModelConfig) -> dict[str, tuple[int, ...]]:
        def blocks(variables: Any, z: jax.Array, x: jax.Array) -> Blocks:
            with watched() as found:
                SiameseNet(without_online(model)).apply(variables, z, x)
            return found

        shapes = {key: jax.ShapeDtypeStruct(shape, jnp.float32) for key, shape in variable_shapes(model).items()}
        search = self.config.search
        images = [jax.ShapeDtypeStruct((1, n, n, 3), jnp.uint8) for n in (search.exemplar_size, search.instance_size)]
        return {
            name: block.shape
            for name, block in jax.eval_shape(blocks, unflatten_dict(shapes, sep="/"), *images).items()
        }

    def teach(self, variables: Any, pairs: Pairs, by_block: jax.Array | bool = False) -> "Taught":
        """What the teacher says of pairs, without gradients; `variables`, its own, as arguments of a program."""
        net = SiameseNet(self.config.model)
        with watched() as blocks:
            response = net.apply(variables, pairs.template, pairs.search)
        lesson = jax.lax.stop_gradient(Lesson(cast("Response", response), blocks))
        return Taught(self, lesson, by_block)


class Taught(NamedTuple):
    """A teacher's answers to a batch of pairs."""

    teacher: Teacher
    lesson: Lesson
    by_block: jax.Array | bool
    """bool (), whether blocks that learn are given what the teacher's have made."""

    def losses(
        self, said: Lesson, adapters: Mapping[str, jax.Array] = MappingProxyType({})
    ) -> tuple[dict[str, jax.Array], jax.Array]:
        """How far a network is from the teacher.

        Args:
          adapters: kernels [channels of the network, channels of the teacher] by `place_of` a block.

        Returns:
          (scalars `teacher_maps`, `teacher_boxes`, `teacher_features`, those with a weight; their weighted sum).

        Raises:
          UserError: features are asked for, and the networks share no block of one name and size.
        """
        settings, model, wanted = self.teacher.settings, self.teacher.config.model, self.lesson
        found: dict[str, tuple[float, jax.Array]] = {}
        if settings.maps:
            ours, theirs = (split(x.response.cls, model, 2) for x in (said, wanted))
            found["teacher_maps"] = settings.maps, map_distance(ours, theirs, settings.temperature)
        if settings.boxes:
            sure = jax.nn.softmax(split(wanted.response.cls, model, 2))[..., 1] > SURE
            boxes = [split(cast("jax.Array", x.response.loc), model, 4) for x in (said, wanted)]
            found["teacher_boxes"] = settings.boxes, mean_over(family(model).away(*boxes, sure, "l1"), sure)
        if settings.features:
            distances = list(block_distances(adapted(said.blocks, adapters), wanted.blocks))
            if not distances:
                raise UserError(
                    f"teacher {settings.config} shares no block of one name, rows and columns with the network that "
                    "learns; set teacher.features to 0"
                )
            found["teacher_features"] = settings.features, jnp.mean(jnp.stack(distances))
        return {name: x for name, (_, x) in found.items()}, sum((w * x for w, x in found.values()), jnp.float32(0))


def _places(config: Config) -> int:
    """Boxes that a network tells at each cell."""
    return tracked.family(config.model).places_a_cell(config.model)


def map_distance(said: jax.Array, wanted: jax.Array, temperature: float) -> jax.Array:
    """Divergence of the wanted probabilities from those said, half of it over all places, half where the target is.

    Args:
      said, wanted: logits [B, A, R, R, 2].

    Returns:
      float32 (), times the squared temperature, so that gradients are as large at any.
    """
    ours, theirs = (jax.nn.log_softmax(x / temperature) for x in (said, wanted))
    divergence = jnp.sum(jnp.exp(theirs) * (theirs - ours), axis=-1)
    target = jnp.exp(theirs[..., 1])
    at_target = jnp.sum(divergence * target) / (jnp.sum(target) + 1e-6)
    return temperature**2 * (0.5 * jnp.mean(divergence) + 0.5 * at_target)
