"""The loss of a batch of pairs as a function of a network's parameters."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.nets import Response, Search, SiameseNet, Template
from drol_jax.train.families import family
from drol_jax.train.features import SeenPairs, without_online
from drol_jax.train.losses import LossSettings
from drol_jax.train.mask_losses import mask_loss
from drol_jax.train.pairs.batch import Pairs
from drol_jax.train.targets import targets
from drol_jax.train.teacher import ADAPTERS, Lesson, Taught
from drol_jax.train.teacher_blocks import watched

PARTS = ("cls", "loc", "mask", "teacher_maps", "teacher_boxes", "teacher_features")
"""Parts of a loss, where the network has them."""


class Answer(NamedTuple):
    """What a network makes of pairs."""

    response: Response
    coarse: jax.Array | None  # [B, R, R, 63 * 63] with a mask branch
    template: Template
    search: Search


def objective(
    params: Any,
    stats: Any,
    pairs: Pairs | SeenPairs,
    key: jax.Array,
    config: Config,
    settings: LossSettings,
    *,
    backbone_learns: bool,
    taught: Taught | None = None,
) -> tuple[jax.Array, tuple[Any, dict[str, jax.Array]]]:
    """Loss of a batch, with its parts.

    Args:
      params, stats: the network's; with a teacher also the adapters, among params.
      key: of the draw of places.
      backbone_learns: False: the backbone runs by its stored statistics, and no gradient reaches it.
      taught: what a teacher says of these pairs.

    Returns:
      (loss, (new statistics, scalars by name: `loss`, those of `PARTS` that there are, `overlap`)).
    """
    if taught is None:
        answer, stats = answered(params, stats, pairs, config, backbone_learns=backbone_learns)
        blocks = {}
    else:
        with watched(taught.lesson.blocks, taught.by_block) as blocks:
            answer, stats = answered(params, stats, pairs, config, backbone_learns=backbone_learns)
    wanted = targets(
        pairs.box,
        pairs.positive,
        config,
        positive_overlap=settings.positive_overlap,
        negative_overlap=settings.negative_overlap,
        radius=settings.radius,
    )
    place_key, mask_key = jax.random.split(key)
    scalars, loss, positive = family(config.model).losses(
        answer.response, params["head"], wanted, pairs.positive, config, settings, place_key
    )
    if config.model.mask:
        assert answer.coarse is not None and isinstance(pairs, Pairs) and pairs.mask is not None
        variables = {"params": params, "batch_stats": stats}
        scalars["mask"] = mask_loss(
            variables, answer.template, answer.search, answer.coarse, positive, pairs.mask, config, settings, mask_key
        )
        loss += settings.mask_weight * scalars["mask"]
    if taught is not None:
        parts, away = taught.losses(Lesson(answer.response, blocks), params.get(ADAPTERS, {}))
        scalars |= parts
        loss += away
    return loss, (stats, {"loss": loss, **scalars})


def answered(
    params: Any, stats: Any, pairs: Pairs | SeenPairs, config: Config, *, backbone_learns: bool
) -> tuple[Answer, Any]:
    """The network's answer in training, normalised by the batch's statistics, and the new stored statistics."""
    net, variables = SiameseNet(without_online(config.model)), {"params": params, "batch_stats": stats}

    def whole(net: SiameseNet, z: jax.Array, x: jax.Array) -> Answer:
        return _heads(net, net.pyramid(z)[1], *net.pyramid(x))

    if isinstance(pairs, SeenPairs):
        z, x = jax.tree.map(lambda level: level.astype(jnp.float32), (pairs.template, pairs.search))
        answer, changed = net.apply(variables, z, (), x, method=_heads, mutable=["batch_stats"])
    elif backbone_learns:
        answer, changed = net.apply(variables, pairs.template, pairs.search, method=whole, mutable=["batch_stats"])
    else:
        (_, z), x = (jax.lax.stop_gradient(_seen(variables, p, config)) for p in (pairs.template, pairs.search))
        answer, changed = net.apply(variables, z, *x, method=_heads, mutable=["batch_stats"])
    return answer, changed["batch_stats"]


def _seen(variables: Any, images: jax.Array, config: Config) -> Any:
    """The outputs of a backbone that does not learn; on the CPU image by image, which takes half the time."""

    def one_by_one(variables, images):
        levels = jax.lax.map(lambda image: together(variables, image[None]), images)
        return jax.tree.map(lambda x: x[:, 0], levels)

    def together(variables, images):
        return SiameseNet(without_online(config.model)).apply(variables, images, method="pyramid")

    return jax.lax.platform_dependent(variables, images, cpu=one_by_one, default=together)


def _heads(net: SiameseNet, z: Any, fine: Any, x: Any) -> Answer:
    template, search = net.template_of(z), net.search_of(fine, x)
    coarse = net.coarse_masks(template, search) if net.config.mask else None
    return Answer(net.match(template, search), coarse, template, search)
