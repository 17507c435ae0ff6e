import pytest

from pcfilter_lib import scale
from pcfilter_lib.errors import InputError


@pytest.mark.parametrize("name", scale.SCALES)
def test_the_environment_chooses(monkeypatch, name):
    monkeypatch.setenv("PCFILTER_SCALE", name)
    assert scale.choose(ci="ci", laptop="laptop", gpu="gpu") == name
    assert name in scale.banner()


def test_ci_is_the_default(monkeypatch):
    monkeypatch.delenv("PCFILTER_SCALE", raising=False)
    assert scale.current() == "ci"


def test_a_typing_error_is_not_taken_for_the_default(monkeypatch):
    monkeypatch.setenv("PCFILTER_SCALE", "labtop")
    with pytest.raises(InputError, match="'labtop'.*ci, laptop, gpu"):
        scale.current()
