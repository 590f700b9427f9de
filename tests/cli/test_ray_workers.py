"""Workers of Ray whose machine is gone, and Ray itself gone."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from drol_jax.errors import UserError
from drol_jax.system.ray_workers import STORE, RayOptions, RayWorkers

pytest.importorskip("ray", reason="ray, the extra ray, is not installed")
pytestmark = pytest.mark.deep


class Node:
    """Says where it is, after it has left a mark of that and waited for another."""

    def prepare(self):
        return self

    def work(self, mark, go):
        import ray

        node = ray.get_runtime_context().get_node_id()
        Path(mark).joinpath(node).write_text(str(os.getpid()))
        while not Path(go).exists():
            time.sleep(0.1)
        return node


@pytest.fixture
def cluster():
    """Two machines of one core each, as far as Ray can tell."""
    import ray
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))  # workers import this file
        machine = {"num_cpus": 1, "object_store_memory": STORE}
        there = Cluster(initialize_head=True, head_node_args={**machine, "include_dashboard": False})
        there.add_node(**machine)
        ray.init(there.address, log_to_driver=False)
        yield there
        ray.shutdown()
        there.shutdown()


def test_a_unit_whose_machine_is_gone_is_done_on_another_however_long_that_takes_to_be_found_out(cluster, tmp_path):
    (head, other), found, go = cluster.list_all_nodes(), {}, tmp_path / "go"
    began = tmp_path / "began"
    began.mkdir()

    def work(number, check):
        found[number] = workers.do("work", began, go, waiting=lambda: None)[0]

    def lose():
        while len(list(began.iterdir())) < 2:
            time.sleep(0.1)
        cluster.remove_node(other, allow_graceful=False)
        with suppress(ProcessLookupError):  # the worker may live on for a moment
            os.kill(int((began / other.node_id).read_text()), signal.SIGKILL)
        go.touch()

    with RayWorkers(Node(), RayOptions(workers=2)) as workers:
        losing = threading.Thread(target=lose)
        losing.start()
        workers.work_off(work, [1, 2])
        losing.join()
    assert found == {1: head.node_id, 2: head.node_id}


@pytest.mark.parametrize("end", ["kill_raylet", "kill_gcs_server"])
def test_where_ray_is_gone_all_that_is_left_fails_with_words_that_say_so(cluster, tmp_path, end):
    began, told, head = tmp_path / "began", {}, cluster.head_node
    began.mkdir()

    def work(number, check):
        with pytest.raises(UserError) as failed:
            workers.do("work", began, tmp_path / "never", waiting=lambda: None)
        told[number] = str(failed.value)

    def lose():
        while len(list(began.iterdir())) < 2:
            time.sleep(0.1)
        getattr(head, end)(check_alive=False)

    with RayWorkers(Node(), RayOptions(workers=2)) as workers:
        losing = threading.Thread(target=lose)
        losing.start()
        workers.work_off(work, [1, 2, 3, 4])
        losing.join()
    assert len(told) == 4 and all("Ray is gone" in words for words in told.values())
