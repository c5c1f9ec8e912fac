"""`attncert audit --domain prompts:FILE`: both models end to end, in number formats."""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from conversion import Conversion, own_model  # noqa: E402


def prompts_of(numbers):
    return "".join(",".join(f"{a:02}{b:02}") + "\n" for a, b in numbers)


SOME = prompts_of((7 * i % 100, 12 * i % 100) for i in range(25))
FP32 = ("--format", "fp32", "--generate", "3")


class PromptsAudit:
    """A conversion of an adder, and audits of it on prompts."""

    def __init__(self, suite, name, model="adder-gelu", *options):
        self.suite = suite
        self.conversion = Conversion(suite, name, own_model(suite, model), *options)
        self.prompts = suite.write(os.path.join(name, "prompts.txt"), SOME)
        self.certificate = os.path.join(self.conversion.folder, "audit.jsonl")

    def command(self, *options, output=True):
        more = ("-o", self.certificate) if output else ()
        return ("audit", self.conversion.model, self.conversion.out, "--domain",
                "prompts:" + self.prompts, *options, *more)

    def run(self, *options, output=True):
        if os.path.exists(self.certificate):
            os.remove(self.certificate)
        return self.suite.attncert(*self.command(*options, output=output), timeout=300)

    def verified(self, case):
        checked = self.suite.checker(self.certificate, timeout=120)
        self.suite.check(checked.verdict() == "Verified", case, checked)

    def left_over(self):
        return [name for name in os.listdir(self.conversion.folder) if "audit" in name]


def test_epsilon(suite, audit):
    """Proved with room, refused without: no file then, and the least epsilon that passes."""
    plain = audit.run(*FP32, "--json")
    if not suite.check(plain.code == 0, "no epsilon", plain):
        return
    report = plain.json()
    suite.equal((report["prompts"], report["alike"], report["unproved"], report["proved"]),
                (25, 25, [], True), "no epsilon: what is reported")
    audit.verified("no epsilon")
    least = report["difference"]["bound"]
    statement = harness.lines_of(audit.certificate)[0]["statement"]
    suite.equal(harness.exact(statement["difference"]), harness.exact(least),
                "the certificate states the difference")
    good = audit.run(*FP32, "--epsilon", least)
    suite.check(good.code == 0 and "\nproved: epsilon" in good.out, "the epsilon told passes", good)
    audit.verified("the epsilon told passes")
    bad = audit.run(*FP32, "--epsilon", str(float(least) * 0.9999))
    suite.check(bad.code == 1 and "not proved: epsilon" in bad.out and
                f"the least that is proved: {least}" in bad.out, "less is not proved", bad)
    suite.equal(audit.left_over(), [], "less is not proved: no file")
    without = audit.run(*FP32, "--json", "--jobs", "1", output=False)
    suite.check(without.code == 0 and "certificate" not in without.json(), "no -o", without)
    suite.equal(audit.left_over(), [], "no -o: no file")
    suite.equal(without.json()["difference"], report["difference"], "one thread, the same")


def test_unproved(suite, audit):
    """Sums in tf32 say nothing of these models: the first prompt and why, and no file."""
    options = (*FP32, "--accumulate", "tf32")
    outcome = audit.run(*options, "--json")
    report = outcome.json()
    suite.check(outcome.code == 1 and report["alike"] == 0 and not report["proved"] and
                report["difference"] == {} and len(report["unproved"]) == 25 and
                report["unproved"][0]["prompt"] == 0, "sums in tf32", outcome)
    text = audit.run(*options, "--epsilon", "1e9")
    suite.check(text.code == 1 and "first not proved: prompt 0 (numbered from 0): " in text.out and
                "not proved: epsilon 1000000000; no other" in text.out, "sums in tf32: text", text)
    suite.equal(audit.left_over(), [], "sums in tf32: no file")


def test_same_as_agree(suite, audit):
    """One prover under two names: the same certificate."""
    audit.run(*FP32)
    mine = harness.read(audit.certificate)
    agreed = os.path.join(audit.conversion.folder, "agree.jsonl")
    outcome = suite.attncert("agree", audit.conversion.model, audit.conversion.out, "--prompts",
                             audit.prompts, "-o", agreed, *FP32, timeout=300)
    suite.check(outcome.code == 0 and "apart, the most at prompt" in outcome.out, "agree", outcome)
    suite.equal(harness.read(agreed), mine, "agree writes the same certificate")


def test_resumed(suite, audit):
    """Killed in the middle, it goes on with the shards that are not finished."""
    text = prompts_of((a, b) for a in range(4) for b in range(100))
    suite.write(audit.prompts, text)
    options = (*FP32, "--shard-size", "20")
    partial = audit.certificate + ".partial"
    if os.path.exists(audit.certificate):
        os.remove(audit.certificate)
    command = [os.path.join(suite.bin, "attncert"), *audit.command(*options)]
    harness.kill_after_lines(command, partial, 3, timeout=120)
    suite.check(os.path.exists(partial), "killed: unfinished work is kept")
    suite.check(not os.path.exists(audit.certificate), "killed: no certificate")
    lines = harness.read(partial).splitlines()
    forged = json.loads(lines[1])
    del forged["difference"]  # as a version without differences left it
    with open(partial, "wb") as stream:
        stream.write(b"\n".join([lines[0], lines[1], json.dumps(forged).encode(), b""]))
    other = audit.run("--format", "fp32", "--shard-size", "20")
    suite.refuses("unfinished work with other options", other, needle="unfinished work")
    finished = audit.run(*options, "--json")
    if suite.check(finished.code == 0, "resumed", finished):
        report = finished.json()
        suite.equal((report["resumed"], report["alike"]), (20, 400),
                    "resumed: finished shards are kept, others done again")
        audit.verified("resumed")
        suite.equal(audit.left_over(), ["audit.jsonl"], "resumed: nothing left over")
    suite.write(audit.prompts, SOME)


def test_usage(suite, audit):
    for case, options, needle in (
            ("a sublayer", ("--layer", "h.0.mlp"), "--layer makes no sense"),
            ("a number of tokens", ("--tokens", "4"), "--tokens makes no sense"),
            ("no tokens generated", ("--generate", "0"), "--generate"),
            ("a negative epsilon", ("--epsilon", "-1"), "--epsilon")):
        suite.refuses(case, audit.run("--format", "fp32", *options), needle=needle)
    for option in ("--generate", "--shard-size", "--jobs"):
        for domain in ("every-input", "box:4"):
            outcome = suite.attncert("audit", audit.conversion.model, audit.conversion.out,
                                     "--format", "fp32", "--domain", domain, option, "2")
            suite.refuses(f"{option} with {domain}", outcome, needle=f"{option} makes no sense")
    missing = suite.attncert("audit", audit.conversion.model, audit.conversion.out, "--format",
                             "fp32", "--domain", "prompts:" + suite.path("nothing.txt"))
    suite.refuses("no prompts", missing, needle="nothing.txt")


def test_relu(suite):
    """Kinks, and heads that are nearly as steep."""
    for number, options in enumerate(((), ("--approximant", "silu:k=64"))):
        audit = PromptsAudit(suite, f"relu-{number}", "adder-relu",
                             *(options or ("--heads-per-neuron", "1")))
        outcome = audit.run(*FP32, "--json")
        case = " ".join(("adder-relu", *options))
        if suite.check(outcome.code == 0 and outcome.json()["alike"] == 25, case, outcome):
            audit.verified(case)


def test_machines(suite, audit):
    """Machines without subnormal numbers, with plain softmax, with a mask constant."""
    for options in (("--underflow", "flush"), ("--softmax", "plain"),
                    ("--mask-constant", "1e9", "--exp-zero", "104")):
        case = " ".join(options)
        outcome = audit.run(*FP32, *options, "--json")
        if suite.check(outcome.code == 0 and outcome.json()["alike"] == 25, case, outcome):
            audit.verified(case)
    weak = audit.run(*FP32, "--mask-constant", "110", "--exp-zero", "104", "--json")
    suite.check(weak.code == 1 and "lower their scores by" in weak.json()["unproved"][0]["reason"],
                "a mask constant that is too weak", weak)


def main():
    suite = harness.Suite()
    audit = PromptsAudit(suite, "gelu", "adder-gelu", "--heads-per-neuron", "6")
    for test in (test_epsilon, test_unproved, test_same_as_agree, test_usage, test_machines,
                 test_resumed):
        test(suite, audit)
    test_relu(suite)
    suite.finish()


if __name__ == "__main__":
    main()
