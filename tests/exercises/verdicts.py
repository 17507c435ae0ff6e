"""What the checks of every chapter are held to."""


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
