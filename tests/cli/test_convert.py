"""`attncert convert`: claims that hold, every edit of weights, networks or claim rejected."""

import copy
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from safetensors import TensorFile  # noqa: E402

GAIN = "silu:k=1.774497615"
LARGEST_MINGPT_ERROR = 0.10
ROLES = {"original-network": ("original", "network"), "original-weights": ("original", "weights"),
         "converted-network": ("converted", "network"),
         "converted-weights": ("converted", "weights")}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Conversion:
    """A conversion beside a copy of its model; edits happen in copies of the whole folder."""

    def __init__(self, suite, name, model):
        self.suite = suite
        self.folder = suite.subfolder(name)
        self.model = os.path.join(self.folder, "model")
        shutil.copytree(model, self.model, copy_function=shutil.copyfile)
        os.chmod(self.model, 0o755)
        self.out = os.path.join(self.folder, "heads")
        os.makedirs(self.out)
        self.outcome = suite.attncert("convert", self.model, "-o", self.out, "--approximant", GAIN,
                                      "--json")

    def files(self):
        return {"original-network": os.path.join("heads", "original.network.json"),
                "original-weights": os.path.join("model", "model.safetensors"),
                "converted-network": os.path.join("heads", "network.json"),
                "converted-weights": os.path.join("heads", "model.safetensors")}

    def read(self, role):
        return harness.read(os.path.join(self.folder, self.files()[role]))

    def lines(self):
        return harness.lines_of(os.path.join(self.out, "certificate.jsonl"))

    def check_edit(self, changed, edit=None, correct=True, claim=None):
        """The verdict after files (by role) and certificate lines were replaced."""
        place = os.path.join(self.suite.folder, "edit")
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.folder, place)
        text = harness.read(os.path.join(self.out, "certificate.jsonl")).decode()
        for role, content in changed.items():
            with open(os.path.join(place, self.files()[role]), "wb") as stream:
                stream.write(content)
            if correct:
                text = text.replace(sha256(self.read(role)), sha256(content))
        if edit:
            lines = [json.loads(line) for line in text.splitlines()]
            edit(lines)
            text = harness.text_of(lines)
        path = os.path.join(place, "heads", "certificate.jsonl")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        more = ["--claim", json.dumps(claim)] if claim else []
        outcome = self.suite.checker(path, "--json", *more)
        return outcome, (outcome.json()["certificates"][0] if outcome.out.startswith("{") else {})

    def rejected(self, case, changed, code, needles=(), **options):
        outcome, report = self.check_edit(changed, **options)
        codes = (code,) if isinstance(code, str) else code
        good = outcome.code == 1 and report.get("verdict") == "Rejected"
        good = good and report.get("code") in codes
        good = good and all(needle in report["message"] for needle in needles)
        self.suite.check(good, case, f"wanted {codes} naming {needles}; {outcome.code} "
                         f"{report.get('code')}: {report.get('message')}; {outcome.err[-200:]}")

    def verified(self, case, changed, **options):
        outcome, report = self.check_edit(changed, **options)
        self.suite.check(outcome.code == 0, case, f"{outcome.code} {report}")


# ---- what a conversion claims --------------------------------------------------------------------


def mlps_of(model_or_out):
    network = json.loads(harness.read(os.path.join(model_or_out, "original.network.json")))
    return [one for one in network["sublayers"] if one["kind"] == "mlp"]


def check_claims(suite, conversion, name, largest=None):
    outcome = conversion.outcome
    if not suite.check(outcome.code == 0, f"convert {name}", outcome):
        return False
    layers = outcome.json()["layers"]
    mlps = mlps_of(conversion.out)
    suite.equal([one["name"] for one in layers], [one["name"] for one in mlps], f"{name}: layers")
    for layer, mlp in zip(layers, mlps):
        heads = mlp["d_mlp"] + ("bias" in mlp["out"])
        suite.equal(layer["heads"], heads, f"{name}: heads of {layer['name']}")
        error = float(layer["error"])
        suite.check(0 < error < (largest or 1), f"{name}: error of {layer['name']}", error)
    checked = suite.checker(conversion.out)
    suite.check(checked.code == 0 and checked.verdict() == "Verified", f"{name}: verified", checked)
    statement = conversion.lines()[0]["statement"]
    for layer, claimed in zip(layers, statement["layers"]):
        suite.check(float(layer["error"]) >= float(claimed["epsilon"]),
                    f"{name}: printed error covers the certified", (layer, claimed))
        suite.equal(claimed["approximant"], GAIN, f"{name}: approximant")
    suite.check(suite.attncert("explain", os.path.join(conversion.out, "certificate.jsonl")).code
                == 0, f"{name}: explain")
    return True


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


# ---- where it writes -----------------------------------------------------------------------------


def convert(suite, model, out, *more, **options):
    return suite.attncert("convert", model, "-o", out, "--approximant", GAIN, *more, **options)


def test_outputs(suite, model):
    """Any OUT: fresh or not, relative or not, seen from anywhere."""
    work = suite.subfolder("outputs")
    shutil.copytree(model, os.path.join(work, "m"))
    os.makedirs(os.path.join(work, "there"))
    os.makedirs(os.path.join(work, "deeper", "place"))
    for out in ("there", "fresh", "fresh2/", "./fresh3", "a/b/c", os.path.join(work, "absolute"),
                "../outputs/up", "m/inside", "deeper/place/../fresh4", "."):
        outcome = convert(suite, "m", out, cwd=work)
        if suite.check(outcome.code == 0, f"convert m -o {out}", outcome):
            checked = suite.checker(os.path.join(work, out, "certificate.jsonl"))
            suite.check(checked.code == 0, f"convert m -o {out}: verified", checked)
            checked = suite.checker("certificate.jsonl", cwd=os.path.join(work, out))
            suite.check(checked.code == 0, f"convert m -o {out}: verified inside", checked)
    outcome = convert(suite, ".", "../from-inside", cwd=os.path.join(work, "m"))
    suite.check(outcome.code == 0, "convert . -o ../from-inside", outcome)


def test_over_the_model(suite, model):
    """Writing over the model itself would destroy it."""
    for case in ("the same path", "a link", "a path with dots"):
        work = suite.subfolder("over")
        shutil.copytree(model, os.path.join(work, "m"))
        os.symlink("m", os.path.join(work, "link"))
        before = harness.listing(os.path.join(work, "m"))
        out = {"the same path": "m", "a link": "link", "a path with dots": "./m/../m/"}[case]
        outcome = convert(suite, "m", out, cwd=work)
        suite.refuses(f"convert m -o m, {case}", outcome)
        suite.equal({name: sha256(one) for name, one in
                     harness.listing(os.path.join(work, "m")).items()},
                    {name: sha256(one) for name, one in before.items()},
                    f"convert m -o m, {case}: model as before")
        shutil.rmtree(work)


def limit_files(size):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def names_and_sizes(folder):
    return {name: len(content) for name, content in harness.listing(folder).items()}


def test_unwritable(suite, model):
    suite.write("a-file", "content")
    for out in ("a-file", "a-file/below", "/dev/full/x", "/proc/attncert-test", "", "x" * 300):
        before = sorted(os.listdir(suite.folder))
        suite.refuses(f"convert -o {out[:30]!r}", convert(suite, model, out))
        suite.equal(sorted(os.listdir(suite.folder)), before, f"convert -o {out[:30]!r}: as before")
    for size in (0, 500, 3000, 50000):
        case = f"convert where files end at {size} bytes"
        out = suite.path("limited")
        outcome = convert(suite, model, out, preexec_fn=limit_files(size))
        suite.refuses(f"{case}, fresh", outcome)
        suite.check(not os.path.exists(out), f"{case}: no folder left",
                    names_and_sizes(out) if os.path.exists(out) else "")
        shutil.rmtree(out, ignore_errors=True)


def test_failing_over_an_older_one(suite, model):
    """A failed conversion leaves an older one as it was."""
    for case in ("full disk", "a folder in the way"):
        out = suite.subfolder("older")
        suite.check(convert(suite, model, out).code == 0, "an older conversion")
        if case == "a folder in the way":
            os.remove(os.path.join(out, "certificate.jsonl"))
            os.makedirs(os.path.join(out, "certificate.jsonl"))
        before = {name: sha256(one) for name, one in harness.listing(out).items()}
        options = {"preexec_fn": limit_files(50000)} if case == "full disk" else {}
        outcome = suite.attncert("convert", model, "-o", out, "--approximant", "silu:k=1.5",
                                 **options)
        suite.refuses(f"convert over an older one, {case}", outcome)
        after = {name: sha256(one) for name, one in harness.listing(out).items()}
        suite.equal(after, before, f"convert over an older one, {case}: as before")
        shutil.rmtree(out)


# ---- edited weights ------------------------------------------------------------------------------


def places(file, name, generator):
    """First, last, and a few more numbers of a tensor."""
    count = file.count(name)
    return sorted({0, count - 1, *(generator.randrange(count) for _ in range(3))})


def row_and_column(shape, index):
    return (index // shape[-1], index % shape[-1]) if len(shape) == 2 else (0, index)


def one_step_away(content, name, index):
    file = TensorFile(content)
    file.step(name, index)
    return file.content()


def test_converted_weights(suite, conversion):
    generator = random.Random(1)
    content = conversion.read("converted-weights")
    file = TensorFile(content)
    suite.equal(sha256(one_step_away(content, next(iter(file.header)), 0))
                == sha256(content), False, "an edit changes the file")
    for name, entry in file.header.items():
        for index in places(file, name, generator):
            changed = {"converted-weights": one_step_away(content, name, index)}
            case = f"converted {name}[{index}] by one ulp"
            conversion.rejected(case, changed, "SubjectMismatch", correct=False)
            row, column = row_and_column(entry["shape"], index)
            conversion.rejected(f"{case}, hashes corrected", changed, "InstanceMismatch",
                                (name, str(row), str(column)))


def mlp_tensors(network):
    for layer in network["sublayers"]:
        if layer["kind"] == "mlp":
            for part in ("in", "out", "norm"):
                for key in ("weight", "bias"):
                    if key in layer[part]:
                        yield layer["name"], layer[part][key]


def test_original_weights(suite, conversion):
    generator = random.Random(2)
    content = conversion.read("original-weights")
    file = TensorFile(content)
    network = json.loads(conversion.read("original-network"))
    inside = list(mlp_tensors(network))
    for _, name in inside:
        for index in places(file, name, generator):
            if file.get(name, index) == 0:
                continue
            changed = {"original-weights": one_step_away(content, name, index)}
            case = f"original {name}[{index}] by one ulp"
            conversion.rejected(case, changed, "SubjectMismatch", correct=False)
            conversion.rejected(f"{case}, hashes corrected", changed, "InstanceMismatch",
                                ("tensor '", "["))
    for name in set(file.header) - {name for _, name in inside} - {"__metadata__"}:
        changed = {"original-weights": one_step_away(content, name, 0)}
        conversion.rejected(f"original {name}[0] by one ulp", changed, "SubjectMismatch",
                            correct=False)
        conversion.verified(f"original {name}, outside of the claim, hashes corrected", changed)


def set_value(content, name, index, value):
    file = TensorFile(content)
    file.set(name, index, value)
    return file.content()


def test_large_edits(suite, conversion):
    """The same edit on both sides: nothing but the recomputed ranges and sums can notice."""
    network = json.loads(conversion.read("original-network"))
    layer = next(one for one in network["sublayers"] if one["kind"] == "mlp")
    heads = next(one for one in json.loads(conversion.read("converted-network"))["sublayers"]
                 if one["name"] == layer["name"])
    for case, original, converted, code in (
            ("norm weight", layer["norm"]["weight"], heads["norm"]["weight"], "RangeExceeded"),
            ("norm bias", layer["norm"]["bias"], heads["norm"]["bias"], "RangeExceeded")):
        conversion.rejected(f"{case} 1e6 on both sides", {
            "original-weights": set_value(conversion.read("original-weights"), original, 0, 1e6),
            "converted-weights": set_value(conversion.read("converted-weights"), converted, 0,
                                           1e6)}, code)
    original = TensorFile(conversion.read("original-weights"))
    converted = TensorFile(conversion.read("converted-weights"))
    out_in = layer["layout"] == "out-in"
    shape = original.header[layer["out"]["weight"]]["shape"]
    original.set(layer["out"]["weight"], 0, 1e6)  # neuron 0, coordinate 0 in either layout
    converted.set(heads["output"], 0, 1e6)
    conversion.rejected(f"output weight 1e6 on both sides, {shape}, {out_in}",
                        {"original-weights": original.content(),
                         "converted-weights": converted.content()}, "BoundExceeded",
                        ("coordinate 0", layer["name"]))


# ---- edited networks -----------------------------------------------------------------------------


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


FACTS = "LayerFactsMismatch"


def test_networks(suite, conversion):
    original = edited_networks(conversion.read("original-network"), "mlp")
    d_mlp = mlps_of(conversion.out)[0]["d_mlp"]
    for case, members, codes in (
            ("norm epsilon", {"norm_epsilon": "0.000011"}, FACTS),
            ("norm epsilon 0", {"norm_epsilon": "0"}, "NetworkField"),
            ("norm kind", {"norm_kind": "rms-norm"}, "NormUnsupported"),
            ("activation", {"activation": "gelu"}, ("PairMismatch", FACTS)),
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
            ("score_gain", {"score_gain": "1.774497616"}, ("PairMismatch", FACTS)),
            ("score_gain negative", {"score_gain": "-1.774497615"}, ("PairMismatch", FACTS)),
            ("score_gain 0", {"score_gain": "0"}, "NetworkField"),
            ("one head less", {"heads": d_mlp - 1}, (FACTS, "TensorShape")),
            ("one head more", {"heads": d_mlp + 1}, (FACTS, "TensorShape")),
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


def edited_network(conversion, role, edit):
    network = json.loads(conversion.read(role))
    edit(network)
    return {role: (json.dumps(network, indent=2) + "\n").encode()}


def test_network_files(suite, conversion):
    role = "original-network"
    for case, edit, codes in (
            ("version 2", lambda n: n.update({"attncert-network": 2}), "NetworkVersion"),
            ("no d_model", lambda n: n.pop("d_model"), "JsonMissingKey"),
            ("another d_model", lambda n: n.update(d_model=n["d_model"] + 1),
             (FACTS, "TensorShape")),
            ("unknown key", lambda n: n.update(note="x"), "JsonUnknownKey"),
            ("two sublayers of one name", lambda n: n["sublayers"].append(n["sublayers"][1]),
             "NetworkField"),
            ("one sublayer less", lambda n: n["sublayers"].pop(), "LayerMissing"),
            ("sublayers in another order", lambda n: n["sublayers"].reverse(), "LayerMissing"),
            ("no sublayers", lambda n: n.update(sublayers=[]), "LayerMissing")):
        conversion.rejected(f"original network, {case}, hashes corrected",
                            edited_network(conversion, role, edit), codes)
    for case, content, code in (("empty", b"", "JsonSyntax"), ("cut", b"{", "JsonSyntax"),
                                ("a list", b"[]", "JsonWrongType"),
                                ("duplicate key", b'{"d_model":1,"d_model":2}',
                                 "JsonDuplicateKey")):
        conversion.rejected(f"original network, {case}", {role: content}, code)


def test_swaps(suite, conversion, other):
    weights = {"original-weights": conversion.read("converted-weights"),
               "converted-weights": conversion.read("original-weights")}
    networks = {"original-network": conversion.read("converted-network"),
                "converted-network": conversion.read("original-network")}
    conversion.rejected("both weights swapped", weights, "SubjectMismatch", correct=False)
    conversion.rejected("both networks swapped", networks, "SubjectMismatch", correct=False)
    conversion.rejected("both models swapped", {**weights, **networks}, "SubjectMismatch",
                        correct=False)
    for role in ROLES:
        conversion.rejected(f"{role} of another model", {role: other.read(role)},
                            "SubjectMismatch", correct=False)
        conversion.rejected(f"{role} of another conversion, hashes corrected",
                            {role: other.read(role)},
                            ("TensorShape", "TensorMissing", "InstanceMismatch", "LayerMissing",
                             FACTS, "PairMismatch"))
    text_swap(conversion)


def text_swap(conversion):
    """The statement's hashes exchanged: original for converted."""
    def edit(lines):
        for statement in (lines[0]["statement"], lines[-2]["conclusion"]):
            statement["original"], statement["converted"] = (statement["converted"],
                                                             statement["original"])
        for line in lines[1:5]:
            side, _, kind = line["subject"].partition("-")
            other = "converted" if side == "original" else "original"
            line["subject"] = f"{other}-{kind}"
    conversion.rejected("original and converted exchanged everywhere", {}, "LayerKind", edit=edit)


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
    lines[-2]["premises"].pop(0)


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
    first, second = rule_line(lines, "lift"), rule_line(lines, "instance", 1)
    first_instance = rule_line(lines, "instance")
    first_instance["conclusion"], second["conclusion"] = (second["conclusion"],
                                                          first_instance["conclusion"])
    return first


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
    ("instance of an attention layer",
     lambda l: rule_line(l, "instance")["conclusion"].update(layer="h.0.attn"), "LayerKind"),
    ("instance of no layer",
     lambda l: rule_line(l, "instance")["conclusion"].update(layer="none"), "LayerMissing"),
    ("instances of two layers exchanged", swap_instances, "LayerMissing"),
    ("lift without activation bounds", without_bounds, "RangeNotCovered"),
    ("lift without ranges", lambda l: rule_line(l, "lift").update(premises=[], keep=[]),
     "PremiseCount"),
    ("lift of another layer",
     lambda l: rule_line(l, "lift")["conclusion"].update(layer="h.1.mlp"), "LayerMissing"),
    ("premises of every-layer exchanged", lambda l: l[-2]["premises"].reverse(), "LayerMissing"),
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


# ---- broken weights files ------------------------------------------------------------------------


def with_entry(file, name, **members):
    header = copy.deepcopy(file.header)
    header[name].update(members)
    return file.content(header)


def broken_files(content, name):
    """Case, bytes, what the message names, ErrorCode where the checker meets it."""
    file = TensorFile(content)
    shape = file.header[name]["shape"]
    begin, end = file.header[name]["data_offsets"]
    yield "empty", b"", "safetensors", "SafetensorsHeader"
    yield "7 bytes", content[:7], "safetensors", "SafetensorsHeader"
    yield "header cut", content[:100], "safetensors", "SafetensorsHeader"
    yield "length beyond the file", b"\xff" * 8 + content[8:], "safetensors", "SafetensorsHeader"
    yield "no JSON", content[:8] + b"{x" + content[10:], "", "JsonSyntax"
    yield "header starts with a blank", content[:8] + b" " + content[9:], "", "SafetensorsHeader"
    yield "one byte cut", content[:-1], "tensor '", "SafetensorsOffsets"
    yield "one byte more", content + b"\0", "", "SafetensorsOffsets"
    yield "tensor missing", file.without(name).content(), name, "TensorMissing"
    yield "dtype I8", with_entry(file, name, dtype="I8"), name, "SafetensorsOffsets"
    yield "dtype I32", with_entry(file, name, dtype="I32"), name, "TensorType"
    yield "dtype unknown", with_entry(file, name, dtype="F31"), name, "SafetensorsHeader"
    yield "shape transposed", with_entry(file, name, shape=[*shape[::-1]]), name, "TensorShape"
    yield "shape flat", with_entry(file, name, shape=[shape[0] * shape[1]]), name, "TensorShape"
    yield "shape too large", with_entry(file, name, shape=[2 ** 62, 2 ** 62]), name, (
        "SafetensorsOffsets")
    yield "shape negative", with_entry(file, name, shape=[-1, -1]), name, "SafetensorsHeader"
    yield "shape of floats", with_entry(file, name, shape=[1.5]), "", "JsonNumber"
    yield "offsets reversed", with_entry(file, name, data_offsets=[end, begin]), name, (
        "SafetensorsOffsets")
    yield "offsets moved", with_entry(file, name, data_offsets=[begin + 4, end + 4]), "", (
        "SafetensorsOffsets")
    yield "offsets of one", with_entry(file, name, data_offsets=[begin]), name, "SafetensorsHeader"
    yield "unknown key", with_entry(file, name, note="x"), name, "JsonUnknownKey"
    for value in ("nan", "inf", "-inf"):
        yield value, set_value(content, name, 5, float(value)), name, "TensorNotFinite"
    header = json.dumps(file.header)
    twice = header[:-1] + f', {json.dumps(name)}: {json.dumps(file.header[name])}' + "}"
    raw = twice.encode() + b" " * (-len(twice) % 8)
    yield "tensor twice", len(raw).to_bytes(8, "little") + raw + bytes(file.data), "", (
        "JsonDuplicateKey")


def test_broken_weights(suite, conversion):
    content = conversion.read("original-weights")
    name = next(name for _, name in mlp_tensors(json.loads(conversion.read("original-network"))))
    for case, broken, needle, code in broken_files(content, name):
        folder = suite.subfolder("broken")
        suite.write("broken/model.safetensors", broken)
        suite.write("broken/network.json", conversion.read("original-network"))
        out = suite.path("never")
        suite.refuses(f"convert, weights with {case}", convert(suite, folder, out), 2, needle)
        suite.check(not os.path.exists(out), f"convert, weights with {case}: nothing written")
        shutil.rmtree(out, ignore_errors=True)
        conversion.rejected(f"check, original weights with {case}", {"original-weights": broken},
                            code)
    name = "h.0.mlp.query"
    for case, broken, _, code in broken_files(conversion.read("converted-weights"), name):
        conversion.rejected(f"check, converted weights with {case}",
                            {"converted-weights": broken}, code)


def test_broken_folders(suite, model):
    content = harness.read(os.path.join(model, "model.safetensors"))
    network = harness.read(os.path.join(model, "network.json"))
    for case, files in {
            "empty": {}, "no network": {"model.safetensors": content},
            "no weights": {"network.json": network},
            "network empty": {"model.safetensors": content, "network.json": b""},
            "network no JSON": {"model.safetensors": content, "network.json": b"{"},
            "config no JSON": {"model.safetensors": content, "config.json": b"{"},
            "config a list": {"model.safetensors": content, "config.json": b"[]"},
            "config null": {"model.safetensors": content, "config.json": b"null"},
            "config empty": {"model.safetensors": content, "config.json": b"{}"},
            "config of another family": {"model.safetensors": content,
                                         "config.json": b'{"family":"llama"}'},
            "config deep": {"model.safetensors": content, "config.json": b"[" * 100000},
            "no mlp": {"model.safetensors": content, "network.json":
                       b'{"attncert-network":1,"d_model":32,"sublayers":[]}'}}.items():
        folder = suite.subfolder("folder")
        for name, one in files.items():
            suite.write(f"folder/{name}", one)
        suite.refuses(f"convert a folder, {case}", convert(suite, folder, suite.path("never")))
        suite.check(not os.path.exists(suite.path("never")), f"convert a folder, {case}: nothing")
        shutil.rmtree(suite.path("never"), ignore_errors=True)
        shutil.rmtree(folder)
    for path in ("missing", "a-file", "/dev/null", ""):
        suite.refuses(f"convert {path!r}", convert(suite, path, suite.path("never")))
    for text in ("gelu", "silu:k=0", "silu:k=x", "silu:k=", "", "relu", "silu:k=nan",
                 "silu:k=1e9999"):
        outcome = suite.attncert("convert", model, "-o", suite.path("never"), "--approximant", text)
        suite.refuses(f"convert --approximant {text!r}", outcome)


# ---- measured differences ------------------------------------------------------------------------


def check_prompts(suite, model, prompts, case):
    file = suite.write("prompts.txt", "".join(prompt + "\n" for prompt in prompts))
    out = suite.subfolder("measured")
    outcome = convert(suite, model, out, "--json", "--prompts", file, timeout=60)
    if not suite.check(outcome.code == 0, case, outcome):
        return
    for layer in outcome.json()["layers"]:
        measured, error = float(layer.get("approx_measured", "nan")), float(layer["error"])
        suite.check(0 < measured <= error, f"{case}: {layer['name']}", layer)
    shutil.rmtree(out)


def test_measured(suite, model, case):
    generator = random.Random(3)
    sums = [",".join(f"{a:02}{b:02}") for a, b in ((47, 85), (0, 0), (99, 99))]
    wild = [",".join(str(generator.randrange(10)) for _ in range(generator.randrange(1, 7)))
            for _ in range(60)]
    for number, prompts in enumerate(([sums[0]], sums, wild, ["0"])):
        check_prompts(suite, model, prompts, f"{case}, prompts {number}")


def test_bad_prompts(suite, model):
    for case, text in {"a letter": "1,a\n", "a float": "1,2.5\n", "an empty field": "1,,2\n",
                       "a token too large": "1,10\n", "a negative token": "-1\n",
                       "a huge token": "9" * 30 + "\n", "too long": "1,2,3,4,5,6,7\n",
                       "blanks": "1 2\n", "binary": "\0\n"}.items():
        file = suite.write("prompts.txt", text)
        out = suite.path("never")
        suite.refuses(f"prompts with {case}",
                      convert(suite, model, out, "--prompts", file))
        suite.check(not os.path.exists(out), f"prompts with {case}: nothing written")
        shutil.rmtree(out, ignore_errors=True)
    for path in ("missing.txt", suite.folder):
        suite.refuses(f"prompts from {path[:20]}",
                      convert(suite, model, suite.path("never"), "--prompts", path))


def test_mingpt(suite, adder):
    model = os.path.join(suite.shared, "models", "mingpt_adder2")
    if not os.path.isdir(model):
        suite.skip(f"{model} is missing: minGPT's adder was not converted")
        return
    conversion = Conversion(suite, "mingpt", model)
    if not check_claims(suite, conversion, "mingpt_adder2", LARGEST_MINGPT_ERROR):
        return
    test_converted_weights(suite, conversion)
    test_original_weights(suite, conversion)
    test_swaps(suite, conversion, adder)
    test_measured(suite, model, "mingpt_adder2")


def main():
    suite = harness.Suite()
    model = os.path.join(suite.source, "certificates", "models", "adder-gelu-tanh")
    adder = Conversion(suite, "adder", model)
    other = Conversion(suite, "other", model)
    if check_claims(suite, adder, "adder-gelu-tanh"):
        shutil.rmtree(other.out)
        os.makedirs(other.out)
        suite.attncert("convert", other.model, "-o", other.out, "--approximant", "silu:k=1.7")
        for test in (test_claim_option, test_converted_weights, test_original_weights,
                     test_large_edits, test_networks, test_network_files, test_certificate_edits,
                     test_broken_weights):
            test(suite, adder)
        for role in ("converted-network",):
            adder.rejected(f"{role} of another k, hashes corrected", {role: other.read(role)},
                           ("PairMismatch", FACTS))
    for test in (test_outputs, test_over_the_model, test_unwritable,
                 test_failing_over_an_older_one, test_broken_folders, test_bad_prompts):
        test(suite, model)
    test_measured(suite, model, "adder-gelu-tanh")
    test_mingpt(suite, adder)
    suite.finish()


if __name__ == "__main__":
    main()
