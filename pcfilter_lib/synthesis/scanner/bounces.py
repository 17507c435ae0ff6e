"""Light that arrives by way of a second surface."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from pcfilter_lib.synthesis.scanner.geometry import ASPECT
from pcfilter_lib.synthesis.scanner.tracing import LIFT, Hits
from pcfilter_lib.synthesis.scanner.transport import BLURS, Stage, entries, even_rows

_GOLDEN = (np.sqrt(5) - 1) / 2
# A gathered value serves a pixel whose normal differs by less than this, as a cosine.
_SAME_NORMAL = 0.9
_CHUNK = 1 << 18  # rays at once
_SPLIT = 6


def gather(stage: Stage, hits: Hits, rays: int) -> sparse.csr_matrix:
    """Return the diffuse light that reaches surfaces from all around, for each projector column.

    With directions drawn in proportion to the cosine, irradiance is the mean of the radiance that they see (Pharr,
    Jakob and Humphreys, *Physically based rendering*, 4th ed., 2023, section 13.2). The directions are the same for all
    points, turned with the normal: neighbours see nearly the same, and there is no grain between them.

    Parameters
    ----------
    stage : Stage
        The scene and its light.
    hits : Hits
        n points on surfaces.
    rays : int
        Directions for each.

    Returns
    -------
    csr_matrix, shape (n, blurs * columns)
        Irradiance, in units of a white surface's radiance.
    """
    turn = np.arange(rays)
    radius = np.sqrt((turn + 0.5) / rays)
    angle = 2 * np.pi * _GOLDEN * turn
    local = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1 - radius**2)], 1).astype(np.float32)
    directions = np.einsum("kj,njc->nkc", local, _frames(hits.normal))
    origins = np.repeat(hits.point + hits.flat * LIFT, rays, axis=0)
    seen = stage.tracer.cast(origins, directions.reshape(-1, 3))
    light = stage.light(seen)
    weight = light.irradiance * stage.tracer.reflectance(seen) / rays
    # A direction below the triangle itself, possible where the normal is interpolated, sees no light.
    weight[np.einsum("nkc,nc->nk", directions, hits.flat).ravel() <= 0] = 0
    place, value = entries(light, weight, stage.projector.columns)
    return even_rows(place.reshape(len(hits.point), -1), value.reshape(len(hits.point), -1), stage.projector.columns)


def diffuse_light(stage: Stage, centres: Hits, step: int, rays: int) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Return diffusely reflected light for every pixel as a product of two matrices.

    Such light changes slowly along a surface, so it is gathered at some pixels and interpolated between them, but not
    across edges (Ward, Rubinstein and Clear, *A ray tracing solution for diffuse interreflection*, SIGGRAPH 1988).

    Parameters
    ----------
    stage : Stage
        The scene and its light.
    centres : Hits
        What the centre of each pixel sees.
    step : int
        It is gathered at every step-th pixel of every step-th row, and at those pixels that none of these serves.
    rays : int
        Directions for each gathering.

    Returns
    -------
    weights : csr_matrix, shape (H * W, nodes)
        Which gathered values a pixel uses, times its albedo.
    gathered : csr_matrix, shape (nodes, blurs * columns)
    """
    height, width = stage.camera.shape
    rows = np.unique(np.append(np.arange(0, height, step), height - 1))
    columns = np.unique(np.append(np.arange(0, width, step), width - 1))
    grid = (rows[:, None] * width + columns).ravel()
    pixel = np.flatnonzero(centres.found)
    row, column = np.divmod(pixel, width)
    top = np.minimum(np.searchsorted(rows, row, side="right") - 1, max(len(rows) - 2, 0))
    left = np.minimum(np.searchsorted(columns, column, side="right") - 1, max(len(columns) - 2, 0))
    node = np.empty((len(pixel), 4), np.int32)
    weight = np.empty((len(pixel), 4), np.float32)
    down = (row - rows[top]) / np.maximum(rows[np.minimum(top + 1, len(rows) - 1)] - rows[top], 1)
    across = (column - columns[left]) / np.maximum(columns[np.minimum(left + 1, len(columns) - 1)] - columns[left], 1)
    point, normal = centres.point[pixel], centres.normal[pixel]
    limit = 2 * step * point[:, 2] / stage.camera.focal  # a plane that passes by farther off is another surface
    for corner in range(4):
        below, beside = divmod(corner, 2)
        r, c = np.minimum(top + below, len(rows) - 1), np.minimum(left + beside, len(columns) - 1)
        node[:, corner] = r * len(columns) + c
        at = grid[node[:, corner]]
        share = np.abs(1 - below - down) * np.abs(1 - beside - across) + 1e-4
        apart = np.abs(np.einsum("nc,nc->n", centres.point[at] - point, normal))
        same = centres.found[at] & (apart < limit)
        same &= np.einsum("nc,nc->n", centres.normal[at], normal) > _SAME_NORMAL
        weight[:, corner] = share * same
    total = weight.sum(axis=1)
    alone = np.flatnonzero(total == 0)
    weight[alone, 0] = total[alone] = 1
    node[alone, 0] = len(grid) + np.arange(len(alone))
    weight *= (stage.tracer.reflectance(centres[pixel]) / total)[:, None]
    pointer = np.zeros(height * width + 1, np.int32)
    pointer[pixel + 1] = 4
    weights = sparse.csr_matrix(
        (weight.ravel(), node.ravel(), np.cumsum(pointer, dtype=np.int32)),
        shape=(height * width, len(grid) + len(alone)),
    )
    nodes = np.concatenate([grid, pixel[alone]])
    block = max(1, _CHUNK // rays)
    parts = [gather(stage, centres[nodes[start : start + block]], rays) for start in range(0, len(nodes), block)]
    return weights, sparse.vstack(parts, format="csr")


def reflected_light(stage: Stage, hits: Hits, directions: np.ndarray, count: int) -> sparse.csr_matrix:
    """Return the light that glossy surfaces show the camera: projector, a surface, the glossy one, camera.

    Parameters
    ----------
    stage : Stage
        The scene and its light.
    hits : Hits
        What the rays of some pixels' footprints meet, n * count of them.
    directions : ndarray of float32, shape (n * count, 3)
        Of these rays.
    count : int
        Rays of a footprint.

    Returns
    -------
    csr_matrix, shape (n, blurs * columns)
    """
    material = stage.tracer.material[np.where(hits.found, hits.face, 0)]
    glossy = np.flatnonzero(hits.found & (stage.tracer.specular[material] > 0))
    mirrored, weight = _mirror(stage, hits[glossy], directions[glossy], glossy % count, count)
    seen = stage.tracer.cast(hits.point[glossy] + hits.flat[glossy] * LIFT, mirrored)
    light = stage.light(seen)
    weight = weight * light.irradiance * stage.tracer.reflectance(seen) / count
    place, value = entries(light, weight, stage.projector.columns)
    shape = (len(hits.face) // count, stage.projector.columns * len(BLURS))
    each = 2 * np.bincount(glossy // count, minlength=shape[0])
    pointer = np.concatenate([[0], np.cumsum(each)]).astype(np.int32)
    return sparse.csr_matrix((value.ravel(), place.ravel(), pointer), shape=shape)


def photons(stage: Stage, density: float) -> Iterator[tuple[Hits, np.ndarray, np.ndarray]]:
    """Trace photons from the projector by way of a glossy surface to the next one.

    They leave on a regular grid over the projector's image, so that none of them carries chance brightness (photon
    maps: Jensen, *Global illumination using photon maps*, Eurographics Workshop on Rendering 1996).

    Parameters
    ----------
    stage : Stage
        The scene and its light.
    density : float
        Photons per pixel of the camera.

    Yields
    ------
    landed : Hits
        Where photons arrive after the reflection; some meet nothing.
    flux : ndarray of float32, shape (n,)
        What each carries: solid angle times reflectance; m^2 where a white surface at the reference distance has
        irradiance 1.
    column : ndarray of float32, shape (n,)
        Where it left the projector.
    """
    projector = stage.projector
    height, width = stage.camera.shape
    pitch = projector.columns * np.sqrt(ASPECT / (density * height * width))
    across, wide = _cells(projector.columns, pitch)
    along, high = _cells(ASPECT * projector.columns, pitch)
    band = max(1, _CHUNK // len(across))
    position = projector.position.astype(np.float32)
    for start in range(0, len(along), band):
        row, column = (grid.ravel() for grid in np.meshgrid(along[start : start + band], across, indexing="ij"))
        direction = np.stack([column, row, np.full(len(row), projector.focal)], 1)
        length = np.linalg.norm(direction, axis=1)
        # A cell of the image plane at distance focal, seen from the lens: area times cosine over distance squared.
        solid_angle = wide * high * projector.focal / length**3
        direction = ((direction / length[:, None]) @ projector.rotation).astype(np.float32)
        glossy, first = stage.tracer.cast_glossy(position, direction)
        # Each one splits: what is rough scatters widely, and few photons there would leave bright specks.
        glossy, first = np.repeat(glossy, _SPLIT), first[np.repeat(np.arange(len(glossy)), _SPLIT)]
        number = start * len(across) * _SPLIT + np.arange(len(glossy))
        mirrored, weight = _mirror(stage, first, direction[glossy], number, 0)
        landed = stage.tracer.cast(first.point + first.flat * LIFT, mirrored)
        flux = (solid_angle[glossy] * stage.reference**2 / _SPLIT).astype(np.float32) * weight
        yield landed, flux, (column[glossy] + (projector.columns - 1) / 2).astype(np.float32)


def ghost_light(stage: Stage, centres: Hits, density: float) -> sparse.csr_matrix:
    """Return the light that glossy surfaces throw on others: projector, the glossy surface, a surface, camera.

    Parameters
    ----------
    stage : Stage
        The scene and its light.
    centres : Hits
        What the centre of each pixel sees.
    density : float
        Photons per pixel of the camera.

    Returns
    -------
    csr_matrix, shape (H * W, blurs * columns)
    """
    height, width = stage.camera.shape
    (fx, _, cx), (_, fy, cy), _ = stage.camera.intrinsics
    pixels, places, values = [], [], []
    for landed, flux, column in photons(stage, density):
        with np.errstate(divide="ignore", invalid="ignore"):
            x = fx * landed.point[:, 0] / landed.point[:, 2] + cx
            y = fy * landed.point[:, 1] / landed.point[:, 2] + cy
            seen = landed.found & (landed.point[:, 2] > 0)
            seen &= (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
        some = np.flatnonzero(seen)
        some = some[stage.tracer.sees(landed[some], np.zeros(3))]
        if not len(some):
            continue
        landed, flux, column, x, y = landed[some], flux[some], column[some], x[some], y[some]
        # The surface that one pixel covers: (z / f)^2 and a slope.
        area = landed.point[:, 2] ** 3 / (fx * fy * np.abs(np.einsum("nc,nc->n", landed.flat, landed.point)))
        power = stage.tracer.reflectance(landed) * flux / area
        near_x, near_y = np.rint(x).astype(np.int32), np.rint(y).astype(np.int32)
        reach = 4 * landed.point[:, 2] / fx
        share, at = np.zeros((9, len(some)), np.float32), np.zeros((9, len(some)), np.int32)
        for k, (dy, dx) in enumerate(np.ndindex(3, 3)):
            px, py = near_x + dx - 1, near_y + dy - 1
            inside = (px >= 0) & (px < width) & (py >= 0) & (py < height)
            at[k] = np.where(inside, py * width + px, 0)
            apart = centres.point[at[k]] - landed.point
            same = inside & centres.found[at[k]]
            same &= np.abs(np.einsum("nc,nc->n", apart, landed.flat)) < reach
            share[k] = np.maximum(1.5 - np.abs(px - x), 0) * np.maximum(1.5 - np.abs(py - y), 0) * same
        total = share.sum(axis=0)
        share *= np.divide(power, total, out=np.zeros_like(power), where=total > 0)
        kernel, photon = np.nonzero(share)
        place = np.clip(np.rint(column[photon]), 0, stage.projector.columns - 1).astype(np.int32)
        level = np.searchsorted((BLURS[1:] + BLURS[:-1]) / 2, max(stage.projector.blur, 0.5))
        pixels.append(at[kernel, photon])
        places.append(place + np.int32(level * stage.projector.columns))
        values.append(share[kernel, photon])
    shape = (height * width, stage.projector.columns * len(BLURS))
    if not pixels:
        return sparse.csr_matrix(shape, dtype=np.float32)
    triple = np.concatenate(values), (np.concatenate(pixels), np.concatenate(places))
    return sparse.coo_matrix(triple, shape=shape, dtype=np.float32).tocsr()


def _cells(extent: float, size: float) -> tuple[np.ndarray, float]:
    """Return the middles of equal cells that fill an interval around 0, and their size, about the one asked for."""
    count = max(1, int(np.ceil(extent / size)))
    return (np.arange(count) + 0.5 - count / 2) * (extent / count), extent / count


def _mirror(
    stage: Stage, hits: Hits, directions: np.ndarray, number: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return a direction in the glossy lobe around each mirror direction, and the share of light that goes there.

    With `count` the lobe is covered by so many directions, of which each takes its `number` (a single one its middle);
    with 0 the numbers go on without end, by the R2 sequence (Roberts, *The unreasonable effectiveness of quasirandom
    sequences*, 2018).
    """
    material = stage.tracer.material[hits.face]
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    mirror = unit - 2 * np.einsum("nc,nc->n", unit, hits.normal)[:, None] * hits.normal
    first = (number + (count != 1) * 0.5) / count if count else (0.5 + number * 0.7548776662466927) % 1
    second = (number * (_GOLDEN if count else 0.5698402909980532)) % 1
    # With the density (n + 1) / (2 pi) cos^n each direction carries the same share of the lobe.
    cosine = (1 - first) ** (1 / (stage.tracer.shininess[material] + 1))
    sine = np.sqrt(np.maximum(1 - cosine**2, 0))
    local = np.stack([sine * np.cos(2 * np.pi * second), sine * np.sin(2 * np.pi * second), cosine], 1)
    chosen = np.einsum("nj,njc->nc", local.astype(np.float32), _frames(mirror))
    away = np.einsum("nc,nc->n", chosen, hits.flat) > 0  # the part of the lobe below the surface is lost
    return chosen, stage.tracer.specular[material] * away


def _frames(axis: np.ndarray) -> np.ndarray:
    """Return right-handed frames with the given third axes, shape (n, 3, 3), rows x, y, z.

    Duff et al., *Building an orthonormal basis, revisited*, Journal of Computer Graphics Techniques 6, 2017.
    """
    x, y, z = axis.T
    sign = np.copysign(np.float32(1), z)
    a = -1 / (sign + z)
    b = x * y * a
    frames = np.empty((len(axis), 3, 3), np.float32)
    frames[:, 0, 0], frames[:, 0, 1], frames[:, 0, 2] = 1 + sign * x * x * a, sign * b, -sign * x
    frames[:, 1, 0], frames[:, 1, 1], frames[:, 1, 2] = b, sign + y * y * a, -y
    frames[:, 2] = axis
    return frames
