"""Suprema in 60-digit decimal arithmetic, independent of the programs' libraries."""

import decimal
import math
from decimal import Decimal

decimal.getcontext().prec = 60
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640629")


def exp(x):
    return x.exp()


def sigmoid(x):
    if x < 0:
        e = exp(x)
        return e / (1 + e)
    return 1 / (1 + exp(-x))


def tanh(x):
    return 2 * sigmoid(2 * x) - 1


def erf_series(x):
    """2/sqrt(pi) e^-x^2 sum 2^n x^(2n+1) / (2n+1)!!: all terms have one sign."""
    term = total = x
    n = 0
    while abs(term) > abs(total) * Decimal("1e-62"):
        n += 1
        term = term * 2 * x * x / (2 * n + 1)
        total += term
    return total * 2 / PI.sqrt() * exp(-x * x)


def erf(x):
    if x == 0:
        return Decimal(0)
    return erf_series(x)


def relu(x):
    return max(x, Decimal(0))


def silu(k):
    k = Decimal(k)
    return lambda x: x * sigmoid(k * x)


def gelu(x):
    """x (1 + erf(x / sqrt 2)) / 2, with guard digits for the cancellation at the left."""
    with decimal.localcontext() as context:
        context.prec = 60 + min(400, int(x * x / 4) + 5)
        root = Decimal(2).sqrt()
        return x * (1 + erf(x / root)) / 2


def gelu_tanh(x):
    inner = (2 / PI).sqrt() * (x + Decimal("0.044715") * x ** 3)
    return x * sigmoid(2 * inner)


def mish(x):
    return x * tanh((1 + exp(x)).ln())


def softplus(x):
    return (1 + exp(x)).ln() if x < 60 else x + exp(-x)


def elu(x):
    return x if x > 0 else exp(x) - 1


ZOO = {"relu": relu, "silu": silu(1), "gelu": gelu, "gelu_tanh": gelu_tanh,
       "quick_gelu": silu("1.702"), "sigmoid": sigmoid, "tanh": tanh, "softplus": softplus,
       "mish": mish, "elu": elu}


def function(name):
    return silu(name[len("silu:k="):]) if name.startswith("silu:k=") else ZOO[name]


def golden(f, a, b):
    """The greatest value of a unimodal f on [a, b], to 16 digits in x and so 32 in f."""
    ratio = (Decimal(5).sqrt() - 1) / 2
    c, d = b - ratio * (b - a), a + ratio * (b - a)
    fc, fd = f(c), f(d)
    best = max(f(a), f(b), fc, fd)
    for _ in range(80):
        if fc > fd:
            b, d, fd = d, c, fc
            c = b - ratio * (b - a)
            fc = f(c)
        else:
            a, c, fc = c, d, fd
            d = a + ratio * (b - a)
            fd = f(d)
        best = max(best, fc, fd)
    return best


def supremum(f, g, lower, upper, samples=200):
    """sup |f - g| over [lower, upper]: a grid, then golden sections about its best points."""
    lower, upper = Decimal(lower), Decimal(upper)

    def distance(x):
        return abs(f(x) - g(x))

    points = [lower + (upper - lower) * i / samples for i in range(samples + 1)]
    if lower < 0 < upper:
        points = sorted(set(points + [Decimal(0)]))
    values = [distance(x) for x in points]
    peak = max(values)
    best = peak
    for i, value in enumerate(values):
        left, right = values[max(i - 1, 0)], values[min(i + 1, len(values) - 1)]
        if value >= max(left, right) and value > peak * Decimal("0.9"):
            best = max(best, golden(distance, points[max(i - 1, 0)],
                                    points[min(i + 1, len(points) - 1)]))
    return best


# ---- the same functions in double precision ------------------------------------------------------


def float_function(name):
    def logistic(t):
        return 1 / (1 + math.exp(-t)) if t > -700 else 0.0

    if name.startswith("silu:k="):
        k = float(name[len("silu:k="):])
        return lambda x: x * logistic(k * x)
    return {"relu": lambda x: max(x, 0.0), "silu": lambda x: x * logistic(x),
            "gelu": lambda x: x * math.erfc(-x / math.sqrt(2)) / 2,
            "gelu_tanh": lambda x: x * logistic(2 * math.sqrt(2 / math.pi)
                                                * (x + 0.044715 * x ** 3)),
            "quick_gelu": lambda x: x * logistic(1.702 * x), "tanh": math.tanh,
            "sigmoid": logistic}[name]
