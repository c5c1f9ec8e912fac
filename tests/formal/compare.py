#!/usr/bin/env python3
"""Both kernels on every certificate, and on every certificate that must be rejected: they must agree.

    compare.py SOURCE BIN [VERIFIED] [--mutations N] [--seed S] [--times N]

SOURCE is the repository, BIN the folder of attncert-check, VERIFIED the path of
attncert-check-verified (default: BIN/attncert-check-verified). With --mutations, N certificates
are also changed at random, a few bytes or tokens each, and compared.

A verdict Unsupported of the verified kernel counts neither way, but only for what is in UNSUPPORTED. The statements printed must have the same SHA-256.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

UNSUPPORTED = {f"{what} not supported by this checker" for what in (
    "rule 'argmax' over more than 100 prompts is", "rule 'round-mlp' is",
    "rule 'round-attention' is", "rule 'round-linear' is", "rule 'round-total' is",
    "computed inputs are",
    "agreement in floating point is")}
EXIT_CODES = {"Verified": 0, "Rejected": 1, "Error": 2, "Unsupported": 5}
LEAST_CERTIFICATES = 20
LEAST_REJECTS = 40


def certificates_below(folder):
    found = []
    for path, _, names in os.walk(folder):
        found += [os.path.join(path, name) for name in names if name.endswith(".jsonl")]
    return sorted(found)


def run(program, files):
    """The reports of a checker by file, and its exit code."""
    done = subprocess.run([program, "--json", *files], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=3600, check=False)
    output = json.loads(done.stdout.decode("utf-8", "replace"))
    return {report["file"]: report for report in output["certificates"]}, done.returncode


class Comparison:
    def __init__(self, first, second):
        self.first, self.second = first, second
        self.failures = []
        self.counts = {}
        self.other_codes = []
        self.seconds = {}

    def fail(self, file, what):
        self.failures.append(f"{file}: {what}")

    def judge(self, file, first, second):
        verdict = second["verdict"]
        self.counts[(first["verdict"], verdict)] = self.counts.get((first["verdict"], verdict), 0) + 1
        if first.get("statement_sha256") != second.get("statement_sha256"):
            self.fail(file, "the statements read differ")
        if verdict == "Unsupported":
            if second.get("message") not in UNSUPPORTED:
                self.fail(file, f"Unsupported without cause: {second.get('message')}")
        elif verdict != first["verdict"]:
            self.fail(file, f"{first['verdict']} {first.get('code', '')} at step {first.get('step')}"
                            f" but {verdict} {second.get('code', '')} at step {second.get('step')}"
                            f" ({second.get('message')})")
        elif second.get("code") not in (None, "StepRefused", first.get("code")):
            self.other_codes.append(f"{file}: {first.get('code')} but {second['code']}")

    def all_of(self, files):
        """One process each: verdicts, and exit codes."""
        if not files:
            return
        first, _ = run(self.first, files)
        second, _ = run(self.second, files)
        for file in files:
            if file not in first or file not in second:
                self.fail(file, "no report")
            else:
                self.judge(file, first[file], second[file])

    def one_by_one(self, files):
        """A process for each file: exit codes too, and how long the second takes."""
        for file in files:
            first, _ = run(self.first, [file])
            start = time.monotonic()
            second, code = run(self.second, [file])
            self.seconds[file] = time.monotonic() - start
            self.judge(file, first[file], second[file])
            if code != EXIT_CODES.get(second[file]["verdict"]):
                self.fail(file, f"exit code {code} for {second[file]['verdict']}")


TOKENS = ["0", "1", "2", "-1", "9", '"0"', '"inf"', '"-inf"', '"all"', "[]", "{}", "null", "1.5", '"',
          ",", ":", "}", "]", "\n", " ", "\r", "\t", "\\u0041", "e5", "/2", "0x1p3", "silu", "relu",
          "silu:k=2", "gelu", "cover", "even", "weaken", "tail", "taylor", "enclose", "value"]


def mutated(text, generator):
    for _ in range(generator.choice([1, 1, 1, 2, 3])):
        at = generator.randrange(len(text))
        kind = generator.randrange(6)
        if kind == 0:
            text = text[:at] + text[at + 1:]
        elif kind == 1:
            text = text[:at] + generator.choice(TOKENS) + text[at:]
        elif kind == 2:
            text = text[:at] + generator.choice(TOKENS) + text[at + 1:]
        elif kind == 3:
            digits = [i for i, c in enumerate(text) if c.isdigit()]
            at = generator.choice(digits)
            text = text[:at] + generator.choice("0123456789") + text[at + 1:]
        elif kind == 4:
            lines = text.splitlines(keepends=True)
            i, j = generator.randrange(len(lines)), generator.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
            text = "".join(lines)
        else:
            lines = text.splitlines(keepends=True)
            del lines[generator.randrange(len(lines))]
            text = "".join(lines)
        if not text:
            return "\n"
    return text


def mutations(originals, count, seed, folder):
    generator = random.Random(seed)
    small = [file for file in originals if os.path.getsize(file) < 4000]
    files = []
    for i in range(count):
        with open(generator.choice(small), encoding="utf-8", errors="surrogateescape", newline="") as f:
            text = f.read()
        file = os.path.join(folder, f"{i:06}.jsonl")
        with open(file, "w", encoding="utf-8", errors="surrogateescape", newline="") as f:
            f.write(mutated(text, generator) if text else "x")
        files.append(file)
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("bin")
    parser.add_argument("verified", nargs="?")
    parser.add_argument("--mutations", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    first = os.path.join(options.bin, "attncert-check")
    second = options.verified or os.path.join(options.bin, "attncert-check-verified")
    comparison = Comparison(first, second)
    accepted = certificates_below(os.path.join(options.source, "certificates"))
    rejected = certificates_below(os.path.join(options.source, "tests", "must_reject"))
    if len(accepted) < LEAST_CERTIFICATES or len(rejected) < LEAST_REJECTS:
        comparison.fail(options.source, "too few certificates were found")
    comparison.one_by_one(accepted)
    comparison.all_of(rejected)
    if options.mutations:
        print(f"{options.mutations} mutations, seed {options.seed}")
        with tempfile.TemporaryDirectory() as folder:
            files = mutations(accepted + rejected, options.mutations, options.seed, folder)
            for i in range(0, len(files), 500):
                comparison.all_of(files[i:i + 500])
            if comparison.failures:
                kept = tempfile.mkdtemp(prefix="attncert-compare-")
                for line in comparison.failures:
                    file = line.split(": ")[0]
                    if file.startswith(folder):
                        os.replace(file, os.path.join(kept, os.path.basename(file)))
                print(f"mutations that differ are in {kept}")
    for (one, other), count in sorted(comparison.counts.items()):
        print(f"{count:6} {one:10} {other}")
    for file, seconds in sorted(comparison.seconds.items(), key=lambda item: -item[1])[:options.times]:
        print(f"{seconds:8.3f} s  {os.path.relpath(file, options.source)}")
    for line in comparison.other_codes[:20]:
        print(f"another code: {line}")
    for line in comparison.failures:
        print(f"FAILED {line}")
    print("agree" if not comparison.failures else f"{len(comparison.failures)} disagreements")
    return 1 if comparison.failures else 0


if __name__ == "__main__":
    sys.exit(main())
