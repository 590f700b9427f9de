"""Trackers that are quick to measure, and the bench's command line as a user types it."""

import os
import sys

import pytest
import yaml
from small_tracker import HYPER, ONLINE, SEARCH_SIZE

from drol_jax.bench.cli import main
from drol_jax.settings.yaml_file import plain


def write_config(path, *, online):
    """A YAML file of the smallest network, no weights."""
    tree = {
        "model": {"backbone": "alexnet", "head": "depthwise_rpn", "width": 0.05, "head_channels": 8},
        "search": {"instance_size": SEARCH_SIZE},
        "online": {**plain(ONLINE), "enabled": online},
        "hyper": {name: getattr(HYPER, name) for name in ("penalty_k", "window_influence", "size_lr")},
    }
    path.write_text(yaml.safe_dump(tree))
    return path


@pytest.fixture(scope="module")
def quick_compiler():
    """What measures compiles without much care, which takes half the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
        yield


@pytest.fixture(scope="module")
def small_config(tmp_path_factory, quick_compiler):
    """With the subnet."""
    return write_config(tmp_path_factory.mktemp("bench") / "small.yaml", online=True)


@pytest.fixture(scope="module")
def plain_config(tmp_path_factory, quick_compiler):
    """Without."""
    return write_config(tmp_path_factory.mktemp("bench") / "plain.yaml", online=False)


@pytest.fixture
def bench(capsys):
    """Runs `python -m drol_jax.bench ARGUMENTS`; returns exit code, standard output and standard error."""

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def interpreter(tmp_path):
    """Writes one that has an OpenCV of this source."""

    def written(module):
        (tmp_path / "site").mkdir()
        (tmp_path / "site/cv2.py").write_text(module)
        path = tmp_path / "python"
        path.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path}/site{os.pathsep}$PYTHONPATH exec {sys.executable} "$@"\n')
        path.chmod(0o755)
        return path

    return written
