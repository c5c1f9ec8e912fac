"""`attncert agree`: what it proves, resumes and refuses; edits of what it wrote are Rejected."""

import json
import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from conversion import Conversion, own_model, set_value, sha256  # noqa: E402
from safetensors import TensorFile  # noqa: E402


def prompt(a, b):
    return ",".join(f"{a:02}{b:02}") + "\n"


SOME = "".join(prompt(7 * i % 100, 12 * i % 100) for i in range(25))


class Agreement:
    """A conversion of an adder, and a proof that both answer some prompts alike."""

    def __init__(self, suite, name, prompts, *options):
        self.suite = suite
        self.conversion = Conversion(suite, name, own_model(suite, "adder-gelu"),
                                     "--heads-per-neuron", "1")
        self.prompts = suite.write(os.path.join(name, "prompts.txt"), prompts)
        self.certificate = os.path.join(self.conversion.folder, "agree.jsonl")
        self.outcome = self.run(*options)

    def run(self, *options, timeout=120):
        return self.suite.attncert("agree", self.conversion.model, self.conversion.out,
                                   "--prompts", self.prompts, "-o", self.certificate, "--json",
                                   *options, timeout=timeout)

    def rejected(self, case, code, edit):
        """The verdict on a copy of the whole folder after an edit of it."""
        place = self.suite.path("edited")
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.conversion.folder, place)
        edit(place)
        outcome = self.suite.checker(os.path.join(place, "agree.jsonl"), "--json")
        report = outcome.json()["certificates"][0] if outcome.out.startswith("{") else {}
        self.suite.check(outcome.code == 1 and report.get("code") == code, case,
                         f"wanted {code}; {outcome}")


def edit_lines(change):
    def edit(place):
        path = os.path.join(place, "agree.jsonl")
        lines = harness.lines_of(path)
        change(lines)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(harness.text_of(lines))
    return edit


def shards_of(lines):
    return [line["conclusion"] for line in lines if line.get("rule") == "argmax"]


def statements_of(lines):
    """The header's statement, and the step that concludes it."""
    return lines[0]["statement"], lines[-2]["conclusion"]


def test_proved(suite, agreement):
    outcome = agreement.outcome
    if not suite.check(outcome.code == 0, "agree", outcome):
        return
    report = outcome.json()
    suite.equal((report["prompts"], report["proved"], report["exceptions"], report["resumed"]),
                (25, 25, [], 0), "agree: all proved")
    suite.equal(len(shards_of(harness.lines_of(agreement.certificate))), 3, "agree: shards of 10")
    checked = suite.checker(agreement.certificate)
    suite.check(checked.code == 0 and checked.verdict() == "Verified", "agree: verified", checked)
    suite.check(not os.path.exists(agreement.certificate + ".partial"), "agree: nothing left over")


def test_edits(suite, agreement):
    def set_shard(number, **members):
        return edit_lines(lambda lines: shards_of(lines)[number].update(members))

    def widen(lines):
        shards_of(lines)[1]["first"] = 9

    def claim_more(lines):
        for statement in statements_of(lines):
            statement["count"] = 26

    def claim_longer(lines):
        for statement in statements_of(lines):
            statement["generate"] = 4

    def drop_shard(lines):
        lines[-2]["premises"].remove(2)

    def hide_exception(lines):
        shards_of(lines)[0]["except"] = [3]

    agreement.rejected("a gap between shards", "ShardsNotCovering", set_shard(1, first=11))
    agreement.rejected("overlapping shards", "ShardsNotCovering", edit_lines(widen))
    agreement.rejected("shards out of order", "ShardsNotCovering", edit_lines(
        lambda lines: lines[-2].update(premises=[2, 1, 3])))
    agreement.rejected("a shard beyond the prompts", "ShardsNotCovering", set_shard(2, last=26))
    agreement.rejected("an empty shard", "ShardsNotCovering", set_shard(0, last=0))
    agreement.rejected("a shard of longer answers", "NetworkField", set_shard(0, generate=4))
    agreement.rejected("a shard of shorter answers", "ShardsNotCovering", set_shard(0, generate=2))
    agreement.rejected("a shard left out", "ShardsNotCovering", edit_lines(drop_shard))
    agreement.rejected("an exception not stated", "ShardsNotCovering", edit_lines(hide_exception))
    agreement.rejected("more prompts claimed", "ShardsNotCovering", edit_lines(claim_more))
    agreement.rejected("longer answers claimed", "ShardsNotCovering", edit_lines(claim_longer))


def test_other_files(suite, agreement):
    def write(place, name, content):
        with open(os.path.join(place, name), "wb") as stream:
            stream.write(content)

    def other_prompts(place, correct):
        content = harness.read(agreement.prompts).replace(b"0,7,1,2\n", b"0,7,1,4\n")
        if correct:
            path = os.path.join(place, "agree.jsonl")
            text = harness.read(path).decode()
            old, new = sha256(harness.read(agreement.prompts)), sha256(content)
            write(place, "agree.jsonl", text.replace(old, new).encode())
        write(place, "prompts.txt", content)

    agreement.rejected("another prompt", "SubjectMismatch",
                       lambda place: other_prompts(place, False))

    def with_weights(edit):
        """The converted model's weights changed, and the statement with them."""
        def apply(place):
            path = os.path.join(place, "heads", "model.safetensors")
            content = harness.read(path)
            changed = edit(content)
            text = harness.read(os.path.join(place, "agree.jsonl")).decode()
            write(place, "agree.jsonl", text.replace(sha256(content), sha256(changed)).encode())
            write(place, os.path.join("heads", "model.safetensors"), changed)
        return apply

    def without_ones(content):
        """The digit 1 is never the answer."""
        columns = TensorFile(content).header["lm_head.weight"]["shape"][1]
        for i in range(columns):
            content = set_value(content, "lm_head.weight", columns + i, 0.0)
        return content

    agreement.rejected("weights that answer otherwise", "MarginNotProved",
                       with_weights(without_ones))
    width = TensorFile(agreement.conversion.read("converted-weights")).header[
        "h.0.mlp.value"]["shape"][1]
    for case, tensor, index in (("a value of the bias token", "h.0.mlp.value", width - 1),
                                ("attention's value of it", "h.0.attn.value", width - 1),
                                ("`ones` written", "h.0.attn.bias_output", width - 2),
                                ("`bias` written", "h.1.attn.output", 3 * width - 1),
                                ("`bias` written by a neuron", "h.1.mlp.output", width - 1)):
        agreement.rejected(case, "InstanceMismatch", with_weights(
            lambda content, name=tensor, at=index: set_value(content, name, at, 1000.0)))


def test_exceptions(suite):
    """Two answers that tie are not proved; the certificate can name them."""
    agreement = Agreement(suite, "exceptions", SOME, "--generate", "3")
    path = os.path.join(agreement.conversion.model, "model.safetensors")
    content = harness.read(path)
    file = TensorFile(content)
    columns = file.header["lm_head.weight"]["shape"][1]
    for i in range(columns):  # token 9 is as likely as token 3, always
        content = set_value(content, "lm_head.weight", 9 * columns + i,
                            file.get("lm_head.weight", 3 * columns + i))
    with open(path, "wb") as stream:
        stream.write(content)
    shutil.rmtree(agreement.conversion.out)
    converted = suite.attncert("convert", agreement.conversion.model, "-o",
                               agreement.conversion.out)
    suite.check(converted.code == 0, "convert a model with ties", converted)
    os.remove(agreement.certificate)
    refuted = agreement.run("--generate", "3")
    suite.equal(refuted.code, 1, "ties without --allow-exceptions")
    suite.check(not os.path.exists(agreement.certificate), "ties: nothing written")
    report = refuted.json()
    suite.check(0 < len(report["exceptions"]) < 25, "ties: some", report)
    suite.equal(report["proved"] + len(report["exceptions"]), 25, "ties: counted")
    allowed = agreement.run("--generate", "3", "--allow-exceptions")
    suite.equal(allowed.code, 0, "ties with --allow-exceptions")
    statement = harness.lines_of(agreement.certificate)[0]["statement"]
    suite.equal(statement["except"], [one["prompt"] for one in report["exceptions"]],
                "ties: the statement names them")
    checked = suite.checker(agreement.certificate)
    suite.equal(checked.verdict(), "Verified", "ties: verified")

    def deny(lines):
        for one in (*statements_of(lines), *shards_of(lines)):
            one["except"] = []
    agreement.rejected("ties denied", "MarginNotProved", edit_lines(deny))


def test_resumed(suite):
    """Killed in the middle, it goes on with the shards that are not finished."""
    prompts = "".join(prompt(a, b) for a in range(20) for b in range(100))
    agreement = Agreement(suite, "resumed", SOME)
    suite.check(agreement.outcome.code == 0, "agree, before", agreement.outcome)
    os.remove(agreement.certificate)
    suite.write(os.path.join("resumed", "prompts.txt"), prompts)
    partial = agreement.certificate + ".partial"
    command = [os.path.join(suite.bin, "attncert"), "agree", agreement.conversion.model,
               agreement.conversion.out, "--prompts", agreement.prompts, "-o",
               agreement.certificate, "--generate", "3", "--shard-size", "20"]
    harness.kill_after_lines(command, partial, 3, timeout=60)
    suite.check(os.path.exists(partial), "killed: unfinished work is kept")
    suite.check(not os.path.exists(agreement.certificate), "killed: no certificate")
    with open(partial, "ab") as stream:
        stream.write(b'{"first":')  # cut off in the middle of a line
    other = agreement.run("--generate", "2", "--shard-size", "20")
    suite.refuses("unfinished work with other options", other, needle="unfinished work")
    other = agreement.run("--generate", "3", "--shard-size", "20", "--format", "fp32")
    suite.refuses("unfinished work in exact arithmetic", other, needle="unfinished work")
    finished = agreement.run("--generate", "3", "--shard-size", "20", timeout=120)
    if suite.check(finished.code == 0, "resumed", finished):
        report = finished.json()
        suite.check(40 <= report["resumed"] < 2000, "resumed: finished shards are kept", report)
        suite.equal(report["proved"], 2000, "resumed: all proved")
        checked = suite.checker(agreement.certificate, timeout=120)
        suite.equal(checked.verdict(), "Verified", "resumed: verified")


def test_damaged_work(suite):
    """Damaged shards are done again; a file that is no such work is not touched."""
    agreement = Agreement(suite, "damaged", SOME, "--shard-size", "5")
    header = header_of(harness.lines_of(agreement.certificate)[0]["statement"], 5)
    os.remove(agreement.certificate)
    partial = agreement.certificate + ".partial"
    for case, text in (("no JSON", "x\n"), ("a list", "[]\n"), ("binary", "\0\n")):
        suite.write(os.path.join("damaged", "agree.jsonl.partial"), text)
        suite.refuses(f"unfinished work, {case}", agreement.run("--shard-size", "5"),
                      needle="unfinished work")
        suite.equal(harness.read(partial), text.encode(), f"unfinished work, {case}: as it was")
    good = '{"first":0,"last":5,"except":[]}\n'
    for case, line in (("no JSON", "x"), ("a list", "[]"), ("an empty object", "{}"),
                       ("a wrong list", '{"first":0,"last":5,"except":[1]}'),
                       ("the same shard", good.strip()),
                       ("a later shard", '{"first":10,"last":15,"except":[]}'),
                       ("a long shard", '{"first":5,"last":11,"except":[]}')):
        suite.write(os.path.join("damaged", "agree.jsonl.partial"), header + good + line + "\n")
        outcome = agreement.run("--shard-size", "5")
        if suite.check(outcome.code == 0, f"damaged shard, {case}", outcome):
            suite.equal(outcome.json()["resumed"], 5, f"damaged shard, {case}: done again")
            os.remove(agreement.certificate)


def header_of(statement, shard_size):
    """The first line of unfinished work towards a statement."""
    return json.dumps({
        "attncert-partial": 1, "generate": statement["generate"], "prompts": statement["prompts"],
        "original": [statement["original"]["network"], statement["original"]["weights"]],
        "converted": [statement["converted"]["network"], statement["converted"]["weights"]],
        "shard_size": shard_size}) + "\n"


def test_refusals(suite):
    agreement = Agreement(suite, "refusals", SOME, "--generate", "3")
    for case, text in {"empty": "", "no newline": "1,2", "an empty line": "1\n\n2\n",
                       "blanks": "1, 2\n", "a sign": "+1\n", "a letter": "a\n",
                       "a token too large": "1,10\n", "too long": "1,2,3,4,5\n",
                       "a leading zero": "01\n"}.items():
        suite.write(os.path.join("refusals", "prompts.txt"), text)
        suite.refuses(f"prompts: {case}", agreement.run("--generate", "3"))
    suite.write(os.path.join("refusals", "prompts.txt"), SOME)
    for options in (("--generate", "0"), ("--shard-size", "0"), ("--jobs", "-1"),
                    ("--generate", "x")):
        suite.refuses(" ".join(options), agreement.run(*options))


def test_any_two_models(suite):
    """Two adders trained apart answer alike too; no conversion is needed for that."""
    prompts = suite.write("any.txt", SOME)
    path = suite.path("any.jsonl")
    outcome = suite.attncert("agree", own_model(suite, "adder-silu"), own_model(suite, "adder-gelu"),
                             "--prompts", prompts, "--generate", "3", "-o", path)
    suite.equal(outcome.code, 0, "two adders")
    checked = suite.checker(path)
    suite.check(checked.verdict() == "Verified", "two adders: verified", checked)
    outcome = suite.attncert("agree", own_model(suite, "adder-silu"), suite.path("nothing"),
                             "--prompts", prompts, "-o", suite.path("never.jsonl"))
    suite.refuses("a missing model", outcome)
    suite.check(not os.path.exists(suite.path("never.jsonl.partial")), "nothing left over")


def test_computed(suite):
    """Answers stay the same as machines compute them, and the statement says on which machines."""
    options = ("--generate", "3", "--shard-size", "10", "--format", "fp32")
    agreement = Agreement(suite, "computed", SOME, *options)
    if not suite.check(agreement.outcome.code == 0, "agree in fp32", agreement.outcome):
        return
    report = agreement.outcome.json()
    suite.equal((report["proved"], report["evaluation"]["accumulate"]), (25, "fp32"), "agree in fp32")
    checked = suite.checker(agreement.certificate)
    suite.check(checked.verdict() == "Verified" and "sums in fp32 in any order" in checked.out,
                "agree in fp32: verified", checked)

    def set_everywhere(key, value):
        def change(lines):
            for one in (*statements_of(lines), *shards_of(lines)):
                one["evaluation"][key] = value
        return edit_lines(change)

    def claim_sloppy_exponentials(lines):
        for statement in statements_of(lines):
            statement["evaluation"]["exp_ulp"] = "4"

    def prove_exactly(lines):
        for shard in shards_of(lines):
            del shard["evaluation"], shard["difference"]
    agreement.rejected("weights that the format rounds", "RoundingUnsupported",
                       set_everywhere("storage", "bf16"))
    agreement.rejected("sums in tf32", "EnclosureUnbounded", set_everywhere("accumulate", "tf32"))
    agreement.rejected("sums in bf16", "RoundingUseless", set_everywhere("accumulate", "bf16"))
    agreement.rejected("masked scores not lowered enough", "MaskTooWeak",
                       set_everywhere("masked_scores", "10"))
    agreement.rejected("an unknown order", "EvaluationSyntax", set_everywhere("order", "backwards"))
    agreement.rejected("other exponentials than proved", "ShardsNotCovering",
                       edit_lines(claim_sloppy_exponentials))
    agreement.rejected("exact shards", "ShardsNotCovering", edit_lines(prove_exactly))
    test_difference(suite, agreement, report)
    outcome = agreement.run("--format", "fp32", "--accumulate", "tf32")
    suite.check(outcome.code == 1 and outcome.json()["proved"] == 0, "sums in tf32", outcome)
    suite.refuses("sums in bf16", agreement.run("--format", "fp32", "--accumulate", "bf16"))
    suite.refuses("an unknown format", agreement.run("--format", "fp33"))
    suite.refuses("an unknown order", agreement.run("--format", "fp32", "--order", "backwards"))
    suite.refuses("weights that the format rounds", agreement.run("--format", "bf16"))


def test_difference(suite, agreement, report):
    """How far computed outputs may be apart: at least as far as evaluated ones are, and no less."""
    lines = harness.lines_of(agreement.certificate)
    stated = harness.exact(lines[0]["statement"]["difference"])
    suite.equal(harness.exact(report["difference"]["bound"]), stated, "difference: as reported")
    suite.equal(max(harness.exact(shard["difference"]) for shard in shards_of(lines)), stated,
                "difference: the largest of the shards'")
    worst = report["difference"]["prompt"]
    suite.equal(harness.exact(shards_of(lines)[worst // 10]["difference"]), stated,
                "difference: at this prompt")
    for number in (0, worst):
        tokens = SOME.splitlines()[number]
        rows = [suite.attncert("evaluate", model, "--tokens", tokens, "--json").json()["logits"][-1]
                for model in (agreement.conversion.model, agreement.conversion.out)]
        apart = max(abs(a - b) for a, b in zip(*rows))
        suite.check(0 < apart <= stated, f"difference: holds for prompt {number}", apart)

    def scaled(parts, factor):
        def change(lines):
            for one in parts(lines):
                one["difference"] = str(float(one["difference"]) * factor)
        return edit_lines(change)

    def all_of(lines):
        return (*statements_of(lines), *shards_of(lines))

    def without(parts, key):
        def change(lines):
            for one in parts(lines):
                del one[key]
        return edit_lines(change)

    for case, code, edit in (
            ("a difference a little smaller", "BoundExceeded", scaled(all_of, 0.999)),
            ("a shard's difference a little smaller", "BoundExceeded",
             scaled(lambda lines: shards_of(lines)[worst // 10:][:1], 0.999)),
            ("a claim's difference below its shards'", "PremiseTooWeak",
             scaled(statements_of, 0.999)),
            ("shards that state no difference", "PremiseTooWeak",
             without(shards_of, "difference")),
            ("a negative difference", "EpsilonNegative", scaled(all_of, -1)),
            ("a difference in exact arithmetic", "JsonMissingKey",
             without(all_of, "evaluation")),
            ("a claim that is not the conclusion", "ConclusionIsNotClaim",
             scaled(lambda lines: [lines[0]["statement"]], 2))):
        agreement.rejected(case, code, edit)
    for case, edit in (("a larger difference", scaled(all_of, 2)),
                       ("no difference stated", without(statements_of, "difference"))):
        place = suite.path("weaker")
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(agreement.conversion.folder, place)
        edit(place)
        checked = suite.checker(os.path.join(place, "agree.jsonl"))
        suite.equal(checked.verdict(), "Verified", f"difference: {case}")


def test_computed_mingpt(suite):
    """The adder of others, six heads a neuron."""
    model = os.path.join(suite.shared, "models", "mingpt_adder2")
    if not os.path.isdir(model):
        suite.skip(f"{model} is missing: its answers in fp32 were not proved")
        return
    conversion = Conversion(suite, "mingpt", model, "--heads-per-neuron", "6")
    prompts = suite.write("mingpt.txt", "".join(prompt(a, 97 - a) for a in range(0, 98, 14)))
    path = suite.path("mingpt.jsonl")
    outcome = suite.attncert("agree", conversion.model, conversion.out, "--prompts", prompts,
                             "--generate", "3", "--format", "fp32", "-o", path, timeout=120)
    suite.equal(outcome.code, 0, "mingpt in fp32")
    checked = suite.checker(path, timeout=120)
    suite.check(checked.verdict() == "Verified", "mingpt in fp32: verified", checked)


def test_wider_midpoints(suite):
    """A model of which long double arithmetic knows nothing, beyond a token or two."""
    model = os.path.join(suite.shared, "models", "makemore_names")
    if not os.path.isdir(model):
        suite.skip(f"{model} is missing: wider midpoints were not tried")
        return
    conversion = Conversion(suite, "makemore", model, "--heads-per-neuron", "4")
    prompts = suite.write("names.txt", "0\n0,5,13\n0,1,14\n")
    path = suite.path("names.jsonl")
    outcome = suite.attncert("agree", conversion.model, conversion.out, "--prompts", prompts,
                             "--generate", "2", "-o", path, timeout=120)
    suite.equal(outcome.code, 0, "agree on names")
    checked = suite.checker(path, timeout=120)
    suite.check(checked.verdict() == "Verified", "agree on names: verified", checked)


def main():
    suite = harness.Suite()
    agreement = Agreement(suite, "some", SOME, "--generate", "3", "--shard-size", "10", "--jobs",
                          "1")
    for test in (test_proved, test_edits, test_other_files):
        test(suite, agreement)
    for test in (test_exceptions, test_resumed, test_damaged_work, test_refusals,
                 test_any_two_models, test_computed, test_computed_mingpt, test_wider_midpoints):
        test(suite)
    suite.finish()


if __name__ == "__main__":
    main()
