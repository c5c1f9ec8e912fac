"""`attncert formats`: docs/formats.md made anew; its gates against an oracle of their own."""

import math
import os
import struct
import sys
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

LONG = 600  # seconds: the whole table, on a busy machine


def test_document(suite):
    """The committed table is what the command makes."""
    path = suite.path("formats.md")
    outcome = suite.attncert("formats", "-o", path, timeout=LONG)
    if not suite.check(outcome.code == 0, "formats -o", outcome):
        return
    made = harness.read(path).decode()
    committed = harness.read(os.path.join(suite.source, "docs", "formats.md")).decode()
    for number, (one, two) in enumerate(zip(made.splitlines(), committed.splitlines()), 1):
        if not suite.equal(one, two, f"docs/formats.md, line {number}, made anew"):
            break
    suite.equal(made, committed, "docs/formats.md is what attncert formats -o docs/formats.md makes")
    longest = max(map(len, made.splitlines()))
    suite.check(longest <= 160, "lines of at most 160 columns", longest)


def to_fp32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def to_fp16(x):
    return struct.unpack("<e", struct.pack("<e", x))[0]


def neuron(gates, z, rounded):
    """One neuron's heads, every operation rounded; exp by the C library, then rounded."""
    total = 0.0
    for gate in gates:
        scores = [0.0]
        for slope, shift in gate["scores"]:
            slope, shift = float(harness.exact(slope)), float(harness.exact(shift))
            scores.append(rounded(rounded(-z * slope) - shift))
        top = max(scores)
        weights = [rounded(math.exp(rounded(score - top))) for score in scores]
        denominator = 0.0
        for weight in weights:
            denominator = rounded(denominator + weight)
        value = rounded(float(harness.exact(gate["coefficient"])) * z)
        total = rounded(total + rounded(rounded(weights[0] / denominator) * value))
    return total


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


ACTIVATIONS = {
    "relu": lambda z: max(0.0, z),
    "silu": lambda z: z * sigmoid(z),
    "quick_gelu": lambda z: z * sigmoid(1.702 * z),
    "gelu": lambda z: z * math.erfc(-z / math.sqrt(2)) / 2,
    "gelu_tanh": lambda z: z * sigmoid(math.sqrt(8 / math.pi) * (z + 0.044715 * z ** 3)),
    "mish": lambda z: z * math.tanh(math.log1p(math.exp(z))),
}


def test_gates(suite):
    """Python's own half and single precision, on a grid: within the stated epsilon."""
    for name, rounded in (("fp16", to_fp16), ("fp32", to_fp32)):
        outcome = suite.attncert("formats", "--format", name, "--reach", "8", "--json",
                                 timeout=LONG)
        if not suite.check(outcome.code == 0, f"formats --format {name}", outcome):
            continue
        table = outcome.json()
        suite.equal((table["reach"], table["underflow"]), ("8", "gradual"), f"{name}: setting")
        targets = {entry["target"] for entry in table["entries"]}
        suite.equal(targets, set(ACTIVATIONS), f"{name}: activations")
        for entry in table["entries"]:
            case = f"{name}, {entry['target']}, {entry['heads']} heads"
            activation = ACTIVATIONS[entry["target"]]
            epsilon = float(entry["epsilon"])
            worst = max(abs(neuron(entry["gates"], z, rounded) - activation(z))
                        for z in (rounded(i / 97) for i in range(-776, 777)))
            allowed = epsilon + 1e-13  # the oracle's own doubles
            suite.check(0 < worst <= allowed or entry["target"] == "relu" and worst <= allowed,
                        f"{case}: {worst} <= {epsilon}", entry)
            total = Fraction(entry["approximation"]) + Fraction(entry["rounding"])
            suite.check(abs(Fraction(entry["epsilon"]) - total) <= total / 10 ** 13,
                        f"{case}: epsilon is the sum", entry)
        suite.equal([masks["name"] for masks in table["masks"]], [name], f"{name}: masks")


def test_overflow(suite):
    """A range that leaves no room is said to overflow, entry by entry."""
    outcome = suite.attncert("formats", "--format", "e4m3", "--reach", "448", "--json",
                             timeout=LONG)
    if not suite.check(outcome.code == 0, "formats over all of e4m3", outcome):
        return
    by_target = {(entry["target"], entry["heads"]): entry for entry in outcome.json()["entries"]}
    suite.check(by_target["gelu", 1].get("overflows"), "gelu overflows", by_target["gelu", 1])
    suite.check("epsilon" in by_target["silu", 1], "silu does not", by_target["silu", 1])


def test_bad(suite):
    for arguments, needle in ((["--format", "float16"], "fp16"), (["--reach", "0"], "--reach"),
                              (["--reach", "x"], "--reach"), (["--underflow", "no"], "--underflow"),
                              (["more"], "more")):
        suite.refuses(f"formats {arguments}", suite.attncert("formats", *arguments), 2, needle)
    outcome = suite.attncert("formats", "--format", "e5m2", "-o", suite.path("none", "x.md"),
                             timeout=LONG)
    suite.refuses("-o in a missing folder", outcome, 2)


def main():
    suite = harness.Suite()
    test_bad(suite)
    test_gates(suite)
    test_overflow(suite)
    test_document(suite)
    suite.finish()


if __name__ == "__main__":
    main()
