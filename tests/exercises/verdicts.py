"""What the checks of every chapter are held to."""

import pytest


def my_answer(*inputs):
    return ...


def assert_solved(capsys, check, solution):
    check(solution)
    assert capsys.readouterr().out.startswith("Solved: ")


def assert_explained(capsys, check, mistake, explanation):
    check(mistake)
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.startswith("Not yet: ")
    assert explanation in printed


def assert_starter_and_error_are_told_apart(capsys, check):
    check(my_answer)
    assert capsys.readouterr().out == (
        "Not solved yet: replace the three dots in my_answer by your answer, and run both cells again.\n"
    )
    check(lambda *inputs: inputs[99])
    assert "Not yet: your function stopped with IndexError: tuple index out of range" in capsys.readouterr().out


def verdict_tests(exercises, solutions, mistakes):
    """Return the three tests of a chapter's checks, to be named in its test file.

    `solutions` are pairs of a check and a right answer; `mistakes` are triples of a check, a wrong answer, and a piece
    of the explanation that it must be met with.
    """
    checks = [getattr(exercises, name) for name in dir(exercises) if name.startswith("check_")]

    @pytest.mark.parametrize(("check", "solution"), solutions)
    def solutions_pass(capsys, check, solution):
        assert_solved(capsys, check, solution)

    @pytest.mark.parametrize(("check", "mistake", "explanation"), mistakes)
    def mistakes_are_explained(capsys, check, mistake, explanation):
        assert_explained(capsys, check, mistake, explanation)

    @pytest.mark.parametrize("check", checks)
    def starter_and_error(capsys, check):
        assert_starter_and_error_are_told_apart(capsys, check)

    return solutions_pass, mistakes_are_explained, starter_and_error
