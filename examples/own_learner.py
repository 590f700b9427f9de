"""A plug-in: steepest descent in place of the filter's conjugate gradients.

python -m drol_jax.eval --plugin examples/own_learner.py --baseline
python -m drol_jax.bench --plugin examples/own_learner.py --only step
"""

import jax
import jax.numpy as jnp

import drol_jax


def refit(filter, memory, sigma, iterations, hyper, label):
    """Filter [k, k, D] after so many steps, each as long as is best for it."""
    labels = label(memory.centres, sigma, memory.features.shape[1])  # [N, L, L]
    k = filter.shape[0]
    padding = [(k // 2, k - 1 - k // 2)] * 2

    def loss(filter):
        layout = ("NHWC", "HWIO", "NHWC")
        maps = jax.lax.conv_general_dilated(
            memory.features, filter[..., None], (1, 1), padding, dimension_numbers=layout
        )
        errors = jnp.sum((maps[..., 0] - labels) ** 2, axis=(1, 2))
        return (memory.weights @ errors + hyper.filter_reg * jnp.sum(filter**2)) / 2

    def step(_, filter):
        slope, curved = jax.jvp(jax.grad(loss), (filter,), (jax.grad(loss)(filter),))
        length = jnp.sum(slope**2) / jnp.maximum(jnp.sum(slope * curved), 1e-12)
        return filter - length * slope

    return jax.lax.fori_loop(0, iterations, step, filter)


PLUGIN = drol_jax.Plugin(name="descent", refit=refit)
