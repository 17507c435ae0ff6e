"""A chapter that keeps the contract passes; each way of breaking it is named, and it alone."""

import pytest
from cells import chapter, code, markdown, notebook
from chapter_contract import problems


def test_a_good_chapter_has_no_problems():
    assert problems(chapter(), "doubling") == []


def test_checks_may_be_reached_through_their_module():
    made = chapter()
    for cell in made["cells"]:
        cell["source"] = (
            cell["source"]
            .replace("check_double(", "exercise.check_double(")
            .replace(
                "from pcfilter_lib.exercises.doubling import check_double",
                "from pcfilter_lib.exercises import doubling as exercise",
            )
        )
    assert problems(made, "doubling") == []
    assert len(problems(made, "tripling")) == 3  # one for each exercise


def test_a_page_is_free_in_its_form():
    assert problems(notebook(code("print(1)")), "page") == []


COMPARED = "nbval-check-output"
SOLUTION = ["solution", "hide-cell"]
BROKEN = [
    ("title", markdown("Doubling"), "the first cell is not a title"),
    ("theory", markdown("## Theory\n\n# Another title"), "not exactly one title"),
    ("opening", code("1", "opening", ["hide-input"]), "no cell tagged figure and hide-input"),
    ("learn", markdown("## Aims"), "the first sections are not"),
    ("need", None, "the first sections are not"),
    ("imports", code("import numpy\nprint(scale.banner())", "imports"), "must be tagged imports"),
    ("imports", code("from pcfilter_lib.exercises.doubling import check_double", "i", ["imports"]), "scale.banner()"),
    ("theory", None, "no section of theory"),
    ("theory", code("import matplotlib.pyplot as plt", "theory"), "imports matplotlib; figures come from"),
    ("theory", code("from plotly import graph_objects", "theory"), "imports plotly; figures come from"),
    ("theory", code("%matplotlib inline", "theory"), "is not plain Python (line 1)"),
    ("theory", code("x = 1\n!ls", "theory"), "is not plain Python (line 2)"),
    ("theory", code("open('/data/scan.npz')", "theory"), "the absolute path '/data/scan.npz'"),
    ("theory", code("open('C:/scan.npz')", "theory"), "the absolute path 'C:/scan.npz'"),
    ("theory", code("open('~/scan.npz')", "theory"), "the absolute path '~/scan.npz'"),
    ("theory", markdown("## Theory\n\nSee /home/me/scan.npz"), "names a folder of one machine"),
    ("theory", code("fetch('https://example.org/scan')", "theory"), "an address on the network"),
    ("theory", markdown("## Theory\n\nIt is $1\n- p$ then."), "this line begins a list inside a paragraph"),
    ("theory", markdown("## Theory\n\n- divide by $1\n- p$\n- end"), "a $ is missing"),
    ("agree", code("assert True", "agree"), "no cell tagged check"),
    ("agree", code("print(True)", "agree", ["check"]), "no cell tagged check"),
    ("agree", code("print(1)", "agree", [COMPARED]), "has no stored output"),
    ("exercise-2", markdown("### Exercise 2: double\n\nNo help."), "exercise 2: there is no hint"),
    ("exercise-2", markdown("### Double\n\n<details><summary>Hint</summary>a</details>"), "is not 'Exercise 2: ...'"),
    ("exercise-3", None, "there are 2 exercises"),
    ("start-1", code("def my_double_1(x): ...", "start-1"), "cell start-1 lacks the tags exercise"),
    ("start-1", code("def double(x): ...", "start-1", ["exercise"]), "does not define the my_..."),
    ("check-1", None, "exercise 1: it has 3 code cells"),
    ("check-1", code("check_double(my_double_1)", "c", [COMPARED], "Not yet: 3"), "begin with 'Not solved yet: '"),
    ("check-1", code("check_it(my_double_1)", "c", [COMPARED], "Not solved yet: 3\n"), "cell c does not call a check_"),
    ("solution-1", code("def solution_double_1(x): ...", "s", ["solution"], "", True), "s lacks the tags hide-cell"),
    ("solution-1", code("def solution_double_1(x): ...", "s", SOLUTION), "is not folded in JupyterLab"),
    ("solution-1", code("def best(x): ...", "s", SOLUTION, "", True), "not define the solution_..."),
    (
        "solved-1",
        code("check_double(solution_double_1)", "s", [COMPARED], "Solved: 1"),
        "lacks the tags solution-check",
    ),
    (
        "solved-1",
        code("check_double(solution_double_1)", "s", [COMPARED, "solution-check"], "Not yet: 1"),
        "cell s does not begin with 'Solved: '",
    ),
    ("remember", None, "the last sections are not"),
    ("reading", markdown("## Further reading\n\nEuclid."), "cites nothing"),
    (
        "solution-2",
        code("def solution_double_2(x):\n    return my_double_1(x)", "s", SOLUTION, "", True),
        "uses my_double_1",
    ),
]


@pytest.mark.parametrize(("cell_id", "cell", "problem"), BROKEN)
def test_a_broken_chapter_is_caught(cell_id, cell, problem):
    made = chapter(drop={cell_id}) if cell is None else chapter(replace={cell_id: cell})
    assert any(problem in found for found in problems(made, "doubling")), problems(made, "doubling")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("print(my_double_1(2))", "uses my_double_1, the result of an exercise"),
        ("print(solution_double_1(2))", "uses solution_double_1, which the student edition leaves out"),
    ],
)
def test_later_cells_use_no_exercise(source, problem):
    made = chapter()
    made["cells"].append(code(source, "later"))
    assert [found for found in problems(made, "doubling") if problem in found]


@pytest.mark.parametrize(
    "facts", [{}, {"kind": "chapter", "budget_seconds": 61}, {"kind": "tale", "budget_seconds": 5}]
)
def test_metadata(facts):
    made = chapter()
    made["metadata"]["pcfilter"] = facts
    assert any("metadata.pcfilter" in found for found in problems(made, "doubling"))
