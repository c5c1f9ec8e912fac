"""Both kernels on conversions whose heads are stored rounded, as made and with one thing changed.

    rounded.py SOURCE BIN VERIFIED

They must agree, and the verdict must be the one wanted.
"""

import json
import os
import random
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import harness  # noqa: E402
from conversion import Conversion, edited_network, own_model, set_value  # noqa: E402
from conversions import Kernels, in_claims, steps_of, sublayer  # noqa: E402
from safetensors import TensorFile  # noqa: E402


def generous(lines):
    """Large epsilons everywhere: what is rejected then is rejected for another reason."""
    for rule, epsilon in (("perturb", "500000"), ("lift", "1000000")):
        for step in steps_of(lines, rule):
            step["conclusion"]["epsilon"] = epsilon
    for statement in (lines[0]["statement"], lines[-2]["conclusion"]):
        statement["epsilon"] = "1000000"
        for one in statement["layers"] + statement["rounded"]:
            one["epsilon"] = "1000000"


def scaled(number, factor):
    return f"{float(number) * factor:.17f}"


def test_steps(kernels, conversion, case):
    def reject(name, edit):
        kernels.agree(f"{case}: {name}", conversion, "Rejected", edit=edit)

    for index, step in enumerate(steps_of(conversion.lines(), "perturb")):
        def smaller(lines, index=index):
            conclusion = steps_of(lines, "perturb")[index]["conclusion"]
            conclusion["epsilon"] = scaled(conclusion["epsilon"], 1 - 1e-6)

        reject(f"a smaller bound for {step['conclusion']['layer']}", smaller)

    def no_rounding(lines):
        """The activation's error alone."""
        rounding = steps_of(lines, "perturb")[1]["conclusion"]["epsilon"]
        for step in steps_of(lines, "lift")[:1]:
            error = float(step["conclusion"]["epsilon"]) - float(rounding)
            step["conclusion"]["epsilon"] = f"{error:.17f}"

    def less_than_all(lines):
        conclusion = steps_of(lines, "lift")[0]["conclusion"]
        conclusion["epsilon"] = scaled(conclusion["epsilon"], 1 - 1e-6)

    def no_epsilon(lines):
        for step in steps_of(lines, "perturb"):
            step["conclusion"]["epsilon"] = "0"

    def perturbed_over_a_box(lines):
        steps_of(lines, "perturb")[1]["conclusion"]["inputs"] = {"box": "1"}

    def attention_over_a_box(lines):
        steps_of(lines, "perturb")[0]["conclusion"]["inputs"] = {"box": "1"}

    def another_sublayer(lines):
        first, second = steps_of(lines, "perturb")[1::2]
        first["conclusion"], second["conclusion"] = second["conclusion"], first["conclusion"]

    def kinds_exchanged(lines):
        first, second = steps_of(lines, "perturb")[:2]
        first["conclusion"], second["conclusion"] = second["conclusion"], first["conclusion"]

    def no_such_sublayer(lines):
        steps_of(lines, "perturb")[0]["conclusion"]["layer"] = "h.7.attn"

    def instances(index):
        """As if the heads were the construction's."""
        def edit(lines):
            step = steps_of(lines, "perturb")[index]
            step.pop("precision")
            layer = step["conclusion"]["layer"]
            step.update(rule="instance", conclusion={"judgement": "instance", "layer": layer})
        return edit

    def with_a_premise(lines):
        steps_of(lines, "perturb")[1]["premises"] = [1]

    def without_perturbation(lines):
        step = steps_of(lines, "lift")[0]
        step["premises"] = step["premises"][1:]

    def perturbation_for_error(lines):
        """An MLP's rounding is not its error."""
        step, lift = steps_of(lines, "perturb")[1], steps_of(lines, "lift")[0]
        lift["keep"] = sorted([step["step"], *lift.get("keep", [])])
        premises = lines[-2]["premises"]
        premises[premises.index(lift["step"])] = step["step"]

    for edit in (no_rounding, less_than_all, no_epsilon, perturbed_over_a_box, attention_over_a_box,
                 another_sublayer, kinds_exchanged, no_such_sublayer, with_a_premise,
                 without_perturbation, perturbation_for_error):
        reject(edit.__name__, edit)
    reject("instance for attention", instances(0))
    reject("instance for an MLP", instances(1))


def test_claims(kernels, conversion, case):
    def none_rounded(statement):
        del statement["rounded"]

    def one_rounded(statement):
        del statement["rounded"][0]

    def exchanged(statement):
        statement["rounded"].reverse()

    def lower(statement):
        entry = statement["rounded"][0]
        entry["epsilon"] = scaled(entry["epsilon"], 1 - 1e-6)

    def one_more(statement):
        statement["rounded"].append({"name": statement["layers"][0]["name"], "epsilon": "0"})

    def smaller_inputs(statement):
        statement["inputs"] = {"box": "1"}

    def identity(statement):
        facts = {key: statement[key] for key in ("original", "converted")}
        statement.clear()
        statement.update(facts, judgement="identity")

    for edit, wanted in ((none_rounded, "Rejected"), (one_rounded, "Rejected"),
                         (exchanged, "Rejected"), (lower, "Rejected"), (one_more, "Rejected"),
                         (smaller_inputs, "Verified"), (identity, "Rejected")):
        kernels.agree(f"{case}, claim: {edit.__name__}", conversion, wanted, edit=in_claims(edit))


def test_weights(kernels, conversion, case):
    """A number moved in every tensor of heads, and in every one of the original's sublayers."""
    generator = random.Random(5)
    content = conversion.read("converted-weights")
    file = TensorFile(content)
    heads = sorted(name for name in file.header if name.startswith("h."))
    for name in heads:
        index = generator.randrange(file.count(name))
        kernels.agree(f"{case}: {name}[{index}] another number", conversion, "Rejected",
                      {"converted-weights": set_value(content, name, index, 100.0)})
        kernels.agree(f"{case}: {name}, a column that must be 0", conversion, "Rejected",
                      {"converted-weights": set_value(content, name, file.count(name) - 1,
                                                      2.0**-14)})
    original = conversion.read("original-weights")
    file = TensorFile(original)
    for name in sorted(file.header):
        if ".attn." in name or ".mlp." in name:
            index = generator.randrange(file.count(name))
            kernels.agree(f"{case}, original: {name}[{index}] another number", conversion,
                          "Rejected", {"original-weights": set_value(original, name, index, 100.0)})
    for number, wanted in ((0.5, "Verified"), (1e-30, "Rejected")):
        moved = {"converted-weights": set_value(content, "h.0.attn.query", 0, 3.0),
                 "original-weights": set_value(original, "transformer.h.0.attn.c_attn.weight", 0,
                                               number)}
        kernels.agree(f"{case}: 3 for {number}, a difference that fp64 holds or not", conversion,
                      wanted, moved, edit=generous)


def test_networks(kernels, conversion, case):
    def masked(network):
        sublayer(network, "token-heads")["mask"] = "full"

    def other_scale(network):
        sublayer(network, "token-heads")["scale"] = "1"

    def rotary(network):
        sublayer(network, "token-heads")["rotary"] = {"base": "10000", "pairs": "halves"}

    def other_norm(network):
        sublayer(network, "neuron-heads")["norm"]["epsilon"] = "0.000011"

    def no_bias(network):
        del sublayer(network, "neuron-heads")["bias_output"]

    def gated(network):
        sublayer(network, "neuron-heads")["form"] = "glu"

    def steeper(network):
        sublayer(network, "neuron-heads")["gates"][0]["scores"][0][0] = "2.5"

    def a_term(network):
        sublayer(network, "neuron-heads")["gates"][0]["coefficient"] = "(* 1 1)"

    kernels.agree(f"{case}, large epsilons", conversion, "Verified", edit=generous)
    for edit in (masked, other_scale, rotary, other_norm, no_bias, gated, steeper, a_term):
        kernels.agree(f"{case}, converted network: {edit.__name__}", conversion, "Rejected",
                      edited_network(conversion, "converted-network", edit),
                      edit=generous)


def turning(suite, pairs):
    """A model whose first attention has rotary positions."""
    folder = suite.subfolder(f"rotary-{pairs}")
    shutil.copyfile(os.path.join(own_model(suite, "adder-gelu"), "model.safetensors"),
                    os.path.join(folder, "model.safetensors"))
    network = json.loads(harness.read(os.path.join(own_model(suite, "adder-gelu"), "network.json")))
    sublayer(network, "attention")["rotary"] = {"base": "10000", "pairs": pairs}
    with open(os.path.join(folder, "network.json"), "w", encoding="utf-8") as stream:
        json.dump(network, stream)
    return folder


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    suite = harness.Suite(sys.argv[:3])
    kernels = Kernels(suite, os.path.abspath(sys.argv[3]))
    for name, model, options in (
            ("adder-gelu", None, ("--heads-per-neuron", "2", "--dtype", "F16")),
            ("adder-gelu, wide", "adder-gelu", ("--heads-per-neuron", "1", "--dtype", "BF16")),
            ("adder-gelu-no-mlp-bias", None, ("--heads-per-neuron", "3", "--dtype", "F16")),
            ("adder-silu", None, ("--dtype", "BF16")),
            ("adder-relu", None, ("--box", "5", "--dtype", "F16")),
            ("halves", turning(suite, "halves"), ("--dtype", "F16")),
            ("interleaved", turning(suite, "interleaved"), ("--dtype", "BF16"))):
        path = model if model and os.sep in model else own_model(suite, model or name)
        conversion = Conversion(suite, f"{name} rounded", path, *options)
        if not suite.check(conversion.outcome.code == 0, f"convert {name}", conversion.outcome):
            continue
        case = f"{name} {options[-1]}"
        kernels.agree(case, conversion, "Verified")
        suite.check(steps_of(conversion.lines(), "perturb"), f"{case}: rounded")
        if name == "adder-gelu":
            test_steps(kernels, conversion, case)
            test_claims(kernels, conversion, case)
            test_networks(kernels, conversion, case)
        if name in ("adder-gelu", "adder-silu"):
            test_weights(kernels, conversion, case)
    suite.finish()


if __name__ == "__main__":
    main()
