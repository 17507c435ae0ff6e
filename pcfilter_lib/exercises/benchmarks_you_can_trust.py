"""The checks of the chapter *Benchmarks you can trust*: benchmarks run on machines whose true times are known."""

from __future__ import annotations

import copy
import statistics
from collections.abc import Callable

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare, compare_on, exercise
from pcfilter_lib.exercises._machines import Compiler, Drifting, Machine, Optimiser, Queue
from pcfilter_lib.exercises._wording import call_text, name_of, number

#: A ratio that is farther off than this share is wrong: clock speeds change a little even between neighbours.
TOLERANCE = 0.02


def queue() -> Queue:
    """Return a device that takes orders and works on them later, to try exercise 1 on."""
    return Queue(0.1, 20.0)


def compiler() -> Compiler:
    """Return a device that compiles for each new size, to try exercise 2 on."""
    return Compiler()


def optimiser() -> Optimiser:
    """Return a device whose compiler leaves out what nobody needs, to try exercise 3 on."""
    return Optimiser(20.0)


def drifting() -> Drifting:
    """Return a device whose clock speed changes, to try exercise 4 on."""
    return Drifting({"old": 40.0, "new": 40.0}, 0.01, {"new": {3: 12.0}})


@exercise(solved="one call is in the time, the whole of it, and nothing else.")
def check_call_time(answer: Callable) -> None:
    """Check ``answer(machine)``, the milliseconds of one call on a device that works on after a call."""
    for launch, work, left in ((0.1, 20.0, 0.0), (0.5, 8.0, 0.0), (0.1, 20.0, 3000.0)):
        machine = Queue(launch, work, left)
        result = call(answer, machine=machine)
        calls = max(1, machine.log.count("launch"))
        compare(
            result,
            launch + work,
            what=_on(answer, f"a machine that needs {launch:g} ms to take an order and {work:g} ms to carry it out"),
            mistakes=[
                (
                    "this is how long it takes to order the work; the work itself goes on after the call.",
                    lambda launch=launch: launch,
                ),
                (
                    "here one wait at the end is for all calls, so that orders are taken while the device works; asked "
                    "for is one call from its order until it is done.",
                    lambda launch=launch, work=work, calls=calls: work + launch / calls,
                ),
                (
                    "this is the work without the order; the caller waits for both.",
                    lambda work=work: work,
                ),
                (
                    "when your clock started, the device was still busy with what others had left in its queue.",
                    lambda launch=launch, work=work, left=left, calls=calls: work + launch + (left - launch) / calls,
                ),
                (
                    "when your clock started, the device was still busy with what others had left in its queue, and "
                    "one wait at the end is for all calls.",
                    lambda work=work, left=left, calls=calls: work + left / calls,
                ),
                (
                    "this is the time of all calls together; asked for is one.",
                    lambda launch=launch, work=work, calls=calls: calls * (launch + work),
                ),
            ],
        )


@exercise(solved="whatever is paid once is left out, for every size.")
def check_steady_times(answer: Callable) -> None:
    """Check ``answer(machine, sizes)``, the milliseconds of a later call for each size."""
    compare_on(
        [
            {"machine": Compiler(), "sizes": [100, 200, 400]},
            {"machine": Compiler(), "sizes": [64, 128, 64]},
            {"machine": Compiler(), "sizes": [320, 32]},
        ],
        answer,
        reference=_afresh(lambda machine, sizes: [size / 10 for size in sizes]),
        mistakes=[
            ("the first call of every size compiles, and it is in here.", _afresh(_warmed({}))),
            (
                "only the first size is warm; another size is another program, and compiles again.",
                _afresh(lambda machine, sizes: _warmed({sizes[0]: 2})(machine, sizes)),
            ),
            (
                "one call of the first size is not enough of a warm-up: the second still looks for memory, and every "
                "other size compiles.",
                _afresh(lambda machine, sizes: _warmed({sizes[0]: 1})(machine, sizes)),
            ),
            (
                "no call compiles in here any more, but the second call of each size looks for memory.",
                _afresh(lambda machine, sizes: _warmed(dict.fromkeys(sizes, 1))(machine, sizes)),
            ),
            (
                "this is the time of all calls together; asked for is one.",
                _afresh(lambda machine, sizes: [size / 2 for size in sizes]),
            ),
            (
                "each is a right time, but of another size: they are wanted in the order of sizes.",
                _afresh(lambda machine, sizes: [size / 10 for size in sorted(sizes)]),
            ),
            ("this is the first call, which compiles.", _afresh(_call_number(1))),
            ("this is the second call, which looks for memory.", _afresh(_call_number(2))),
        ],
        shapes=[("one number for each size is expected, in their order.", lambda machine, sizes: ())],
    )


@exercise(solved="as many products are made as are counted.")
def check_product_time(answer: Callable) -> None:
    """Check ``answer(machine)``, the milliseconds of one product, behind a compiler that leaves out work."""
    for product in (20.0, 7.5):
        machine = Optimiser(product)
        compare(
            call(answer, machine=machine),
            product,
            what=_on(answer, f"a machine that needs {product:g} ms for a product"),
            mistakes=[
                (
                    "nothing that is returned needs a product, so that the compiler has made none.",
                    lambda: 0.0,
                ),
                (
                    "ten products are counted and one is made: to a compiler, the same product of the same matrices is "
                    "one, and what is overwritten is needed by nobody.",
                    lambda product=product: product / 10,
                ),
                (
                    "here ten products are made, and the time is that of all of them; asked for is one.",
                    lambda product=product: 10 * product,
                ),
                (
                    "ten products are counted and nine are made.",
                    lambda product=product: 0.9 * product,
                ),
                (
                    "ten products are counted and eleven are made.",
                    lambda product=product: 1.1 * product,
                ),
                (
                    "ten products are counted and two are made: the compiler makes once what is asked for twice.",
                    lambda product=product: 0.2 * product,
                ),
                (
                    "ten products are counted and four are made: squares of squares are far fewer.",
                    lambda product=product: 0.4 * product,
                ),
            ],
        )
        if (made := machine.log.count("product")) < 10:
            raise NotYet(
                f"the number is right here, but the machine has made {made} product{'' if made == 1 else 's'} in all, "
                "which is too short to be timed on a real one: let it make ten, and divide by ten."
            )


@exercise(solved="neither a drifting clock speed nor a strange call makes a false winner.")
def check_ratio(answer: Callable) -> None:
    """Check ``answer(machine)``, how many times as long "new" takes as "old", on a machine that drifts."""
    for told, old, new, drift, strange in _COMPARISONS:
        machine = Drifting({"old": old, "new": new}, drift, strange)
        result = as_numbers(call(answer, machine=machine), f"{name_of(answer)}(machine)")
        if result.shape != ():
            raise NotYet(f"one number is expected; this has the shape {result.shape}.")
        names = [name for name, _ in machine.log]
        taken = {each: [ms for name, ms in machine.log if name == each] for each in ("old", "new")}
        if not all(taken.values()):
            raise NotYet('both programs have to run: machine.run("old") and machine.run("new").')
        got, true = float(result), new / old
        if abs(got / true - 1) <= TOLERANCE:
            if min(map(len, taken.values())) < 5:
                raise NotYet("fewer than five calls of each say nothing about how far they lie apart.")
            continue
        found = f"On {told}, {name_of(answer)}(machine) gives {number(round(got, 4))}; {number(true)} is right."
        raise NotYet("\n".join([*_why(got, true, names, taken), found]))


def _why(got: float, true: float, names: list[str], taken: dict[str, list[float]]) -> list[str]:
    """Say what is wrong with a ratio, from the order and the times of the calls, as far as that can be seen."""
    if abs(got * true - 1) <= TOLERANCE:
        return ['this is the ratio the other way round: asked for is "new" by "old".']
    switches = sum(a != b for a, b in zip(names, names[1:], strict=False))
    if switches < min(map(len, taken.values())) / 2:
        return [
            "here all calls of one program come before those of the other, and so the drift counts as a difference "
            "between the two."
        ]
    for others, text in (
        (
            (_ratio(statistics.fmean, taken), _mean_of_ratios(taken)),
            "the order is good, but this is a mean, and one strange call moves it as far as it likes.",
        ),
        (
            (_ratio(min, taken),),
            "the order is good, but this compares the best calls, and the best call of one program was luck.",
        ),
        (
            (_ratio(max, taken),),
            "the order is good, but this compares the worst calls, which something else has disturbed.",
        ),
    ):
        if any(_close(got, other) for other in others):
            return [text]
    return []


_COMPARISONS = [
    ("a machine that gets slower, with two equal programs", 40.0, 40.0, 0.01, {}),
    ("a machine that gets faster, where the new program is slower", 40.0, 50.0, -0.004, {}),
    (
        "a machine that is disturbed in one call of the new program",
        40.0, 30.0, 0.005, {"new": {3: 12.0}},
    ),
    (
        "a machine where one call of the old program was lucky",
        40.0, 48.0, 0.005, {"old": {2: 0.1}},
    ),
]  # fmt: skip


def _on(answer: Callable, machine: str) -> str:
    return f"on {machine}, {call_text(answer, {'machine': Machine()})}"


def _afresh(function: Callable) -> Callable:
    """Return the function on copies of its machine: one that was used before is warm."""
    return lambda *inputs: function(*copy.deepcopy(inputs))


def _warmed(before: dict[int, int], repeats: int = 5) -> Callable:
    """Return a benchmark that makes some calls of each size, and then times five of each in one go."""

    def benchmark(machine: Compiler, sizes: list[int]) -> list[float]:
        for size, times in before.items():
            for _ in range(times):
                machine.run(size)
        found = []
        for size in sizes:
            begin = machine.clock()
            for _ in range(repeats):
                machine.run(size)
            found.append((machine.clock() - begin) / repeats)
        return found

    return benchmark


def _call_number(which: int) -> Callable:
    def benchmark(machine: Compiler, sizes: list[int]) -> list[float]:
        found = []
        for size in sizes:
            for _ in range(which):
                begin = machine.clock()
                machine.run(size)
            found.append(machine.clock() - begin)
        return found

    return benchmark


def _ratio(of: Callable, taken: dict[str, list[float]]) -> float:
    return of(taken["new"]) / of(taken["old"])


def _mean_of_ratios(taken: dict[str, list[float]]) -> float:
    return statistics.fmean(new / old for old, new in zip(taken["old"], taken["new"], strict=False))


def _close(got: float, other: float) -> bool:
    return abs(got / other - 1) < 1e-3
