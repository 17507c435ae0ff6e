import pytest

from pcfilter_lib import filters
from pcfilter_lib.errors import InputError


def test_every_filter_has_a_name_and_comes_with_its_own_settings():
    assert len(filters.FILTERS) == 9
    for name in filters.FILTERS:
        assert filters.load_filter(name).name.replace(" ", "-") == name


def test_the_learned_filter_is_what_one_gets_without_a_name():
    assert isinstance(filters.load_filter(), filters.LearnedFilter)
    assert next(iter(filters.FILTERS)) == "artefact-unet"


def test_an_unknown_name_is_told_with_those_that_are_known():
    with pytest.raises(InputError, match="view-angle"):
        filters.load_filter("magic")
