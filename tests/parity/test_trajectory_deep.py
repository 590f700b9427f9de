"""Tracks of the deep trackers against the recorded ones, forced to the recorded state in every frame.

A frame takes seconds here, so that by default two tracks are run, until what they are recorded for has happened once;
`pytest tests/parity/test_trajectory_deep.py --deep` runs them all to their ends.
"""

import numpy as np
import recorded
from tracks import LONG_TERM, MASK, MOBILE, R50, R50_OTB, check_frame, started, track

VARIANTS = {
    MASK: ("off", "on", "tu"),
    LONG_TERM: ("off", "on", "on831"),
    MOBILE: ("off", "on", "tu"),
    R50: ("off", "on", "tu"),
    R50_OTB: ("off", "on", "tu"),
}
FRAMES = {
    # Hard negatives and refits from frame 8.
    (MOBILE, "on"): 10,
}


def pytest_generate_tests(metafunc):
    if "frames" in metafunc.fixturenames:
        every = [(name, variant, None) for name, variants in VARIANTS.items() for variant in variants]
        some = [(*key, count) for key, count in FRAMES.items()]
        chosen = every if metafunc.config.getoption("--deep") else some
        metafunc.parametrize(("name", "variant", "frames"), chosen)


def refit_tolerance(recorded):
    """Of a refit's distance from the float64 one, in lengths of its step.

    With random weights MobileNetV2's problem is so ill-posed that float32 goes astray by much of the step, the
    recording's as well as ours.
    """
    return max(1e-3, 2 * recorded)


def test_each_frame_from_the_recorded_state(name, variant, frames):
    config, _, _, file = track(name, variant)
    state = started(name, variant)
    for k in range(frames or len(file["bbox"])):
        state, _ = check_frame(name, variant, k, state, refit_tolerance)
    if frames is None and config.online.enabled:
        weights = state.online.memory.weights
        np.testing.assert_allclose(weights, file["final_sample_weights"], atol=1e-6)


def test_the_recorded_tracks_hold_what_the_trackers_add():
    lost = recorded.load(f"{LONG_TERM}.traj.on")["longterm_state"]
    assert set(lost[:3].tolist()) == {0, 1}
    file = recorded.load(f"{MASK}.traj.tu")
    assert file["branch"][16] == 1
    assert 2 in file["flag"][:10]
