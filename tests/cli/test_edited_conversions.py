"""Conversions whose network files or certificates were edited: rejected, each for its cause."""

import copy
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from conversion import (FACTS, Conversion, edited_network, mlps_of, own_model)  # noqa: E402


def edited_networks(text, kind):
    """One thing changed in the first sublayer of a kind."""
    def with_(**members):
        network = json.loads(text)
        layer = next(one for one in network["sublayers"] if one["kind"] == kind)
        for key, one in members.items():
            place, key = (layer["norm"], key[5:]) if key.startswith("norm_") else (layer, key)
            if one is None:
                place.pop(key)
            else:
                place[key] = one
        return (json.dumps(network, indent=2) + "\n").encode()
    return with_


def gates(slope, shift, coefficient="1"):
    return [{"coefficient": coefficient, "scores": [[slope, shift]]}]


def test_networks(suite, conversion):
    original = edited_networks(conversion.read("original-network"), "mlp")
    d_mlp = mlps_of(conversion.out)[0]["d_mlp"]
    for case, members, codes in (
            ("norm epsilon", {"norm_epsilon": "0.000011"}, FACTS),
            ("norm epsilon 0", {"norm_epsilon": "0"}, "NetworkField"),
            ("norm kind", {"norm_kind": "rms-norm"}, FACTS),
            ("unknown norm kind", {"norm_kind": "batch-norm"}, "NormUnsupported"),
            ("erf for tanh", {"activation": "gelu"}, ("PairMismatch", FACTS)),
            ("activation relu", {"activation": "relu"}, ("PairMismatch", FACTS)),
            ("unknown activation", {"activation": "swish"}, "UnknownActivation"),
            ("layout", {"layout": "in-out"}, "TensorShape"),
            ("layout's name", {"layout": "out_in"}, "NetworkField"),
            ("one neuron less", {"d_mlp": d_mlp - 1}, (FACTS, "TensorShape")),
            ("one neuron more", {"d_mlp": d_mlp + 1}, (FACTS, "TensorShape")),
            ("no neuron", {"d_mlp": 0}, "NetworkField"),
            ("name", {"name": "other"}, ("LayerMissing",)),
            ("kind", {"kind": "attention"}, ("JsonUnknownKey", "JsonMissingKey")),
            ("unknown key", {"dropout": 0}, "JsonUnknownKey"),
            ("no layout", {"layout": None}, "JsonMissingKey"),
            ("no norm bias", {"norm_bias": None}, FACTS),
            ("another tensor", {"norm_weight": "lm_head.weight"}, ("TensorShape", "TensorMissing")),
            ("a missing tensor", {"norm_weight": "nothing"}, "TensorMissing")):
        changed = {"original-network": original(**members)}
        conversion.rejected(f"original network, {case}", changed, "SubjectMismatch", correct=False)
        conversion.rejected(f"original network, {case}, hashes corrected", changed, codes)
    converted = edited_networks(conversion.read("converted-network"), "neuron-heads")
    for case, members, codes in (
            ("norm epsilon", {"norm_epsilon": "0.000011"}, FACTS),
            ("slope", {"gates": gates("1.774497616", "0")}, ("PairMismatch", FACTS)),
            ("slope negative", {"gates": gates("-1.774497615", "0")}, ("PairMismatch", FACTS)),
            ("shift", {"gates": gates("1.774497615", "0.000001")}, ("PairMismatch", FACTS)),
            ("coefficient", {"gates": gates("1.774497615", "0", "2")}, ("PairMismatch", FACTS)),
            ("two gates", {"gates": 2 * gates("1.774497615", "0", "1/2")},
             ("PairMismatch", FACTS)),
            ("no gates", {"gates": []}, "GatesSyntax"),
            ("form", {"form": "glu"}, ("PairMismatch", FACTS)),
            ("one neuron less", {"neurons": d_mlp - 1}, (FACTS, "TensorShape")),
            ("one neuron more", {"neurons": d_mlp + 1}, (FACTS, "TensorShape")),
            ("query and value swapped", swapped(conversion, "query", "value"),
             "InstanceMismatch"),
            ("value and output swapped", swapped(conversion, "value", "output"),
             "InstanceMismatch"),
            ("no bias head", {"bias_output": None}, FACTS),
            ("name", {"name": "other"}, "LayerMissing"),
            ("kind", {"kind": "mlp"}, ("JsonUnknownKey", "JsonMissingKey"))):
        changed = {"converted-network": converted(**members)}
        conversion.rejected(f"converted network, {case}", changed, "SubjectMismatch",
                            correct=False)
        conversion.rejected(f"converted network, {case}, hashes corrected", changed, codes)


def swapped(conversion, first, second):
    network = json.loads(conversion.read("converted-network"))
    layer = next(one for one in network["sublayers"] if one["kind"] == "neuron-heads")
    return {first: layer[second], second: layer[first]}


def test_attention(suite, conversion):
    """What turns attention's scores into weights is part of the claim."""
    for role, kind in (("original-network", "attention"), ("converted-network", "token-heads")):
        edited = edited_networks(conversion.read(role), kind)
        for case, members, codes in (
                ("n_head", {"n_head": 4, "d_head": 8}, FACTS),
                ("n_head alone", {"n_head": 4}, (FACTS, "TensorShape")),
                ("n_kv_head", {"n_kv_head": 1}, (FACTS, "TensorShape", "NetworkField")),
                ("mask", {"mask": "full"}, FACTS),
                ("scale", {"scale": "rsqrt(15)"}, FACTS),
                ("no scale", {"scale": "1"}, FACTS),
                ("rotary", {"rotary": {"base": "10000", "pairs": "interleaved"}}, FACTS),
                ("norm epsilon", {"norm_epsilon": "0.000011"}, FACTS),
                ("norm kind", {"norm_kind": "rms-norm"}, FACTS)):
            conversion.rejected(f"{role}, attention, {case}, hashes corrected",
                                {role: edited(**members)}, codes)


def test_network_files(suite, conversion):
    role = "original-network"
    for case, edit, codes in (
            ("version 2", lambda n: n.update({"attncert-network": 2}), "NetworkVersion"),
            ("no d_model", lambda n: n.pop("d_model"), "JsonMissingKey"),
            ("another d_model", lambda n: n.update(d_model=n["d_model"] + 1),
             (FACTS, "TensorShape")),
            ("unknown key", lambda n: n.update(note="x"), "JsonUnknownKey"),
            ("another vocab", lambda n: n.update(vocab=n["vocab"] - 1), (FACTS, "TensorShape")),
            ("another n_ctx", lambda n: n.update(n_ctx=n["n_ctx"] - 1), (FACTS, "TensorShape")),
            ("final norm's epsilon", lambda n: n["final_norm"].update(epsilon="0.000011"), FACTS),
            ("no final norm", lambda n: n.pop("final_norm"), FACTS),
            ("no unembedding", lambda n: n.pop("unembedding"), (FACTS, "JsonMissingKey")),
            ("no position embedding", lambda n: n["embedding"].pop("position"), FACTS),
            ("unembedding's layout", lambda n: n["unembedding"].update(layout="in-out"),
             (FACTS, "TensorShape")),
            ("the first row's output only", lambda n: n.update(pool="first"), FACTS),
            ("two sublayers of one name", lambda n: n["sublayers"].append(n["sublayers"][1]),
             "NetworkField"),
            ("one sublayer less", lambda n: n["sublayers"].pop(), ("LayerMissing", "PremiseCount")),
            ("sublayers in another order", lambda n: n["sublayers"].reverse(), "LayerMissing"),
            ("no sublayers", lambda n: n.update(sublayers=[]), "LayerMissing")):
        conversion.rejected(f"original network, {case}, hashes corrected",
                            edited_network(conversion, role, edit), codes)
    for case, content, code in (("empty", b"", "JsonSyntax"), ("cut", b"{", "JsonSyntax"),
                                ("a list", b"[]", "JsonWrongType"),
                                ("duplicate key", b'{"d_model":1,"d_model":2}',
                                 "JsonDuplicateKey")):
        conversion.rejected(f"original network, {case}", {role: content}, code)


# ---- edited certificates -------------------------------------------------------------------------


def rule_line(lines, rule, nth=0):
    return [line for line in lines if line.get("rule") == rule][nth]


def both_claims(lines):
    return lines[0]["statement"], lines[-2]["conclusion"]


def set_layer(lines, key, text):
    for statement in both_claims(lines):
        statement["layers"][0][key] = text
        if key == "epsilon":
            statement["epsilon"] = max((one["epsilon"] for one in statement["layers"]), key=float)


def drop_layer(lines):
    for statement in both_claims(lines):
        statement["layers"].pop(0)
        statement["epsilon"] = max((one["epsilon"] for one in statement["layers"]), key=float)


def lower_everywhere(lines):
    lift = rule_line(lines, "lift")["conclusion"]
    lift["epsilon"] = f"{float(lift['epsilon']) * 0.999999:.12f}".rstrip("0")
    set_layer(lines, "epsilon", lift["epsilon"])


def narrow(lines):
    ranges = rule_line(lines, "ball")["conclusion"]["ranges"]
    ranges[1][1] = f"{float(ranges[1][1]) * 0.9:.6f}".rstrip("0")


def without_bounds(lines):
    lift = rule_line(lines, "lift")
    lift["premises"] = lift["premises"][:2]
    lift.pop("keep", None)


def swap_instances(lines):
    first, second = rule_line(lines, "lift"), rule_line(lines, "instance", 3)
    first_instance = rule_line(lines, "instance", 1)
    first_instance["conclusion"], second["conclusion"] = (second["conclusion"],
                                                          first_instance["conclusion"])
    return first


def from_a_box(lines):
    """Ranges and error over a box, the claim over every input."""
    rule_line(lines, "ball")["conclusion"].update(inputs={"box": "8"})
    rule_line(lines, "ball")["rule"] = "box"
    rule_line(lines, "lift")["conclusion"].update(inputs={"box": "8"})


def other_attention(lines):
    rule_line(lines, "instance")["conclusion"]["layer"] = "h.1.attn"


def error_for_attention(lines):
    premises = lines[-2]["premises"]
    lines[-2]["premises"] = [premises[1], premises[0], *premises[2:]]


def exchange_errors(lines):
    premises = lines[-2]["premises"]
    premises[1], premises[3] = premises[3], premises[1]


def claim_identity(lines):
    for statement in both_claims(lines):
        hashes = statement["original"], statement["converted"]
        statement.clear()
        statement.update(judgement="identity", original=hashes[0], converted=hashes[1])


CERTIFICATE_EDITS = [
    ("a layer's epsilon lower in the claim", lambda l: set_layer(l, "epsilon", "0.0000001"),
     "PremiseTooWeak"),
    ("a layer's epsilon lower everywhere", lower_everywhere, "BoundExceeded"),
    ("a layer's activation in the claim", lambda l: set_layer(l, "activation", "gelu"), FACTS),
    ("a layer's approximant in the claim",
     lambda l: set_layer(l, "approximant", "silu:k=1.774497616"), FACTS),
    ("a layer's layout in the claim", lambda l: set_layer(l, "layout", "in-out"), FACTS),
    ("a layer's norm in the claim", lambda l: set_layer(l, "norm", "rms-norm"), FACTS),
    ("a layer's norm epsilon in the claim", lambda l: set_layer(l, "norm_epsilon", "0.000011"),
     FACTS),
    ("identity claimed", claim_identity, "PremiseTooWeak"),
    ("a layer's name in the claim", lambda l: set_layer(l, "name", "h.9.mlp"), "LayerMissing"),
    ("a layer left out", drop_layer, "LayerMissing"),
    ("a range too narrow", narrow, "RangeExceeded"),
    ("one range less", lambda l: rule_line(l, "ball")["conclusion"]["ranges"].pop(), "RangeCount"),
    ("one range more",
     lambda l: rule_line(l, "ball")["conclusion"]["ranges"].append(["-9", "9"]), "RangeCount"),
    ("ranges of another layer",
     lambda l: rule_line(l, "ball")["conclusion"].update(layer="h.9.mlp"), "LayerMissing"),
    ("ranges of an attention layer",
     lambda l: rule_line(l, "ball")["conclusion"].update(layer="h.0.attn"), "LayerKind"),
    ("ranges over a box", lambda l: rule_line(l, "ball")["conclusion"].update(inputs={"box": "8"}),
     "DomainMismatch"),
    ("lift over a box", lambda l: rule_line(l, "lift")["conclusion"].update(inputs={"box": "8"}),
     "DomainMismatch"),
    ("a wider claim from a box", from_a_box, "PremiseTooWeak"),
    ("instance of no layer",
     lambda l: rule_line(l, "instance")["conclusion"].update(layer="none"), "LayerMissing"),
    ("instances of two layers exchanged", swap_instances, "LayerMissing"),
    ("instance of another attention sublayer", other_attention, "LayerMissing"),
    ("an MLP's error for attention", error_for_attention, "PremiseJudgement"),
    ("lift without activation bounds", without_bounds, "RangeNotCovered"),
    ("lift without ranges", lambda l: rule_line(l, "lift").update(premises=[], keep=[]),
     "PremiseCount"),
    ("lift of another layer",
     lambda l: rule_line(l, "lift")["conclusion"].update(layer="h.1.mlp"), "LayerMissing"),
    ("premises of every-layer reversed", lambda l: l[-2]["premises"].reverse(),
     "PremiseJudgement"),
    ("errors of two MLPs exchanged", exchange_errors, "LayerMissing"),
    ("a premise of every-layer missing", lambda l: l[-2]["premises"].pop(), "PremiseCount"),
    ("one subject missing", lambda l: l.pop(3), "SubjectMissing"),
    ("no subjects", lambda l: l.__delitem__(slice(1, 5)), "SubjectMissing"),
    ("a subject twice", lambda l: l.insert(1, l[1]), "SubjectRole"),
    ("an absolute subject", lambda l: l[1].update(name="/etc/hostname"), "SubjectPath"),
]


def test_certificate_edits(suite, conversion):
    for case, edit, code in CERTIFICATE_EDITS:
        conversion.rejected(case, {}, code, edit=edit)
    conversion.verified("the very same lines", {}, edit=lambda lines: None)
    outcome, report = conversion.check_edit({}, edit=lambda l: l[2].update(name="nowhere"))
    good = outcome.code == 2 and "nowhere" in outcome.err
    suite.check(good and report["code"] == "FileUnreadable", "a subject that is missing", outcome)


def test_claim_option(suite, conversion):
    statement = conversion.lines()[0]["statement"]
    conversion.verified("--claim with the same statement", {}, claim=statement)
    for case, other in {
            "epsilon": {"epsilon": str(float(statement["epsilon"]) / 2)},
            "original": {"original": statement["converted"]},
            "converted": {"converted": statement["original"]}}.items():
        changed = {**copy.deepcopy(statement), **other}
        if case == "epsilon":
            for layer in changed["layers"]:
                layer["epsilon"] = changed["epsilon"]
        conversion.rejected(f"--claim with another {case}", {}, "ClaimMismatch", claim=changed)


def main():
    suite = harness.Suite()
    model = own_model(suite, "adder-gelu-tanh")
    adder = Conversion(suite, "adder", model)
    if suite.check(adder.outcome.code == 0, "convert", adder.outcome):
        for test in (test_claim_option, test_networks, test_attention, test_network_files,
                     test_certificate_edits):
            test(suite, adder)
        other = Conversion(suite, "other", model, "--approximant", "silu:k=1.7")
        adder.rejected("converted-network of another k, hashes corrected",
                       {"converted-network": other.read("converted-network")},
                       ("PairMismatch", FACTS))
    suite.finish()


if __name__ == "__main__":
    main()
