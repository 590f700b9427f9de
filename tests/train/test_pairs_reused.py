"""Pairs that are used several times."""

import numpy as np
import pytest
from fakes_train import Squares

from drol_jax.train.pairs.reused import Reused, ReuseSettings, varied


class Counted(Squares):
    """Squares that notes which batches were made."""

    def __init__(self):
        super().__init__()
        self.made = []

    def batch(self, index, rows=slice(None)):
        self.made.append(index)
        return super().batch(index, rows)


def test_one_of_so_many_batches_is_new_and_the_others_were_made_before():
    source = Counted()
    reused = Reused(source, ReuseSettings(times=3, apart=2))
    uses = [reused.batch(index) for index in range(30)]
    assert source.made == list(range(10))
    # Batch 4 is new in step 12, mirrored two new ones later, upside down four later.
    for step, use in ((12, 0), (19, 1), (26, 2)):
        np.testing.assert_array_equal(uses[step].search, varied(Squares().batch(4), use).search)


def test_a_batch_is_the_same_whatever_was_asked_for_before():
    late = Reused(Squares(), ReuseSettings(times=3, apart=2))
    early = Reused(Squares(), ReuseSettings(times=3, apart=2))
    for index in range(20):
        early.batch(index)
    np.testing.assert_array_equal(late.batch(20).search, early.batch(20).search)


@pytest.mark.parametrize("use", range(8))
def test_the_box_moves_with_the_image(use):
    pairs = Squares().batch(0)
    turned = varied(pairs, use)
    for mask, box, positive in zip(turned.mask, turned.box, turned.positive, strict=True):
        if positive:
            rows, columns = np.nonzero(mask)
            x, y, w, h = np.asarray(box)
            assert (x, y) == (columns.min(), rows.min())
            assert (w, h) == (np.ptp(columns) + 1, np.ptp(rows) + 1)


def test_the_first_use_is_the_pair_as_it_is_and_template_and_search_region_turn_together():
    pairs = Squares().batch(0)
    np.testing.assert_array_equal(varied(pairs, 0).template, pairs.template)
    other = varied(pairs, 6)
    np.testing.assert_array_equal(other.template, np.asarray(pairs.template).swapaxes(1, 2)[:, ::-1][..., [2, 1, 0]])
    np.testing.assert_array_equal(other.search, np.asarray(pairs.search).swapaxes(1, 2)[:, ::-1][..., [2, 1, 0]])
