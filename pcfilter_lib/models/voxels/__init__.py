"""Networks of cubes: convolution in three dimensions."""
