"""Cells and notebooks for the tests of the tools."""


def markdown(source, cell_id="text"):
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source}


def code(source, cell_id="code", tags=(), printed="", hidden=False):
    metadata = ({"tags": list(tags)} if tags else {}) | ({"jupyter": {"source_hidden": True}} if hidden else {})
    outputs = [{"output_type": "stream", "name": "stdout", "text": printed}] if printed else []
    return {
        "cell_type": "code",
        "id": cell_id,
        "metadata": metadata,
        "source": source,
        "outputs": outputs,
        "execution_count": 1 if outputs else None,
    }


def notebook(*cells, kind="page", budget_seconds=10):
    metadata = {"pcfilter": {"kind": kind, "budget_seconds": budget_seconds}}
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def chapter(replace=None, drop=()):
    """A tiny chapter that keeps the contract, with cells replaced or dropped by their id."""
    cells = [
        markdown("# Doubling\n\nWhat it is.", "title"),
        code("from pcfilter_lib import plots\nplots.image([[1]])", "opening", ["figure", "hide-input"]),
        markdown("## What you will learn\n\nDoubling.", "learn"),
        markdown("## What you need\n\nNothing.", "need"),
        markdown("## How long it takes\n\nA minute.", "time"),
        code(
            "from pcfilter_lib import scale\nfrom pcfilter_lib.exercises.doubling import check_double\n\n"
            "print(scale.banner())",
            "imports",
            ["imports"],
        ),
        markdown("## Theory\n\n```python\n# not a heading\n```", "theory"),
        code("assert 2 * 3 == 3 + 3", "agree", ["check"]),
        markdown("## Exercises", "exercises"),
    ]
    for n in (1, 2, 3):
        cells += [
            markdown(
                f"### Exercise {n}: double\n\n<details><summary>Hint</summary>\n\nTwice.\n\n</details>", f"exercise-{n}"
            ),
            code(f"def my_double_{n}(x):\n    ...", f"start-{n}", ["exercise"]),
            code(f"check_double(my_double_{n})", f"check-{n}", ["nbval-check-output"], "Not solved yet: empty.\n"),
            code(
                f"def solution_double_{n}(x):\n    return 2 * x", f"solution-{n}", ["hide-cell", "solution"], "", True
            ),
            code(
                f"check_double(solution_double_{n})",
                f"solved-{n}",
                ["nbval-check-output", "solution-check"],
                "Solved: it is double.\n",
            ),
        ]
    cells += [
        markdown("## What to remember\n\nTwice.", "remember"),
        markdown("## Further reading\n\n{cite:t}`euclid` doubles.", "reading"),
    ]
    cells = [(replace or {}).get(cell["id"], cell) for cell in cells if cell["id"] not in drop]
    return notebook(*cells, kind="chapter")
