"""The update rules, one function each, in place on arrays.

Letters: x the variable, g its gradient, lr the learning rate, t the step from 1.
Every function changes `x` and the state arrays beside it, reads `g`, and uses `work` (shape and
type of x, contents lost) for all that lies between: nothing is allocated. Scalars are Python
floats, so that the arrays' own floating-point type is the type of the computation.

The formulas are those of Keras 3, which differ from the papers in where ε stands.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def sgd_update(x: Array, g: Array, work: Array, lr: float) -> None:
    """Gradient descent.

    x ← x - lr g    (1)
    """
    np.multiply(g, lr, out=work)
    x -= work  # (1)


def momentum_update(
    x: Array, g: Array, v: Array, work: Array, lr: float, momentum: float, nesterov: bool
) -> None:
    """Gradient descent with momentum (Polyak, 1964), or Nesterov's (Sutskever et al., 2013).

    v ← μ v - lr g           (1)
    x ← x + v                (2)
    x ← x + μ v - lr g       (3)  Nesterov: the step from where v will have led
    """
    np.multiply(g, lr, out=work)
    v *= momentum
    v -= work  # (1)
    if not nesterov:
        x += v  # (2)
        return
    x -= work
    np.multiply(v, momentum, out=work)
    x += work  # (3)


def rmsprop_update(
    x: Array,
    g: Array,
    v: Array,
    work: Array,
    lr: float,
    rho: float,
    epsilon: float,
    momentum: float = 0.0,
    average: Array | None = None,
    velocity: Array | None = None,
) -> None:
    """RMSprop (Tieleman, Hinton, 2012, lecture 6.5); centered: Graves, 2013, eq. (38) to (41).

    v ← ρ v + (1 - ρ) g²                       (1)
    a ← ρ a + (1 - ρ) g                        (2)  if `average` is given
    d = lr g / √(v - a² + ε)                   (3)
    x ← x - d                                  (4)
    u ← μ u + d,  x ← x - u                    (5)  if `velocity` is given

    Where the gradient has long been the same, v - a² is 0 but for rounding, and not below it.
    """
    np.multiply(g, g, out=work)
    move_towards(v, work, 1.0 - rho)  # (1)
    if average is None:
        np.add(v, epsilon, out=work)
    else:
        np.subtract(g, average, out=work)
        work *= 1.0 - rho
        average += work  # (2)
        np.multiply(average, average, out=work)
        np.subtract(v, work, out=work)
        np.maximum(work, 0.0, out=work)
        work += epsilon
    np.sqrt(work, out=work)
    np.divide(g, work, out=work)
    work *= lr  # (3)
    if velocity is None:
        x -= work  # (4)
        return
    velocity *= momentum
    velocity += work
    x -= velocity  # (5)


def adam_update(
    x: Array,
    g: Array,
    m: Array,
    v: Array,
    work: Array,
    lr: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    step: int,
    v_max: Array | None = None,
) -> None:
    """Adam (Kingma, Ba, 2015, algorithm 1 as in section 2); AMSGrad: Reddi et al., 2018, alg. 2.

    m ← m + (1 - β₁)(g - m)                          (1)
    v ← v + (1 - β₂)(g² - v)                         (2)
    v̂ ← max(v̂, v), and v̂ for v below                (3)  if `v_max` is given
    α = lr √(1 - β₂ᵗ) / (1 - β₁ᵗ)                    (4)
    x ← x - α m / (√v + ε)                           (5)
    """
    np.subtract(g, m, out=work)
    work *= 1.0 - beta_1
    m += work  # (1)
    np.multiply(g, g, out=work)
    move_towards(v, work, 1.0 - beta_2)  # (2)
    if v_max is not None:
        v = np.maximum(v_max, v, out=v_max)  # (3)
    alpha = lr * (1.0 - beta_2**step) ** 0.5 / (1.0 - beta_1**step)  # (4)
    np.sqrt(v, out=work)
    work += epsilon
    np.divide(m, work, out=work)
    work *= alpha
    x -= work  # (5)


def nadam_update(
    x: Array,
    g: Array,
    m: Array,
    v: Array,
    work: Array,
    work_2: Array,
    lr: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    step: int,
    u_product: float,
) -> None:
    """Adam with Nesterov momentum (Dozat, 2016, algorithm 2 with a schedule for β₁).

    u_t = β₁ (1 - 0.96ᵗ / 2),  U_t = u_1 ⋯ u_t (`u_product`)                  (1)
    m ← m + (1 - β₁)(g - m),  v ← v + (1 - β₂)(g² - v)                        (2)
    m̂ = u_{t+1} m / (1 - U_t u_{t+1}) + (1 - u_t) g / (1 - U_t)               (3)
    x ← x - lr m̂ / (√(v / (1 - β₂ᵗ)) + ε)                                     (4)
    """
    u, u_next = nadam_momentum(beta_1, step), nadam_momentum(beta_1, step + 1)  # (1)
    np.subtract(g, m, out=work)
    work *= 1.0 - beta_1
    m += work
    np.multiply(g, g, out=work)
    move_towards(v, work, 1.0 - beta_2)  # (2)
    np.multiply(m, u_next / (1.0 - u_product * u_next), out=work)
    np.multiply(g, (1.0 - u) / (1.0 - u_product), out=work_2)
    work += work_2  # (3)
    np.divide(v, 1.0 - beta_2**step, out=work_2)
    np.sqrt(work_2, out=work_2)
    work_2 += epsilon
    work /= work_2
    work *= lr
    x -= work  # (4)


def nadam_momentum(beta_1: float, step: int) -> float:
    """Return u_t of equation (1) of :func:`nadam_update`."""
    return beta_1 * (1.0 - 0.5 * 0.96**step)


def adamax_update(
    x: Array,
    g: Array,
    m: Array,
    u: Array,
    work: Array,
    lr: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    step: int,
) -> None:
    """Adam with the infinity norm (Kingma, Ba, 2015, algorithm 2).

    m ← m + (1 - β₁)(g - m)                  (1)
    u ← max(β₂ u, |g|)                       (2)
    x ← x - lr m / ((1 - β₁ᵗ)(u + ε))        (3)
    """
    np.subtract(g, m, out=work)
    work *= 1.0 - beta_1
    m += work  # (1)
    u *= beta_2
    np.abs(g, out=work)
    np.maximum(u, work, out=u)  # (2)
    np.add(u, epsilon, out=work)
    np.divide(m, work, out=work)
    work *= lr / (1.0 - beta_1**step)
    x -= work  # (3)


def adagrad_update(
    x: Array, g: Array, accumulator: Array, work: Array, lr: float, epsilon: float
) -> None:
    """Adagrad (Duchi, Hazan, Singer, 2011).

    a ← a + g²                    (1)
    x ← x - lr g / √(a + ε)       (2)
    """
    np.multiply(g, g, out=work)
    accumulator += work  # (1)
    np.add(accumulator, epsilon, out=work)
    np.sqrt(work, out=work)
    np.divide(g, work, out=work)
    work *= lr
    x -= work  # (2)


def adadelta_update(
    x: Array,
    g: Array,
    squares: Array,
    deltas: Array,
    work: Array,
    lr: float,
    rho: float,
    epsilon: float,
    work_2: Array,
) -> None:
    """Adadelta (Zeiler, 2012, algorithm 1).

    a ← ρ a + (1 - ρ) g²                  (1)
    δ = - √(b + ε) / √(a + ε) g           (2)
    b ← ρ b + (1 - ρ) δ²                  (3)
    x ← x + lr δ                          (4)
    """
    np.multiply(g, g, out=work)
    move_towards(squares, work, 1.0 - rho)  # (1)
    np.add(deltas, epsilon, out=work)
    np.add(squares, epsilon, out=work_2)
    work /= work_2
    np.sqrt(work, out=work)
    work *= g  # (2), without its sign
    np.multiply(work, work, out=work_2)
    move_towards(deltas, work_2, 1.0 - rho)  # (3)
    work *= lr
    x -= work  # (4)


def move_towards(average: Array, value: Array, rate: float) -> None:
    """average ← average + rate (value - average); `value` is used up."""
    value -= average
    value *= rate
    average += value
