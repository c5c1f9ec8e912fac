"""Both kernels on conversions, as made and with one thing changed: they must agree.

    conversions.py SOURCE BIN VERIFIED

Changes are of weights (a unit in the last place, hashes corrected), network files and certificates;
every one must be Rejected by both.
"""

import json
import os
import random
import shutil
import sys
from decimal import Decimal

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


# ---- masks as weights ----------------------------------------------------------------------------


def test_mask_networks(kernels, conversion, case):
    """The masks' matrix at every entry; omega, the context, masks instead of weights."""
    content = conversion.read("converted-weights")
    network = json.loads(conversion.read("converted-network"))
    names = {sublayer(network, kind)["masks"]["query"] for kind in ("token-heads", "neuron-heads")}
    for name in sorted(names):
        for index in range(TensorFile(content).count(name)):
            kernels.agree(f"{case}, {name}[{index}] one unit away", conversion, "Rejected",
                          {"converted-weights": one_unit_away(content, name, index)})

    def other_omega(network):
        sublayer(network, "token-heads")["masks"]["omega"] = "1000000"

    def omega_for_neurons(network):
        sublayer(network, "neuron-heads")["masks"]["omega"] = "1000000"

    def exchanged(network):
        pair = sublayer(network, "token-heads"), sublayer(network, "neuron-heads")
        first, second = (layer["masks"]["query"] for layer in pair)
        pair[0]["masks"]["query"], pair[1]["masks"]["query"] = second, first

    def masked_neurons(network):
        del sublayer(network, "neuron-heads")["masks"]

    def masked_tokens(network):
        layer = sublayer(network, "token-heads")
        layer["mask"] = "causal"
        del layer["masks"]

    def both(network):
        sublayer(network, "token-heads")["mask"] = "causal"

    def neither(network):
        del sublayer(network, "token-heads")["masks"]

    def longer(network):
        network["n_ctx"] += 1

    def two_scores(network):
        sublayer(network, "neuron-heads")["gates"][0]["scores"].append(["0", "1000000"])

    for edit in (other_omega, omega_for_neurons, exchanged, masked_neurons, masked_tokens, both,
                 neither, longer, two_scores):
        kernels.agree(f"{case}, converted network: {edit.__name__}", conversion, "Rejected",
                      edited_network(conversion, "converted-network", edit))

    def full_mask(network):
        sublayer(network, "attention")["mask"] = "full"

    def no_mask(network):
        sublayer(network, "attention")["mask"] = "none"

    for edit in (full_mask, no_mask, longer):
        kernels.agree(f"{case}, original network: {edit.__name__}", conversion, "Rejected",
                      edited_network(conversion, "original-network", edit))


def in_claims(edit):
    def edited(lines):
        for statement in (lines[0]["statement"], lines[-2]["conclusion"]):
            edit(statement)
    return edited


def test_mask_claims(kernels, conversion, case):
    def claimed(key, number, value):
        return in_claims(lambda statement: statement[key][0].update({number: value}))

    def no_masks(statement):
        del statement["masks"]

    def no_omega(statement):
        del statement["layers"][0]["omega"]

    def masks_exchanged(statement):
        statement["masks"].reverse()

    for name, edit in (("the masks' omega", claimed("masks", "omega", "100")),
                       ("the masks' pattern", claimed("masks", "mask", "full")),
                       ("another pattern", claimed("masks", "mask", "none")),
                       ("the masks' epsilon", claimed("masks", "epsilon", "0")),
                       ("a layer's omega", claimed("layers", "omega", "100")),
                       ("no masks", in_claims(no_masks)), ("no omega", in_claims(no_omega)),
                       ("masks exchanged", in_claims(masks_exchanged))):
        kernels.agree(f"{case}, claim: {name}", conversion, "Rejected", edit=edit)


def of_attention(lines, rule="triangle"):
    """The first step about attention."""
    layer = steps_of(lines, "spectral")[0]["conclusion"]["layer"]
    return next(step for step in steps_of(lines, rule) if step["conclusion"]["layer"] == layer)


def of_mlp(lines, rule="triangle"):
    """The first step about an MLP."""
    layer = steps_of(lines, "lift")[0]["conclusion"]["layer"]
    return next(step for step in steps_of(lines, rule) if step["conclusion"]["layer"] == layer)


def test_mask_steps(kernels, conversion, case):
    def attention_epsilon(lines):
        of_attention(lines)["conclusion"]["epsilon"] = "0"

    def mlp_epsilon(lines):
        of_mlp(lines)["conclusion"]["epsilon"] = steps_of(lines, "lift")[0]["conclusion"]["epsilon"]

    def leak_alone(lines):
        of_attention(lines)["premises"] = of_attention(lines)["premises"][1:]

    def instance_twice(lines):
        of_attention(lines)["premises"].reverse()

    def still_exact(lines):
        of_mlp(lines)["conclusion"]["masks"] = "exact"

    def over_a_box(lines):
        of_attention(lines)["conclusion"]["inputs"] = {"box": "1"}

    def another_sublayer(lines):
        of_attention(lines)["conclusion"]["layer"] = of_mlp(lines)["conclusion"]["layer"]

    def another_leak(lines):
        of_attention(lines)["premises"][1], of_mlp(lines)["premises"][1] = (
            of_mlp(lines)["premises"][1], of_attention(lines)["premises"][1])

    def without_lifted_error(lines):
        """An MLP's heads are the construction's: that bounds no error of its activation."""
        lift = steps_of(lines, "lift")[0]
        number = lift["premises"][0]
        lift["keep"] = sorted([number, *lift.get("keep", [])])
        of_mlp(lines)["premises"][0] = number

    def lift_without_exact(lines):
        del steps_of(lines, "lift")[0]["conclusion"]["masks"]

    def without_triangle(lines):
        """An MLP's error with exact masks, as if it were with those that are weights."""
        lift, triangle = steps_of(lines, "lift")[0], of_mlp(lines)
        premises = lines[-2]["premises"]
        premises[premises.index(triangle["step"])] = lift["step"]
        for key in ("premises", "keep"):
            triangle.pop(key, None)
        triangle.update(rule="instance", conclusion={"judgement": "instance",
                                                     "layer": lift["conclusion"]["layer"]})

    def attention_without_triangle(lines):
        """Heads with masks as weights are the construction's, which is not the original."""
        triangle, premises = of_attention(lines), lines[-2]["premises"]
        premises[premises.index(triangle["step"])] = triangle["premises"][0]
        triangle["keep"] = triangle["premises"][:1]

    for edit in (attention_epsilon, mlp_epsilon, leak_alone, instance_twice, still_exact, over_a_box,
                 another_sublayer, another_leak, without_lifted_error, lift_without_exact,
                 without_triangle, attention_without_triangle):
        kernels.agree(f"{case}: {edit.__name__}", conversion, "Rejected", edit=edit)

    def tight_scores(lines):
        steps_of(lines, "spectral")[0]["conclusion"]["bound"] = "1"

    def no_leak(lines):
        for step in steps_of(lines, "leak"):
            step["conclusion"]["epsilon"] = "0"

    def leak_of_other_inputs(lines):
        steps_of(lines, "leak")[0]["conclusion"]["inputs"] = {"box": "1"}

    for edit in (tight_scores, no_leak, leak_of_other_inputs):
        kernels.agree(f"{case}: {edit.__name__}", conversion, "Rejected", edit=edit)


def times(text, factor):
    return format(Decimal(text) * Decimal(factor), "f")


def test_mask_bounds(kernels, conversion, case):
    """Bounds of scores and of leaks, for each sublayer: a little smaller, or of something else."""
    def smaller(rule, key, nth, factor="0.999999"):
        def edit(lines):
            conclusion = steps_of(lines, rule)[nth]["conclusion"]
            conclusion[key] = times(conclusion[key], factor)
        return edit

    def over_a_box(rule):
        def edit(lines):
            steps_of(lines, rule)[0]["conclusion"]["inputs"] = {"box": "1"}
        return edit

    def another_layer(rule):
        def edit(lines):
            first, second = steps_of(lines, rule)[:2]
            first["conclusion"]["layer"] = second["conclusion"]["layer"]
        return edit

    def another_premise(lines):
        first, second = steps_of(lines, "leak")[:2]
        first["premises"] = second["premises"]

    for nth in range(2):
        kernels.agree(f"{case}, scores of sublayer {nth}, smaller bound", conversion, "Rejected",
                      edit=smaller("spectral", "bound", nth))
    for nth in range(4):  # what MLPs leak is far below the least that is stated
        factor = "0" if nth % 2 else "0.999999"
        kernels.agree(f"{case}, leak {nth}, smaller epsilon", conversion, "Rejected",
                      edit=smaller("leak", "epsilon", nth, factor))
    for rule in ("spectral", "leak"):
        kernels.agree(f"{case}, {rule} over a box", conversion, "Rejected", edit=over_a_box(rule))
        kernels.agree(f"{case}, {rule} of another sublayer", conversion, "Rejected",
                      edit=another_layer(rule))
    kernels.agree(f"{case}, leak from another premise", conversion, "Rejected",
                  edit=another_premise)


def test_mask_premises(kernels, conversion, case):
    """Rules spectral and leak from what they do not follow from, or about what they cannot be."""
    def scores_of_mlp(lines):
        step = steps_of(lines, "spectral")[0]
        step["conclusion"]["layer"] = of_mlp(lines)["conclusion"]["layer"]

    def scores_of_another(lines):
        first, *_, last = steps_of(lines, "spectral")
        first["conclusion"].update(layer=last["conclusion"]["layer"], bound="1000000")

    def scores_with_premise(lines):
        steps_of(lines, "spectral")[0].update(premises=[1], keep=[1])

    def mlp_leak_over_a_box(lines):
        of_mlp(lines, "leak")["conclusion"]["inputs"] = {"box": "1"}

    def leak_from_instance(lines):
        of_attention(lines, "leak").update(premises=[1], keep=[1])

    def leak_from_nothing(lines):
        del of_attention(lines, "leak")["premises"]

    def leak_as_error(lines):
        of_attention(lines, "leak")["conclusion"]["judgement"] = "one-layer-error"

    def a_range_less(lines):
        of_mlp(lines, "ball")["conclusion"]["ranges"].pop()

    for edit in (scores_of_mlp, scores_of_another, scores_with_premise, mlp_leak_over_a_box,
                 leak_from_instance, leak_from_nothing, leak_as_error, a_range_less):
        kernels.agree(f"{case}: {edit.__name__}", conversion, "Rejected", edit=edit)


def variant(suite, name, edit):
    """A copy of an own model with its attention sublayers changed."""
    folder = os.path.join(suite.subfolder("variants"), edit.__name__)
    shutil.copytree(own_model(suite, name), folder, copy_function=shutil.copyfile,
                    ignore=shutil.ignore_patterns("heads"))
    path = os.path.join(folder, "network.json")
    network = json.loads(harness.read(path))
    for layer in network["sublayers"]:
        if layer["kind"] == "attention":
            edit(layer)
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(network, stream)
    return folder


def test_variants(suite, kernels):
    """Bounds of scores and leaks after other norms, with rotary positions, without causality."""
    def mean_norm(layer):
        layer["norm"]["kind"] = "mean-norm"
        del layer["norm"]["epsilon"]

    def no_norm(layer):
        layer["norm"] = {"kind": "none"}

    def rms_norm(layer):
        layer["norm"]["kind"] = "rms-norm"

    def rotary(layer):
        layer["rotary"] = {"base": "10000", "pairs": "halves"}

    def full(layer):
        layer["mask"] = "full"

    for edit, options in ((mean_norm, ("--box", "0.5")), (no_norm, ("--box", "0.5")),
                          (rms_norm, ()), (rotary, ()), (full, ())):
        case = f"masks as weights, {edit.__name__}"
        conversion = Conversion(suite, f"variant-{edit.__name__}",
                                variant(suite, "adder-silu", edit), *options, "--masks", "weights")
        if not suite.check(conversion.outcome.code == 0, f"convert {case}", conversion.outcome):
            continue
        kernels.agree(case, conversion, "Verified")
        for rule, key in (("spectral", "bound"), ("leak", "epsilon")):
            def lower(lines, rule=rule, key=key):
                facts = of_attention(lines, rule)["conclusion"]
                facts[key] = times(facts[key], "0.999")
            kernels.agree(f"{case}: lower {key}", conversion, "Rejected", edit=lower)


# ---- sublayers kept as they are ------------------------------------------------------------------


def test_kept(kernels, conversion, case, kind, edits):
    """Facts of a kept sublayer changed on either side."""
    for role in ("original-network", "converted-network"):
        for name, members in edits.items():
            def edit(network, members=members):
                sublayer(network, kind).update(members)
            kernels.agree(f"{case}, {role}: another {name}", conversion, "Rejected",
                          edited_network(conversion, role, edit))


KEPT = {"attention": ("mlp", {"activation": {"activation": "gelu_tanh"},
                              "norm": {"norm": {"kind": "none"}}, "layout": {"layout": "in-out"}}),
        "mlp": ("attention", {"mask": {"mask": "full"}, "scale": {"scale": "1"},
                              "shape": {"n_head": 4, "d_head": 8},
                              "positions": {"rotary": {"base": "10000", "pairs": "halves"}}})}


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
    for name, options in (("adder-gelu", ("--heads-per-neuron", "2")), ("adder-silu", ()),
                          ("adder-relu", ("--box", "5"))):
        case = f"{name}, masks as weights"
        conversion = Conversion(suite, f"{name}-masks", own_model(suite, name), *options, "--masks",
                                "weights")
        if not suite.check(conversion.outcome.code == 0, f"convert {case}", conversion.outcome):
            continue
        kernels.agree(case, conversion, "Verified")
        if name == "adder-gelu":
            test_weights(kernels, conversion, case)
            test_mask_networks(kernels, conversion, case)
            test_mask_claims(kernels, conversion, case)
            test_mask_steps(kernels, conversion, case)
            test_mask_bounds(kernels, conversion, case)
            test_mask_premises(kernels, conversion, case)
    test_variants(suite, kernels)
    for only, (kind, edits) in KEPT.items():
        case = f"adder-gelu, {only} only"
        conversion = Conversion(suite, f"only-{only}", own_model(suite, "adder-gelu"), "--only", only)
        if not suite.check(conversion.outcome.code == 0, f"convert {case}", conversion.outcome):
            continue
        kernels.agree(case, conversion, "Verified")
        test_weights(kernels, conversion, case)
        test_kept(kernels, conversion, case, kind, edits)
    suite.finish()


if __name__ == "__main__":
    main()
