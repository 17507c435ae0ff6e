import keras
import numpy as np
import pytest
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib.layers import NearestUpsampling3D

pytestmark = pytest.mark.backend


def test_contract(tmp_path):
    assert_layer_contract(NearestUpsampling3D, (3, 5, 7), other_size=(2, 4, 1), tmp_path=tmp_path)
    assert_trains(NearestUpsampling3D(), (3, 5, 7))


def test_each_voxel_stands_eight_times():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5, 2)).astype("float32")
    found = keras.ops.convert_to_numpy(NearestUpsampling3D()(x))
    assert np.array_equal(found, x.repeat(2, axis=1).repeat(2, axis=2).repeat(2, axis=3))
