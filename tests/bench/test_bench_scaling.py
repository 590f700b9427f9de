"""How a step's time grows is told of steps that are alike."""

from types import SimpleNamespace
from typing import Any

from drol_jax.bench.parts import scaling


class Programs:
    """A step takes one second, the first one a hundred."""

    def __init__(self, *_):
        self.steps = 0

    def init(self, frame):
        return "state"

    def step(self, state, frame):
        self.steps += 1
        return state, SimpleNamespace(refitted=False, seconds=100 if self.steps == 1 else 1)


def seconds_of(call):
    state, output = call()
    return output.seconds, (state, output)


def test_a_programs_first_step_is_not_counted(monkeypatch):
    monkeypatch.setattr(scaling, "Programs", Programs)
    monkeypatch.setattr(scaling, "seconds_of", seconds_of)
    subject: Any = SimpleNamespace(variants=["off"], tracker=lambda variant: None)
    assert scaling._step_ms(subject, "off", 3, (240, 320)) == 1e3
