"""A plug-in: steepest descent in place of the filter's conjugate gradients.

python -m drol_jax.eval --plugin examples/own_learner.py --baseline
python -m drol_jax.bench --plugin examples/own_learner.py --only step
"""

import jax
import jax.numpy as jnp

import drol_jax


def respond(features, filter):
    """Response [N, L, L] of a filter [k, k, D] to samples [N, L, L, D]."""
    k, size = filter.shape[0], features.shape[1]
    products = jnp.einsum("nijd,uvd->uvnij", features, filter)
    around = ((0, 0), (k // 2, k - 1 - k // 2), (k // 2, k - 1 - k // 2))
    places = [(u, v) for u in range(k) for v in range(k)]
    return sum(jnp.pad(products[u, v], around)[:, u : u + size, v : v + size] for u, v in places)


def refit(filter, memory, sigma, iterations, hyper, label):
    """Filter [k, k, D] after so many steps downhill, each as long as is best for it."""
    labels = label(memory.centres, sigma, memory.features.shape[1])
    weights = memory.weights[:, None, None]

    def step(_, filter):
        response, back = jax.vjp(lambda f: respond(memory.features, f), filter)
        slope = back(weights * (response - labels))[0] + hyper.filter_reg * filter
        curve = jnp.sum(weights * respond(memory.features, slope) ** 2) + hyper.filter_reg * jnp.sum(slope**2)
        return filter - jnp.sum(slope**2) / jnp.maximum(curve, 1e-12) * slope

    return jax.lax.fori_loop(0, iterations, step, filter)


PLUGIN = drol_jax.Plugin(name="descent", refit=refit)
