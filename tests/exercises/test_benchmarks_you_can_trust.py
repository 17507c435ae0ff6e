"""The right answers pass; each known mistake is met with its own explanation."""

import statistics

import pytest
from verdicts import verdict_tests

from pcfilter_lib.exercises import benchmarks_you_can_trust as exercises


def timed(machine, work):
    begin = machine.clock()
    work()
    return machine.clock() - begin


def call_time(machine, calls=10, first=True, each=True, last=True, ordered=True):
    """Time calls with the waits that are asked for."""
    if first:
        machine.wait()
    begin = machine.clock()
    for _ in range(calls):
        machine.launch()
        if each:
            machine.wait()
    if last:
        machine.wait()
    return (machine.clock() - begin) / calls


def call_time_by_the_median(machine):
    def call():
        machine.launch()
        machine.wait()

    return statistics.median(timed(machine, call) for _ in range(7))


def call_time_late(machine):
    machine.wait()
    machine.launch()
    begin = machine.clock()
    machine.wait()
    return machine.clock() - begin


def steady(machine, sizes, warmup=2, repeats=5):
    found = []
    for size in sizes:
        for _ in range(warmup):
            machine.run(size)
        found.append(timed(machine, lambda size=size: [machine.run(size) for _ in range(repeats)]) / repeats)
    return found


def steady_by_the_median(machine, sizes):
    return [statistics.median(timed(machine, lambda s=size: machine.run(s)) for _ in range(9)) for size in sizes]


def steady_first_size_only(machine, sizes, warmup=2):
    for _ in range(warmup):
        machine.run(sizes[0])
    return steady(machine, sizes, warmup=0)


def steady_all_warmed_once(machine, sizes):
    for size in dict.fromkeys(sizes):
        machine.run(size)
    return steady(machine, sizes, warmup=0)


def products(program, count=10):
    """Time a program that is said to make ten products."""

    def benchmark(machine):
        x = machine.matrix()
        compiled = machine.jit(program)
        return timed(machine, lambda: compiled(x)) / count

    return benchmark


def chain(x, length=10):
    y = x
    for _ in range(length):
        y = y @ x
    return y


def squares(x):
    y = x
    for _ in range(4):
        y = y @ y
    return y


def overwritten(x):
    for _ in range(10):
        y = x @ x
    return y


def same_product_in_a_sum(x):
    total = x
    for _ in range(10):
        total = total + x @ x
    return total


def sum_of_a_chain(x):
    total = x
    for _ in range(10):
        total = total + total @ x
    return total


def dropped(x):
    chain(x)
    return x.sum()


def one_product_not_compiled(machine):
    x = machine.matrix()
    return timed(machine, lambda: x @ x)


def ten_products_not_compiled(machine):
    x = machine.matrix()
    return timed(machine, lambda: same_product_in_a_sum(x)) / 10


def pairs(machine, repeats=15, order="on"):
    rows = []
    for number in range(repeats):
        names = ("new", "old") if order == "mirrored" and number % 2 else ("old", "new")
        row = {name: timed(machine, lambda name=name: machine.run(name)) for name in names}
        rows.append(row)
    return [row["old"] for row in rows], [row["new"] for row in rows]


def ratio_of(function, **options):
    def benchmark(machine):
        old, new = pairs(machine, **options)
        return function(new) / function(old)

    return benchmark


def median_of_ratios(machine):
    return statistics.median(new / old for old, new in zip(*pairs(machine, order="mirrored"), strict=True))


def mean_of_ratios(machine):
    return statistics.mean(new / old for old, new in zip(*pairs(machine), strict=True))


def in_blocks(function, repeats=9):
    def benchmark(machine):
        old = [timed(machine, lambda: machine.run("old")) for _ in range(repeats)]
        new = [timed(machine, lambda: machine.run("new")) for _ in range(repeats)]
        return function(new) / function(old)

    return benchmark


CALL, STEADY = exercises.check_call_time, exercises.check_steady_times
PRODUCT, RATIO = exercises.check_product_time, exercises.check_ratio
SOLUTIONS = [
    (CALL, call_time),
    (CALL, lambda machine: call_time(machine, calls=1)),
    (CALL, call_time_by_the_median),
    (STEADY, steady),
    (STEADY, steady_by_the_median),
    (PRODUCT, products(chain)),
    (PRODUCT, ten_products_not_compiled),
    (PRODUCT, products(lambda x: [chain(x, length) for length in range(11)])),
    (PRODUCT, products(sum_of_a_chain)),
    (RATIO, ratio_of(statistics.median)),
    (RATIO, median_of_ratios),
    (RATIO, ratio_of(statistics.median, order="mirrored", repeats=31)),
]
MISTAKES = [
    (CALL, lambda machine: call_time(machine, each=False, last=False), "how long it takes to order the work"),
    (CALL, lambda machine: call_time(machine, each=False), "one wait at the end is for all calls"),
    (CALL, lambda machine: call_time(machine, first=False), "still busy with what others had left"),
    (CALL, lambda machine: call_time(machine, calls=1, first=False), "still busy with what others had left"),
    (CALL, lambda machine: call_time(machine, calls=4, first=False, each=False), "one wait at the end is for all"),
    (CALL, call_time_late, "without the order"),
    (CALL, lambda machine: 10 * call_time(machine), "all calls together"),
    (CALL, lambda machine: [1, 2], "has the shape (2,)"),
    (STEADY, lambda machine, sizes: steady(machine, sizes, warmup=0), "the first call of every size compiles"),
    (STEADY, steady_first_size_only, "only the first size is warm"),
    (STEADY, lambda *inputs: steady_first_size_only(*inputs, warmup=1), "one call of the first size is not enough"),
    (STEADY, lambda machine, sizes: steady(machine, sizes, warmup=1), "the second call of each size looks for memory"),
    (STEADY, steady_all_warmed_once, "the second call of each size looks for memory"),
    (STEADY, lambda *inputs: [5 * ms for ms in steady(*inputs)], "all calls together"),
    (STEADY, lambda machine, sizes: steady(machine, sorted(sizes)), "in the order of sizes"),
    (STEADY, lambda *inputs: steady(*inputs)[0], "one number for each size"),
    (STEADY, lambda *inputs: steady(*inputs, warmup=0, repeats=1), "this is the first call"),
    (STEADY, lambda *inputs: steady(*inputs, warmup=1, repeats=1), "this is the second call"),
    (PRODUCT, products(overwritten), "ten products are counted and one is made"),
    (PRODUCT, products(same_product_in_a_sum), "ten products are counted and one is made"),
    (PRODUCT, products(lambda x: [x @ x for _ in range(10)]), "ten products are counted and one is made"),
    (PRODUCT, products(lambda x: sum((x @ x for _ in range(10)), start=0)), "ten products are counted and one is made"),
    (PRODUCT, products(dropped), "the compiler has made none"),
    (PRODUCT, products(lambda x: None and chain(x)), "the compiler has made none"),
    (PRODUCT, products(chain, count=1), "that of all of them"),
    (PRODUCT, products(lambda x: chain(x, 9)), "nine are made"),
    (PRODUCT, products(lambda x: chain(x, 11)), "eleven are made"),
    (PRODUCT, products(squares), "four are made"),
    (PRODUCT, products(lambda x: x @ x, count=1), "has made 1 product in all"),
    (PRODUCT, products(same_product_in_a_sum, count=1), "has made 1 product in all"),
    (PRODUCT, one_product_not_compiled, "has made 1 product in all"),
    (RATIO, in_blocks(statistics.mean), "all calls of one program come before"),
    (RATIO, in_blocks(statistics.median), "all calls of one program come before"),
    (RATIO, in_blocks(min, 20), "all calls of one program come before"),
    (RATIO, ratio_of(statistics.mean), "this is a mean"),
    (RATIO, mean_of_ratios, "this is a mean"),
    (RATIO, ratio_of(min), "the best call of one program was luck"),
    (RATIO, ratio_of(max), "compares the worst calls"),
    (RATIO, lambda machine: 1 / median_of_ratios(machine), "the other way round"),
    (RATIO, ratio_of(statistics.median, repeats=3), "fewer than five calls"),
    (RATIO, lambda machine: 1.0, "both programs have to run"),
    (RATIO, lambda machine: pairs(machine)[0], "one number is expected"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_the_devices_to_try_things_on_show_each_fault():
    assert call_time(exercises.queue(), each=False, last=False) == pytest.approx(0.1)
    assert steady(exercises.compiler(), [100], warmup=0) == [pytest.approx(470)]
    assert products(same_product_in_a_sum)(exercises.optimiser()) == pytest.approx(2)
    assert in_blocks(statistics.mean, 5)(exercises.drifting()) > 3


def test_what_is_compiled_runs_again_at_every_call():
    machine = exercises.optimiser()
    compiled, x = machine.jit(chain), machine.matrix()
    once = timed(machine, lambda: compiled(x))
    assert timed(machine, lambda: compiled(compiled(x))) == 2 * once == 400
