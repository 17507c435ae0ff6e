"""Layers on meshes and graphs, with tables that say who is whose neighbour, or in a basis of eigenfunctions."""
