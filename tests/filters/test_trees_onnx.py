import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from pcfilter_lib.filters._onnx import OnnxNetwork
from pcfilter_lib.filters._trees_onnx import trees_to_onnx

pytest.importorskip("onnx")


@pytest.mark.parametrize("rounds", [1, 30])
def test_onnx_runtime_gives_what_scikit_learn_gives(tmp_path, rounds):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(4_000, 5)).astype(np.float32)
    features[:, 4] = np.round(features[:, 4] * 2)  # many values lie on a threshold
    features[generator.random(features.shape) < 0.02] = np.nan
    label = np.nan_to_num(features[:, 0] * features[:, 1] + features[:, 4]) > 0
    trees = HistGradientBoostingClassifier(max_iter=rounds, early_stopping=False, random_state=0).fit(features, label)
    path = tmp_path / "trees.onnx"
    path.write_bytes(trees_to_onnx(trees, 5))
    got = OnnxNetwork(path)(features)[:, 0]
    np.testing.assert_allclose(got, trees.decision_function(features), atol=1e-4)
