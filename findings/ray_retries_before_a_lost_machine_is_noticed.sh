#!/usr/bin/env bash
# ray 2.60.0: the retries of a call are over before Ray has noticed that the actor's machine is gone.
#
# Expected: an actor with max_restarts=-1 comes back on another machine when its own is lost, and a call that was under
# way, with max_task_retries=5, is repeated there: there was one failure, and five retries.
# Seen: that the machine is gone Ray finds out after many seconds. Until then it goes on calling the old place, once a
# second, and each refused connection is one of the five: the call ends in ActorUnavailableError, and some seconds later
# the same actor answers from the other machine. A call with max_task_retries=-1 waits for that. A number of retries
# bounds seconds here, not deaths.
#
# Fails where this is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'ray==2.60.0'
cat > seen.py <<'PYTHON'
import time

import ray
from ray.cluster_utils import Cluster

MACHINE = {"num_cpus": 1, "object_store_memory": 100 * 2**20}


class Worker:
    def where(self, seconds=0):
        time.sleep(seconds)
        return ray.get_runtime_context().get_node_id()


def lost(retries):
    """What a call under way gives whose machine is lost, and where the actor answers then."""
    machines = Cluster(initialize_head=True, head_node_args={**MACHINE, "include_dashboard": False})
    ray.init(machines.address, log_to_driver=False, logging_level="error")
    first = ray.remote(Worker).options(num_cpus=1).remote()
    ray.get(first.where.remote())  # it holds the one core of the first machine, so the actor begins on the second
    second = machines.add_node(**MACHINE)
    actor = ray.remote(Worker).options(num_cpus=1, max_restarts=-1, max_task_retries=retries).remote()
    assert ray.get(actor.where.remote()) == second.node_id
    call = actor.where.remote(5)
    time.sleep(1)
    ray.kill(first)
    begun = time.monotonic()
    machines.remove_node(second, allow_graceful=False)
    try:
        found = "another machine" if ray.get(call) != second.node_id else "the lost machine"
    except ray.exceptions.RayError as error:
        found = type(error).__name__
    ended = time.monotonic() - begun
    while True:
        try:
            assert ray.get(actor.where.remote()) != second.node_id
            break
        except ray.exceptions.RayError:
            time.sleep(1)
    again = time.monotonic() - begun
    print(f"max_task_retries={retries}: {found} after {ended:.0f} s; the actor answers again after {again:.0f} s")
    ray.shutdown()
    machines.shutdown()
    return found


assert lost(5) == "ActorUnavailableError"
assert lost(-1) == "another machine"
PYTHON
venv/bin/python seen.py
