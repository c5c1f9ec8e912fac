"""`attncert audit`: recorded ranges, neurons, masks, thresholds, and how the report reads."""

import json
import math
import os
import shutil
import sys
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from conversion import Conversion, own_model  # noqa: E402
from safetensors import TensorFile  # noqa: E402

WIDTH = 32  # of the adders
COLUMNS = 100
HALF = ("--format", "fp16", "--accumulate", "fp32")
MACHINES = (("--format", "fp32"), ("--format", "bf16", "--accumulate", "fp32"), HALF)
# smallest normal and half the smallest subnormal exponent, bits
FORMATS = {"fp64": (-1022, -1075, 53), "fp32": (-126, -150, 24), "bf16": (-126, -134, 8),
           "fp16": (-14, -25, 11), "e5m2": (-14, -17, 3)}


def without_variance(suite):
    """An adder whose norms only subtract the mean, and its conversion: nothing bounds their inputs."""
    model = suite.path("mean")
    shutil.copytree(own_model(suite, "adder-relu"), model, ignore=shutil.ignore_patterns("heads"))
    os.chmod(model, 0o755)
    path = os.path.join(model, "network.json")
    network = json.loads(harness.read(path))
    for sublayer in network["sublayers"]:
        sublayer["norm"]["kind"] = "mean-norm"
        del sublayer["norm"]["epsilon"]
    os.remove(path)
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(network, stream)
    conversion = Conversion(suite, "mean-converted", model, "--heads-per-neuron", "1")
    suite.check(conversion.outcome.code == 0, "an adder of mean-norms is converted",
                conversion.outcome)
    return conversion


class Audits:
    def __init__(self, suite, original, converted):
        self.suite, self.original, self.converted = suite, original, converted
        self.certificate = os.path.join(converted, "report.jsonl")

    def run(self, *options, **how):
        return self.suite.attncert("audit", self.original, self.converted, *options, **how)

    def layers(self, *options):
        outcome = self.run(*options, "--json")
        if not self.suite.check(outcome.out.startswith("{"), f"audit {options}", outcome):
            return {}
        return {layer["name"]: layer for layer in outcome.json()["layers"]}

    def verified(self, case, *options):
        if os.path.exists(self.certificate):
            os.remove(self.certificate)
        outcome = self.run(*options, "-o", self.certificate)
        self.suite.check(outcome.code == 0, case, outcome)
        checked = self.suite.checker(self.certificate)
        self.suite.check(checked.code == 0 and checked.verdict() == "Verified", case, checked)


def own(suite, name):
    model = own_model(suite, name)
    return Audits(suite, model, os.path.join(model, "heads"))


# ---- recorded ranges -----------------------------------------------------------------------------


def test_boxes(suite, audits):
    pairs = [[-0.25, 1]] * (WIDTH - 2) + [["-2.5", 0.5], [0, 1e-3]]
    path = suite.write("ranges.json", json.dumps(
        {"h.0.attn": pairs, "h.0.mlp": 1.5, "h.1.attn": "2", "default": 3}))
    layers = audits.layers("--format", "fp32", "--domain", f"box:{path}")
    boxes = {"h.0.attn": "2.5", "h.0.mlp": "1.5", "h.1.attn": "2", "h.1.mlp": "3"}
    for name, box in boxes.items():
        suite.equal(layers[name].get("box"), box, f"{name}: the smallest box")
        alone = audits.layers("--format", "fp32", "--domain", f"box:{box}", "--layer", name)[name]
        for key in ("epsilon", "inputs", "verdict"):
            suite.equal(layers[name].get(key), alone.get(key), f"{name}: {key}, as with box:{box}")
    audits.verified("a certificate over boxes", "--format", "fp32", "--domain", f"box:{path}")
    text = audits.run("--format", "fp32", "--domain", f"box:{path}")
    suite.check("inputs of h.0.attn: |x_i| <= 2.5" in text.out, "text says which box", text)


def test_boxes_missing(suite, audits):
    """Without an entry or a default, a sublayer is unbounded; the others are not."""
    path = suite.write("some.json", json.dumps({"h.0.attn": 2}))
    layers = audits.layers("--format", "fp32", "--domain", f"box:{path}")
    suite.equal([layers[name]["verdict"] for name in sorted(layers)],
                ["proved", "unbounded", "unbounded", "unbounded"], "an entry for one sublayer")
    suite.check("--domain box" in layers["h.1.mlp"]["message"], "what to do", layers["h.1.mlp"])
    suite.check(layers["h.1.mlp"]["overflow"] == "unknown", "overflow is not known there", layers)


def test_boxes_named_like_numbers(suite, audits):
    """box:2 is the number, whatever files there are; ./2 is the file."""
    suite.write("2", json.dumps({"default": 1}))
    for text, box in (("box:2", "2"), ("box:./2", "1")):
        layers = audits.layers("--format", "fp32", "--domain", text, "--layer", "h.0.mlp")
        suite.equal(layers["h.0.mlp"].get("box"), box, text)


def test_boxes_refused(suite, audits):
    for case, content, needle in (
            ("a name of no sublayer", {"h.7.mlp": 1}, "'h.7.mlp' is no sublayer"),
            ("too few pairs", {"h.0.mlp": [[0, 1]]}, "write 32"),
            ("a pair upside down", {"h.0.mlp": [[1, 0]] * WIDTH}, "lower end"),
            ("a pair of three", {"h.0.mlp": [[1, 2, 3]] * WIDTH}, "pair 0"),
            ("NaN", {"h.0.mlp": math.nan}, "not finite"),
            ("infinity in a pair", {"h.0.mlp": [[0, math.inf]] * WIDTH}, "not finite"),
            ("0", {"h.0.mlp": 0}, "positive"),
            ("no entries", {}, "entry"),
            ("a word", {"h.0.mlp": "wide"}, "'h.0.mlp'"),
            ("an entry twice", '{"h.0.mlp": 1, "h.0.mlp": 2}', "twice"),
            ("no JSON", "h.0.mlp 1", "not JSON")):
        path = suite.write("bad.json", content if isinstance(content, str) else
                           json.dumps(content))
        outcome = audits.run("--format", "fp32", "--domain", f"box:{path}")
        suite.refuses(f"ranges: {case}", outcome, needle=needle)
        suite.check(path in outcome.err, f"ranges: {case}: the file is named", outcome)
    suite.refuses("no such file", audits.run("--format", "fp32", "--domain", "box:nowhere.json"),
                  needle="nowhere.json")
    suite.refuses("no text", audits.run("--format", "fp32", "--domain", "box:"), needle="--domain")


# ---- neurons -------------------------------------------------------------------------------------


def total(neurons, *path):
    values = []
    for neuron in neurons:
        for key in path:
            neuron = neuron[key]
        values.append(Fraction(neuron))
    return sum(values)


def test_neurons(suite, audits):
    for machine in MACHINES[:2]:
        layers = audits.layers(*machine, "--neurons")
        for name, layer in layers.items():
            case = f"{' '.join(machine)}: {name}"
            neurons = layer.get("neurons", [])
            suite.equal(len(neurons), 128 if name.endswith("mlp") else 0, f"{case}: neurons")
            if not neurons:
                continue
            # the largest over outputs of sums is at most the sum of the largest
            for side in ("original", "converted"):
                share = Fraction(layer[f"{side}_rounding"])
                added = total(neurons, side, "contribution")
                suite.check(0.9 * share < added, f"{case}: contributions of {side}", (share, added))
                suite.check(all(Fraction(one[side]["contribution"]) < share for one in neurons),
                            f"{case}: none is more than all of {side}")
            suite.check(total(neurons, "approximation", "contribution") >=
                        Fraction(layer["approximation"]) * (1 - Fraction(1, 10 ** 9)),
                        f"{case}: contributions of the approximation")
            suite.check(all(Fraction(one["range"][0]) < Fraction(one["range"][1])
                            for one in neurons), f"{case}: ranges")
    plain = audits.layers("--format", "fp32")
    suite.check(all("neurons" not in layer for layer in plain.values()), "not unless asked for")
    text = audits.run("--format", "fp32", "--neurons", "--layer", "h.0.mlp")
    lines = text.out.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("neuron ")), len(lines))
    rows = lines[start + 1:start + 11]
    suite.check(len(rows) == 10 and all(row.split()[0].isdigit() for row in rows) and
                lines[start + 11] == "", "text: the worst ten", text)


def test_neuron_ranges(suite, audits):
    """The pre-activation that a row reaches is in the range, and far rows nearly reach its ends."""
    tensors = TensorFile(harness.read(os.path.join(audits.original, "model.safetensors")))
    weight, bias, gain, shift = ([tensors.get(name, i) for i in range(tensors.count(name))]
                                 for name in (f"transformer.h.0.{end}" for end in (
                                     "mlp.c_fc.weight", "mlp.c_fc.bias", "ln_2.weight",
                                     "ln_2.bias")))
    neurons = audits.layers("--format", "fp32", "--neurons")["h.0.mlp"]["neurons"]
    for j in (0, 17, 127):
        row = weight[WIDTH * j:WIDTH * (j + 1)]
        slopes = [a * b for a, b in zip(row, gain)]
        length = math.sqrt(sum(one * one for one in slopes))
        middle = bias[j] + sum(a * b for a, b in zip(row, shift))
        low, high = (float(Fraction(end)) for end in neurons[j]["range"])
        reach = math.sqrt(WIDTH) * length
        suite.check(low <= middle - reach < low + 1e-4 and high - 1e-4 < middle + reach <= high,
                    f"neuron {j}: its range", (low, high, middle, reach))


# ---- thresholds and masks ------------------------------------------------------------------------


def test_exp_zero(suite, audits):
    for name, (normal, half, bits) in FORMATS.items():
        for mode, gone in (("gradual", -half * math.log(2)),
                           ("flush", -normal * math.log(2) - math.log1p(-2.0 ** -bits))):
            outcome = audits.run("--format", name, "--accumulate", "fp64", "--underflow", mode,
                                 "--exp-zero", "auto", "--layer", "h.0.attn", "--json")
            got = float(outcome.json()["evaluation"]["exp_zero"])
            suite.check(gone <= got < gone * (1 + 1e-6), f"exp is 0, {name}, {mode}", (got, gone))
    audits.verified("a certificate with --exp-zero auto", "--format", "fp32", "--exp-zero", "auto",
                    "--mask-constant", "1e9")


def test_masks(suite, audits):
    layer = "h.1.attn"
    plain = audits.layers("--format", "fp32")[layer]["masks"]
    suite.equal(float(plain["exp_zero"]), 103.9721, "the threshold assumed")
    twice = 2 * Fraction(plain["score_bound"])
    suite.check(abs(Fraction(plain["gap"]) - twice) <= twice / 10 ** 11, "the gap", plain)
    enough, gap = float(plain["sufficient_constant"]), float(plain["gap"])
    suite.check(gap + 103.97 < enough < gap + 104.1, "the constant that suffices", plain)
    for constant, verdict, win in ((gap * 0.9, "mask too weak", "yes"),
                                   (gap * 1.1, "mask too weak", "no"),
                                   (enough * 0.999, "mask too weak", "no"),
                                   (enough, "proved", "no")):
        one = audits.layers("--format", "fp32", "--exp-zero", "auto", "--mask-constant",
                            repr(constant))[layer]
        suite.equal((one["verdict"], one["masks"].get("masked_may_win")), (verdict, win),
                    f"masked scores lowered by {constant}")
        suite.equal(one["masks"]["sufficient_constant"], plain["sufficient_constant"],
                    "what suffices does not depend on what is tried")
    audits.verified("the constant that suffices", "--format", "fp32", "--exp-zero", "auto",
                    "--mask-constant", repr(enough), "--layer", layer)
    text = audits.run("--format", "fp32", "--exp-zero", "auto", "--mask-constant", "50")
    suite.check(text.code == 1 and "masked tokens may win" in text.out, "text names it", text)
    unsaid = audits.layers("--format", "fp32", "--mask-constant", "1e9")[layer]
    suite.check("--exp-zero auto" in unsaid["message"], "without a threshold", unsaid)


def test_masks_edited(suite, audits):
    """Certificates whose machine lowers masked scores by other constants."""
    audits.verified("a mask constant", "--format", "fp32", "--exp-zero", "auto",
                    "--mask-constant", "300")
    text = harness.read(audits.certificate).decode()
    place = os.path.join(os.path.dirname(audits.certificate), "edited.jsonl")
    largest = str((2 ** 24 - 1) * 2 ** 104)
    for constant, code in (("301", None), ("60", "MaskTooWeak"), (largest, "RoundingOverflow")):
        with open(place, "w", encoding="utf-8") as stream:
            stream.write(text.replace('"masked_scores":"300"', f'"masked_scores":"{constant}"'))
        outcome = suite.checker(place, "--json")
        report = outcome.json()["certificates"][0]
        suite.equal((outcome.code, report.get("code")), (1 if code else 0, code),
                    f"the checker, masked scores lowered by {constant}")
    os.remove(place)


# ---- overflow ------------------------------------------------------------------------------------


def test_overflow(suite):
    layers = own(suite, "adder-relu").layers(*HALF)
    for name, layer in layers.items():
        wanted = "possible" if name.endswith("mlp") else "impossible"
        suite.equal((layer["overflow"], layer["nan"]), (wanted, wanted), f"{name}: overflow, NaN")
    suite.check(layers["h.0.mlp"]["verdict"] == "overflow" and
                "in the heads" in layers["h.0.mlp"]["message"], "whose score may overflow", layers)
    suite.equal(layers["h.0.attn"]["underflow"], "included", "underflow is in the bounds")
    suite.equal(layers["h.0.mlp"]["underflow"], "unknown", "underflow where nothing is proved")


def test_useless(suite, audits):
    """Sums in bf16 lose every digit: refused, and called useless."""
    outcome = audits.run("--format", "bf16", "--layer", "h.0.mlp")
    suite.check(outcome.code == 1 and "useless: no useful bound: sums of" in outcome.out,
                "sums in bf16 are called useless", outcome)


# ---- the whole report ----------------------------------------------------------------------------


def check_text(suite, case, outcome, layers):
    lines = outcome.out.splitlines()
    longest = max(lines, key=len)
    suite.check(len(longest) <= COLUMNS, f"{case}: at most {COLUMNS} columns", longest)
    suite.check(outcome.err == "", f"{case}: nothing on stderr", outcome)
    useless = [name for name, layer in layers.items() if layer["verdict"] == "useless"]
    for name in useless:
        rows = [line for line in lines if line.startswith(name + " ") and "useless:" in line]
        suite.equal(len(rows), 1, f"{case}: {name} is called useless")
        suite.check(f"worst: {name}," not in outcome.out, f"{case}: {name} is no finding", outcome)
    for line in lines:
        suite.check(line == line.rstrip(), f"{case}: no blanks at ends", line)


def check_report(suite, case, audits, *options):
    outcome = audits.run(*options, "--json")
    report = outcome.json()
    layers = {layer["name"]: layer for layer in report["layers"]}
    proved = [one for one in layers.values() if "epsilon" in one]
    suite.equal(outcome.code, 0 if proved else 1, f"{case}: exit code")
    for layer in proved:
        rounding = Fraction(layer["original_rounding"]) + Fraction(layer["converted_rounding"])
        useless = rounding >= Fraction(layer["size"])
        suite.equal(layer["verdict"], "useless" if useless else "proved", f"{case}: verdict")
        suite.equal(layer["overflow"], "impossible", f"{case}: overflow where proved")
    least = report["least_epsilon"]
    if len(proved) == len(layers):
        suite.equal(Fraction(least), max(Fraction(one["epsilon"]) for one in proved),
                    f"{case}: the least epsilon")
    else:
        suite.equal(least, None, f"{case}: no epsilon where one sublayer is refused")
    check_text(suite, case, audits.run(*options), layers)
    if proved:
        audits.verified(case, *options)
    return layers


def test_reports(suite):
    models = os.path.join(suite.source, "certificates", "models")
    for name in sorted(os.listdir(models)):
        if not os.path.isdir(os.path.join(models, name, "heads")):
            continue
        # a copy: certificates are written beside the heads
        place = suite.path("own", name)
        shutil.copytree(os.path.join(models, name), place)
        audits = Audits(suite, place, os.path.join(place, "heads"))
        for machine in MACHINES:
            check_report(suite, f"{name} {' '.join(machine)}", audits, *machine)


def test_shared(suite):
    top = os.path.join(suite.shared, "models")
    if not os.path.isdir(top):
        suite.skip(f"models of others: {top} is missing")
        return
    for name in sorted(os.listdir(top)):
        if not os.path.isdir(os.path.join(top, name)):
            continue
        options = (("--only", "attention") if name == "stories260K" else
                   ("--heads-per-neuron", "4"))
        conversion = Conversion(suite, f"shared-{name}", os.path.join(top, name), *options)
        audits = Audits(suite, conversion.model, conversion.out)
        more = ("--tokens", "64") if name == "ppocrv4_svtr_silu" else ()
        if name == "deept_mnist_vit_relu":
            path = suite.write("deept.json", json.dumps({"default": [[-0.5, 0.5]] * 64}))
            more = ("--domain", f"box:{path}")
        for machine in MACHINES:
            case = f"{name} {' '.join(machine)}"
            layers = check_report(suite, case, audits, *machine, *more)
            if machine == MACHINES[0]:
                wanted = {"proved", "not audited"} if name == "stories260K" else {"proved"}
                suite.equal({one["verdict"] for one in layers.values()}, wanted,
                            f"{case}: verdicts")


def test_exit_codes(suite, audits):
    """0 proved, 1 not proved, 2 usage; nothing is ever assumed, so nothing exits with 3."""
    least = audits.run("--format", "fp32", "--json").json()["least_epsilon"]
    for epsilon, code in ((least, 0), (str(float(least) * 0.99), 1), ("0", 2), ("x", 2)):
        suite.equal(audits.run("--format", "fp32", "--epsilon", epsilon).code, code,
                    f"--epsilon {epsilon}")
    refused = own(suite, "adder-relu").run(*HALF, "--epsilon", "1e9")
    suite.check(refused.code == 1 and "nothing is proved of: h.0.mlp" in refused.out,
                "an epsilon is not proved where a sublayer is refused", refused)
    place = suite.path("assumed")
    shutil.copytree(audits.original, place)
    certificate = os.path.join(place, "heads", "report.jsonl")
    suite.attncert("audit", place, os.path.join(place, "heads"), "--format", "fp32", "-o",
                   certificate)
    lines = harness.lines_of(certificate)
    lines[-2]["rule"] = "assume"
    with open(certificate, "w", encoding="utf-8") as stream:
        stream.write(harness.text_of(lines))
    outcome = suite.checker(certificate, "--json")
    suite.check(outcome.code == 1 and outcome.json()["certificates"][0]["code"] == "UnknownRule",
                "an assumption is Rejected", outcome)


def test_document(suite):
    """What docs/audit.md shows is what the commands print; "..." stands for lines left out."""
    text = harness.read(os.path.join(suite.source, "docs", "audit.md")).decode()
    blocks = [block.split("```")[0] for block in text.split("```console\n$ ")[1:]]
    suite.equal(len(blocks), 3, "examples in docs/audit.md")
    for block in blocks:
        command, *shown = block.replace("\\\n", "").rstrip().split("\n")
        outcome = suite.attncert(*command.split()[1:], cwd=suite.source)
        printed = [*outcome.out.rstrip().split("\n"), f"exit code {outcome.code}"]
        at = 0
        for line in shown:
            if line == "...":
                continue
            found = line in printed[at:]
            if suite.check(found, f"docs/audit.md: {command}", line):
                at += printed[at:].index(line) + 1


def main():
    suite = harness.Suite()
    test_document(suite)
    conversion = without_variance(suite)
    for test in (test_boxes, test_boxes_missing, test_boxes_named_like_numbers,
                 test_boxes_refused):
        test(suite, Audits(suite, conversion.model, conversion.out))
    place = suite.path("adder-gelu")
    shutil.copytree(own_model(suite, "adder-gelu"), place)
    audits = Audits(suite, place, os.path.join(place, "heads"))
    for test in (test_neurons, test_neuron_ranges, test_exp_zero, test_masks, test_masks_edited,
                 test_useless, test_exit_codes):
        test(suite, audits)
    test_overflow(suite)
    test_reports(suite)
    test_shared(suite)
    suite.finish()


if __name__ == "__main__":
    main()
