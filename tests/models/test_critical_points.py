import keras
import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib import data
from pcfilter_lib.errors import InputError
from pcfilter_lib.models import FCN, PointNet, critical_points, upper_bound_shape

pytestmark = pytest.mark.backend


@pytest.fixture(scope="module")
@seeded(0)
def model():
    made = PointNet(3, width=0.2, transforms=False)
    made.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for _ in range(3):
        made.train_on_batch(np.stack([cloud(seed) for seed in range(6)]), np.arange(6) % 3)
    return made


def cloud(seed=0, points=300):
    return data.unit_sphere(np.random.default_rng(seed).normal(size=(points, 3)) * [1, 0.6, 0.3])


def answer(model, points):
    return model.predict(points[None], verbose=0)[0]


def test_the_critical_points_alone_are_answered_alike_and_none_can_be_spared(model):
    rows = critical_points(model, cloud())
    assert 1 < len(rows) < 300 and (np.diff(rows) > 0).all()
    np.testing.assert_allclose(answer(model, cloud()[rows]), answer(model, cloud()), atol=1e-5)
    without = np.delete(cloud(), rows, axis=0)
    assert np.abs(answer(model, without) - answer(model, cloud())).max() > 1e-3


def test_points_within_the_upper_bound_change_nothing_and_others_do(model):
    bound = upper_bound_shape(model, cloud(), resolution=16)
    assert 0 < len(bound) < 16**3
    more = np.concatenate([cloud(), bound])
    np.testing.assert_allclose(answer(model, more), answer(model, cloud()), atol=5e-3)
    axis = np.linspace(-1, 1, 16, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    grid = grid[np.linalg.norm(grid, axis=-1) <= 1]
    inside = (grid[:, None] == bound).all(axis=-1).any(axis=1)
    assert np.abs(answer(model, np.concatenate([cloud(), grid[~inside]])) - answer(model, cloud())).max() > 0.05


def test_other_models_are_refused(model):
    for other in (PointNet(3, width=0.1), FCN(3, 2, width=2)):
        with pytest.raises(InputError, match="transforms"):
            critical_points(other, cloud())
    with pytest.raises(InputError, match="unit sphere"):
        upper_bound_shape(model, 3 * cloud())
