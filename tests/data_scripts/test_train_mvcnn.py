"""The script that trains MVCNN, from end to end and as small as possible."""

import json

import numpy as np
import pytest

from pcfilter_lib import models
from pcfilter_lib.layers import ViewPooling

SMALL = {"POINTS": 64, "BATCH": 4, "MADE": {"train": 1, "test": 1}, "VERSIONS": 2, "SIZE": 16, "VIEWS": 2}


def test_it_learns_parametric_shapes_and_ships(load_script, tmp_path, capsys):
    script = load_script("train_mvcnn", **SMALL, TESTED_VIEWS=(1, 3))
    script.run("furniture", "--channels", "silhouette", "--epochs", 1, "--ship")
    network = models.load(tmp_path / "weights" / "mvcnn-furniture.keras", compile=False)
    card = json.loads((tmp_path / "weights" / "mvcnn-furniture.json").read_text())
    assert network.input_shape == (None, None, 16, 16, 1) and network.output_shape == (None, 10)
    assert card["scores"]["runs"][0]["shapes"] == 10 and "licence" not in card
    assert set(card["scores"]["runs"][0]["accuracy by views"]) == {"1", "3"}
    with pytest.raises(SystemExit):
        script.run("modelnet10")
    assert "fetch_modelnet10.py" in capsys.readouterr().err


def test_a_mirrored_shape_has_mirrored_pictures(load_script):
    script = load_script("train_mvcnn")
    cloud = np.random.default_rng(0).normal(size=(1, 50, 3)).astype(np.float32) * 0.3
    drawn, mirrored = (script.pictures(cloud * (1, side, 1), ("depth",), 6, "test")[0] for side in (1, -1))
    # Cameras at equal angles: the view from an angle of the one is the flipped view from minus that angle of the other.
    difference = np.abs(drawn[[0, 5, 4, 3, 2, 1]].astype(int) - mirrored[:, :, ::-1])
    assert (difference > 2).mean() < 1e-3 and (drawn > 0).mean() > 0.05
    pooled = [ViewPooling()(each[None].astype("float32")).numpy() for each in (drawn, mirrored[:, :, ::-1])]
    assert np.abs(pooled[0] - pooled[1]).mean() < 0.1
