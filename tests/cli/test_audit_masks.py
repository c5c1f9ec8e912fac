"""`attncert audit` of linear maps, sigmoid-gated MLPs and masks that are weights."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from conversion import own_model  # noqa: E402
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
    again = audited.run(*SINGLE, "--domain", "box:1")
    suite.check(again.code == 0, "masks as weights over a box", again)


def main():
    suite = harness.Suite()
    test_masks(suite)
    test_linear(suite)
    test_gated(suite)
    suite.finish()


if __name__ == "__main__":
    main()
