import pickle

import pytest

from pcfilter_lib.errors import InputError, MissingExtraError, require


def test_the_message_names_file_place_problem_and_remedy():
    error = InputError("chair.off", "line 2", "the header promises no vertices", "export the mesh again")
    assert str(error) == "chair.off, line 2: the header promises no vertices. Remedy: export the mesh again."
    assert isinstance(error, ValueError)


def test_without_a_place_the_message_reads_on():
    assert str(InputError("a.off", "", "there is no such file", "check the path")).startswith("a.off: there is no")


def test_an_error_survives_the_way_out_of_a_worker_process():
    error = pickle.loads(pickle.dumps(InputError("a", "b", "c", "d")))
    assert (error.source, error.place, error.problem, error.remedy) == ("a", "b", "c", "d")


def test_keras_can_make_it_anew_from_a_finished_text():
    error = InputError("Exception encountered when calling DropBlock2D.call().")
    assert str(error) == error.source == "Exception encountered when calling DropBlock2D.call()."
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_missing_extra_is_named():
    with pytest.raises(MissingExtraError, match=r"pip install 'pcfilter_lib\[open3d\]'"):
        require("no_such_module_anywhere", "open3d")


def test_a_broken_dependency_shows_its_own_error(tmp_path, monkeypatch):
    (tmp_path / "broken_dependency.py").write_text("import no_such_module_anywhere\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError) as caught:
        require("broken_dependency", "open3d")
    assert not isinstance(caught.value, MissingExtraError)
