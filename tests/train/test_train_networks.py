"""Every network can be trained: gradients of the right shapes, statistics that follow the batch."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import unflatten_dict

from drol_jax.checkpoint.variables import variable_shapes
from drol_jax.config import Config, ModelConfig, SearchConfig
from drol_jax.nets import SiameseNet
from drol_jax.nets.kernels import blocks, convolution, winograd
from drol_jax.nets.layers import frozen_norm
from drol_jax.settings import load_settings
from drol_jax.train.initial import fresh_variables
from drol_jax.train.losses import LossSettings
from drol_jax.train.objective import answered, objective
from drol_jax.train.optimiser import OptimiserSettings, ScheduleSettings, optimiser
from drol_jax.train.pairs.batch import Pairs
from drol_jax.train.state import begin, step

NETWORKS = [
    *("siamrpn_alex_tiny", "siamfc_alex_tiny", "siamfc_alex_otb", "siamrpn_r50", "siamrpn_mobilev2", "siammask_r50"),
    *("nanotrack_v1", "nanotrack_v2", "nanotrack_v3"),
]
LIKE_OTHERS = ("siamrpn_r50", "siamrpn_mobilev2", "nanotrack_v1", "nanotrack_v2")
"""Their heads are another's, or their backbones."""
TINY = Config(
    model=ModelConfig(backbone="alexnet", head="depthwise_rpn", width=0.05, head_channels=4),
    search=SearchConfig(exemplar_size=111, instance_size=127),
)


def shapes_of_pairs(config, count=2):
    """Pairs of a configuration, shapes alone."""
    e, s = config.search.exemplar_size, config.search.instance_size
    image = partial(jax.ShapeDtypeStruct, dtype=jnp.uint8)
    return Pairs(
        template=image((count, e, e, 3)),
        search=image((count, s, s, 3)),
        box=jax.ShapeDtypeStruct((count, 4), jnp.float32),
        positive=jax.ShapeDtypeStruct((count,), jnp.bool_),
        mask=image((count, s, s)),
    )


def some_pairs(config, count=2):
    draws = np.random.default_rng(0)
    shapes = shapes_of_pairs(config, count)
    return replace(
        jax.tree.map(lambda x: jnp.asarray(draws.integers(0, 255, x.shape), x.dtype), shapes),
        box=jnp.tile(jnp.array([40.0, 40, 40, 40]), (count, 1)),
        positive=jnp.ones(count, bool),
    )


@pytest.mark.parametrize(
    ("name", "learns"),
    [
        *(pytest.param(name, True, marks=pytest.mark.deep if name in LIKE_OTHERS else ()) for name in NETWORKS),
        pytest.param("siammask_r50", False, marks=pytest.mark.deep),
    ],
)
def test_a_step_keeps_every_shape_of_every_network(name, learns):
    config = load_settings(name).config
    flat = variable_shapes(config.model).items()
    variables = unflatten_dict({k: jax.ShapeDtypeStruct(shape, jnp.float32) for k, shape in flat}, sep="/")
    optimise = optimiser(OptimiserSettings(), ScheduleSettings(release=0.5), 10, variables["params"])
    state = jax.eval_shape(lambda v: begin(v, optimise, 0), variables)
    one = partial(step, config=config, loss=LossSettings(), optimiser=optimise, average=0.9, backbone_learns=learns)
    after, scalars = jax.eval_shape(one, state, shapes_of_pairs(config))
    assert jax.tree.map(lambda x: (x.shape, x.dtype), after) == jax.tree.map(lambda x: (x.shape, x.dtype), state)
    assert ("mask" in scalars) == config.model.mask
    assert all(scalar.shape == () for scalar in scalars.values())


@pytest.fixture(scope="module")
def trained():
    """Gradient and new statistics, with the backbone learning and frozen."""
    variables, pairs = fresh_variables(TINY.model, 0), some_pairs(TINY)
    results = {}
    for learns in (True, False):
        of = partial(objective, config=TINY, settings=LossSettings(), backbone_learns=learns)
        call = jax.jit(lambda p, s, of=of: jax.grad(of, has_aux=True)(p, s, pairs, jax.random.key(0)))
        gradient, (stats, scalars) = call(variables["params"], variables["batch_stats"])
        results[learns] = jax.tree.map(np.asarray, (gradient, stats, scalars))
    return variables, results


def largest(tree):
    return max(float(np.abs(leaf).max()) for leaf in jax.tree.leaves(tree))


@pytest.mark.deep
def test_gradients_reach_the_backbone_when_it_learns_and_not_before(trained):
    _, results = trained
    for gradient, _, _ in results.values():
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))
        assert largest(gradient["head"]) > 0
    assert largest(results[True][0]["backbone"]["conv1"]) > 0
    assert largest(results[False][0]["backbone"]) == 0


@pytest.mark.deep
def test_statistics_follow_the_batch_where_a_part_learns_and_stay_elsewhere(trained):
    variables, results = trained
    before = variables["batch_stats"]

    def changed(part, stats):
        return largest(jax.tree.map(lambda a, b: a - b, stats[part], before[part])) > 0

    assert changed("backbone", results[True][1])
    assert changed("head", results[True][1])
    assert not changed("backbone", results[False][1])
    assert changed("head", results[False][1])


def test_a_norm_keeps_nine_tenths_of_its_statistics():
    norm, x = frozen_norm(), jnp.array([[1.0], [3.0]])
    variables = norm.init(jax.random.key(0), x)
    assert variables["batch_stats"] == {"mean": jnp.zeros(1), "var": jnp.ones(1)}
    still = norm.apply(variables, x)
    moving, stats = norm.apply(variables, x, mutable=["batch_stats"])
    np.testing.assert_allclose(still, x, rtol=1e-4)
    np.testing.assert_allclose(moving, [[-1], [1]], rtol=1e-4)
    np.testing.assert_allclose(stats["batch_stats"]["mean"], 0.1 * 2, rtol=1e-6)
    np.testing.assert_allclose(stats["batch_stats"]["var"], 0.9 + 0.1 * 1, rtol=1e-6)


@pytest.mark.deep
def test_the_answer_in_training_is_that_of_tracking_where_the_statistics_are_the_batchs():
    """What is saved is what is tracked with: no other place holds anything that training has changed."""
    variables, pairs = fresh_variables(TINY.model, 0), some_pairs(TINY)
    # The template and the search region are one image, so that both have the same statistics.
    pairs = replace(pairs, template=pairs.search[:, :111, :111], search=pairs.search)
    answer = jax.jit(partial(answered, config=TINY, backbone_learns=False))
    stats = variables["batch_stats"]
    for _ in range(3):
        said, changed = answer(variables["params"], stats, pairs)
        stats = jax.tree.map(lambda new, old: old + 10 * (new - old), changed, stats)  # the batch's own, whole
    tracked = SiameseNet(TINY.model).apply(
        {"params": variables["params"], "batch_stats": stats}, pairs.template, pairs.search
    )
    np.testing.assert_allclose(said.response.cls, tracked.cls, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("form", "size", "stride", "groups"),
    [
        (blocks.space_to_depth, 11, 2, 1),
        (blocks.space_to_depth, 3, 2, 1),  # a kernel too small for Winograd's algorithm
        (convolution.strided, 3, 2, 1),
        (convolution.by_rows, 5, 1, 1),
        (convolution.by_rows, 3, 1, 1),
        (convolution.grouped, 3, 1, 2),
    ],
)
def test_forms_of_convolutions_have_the_gradients_of_the_plain_one(form, size, stride, groups):
    draws = np.random.default_rng(0)
    each = winograd.LEAST_CHANNELS
    x = draws.normal(size=(3, 21, 21, each * groups)).astype(np.float32)
    kernel = draws.normal(size=(size, size, each, each * groups)).astype(np.float32) / (size * each**0.5)

    def plain(x, kernel, *strides_and_padding, **rest):
        return jax.lax.conv_general_dilated(
            x, kernel, *strides_and_padding, dimension_numbers=convolution.LAYOUT, **rest
        )

    def of(convolve):
        def loss(x, kernel):
            y = convolve(x, kernel, (stride, stride), "VALID", feature_group_count=groups)
            return jnp.sum(jnp.sin(y))

        return jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))(x, kernel)

    (value, slopes), (wanted, wanted_slopes) = of(form), of(plain)
    np.testing.assert_allclose(value, wanted, rtol=1e-4)
    for slope, its_wanted in zip(slopes, wanted_slopes, strict=True):
        np.testing.assert_allclose(slope, its_wanted, rtol=1e-3, atol=1e-3)


def test_first_weights_depend_on_the_seed_and_fit_the_network():
    first, again, other = (fresh_variables(TINY.model, seed) for seed in (0, 0, 1))
    same = jax.tree.map(np.array_equal, first, again)
    assert all(jax.tree.leaves(same))
    kernel, others = (v["params"]["backbone"]["conv3"]["kernel"] for v in (first, other))
    assert not np.array_equal(kernel, others)
    np.testing.assert_allclose(kernel.std(), np.sqrt(2 / np.prod(kernel.shape[:-1])), rtol=0.1)
