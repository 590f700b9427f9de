"""Versions under which a run has gone on are kept, and told where they are not alike."""

import pytest

from drol_jax.errors import UserError
from drol_jax.results.environments import FILE, noted

OLD, NEW = {"opencv": "4.11", "python": "3.11"}, {"opencv": "5.0", "python": "3.13"}


def test_a_run_that_goes_on_under_the_same_versions_is_told_nothing(tmp_path):
    assert noted(tmp_path, OLD) == ""
    before = (tmp_path / FILE).read_bytes()
    assert noted(tmp_path, OLD) == noted(tmp_path, OLD | {"python": "3.13"}) == ""
    assert (tmp_path / FILE).read_bytes().startswith(before[:-3])


def test_other_versions_are_told_whenever_a_part_was_made_under_them(tmp_path):
    noted(tmp_path, OLD)
    assert noted(tmp_path, NEW) == "opencv 4.11 there, 5.0 here"
    assert noted(tmp_path, NEW) == "opencv 4.11 there, 5.0 here"
    assert noted(tmp_path, OLD) == "opencv 5.0 there, 4.11 here"


@pytest.mark.parametrize("content", ["{", "{}", "[1]", ""])
def test_a_file_that_is_no_list_of_them_is_named(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(UserError, match=rf"{FILE}.*choose another --output"):
        noted(tmp_path, OLD)
