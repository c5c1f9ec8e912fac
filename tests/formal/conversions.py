"""Both kernels on conversions, as made and with one thing changed: they must agree.

    conversions.py SOURCE BIN VERIFIED

Changes are of weights (a unit in the last place, hashes corrected), network files and certificates;
every one must be Rejected by both.
"""

import json
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import harness  # noqa: E402
from conversion import Conversion, edited_network, own_model  # noqa: E402
from safetensors import TensorFile  # noqa: E402


class Kernels:
    """attncert-check and attncert-check-verified on the same files."""

    def __init__(self, suite, verified):
        self.suite = suite
        self.verified = verified

    def second(self, path):
        outcome = harness.run([self.verified, path], timeout=60, cwd=self.suite.folder)
        return outcome.verdict()

    def agree(self, case, conversion, wanted, changed=None, edit=None, correct=True):
        """Both verdicts on a changed copy are the one wanted."""
        first, _ = conversion.check_edit(changed or {}, edit=edit, correct=correct)
        path = os.path.join(self.suite.folder, "edit", "heads", "certificate.jsonl")
        verdicts = (first.json()["verdict"] if first.out else first.err, self.second(path))
        self.suite.equal(verdicts, (wanted, wanted), case)


def one_unit_away(content, name, index):
    file = TensorFile(content)
    file.step(name, index)
    return file.content()


def test_weights(kernels, conversion, case):
    generator = random.Random(4)
    for role in ("converted-weights", "original-weights"):
        content = conversion.read(role)
        file = TensorFile(content)
        for name in sorted(file.header):
            if name == "__metadata__":
                continue
            index = generator.randrange(file.count(name))
            changed = {role: one_unit_away(content, name, index)}
            kernels.agree(f"{case}, {role}: {name}[{index}] one unit away", conversion, "Rejected",
                          changed)
        kernels.agree(f"{case}, {role}: another file", conversion, "Rejected",
                      {role: one_unit_away(content, name, 0)}, correct=False)


def sublayer(network, kind):
    return next(one for one in network["sublayers"] if one["kind"] == kind)


def test_networks(kernels, conversion, case):
    def set_norm(network):
        sublayer(network, "mlp")["norm"]["epsilon"] = "0.000011"

    def swap_activation(network):
        layer = sublayer(network, "mlp")
        layer["activation"] = "gelu_tanh" if layer["activation"] != "gelu_tanh" else "gelu"

    def swap_layout(network):
        layer = sublayer(network, "attention")
        layer["layout"] = "in-out" if layer["layout"] == "out-in" else "out-in"

    def full_mask(network):
        sublayer(network, "attention")["mask"] = "full"

    def other_scale(network):
        sublayer(network, "attention")["scale"] = "1"

    for edit in (set_norm, swap_activation, swap_layout, full_mask, other_scale):
        kernels.agree(f"{case}, original network: {edit.__name__}", conversion, "Rejected",
                      edited_network(conversion, "original-network", edit))

    def steeper(network):
        sublayer(network, "neuron-heads")["gates"][0]["scores"][0][0] = "1.5"

    def masked(network):
        sublayer(network, "token-heads")["mask"] = "full"

    for edit in (steeper, masked):
        kernels.agree(f"{case}, converted network: {edit.__name__}", conversion, "Rejected",
                      edited_network(conversion, "converted-network", edit))


def steps_of(lines, rule):
    return [line for line in lines if line.get("rule") == rule]


def test_steps(kernels, conversion, case):
    def narrow(lines):
        rng = steps_of(lines, "ball")[0]["conclusion"]["ranges"]
        lower, upper = (float(end) for end in rng[7])
        rng[7] = [str(lower / 2), str(upper / 2)]

    def too_small(lines):
        for step in steps_of(lines, "lift"):
            step["conclusion"]["epsilon"] = "0.0000000000001"

    def lower_claims(lines):
        for statement in (lines[0]["statement"], lines[-2]["conclusion"]):
            for layer in statement["layers"]:
                layer["epsilon"] = statement["epsilon"] = "0.0000000000001"

    def without_instance(lines):
        step = steps_of(lines, "lift")[0]
        step["premises"] = step["premises"][1:]

    def claim_identity(lines):
        statement = lines[0]["statement"]
        for place in (lines[0], lines[-2]):
            key = "statement" if "statement" in place else "conclusion"
            place[key] = {"judgement": "identity", "original": statement["original"],
                          "converted": statement["converted"]}

    for edit in (narrow, too_small, lower_claims, without_instance, claim_identity):
        kernels.agree(f"{case}: {edit.__name__}", conversion, "Rejected", edit=edit)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    suite = harness.Suite(sys.argv[:3])
    kernels = Kernels(suite, os.path.abspath(sys.argv[3]))
    for name, options in (("adder-silu", ()), ("adder-gelu", ("--heads-per-neuron", "6")),
                          ("adder-gelu-no-mlp-bias", ("--heads-per-neuron", "3")),
                          ("adder-relu", ("--box", "5"))):
        conversion = Conversion(suite, name, own_model(suite, name), *options)
        if not suite.check(conversion.outcome.code == 0, f"convert {name}", conversion.outcome):
            continue
        kernels.agree(name, conversion, "Verified")
        if name in ("adder-silu", "adder-gelu"):
            test_weights(kernels, conversion, name)
            test_networks(kernels, conversion, name)
        if name == "adder-gelu":
            test_steps(kernels, conversion, name)
    suite.finish()


if __name__ == "__main__":
    main()
