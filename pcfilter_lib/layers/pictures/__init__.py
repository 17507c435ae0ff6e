"""Layers from pictures to volumes."""
