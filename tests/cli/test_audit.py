"""`attncert audit`: what it proves, finds and refuses; edits of what it wrote are Rejected."""

import json
import os
import shutil
import sys
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from conversion import Conversion, own_model  # noqa: E402

MACHINES = (("--format", "fp32"), ("--format", "bf16", "--accumulate", "fp32"),
            ("--format", "fp16", "--accumulate", "fp32", "--order", "blocks:16"),
            ("--format", "fp32", "--order", "pairwise", "--underflow", "flush"))
SHARES = ("approximation", "weights", "leak", "original_rounding", "converted_rounding")
SHARED = ("mingpt_adder2", "makemore_names", "llmviz_gpt_nano_sort", "gpt_by_hand_erf",
          "deept_mnist_vit_relu", "ppocrv4_svtr_silu")


class Audited:
    """A conversion, audited; the certificate lies beside the heads."""

    def __init__(self, suite, name, model, *options):
        self.suite = suite
        self.conversion = Conversion(suite, name, model, *options)
        self.certificate = os.path.join(self.conversion.out, "audit.jsonl")

    def run(self, *options, output=True):
        if os.path.exists(self.certificate):
            os.remove(self.certificate)
        more = ("-o", self.certificate) if output else ()
        return self.suite.attncert("audit", self.conversion.model, self.conversion.out, *options,
                                   *more)

    def verified(self, case):
        checked = self.suite.checker(self.certificate)
        self.suite.check(checked.code == 0 and checked.verdict() == "Verified", case, checked)

    def rejected(self, case, code, edit):
        lines = harness.lines_of(self.certificate)
        edit(lines)
        path = os.path.join(self.conversion.out, "edited.jsonl")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(harness.text_of(lines))
        outcome = self.suite.checker(path, "--json")
        report = outcome.json()["certificates"][0] if outcome.out.startswith("{") else {}
        self.suite.check(outcome.code == 1 and report.get("code") == code, case,
                         f"wanted {code}; {outcome}")


def exact(text):
    return Fraction(text)


def check_report(suite, case, report, certificate):
    """Shares add up; the certificate states what was printed, no less."""
    statement = harness.lines_of(certificate)[0]["statement"]
    stated = {layer["name"]: layer for layer in statement["layers"]}
    for layer in report["layers"]:
        if layer["verdict"] not in ("proved", "useless") or "epsilon" not in layer:
            continue
        name = layer["name"]
        total = sum(exact(layer[share]) for share in SHARES)
        suite.check(abs(total - exact(layer["epsilon"])) <= total / 10 ** 10,
                    f"{case}: {name}: shares add up", layer)
        suite.check(name in stated and
                    harness.exact(stated[name]["epsilon"]) <= exact(layer["epsilon"]),
                    f"{case}: {name}: the certificate's epsilon is printed", layer)
        suite.check(exact(layer["original_rounding"]) > 0, f"{case}: {name}: rounding", layer)


def test_machines(suite, audited, name):
    for machine in MACHINES:
        case = f"{name} {' '.join(machine)}"
        outcome = audited.run(*machine, "--json")
        if not suite.check(outcome.code == 0 and outcome.err == "", case, outcome):
            continue
        check_report(suite, case, outcome.json(), audited.certificate)
        audited.verified(case)


def test_epsilon(suite, audited):
    """Proved with room, refused without: no file then, and the least epsilon that passes."""
    machine = MACHINES[0]
    worst = audited.run(*machine, "--json").json()["worst"]
    good = audited.run(*machine, "--epsilon", worst["epsilon"])
    suite.check(good.code == 0 and "proved: epsilon" in good.out, "the epsilon told passes", good)
    audited.verified("the epsilon told passes")
    less = str(float(worst["epsilon"]) * 0.999)
    bad = audited.run(*machine, "--epsilon", less)
    suite.check(bad.code == 1 and "not proved: epsilon" in bad.out, "less is not proved", bad)
    suite.check(worst["layer"] in bad.out, "the worst sublayer is named", bad)
    suite.check(not os.path.exists(audited.certificate), "no file then", bad)
    text = audited.run(*machine)
    suite.check(text.code == 0 and text.out.count("\n") >= 6, "text", text)


def test_refusals(suite, audited):
    useless = audited.run("--format", "bf16", "--json", "--layer", "h.0.mlp")
    suite.check(useless.code == 1 and
                useless.json()["layers"][0]["verdict"] == "useless", "useless", useless)
    suite.check(not os.path.exists(audited.certificate), "useless: no file", useless)
    for case, options, verdict, needle in (
            ("a mask constant below the scores", ("--format", "fp32", "--mask-constant", "100",
                                                  "--exp-zero", "104"), "mask too weak", "at least"),
            ("a mask constant beyond fp16", ("--format", "fp16", "--accumulate", "fp32",
                                             "--mask-constant", "1e9", "--exp-zero", "18"),
             "overflow", "fp16"),
            ("exponentials beyond fp16", ("--format", "fp16", "--accumulate", "fp32",
                                          "--softmax", "plain"), "overflow", "softmax")):
        outcome = audited.run(*options, "--json")
        layer = outcome.json()["layers"][0] if outcome.out.startswith("{") else {}
        suite.check(layer.get("verdict") == verdict and needle in layer.get("message", ""), case,
                    outcome)
    for case, more, verdict in (("every input", (), "unbounded"),
                                ("a wide box", ("--domain", "box:4"), "unbounded")):
        outcome = audited.run("--format", "fp32", "--norm", "one-pass", "--json", *more)
        layers = outcome.json()["layers"]
        suite.check(outcome.code == 1 and {one["verdict"] for one in layers} == {verdict} and
                    "one pass" in layers[0]["message"], f"variance in one pass, {case}", outcome)
    narrow = audited.run("--format", "fp64", "--norm", "one-pass", "--domain", "box:4", "--json")
    suite.check(narrow.code == 0 and all("computed_box" in one["inputs"] for one in
                                         narrow.json()["layers"]), "one pass in fp64", narrow)
    audited.verified("one pass in fp64")
    slow = audited.run("--format", "fp32", "--division-ulp", "1000", "--json")
    fast = audited.run("--format", "fp32", "--json")
    suite.check(float(slow.json()["worst"]["epsilon"]) > float(fast.json()["worst"]["epsilon"]),
                "coarse divisions cost", slow)
    enough = audited.run("--format", "fp32", "--mask-constant", "1e9", "--exp-zero", "104")
    suite.check(enough.code == 0, "a mask constant far above the scores", enough)
    audited.verified("a mask constant far above the scores")


def test_variant(suite, audited):
    """Heads for GELU against an original that computes its tanh form: found, and bounded."""
    place = suite.path("swapped")
    shutil.copytree(audited.conversion.folder, place)
    path = os.path.join(place, "model", "network.json")
    network = json.loads(harness.read(path))
    for sublayer in network["sublayers"]:
        if sublayer["kind"] == "mlp":
            sublayer["activation"] = "gelu_tanh"
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(network, stream)
    outcome = suite.attncert("audit", os.path.join(place, "model"), os.path.join(place, "heads"),
                             "--format", "fp32", "--json")
    findings = outcome.json()["findings"] if outcome.code == 0 else []
    if suite.check(len(findings) == 1, "the swapped GELU is found", outcome):
        suite.equal((findings[0]["activation"], findings[0]["closer"]), ("gelu_tanh", "gelu"),
                    "which")
        suite.check(4.7e-4 < float(findings[0]["error"]) < 4.8e-4, "how far", findings)
    normal = audited.run("--format", "fp32", "--json")
    suite.equal(normal.json()["findings"], [], "no finding where there is none")


def conclusion_with(lines, kind, change):
    for line in lines:
        if line.get("conclusion", {}).get("judgement") == kind:
            change(line["conclusion"])
            return


def test_edits(suite, audited):
    audited.run(*MACHINES[0])

    def total(change):
        def edit(lines):
            for part in (lines[0]["statement"], lines[-2]["conclusion"]):
                change(part)
        return edit

    def less_rounding(part):
        part["layers"][0]["original_rounding"] = "0.0001"

    def other_evaluation(part):
        part["evaluation"]["order"] = "pairwise"

    def shorter_rows(part):
        for layer in part["layers"]:
            layer["inputs"] = {"computed": "1"}

    audited.rejected("a share below its premise", "PremiseTooWeak", total(less_rounding))
    audited.rejected("another evaluation", "PremiseTooWeak", total(other_evaluation))
    audited.rejected("shorter rows", "RangeExceeded", total(shorter_rows))
    audited.rejected("less rounding", "BoundExceeded", lambda lines: conclusion_with(
        lines, "rounding", lambda part: part.update(epsilon="0.0001")))
    audited.rejected("rounding in another order", "BoundExceeded", lambda lines: conclusion_with(
        lines, "rounding", lambda part: (part["evaluation"].update(accumulate="bf16"))))
    audited.rejected("the claim alone", "ConclusionIsNotClaim",
                     lambda lines: lines[0]["statement"]["layers"][0].update(weights="1e-9"))


def test_usage(suite, audited):
    for case, options, needle in (
            ("no such format", ("--format", "fp12"), "fp12"),
            ("no such order", ("--format", "fp32", "--order", "blocks:0"), "blocks:K"),
            ("no such domain", ("--format", "fp32", "--domain", "some"), "--domain"),
            ("a negative box", ("--format", "fp32", "--domain", "box:-1"), "positive"),
            ("no such sublayer", ("--format", "fp32", "--layer", "h.9.mlp"), "h.9.mlp"),
            ("a negative epsilon", ("--format", "fp32", "--epsilon", "-1"), "--epsilon"),
            ("no format", (), "--format")):
        suite.refuses(case, audited.run(*options), needle=needle)


def test_rounded(suite):
    """Heads stored in BF16: what that does is a share of its own."""
    audited = Audited(suite, "rounded", own_model(suite, "adder-gelu"), "--heads-per-neuron", "4",
                      "--dtype", "BF16")
    outcome = audited.run("--format", "fp32", "--json")
    if suite.check(outcome.code == 0, "heads in BF16", outcome):
        suite.check(all(exact(layer["weights"]) > 0 for layer in outcome.json()["layers"]),
                    "every sublayer has a share of weights", outcome)
        check_report(suite, "heads in BF16", outcome.json(), audited.certificate)
        audited.verified("heads in BF16")


def test_shared(suite):
    """Models of others: every input where the norm allows, a box elsewhere."""
    top = os.path.join(suite.shared, "models")
    if not os.path.isdir(top):
        suite.skip(f"models of others: {top} is missing")
        return
    for name in SHARED:
        audited = Audited(suite, f"shared-{name}", os.path.join(top, name), "--heads-per-neuron",
                          "4")
        for machine in MACHINES[:3]:
            case = f"{name} {' '.join(machine)}"
            more = ("--domain", "box:4", "--tokens", "64", "--json")
            outcome = audited.run(*machine, *more)
            verdicts = {layer["verdict"] for layer in outcome.json()["layers"]}
            if name == "deept_mnist_vit_relu" and "fp16" in machine:
                suite.check(verdicts == {"overflow"} and outcome.code == 1, case, outcome)
            elif suite.check(outcome.code == 0 and verdicts <= {"proved", "useless"}, case, outcome):
                audited.verified(case)
        every = audited.run(*MACHINES[0], "--json")
        unbounded = every.json()["layers"][0]["verdict"] == "unbounded"
        suite.equal(unbounded, name == "deept_mnist_vit_relu", f"{name}: unbounded without a box")


def test_gated(suite):
    """A Llama: its attention is audited; why its MLPs are not is said."""
    model = os.path.join(suite.shared, "models", "stories260K")
    if not os.path.isdir(model):
        suite.skip(f"a Llama: {model} is missing")
        return
    audited = Audited(suite, "stories", model, "--only", "attention")
    outcome = audited.run("--format", "fp32", "--json")
    if suite.check(outcome.code == 0, "stories260K", outcome):
        layers = outcome.json()["layers"]
        suite.equal([one["verdict"] for one in layers], 5 * ["proved", "not audited"],
                    "stories260K: attention only")
        suite.check(all("on any open set" in one["message"] for one in layers[1::2]),
                    "stories260K: SwiGLUs", layers)
        audited.verified("stories260K")
    for only, end in (("attention", "attn"), ("mlp", "mlp")):
        audited = Audited(suite, f"only-{only}", own_model(suite, "adder-gelu"), "--only", only)
        layers = audited.run("--format", "fp32", "--json").json()["layers"]
        kept = [one for one in layers if not one["name"].endswith(end)]
        suite.check(len(kept) == 2 and all("kept" in one["message"] for one in kept),
                    f"--only {only}: the others are said to be kept", layers)


def main():
    suite = harness.Suite()
    for name in ("adder-gelu", "adder-silu"):
        audited = Audited(suite, name, own_model(suite, name), "--heads-per-neuron",
                          "6" if name == "adder-gelu" else "1")
        test_machines(suite, audited, name)
        if name == "adder-gelu":
            for test in (test_epsilon, test_refusals, test_variant, test_edits, test_usage):
                test(suite, audited)
    test_rounded(suite)
    test_shared(suite)
    test_gated(suite)
    suite.finish()


if __name__ == "__main__":
    main()
