import numpy as np
import pytest

from pcfilter_lib import synthesis
from pcfilter_lib.synthesis.scanner.geometry import set_up
from pcfilter_lib.synthesis.scanner.rig import Rig

# A small scan of a table from straight above, with every imperfection and every bounce switched off.
IDEAL = synthesis.Recipe(
    width=96,
    height=72,
    field_of_view=36.0,
    distance=0.6,
    elevation=90.0,
    azimuth=270.0,  # the image's right is the world's x
    aim_error=0.0,
    camera_aperture=0.0,
    focus_error=0.0,
    baseline=0.15,
    projector_field_of_view=44.0,
    projector_aperture=0.0,
    projector_blur=0.0,
    calibration_error=0.0,
    ambient=0.0,
    diffuse_bounce=False,
    glossy_bounce=False,
    noise=False,
    footprint=1,
    exposure=0.9,
    full_well=10_000.0,
    read_noise=10.0,
    min_modulation=0.02,
    max_mismatch=0.4,
    tolerance=0.001,
).draw(0)


def box(size, centre=(0, 0, 0), kind="box"):
    """A closed box with its centre at a place."""
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [triangle for a, b, c, d in quads for triangle in ((a, b, c), (a, c, d))]
    return synthesis.Solid(corners * size + centre, faces, kind=kind)


def table(material=None, size=4.0):
    """A table whose top lies at z = 0."""
    material = material or synthesis.Material(0.5)
    return synthesis.Body(box((size, size, 0.02), (0, 0, -0.01), "table"), (material,), support=True)


def room(material, size=2.0):
    """A hollow box that is seen from inside: its faces are turned inwards."""
    solid = box((size, size, size), kind="room")
    return synthesis.Body(synthesis.Solid(solid.vertices, solid.faces[:, ::-1], kind="room"), (material,))


def rig(recipe, *bodies, prepare=True):
    """A scene with the scanner in it."""
    scene = synthesis.Scene(bodies)
    camera, projector, calibrated = set_up(recipe, 0, scene.target)
    made = Rig(recipe, scene, camera, projector)
    if prepare:
        made.prepare()
    return made


class Lab:
    IDEAL = IDEAL
    box, table, room, rig = staticmethod(box), staticmethod(table), staticmethod(room), staticmethod(rig)


@pytest.fixture(scope="session")
def lab():
    return Lab
