"""Every certificate in tests/must_reject is Rejected, with the ErrorCode its name says."""

import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

LEAST = 40


def known_codes(source):
    path = os.path.join(source, "include", "attncert", "core", "error_code.hpp")
    return set(re.findall(r"X\((\w+)\)", harness.read(path).decode())) - {"name"}


def folder_of():
    here = os.path.dirname(os.path.abspath(__file__))
    return os.path.normpath(os.path.join(here, "..", "must_reject"))


def main():
    suite = harness.Suite()
    folder = folder_of()
    codes = known_codes(suite.source)
    names = sorted(name for name in os.listdir(folder) if name.endswith(".jsonl"))
    suite.check(len(names) >= LEAST, f"at least {LEAST} files in {folder}", len(names))
    outcome = suite.checker(folder, "--json", timeout=60)
    suite.equal(outcome.code, 1, "exit code over the whole folder")
    reports = harness.by_file(outcome.json()) if outcome.out.startswith("{") else {}
    for name in names:
        cause, code, _ = name.split(".")
        suite.check(code in codes, f"{name}: {code} is an ErrorCode")
        report = reports.get(name, {})
        found = (report.get("verdict"), report.get("code"))
        suite.check(found == ("Rejected", code), f"{cause}: wanted {code}", report)
    for name in names[::10]:
        outcome = suite.checker(os.path.join(folder, name))
        suite.check(outcome.code == 1 and outcome.verdict() == "Rejected", f"{name} alone", outcome)
    suite.finish()


if __name__ == "__main__":
    main()
