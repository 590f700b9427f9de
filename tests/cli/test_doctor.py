"""The doctor: what is missing, misnamed, cut short or damaged is told, with a cure and an exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from trees import JPEG, MINIATURES, write

from drol_jax.datasets.doctor import Finding, examine
from drol_jax.errors import UserError
from drol_jax.eval import cli
from drol_jax.image.frames import read

BY_DATASET = {mini.dataset: mini for mini in MINIATURES}
DEER = BY_DATASET["OTB100"]
KITE = BY_DATASET["LaSOT"]


def findings(dataset: str, root: Path, name: str, **options) -> list[Finding]:
    return list(examine(dataset, root, read, only=[name], **options).findings)


@pytest.mark.parametrize("mini", [m for m in MINIATURES if m.frames < 100], ids=lambda mini: mini.dataset)
def test_a_sound_sequence_has_no_errors(mini, tmp_path):
    mini.unfold(tmp_path, pixels=JPEG)
    diagnosis = examine(mini.dataset, tmp_path, read, only=[mini.sequence], decode=True)
    assert diagnosis.usable == diagnosis.sequences == (mini.sequence,)
    assert diagnosis.frames == mini.frames
    known = {
        "LaSOT",
        "LasHeR",
        "NFS30",
        "DTB70",
        "UAVDT",
        "VOT2018",
        "VOT2019",
    }  # miniatures are shorter than what is known
    assert [finding.level for finding in diagnosis.findings] == ["warning"] * (mini.dataset in known)


class TestFindings:
    def one(self, root: Path, level: str = "error", **options) -> Finding:
        found = [f for f in findings("OTB100", root, "Deer", **options) if f.level == level]
        assert len(found) == 1
        assert found[0].sequence == "Deer"
        assert found[0].cure
        return found[0]

    def test_a_missing_sequence(self, tmp_path):
        DEER.unfold(tmp_path, pixels=JPEG)
        (found,) = findings("OTB100", tmp_path, "Girl")
        assert str(tmp_path / "Girl") in found.what
        assert found.level == "error"

    def test_another_toolkits_spelling_or_lower_case_is_read_and_noted(self, tmp_path):
        DEER.unfold(tmp_path, pixels=JPEG)
        (tmp_path / "Deer").rename(tmp_path / "deer")
        found = self.one(tmp_path, "note")
        assert str(tmp_path / "deer") in found.what
        assert "Deer/groundtruth_rect.txt" in found.what
        assert "rename" in found.cure

    def test_a_misspelled_folder_is_suggested(self, tmp_path):
        DEER.unfold(tmp_path, pixels=JPEG)
        write(tmp_path / "Girls" / "groundtruth_rect.txt", b"1,2,3,4")
        (found,) = findings("OTB100", tmp_path, "Girl")
        assert found.cure == f"if {tmp_path / 'Girls'} is it, rename it to Girl"

    def test_a_misspelled_annotation_file_is_suggested(self, tmp_path):
        DEER.unfold(tmp_path, pixels=JPEG)
        write(tmp_path / "Girl" / "ground_truth_rect.txt", b"1,2,3,4")
        (found,) = findings("OTB100", tmp_path, "Girl")
        assert str(tmp_path / "Girl" / "ground_truth_rect.txt") in found.cure

    def test_fewer_images_than_annotations(self, tmp_path):
        DEER.unfold(tmp_path, pixels=JPEG)
        (tmp_path / "Deer" / "img" / "0071.jpg").unlink()
        assert "1 of the 71 images" in self.one(tmp_path).what

    def test_an_empty_annotation(self, tmp_path):
        DEER.unfold(tmp_path, pixels=JPEG)
        (tmp_path / "Deer" / "groundtruth_rect.txt").write_bytes(b"")
        assert "empty" in self.one(tmp_path).what

    @pytest.mark.parametrize("content", [JPEG[:-40], b"", b"<html>", JPEG.replace(b"\xff\xd9", b"")])
    def test_a_damaged_last_image(self, tmp_path, content):
        DEER.unfold(tmp_path, pixels=JPEG)
        (tmp_path / "Deer" / "img" / "0071.jpg").write_bytes(content)
        assert str(tmp_path / "Deer" / "img" / "0071.jpg") in self.one(tmp_path).what

    def test_a_jpeg_without_bytes_in_its_middle_is_told(self, tmp_path, capfd):
        DEER.unfold(tmp_path, pixels=JPEG)
        noise = cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8))[1].tobytes()
        image = tmp_path / "Deer" / "img" / "0071.jpg"
        image.write_bytes(noise[: len(noise) // 2] + noise[len(noise) // 2 + 999 :])
        found = self.one(tmp_path, "warning")
        assert f"{image}: damaged, libjpeg says 'Corrupt JPEG data" in found.what
        assert "JPEG" not in capfd.readouterr().err

    def test_an_empty_image_anywhere_and_other_damage_when_everything_is_decoded(self, tmp_path):
        DEER.unfold(tmp_path, pixels=JPEG)
        image = tmp_path / "Deer" / "img" / "0033.jpg"
        image.write_bytes(b"")
        assert str(image) in self.one(tmp_path).what
        image.write_bytes(JPEG[:-40])
        assert findings("OTB100", tmp_path, "Deer") == []
        assert str(image) in self.one(tmp_path, decode=True).what

    def test_a_first_box_outside_the_picture(self, tmp_path):
        DEER.unfold(tmp_path, ["500,500,20,20", *DEER.lines()[1:]], JPEG)
        assert "outside the 96x64 image" in self.one(tmp_path).what

    @pytest.mark.parametrize(
        ("box", "trouble"),
        [("10,10,0,0", "is empty: width and height must be positive"), ("10,10,5,1e-9", "has a side under 0.001")],
    )
    def test_a_first_box_that_starts_nothing_is_named_with_its_file_and_in_its_numbers(self, tmp_path, box, trouble):
        DEER.unfold(tmp_path, [box, *DEER.lines()[1:]], JPEG)
        path = tmp_path / "Deer" / "groundtruth_rect.txt"
        said = f"{path}: the box to start from, {box.replace('1e-9', '1e-09')}, {trouble}"
        assert self.one(tmp_path).what.startswith(said)

    def test_images_beyond_the_annotation_are_noted(self, tmp_path):
        KITE.unfold(tmp_path, pixels=JPEG)
        write(tmp_path / KITE.image(5), JPEG)
        levels = {f.level: f for f in findings("LaSOT", tmp_path, "kite-4")}
        assert set(levels) == {"note", "warning"}
        assert "1 images more than annotations" in levels["note"].what
        assert "4 frames" in levels["warning"].what

    def test_a_list_file_of_another_edition_is_a_warning(self, tmp_path):
        mini = BY_DATASET["VOT2018"]
        mini.unfold(tmp_path, pixels=JPEG)
        write(tmp_path / "list.txt", b"zebrafish1\nagility\n")
        whole = [f for f in examine("VOT2018", tmp_path, read).findings if f.sequence is None]
        assert [f.level for f in whole] == ["warning", "warning"]
        assert "lacks ants1" in whole[0].what
        assert "agility" in whole[1].what

    def test_too_few_sequences_where_only_the_disk_knows_their_names(self, tmp_path):
        BY_DATASET["TNL2K"].unfold(tmp_path, pixels=JPEG)
        (found,) = examine("TNL2K", tmp_path, read).findings
        assert (found.sequence, found.level) == (None, "warning")
        assert "1 sequences, but TNL2K has 700" in found.what

    def test_a_json_file_is_examined_likewise(self, tmp_path):
        write(tmp_path / "OTB100.json", json.dumps({"Deer": DEER.as_pysot()}).encode())
        assert "0001.jpg" in self.one(tmp_path).what
        for number in DEER.numbers():
            write(tmp_path / DEER.image(number), JPEG)
        assert findings("OTB100", tmp_path, "Deer") == []

    def test_the_built_in_benchmark_has_no_files(self, tmp_path):
        with pytest.raises(UserError, match="Synth is built in"):
            examine("Synth", tmp_path, read)


class TestCommandLine:
    def run(self, capsys, *arguments) -> tuple[int, str, str]:
        code = cli.main(["doctor", *map(str, arguments)])
        return code, *capsys.readouterr()

    def test_all_is_well(self, tmp_path, capsys):
        DEER.unfold(tmp_path, pixels=JPEG)
        code, out, _ = self.run(capsys, "--dataset", "OTB100", "--data-root", tmp_path, "--sequences", "deer")
        assert (code, out) == (0, f"OTB100 in {tmp_path}: 1 of 1 sequences can be tracked, 71 frames.\n")

    def test_a_table_of_what_is_wrong_and_what_to_do(self, tmp_path, capsys):
        DEER.unfold(tmp_path, pixels=JPEG)
        code, out, _ = self.run(capsys, "--dataset", "OTB100", "--data-root", tmp_path)
        assert code == 1
        assert "1 of 100 sequences can be tracked" in out
        (girl,) = [line for line in out.splitlines() if line.startswith("Girl ")]
        assert "error" in girl and str(tmp_path / "Girl") in girl and "unpack" in girl

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--dataset", "OTB1000"], "unknown dataset 'OTB1000'; the nearest is 'OTB100'"),
            (["--dataset", "OTB100", "--data-root", "nowhere"], "folder nowhere does not exist"),
            (["--dataset", "OTB100", "--sequences", ","], "names no sequence"),
            (["--dataset", "Synth"], "Synth is built in"),
        ],
    )
    def test_misuse_is_one_line_and_exit_code_2(self, capsys, arguments, words):
        code, out, err = self.run(capsys, *arguments)
        assert (code, out) == (2, "")
        assert err.startswith("error: ") and words in err and len(err.splitlines()) == 1

    def test_help_lists_every_dataset(self):
        command = [sys.executable, "-m", "drol_jax.eval", "doctor", "--help"]
        shown = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | {"COLUMNS": "200"}, timeout=120
        )
        assert shown.returncode == 0
        for name in ("UAV123@10fps", "VisDrone-SOT-challenge", "VOT2018-LT", "--decode"):
            assert name in shown.stdout
