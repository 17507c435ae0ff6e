"""Space cut into cubes: grids of voxels, and what is stored in them."""
