"""Several processes in one results folder: claims, shards, and what they leave."""

import io
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes_eval import NAMES, FakeBackend, World
from rich.console import Console
from test_eval_benchmark import files

from drol_jax.errors import UserError
from drol_jax.eval import benchmark
from drol_jax.eval.evaluate import Silent
from drol_jax.eval.progress import ProgressMonitor
from drol_jax.eval.running import OnePass
from drol_jax.eval.shards import Shard, read_shard
from drol_jax.eval.tracker_runs import load_runs
from drol_jax.results.folder import TrackerFolder
from drol_jax.system.claims import claim, wait_for

pytest_plugins = ["fakes_eval"]


def test_claims_exclude_one_another_until_they_are_released(tmp_path):
    path = tmp_path / "claims" / "a"
    first = claim(path)
    assert first is not None
    assert claim(path) is None
    assert claim(path, shared=True) is None
    first.release()
    assert not path.parent.exists()
    one, two = claim(path, shared=True), claim(path, shared=True)
    assert one is not None and two is not None
    assert claim(path) is None
    one.release()
    assert claim(path) is None
    two.release()
    assert not path.parent.exists()


def test_claims_come_and_go_in_one_folder_without_harm_to_those_who_look_for_others(tmp_path):
    code = """
import pathlib, sys, time
from drol_jax.system.atomic import clear_litter
from drol_jax.system.claims import claim
folder, name, end = pathlib.Path(sys.argv[1]), sys.argv[2], time.monotonic() + 0.7
while time.monotonic() < end:
    clear_litter(folder) if name == "none" else claim(folder / "claims" / name).release()
"""
    every = [subprocess.Popen([sys.executable, "-c", code, tmp_path, name]) for name in ("a", "b", "none")]
    assert [one.wait(60) for one in every] == [0, 0, 0]


def test_a_file_in_place_of_the_folder_of_claims_is_named(tmp_path):
    (tmp_path / "claims").write_text("")
    with pytest.raises(UserError, match=r"cannot write to .*File exists"):
        claim(tmp_path / "claims" / "a")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_a_place_where_no_folder_can_be_made_is_named():
    with pytest.raises(UserError, match="cannot write to /proc"):
        claim(Path("/proc/out/claims/a"))


def test_a_killed_process_leaves_its_claim_to_others(tmp_path):
    code = "import sys, time, pathlib; from drol_jax.system.claims import claim\n"
    code += "held = claim(pathlib.Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    path = tmp_path / "claims" / "a"
    holder = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    assert claim(path) is None
    holder.kill()
    with wait_for(path):
        pass
    holder.wait()


def test_waiting_for_a_claim_is_interrupted_by_the_check(tmp_path):
    def check():
        raise KeyboardInterrupt

    with claim(tmp_path / "claims" / "a"), pytest.raises(KeyboardInterrupt):
        wait_for(tmp_path / "claims" / "a", check)


@pytest.mark.parametrize("word", ["0/2", "3/2", "1", "a/b", "1/2/3", ""])
def test_a_shard_that_is_none_is_refused(word):
    with pytest.raises(UserError, match=r"give I/N with I from 1 to N"):
        read_shard(word)
    assert read_shard(" 2/8 ") == Shard(2, 8)


def test_processes_in_one_folder_share_the_work_and_all_have_the_whole(run, world, tmp_path):
    run("--seeds", "2", output=tmp_path / "alone")
    world.done.clear()
    begun, met = threading.Event(), threading.Barrier(2)

    class Slow(World):
        """Nobody is done before another has begun too."""

        def open(self, name):
            if not self.done and name == "alpha":
                begun.set()
                met.wait(60)
            return super().open(name)

    worlds, finished = [Slow(), Slow()], []

    def process(world):
        runs = load_runs(FakeBackend(world), "drol_nano", None, baseline=False, seeds=2)
        where = tmp_path / "both" / "Synth"
        finished.append(benchmark.run("Synth", world.load("Synth"), runs, where, {"jax": "fake"}, Silent(), OnePass()))

    threads = [threading.Thread(target=process, args=(world,)) for world in worlds]
    threads[0].start()
    assert begun.wait(60)  # both bear one number as processes, so that one that starts sweeps away what another writes
    threads[1].start()
    for thread in threads:
        thread.join(60)
    done = [one for world in worlds for one in world.done]
    assert sorted(done) == sorted((name, True, seed) for name in NAMES for seed in (0, 1))
    assert [len(one.ran) for one in finished] == [6, 6]
    assert files(tmp_path / "both") == files(tmp_path / "alone")
    assert not list((tmp_path / "both").rglob(".*"))


def told(world, where):
    """What a process says became of each run."""
    said, runs = io.StringIO(), load_runs(FakeBackend(world), "drol_nano", None, baseline=False, seeds=1)
    with ProgressMonitor(len(NAMES), Console(file=said, width=200)) as monitor:
        benchmark.run("Synth", world.load("Synth"), runs, where, {"jax": "fake"}, monitor, OnePass())
    return [line.rpartition(", ")[2] for line in said.getvalue().splitlines()]


@dataclass
class Meanwhile(World):
    """Something happens as a process comes to the second sequence."""

    happens: Callable[[], None] = lambda: None

    def open(self, name):
        if name == NAMES[1]:
            self.happens()
        return super().open(name)


def test_what_another_process_finishes_meanwhile_is_not_called_kept(tmp_path):
    other = []
    world = Meanwhile(happens=lambda: other.extend(told(World(), tmp_path)))
    assert told(world, tmp_path) == ["tracked", "done by another process", "done by another process"]
    assert other == ["kept from an earlier run", "tracked", "tracked"]
    assert told(World(), tmp_path) == ["kept from an earlier run"] * 3


def test_ctrl_c_tells_what_this_process_came_to_of_what_is_finished(tmp_path):
    def stop():
        raise KeyboardInterrupt

    told(World(), tmp_path)
    with pytest.raises(benchmark.Interrupted, match=r"^1 of 3 runs were tracked or found finished by this command$"):
        told(Meanwhile(happens=stop), tmp_path)


def test_shards_do_disjoint_parts_and_the_last_one_shows_the_scores(run, world, tmp_path):
    run("--baseline", output=tmp_path / "alone")
    world.done.clear()
    shares = []
    for number in (1, 2, 3, 4):
        code, out, _ = run("--baseline", "--shard", f"{number}/4")
        assert code == 0
        shares.append(list(world.done))
        world.done.clear()
        assert ("Over all 3 sequences." in out) == (number == 4)
        assert (f"Shard {number}/4 is at its end" in out) == (number < 4)
    assert [len(share) for share in shares] == [2, 2, 1, 1]
    assert len({one for share in shares for one in share}) == 6
    assert files(tmp_path / "results") == files(tmp_path / "alone")
    assert run("--baseline")[0] == 0 and not world.done


def test_repetitions_go_to_different_shards(run, world, tmp_path):
    asked = ("--protocol", "got10k", "--repetitions", "4", "--sequences", "alpha")
    run(*asked, output=tmp_path / "alone")
    world.done.clear()
    for number in (1, 2):
        assert run(*asked, "--shard", f"{number}/2")[0] == 0
        assert len(world.done) == 2 * number
    assert files(tmp_path / "results") == files(tmp_path / "alone")


def test_lanes_share_out_the_repetitions_of_one_sequence_and_tell_of_it_once(run, world, tmp_path):
    asked = ("--protocol", "got10k", "--repetitions", "4", "--sequences", "alpha,beta")
    run(*asked, output=tmp_path / "alone")
    world.done.clear()
    world.broken = ("beta",)
    code, out, err = run(*asked, "--lanes", "3")
    assert code == 1 and "FAILED beta" in out, err
    assert sum(name.startswith("alpha") for name, *_ in world.done) == 4
    assert err.count("alpha DROL: 4 runs") == err.count("beta DROL: failed") == 1
    assert sorted(line[:5] for line in err.splitlines() if "DROL" in line) == ["[1/2]", "[2/2]"]
    world.broken = ()
    assert run(*asked, "--lanes", "3")[0] == 0
    assert files(tmp_path / "results") == files(tmp_path / "alone")


def test_an_interrupted_shard_goes_on_and_a_new_one_tracks_only_its_own_again(run, world):
    world.interrupt_at = 0
    assert run("--shard", "1/2")[0] == 130
    world.interrupt_at = None
    assert run("--shard", "1/2")[0] == 0
    assert run("--shard", "2/2")[0] == 0
    world.done.clear()
    assert run("--shard", "2/2", "--overwrite")[0] == 0
    assert [name for name, *_ in world.done] == ["beta"]


def test_results_are_not_replaced_under_a_process_that_tracks(run, world, tmp_path):
    run()
    other = TrackerFolder.open(tmp_path / "results" / "Synth" / "drol_nano", _settings(tmp_path), {"jax": "fake"})
    code, _, err = run("--overwrite")
    assert code == 2
    assert "another process tracks into" in err
    world.hyper = {"fusion": 0.5}
    assert "another process tracks into" in run("--overwrite")[2]
    other.close()
    assert run("--overwrite")[0] == 0


def test_results_made_on_unlike_machines_are_named_where_they_are_shown(run, tmp_path):
    run()
    path = tmp_path / "results" / "Synth" / "drol_nano" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["environments"].append({"jax": "another"})
    manifest["sequences"]["beta"]["environment"] = 1
    path.write_text(json.dumps(manifest))
    code, out, err = run()
    assert code == 0
    assert "jax another there, fake here" in err
    assert "runs were made in unlike ways (jax fake in some, another in others)" in " ".join(out.split())


def _settings(tmp_path: Path):
    path = tmp_path / "results" / "Synth" / "drol_nano" / "manifest.json"
    return json.loads(path.read_text())["settings"]


def test_threads_that_write_and_read_a_manifest_lose_no_entry(run, tmp_path):
    run()
    folder = TrackerFolder.open(tmp_path / "results" / "Synth" / "drol_nano", _settings(tmp_path), {"jax": "fake"})
    ledger, written = folder.ledger, threading.Event()

    def read():
        while not written.is_set():
            ledger.read()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(30):
        with ledger.changing() as entries:
            entries[f"run {number}"] = entries["alpha"]
        assert f"run {number}" in ledger.entries
    written.set()
    for reader in readers:
        reader.join()
    ledger.read()
    assert {f"run {number}" for number in range(30)} <= set(ledger.entries)
    folder.close()
