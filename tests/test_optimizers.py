"""Each step is the published one, on every backend; training goes on where it was saved."""

import keras
import numpy as np
import pytest
from isolation import seeded
from keras import ops

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.optimizers import Lookahead, RAdam, Ranger

pytestmark = pytest.mark.backend

SHAPES = [(3, 4), (4,), (), (2, 3, 1, 5)]
HALVING = {"initial_learning_rate": 0.02, "decay_steps": 20, "decay_rate": 0.5}


class PublishedRAdam:
    """Algorithm 2 of Liu et al. (2020), line by line, in float64; epsilon as their code adds it."""

    def __init__(self, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.rate, self.beta_1, self.beta_2, self.epsilon = rate, beta_1, beta_2, epsilon
        self.t, self.m, self.v = 0, 0.0, 0.0

    def step(self, w, g):
        self.t += 1
        t, b1, b2 = self.t, self.beta_1, self.beta_2
        rate = self.rate(t - 1) if callable(self.rate) else self.rate
        self.v = b2 * self.v + (1 - b2) * g**2
        self.m = b1 * self.m + (1 - b1) * g
        m_hat = self.m / (1 - b1**t)
        rho_inf = 2 / (1 - b2) - 1
        rho = rho_inf - 2 * t * b2**t / (1 - b2**t)
        if rho <= 4:
            return w - rate * m_hat
        inverse_root = np.sqrt(1 - b2**t) / (np.sqrt(self.v) + self.epsilon)
        r = np.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
        return w - rate * r * m_hat * inverse_root


class PublishedMomentum:
    """Keras's SGD(momentum)."""

    def __init__(self, rate, momentum):
        self.rate, self.momentum, self.speed = rate, momentum, 0.0

    def step(self, w, g):
        self.speed = self.momentum * self.speed - self.rate * g
        return w + self.speed


class PublishedLookahead:
    """Algorithm 1 of Zhang et al. (2019)."""

    def __init__(self, inner, k, alpha):
        self.inner, self.k, self.alpha, self.taken, self.slow = inner, k, alpha, 0, None

    def step(self, fast, g):
        self.slow = fast if self.slow is None else self.slow
        fast = self.inner.step(fast, g)
        self.taken += 1
        if self.taken % self.k == 0:
            fast = self.slow = self.slow + self.alpha * (fast - self.slow)
        return fast


def halving(t):
    return 0.02 * 0.5 ** (t / 20)


def halved():
    return keras.optimizers.schedules.ExponentialDecay(**HALVING)


CASES = {
    "RAdam": (lambda: RAdam(0.01), lambda: PublishedRAdam(0.01)),
    "RAdam, schedule": (lambda: RAdam(halved()), lambda: PublishedRAdam(halving)),
    "RAdam, other betas": (lambda: RAdam(0.01, 0.5, 0.9, 1e-4), lambda: PublishedRAdam(0.01, 0.5, 0.9, 1e-4)),
    "RAdam, long memory": (lambda: RAdam(0.01, beta_2=0.9999), lambda: PublishedRAdam(0.01, beta_2=0.9999)),
    "RAdam, no momentum": (lambda: RAdam(0.01, beta_1=0), lambda: PublishedRAdam(0.01, beta_1=0)),
    "RAdam, never adapts": (lambda: RAdam(0.01, beta_2=0.6), lambda: PublishedRAdam(0.01, beta_2=0.6)),
    "Lookahead, momentum": (
        lambda: Lookahead(keras.optimizers.SGD(0.01, momentum=0.9), k=7, alpha=0.3),
        lambda: PublishedLookahead(PublishedMomentum(0.01, 0.9), 7, 0.3),
    ),
    "Lookahead, k = 1": (
        lambda: Lookahead(keras.optimizers.SGD(0.01, momentum=0.9), k=1, alpha=1),
        lambda: PublishedMomentum(0.01, 0.9),
    ),
    "Ranger": (lambda: Ranger(0.01), lambda: PublishedLookahead(PublishedRAdam(0.01), 6, 0.5)),
    "Ranger, schedule": (lambda: Ranger(halved()), lambda: PublishedLookahead(PublishedRAdam(halving), 6, 0.5)),
}
OPTIMIZERS = {
    "RAdam": lambda rate=0.01, **more: RAdam(rate, **more),
    "Lookahead": lambda rate=0.01, **more: Lookahead(keras.optimizers.Adam(rate, **more), k=4),
    "Ranger": lambda rate=0.01, **more: Ranger(rate, **more),
}
each_optimizer = pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)


def start_and_pulls(seed=0):
    """Return first weights, and for each of 50 steps a gradient that depends on the weights and on chance."""
    random = np.random.default_rng(seed)
    first = [random.normal(size=shape) for shape in SHAPES]
    steep = [10 ** random.uniform(-3, 2, size=shape) for shape in SHAPES]
    noise = [[random.normal(size=shape) for shape in SHAPES] for _ in range(50)]
    return first, lambda t, w: [s * each + n for s, each, n in zip(steep, w, noise[t], strict=True)]


def to_numpy(variables):
    return [np.array(ops.convert_to_numpy(variable)) for variable in variables]


def follow(optimizer, steps=50, eager=False):
    """Take steps with a Keras optimiser, compiled where the backend does that, and return the weights after each."""
    first, pulls = start_and_pulls()
    variables = [keras.Variable(w.astype("float32")) for w in first]
    optimizer.build(variables)
    apply = optimizer.apply if eager else compiled(optimizer, variables)
    path = []
    for t in range(steps):
        apply([ops.convert_to_tensor(each, "float32") for each in pulls(t, to_numpy(variables))], variables)
        path.append(to_numpy(variables))
    return path


def compiled(optimizer, variables):
    """Return the optimiser's `apply`, compiled: in a graph on TensorFlow, stateless on JAX."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        graph = tf.function(lambda gradients: optimizer.apply(gradients, variables))
        return lambda gradients, variables: graph(gradients)
    if keras.backend.backend() != "jax":
        return optimizer.apply

    import jax

    stateless = jax.jit(optimizer.stateless_apply)

    def apply(gradients, variables):
        new, state = stateless([v.value for v in optimizer.variables], gradients, [v.value for v in variables])
        for variable, value in zip([*variables, *optimizer.variables], [*new, *state], strict=True):
            variable.assign(value)

    return apply


@seeded(3)
def model_and_data(optimizer, jit_compile):
    hidden = keras.layers.Dense(7, activation="tanh", use_bias=False)
    model = keras.Sequential([keras.Input((5,)), hidden, keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer, "mse", jit_compile=jit_compile)
    model.optimizer.build(model.trainable_variables)  # TensorFlow then traces a step once, not twice
    x = np.random.default_rng(1).normal(size=(32, 5)).astype("float32")
    return model, x, x[:, :1] * x[:, 1:2] + x[:, 2:3]


def take_steps(model, x, y, count):
    """Train on one batch again and again, without what `fit` does around each epoch."""
    for _ in range(count):
        model.train_on_batch(x, y)


def error(model, x, y):
    return np.mean((ops.convert_to_numpy(model(x)) - y) ** 2)


@pytest.mark.parametrize(("make", "published"), CASES.values(), ids=CASES)
def test_each_step_is_the_published_one(make, published):
    w, pulls = start_and_pulls()
    rules = [published() for _ in w]
    for t, ours in enumerate(follow(make())):
        w = [np.asarray(rule.step(each, g)) for rule, each, g in zip(rules, w, pulls(t, w), strict=True)]
        for got, expected in zip(ours, w, strict=True):
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5, err_msg=f"step {t + 1}")


@pytest.mark.parametrize("beta_2", [0.7, 0.9, 0.99, 0.999, 0.9999, 0.999999])
def test_rectification_keeps_its_digits(beta_2):
    """What multiplies the step, against rho_t in its form without subtraction: 1 + 2 x the mean age of gradients."""
    optimizer = RAdam(beta_2=beta_2, beta_1=0)
    rho_inf = 2 / (1 - beta_2) - 1
    weight = age = 0.0
    for t in range(1, 3001):
        weight, age = 1 + beta_2 * weight, beta_2 * (age + weight)
        if t > 40 and t % 97:
            continue
        rho = 1 + 2 * age / weight
        optimizer._iterations.assign(t - 1)
        plain, adapted = (float(ops.convert_to_numpy(each)) for each in optimizer._current_factors("float32"))
        if rho <= 4:
            assert (plain, adapted) == (1, 0)
        else:
            r = np.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
            assert plain == 0
            assert adapted == pytest.approx(r * np.sqrt(weight * (1 - beta_2)), rel=1e-5)


@each_optimizer
def test_eager_steps_are_the_same(make):
    if keras.backend.backend() == "torch":
        pytest.skip("there all steps are eager")
    for eager, compiled in zip(follow(make(), 9, eager=True), follow(make(), 9), strict=True):
        for ours, theirs in zip(eager, compiled, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-6)


@each_optimizer
def test_training_lowers_the_loss(make):
    model, x, y = model_and_data(make(), keras.backend.backend() == "jax")  # the next test compares the others with it
    before = error(model, x, y)
    for step in range(120):
        model.train_on_batch(x[step % 4 :: 4], y[step % 4 :: 4])
    assert error(model, x, y) < 0.7 * before


@each_optimizer
def test_compiled_steps_equal_eager_ones(make):
    if keras.backend.backend() == "torch":
        pytest.skip("torch.compile needs a C++ compiler, which a user need not have")
    weights = []
    for jit_compile, eager in [(True, False), (False, True)]:
        model, x, y = model_and_data(make(), jit_compile)
        model.run_eagerly = eager
        take_steps(model, x, y, 13)
        weights.append(model.get_weights())
    for compiled, plain in zip(*weights, strict=True):
        np.testing.assert_allclose(compiled, plain, atol=1e-5)


@each_optimizer
def test_training_goes_on_where_it_was_saved(make, tmp_path):
    """Saved after 7 of 13 steps: inside Lookahead's round, and after RAdam began to adapt; earlier, too."""
    model, x, y = model_and_data(make(), keras.backend.backend() == "jax")
    done, restored = 0, {}
    for before in (1, 5, 7):
        take_steps(model, x, y, before - done)
        done = before
        model.save(tmp_path / "part.keras")
        restored[before] = keras.saving.load_model(tmp_path / "part.keras")
        assert type(restored[before].optimizer) is type(model.optimizer)
        assert restored[before].optimizer.get_config() == model.optimizer.get_config()
        for ours, theirs in zip(model.optimizer.variables, restored[before].optimizer.variables, strict=True):
            np.testing.assert_array_equal(ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs))
    take_steps(model, x, y, 13 - done)
    for before, each in restored.items():
        take_steps(each, x, y, 13 - before)
        for uninterrupted, resumed in zip(model.get_weights(), each.get_weights(), strict=True):
            np.testing.assert_array_equal(uninterrupted, resumed)


@each_optimizer
@pytest.mark.parametrize("rate", [lambda: 0.0625, halved], ids=["number", "schedule"])
def test_config_makes_an_equal_optimizer(make, rate):
    optimizer = make(rate(), weight_decay=0.25, clipnorm=2.0)
    twin = type(optimizer).from_config(optimizer.get_config())
    assert twin.get_config() == optimizer.get_config()
    for ours, theirs in zip(follow(optimizer, 6, eager=True), follow(twin, 6, eager=True), strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other)


@each_optimizer
def test_the_learning_rate_can_be_changed(make):
    optimizer = make()
    follow(optimizer, 1, eager=True)
    optimizer.learning_rate = 0.0
    assert float(ops.convert_to_numpy(optimizer.learning_rate)) == 0
    variables = optimizer._trainable_variables
    before = to_numpy(variables)
    optimizer.apply([ops.ones(v.shape) for v in variables])
    for kept, now in zip(before, to_numpy(variables), strict=True):
        np.testing.assert_array_equal(kept, now)
    model, x, y = model_and_data(make(), "auto")
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.5 / 2**epoch)
    model.fit(x, y, epochs=3, verbose=0, callbacks=[schedule])
    assert float(ops.convert_to_numpy(model.optimizer.learning_rate)) == 0.125


@each_optimizer
def test_options_of_the_base_class(make):
    """Weight decay alone shrinks; clipping bounds what the step sees; averages take the weights' place at the end."""
    variable = keras.Variable(np.full(3, 2.0, "float32"))
    optimizer = make(weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["nothing"])
    optimizer.apply([ops.zeros(3)], [variable])
    np.testing.assert_allclose(ops.convert_to_numpy(variable), 2 * (1 - 0.5 * 0.01), rtol=1e-6)
    ends = []
    for size, more in [(1.0, {}), (50.0, {"clipvalue": 1.0})]:
        variable = keras.Variable(np.zeros(3, "float32"))
        optimizer = make(**more)
        for _ in range(3):
            optimizer.apply([ops.full((3,), size)], [variable])
        ends.append(ops.convert_to_numpy(variable))
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-5)
    model, x, y = model_and_data(make(use_ema=True, ema_momentum=0.5), "auto")
    model.fit(x, y, epochs=2, verbose=0)
    average = getattr(model.optimizer, "inner_optimizer", model.optimizer)._model_variables_moving_average
    for weight, mean in zip(model.get_weights(), to_numpy(average), strict=True):
        np.testing.assert_array_equal(weight, mean)


@each_optimizer
def test_accumulated_gradients_count_as_one_update(make):
    ends = []
    for parts in (1, 2):
        variable = keras.Variable(np.ones(3, "float32"))
        optimizer = make(gradient_accumulation_steps=parts if parts > 1 else None)
        for t in range(9 * parts):
            optimizer.apply([ops.full((3,), 1.0 + t // parts)], [variable])
        ends.append(ops.convert_to_numpy(variable))
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-6)


@each_optimizer
def test_a_scaled_loss_makes_no_difference(make):
    """Mixed precision puts a LossScaleOptimizer around ours."""
    weights = []
    for wrap in (lambda optimizer: optimizer, keras.optimizers.LossScaleOptimizer):
        model, x, y = model_and_data(wrap(make()), keras.backend.backend() == "jax")
        take_steps(model, x, y, 9)
        weights.append(model.get_weights())
    for plain, scaled in zip(*weights, strict=True):
        np.testing.assert_allclose(plain, scaled, atol=1e-5)


def test_weights_loaded_after_build_are_the_first_slow_weights():
    variable = keras.Variable(np.zeros(3, "float32"))
    optimizer = Lookahead(keras.optimizers.SGD(1.0), k=2, alpha=0.5)
    optimizer.build([variable])
    variable.assign(np.full(3, 10.0, "float32"))
    for _ in range(2):
        optimizer.apply([ops.ones(3)], [variable])
    np.testing.assert_array_equal(ops.convert_to_numpy(variable), np.full(3, 9.0))


def test_constraints_hold_after_a_slow_step():
    variable = keras.Variable(np.array([[1.0], [0.0]], "float32"))
    variable.constraint = keras.constraints.UnitNorm(axis=0)
    optimizer = Lookahead(keras.optimizers.SGD(1.0), k=1, alpha=0.5)
    optimizer.apply([ops.convert_to_tensor([[0.0], [3.0]])], [variable])
    assert np.linalg.norm(ops.convert_to_numpy(variable)) == pytest.approx(1, abs=1e-5)


def test_state_can_be_set_as_a_whole():
    optimizer, twin = Ranger(), Ranger()
    follow(optimizer, 8, eager=True)
    follow(twin, 1, eager=True)
    twin.set_weights(to_numpy(optimizer.variables))
    for ours, theirs in zip(to_numpy(optimizer.variables), to_numpy(twin.variables), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("make", "allowed"),
    [
        (lambda: RAdam(-0.1), r"learning_rate: -0\.1 is not allowed\. Remedy: pass a number in \[0, inf\)"),
        (lambda: RAdam("fast"), r"learning_rate: 'fast' .* \[0, inf\)"),
        (lambda: RAdam(beta_1=1), r"beta_1: 1 .* \[0, 1\)"),
        (lambda: RAdam(beta_2=0.0), r"beta_2: 0\.0 .* \(0, 1\)"),
        (lambda: RAdam(epsilon=0), r"epsilon: 0 .* \(0, inf\)"),
        (lambda: RAdam(weight_decay=-1), r"weight_decay: -1 .* \[0, inf\)"),
        (lambda: Ranger(beta_2=1.5), r"beta_2: 1\.5 .* \(0, 1\)"),
        (lambda: Ranger(k=0), "Ranger, k: 0 is not allowed. Remedy: pass a whole number of 1 or more"),
        (lambda: Ranger(alpha=0), r"Ranger, alpha: 0 .* \(0, 1\]"),
        (lambda: Lookahead(keras.optimizers.SGD(), k=2.5), "Lookahead, k: 2.5 .* whole number"),
        (lambda: Lookahead(keras.optimizers.SGD(), alpha=1.1), r"alpha: 1\.1 .* \(0, 1\]"),
        (lambda: Lookahead("adam"), r"'adam' is no Keras optimiser.*such as keras\.optimizers\.Adam"),
        (lambda: Lookahead(keras.optimizers.LossScaleOptimizer(RAdam())), r"LossScaleOptimizer\(Lookahead"),
        (lambda: Lookahead(built()), "pass a fresh optimiser"),
        (lambda: Lookahead(keras.optimizers.SGD()).apply([1.0]), "call build first"),
    ],
)
def test_wrong_arguments_are_told_what_is_allowed(make, allowed):
    with pytest.raises(InputError, match=allowed):
        make()


def built():
    optimizer = keras.optimizers.SGD()
    optimizer.build([keras.Variable([1.0])])
    return optimizer
