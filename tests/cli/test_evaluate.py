"""`attncert evaluate`: models, original and converted, against independent reference values."""

import json
import math
import os
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from conversion import Conversion, own_model  # noqa: E402
from safetensors import TensorFile  # noqa: E402

ROUNDING = 1e-11  # of fp64 evaluations of models this small
getcontext().prec = 60


def evaluate(suite, model, *arguments):
    outcome = suite.attncert("evaluate", model, *arguments, "--json", timeout=60)
    return outcome.json() if outcome.code == 0 else {"error": outcome.err}


def largest_difference(rows, others):
    if len(rows) != len(others):
        return math.inf
    return max((abs(a - float(b)) for row, other in zip(rows, others) for a, b in zip(row, other)),
               default=math.inf)


class Enclosures:
    """Midpoints and radii, as exact numbers, of what `attncert evaluate --rigorous` prints."""

    def __init__(self, suite, model, *arguments):
        report = evaluate(suite, model, "--rigorous", *arguments)
        self.error = report.get("error")
        self.mids = [[Fraction(x) for x in row] for row in report.get("logits", [])]
        self.rads = [[Fraction(x) for x in row] for row in report.get("radius", [])]

    def misses(self, rows, tolerance=0):
        """How far the last rows of numbers are from what is enclosed, less the tolerance."""
        mids, rads = self.mids[-len(rows):], self.rads[-len(rows):]
        if not rows or list(map(len, mids)) != list(map(len, rows)):
            return math.inf
        return max(float(max(0, abs(Fraction(x) - mid) - rad - Fraction(tolerance)))
                   for numbers in zip(rows, mids, rads) for x, mid, rad in zip(*numbers))

    def radius(self):
        return float(max(map(max, self.rads))) if self.rads else math.inf

    def overlap(self, other):
        return bool(self.mids) and len(self.mids) == len(other.mids) and all(
            abs(a - b) <= r + q for rows in zip(self.mids, other.mids, self.rads, other.rads)
            for a, b, r, q in zip(*rows))


def shared_model(suite, name):
    folder = os.path.join(suite.shared, "models", name)
    if os.path.isdir(folder):
        return folder
    suite.skip(f"{folder} is missing: it was not evaluated")
    return None


# ---- reference logits ----------------------------------------------------------------------------


# model, largest difference from float64 logits computed by its source
REFERENCES = [("gpt_by_hand_erf", 1e-9), ("llmviz_gpt_nano_sort", 1e-9), ("makemore_names", 1e-9),
              ("mingpt_adder2", 1e-9), ("stories260K", 1e-4)]  # the last: float32


def test_references(suite):
    for name, tolerance in REFERENCES:
        model = shared_model(suite, name)
        if model is None:
            continue
        for case in json.loads(harness.read(os.path.join(model, "ref.json"))):
            tokens = ",".join(map(str, case["ids"]))
            logits = evaluate(suite, model, "--tokens", tokens).get("logits", [])
            wanted = case.get("logits") or [case["last_logits"]]
            found = largest_difference(logits[-len(wanted):], wanted)
            suite.check(found <= tolerance, f"{name} {tokens[:20]}: reference logits", found)


def test_enclosed_references(suite):
    """Enclosures hold float64 logits up to their own error, and are narrow: where long double is
    not enough, more is used."""
    for name, tolerance in REFERENCES[:4]:
        model = shared_model(suite, name)
        if model is None:
            continue
        for case in json.loads(harness.read(os.path.join(model, "ref.json"))):
            tokens = ",".join(map(str, case["ids"]))
            enclosed = Enclosures(suite, model, "--tokens", tokens)
            wanted = case.get("logits") or [case["last_logits"]]
            suite.equal(enclosed.misses(wanted, tolerance), 0, f"{name} {tokens[:20]}: enclosed")
            suite.check(enclosed.radius() <= 1e-6, f"{name} {tokens[:20]}: narrow",
                        f"{enclosed.radius()} {enclosed.error}")
    model = shared_model(suite, "makemore_names")
    for tokens in ("0", "0,5,13,13") if model else ():
        enclosed = Enclosures(suite, model, "--tokens", tokens)
        suite.check(enclosed.radius() < 1e-9, f"makemore {tokens}: narrow",
                    f"{enclosed.radius()} {enclosed.error}")


def test_ppocr(suite):
    """The recorded float32 activations of a production model, in and out; also when converted."""
    model = shared_model(suite, "ppocrv4_svtr_silu")
    if model is None:
        return
    recorded = os.path.join(model, "ref_activations.safetensors")
    file = TensorFile(harness.read(recorded))
    rows, columns = file.header["final_norm_out"]["shape"]
    wanted = [[file.get("final_norm_out", i * columns + k) for k in range(columns)]
              for i in range(rows)]
    arguments = ("--input", recorded, "--tensor", "block_input")
    original = evaluate(suite, model, *arguments).get("logits", [])
    found = largest_difference(original, wanted)
    suite.check(found <= 2e-5, "ppocr: recorded activations", found)
    conversion = Conversion(suite, "ppocr", model, "--heads-per-neuron", "1")
    if suite.check(conversion.outcome.code == 0, "ppocr: convert", conversion.outcome):
        suite.equal(conversion.outcome.json()["judgement"], "identity", "ppocr: judgement")
        checked = suite.checker(conversion.out)
        suite.equal(checked.verdict(), "Verified", "ppocr: verdict")
        converted = evaluate(suite, conversion.out, *arguments).get("logits", [])
        found = largest_difference(converted, original)
        suite.check(found <= ROUNDING, "ppocr: converted and original", found)


# ---- our own models ------------------------------------------------------------------------------


def silu(x):
    return x / (1 + (-x).exp())


def normalised(x, epsilon=Decimal("0.00001")):
    mean = sum(x) / len(x)
    variance = sum((value - mean) ** 2 for value in x) / len(x)
    return [(value - mean) / (variance + epsilon).sqrt() for value in x]


class Plain:
    """T3's small transformer once more, in decimals of 60 digits, from its files."""

    def __init__(self, folder):
        self.network = json.loads(harness.read(os.path.join(folder, "network.json")))
        self.file = TensorFile(harness.read(os.path.join(folder, "model.safetensors")))

    def vector(self, name):
        return [Decimal(self.file.get(name, i)) for i in range(self.file.count(name))]

    def rows(self, name):
        columns = self.file.header[name]["shape"][1]
        values = self.vector(name)
        return [values[i:i + columns] for i in range(0, len(values), columns)]

    def affine(self, entry, x):
        bias = self.vector(entry["bias"]) if "bias" in entry else None
        out = [sum(w * value for w, value in zip(row, x)) for row in self.rows(entry["weight"])]
        return [value + bias[i] for i, value in enumerate(out)] if bias else out

    def norm(self, entry, x):
        gain, shift = self.vector(entry["weight"]), self.vector(entry["bias"])
        return [g * n + b for g, n, b in zip(gain, normalised(x), shift)]

    def attention(self, layer, stream):
        width, d = self.network["d_model"], layer["d_head"]
        projected = [self.affine(layer["qkv"], self.norm(layer["norm"], x)) for x in stream]
        updates = []
        for i in range(len(stream)):
            mixed = []
            for first in range(0, width, d):
                query = projected[i][first:first + d]
                scores = [sum(q * k for q, k in zip(
                    query, projected[j][width + first:width + first + d])) / Decimal(d).sqrt()
                    for j in range(i + 1)]
                weights = [(score - max(scores)).exp() for score in scores]
                for r in range(d):
                    mixed.append(sum(w * projected[j][2 * width + first + r]
                                     for j, w in enumerate(weights)) / sum(weights))
            updates.append(self.affine(layer["out"], mixed))
        return updates

    def mlp(self, layer, stream):
        return [self.affine(layer["out"], [silu(z) for z in self.affine(
            layer["in"], self.norm(layer["norm"], x))]) for x in stream]

    def logits(self, tokens):
        embedding = self.network["embedding"]
        token, position = self.rows(embedding["token"]), self.rows(embedding["position"])
        stream = [[a + b for a, b in zip(token[t], position[i])] for i, t in enumerate(tokens)]
        for layer in self.network["sublayers"]:
            update = getattr(self, layer["kind"])(layer, stream)
            stream = [[a + b for a, b in zip(x, y)] for x, y in zip(stream, update)]
        return [self.affine(self.network["unembedding"], self.norm(self.network["final_norm"], x))
                for x in stream]


def test_plain(suite):
    """Against the same arithmetic written down independently; so too when converted."""
    folder = os.path.join(suite.source, "certificates", "theorems", "t3-transformer")
    plain = Plain(os.path.join(folder, "model"))
    for tokens in ([0], [4, 3], [1, 2, 3, 4, 0, 1]):
        text = ",".join(map(str, tokens))
        wanted = plain.logits(tokens)
        for case, model in (("original", os.path.join(folder, "model")), ("converted", folder)):
            found = largest_difference(
                evaluate(suite, model, "--tokens", text).get("logits", []), wanted)
            suite.check(found <= ROUNDING, f"{case} transformer on {text}", found)
            enclosed = Enclosures(suite, model, "--tokens", text)
            suite.equal(enclosed.misses(wanted, Decimal("1e-50")), 0, f"{case} on {text}: enclosed")
            suite.check(enclosed.radius() < 1e-8, f"{case} on {text}: narrow",
                        enclosed.radius())


def test_adders(suite):
    """Sums come out right, and conversions that claim an identity evaluate alike."""
    for name in ("silu", "gelu", "relu", "gelu-tanh", "gelu-no-mlp-bias"):
        model = own_model(suite, f"adder-{name}")
        for a, b in ((47, 85), (0, 0), (99, 99), (5, 36)):
            tokens = [int(digit) for digit in f"{a:02}{b:02}"]
            wanted = [int(digit) for digit in reversed(f"{a + b:03}")]
            text = ",".join(map(str, tokens + wanted[:2]))
            answer = evaluate(suite, model, "--tokens", text).get("argmax", [])[-3:]
            suite.equal(answer, wanted, f"adder-{name}: {a} + {b}")
    model = own_model(suite, "adder-silu")
    for masks, tolerance in (("exact", ROUNDING), ("weights", 1e-6)):
        conversion = Conversion(suite, f"adder-{masks}", model, "--masks", masks)
        for text in ("4,7,8,5,2,3", "0"):
            if masks == "exact":
                suite.check(Enclosures(suite, conversion.out, "--tokens", text).overlap(
                    Enclosures(suite, model, "--tokens", text)), f"enclosures overlap on {text}")
            found = largest_difference(
                evaluate(suite, conversion.out, "--tokens", text).get("logits", []),
                evaluate(suite, model, "--tokens", text).get("logits", [1]))
            suite.check(found <= tolerance, f"adder-silu, masks {masks}, on {text}", found)


# ---- arguments -----------------------------------------------------------------------------------


def test_bad_arguments(suite):
    adder = own_model(suite, "adder-silu")
    rows = os.path.join(suite.source, "certificates", "theorems", "t1-neuron", "model")
    for case, arguments in {
            "nothing": (adder,), "no model": ("--tokens", "1"),
            "both": (adder, "--tokens", "1", "--input", "x.safetensors"),
            "a letter": (adder, "--tokens", "1,a"), "an empty field": (adder, "--tokens", "1,,2"),
            "a blank": (adder, "--tokens", "1, 2"), "a float": (adder, "--tokens", "1.5"),
            "a token too large": (adder, "--tokens", "10"),
            "a negative token": (adder, "--tokens", "-1"),
            "too many tokens": (adder, "--tokens", "1,2,3,4,5,6,7"),
            "a huge token": (adder, "--tokens", "9" * 30),
            "rows for tokens": (adder, "--input", os.path.join(adder, "model.safetensors")),
            "tokens for rows": (rows, "--tokens", "1"),
            "no such file": (rows, "--input", "missing.safetensors"),
            "no such tensor": (rows, "--input", os.path.join(rows, "model.safetensors"),
                               "--tensor", "missing"),
            "no such model": ("missing", "--tokens", "1")}.items():
        suite.refuses(f"evaluate, {case}", suite.attncert("evaluate", *arguments))
    neuron = os.path.join(rows, "model.safetensors")
    outcome = suite.attncert("evaluate", rows, "--input", neuron, "--tensor", "neuron.in.weight")
    suite.check(outcome.code == 0 and "position 0" in outcome.out, "evaluate rows", outcome)


def main():
    suite = harness.Suite()
    for test in (test_plain, test_adders, test_bad_arguments, test_references,
                 test_enclosed_references, test_ppocr):
        test(suite)
    suite.finish()


if __name__ == "__main__":
    main()
