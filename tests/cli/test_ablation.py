"""The ablation study: which settings its lines change, and its table beside the paper's."""

import json
from dataclasses import replace

import pytest
from fakes_protocols import Backend, Stage

from drol_jax.errors import UserError
from drol_jax.eval import ablate_cli, ablation
from drol_jax.settings import from_dict, load_settings, to_dict


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def run(stage, tmp_path, capsys):
    def run(*arguments):
        code = ablate_cli.main([*arguments, "--output", str(tmp_path)], lambda _: Backend(stage), stage.load)
        return code, *capsys.readouterr()

    return run


def test_the_table_is_the_papers():
    rows = ablation.rows()
    assert [row.group for row in rows] == ["G1"] * 7 + ["G2"] * 2 + ["G3"] * 3 + ["G4"]
    assert [row.fusion for row in rows[:7]] == [0, 0.2, 0.4, 0.6, 0.8, 0.9, 1]
    assert [row.interval for row in rows[9:]] == [1, 5, 10, 5]
    best = max(rows, key=lambda row: row.published["LaSOT"])
    assert (best.name, best.published["LaSOT"]) == ("G3_0.8_Cmp-Att_5", (0.537, 0.624))
    assert all(len(row.published) == 2 for row in rows)
    assert len({row.name for row in rows}) == len(rows)


@pytest.mark.parametrize("config", ["siamrpn_alex_tiny", "siamrpn_r50", "siamfc_alex_otb"])
def test_a_line_changes_a_configuration_where_it_says_and_nowhere_else(config):
    base = load_settings(config)
    for row in ablation.rows():
        tree = to_dict(base)
        for section, values in row.changes.items():
            tree[section] = {**tree[section], **values}
        made = from_dict(tree)
        assert made.hyper.fusion == row.fusion
        assert made.config.template.update == (row.interval is not None)
        assert made.config.online.attention == ("none" if row.pipeline == "Cmp" else "dual")
        interval = base.hyper.template_interval if row.interval is None else row.interval
        assert made.hyper == replace(base.hyper, fusion=row.fusion, template_interval=interval)
        online = replace(base.config.online, attention=made.config.online.attention, order=made.config.online.order)
        assert made.config == replace(base.config, online=online, template=made.config.template)


def test_the_papers_best_line_is_the_papers_tracker():
    (best,) = [row for row in ablation.rows(["g3"]) if row.interval == 5]
    base = load_settings("siamrpn_r50")
    tree = to_dict(base)
    for section, values in best.changes.items():
        tree[section] = {**tree[section], **values}
    assert from_dict(tree) == base


def test_ours_stands_beside_the_papers(run, tmp_path):
    code, out, _ = run("--groups", "G2,G4", "--dataset", "OTB100")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    (g4,) = [line for line in lines if line and line[0] == "G4"]
    assert g4[-4:] == [".513", ".592", ".738", ".805"]
    board = json.loads((tmp_path / "OTB100" / "ablation" / "scores.json").read_text())
    assert len(board["trackers"]) == 3
    (ours,) = [t["mean"]["auc"] for t in board["trackers"] if t["name"] == "drol_nano_G4_0_Cmp_5"]
    assert f"{ours:.3f}"[1:] in g4


def test_it_resumes_and_repeats_with_seeds(run, stage):
    assert run("--groups", "G4")[0] == 0
    stage.pieces.clear()
    code, first, _ = run("--groups", "G4")
    assert (code, stage.pieces) == (0, [])
    code, second, _ = run("--groups", "G4", "--seeds", "2")
    assert code == 0
    assert "±" in second and "±" not in first


def test_ctrl_c_is_exit_code_130(run, stage):
    stage.interrupt_in = "bolt"
    code, out, err = run("--groups", "G2")
    assert (code, out) == (130, "")
    assert "interrupted: 2 of 6 runs were tracked or found finished" in err


def test_restarts_and_failures(run, stage):
    stage.broken = ("bolt",)
    code, out, _ = run("--groups", "G4", "--dataset", "VOT2018", "--repetitions", "1")
    assert code == 1
    assert "EAO" in out
    assert "FAILED bolt" in out


def test_an_unknown_group_is_misuse(run):
    with pytest.raises(UserError, match="no group 'G9'; choose from G1, G2, G3, G4"):
        run("--groups", "G1,G9")
