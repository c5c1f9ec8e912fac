"""The Coq development proves what it says: nothing is admitted, and the axioms are the known ones.

    sources.py SOURCE BUILT

SOURCE is the repository, BUILT the folder where certificates/formal was compiled.
"""

import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FORBIDDEN = re.compile(r"\b(Admitted|admit|give_up|Abort|Axioms?|Conjecture|bypass_check|"
                       r"Guard Checking|Positivity Checking|Universe Checking)\b")
LONGEST = 400


def without_comments(text):
    """Coq comments nest; line breaks stay."""
    kept, depth, at = [], 0, 0
    while at < len(text):
        pair = text[at:at + 2]
        if pair == "(*":
            depth, at = depth + 1, at + 2
        elif pair == "*)" and depth:
            depth, at = depth - 1, at + 2
        else:
            kept.append(text[at] if not depth or text[at] == "\n" else " ")
            at += 1
    return "".join(kept)


def stray_parameters(text):
    """Parameters stand in module types only, where they are fields."""
    inside = None
    for number, line in enumerate(text.splitlines(), 1):
        opening = re.match(r"\s*Module\s+Type\s+(\w+)", line)
        if opening and ":=" not in line:
            inside = opening.group(1)
        elif inside and re.match(rf"\s*End\s+{inside}\s*\.", line):
            inside = None
        elif not inside and re.match(r"\s*(Parameters?|Declare\s+Module)\b", line):
            yield number, line.strip()


class Suite:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, case, detail=""):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print(f"FAIL {case}: {str(detail)[:2000]}", flush=True)


def sources_of(folder):
    for place, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if name.endswith(".v"):
                yield os.path.join(place, name)


def test_sources(suite, folder):
    paths = list(sources_of(folder))
    suite.check(len(paths) > 50, "the development is there", len(paths))
    for path in paths:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        name = os.path.relpath(path, folder)
        code = without_comments(text)
        found = FORBIDDEN.search(code)
        suite.check(not found, f"{name}: nothing is assumed", found)
        for number, line in stray_parameters(code):
            suite.check(False, f"{name}:{number}", line)
        suite.check(text.count("\n") <= LONGEST, f"{name}: at most {LONGEST} lines",
                    text.count("\n"))


def test_replayed(suite, source):
    """Derivations in replay/ are the committed certificates'."""
    sys.path.insert(0, os.path.join(source, "scripts"))
    sys.dont_write_bytecode = True
    import replay  # noqa: E402
    for name, theorem in replay.REPLAYED.items():
        certificate = replay.HERE / "certificates" / "theorems" / theorem / "certificate.jsonl"
        written = (replay.FOLDER / f"{name}.v").read_text(encoding="utf-8")
        suite.check(replay.text_of(certificate) == written,
                    f"{name}.v: as scripts/replay.py writes it")


def headlines():
    """assumptions.txt: a theorem, and below it, indented, the axioms it rests on."""
    groups = {}
    with open(os.path.join(HERE, "assumptions.txt"), encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("  "):
                groups[name].add(line.strip())
            elif line.strip() and not line.startswith("#"):
                name = line.strip()
                groups[name] = set()
    return groups


def axioms_of(built, theorem):
    """The axioms that Print Assumptions lists, by name."""
    module = theorem.rsplit(".", 1)[0]
    while module.split(".")[-1][0].isupper() and not os.path.exists(
            os.path.join(built, *module.split(".")[1:]) + ".v"):
        module = module.rsplit(".", 1)[0]
    text = f"Require {module}.\nPrint Assumptions {theorem}.\n"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "Question.v")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        options = [word for name in ("theorems", "kernel", "extraction", "replay")
                   for word in ("-Q", os.path.join(built, name), f"Attncert.{name}")]
        done = subprocess.run(["coqc", *options, path], capture_output=True, text=True, check=False)
    if done.returncode:
        return {f"error: {done.stderr.strip()}"}
    return set(re.findall(r"^([\w.]+)(?=\s*:|$)", done.stdout, re.MULTILINE)) - {"Axioms", "Closed"}


def test_assumptions(suite, built):
    for theorem, wanted in headlines().items():
        found = axioms_of(built, theorem)
        suite.check(found == wanted, theorem,
                    f"more: {sorted(found - wanted)}; fewer: {sorted(wanted - found)}")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    suite = Suite()
    test_sources(suite, os.path.join(sys.argv[1], "certificates", "formal"))
    test_replayed(suite, sys.argv[1])
    test_assumptions(suite, sys.argv[2])
    print(f"{suite.passed} passed, {suite.failed} failed")
    sys.exit(1 if suite.failed else 0)


if __name__ == "__main__":
    main()
