"""Recipes with names."""

from __future__ import annotations

from pcfilter_lib.synthesis.recipe import Recipe

#: Recipes for :meth:`Recipe.preset`: ``"bench"``.
PRESETS = {"bench": Recipe()}
