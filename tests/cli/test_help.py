"""`--help`: its examples run as pasted. `--version`. `explain` says what a certificate claims."""

import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

COMMANDS = [["attncert"], ["attncert", "bound"], ["attncert", "certify"], ["attncert", "explain"],
            ["attncert", "convert"], ["attncert", "mask"], ["attncert", "approximate"],
            ["attncert", "formats"], ["attncert", "evaluate"], ["attncert", "export"],
            ["attncert", "audit"], ["attncert-check"]]
OPTIONS = {"bound": ["TARGET", "APPROXIMANT", "--domain", "--rel-gap", "--json"],
           "certify": ["TARGET", "APPROXIMANT", "--domain", "--epsilon", "-o"],
           "explain": ["FILE"],
           "convert": ["MODEL", "-o", "--heads-per-neuron", "--epsilon", "--approximant", "--box",
                       "--masks", "--mask-epsilon", "--prompts", "--input", "--tensor", "--json"],
           "mask": ["--tokens", "--pattern", "--score-bound", "--value-bound", "--epsilon", "-o",
                    "--model", "--layer", "--box", "--format", "--underflow", "--terms", "--json"],
           "formats": ["--reach", "--format", "--underflow", "-o", "--json"],
           "approximate": ["TARGET", "--heads", "--epsilon", "-o", "--rel-gap", "--search",
                           "--json"],
           "evaluate": ["MODEL", "--tokens", "--input", "--tensor", "--rigorous", "--json"],
           "export": ["MODEL", "-o", "--sublayer", "--dtype"],
           "audit": ["ORIGINAL", "CONVERTED", "--format", "--accumulate", "--storage", "--order",
                     "--underflow", "--softmax", "--exp-ulp", "--activation-error", "--exp-zero",
                     "--mask-constant", "--domain", "--epsilon", "--layer", "--tokens", "-o",
                     "--json"],
           "attncert-check": ["FILE|DIR", "--claim", "--json"],
           "attncert": ["bound", "certify", "explain", "convert", "mask", "approximate",
                        "formats", "evaluate", "export", "audit"]}
LONGEST_LINE = 120


def program(suite, command):
    return [os.path.join(suite.bin, command[0]), *command[1:]]


def examples_of(text):
    """The indented lines below 'Example:', with continued lines joined."""
    commands, inside = [], False
    for line in text.splitlines():
        if line.startswith("Example"):
            inside = True
        elif inside and line.startswith(" ") and line.strip():
            commands.append(line.strip())
        elif inside and line.strip():
            inside = False
    return "\n".join(commands).replace("\\\n", " ").splitlines()


def work_folder(suite, number):
    """A fresh folder where certificates/ is the project's."""
    folder = suite.subfolder(f"example{number}")
    os.symlink(os.path.join(suite.source, "certificates"), os.path.join(folder, "certificates"))
    return folder


def environment(suite):
    return {**os.environ, "PATH": suite.bin + os.pathsep + os.environ.get("PATH", "")}


def clean(path, existed):
    if not existed:
        shutil.rmtree(path, ignore_errors=True)


def test_examples(suite, number, command, text):
    examples = examples_of(text)
    name = " ".join(command)
    suite.check(examples, f"{name} --help shows an example", text)
    suite.check(any(one.startswith(name) for one in examples), f"{name}'s example is its own",
                examples)
    folder = work_folder(suite, number)
    output = "/tmp/adder-heads"
    existed = os.path.exists(output)
    for example in examples:
        outcome = harness.run(["/bin/sh", "-c", example], cwd=folder, env=environment(suite))
        suite.check(outcome.code == 0, f"example: {example}", outcome)
    clean(output, existed)


def test_help(suite):
    for number, command in enumerate(COMMANDS):
        name = " ".join(command)
        outcome = harness.run([*program(suite, command), "--help"])
        good = outcome.code == 0 and outcome.err == "" and outcome.out.strip()
        if not suite.check(good, f"{name} --help", outcome):
            continue
        suite.equal(harness.run([*program(suite, command), "-h"]).out, outcome.out, f"{name} -h")
        for option in OPTIONS[command[-1]]:
            suite.check(option in outcome.out, f"{name} --help mentions {option}", outcome.out)
        longest = max(map(len, outcome.out.splitlines()))
        suite.check(longest <= LONGEST_LINE, f"{name} --help: lines of at most {LONGEST_LINE}",
                    longest)
        test_examples(suite, number, command, outcome.out)


def test_version(suite):
    for name in ("attncert", "attncert-check"):
        outcome = harness.run([os.path.join(suite.bin, name), "--version"])
        suite.check(outcome.code == 0 and outcome.out.startswith(f"{name} "), f"{name} --version",
                    outcome)


def test_explain(suite):
    path = suite.path("made.jsonl")
    made = suite.attncert("certify", "gelu", "silu:k=1.702", "--epsilon", "0.0204", "-o", path)
    suite.check(made.code == 0, "a certificate to explain", made)
    outcome = suite.attncert("explain", path)
    first = outcome.out.splitlines()[0] if outcome.out else ""
    for words in ("gelu", "silu:k=1.702", "<= 0.0204", "every real x"):
        suite.check(outcome.code == 0 and words in first, f"explain's first line says {words}",
                    outcome)
    claim = first.partition(": ")[2]
    checked = suite.checker(path)
    suite.check(claim and claim in checked.out, "attncert-check says the same words", checked)
    lines = harness.lines_of(path)
    for step in lines[1:-1]:
        where = f"{step['step']}. "
        suite.check(any(line.strip().startswith(where) for line in outcome.out.splitlines()),
                    f"explain lists step {step['step']}", outcome)
        suite.check(f"by {step['rule']}" in outcome.out, f"explain names {step['rule']}")
    bad = suite.write("false.jsonl", harness.text_of(
        [{**lines[0], "statement": {**lines[0]["statement"], "epsilon": "0.01"}}, *lines[1:]]))
    outcome = suite.attncert("explain", bad)
    suite.check("Verified" not in outcome.out, "explain never says Verified", outcome)


def main():
    suite = harness.Suite()
    test_help(suite)
    test_version(suite)
    test_explain(suite)
    suite.finish()


if __name__ == "__main__":
    main()
