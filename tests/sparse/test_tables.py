import numpy as np
import pytest

from pcfilter_lib import sparse
from pcfilter_lib.errors import InputError


def test_tables_of_all_levels_fit_together():
    coordinates = np.argwhere(np.random.default_rng(0).random((9, 9, 9)) < 0.2)
    tables, finer = sparse.unet_tables(coordinates, 2), coordinates
    for level in range(2):
        coarse = sparse.coarsen(finer)
        np.testing.assert_array_equal(tables[f"neighbours_{level}"], sparse.kernel_map(finer))
        for name, expected in zip(("children", "parents", "positions"), coarse[1:], strict=True):
            np.testing.assert_array_equal(tables[f"{name}_{level}"], expected)
        finer = coarse.coordinates
    np.testing.assert_array_equal(tables["neighbours_2"], sparse.kernel_map(finer))
    assert len(tables) == 9 and {each.dtype for each in tables.values()} == {np.dtype(np.int32)}


def test_samples_are_padded_with_nothing():
    samples = [
        {"features": np.ones((2, 3), np.float32), "rows": np.zeros(2, np.int32)},
        {"features": np.ones((1, 3), np.float32), "rows": np.zeros(1, np.int32)},
    ]
    batch = sparse.stack_padded(samples)
    assert batch["features"][1].tolist() == [[1, 1, 1], [0, 0, 0]] and batch["rows"].tolist() == [[0, 0], [0, -1]]
    assert batch["features"].dtype == np.float32 and batch["rows"].dtype == np.int32


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([], "there are none"),
        ([{"a": [1]}, {"b": [1]}], "names differ"),
        ([{"a": np.ones((1, 2))}, {"a": np.ones((1, 3))}], "more than their rows"),
        ([{"a": 1.0}], "more than their rows"),
    ],
)
def test_what_cannot_be_stacked_is_refused(samples, said):
    with pytest.raises(InputError, match=said):
        sparse.stack_padded(samples)


def test_the_depth_is_checked():
    with pytest.raises(InputError, match="depth"):
        sparse.unet_tables([[0, 0, 0]], -1)
