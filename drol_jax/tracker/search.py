"""The search of one frame."""

from drol_jax.image.crops import Frame
from drol_jax.model import Model
from drol_jax.tracker.families import family_of
from drol_jax.tracker.outcome import Found
from drol_jax.tracker.state import TrackerState


def search(model: Model, state: TrackerState, frame: Frame) -> Found:
    """Look for the target around its last place."""
    return family_of(model.config).search(model, state, frame)
