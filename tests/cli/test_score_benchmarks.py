"""Benchmarks that are scored by a toolkit of their own: found, examined and scored by that toolkit's arithmetic."""

import pytest
from trees import JPEG, MINIATURES, write

from drol_jax.eval.cli import main

MINI = {mini.dataset: mini for mini in MINIATURES}


@pytest.fixture
def laid_out(tmp_path, capsys):
    """Lays out a benchmark and a tracker's boxes for it; returns what doctor and score say: (exit codes, text)."""

    def lay_out(dataset, boxes=lambda lines: lines, flags=None):
        mini = MINI[dataset]
        mini.unfold(tmp_path, pixels=JPEG)
        for path, text in (flags or {}).items():
            write(tmp_path / path, text.encode())
        write(tmp_path / "runs" / "t" / f"{mini.sequence}.txt", "\n".join(boxes(mini.lines())).encode())
        of = ["--dataset", dataset, "--data-root", str(tmp_path), "--sequences", mini.sequence]
        codes = [main(["doctor", *of]), main(["score", *of, "--results", str(tmp_path / "runs"), "--no-dialects"])]
        told = capsys.readouterr()
        return codes, told.out + told.err

    return lay_out


def numbers(text):
    """AUC, precision and normalised precision of the tracker."""
    return next(line.split()[1:4] for line in text.splitlines() if line.split()[:1] == ["t"])


def test_avist_counts_unseen_frames_as_misses_but_in_normalised_precision(laid_out):
    # 3 of 4 frames are seen: 3/4 of 20/21, 3/4, and infinite distances only of LaSOT's unseen frames.
    flags = {"out_of_view/air_show_out_of_view.txt": "0\n0\n1\n0\n"}
    codes, told = laid_out("AVisT", flags=flags)
    assert codes == [0, 0]
    assert "AVisT, dialect pytracking" in told
    assert numbers(told) == [".714", ".750", "1.000"]


def test_avist_without_its_flags_is_refused(laid_out, tmp_path):
    laid_out("AVisT")
    (tmp_path / "full_occlusion" / "air_show_full_occlusion.txt").rename(tmp_path / "elsewhere.txt")
    assert main(["doctor", "--dataset", "AVisT", "--data-root", str(tmp_path), "--sequences", "air_show"]) == 1


def test_lasher_cuts_long_results_and_repeats_the_box_before_one_without_size(laid_out):
    codes, told = laid_out("LasHeR", lambda lines: [*lines[:3], "0,0,0,0", "5,5,5,5"])
    assert codes == [0, 0]
    assert "LasHeR, dialect lasot" in told
    # The last box is the one before, shifted by one of 30 columns: overlap 29/31, above 0.9, not above 0.95.
    assert numbers(told) == [".940", "1.000", "1.000"]


@pytest.mark.parametrize("dataset", ["PTB-TIR", "LSOTB-TIR"])
def test_infrared_benchmarks_are_scored_as_otb(laid_out, dataset):
    codes, told = laid_out(dataset, lambda lines: ["500,500,9,9", *lines[1:]])
    assert codes == [0, 0]
    assert f"{dataset}, dialect otb" in told
    assert numbers(told) == [".952", "1.000", "1.000"]  # the first frame is the groundtruth


def test_uavtrack112_is_scored_as_pysot_with_names_from_the_disk(laid_out):
    codes, told = laid_out("UAVTrack112", lambda lines: ["500,500,9,9", *lines[1:]])
    assert codes == [0, 0]
    assert "UAVTrack112, dialect pysot" in told
    assert numbers(told) == [".714", ".750", ".750"]
