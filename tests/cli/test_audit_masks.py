"""`attncert audit` of linear maps, sigmoid-gated MLPs and masks that are weights."""

import json
import math
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from conversion import own_model  # noqa: E402
from safetensors import TensorFile  # noqa: E402
from test_audit import Audited, check_report, exact  # noqa: E402

SINGLE = ("--format", "fp32")
MACHINES = (SINGLE, ("--format", "bf16", "--accumulate", "fp32"),
            ("--format", "fp16", "--accumulate", "fp32", "--order", "blocks:16"),
            ("--format", "fp64",))


def theorem_model(suite, name):
    return os.path.join(suite.source, "certificates", "theorems", name, "model")


def proved(suite, audited, name, *machine):
    """An audit of every sublayer, verified."""
    case = f"{name} {' '.join(machine)}"
    outcome = audited.run(*machine, "--json")
    if not suite.check(outcome.code == 0 and outcome.err == "", case, outcome):
        return []
    report = outcome.json()
    suite.check(all(layer["verdict"] in ("proved", "useless") for layer in report["layers"]), case,
                outcome)
    check_report(suite, case, report, audited.certificate)
    audited.verified(case)
    return report["layers"]


def test_linear(suite):
    audited = Audited(suite, "linear", theorem_model(suite, "t4-linear"))
    for machine in MACHINES:
        layers = proved(suite, audited, "a linear map", *machine, "--domain", "box:2")
        if layers:
            suite.check(exact(layers[0]["converted_rounding"]) >
                        exact(layers[0]["original_rounding"]) and
                        exact(layers[0]["approximation"]) == 0, "a linear map: shares", layers)
    every = audited.run(*SINGLE, "--json")
    suite.equal(every.json()["layers"][0]["verdict"], "unbounded", "a linear map of any input")
    audited.run(*SINGLE, "--domain", "box:2")

    def less(lines):
        for line in lines:
            if line.get("rule") == "round-linear":
                line["conclusion"]["epsilon"] = "1e-9"

    audited.rejected("a linear map: less rounding", "BoundExceeded", less)
    audited.rejected("a linear map: another rule", "LayerKind", lambda lines: [
        line.update(rule="round-mlp") for line in lines if line.get("rule") == "round-linear"])


def test_gated(suite):
    audited = Audited(suite, "glu", theorem_model(suite, "b1-glu"), "--masks", "exact")
    for machine in MACHINES:
        layers = proved(suite, audited, "a sigmoid-GLU", *machine, "--domain", "box:2")
        suite.check(layers and exact(layers[0]["approximation"]) == 0, "a GLU is exact", layers)
    text = suite.attncert("explain", audited.certificate)
    suite.check(text.code == 0 and "sigmoid" in text.out, "explain", text)

    def other_activation(lines):
        for part in (lines[0]["statement"], lines[-2]["conclusion"]):
            part["layers"][0]["activation"] = "silu"

    audited.rejected("a GLU: another activation", "LayerFactsMismatch", other_activation)


def test_masks(suite):
    """Masks as weights: leaks have a share, larger than 0; fp32 has Omega and loses digits by it."""
    model = own_model(suite, "adder-gelu")
    audited = Audited(suite, "masks", model, "--heads-per-neuron", "6", "--masks", "weights")
    exact_masks = Audited(suite, "masked", model, "--heads-per-neuron", "6")
    for machine in (MACHINES[0], MACHINES[2], MACHINES[3]):
        name = f"masks as weights {' '.join(machine)}"
        layers = proved(suite, audited, name, *machine)
        others = exact_masks.run(*machine, "--json").json()["layers"]
        for layer, other in zip(layers, others):
            suite.check(exact(layer["leak"]) > 0 and exact(other["leak"]) == 0, f"{name}: leaks",
                        layer)
            suite.check(exact(layer["converted_rounding"]) > exact(other["converted_rounding"]) and
                        layer["original_rounding"] == other["original_rounding"] and
                        layer["approximation"] == other["approximation"], f"{name}: shares", layer)
        if "fp64" in machine:
            suite.check(layers and all(layer["verdict"] == "proved" for layer in layers),
                        f"{name}: of use", layers)
    rough = audited.run("--format", "bf16", "--accumulate", "fp32", "--json").json()["layers"]
    suite.equal({layer["verdict"] for layer in rough}, {"useless"}, "masks as weights in bf16")
    audited.run(*SINGLE)

    def without_leak(lines):
        for part in (lines[0]["statement"], lines[-2]["conclusion"]):
            for layer in part["layers"]:
                layer["leak"] = "0"

    def less_leak(lines):
        for line in lines:
            if line.get("rule") == "leak":
                line["conclusion"]["epsilon"] = "1e-40"

    audited.rejected("no leak", "PremiseTooWeak", without_leak)
    audited.rejected("less leak", "BoundExceeded", less_leak)
    constant = exact_masks.run(*SINGLE, "--mask-constant", "100", "--exp-zero", "104", "--json")
    suite.check(constant.code == 1 and not os.path.exists(exact_masks.certificate) and
                "mask too weak" in constant.out, "a mask constant below the scores", constant)
    again = audited.run(*SINGLE, "--domain", "box:1")
    suite.check(again.code == 0, "masks as weights over a box", again)


class EditedMasks:
    """A conversion whose masks are weights; its stored numbers and omegas are changed."""

    def __init__(self, suite):
        self.suite = suite
        self.audited = Audited(suite, "edited-masks", own_model(suite, "adder-gelu"),
                               "--heads-per-neuron", "6", "--masks", "weights")
        self.weights = os.path.join(self.audited.conversion.out, "model.safetensors")
        self.network = os.path.join(self.audited.conversion.out, "network.json")
        self.before = harness.read(self.weights), harness.read(self.network)
        os.chmod(self.weights, 0o644)
        os.chmod(self.network, 0o644)
        shape = TensorFile(self.before[0]).header["mask.causal"]["shape"]
        self.columns = shape[1]

    def write(self, weights, network):
        for path, content in ((self.weights, weights), (self.network, network)):
            with open(path, "wb") as stream:
                stream.write(content)

    def rows(self, tensor, rows, value):
        """Rows of a mask, filled with one number."""
        file = TensorFile(self.before[0])
        for row in rows:
            for column in range(self.columns):
                file.set(tensor, row * self.columns + column, value)
        self.write(file.content(), self.before[1])

    def omega(self, omega):
        """Another omega everywhere, as a conversion would have written it."""
        file = TensorFile(self.before[0])
        for tensor in ("mask.causal", "mask.neuron"):
            for at in range(file.count(tensor)):
                if file.get(tensor, at) != 0:
                    file.set(tensor, at, omega)
        network = json.loads(self.before[1])
        for sublayer in network["sublayers"]:
            sublayer["masks"]["omega"] = str(omega)
        self.write(file.content(), json.dumps(network).encode())

    def audit(self, *options):
        outcome = self.audited.run("--format", "fp64", "--json", *options)
        layers = outcome.json()["layers"] if outcome.out.startswith("{") else []
        return outcome, {layer["name"]: layer for layer in layers}

    def refused(self, case, verdict, names, needles):
        """Exit code 1, no file, and these sublayers have the verdict; others are proved."""
        outcome, layers = self.audit()
        self.suite.check(outcome.code == 1 and not os.path.exists(self.audited.certificate),
                         f"{case}: exit code 1, no file", outcome)
        for name, layer in layers.items():
            wanted = verdict if name in names else "proved"
            self.suite.equal(layer["verdict"], wanted, f"{case}: {name}")
            if name in names:
                self.suite.check(all(one in layer["message"] for one in (name, *needles)),
                                 f"{case}: {name}: message", layer)
        text = self.audited.run("--format", "fp64")
        self.suite.check(f"{verdict}: " in text.out, f"{case}: in text", text)
        return layers


ATTENTION = ("h.0.attn", "h.1.attn")
MLPS = ("h.0.mlp", "h.1.mlp")


def test_fully_masked_rows(edited):
    semantics = ("finite", "later ones", "-inf", "NaN")
    edited.rows("mask.causal", [2], 0)
    edited.refused("a row without omega", "fully masked row", ATTENTION,
                   ("row 2 of 'mask.causal'", *semantics))
    edited.rows("mask.causal", [0, 4], 136)
    edited.refused("rows in which nothing stands out", "fully masked row", ATTENTION,
                   ("rows 0, 4 of", *semantics))
    edited.rows("mask.causal", range(edited.columns - 1), 0)
    edited.refused("no row with omega", "fully masked row", ATTENTION,
                   ("rows 0, 1, 2, 3, 4 and", "more of", *semantics))
    edited.rows("mask.neuron", [1], 0)
    edited.refused("a neuron's row", "fully masked row", MLPS,
                   ("row 1 of 'mask.neuron'", *semantics))
    edited.rows("mask.causal", [edited.columns - 1], 0)  # no token's: the bias token's
    outcome, layers = edited.audit()
    edited.suite.check(outcome.code == 0 and all(layers[name]["code"] == "InstanceMismatch"
                                                 for name in ATTENTION),
                       "the bias token's row is no token's", outcome)


def test_weak_masks(edited):
    edited.omega(10)
    layers = edited.refused("omega of 10", "mask too weak", ATTENTION,
                            ("scores reach", "by 10,", "omega must be above"))
    needed = max(float(re.search(r"must be above ([0-9.]+)", layers[name]["message"]).group(1))
                 for name in ATTENTION)
    edited.suite.check(needed > 50, "omega that does", needed)
    edited.omega(math.ceil(needed) - 1)
    outcome, layers = edited.audit()
    edited.suite.check(outcome.code == 1 and "mask too weak" in
                       {layers[name]["verdict"] for name in ATTENTION}, "just below", outcome)
    edited.omega(math.ceil(needed) + 1)
    outcome, layers = edited.audit()
    edited.suite.check(outcome.code == 0 and all(layer["verdict"] in ("proved", "useless")
                                                 for layer in layers.values()), "above", outcome)
    edited.audited.verified("above")
    edited.omega(1)
    edited.refused("omega of 1", "mask too weak", (*ATTENTION, *MLPS), ("omega must be above",))


def main():
    suite = harness.Suite()
    edited = EditedMasks(suite)
    test_fully_masked_rows(edited)
    test_weak_masks(edited)
    test_masks(suite)
    test_linear(suite)
    test_gated(suite)
    suite.finish()


if __name__ == "__main__":
    main()
