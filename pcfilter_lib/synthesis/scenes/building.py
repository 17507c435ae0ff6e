"""Scenes: parts on a table, in a bin, or one alone before a void."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.furniture.catalogue import FURNITURE, make_furniture
from pcfilter_lib.synthesis.recipe import Recipe
from pcfilter_lib.synthesis.scenes.board import CONTACTS, HEAT_SINK, PANEL, PLATE
from pcfilter_lib.synthesis.scenes.parts import folder_parts, make_part
from pcfilter_lib.synthesis.scenes.settling import CLEARANCE, HeightMap, random_rotation
from pcfilter_lib.synthesis.scenes.shapes import boxes
from pcfilter_lib.synthesis.scenes.solid import Body, Material, Scene, Solid

TABLE_SIDE = 3.0  # metres, or more where the area is large: the camera never sees its edge
_TABLE_THICKNESS = 0.02
_LARGEST = 0.9  # of the area: a part's largest extent

# What a piece is made of, by the kind of part; the last one counts for further pieces. All pieces of other kinds share
# one material.
_FINISHES = {"board": {PLATE: "laminate", PANEL: "metal", CONTACTS: "metal", HEAT_SINK: "metal", None: "plastic"}}
# How much more often than a whole part it is dark, glossy, textured.
_ODDS = {"part": (1, 1, 1), "laminate": (5, 1, 1), "metal": (0.5, 3, 0), "plastic": (3, 0.5, 0.5)}


def build_scene(recipe: Recipe, seed: int) -> Scene:
    """Return the scene that a recipe describes.

    Within one scene the parts differ: size, albedo, specular share and the grain and contrast of textures are each
    multiplied by a factor from 0.6 to 1.4, and the shininess by one from 0.5 to 2. A part is no larger than 0.9 of
    the area. The plate, metal and plastic of a board each draw their own materials, of which more are dark or glossy
    than of other parts.

    Parameters
    ----------
    recipe : Recipe
        A drawn recipe.
    seed : int
        The same recipe and seed give the same scene, to the bit.

    Returns
    -------
    Scene
        Supports first, then the parts. Aimed at the middle of the box around all parts.

    Raises
    ------
    InputError
        If the recipe still has ranges, or its `mesh_folder` holds no mesh that can be used.
    """
    if not recipe.drawn:
        raise InputError("build_scene", "recipe", "it has ranges", "pass recipe.draw(seed)")
    streams = np.random.SeedSequence([seed, 0x5CE7E]).spawn(4)
    choosing, shaping, placing, painting = map(np.random.default_rng, streams)
    kinds = [*recipe.kinds, *(folder_parts(recipe.mesh_folder) if recipe.mesh_folder else ())]
    supports, heights = _supports(recipe, painting)
    spread = recipe.area * placing.uniform(0.12, 0.4)  # some scenes are heaps, some spread out

    objects = []
    for _ in range(recipe.parts if heights else 1):
        kind = kinds[choosing.integers(len(kinds))]
        make = make_furniture if kind in FURNITURE else make_part
        solid = make(kind, shaping) if isinstance(kind, str) else kind
        size = recipe.part_size * shaping.uniform(0.6, 1.4)
        solid = solid.scaled(min(size, _LARGEST * recipe.area) if heights else size)
        if heights:
            pose = heights.put(solid, placing, spread)
        else:
            pose = np.eye(4)
            pose[:3, :3] = random_rotation(placing)
        objects.append(Body(solid, _materials(recipe, solid, painting), pose))
    corners = np.concatenate([body.in_place().vertices for body in objects])
    return Scene((*supports, *objects), (corners.min(axis=0) + corners.max(axis=0)) / 2)


def _supports(recipe: Recipe, generator: np.random.Generator) -> tuple[list[Body], HeightMap | None]:
    """Return table and bin, and the empty height map over them."""
    if recipe.support == "none":
        return [], None
    side = max(TABLE_SIDE, 10 * recipe.area)
    table = boxes([(0, (-side / 2, -side / 2, -_TABLE_THICKNESS), (side / 2, side / 2, 0))], "table")
    bodies = [Body(table, (_support_material(recipe, generator),), support=True)]
    if recipe.support == "table":
        return bodies, HeightMap(recipe.area, 0.0)
    solid = _bin(recipe.area, recipe.bin_height)
    pose = np.eye(4)
    pose[2, 3] = CLEARANCE
    bodies.append(Body(solid, (_support_material(recipe, generator),), pose, support=True))
    return bodies, HeightMap(recipe.area, solid.vertices[:, 2].max() - recipe.bin_height + CLEARANCE)


def _bin(side: float, height: float) -> Solid:
    """Return a floor, piece 0, and walls of some height over it around a square of that side, pieces 1 to 4."""
    wall = max(0.002, side / 80)
    inner, outer, top = side / 2, side / 2 + wall, wall + height
    return boxes(
        [
            (0, (-outer, -outer, 0), (outer, outer, wall)),
            (1, (-outer, -outer, wall), (outer, -inner, top)),
            (2, (-outer, inner, wall), (outer, outer, top)),
            (3, (-outer, -inner, wall), (-inner, inner, top)),
            (4, (inner, -inner, wall), (outer, inner, top)),
        ],
        "bin",
    )


def _support_material(recipe: Recipe, generator: np.random.Generator) -> Material:
    albedo = min(recipe.support_albedo, 1.0)
    return Material(albedo, **_texture(recipe, generator, 1))


def _materials(recipe: Recipe, solid: Solid, generator: np.random.Generator) -> tuple[Material, ...]:
    """Return one material for each piece."""
    finishes = _FINISHES.get(solid.kind)
    if finishes is None:
        return (_material(recipe, "part", generator),)
    pieces = range(int(solid.pieces.max()) + 1)
    made = {finish: _material(recipe, finish, generator) for finish in ("laminate", "metal")}  # one of each kind
    names = [finishes.get(piece, finishes[None]) for piece in pieces]
    return tuple(made[name] if name in made else _material(recipe, name, generator) for name in names)


def _material(recipe: Recipe, finish: str, generator: np.random.Generator) -> Material:
    # Every number is drawn, used or not, so that a share changes no other part of the scene.
    dark, glossy, textured = _ODDS[finish]
    is_dark, is_glossy = generator.random(2) < (dark * recipe.dark_share, glossy * recipe.glossy_share)
    for_albedo, for_specular = generator.uniform(0.6, 1.4, 2)
    for_shininess = 2.0 ** generator.uniform(-1, 1)
    texture = _texture(recipe, generator, textured)
    specular = min(float(recipe.specular * for_specular), 0.95) if is_glossy else 0.0
    albedo = min(float((recipe.dark_albedo if is_dark else recipe.albedo) * for_albedo), 0.95, 1 - specular)
    return Material(albedo, specular, max(recipe.shininess * for_shininess, 1.0), **texture)


def _texture(recipe: Recipe, generator: np.random.Generator, odds: float) -> dict:
    is_textured = generator.random() < odds * recipe.texture_share
    texture = "waves" if generator.random() < 0.5 else "print"
    contrast, grain = (generator.uniform(0.6, 1.4, 2) * (recipe.texture_contrast, recipe.texture_grain)).tolist()
    return {"texture": texture, "contrast": min(contrast, 1.0), "grain": grain} if is_textured else {}
