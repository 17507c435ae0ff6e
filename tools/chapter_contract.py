"""The contract of a chapter: what every notebook of the book keeps to, so that readers find their way in each.

:func:`problems` lists where a notebook falls short. ``tests/book`` asks it about each notebook of the book, and
CONTRIBUTING.md says the same in words.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from notebooks import COMPARED, tags

LONGEST_BUDGET = 60  # seconds, on two cores without a GPU
FEWEST_EXERCISES = 3
BEFORE_THEORY = ["What you will learn", "What you need", "How long it takes"]
AFTER_THEORY = ["Exercises", "What to remember", "Further reading"]
DRAWING_LIBRARIES = {"plotly", "matplotlib", "seaborn", "bokeh", "altair"}
PATH_OF_A_MACHINE = re.compile(r"^(/[A-Za-z]|~|[A-Za-z]:[\\/])")
LIST_ITEM = re.compile(r"^ {0,3}(?:[-+*]|1[.)]) ")
HOME_FOLDER = re.compile(r"(/home/|/Users/|/root/|/tmp/|[A-Z]:\\Users\\)")


def problems(notebook: dict, name: str) -> list[str]:
    """Return what breaks the contract in a notebook, as sentences that name the cell.

    Parameters
    ----------
    notebook : dict
        As `notebooks.read` returns it.
    name : str
        The name of its file without ``.ipynb``; the chapter's checks are in the module of this name.
    """
    found = list(_not_python(notebook))
    if found:
        return found  # the other rules read the code
    found = list(_on_every_page(notebook))
    if notebook["metadata"].get("pcfilter", {}).get("kind") == "chapter":
        found += [*_beginning(notebook), *_order(notebook), *_substance(notebook), *_exercises(notebook, name)]
    return found


def _not_python(notebook: dict) -> Iterator[str]:
    for cell in notebook["cells"]:
        try:
            ast.parse(cell["source"] if cell["cell_type"] == "code" else "")
        except SyntaxError as error:
            yield f"cell {cell['id']} is not plain Python (line {error.lineno}); magics and shell lines are not used"


def _on_every_page(notebook: dict) -> Iterator[str]:
    facts = notebook["metadata"].get("pcfilter", {})
    if facts.get("kind") not in ("chapter", "page"):
        yield 'metadata.pcfilter.kind is neither "chapter" nor "page"'
    budget = facts.get("budget_seconds")
    if not isinstance(budget, int | float) or not 0 < budget <= LONGEST_BUDGET:
        yield f"metadata.pcfilter.budget_seconds is {budget}; a number up to {LONGEST_BUDGET} is needed"
    for cell in notebook["cells"]:
        if HOME_FOLDER.search(cell["source"] + str(cell.get("outputs", ""))):
            yield f"cell {cell['id']} names a folder of one machine"
        if cell["cell_type"] != "code":
            yield from _accidents(cell)
            continue
        tree = ast.parse(cell["source"])
        for text in _texts(tree):
            if PATH_OF_A_MACHINE.match(text):
                yield f"cell {cell['id']} uses the absolute path {text!r}"
            if re.search(r"https?://", text):
                yield f"cell {cell['id']} names an address on the network: {text!r}"
        for module in _imported(tree) & DRAWING_LIBRARIES:
            yield f"cell {cell['id']} imports {module}; figures come from pcfilter_lib.plots"
        if COMPARED in tags(cell) and not cell.get("outputs"):
            yield f"cell {cell['id']} is tagged {COMPARED} and has no stored output: nothing would be compared"


def _accidents(cell: dict) -> Iterator[str]:
    """Find what Markdown reads otherwise than it was meant: a minus at the beginning of a line makes a list."""
    text = re.sub(r"(?ms)^(```|~~~).*?^\1|`[^`\n]*`", "", cell["source"])
    for block in re.split(r"\n\s*\n", text):
        first, *lines = block.strip("\n").split("\n")
        if not LIST_ITEM.match(first):
            for line in filter(LIST_ITEM.match, lines):
                yield f"cell {cell['id']}: this line begins a list inside a paragraph: {line[:40]!r}"
        for item in re.split(rf"\n(?={LIST_ITEM.pattern[1:]})", block):
            if item.replace("\\$", "").count("$") % 2:
                yield f"cell {cell['id']}: a $ is missing, or a line begins a list by accident: {item[:60]!r}"


def _beginning(notebook: dict) -> Iterator[str]:
    cells = notebook["cells"]
    if not (cells and cells[0]["cell_type"] == "markdown" and cells[0]["source"].startswith("# ")):
        yield "the first cell is not a title (# ...)"
    if sum(level == 1 for level, _, _ in _headings(cells)) != 1:
        yield "there is not exactly one title (# ...)"
    first_section = next((at for level, _, at in _headings(cells) if level == 2), len(cells))
    if not any({"figure", "hide-input"} <= set(tags(cell)) for cell in cells[:first_section]):
        yield "no cell tagged figure and hide-input opens the chapter before its first section"
    imports = [at for at, cell in enumerate(cells) if "imports" in tags(cell)]
    code_after = [at for at, cell in enumerate(cells) if at > first_section and cell["cell_type"] == "code"]
    if len(imports) != 1 or not code_after or imports[0] != code_after[0]:
        yield "the first code cell after the introduction, and no other, must be tagged imports"
    elif not _ends_with_banner(ast.parse(cells[imports[0]]["source"])):
        yield "the imports do not end with print(scale.banner())"


def _order(notebook: dict) -> Iterator[str]:
    sections = [text for level, text, _ in _headings(notebook["cells"]) if level == 2]
    if sections[: len(BEFORE_THEORY)] != BEFORE_THEORY:
        yield f"the first sections are not {', '.join(BEFORE_THEORY)}"
    if sections[-len(AFTER_THEORY) :] != AFTER_THEORY:
        yield f"the last sections are not {', '.join(AFTER_THEORY)}"
    if len(sections) <= len(BEFORE_THEORY) + len(AFTER_THEORY):
        yield "there is no section of theory between the introduction and the exercises"


def _substance(notebook: dict) -> Iterator[str]:
    checks = [cell for cell in notebook["cells"] if "check" in tags(cell)]
    if not any(_asserts(ast.parse(cell["source"])) for cell in checks):
        yield "no cell tagged check asserts that two ways agree"
    reading = [text for heading, text in _sections(notebook["cells"], 2) if heading == "Further reading"]
    if not any(re.search(r"\{cite(:\w+)?\}`", text) for text in reading):
        yield "Further reading cites nothing ({cite}`...`)"


def _exercises(notebook: dict, name: str) -> Iterator[str]:
    cells = notebook["cells"]
    sections = {text: at for level, text, at in _headings(cells) if level == 2}
    first, end = sections.get("Exercises", len(cells)), sections.get("What to remember", len(cells))
    starts = [(text, at) for level, text, at in _headings(cells) if level == 3 and first <= at < end]
    if len(starts) < FEWEST_EXERCISES:
        yield f"there are {len(starts)} exercises; a chapter has at least {FEWEST_EXERCISES}"
    imported = set().union(*(_imported_checks(cell, name) for cell in cells if cell["cell_type"] == "code"))
    for number, (heading, at) in enumerate(starts, start=1):
        stop = starts[number][1] if number < len(starts) else end
        if not re.match(rf"Exercise {number}: \S", heading):
            yield f"the heading {heading!r} is not 'Exercise {number}: ...'"
        for problem in _one_exercise(cells[at:stop], imported):
            yield f"exercise {number}: {problem}"
    yield from _later_use(cells)


def _one_exercise(cells: list[dict], imported: set[str]) -> Iterator[str]:
    """Check the cells of one exercise: statement and hint, then starter, check, solution, its check."""
    text = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    if not re.search(r"<details>\s*<summary>Hint</summary>.+?</details>", text, re.DOTALL):
        yield "there is no hint (<details><summary>Hint</summary> ... </details>)"
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    if len(code) != 4:
        yield f"it has {len(code)} code cells; needed are a starter, its check, a solution and its check"
        return
    starter, check, solution, solution_check = code
    for cell, needed in [
        (starter, {"exercise"}),
        (check, {COMPARED}),
        (solution, {"solution", "hide-cell"}),
        (solution_check, {COMPARED, "solution-check"}),
    ]:
        if not needed <= set(tags(cell)):
            yield f"cell {cell['id']} lacks the tags {', '.join(sorted(needed - set(tags(cell))))}"
    if not solution["metadata"].get("jupyter", {}).get("source_hidden"):
        yield f"cell {solution['id']} is not folded in JupyterLab (metadata.jupyter.source_hidden)"
    calls = _check_call(check), _check_call(solution_check)
    if not imported & {calls[0][0], calls[0][0].rpartition(".")[0] + "."}:
        yield f"cell {check['id']} does not call a check_... from the chapter's own module of pcfilter_lib.exercises"
    if calls[0][0] != calls[1][0]:
        yield f"cells {check['id']} and {solution_check['id']} do not call the same check"
    for cell, answer, prefix in [(starter, calls[0][1], "my_"), (solution, calls[1][1], "solution_")]:
        if not answer.startswith(prefix) or answer not in _defined(ast.parse(cell["source"])):
            yield f"cell {cell['id']} does not define the {prefix}... that the check gets"
    for cell, verdict in [(check, "Not solved yet: "), (solution_check, "Solved: ")]:
        printed = "".join(output.get("text", "") for output in cell.get("outputs", []))
        if not printed.startswith(verdict):
            yield f"the stored output of cell {cell['id']} does not begin with {verdict!r}"


def _later_use(cells: list[dict]) -> Iterator[str]:
    """Look for cells that use what a reader, or a solution that students do not get, defines."""
    readers: set[str] = set()
    solutions: set[str] = set()
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse(cell["source"])
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        if "exercise" in tags(cell):
            readers |= {name for name in _defined(tree) if name.startswith("my_")}
        elif "solution" in tags(cell):
            solutions |= _defined(tree)
        if "exercise" not in tags(cell) and not _check_call(cell)[0]:
            for used_name in sorted(used & readers):
                yield f"cell {cell['id']} uses {used_name}, the result of an exercise"
        if not {"solution", "solution-check"} & set(tags(cell)):
            for used_name in sorted(used & solutions):
                yield f"cell {cell['id']} uses {used_name}, which the student edition leaves out"


def _headings(cells: list[dict]) -> list[tuple[int, str, int]]:
    """Return the level, text and cell index of each heading, those in code fences left out."""
    found = []
    for at, cell in enumerate(cells):
        if cell["cell_type"] == "markdown":
            prose = re.sub(r"^(```+|~~~+|:::+).*?^\1", "", cell["source"], flags=re.MULTILINE | re.DOTALL)
            found += [
                (len(match[1]), match[2].strip(), at) for match in re.finditer(r"^(#+) +(.+)$", prose, re.MULTILINE)
            ]
    return found


def _sections(cells: list[dict], level: int) -> list[tuple[str, str]]:
    """Return the heading and the markdown of each section of one level."""
    text = "\n\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    parts = re.split(rf"^{'#' * level} +(.+)$", text, flags=re.MULTILINE)
    return [(heading.strip(), body) for heading, body in zip(parts[1::2], parts[2::2], strict=True)]


def _texts(tree: ast.AST) -> list[str]:
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def _defined(tree: ast.Module) -> set[str]:
    """Return the names that a cell binds at its top level by def or assignment."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return found


def _imported_checks(cell: dict, name: str) -> set[str]:
    """Return the names by which a cell makes the chapter's checks known: ``check_xxx``, or ``module.`` for all."""
    found = set()
    for node in ast.walk(ast.parse(cell["source"])):
        if isinstance(node, ast.ImportFrom) and node.module == f"pcfilter_lib.exercises.{name}":
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "pcfilter_lib.exercises":
            found |= {f"{alias.asname or alias.name}." for alias in node.names if alias.name == name}
    return found


def _check_call(cell: dict) -> tuple[str, str]:
    """Return the check and the answer of ``check_xxx(answer)`` or ``module.check_xxx(answer)``, the only statement."""
    match = re.fullmatch(r"((?:\w+\.)?check_\w+)\((\w+)\)", cell["source"].strip())
    return (match[1], match[2]) if match else ("", "")


def _asserts(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Attribute) and node.attr.startswith("assert_"))
        for node in ast.walk(tree)
    )


def _ends_with_banner(tree: ast.Module) -> bool:
    return bool(tree.body) and bool(re.fullmatch(r"print\((\w+\.)*banner\(\)\)", ast.unparse(tree.body[-1])))
