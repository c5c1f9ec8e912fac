"""A rule has one name everywhere: kernel, docs, tests, certificates; every ErrorCode is tested."""

import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sources  # noqa: E402
from sources import harness  # noqa: E402


def rules_of(source):
    """The names in lib/kernel/kernel.cpp's table, with their identifiers."""
    text = harness.read(os.path.join(source, "lib", "kernel", "kernel.cpp")).decode()
    return dict(re.findall(r'RuleEntry\{\s*"([a-z-]+)",\s*rules::(\w+)', text))


def enumerators_of(source):
    path = os.path.join(source, "include", "attncert", "kernel", "step.hpp")
    text = sources.without_comments(harness.read(path).decode())
    body = re.search(r"enum class Rule\s*\{([^}]*)\}", text).group(1)
    return [one.strip() for one in body.split(",") if one.strip()]


def codes_of(source):
    path = os.path.join(source, "include", "attncert", "core", "error_code.hpp")
    return set(re.findall(r"X\((\w+)\)", harness.read(path).decode())) - {"name"}


def texts_below(folder, endings):
    texts = {}
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith(endings) and not os.path.islink(os.path.join(place, name)):
                texts[os.path.join(place, name)] = harness.read(os.path.join(place, name)).decode(
                    errors="replace")
    return texts


def headings_of(path):
    if not os.path.isfile(path):
        return []
    lines = harness.read(path).decode().splitlines()
    return [line.lstrip("# ").strip() for line in lines if line.startswith("#")]


def is_heading_of(name, heading):
    words = re.sub(r"[`*]", " ", heading).replace(",", " ").split()
    return name in words


def test_docs(suite, rules):
    headings = headings_of(os.path.join(suite.source, "docs", "rules.md"))
    suite.check(headings, "docs/rules.md has headings")
    for name in rules:
        suite.check(any(is_heading_of(name, one) for one in headings),
                    f"rule {name} is a heading of docs/rules.md")


def test_tests(suite, rules):
    unit = "\n".join(texts_below(os.path.join(suite.source, "tests"), (".cpp", ".hpp")).values())
    for name, identifier in rules.items():
        named = f'"{name}"' in unit or re.search(rf"\bRule::{identifier}\b", unit)
        suite.check(named, f"rule {name} has a unit test")


def test_certificates(suite, rules):
    good = texts_below(os.path.join(suite.source, "certificates"), ".jsonl")
    bad = texts_below(os.path.join(suite.source, "tests", "must_reject"), ".jsonl")
    suite.check(good, "certificates/ holds certificates")
    suite.check(bad, "tests/must_reject holds certificates")
    everything = "\n".join([*good.values(), *bad.values()])
    for name in rules:
        suite.check(f'"rule":"{name}"' in everything,
                    f"rule {name} is in certificates/ or tests/must_reject")


def test_codes(suite):
    """Every ErrorCode is expected by some test: a file of tests/must_reject, or by its name."""
    tests = os.path.join(suite.source, "tests")
    bad = texts_below(os.path.join(tests, "must_reject"), ".jsonl")
    files = {os.path.basename(path).split(".")[1] for path in bad}
    scripts = texts_below(os.path.join(tests, "cli"), ".py")
    text = "\n".join([*texts_below(tests, (".cpp", ".hpp")).values(), *scripts.values()])
    for code in sorted(codes_of(suite.source)):
        suite.check(code in files or re.search(rf"\b{code}\b", text), f"{code} is tested")


def test_codes_used(suite):
    """Every ErrorCode is given by some code."""
    library = "\n".join(texts_below(os.path.join(suite.source, "lib"), (".cpp", ".hpp")).values())
    for code in sorted(codes_of(suite.source)):
        suite.check(f"ErrorCode::{code}" in library, f"{code} is used in lib")


def main():
    suite = harness.Suite()
    rules = rules_of(suite.source)
    suite.check(len(rules) >= 17, "the kernel's table of rules can be read", rules)
    suite.equal(list(rules.values()), enumerators_of(suite.source),
                "the table is in the order of enum Rule")
    for name, identifier in rules.items():
        suite.equal(identifier, name.replace("-", "_"), f"rule {name} has one name")
    test_docs(suite, rules)
    test_tests(suite, rules)
    test_certificates(suite, rules)
    test_codes(suite)
    test_codes_used(suite)
    suite.finish()


if __name__ == "__main__":
    main()
