"""A check prints one verdict, never raises, and says what differs, where and by how much."""

import numpy as np
import pytest

from pcfilter_lib.exercises._core import call, compare, compare_on, exercise


@exercise(solved="you doubled it.")
def check_double(answer):
    compare_on(
        [{"values": np.array([[1, 2], [3, 4]])}, {"values": np.array([[0.25, 0.75, -1.5]])}],
        answer,
        reference=lambda values: values * 2,
        mistakes={"this squares.": lambda values: values**2, "this divides by zero.": lambda values: values / 0},
        shapes={"this repeats the rows.": lambda values: (2 * len(values), values.shape[1])},
    )


def verdict(capsys, answer):
    assert check_double(answer) is None  # a returned value would be shown below the verdict
    return capsys.readouterr().out


def empty(values):
    pass


def unwritten(values):
    raise NotImplementedError


@pytest.mark.parametrize("answer", [None, ..., empty, unwritten, lambda values: ...])
def test_untouched_starter(capsys, answer):
    assert verdict(capsys, answer).startswith("Not solved yet: ")


@pytest.mark.parametrize(
    "answer",
    [
        lambda values: values * 2,
        lambda values: (values * 2).tolist(),
        lambda values: (values * 2).astype(np.float32),
        lambda values: np.ma.masked_array(values * 2),
    ],
)
def test_right_answers(capsys, answer):
    assert verdict(capsys, answer) == "Solved: you doubled it.\n"


def test_says_what_differs_where_and_by_how_much(capsys):
    def my_double(values):
        result = values * 2.0
        result[-1, -1] += 0.5
        return result

    assert verdict(capsys, my_double) == (
        "Not yet: my_double(values=[[1, 2], [3, 4]]) gives 8.5 at [1, 1]; 8 is expected.\n"
        "1 of 4 values differ; the largest difference is 0.5.\n"
    )


@pytest.mark.parametrize(
    ("answer", "phrase"),
    [
        (lambda values: values**2, "this squares."),
        (lambda values: np.repeat(values, 2, axis=0), "this repeats the rows."),
        (lambda values: values[:, :1], "has the shape (2, 1); (2, 2) is expected"),
        (lambda values: (values * 2).astype(int), "has the type int64, which cuts the decimals off"),
        (lambda values: values * np.nan, "4 are not finite"),
        (lambda values: np.inf, "has the shape (); (2, 2) is expected"),
        (lambda values: "eight", "real numbers are expected"),
        (lambda values: values * 2j, "real numbers are expected"),
        (lambda values: {"result": values}, "a dict; real numbers are expected"),
        (lambda values: [[1, 2], [3]], "does not turn into an array"),
        (lambda values: (value for value in values), "a generator; real numbers are expected"),
        (lambda: 1, "stopped with TypeError"),
        (np.array([1.0]), "a function is expected here, but this is a ndarray"),
        (12, "a function is expected here, but this is an int"),
    ],
)
def test_wrong_answers(capsys, answer, phrase):
    printed = " ".join(verdict(capsys, answer).split())
    assert printed.startswith("Not yet: ")
    assert phrase in printed


def test_changed_input_is_noticed(capsys):
    def my_double(values):
        values *= 2
        return values

    assert "my_double changes its input values. Work on a copy instead" in verdict(capsys, my_double)


def test_error_is_reported_with_its_line_and_without_traceback(capsys):
    def my_double(values):
        doubled = list(values)
        return doubled[7]  # beyond the end

    assert verdict(capsys, my_double) == (
        "Not yet: my_double stopped with IndexError: list index out of range.\n"
        "The line is: return doubled[7] # beyond the end\n"
    )


def test_the_line_is_the_innermost_of_the_readers_own(capsys):
    def helper(values):
        return np.reshape(values, (5, 5))

    def my_double(values):
        return helper(values)

    printed = verdict(capsys, my_double)
    assert printed.startswith("Not yet: my_double stopped with ValueError: cannot reshape array")
    assert printed.endswith("The line is: return np.reshape(values, (5, 5))\n")


class Rude(Exception):
    def __str__(self):
        raise RuntimeError("no text for you")


class Stubborn:
    def __array__(self, *args, **kwargs):
        raise Rude


def test_never_raises_whatever_the_answer_does(capsys):
    def rude(values):
        raise Rude

    def leaves(values):
        raise SystemExit(3)

    def endless(values):
        return endless(values)

    def wordy(values):
        raise ValueError("word " * 100_000)

    for answer in (rude, leaves, endless, wordy, lambda values: Stubborn()):
        printed = verdict(capsys, answer)
        assert printed.startswith("Not yet: ")
        assert len(printed) < 1500
        assert "Traceback" not in printed


def test_interrupting_is_left_to_the_reader():
    def interrupted(values):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_double(interrupted)


def test_call_hands_over_copies():
    values = np.zeros(3)
    seen = []
    call(lambda values: seen.append(values) or 1, values=values)
    assert seen[0] is not values


def test_compare_accepts_scalars_and_sparse_matrices():
    from scipy.sparse import csr_array

    compare(np.float32(2.0), 2, what="it")
    compare(csr_array(np.eye(3)), np.eye(3), what="it")
