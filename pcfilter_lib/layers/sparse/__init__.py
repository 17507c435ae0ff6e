"""Layers on volumes of which only some cells are kept, with tables that say who is whose neighbour."""
