"""The scripts in examples/ run by themselves, on a few frames, and print what they say."""

import json
import re
import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
FAST = ["--frames", "4", "--no-online"]


def run(name, capsys, *arguments):
    """Lines that a script prints."""
    path = next(path for path in EXAMPLES if path.stem == name)
    runpy.run_path(str(path), run_name="example")["main"]([*arguments])
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_takes_public_names_alone(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert re.findall(r"drol_jax\.(?:\w+\.\w+|_\w+)", text.replace("drol_jax.datasets.load", "")) == []
    assert "from drol_jax" not in text


def test_one_video_tells_the_target_in_every_frame(capsys):
    lines = run("one_video", capsys, *FAST)
    assert [line.split(":")[0] for line in lines] == [f"frame {number}" for number in range(4)]
    assert lines[0].startswith("frame 0: target 1 tracked 1.00, 251.4 ")


def test_many_targets_enter_where_their_boxes_say_and_lie_on_one_another(capsys):
    lines = run("many_targets", capsys, *FAST)
    assert [line.partition(":")[0] for line in lines if "half of it" in line.split(",")[0]] == ["frame 2", "frame 3"]
    assert any(line.startswith("frame 3: fish") and line.endswith("lies on half of it") for line in lines)


def test_detections_of_a_low_score_are_not_followed(capsys):
    assert all("fish 2" in line and "net" not in line for line in run("detections", capsys, *FAST))


def test_masks_say_what_they_need(capsys):
    assert run("masks", capsys) == [
        "skipped: no weights of a SiamMask tracker; convert them (docs/weights.md), then pass --weights DIR"
    ]


def test_a_source_is_followed_live(capsys):
    lines = run("camera", capsys, *FAST)
    assert len(lines) == 4
    assert all(re.search(r" s: target 1 (tracked|uncertain) [01]\.\d\d$", line) for line in lines)


@pytest.mark.parametrize("name", ["one_video", "many_targets", "detections", "camera"])
def test_a_video_without_a_box_is_misuse(name, capsys):
    with pytest.raises(SystemExit) as left:
        run(name, capsys, "video.mp4")
    assert left.value.code == 2
    assert "needs --" in capsys.readouterr().err


@pytest.mark.deep
def test_the_notebook_runs_from_its_first_cell_to_its_last(capsys):
    import matplotlib

    matplotlib.use("agg")
    notebook = json.loads((EXAMPLES[0].parent / "look_inside.ipynb").read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("15 steps, the last box [") and lines[1].endswith("the heaviest weighs 0.25")
