"""`attncert bound`: known suprema from both sides, finite domains, gaps, gates, FPCore."""

import decimal
import json
import os
import sys
from decimal import Decimal
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import oracle  # noqa: E402

W = "0.27846454276107379510935873902"  # W(1/e), digits cut
TOLERANCE = Fraction(1, 10 ** 12)

# Suprema over all reals: target, approximant, digits (cut, not rounded).
KNOWN = [
    ("relu", "silu", W),
    ("relu", "silu:k=1", W),
    ("gelu", "silu:k=1.702", "2.03348722092392302e-2"),
    ("gelu", "quick_gelu", "2.03348722092392302e-2"),
    ("gelu_tanh", "gelu", "4.73235520687284877e-4"),
]

# W(1/e) / k
SCALED = [("4", Fraction(4)), ("256", Fraction(256)), ("2^40", Fraction(2) ** 40),
          ("2^-20", Fraction(2) ** -20), ("2^100", Fraction(2) ** 100),
          ("2^-100", Fraction(2) ** -100), ("2/3", Fraction(2, 3)), ("0x1.8p-3", Fraction(3, 16))]

# Finite intervals, against decimal arithmetic.
FINITE = [
    ("relu", "silu", "-8", "8"), ("relu", "silu", "0", "8"), ("relu", "silu", "0", "0.5"),
    ("relu", "silu", "-1", "0.25"), ("relu", "silu:k=4", "-8", "8"),
    ("relu", "silu:k=4", "0.5", "2"), ("gelu", "silu:k=1.702", "-8", "8"),
    ("gelu", "silu:k=1.702", "0", "8"), ("gelu", "silu:k=1.702", "0", "1"),
    ("gelu", "silu:k=1.702", "3", "5"), ("gelu", "silu:k=1.702", "-2", "-1"),
    ("gelu_tanh", "gelu", "-8", "8"), ("gelu_tanh", "gelu", "0", "8"),
    ("gelu_tanh", "gelu", "-1", "2"), ("silu", "quick_gelu", "-10", "10"),
    ("mish", "silu", "-3", "3"), ("mish", "gelu", "0", "8"), ("softplus", "relu", "-4", "4"),
    ("elu", "gelu", "-2", "2"), ("tanh", "sigmoid", "-5", "5"), ("tanh", "gelu", "-1", "2"),
    ("sigmoid", "relu", "0", "3"), ("gelu", "silu:k=1.702", "1", "1"),
]

# Maxima that are known exactly: term, term, domain, supremum.
EXACT = [
    ("x", "0", "-1,3", Fraction(3)), ("(* x x)", "0", "-2,1", Fraction(4)),
    ("(* x x)", "x", "0,1", Fraction(1, 4)), ("(sqrt x)", "0", "0,4", Fraction(2)),
    ("(/ 1 x)", "0", "1/4,1", Fraction(4)), ("(fabs x)", "x", "-3,1", Fraction(6)),
    ("(pow x 3)", "0", "-1/2,1/2", Fraction(1, 8)), ("5", "2", "0,1", Fraction(3)),
    ("(fmax x 1)", "(fmin x 1)", "-1,2", Fraction(2)),
    ("(FPCore (y) :precision real (* y y))", "1", "0,2", Fraction(3)),
    ("(let* ([a (* x x)] [b (* a a)]) (- b a))", "0", "0,1", Fraction(1, 4)),
]

EQUAL = [("gelu", "gelu"), ("relu", "relu"), ("quick_gelu", "silu:k=1.702"), ("silu", "silu:k=1"),
         ("silu:k=2", "silu:k=4/2"), ("mish", "mish"), ("elu", "elu"), ("tanh", "(tanh x)")]

UNBOUNDED = [("gelu", "tanh"), ("relu", "sigmoid"), ("x", "0"), ("relu", "silu:k=-1"),
             ("silu", "0"), ("softplus", "sigmoid"),
             ("(* 1.001 x)", "x")]

PAIR_GATES = {"gates": [{"coefficient": "0.5", "scores": [["2.2116603594", "1.30991908912"]]},
                        {"coefficient": "0.5", "scores": [["2.2116603594", "-1.30991908912"]]}]}
PAIR_SUPREMUM = ("4.208e-3", "1e-6")  # the digits known, and the weight of the last

# beta with cosh(beta) = 5.042453635626
BETA = (Decimal("5.042453635626") + (Decimal("5.042453635626") ** 2 - 1).sqrt()).ln()
THREE_GATES = {"gates": [
    {"coefficient": "1.335867458493", "scores": [["1.312174456926", "0"]]},
    {"coefficient": "-0.1679337292465", "scores": [["1.363632151756", f"{BETA:.40f}"]]},
    {"coefficient": "-0.1679337292465", "scores": [["1.363632151756", f"-{BETA:.40f}"]]}]}
THREE_SUPREMUM = ("2.768e-4", "1e-7")

MISH_GATES = {"gates": [
    {"coefficient": "1", "scores": [["1", "(- (log 2))"], ["2", "(- (log 2))"]]},
    {"coefficient": "1", "scores": [["-1", "(log 2)"], ["1", "0"]]}]}

BEST_K = ("gelu", "silu:k=1.77293396561675", "1.39222454727584e-2")


class Bound:
    """The JSON of one call."""

    def __init__(self, suite, *arguments):
        self.outcome = suite.attncert("bound", *arguments, "--json")
        self.good = self.outcome.code == 0
        if self.good:
            self.json = self.outcome.json()
            self.result = self.json["result"]
            if self.result == "enclosed":
                self.lower = Fraction(self.json["lower"])
                self.upper = Fraction(self.json["upper"])


def check_shape(suite, case, bound, gap):
    """What every finite answer must satisfy, whatever the supremum."""
    json_ = bound.json
    suite.check(bound.upper <= bound.lower * (1 + gap), f"{case}: gap", json_)
    suite.check(json_["gap_reached"] is True, f"{case}: gap_reached", json_)
    digits = min(map(harness.significant_digits, (json_["lower"], json_["upper"])))
    suite.check(digits >= 20, f"{case}: at least 20 digits", json_)
    suite.check(isinstance(json_["pieces"], int) and json_["pieces"] >= 1, f"{case}: pieces",
                json_)


def check_encloses(suite, case, arguments, low, high, tolerance=TOLERANCE):
    """The answer encloses a supremum known to lie in [low, high], and hugs it."""
    bound = Bound(suite, *arguments)
    if not suite.check(bound.good and bound.result == "enclosed", case, bound.outcome):
        return None
    check_shape(suite, case, bound, TOLERANCE)
    suite.check(bound.lower <= high and bound.upper >= low, f"{case}: encloses", bound.json)
    close = bound.upper <= high * (1 + tolerance) and bound.lower >= low * (1 - tolerance)
    suite.check(close, f"{case}: close from both sides", f"{bound.json} for {float(low)}")
    return bound


def cut(digits, last=None):
    """The interval of numbers that begin with these digits."""
    value = Fraction(digits)
    if last is None:
        last = Decimal((0, (1,), Decimal(digits).as_tuple().exponent))
    return value, value + Fraction(last)


def witness_distance(f, g, witness):
    value = harness.exact(witness)
    x = Decimal(value.numerator) / Decimal(value.denominator)
    return abs(oracle.function(f)(x) - oracle.function(g)(x))


def check_witness(suite, case, f, g, bound, domain=None):
    witness = bound.json["witness"]
    distance = witness_distance(f, g, witness)
    suite.check(Fraction(str(distance)) >= bound.lower * (1 - Fraction(1, 10 ** 40)),
                f"{case}: witness reaches the lower bound", f"{bound.json} gives {distance}")
    if domain:
        low, high = map(Fraction, domain)
        suite.check(low <= harness.exact(witness) <= high, f"{case}: witness in the domain",
                    witness)


def test_known(suite):
    for f, g, digits in KNOWN:
        for a, b in ((f, g), (g, f)):
            bound = check_encloses(suite, f"bound {a} {b}", [a, b], *cut(digits))
            if bound:
                check_witness(suite, f"bound {a} {b}", a, b, bound)
    low, high = cut(BEST_K[2])
    slack = low * TOLERANCE  # the k at hand is cut as well, and moves the last digits
    check_encloses(suite, "bound, best k", BEST_K[:2], low - slack, high + slack)


def test_scaled(suite):
    low, high = cut(W)
    for text, k in SCALED:
        check_encloses(suite, f"bound relu silu:k={text}", ["relu", f"silu:k={text}"], low / k,
                       high / k)
        check_encloses(suite, f"bound silu:k={text} relu", [f"silu:k={text}", "relu"], low / k,
                       high / k)


def test_finite(suite):
    for f, g, a, b in FINITE:
        reference = Fraction(str(oracle.supremum(oracle.function(f), oracle.function(g), a, b)))
        slack = reference / 10 ** 30
        case = f"bound {f} {g} --domain {a},{b}"
        bound = check_encloses(suite, case, [f, g, "--domain", f"{a},{b}"], reference,
                               reference + slack)
        if bound:
            check_witness(suite, case, f, g, bound, (a, b))
        swapped = Bound(suite, g, f, "--domain", f"{a},{b}")
        suite.check(swapped.good and swapped.lower <= reference + slack
                    and swapped.upper >= reference, f"{case}, swapped", swapped.outcome)


def test_exact(suite):
    for f, g, domain, supremum in EXACT:
        check_encloses(suite, f"bound {f} {g} --domain {domain}", [f, g, "--domain", domain],
                       supremum, supremum)


def test_equal(suite):
    for f, g in EQUAL:
        for domain in ("all", "-8,8"):
            bound = Bound(suite, f, g, "--domain", domain)
            case = f"bound {f} {g} --domain {domain}"
            if suite.check(bound.good and bound.result == "equal", case, bound.outcome):
                suite.equal((bound.json["lower"], bound.json["upper"]), ("0", "0"), case)


def test_unbounded(suite):
    for f, g in UNBOUNDED:
        for a, b in ((f, g), (g, f)):
            bound = Bound(suite, a, b)
            case = f"bound {a} {b}"
            if suite.check(bound.good and bound.result == "unbounded", case, bound.outcome):
                suite.equal((bound.json["lower"], bound.json["upper"]), ("inf", "inf"), case)
                text = suite.attncert("bound", a, b)
                suite.check(text.code == 0 and "unbounded" in text.out, f"{case}: text", text)
    bound = Bound(suite, "relu", "sigmoid", "--domain", "-8,8")
    suite.check(bound.good and bound.result == "enclosed", "finite part of an unbounded pair",
                bound.outcome)


def test_gaps(suite):
    low, high = cut(W)
    gelu = Fraction(str(oracle.supremum(oracle.gelu, oracle.silu("1.702"), "-3", "-2", 40)))
    for gap in ("1e-6", "1e-20", "1e-30"):
        limit = Fraction(gap)
        for f, g, below, above in (("relu", "silu", low, high),
                                   ("gelu", "silu:k=1.702", gelu, gelu * (1 + limit / 100))):
            case = f"bound {f} {g} --rel-gap {gap}"
            bound = Bound(suite, f, g, "--rel-gap", gap)
            if not suite.check(bound.good, case, bound.outcome):
                continue
            check_shape(suite, case, bound, limit)
            suite.check(bound.lower <= above and bound.upper >= below, f"{case}: encloses",
                        bound.json)


def gates_file(suite, name, content):
    return "gates:" + suite.write(name, json.dumps(content))


def test_gates(suite):
    for name, content, (digits, last) in (("pair.json", PAIR_GATES, PAIR_SUPREMUM),
                                          ("three.json", THREE_GATES, THREE_SUPREMUM)):
        gates = gates_file(suite, name, content)
        value = Fraction(digits)
        for arguments in (["gelu", gates], [gates, "gelu"]):
            check_encloses(suite, f"bound {name}", arguments, value - Fraction(last) / 2,
                           value + Fraction(last) / 2)
    one = gates_file(suite, "one.json", {"gates": [{"coefficient": "1",
                                                    "scores": [["4", "0"]]}]})
    check_encloses(suite, "bound relu, one gate", ["relu", one], *(v / 4 for v in cut(W)))
    mish = gates_file(suite, "mish.json", MISH_GATES)
    bound = Bound(suite, "mish", mish)
    suite.check(bound.good and bound.lower == 0 and bound.upper <= Fraction(1, 10 ** 20),
                "mish is exactly two gates", bound.outcome)


def test_fpcore(suite):
    low, high = (value / 4 for value in cut(W))
    for term in ("(* x (/ 1 (+ 1 (exp (- (* 4 x))))))", "(/ x (+ 1 (exp (* -4 x))))",
                 "(FPCore (z) :precision real (/ z (+ 1 (exp (- (* 4 z))))))",
                 "(FPCore f (z) :name \"a name\" (let ([e (exp (- (* 4 z)))]) (/ z (+ 1 e))))"):
        check_encloses(suite, f"bound relu {term}", ["relu", term], low, high)
        check_encloses(suite, f"bound relu {term}, on [-8, 8]",
                       ["relu", term, "--domain", "-8,8"], low, high)
    for a, b in (("(fmax 0 x)", "silu:k=4"), ("(/ (+ x (fabs x)) 2)", "silu:k=4")):
        check_encloses(suite, f"bound {a} {b}", [a, b], low, high)


def test_text(suite):
    outcome = suite.attncert("bound", "gelu", "silu:k=1.702")
    suite.check(outcome.code == 0 and "2.03348722092392" in outcome.out and
                "witness" in outcome.out and outcome.err == "", "text output", outcome)


def main():
    decimal.getcontext().prec = 60
    suite = harness.Suite()
    for test in (test_known, test_scaled, test_finite, test_exact, test_equal, test_unbounded,
                 test_gaps, test_gates, test_fpcore, test_text):
        test(suite)
    suite.finish()


if __name__ == "__main__":
    main()
