"""`attncert audit` of linear maps, sigmoid-gated MLPs and masks that are weights."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
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


def main():
    suite = harness.Suite()
    test_linear(suite)
    test_gated(suite)
    suite.finish()


if __name__ == "__main__":
    main()
