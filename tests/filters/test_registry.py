import pytest

from pcfilter_lib import filters
from pcfilter_lib.errors import InputError


def test_every_filter_has_a_name_and_comes_with_its_own_settings():
    assert len(filters.FILTERS) == 8
    for name, kind in filters.FILTERS.items():
        assert filters.load_filter(name) == kind() and name == kind.name.replace(" ", "-")


def test_an_unknown_name_is_told_with_those_that_are_known():
    with pytest.raises(InputError, match="view-angle"):
        filters.load_filter("magic")
