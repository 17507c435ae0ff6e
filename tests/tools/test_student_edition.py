import notebooks
import pytest
import student_edition
from cells import chapter, code, markdown, notebook
from nbclient import NotebookClient
from nbformat import read


def book_with(tmp_path, made):
    book = tmp_path / "book"
    (book / "part" / "data").mkdir(parents=True)
    (book / "_static").mkdir()
    (book / "_static" / "logo.svg").write_text("x")
    (book / "conftest.py").write_text("x")
    (book / "intro.md").write_text("welcome")
    (book / "part" / "data" / "cube.off").write_text("OFF")
    notebooks.write(book / "part" / "doubling.ipynb", made)
    return book


def runnable():
    """A chapter whose check is its own, and which reads a file beside it."""
    return chapter(
        replace={
            "opening": code("text = open('data/cube.off').read()", "opening", ["figure", "hide-input"]),
            "imports": code(
                "def check_double(f):\n    print(f(2) or 'Not solved yet: empty.')", "imports", ["imports"]
            ),
        }
    )


def test_no_solution_is_left_and_it_runs(tmp_path, capsys):
    book, out = book_with(tmp_path, runnable()), tmp_path / "out" / "students"
    assert student_edition.main(["--book", str(book), "--out", str(out)]) == 0
    assert "1 notebooks without solutions" in capsys.readouterr().out

    path = out / "part" / "doubling.ipynb"
    text = path.read_text()
    for trace in ("solution", "return 2 * x", "Solved"):
        assert trace not in text
    cells = {cell["id"]: cell for cell in notebooks.read(path)["cells"]}
    assert "<summary>Hint</summary>" in cells["exercise-1"]["source"]
    assert cells["start-1"]["source"] == "def my_double_1(x):\n    ..."
    assert cells["check-1"]["outputs"][0]["text"] == "Not solved yet: empty.\n"
    assert len(cells) == len(chapter()["cells"]) - 6
    assert notebooks.main(["check", str(path)]) == 0
    NotebookClient(read(path, as_version=4), resources={"metadata": {"path": path.parent}}).execute()

    files = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}
    assert files == {".student-edition", "part/doubling.ipynb", "part/data/cube.off"}


def test_an_earlier_edition_is_replaced_and_nothing_else(tmp_path, capsys):
    book, out = book_with(tmp_path, runnable()), tmp_path / "students"
    student_edition.write_edition(book, out)
    (out / "part" / "removed_since.ipynb").write_text("{}")
    student_edition.write_edition(book, out)
    assert not (out / "part" / "removed_since.ipynb").exists()

    precious = tmp_path / "thesis"
    precious.mkdir()
    (precious / "chapter1.tex").write_text("x")
    assert student_edition.main(["--book", str(book), "--out", str(precious)]) == 1
    assert "holds other files" in capsys.readouterr().err
    assert [file.name for file in precious.iterdir()] == ["chapter1.tex"]


@pytest.mark.parametrize(
    "cell",
    [
        code("print(solution_double_1(2))", "leak"),
        markdown("As `solution_double_1` shows, it is twice the number.", "leak"),
        code("print(1)", "leak", ["nbval-check-output"], printed="<function solution_double_1>\n"),
    ],
)
def test_a_leak_is_refused_and_nothing_is_written(tmp_path, capsys, cell):
    made = runnable()
    made["cells"].append(cell)
    book, out = book_with(tmp_path, made), tmp_path / "students"
    assert student_edition.main(["--book", str(book), "--out", str(out)]) == 1
    assert "cell leak: it names solution_double_1" in capsys.readouterr().err
    assert not out.exists()


def test_a_solution_under_a_free_name_is_refused(tmp_path):
    with pytest.raises(student_edition.SolutionLeft, match="no name starting with solution_"):
        student_edition.without_solutions(notebook(code("def best(x): ...", "a", ["solution"])), "it")
