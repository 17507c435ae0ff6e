"""A check prints one verdict, never raises, and says what differs, where and by how much."""

import numpy as np
import pytest

from pcfilter_lib.exercises._core import NotYet, call, compare, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text


@exercise(solved="you doubled it.")
def check_double(answer):
    compare_on(
        [{"values": np.array([[1.0, 2.0], [3.0, 4.0]])}, {"values": np.array([[0.25, 0.75, -1.5]])}],
        answer,
        reference=lambda values: values * 2,
        mistakes=[
            ("this squares.", lambda values: values**2),
            ("this divides by zero.", lambda values: values / 0),
            ("this is beyond the end.", lambda values: values[7]),
        ],
        shapes=[("this repeats the rows.", lambda values: (2 * len(values), values.shape[1]))],
    )


def verdict(capsys, answer):
    assert check_double(answer) is None  # a returned value would be shown below the verdict
    return capsys.readouterr().out


def starter(values):
    return ...  # replace the dots


def without_return(values):
    print(values * 2)


def test_untouched_starter(capsys):
    assert verdict(capsys, starter) == (
        "Not solved yet: replace the three dots in starter by your answer, and run both cells again.\n"
    )


def test_a_missing_return_is_named(capsys):
    printed = verdict(capsys, without_return).splitlines()
    assert printed[-1] == "Not yet: without_return returns None. It should end with return and your result."


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
        "Not yet: my_double(np.array([[1., 2.], [3., 4.]])) gives 8.5 at [1, 1]; 8 is expected.\n"
        "1 of 4 values differs: the largest difference is 0.5.\n"
    )


@pytest.mark.parametrize(
    ("answer", "phrase"),
    [
        (lambda values: values**2, "this squares."),
        (lambda values: np.repeat(values, 2, axis=0), "this repeats the rows."),
        (lambda values: values[:, :1], "has the shape (2, 1); (2, 2) is expected"),
        (lambda values: (values * 2).astype(int), "has the type int64, which cuts the decimals off"),
        (
            lambda values: values * np.nan,
            "gives NaN at [0, 0]; 2 is expected. 4 of 4 values differ: 4 are NaN or infinite where a number is",
        ),
        (
            lambda values: np.where(values == 1, np.nan, values * 2),
            "1 of 4 values differs: 1 is NaN or infinite where a number is expected.",
        ),
        (lambda values: np.ma.masked_less(values * 2, 3), "gives a masked array: return a plain array."),
        (lambda values: (values * 2.004).astype(np.float16), "the differences look like the rounding of float16"),
        (lambda values: (values * 2.1).astype(np.float16), "gives 2.09961 at [0, 0]; 2 is expected"),
        (lambda values: np.inf, "has the shape (); (2, 2) is expected"),
        (lambda values: "eight", "gives text; real numbers are expected"),
        (lambda values: ["eight", 8.0], "gives text; real numbers are expected"),
        (lambda values: values * 2j, "gives complex numbers; real numbers are expected"),
        (lambda values: {"result": values}, "a dict; real numbers are expected"),
        (lambda values: [[1, 2], [3]], "does not turn into an array"),
        (lambda values: (value for value in values), "a generator; real numbers are expected"),
        (lambda: 1, "stopped with TypeError"),
        (np.array([1.0]), "a function is expected here, but this is an array. Give its name without brackets."),
        (None, "a function is expected here, but this is None."),
        (..., "a function is expected here, but this is Ellipsis."),
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


def test_an_error_of_a_known_mistake_shows_its_explanation(capsys):
    def my_double(values):
        return values[7]

    printed = verdict(capsys, my_double)
    assert printed.startswith("Not yet: my_double stopped with IndexError: index 7 is out of bounds")
    assert printed.endswith("\nPerhaps this is beyond the end.\n")

    def my_double(values):
        return values[8]

    assert "Perhaps" not in verdict(capsys, my_double)


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


def test_nan_may_be_what_is_expected(capsys):
    compare([1.0, np.nan], [1.0, np.nan], what="it")
    with pytest.raises(
        NotYet,
        match=r"it gives 3 at \[1\]; NaN is expected.\n1 of 2 values differs: 1 is a number where NaN is expected.",
    ):
        compare([1.0, 3.0], [1.0, np.nan], what="it")
    with pytest.raises(NotYet, match="2 are numbers where NaN is expected."):
        compare([4.0, 3.0], [np.nan, np.nan], what="it")


def test_a_call_can_be_pasted_back():
    def my_call(array, scale, shape):
        return array * scale, shape

    inputs = {"array": np.array([[1.0, -2.25], [0.5, 100.0]]), "scale": 2.0, "shape": (3, 3)}
    text = call_text(my_call, inputs)
    assert text == "my_call(np.array([[1., -2.25], [0.5, 100.]]), 2.0, (3, 3))"
    array, shape = eval(text, {"np": np, "my_call": my_call})
    assert array.dtype == float and np.array_equal(array, inputs["array"] * 2) and shape == (3, 3)


def test_large_inputs_are_described():
    inputs = {"image": np.eye(6, 9), "kernel": np.array([[1 / 3]]), "shape": (6, 9)}
    text = call_text(test_large_inputs_are_described, inputs)
    start = "with image of shape (6, 9) and kernel of shape (1, 1), "
    assert text == f"{start}test_large_inputs_are_described(image, kernel, (6, 9))"


def test_one_number_many_times_can_be_pasted_back():
    assert call_text(starter, {"points": np.full((1, 50, 3), 0.1)}) == "starter(np.full((1, 50, 3), 0.1))"


def test_missing_numbers_can_be_pasted_back():
    depth = np.array([[0.5, np.nan], [np.nan, -1.25]])
    text = call_text(starter, {"depth": depth})
    assert text == "starter(np.array([[0.5, np.nan], [np.nan, -1.25]]))"
    np.testing.assert_array_equal(eval(text, {"np": np, "starter": lambda x: x}), depth)


def test_lines_are_not_wrapped(capsys):
    @exercise(solved="word " * 50)
    def check(answer):
        pass

    check(starter)
    assert capsys.readouterr().out.count("\n") == 1


def test_the_reader_sees_no_warning(capsys, recwarn):
    verdict(capsys, lambda values: values / 0)
    assert not recwarn.list
