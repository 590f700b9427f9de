"""Programs whose streams are closed, full, or lack letters, or whose numbers are none: exit codes and words."""

import subprocess
import sys

import pytest

RUN = [sys.executable, "-m", "drol_jax"]


def told(line):
    """Exit code and standard error of a line of shell, in which RUN is the program."""
    command = ["sh", "-c", line.replace("RUN", " ".join(RUN))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr


@pytest.mark.parametrize("closed", [">&-", "<&- >&-"])
def test_a_closed_output_is_nobodys_mistake(closed):
    assert told(f"RUN --help {closed}") == (0, "")


def test_a_closed_standard_error_keeps_the_exit_code_and_out_of_standard_output():
    done = subprocess.run(["sh", "-c", f"{' '.join(RUN)} nothing 2>&-"], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("what", ["--help", "--version", "weights list"])
def test_a_full_disk_behind_the_output_is_one_line(what):
    code, words = told(f"RUN {what} > /dev/full")
    assert code == 2
    assert words.startswith("error: standard output cannot be written (No space left on device)")
    assert words.count("\n") == 1


def test_letters_that_the_output_lacks_are_spelled_out():
    assert told("PYTHONIOENCODING=ascii RUN weights card nanotrack_v2 > /dev/null") == (0, "")


@pytest.mark.parametrize("rate", ["nan", "inf", "-inf"])
def test_a_number_that_is_none_is_misuse(rate):
    code, words = told(f"RUN track . --box 1,2,3,4 --rate={rate}")
    assert code == 2
    assert words == f"error: --rate {rate} is no number to go by; give a finite one\n"
