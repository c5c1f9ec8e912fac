"""Both kernels on agreements on prompts, as made and with one thing changed: they must agree.

    agreements.py SOURCE BIN VERIFIED

Changes are of certificates, prompts and weights, hashes corrected; every one must be Rejected by
both. The verified kernel leaves long files of prompts to the other one.
"""

import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import harness  # noqa: E402
from conversion import Conversion, own_model, set_value, sha256  # noqa: E402
from safetensors import TensorFile  # noqa: E402
from test_agree import edit_lines, prompt, shards_of, statements_of  # noqa: E402

MODELS = (("adder-gelu", ("--heads-per-neuron", "6"), 20),
          ("adder-gelu-tanh", ("--heads-per-neuron", "4"), 3), ("adder-relu", (), 3),
          ("adder-silu", (), 3))


def prompts(count):
    return "".join(prompt(37 * i % 100, (59 * i + 7) % 100) for i in range(count))


class Agreement:
    """A conversion, a proof that both networks answer some prompts alike, and both kernels."""

    def __init__(self, suite, verified, name, options, count, more=()):
        self.suite, self.verified = suite, verified
        folder = name + "".join(more)
        self.conversion = Conversion(suite, folder, own_model(suite, name), *options)
        self.prompts = suite.write(os.path.join(folder, "prompts.txt"), prompts(count))
        certificate = os.path.join(self.conversion.folder, "agree.jsonl")
        self.outcome = suite.attncert("agree", self.conversion.model, self.conversion.out,
                                      "--prompts", self.prompts, "-o", certificate,
                                      "--generate", "3", "--shard-size", "2", *more)

    def agree(self, case, wanted, edit=None):
        """Both verdicts on a copy of the whole folder after an edit of it."""
        place = self.suite.path("edited")
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.conversion.folder, place)
        if edit:
            edit(place)
        path = os.path.join(place, "agree.jsonl")
        second = harness.run([self.verified, path], timeout=300, cwd=self.suite.folder)
        verdicts = (self.suite.checker(path).verdict(), second.verdict())
        self.suite.equal(verdicts, wanted, case)

    def rejected(self, case, edit):
        self.agree(case, ("Rejected", "Rejected"), edit)


def write(place, name, content):
    with open(os.path.join(place, name), "wb") as stream:
        stream.write(content)


def replaced(place, name, edit):
    """A file changed, and its hash in the certificate."""
    content = harness.read(os.path.join(place, name))
    changed = edit(content)
    text = harness.read(os.path.join(place, "agree.jsonl")).decode()
    write(place, "agree.jsonl", text.replace(sha256(content), sha256(changed)).encode())
    write(place, name, changed)


def test_steps(agreement, case):
    def set_shard(number, **members):
        return edit_lines(lambda lines: shards_of(lines)[number].update(members))

    def of_claims(**members):
        def change(lines):
            for statement in statements_of(lines):
                statement.update(members)
        return edit_lines(change)

    def drop_shard(lines):
        lines[-2]["premises"].remove(2)

    for name, edit in (("a gap between shards", set_shard(1, first=3)),
                       ("overlapping shards", set_shard(1, first=1)),
                       ("a shard beyond the prompts", set_shard(1, last=4)),
                       ("an empty shard", set_shard(0, last=0)),
                       ("a reversed shard", set_shard(1, first=2, last=-1)),
                       ("a shard before the prompts", set_shard(0, first=-1)),
                       ("a shard of longer answers", set_shard(0, generate=4)),
                       ("a shard of shorter answers", set_shard(0, generate=2)),
                       ("a shard of no answers", set_shard(0, generate=0)),
                       ("a shard of endless answers", set_shard(0, generate=10 ** 30)),
                       ("an exception not stated", set_shard(0, **{"except": [1]})),
                       ("an exception of no shard", of_claims(**{"except": [1]})),
                       ("more prompts claimed", of_claims(count=4)),
                       ("longer answers claimed", of_claims(generate=4)),
                       ("no answers claimed", of_claims(generate=0)),
                       ("shards out of order",
                        edit_lines(lambda lines: lines[-2].update(premises=[2, 1]))),
                       ("a shard left out", edit_lines(drop_shard))):
        agreement.rejected(f"{case}: {name}", edit)


def test_files(agreement, case):
    def without_ones(content):
        """The digit 1 is never the answer."""
        columns = TensorFile(content).header["lm_head.weight"]["shape"][1]
        for i in range(columns):
            content = set_value(content, "lm_head.weight", columns + i, 0.0)
        return content

    heads = os.path.join("heads", "model.safetensors")
    agreement.rejected(f"{case}: weights that answer otherwise",
                       lambda place: replaced(place, heads, without_ones))
    width = TensorFile(agreement.conversion.read("converted-weights")).header[
        "h.0.mlp.value"]["shape"][1]
    for name, tensor, index in (("a value of the bias token", "h.0.mlp.value", width - 1),
                                ("`ones` written", "h.0.attn.bias_output", width - 2),
                                ("`bias` written by a neuron", "h.1.mlp.output", width - 1)):
        agreement.rejected(f"{case}: {name}", lambda place, tensor=tensor, at=index: replaced(
            place, heads, lambda content: set_value(content, tensor, at, 1000.0)))
    agreement.rejected(f"{case}: a prompt that does not fit", lambda place: replaced(
        place, "prompts.txt", lambda content: content.replace(b"\n", b",1\n", 1)))
    agreement.rejected(f"{case}: a token that is none", lambda place: replaced(
        place, "prompts.txt", lambda content: b"10" + content[1:]))
    agreement.rejected(f"{case}: a prompt with a sign", lambda place: replaced(
        place, "prompts.txt", lambda content: b"+" + content))
    agreement.rejected(f"{case}: another file of prompts",
                       lambda place: write(place, "prompts.txt", b"1,2,3,4\n"))


def test_exceptions(agreement, case):
    """A prompt that does not fit can be left out, if the claim says so."""
    def leave_out(place):
        replaced(place, "prompts.txt", lambda content: content.replace(b"\n", b",1\n", 1))

        def change(lines):
            for one in (*statements_of(lines), shards_of(lines)[0]):
                one["except"] = [0]
        edit_lines(change)(place)

    agreement.agree(f"{case}: an exception", ("Verified", "Verified"), leave_out)


def test_long_files(agreement, case):
    def longer(place):
        replaced(place, "prompts.txt", lambda content: content * 51)

    agreement.agree(f"{case}: more than 100 prompts", ("Rejected", "Unsupported"), longer)


def test_machines(suite, verified, exact):
    """What machines compute is no statement about real numbers: the verified kernel knows the latter."""
    computed = Agreement(suite, verified, "adder-silu", (), 3, ("--format", "fp32"))
    if not suite.check(computed.outcome.code == 0, "agree in fp32", computed.outcome):
        return
    computed.agree("agreement in fp32", ("Verified", "Unsupported"))
    lines = harness.lines_of(os.path.join(computed.conversion.folder, "agree.jsonl"))
    evaluation = lines[0]["statement"]["evaluation"]

    def claimed(of):
        def change(lines):
            for one in of(lines):
                one["evaluation"] = evaluation
        return edit_lines(change)

    def differing(key, value, of=lambda all: [*statements_of(all), *shards_of(all)]):
        def change(lines):
            for one in of(lines):
                one[key] = value
        return edit_lines(change)

    computed.agree("a smaller difference", ("Rejected", "Unsupported"),
                   differing("difference", "1e-9"))
    computed.rejected("a negative difference", differing("difference", "-1"))
    exact.rejected("a difference in exact arithmetic", differing("difference", "1"))
    exact.rejected("a difference in exact arithmetic, in steps", differing("difference", "1",
                                                                          shards_of))
    for name, of in (("claim", statements_of), ("first shard", lambda all: shards_of(all)[:1]),
                     ("claim and shards", lambda all: [*statements_of(all), *shards_of(all)])):
        wanted = "Verified" if name == "claim and shards" else "Rejected"
        exact.agree(f"exact arithmetic said to be fp32's: {name}", (wanted, "Unsupported"),
                    claimed(of))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    suite = harness.Suite(sys.argv[:3])
    verified = os.path.abspath(sys.argv[3])
    for name, options, count in MODELS:
        agreement = Agreement(suite, verified, name, options, count)
        if suite.check(agreement.outcome.code == 0, f"agree {name}", agreement.outcome):
            agreement.agree(name, ("Verified", "Verified"))
        if name == "adder-silu":
            test_steps(agreement, name)
            test_files(agreement, name)
            test_exceptions(agreement, name)
            test_long_files(agreement, name)
            test_machines(suite, verified, agreement)
    suite.finish()


if __name__ == "__main__":
    main()
