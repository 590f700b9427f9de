"""Ray as a whole is gone, or only a worker; what its start leaves behind. With one that stands in for it."""

import signal
import subprocess
import threading
import warnings
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from drol_jax.errors import UserError
from drol_jax.system.ray_pulse import LONGEST, Pulse, patience
from drol_jax.system.ray_workers import TRIES, RayOptions, RayWorkers


class RayError(Exception):
    """As Ray's."""


class RayTaskError(RayError):
    """As Ray's."""


class Ray:
    """A Ray of one machine. Units under way have no end; what new workers are asked for is as `answer` says."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self):
        self.alive, self.began, self.asked, self.kills = True, threading.Event(), 0, 0
        self.answer = lambda call: None  # never

    def is_initialized(self):
        return False

    def init(self, **_):
        pass

    def shutdown(self):
        pass

    def nodes(self):
        return [{"NodeID": "here", "Alive": self.alive, "Resources": {"CPU": 2}}]

    def get_runtime_context(self):
        return SimpleNamespace(get_node_id=lambda: "here")

    def remote(self, _):
        there = SimpleNamespace(options=lambda **_: SimpleNamespace(remote=self._there))
        actor = SimpleNamespace(there=there, do=SimpleNamespace(remote=self._do))
        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=lambda *_: actor))

    def kill(self, _):
        self.kills += 1

    def wait(self, calls, timeout):
        return [call for call in calls if call.done()] or threading.Event().wait(0.01) or [], []

    def get(self, call):
        return call.result()

    def _there(self):
        there = Future()
        there.set_result(None)
        return there

    def _do(self, *_):
        self.asked += 1
        call = Future()
        self.answer(call)
        self.began.set()
        return call


@pytest.fixture
def ray():
    return Ray()


def results(ray, jobs, waiting=lambda: None):
    """What each job came to, in words where it failed."""
    found = {}

    def work(job, check):
        try:
            found[job] = workers.do("work", waiting=waiting)[0]
        except UserError as error:
            found[job] = str(error)

    with RayWorkers(None, RayOptions(workers=2), ray=ray, every=0.05) as workers:  # pyright: ignore[reportArgumentType]
        workers.work_off(work, jobs)
    return found


def ends(ray):
    """Ends Ray as soon as a unit is under way."""

    def end():
        ray.began.wait()
        ray.alive = False

    threading.Thread(target=end, daemon=True).start()


def test_where_ray_is_gone_units_under_way_and_all_that_are_left_fail_with_words_that_say_so(ray):
    ends(ray)
    found = results(ray, range(6))
    assert len(found) == 6
    assert all("Ray is gone" in words and "run the same command again" in words for words in found.values())
    assert ray.asked <= 2


def test_a_death_of_a_worker_that_comes_of_rays_own_is_not_taken_for_the_units_fault(ray):
    def dies(call):
        ray.alive = False
        call.set_exception(RayError("the owner has died"))

    ray.answer = dies
    assert all("Ray is gone" in words for words in results(ray, range(3)).values())


def test_a_unit_under_which_every_worker_dies_fails_alone_and_is_not_put_down_to_ray(ray):
    ray.answer = lambda call: (
        call.set_exception(RayError("died")) if ray.asked <= TRIES + 1 else call.set_result((7, ""))
    )
    found = results(ray, [0])
    assert f"its worker died, and {TRIES} more tries did not help (died)" in found[0] and "gone" not in found[0]
    assert results(ray, [1]) == {1: 7}


def test_an_interrupt_ends_units_that_ray_never_ends(ray):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        results(ray, range(4), waiting=interrupt)


def test_an_interrupt_ends_the_wait_for_a_worker_that_rays_head_never_makes(ray):
    never = threading.Event()
    ray.remote = lambda _: never.wait()

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        results(ray, range(4), waiting=interrupt)
    never.set()


def test_a_head_that_does_not_answer_is_gone_after_some_steps():
    never = threading.Event()
    with Pulse(never.wait, step=0.01, steps=5) as pulse:
        pulse.look(lambda: None)
        assert pulse.gone is not None and "its head" in pulse.gone
        never.set()


def test_looks_that_fail_are_no_answer_and_one_answer_makes_up_for_them():
    looks = iter([OSError()] * 3)

    def runs():
        for error in looks:
            raise error
        return True

    with Pulse(runs, every=0.01, step=0.05, steps=40) as pulse:
        pulse.look(lambda: None)
        threading.Event().wait(0.5)
        assert pulse.gone is None


def test_a_silent_head_is_told_of_before_ray_ends_the_process(monkeypatch):
    monkeypatch.delenv(LONGEST, raising=False)
    assert patience() < 60
    monkeypatch.setenv(LONGEST, "300")
    assert 60 < patience() < 300


def test_sigterm_is_heard_as_before_ray_has_started(ray):
    def started(**_):
        signal.signal(signal.SIGTERM, lambda *_: None)

    ray.init, before = started, signal.getsignal(signal.SIGTERM)
    results(ray, [])
    assert signal.getsignal(signal.SIGTERM) == before


def test_nothing_is_told_of_the_forks_that_ray_starts_its_processes_by_and_of_others_all_is(ray):
    import jax

    jax.devices()  # from here on jax warns of forks

    def forks():
        with warnings.catch_warnings(record=True) as told:
            warnings.resetwarnings()
            if ray is not None:
                results(ray, [])
            subprocess.run(["true"], preexec_fn=lambda: None, check=True)
            warnings.warn("os.fork() was called by somebody else", RuntimeWarning, stacklevel=1)
        return [str(one.message) for one in told if issubclass(one.category, RuntimeWarning)]

    with_ray, ray = forks(), None
    assert with_ray == ["os.fork() was called by somebody else"]
    assert len(forks()) == 2
