import copy
import json

import nbformat
import notebooks
import pytest
from cells import chapter, code, markdown, notebook


def saved_by_jupyter():
    """A notebook as somebody commits it without thinking: machine ids, outputs, counts, and traces of the machine."""
    made = notebook(
        markdown("# Mesh *normals*\n\ntext", "5f3a9c1e"),
        code("import numpy as np\n", "1b671a64-40d5-491e-99b0-da01ff1f3341", printed="hello\n"),
        code("print(1)", "1b671a64-40d5-491e-99b0-da01ff1f3341", ["nbval-check-output", "b", "b"], printed="1\n"),
        code("", "not valid!"),
        markdown("kept", "my-own-id"),
        markdown("pasted", "my-own-id"),
    )
    made["metadata"] |= {
        "kernelspec": {"name": "my-laptop", "display_name": "conda (/home/me)", "language": "python"},
        "language_info": {"name": "python", "version": "3.13.1"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
    }
    made["cells"][1]["metadata"] = {"execution": {"iopub.status.busy": "2026-01-01"}, "trusted": True, "scrolled": True}
    made["cells"][2]["execution_count"] = 37
    made["cells"][2]["outputs"] += [
        {"output_type": "stream", "name": "stderr", "text": "/home/me/warning"},
        {"output_type": "stream", "name": "stdout", "text": "2\n"},
        {
            "output_type": "execute_result",
            "execution_count": 37,
            "metadata": {"isolated": True},
            "data": {"text/plain": "3", "image/png": "aGVsbG8="},
        },
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["/home/me"]},
    ]
    return made


def test_canonical_form():
    text = notebooks.canonical_text(saved_by_jupyter())
    made = json.loads(text)
    assert [cell["id"] for cell in made["cells"]] == [
        "mesh-normals",
        "import-numpy-as-np",
        "print-1",
        "cell",
        "my-own-id",
        "pasted",
    ]
    assert made["metadata"] == notebooks.NOTEBOOK_METADATA | {"pcfilter": {"kind": "page", "budget_seconds": 10}}
    assert made["cells"][1]["metadata"] == {}
    assert (made["cells"][1]["outputs"], made["cells"][1]["execution_count"]) == ([], None)
    compared = made["cells"][2]
    assert compared["metadata"] == {"tags": ["b", "nbval-check-output"]}
    assert compared["execution_count"] == 1
    assert [output["output_type"] for output in compared["outputs"]] == ["stream", "execute_result"]
    assert compared["outputs"][0]["text"] == ["1\n", "2\n"]
    assert compared["outputs"][1]["data"] == {"text/plain": ["3"]}
    assert compared["outputs"][1]["execution_count"] == 1
    assert "home" not in text
    assert text.endswith("}\n") and not text.endswith("\n\n")
    assert text.splitlines()[1].startswith(' "')  # indented by one
    nbformat.validate(nbformat.reads(text, as_version=4))


def test_canonical_again_changes_nothing(tmp_path):
    path = tmp_path / "a.ipynb"
    assert notebooks.write(path, saved_by_jupyter())
    assert not notebooks.write(path, notebooks.read(path))
    assert notebooks.main(["check", str(path)]) == 0


def test_input_is_left_alone():
    made = saved_by_jupyter()
    before = copy.deepcopy(made)
    notebooks.canonical_text(made)
    assert made == before


def test_jupyter_saves_the_same_bytes(tmp_path):
    """What JupyterLab's server writes (`nbformat.write`) is the canonical form, so that saving alone makes no diff."""
    path = tmp_path / "a.ipynb"
    notebooks.write(path, chapter())
    before = path.read_bytes()
    nbformat.write(nbformat.read(path, as_version=4), path)
    assert path.read_bytes() == before


def test_ids_stay_when_the_content_changes():
    made = notebooks.canonical(notebook(markdown("# One", "deadbee7"), markdown("# Two", "two")))
    made["cells"][0]["source"] = "# Changed"
    assert [cell["id"] for cell in notebooks.canonical(made)["cells"]] == ["one", "two"]


def test_equal_cells_get_different_ids():
    made = notebooks.canonical(notebook(*[code("x = 1", "0a1b2c3d")] * 3, code("y", "x-2")))
    assert [cell["id"] for cell in made["cells"]] == ["x", "x-3", "x-4", "x-2"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (markdown("some text\n\n## The *valid* case, and 3 more"), "the-valid-case-and-3-more"),
        (code("# comment\ndef my_conv(image):\n    pass"), "my-conv"),
        (code("check_convolve(my_conv)"), "check-convolve-my-conv"),
        (code("very_long_name_of_a_function_that_never_ends_at_all(1)"), "very-long-name-of-a-function-that-never"),
        (markdown("x" * 70), "x" * 40),
        (markdown("äöü ∂∂"), "cell"),
    ],
)
def test_slugs(cell, expected):
    assert notebooks.slug(cell) == expected


def test_check_names_what_is_not_canonical(tmp_path, capsys):
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(saved_by_jupyter()))
    assert notebooks.main(["check", str(path)]) == 1
    assert "a.ipynb: not in the canonical form. Remedy: make format" in capsys.readouterr().out
    assert notebooks.main(["canonicalise", str(path)]) == 0
    assert notebooks.main(["check", str(path)]) == 0


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"nbformat": 3}', '{"nbformat": 4}', '{"nbformat": 4, "metadata": {}, "cells": [{}]}'],
)
def test_a_file_that_is_no_notebook(tmp_path, capsys, content):
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    assert notebooks.main(["canonicalise", str(path)]) == 1
    assert "a.ipynb: n" in capsys.readouterr().err
    assert path.read_text() == content


def test_run_stores_only_compared_outputs(tmp_path):
    path = tmp_path / "a.ipynb"
    notebooks.write(
        path,
        notebook(
            code("import os; print('scale', os.environ['PCFILTER_SCALE'])", "compared", ["nbval-check-output"]),
            code("print('not stored')", "other"),
            code("open('beside.txt', 'w').close()", "folder"),
        ),
    )
    assert notebooks.main(["run", str(path)]) == 0
    compared, other, _ = notebooks.read(path)["cells"]
    assert compared["outputs"] == [{"output_type": "stream", "name": "stdout", "text": "scale ci\n"}]
    assert compared["execution_count"] == 1
    assert other["outputs"] == []
    assert (tmp_path / "beside.txt").exists()
    assert notebooks.main(["check", str(path)]) == 0


def test_run_finds_what_the_book_would_stop_at(tmp_path, capsys):
    path = tmp_path / "a.ipynb"
    notebooks.write(path, notebook(code("import warnings; warnings.warn('look out')", "noisy")))
    before = path.read_bytes()
    assert notebooks.main(["run", str(path)]) == 1
    assert "cell noisy writes to the error stream" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_run_fails_with_the_notebook_and_keeps_it(tmp_path, capsys):
    path = tmp_path / "a.ipynb"
    notebooks.write(path, notebook(code("1 / 0")))
    before = path.read_bytes()
    assert notebooks.main(["run", str(path)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_text_form_and_back(tmp_path):
    """The text form holds a whole chapter; outputs stay with the cells that did not change."""
    path = tmp_path / "a.ipynb"
    notebooks.write(path, chapter())
    before = path.read_bytes()
    assert notebooks.main(["to-text", str(path)]) == 0
    text = path.with_suffix(".py").read_text()
    assert "# %% id=solution-1 tags=hide-cell,solution hidden\ndef solution_double_1(x):" in text
    assert "# %% [markdown] id=title\n# # Doubling\n#\n# What it is.\n" in text
    assert notebooks.main(["from-text", str(path.with_suffix(".py"))]) == 0
    assert path.read_bytes() == before

    path.with_suffix(".py").write_text(text.replace("check_double(my_double_1)", "check_double(my_double_2)"))
    assert notebooks.main(["from-text", str(path.with_suffix(".py"))]) == 0
    cells = {cell["id"]: cell for cell in notebooks.read(path)["cells"]}
    assert cells["check-1"]["outputs"] == []
    assert cells["check-2"]["outputs"] != []


def test_text_without_ids_or_a_notebook(tmp_path):
    text = tmp_path / "new.py"
    text.write_text("# %% [markdown]\n# # A title\n\n# %%\nx = 1\n")
    assert notebooks.main(["from-text", str(text)]) == 0
    assert [cell["id"] for cell in notebooks.read(tmp_path / "new.ipynb")["cells"]] == ["a-title", "x"]
    text.write_text("x = 1\n# %%\n")
    assert notebooks.main(["from-text", str(text)]) == 1


def test_a_folder_means_the_notebooks_in_it(tmp_path):
    places = [tmp_path / place for place in ("a.ipynb", "part/b.ipynb", "_build/c.ipynb", ".ipynb_checkpoints/d.ipynb")]
    for place in places:
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(saved_by_jupyter()))
    assert notebooks.main(["canonicalise", str(tmp_path)]) == 0
    assert [notebooks.main(["check", str(place)]) for place in places] == [0, 0, 1, 1]


def test_a_command_for_one_file_asks_for_it():
    with pytest.raises(SystemExit):
        notebooks.main(["to-text"])
