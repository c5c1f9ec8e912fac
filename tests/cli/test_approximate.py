"""`attncert approximate`: certified suprema, files, conventions, exact and refused targets."""

import json
import math
import os
import sys
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

# Certified suprema over all reals are at most these.
PROMISED = {
    "gelu": ["1.3923e-2", "4.209e-3", "2.77e-4", "4.02e-5", "2.02e-6", "8.3e-7"],
    "gelu_tanh": ["1.422e-2", "4.52e-3", "2.22e-4", "4.83e-5", "7.6e-6", "4.6e-6"],
}

# target, options, gates that must come out
EXACT = [
    ("silu", [], [["1", [["1", "0"]]]]),
    ("silu", ["--heads", "4"], [["1", [["1", "0"]]]]),
    ("silu:k=3/2", [], [["1", [["1.5", "0"]]]]),
    ("quick_gelu", ["--epsilon", "1e-300"], [["1", [["1.702", "0"]]]]),
    ("mish", ["--heads", "2"],
     [["1", [["1", "(- (log 2))"], ["2", "(- (log 2))"]]], ["1", [["-1", "(log 2)"], ["1", "0"]]]]),
]

# arguments, exit code, words of the message
REFUSED = [
    (["gelu", "--heads", "0"], "--heads"), (["gelu", "--heads", "13"], "--heads"),
    (["gelu", "--heads", "two"], "--heads"), (["gelu", "--heads", "2.5"], "--heads"),
    (["gelu", "--epsilon", "0"], "positive"), (["gelu", "--epsilon", "-1"], "positive"),
    (["gelu", "--epsilon", "small"], "--epsilon"),
    (["gelu", "--heads", "2", "--epsilon", "1"], "--"),
    (["gelu", "--rel-gap", "0"], "--rel-gap"), (["gelu", "--rel-gap", "2"], "--rel-gap"),
    (["gelu", "--epsilon", "1e-9"], "with 8 heads, has 1.45"),
    (["(fabs x)", "--epsilon", "1e-9"], "best"), (["relu", "--epsilon", "1e-400"], "2^1000"),
    (["tanh"], "at infinity"), (["sigmoid"], "at infinity"), (["elu"], "at infinity"),
    (["(* x x)"], "at infinity"), (["(log x)"], "at infinity"), (["gelu3"], "unknown function"),
    (["(+ x"], ""), ([], "TARGET"), (["gelu", "more"], ""),
    (["(fmax (* 0.25 x) x)"], "2 heads"),
]


def sigmoid(u):
    return 1 / (1 + math.exp(-u)) if u > -700 else 0.0


GELU = {
    "gelu": lambda x: x * math.erfc(-x / math.sqrt(2)) / 2,
    "gelu_tanh": lambda x: x * sigmoid(math.sqrt(8 / math.pi) * (x + 0.044715 * x ** 3)),
}


def largest_seen(target, gates):
    """The largest |target - x S(x)| on a grid, in double."""
    rows = [(float(Fraction(gate["coefficient"])), float(gate["scores"][0][0]),
             float(gate["scores"][0][1])) for gate in gates]
    worst = 0
    for k in range(-2400, 2401):
        x = k / 160
        worst = max(worst, abs(GELU[target](x) - x * sum(c * sigmoid(b * x + beta)
                                                         for c, b, beta in rows)))
    return worst


def test_tables(suite):
    for target, bounds in PROMISED.items():
        for heads, promised in enumerate(bounds, 1):
            case = f"{target}, {heads} heads"
            outcome = suite.attncert("approximate", target, "--heads", heads, "--json")
            if not suite.check(outcome.code == 0, case, outcome):
                continue
            found = outcome.json()
            lower, upper = Fraction(found["lower"]), Fraction(found["upper"])
            suite.check(upper <= Fraction(promised), f"{case}: as good as promised", found["upper"])
            suite.check(0 < lower <= upper <= lower * (1 + Fraction(1, 10 ** 12)), f"{case}: gap")
            suite.check(found["gap_reached"] is True, f"{case}: gap_reached")
            suite.equal(found["result"], "enclosed", f"{case}: result")
            suite.equal(found["heads"], heads, f"{case}: heads")
            coefficients = [Fraction(gate["coefficient"]) for gate in found["gates"]]
            suite.equal(sum(coefficients), 1, f"{case}: coefficients add up to 1")
            suite.equal(Fraction(found["sum_of_magnitudes"]), sum(map(abs, coefficients)),
                        f"{case}: sum of magnitudes")
            seen = largest_seen(target, found["gates"])
            suite.check(0.999 * float(upper) <= seen <= float(upper) * (1 + 1e-6),
                        f"{case}: the supremum is what a grid sees", f"{seen} {found['upper']}")


def test_exact(suite):
    for target, options, gates in EXACT:
        case = f"exact {target} {options}"
        outcome = suite.attncert("approximate", target, *options, "--json")
        if not suite.check(outcome.code == 0, case, outcome):
            continue
        found = outcome.json()
        got = [[gate["coefficient"], gate["scores"]] for gate in found["gates"]]
        suite.equal(got, gates, f"{case}: gates")
        suite.equal(found["exact"], True, case)
        if target == "mish":
            suite.check(Fraction(found["upper"]) <= Fraction(1, 10 ** 15), f"{case}: upper")
        else:
            suite.equal(found["result"], "equal", case)
            suite.equal(Fraction(found["upper"]), 0, f"{case}: upper")
        text = suite.attncert("approximate", target, *options)
        suite.check(text.code == 0 and f"{len(gates)} head" in text.out, f"{case}: text", text)


def test_relu(suite):
    """One head whatever is asked for; the least power of two for an epsilon."""
    for options, slope in (([], "1048576"), (["--heads", "1"], "1048576"),
                           (["--heads", "5"], "1048576"),
                           (["--epsilon", "0.278464542761074"], "1"),
                           (["--epsilon", "0.278464542761073"], "2"),
                           (["--epsilon", "1e-6"], "524288"), (["--epsilon", "4"], "0.125")):
        outcome = suite.attncert("approximate", "relu", *options, "--json")
        case = f"relu {options}"
        if suite.check(outcome.code == 0, case, outcome):
            found = outcome.json()
            suite.equal(found["gates"], [{"coefficient": "1", "scores": [[slope, "0"]]}], case)
            if "--epsilon" in options:
                suite.check(Fraction(found["upper"]) <= Fraction(options[1]), f"{case}: upper")


def test_epsilon(suite):
    for target, epsilon, heads in (("gelu", "0.0139", 2), ("gelu", "1e-3", 3), ("gelu", "1e-6", 6),
                                   ("gelu_tanh", "5e-5", 4), ("mish", "1e-16", 2)):
        outcome = suite.attncert("approximate", target, "--epsilon", epsilon, "--json")
        case = f"{target} to {epsilon}"
        if suite.check(outcome.code == 0, case, outcome):
            suite.equal(outcome.json()["heads"], heads, f"{case}: heads")
            suite.check(Fraction(outcome.json()["upper"]) <= Fraction(epsilon), f"{case}: upper")


def test_search(suite):
    """Without the table: the same optimum; another function; and the same answer twice."""
    outcome = suite.attncert("approximate", "gelu", "--heads", "2", "--search", "--json")
    suite.check(outcome.code == 0 and Fraction(outcome.json()["upper"]) <= Fraction("4.209e-3"),
                "gelu by search", outcome)
    term = "(* 2 (* x (/ (erfc (- (/ x (sqrt 2)))) 2)))"
    outcome = suite.attncert("approximate", term, "--heads", "2", "--json")
    suite.check(outcome.code == 0 and Fraction(outcome.json()["upper"]) <= Fraction("8.418e-3"),
                "twice gelu", outcome)
    again = suite.attncert("approximate", term, "--heads", "2", "--json")
    suite.equal(again.out, outcome.out, "a search repeats itself")


def test_files(suite):
    """Folder, or FILE.json and FILE.jsonl; the certificate is of the gates in the file."""
    for output, gates, certificate in (
            ("new/folder", "new/folder/gates.json", "new/folder/certificate.jsonl"),
            ("one.json", "one.json", "one.jsonl")):
        for again in ("new", "overwritten"):
            case = f"-o {output}, {again}"
            outcome = suite.attncert("approximate", "gelu", "--heads", "3", "-o", output, "--json")
            if not suite.check(outcome.code == 0, case, outcome):
                continue
            found = outcome.json()
            suite.equal(found["files"], [gates, certificate], f"{case}: files")
            written = json.loads(harness.read(suite.path(gates)))
            suite.equal(written, {"gates": found["gates"]}, f"{case}: gates")
            checked = suite.checker(certificate)
            suite.equal((checked.code, checked.verdict()), (0, "Verified"), f"{case}: verdict")
            claim = harness.lines_of(suite.path(certificate))[0]["statement"]
            suite.equal((claim["target"], claim["domain"]), ("gelu", "all"), f"{case}: claim")
            suite.equal(harness.exact(claim["epsilon"]), Fraction(found["upper"]),
                        f"{case}: epsilon")
            certified = suite.attncert("certify", "gelu", f"gates:{gates}", "--epsilon",
                                       claim["epsilon"], "-o", "again.jsonl")
            suite.check(certified.code == 0, f"{case}: certify takes the file", certified)
            approximant = harness.lines_of(suite.path("again.jsonl"))[0]["statement"]["approximant"]
            suite.equal(approximant, claim["approximant"], f"{case}: the file's function")


def test_refused(suite):
    before = harness.listing(suite.folder)
    for arguments, words in REFUSED:
        outcome = suite.attncert("approximate", *arguments, "-o", "refused")
        suite.refuses(f"approximate {arguments}", outcome, 2, words)
    suite.equal(harness.listing(suite.folder), before, "nothing is written")


def test_unwritable(suite):
    with open(suite.path("file"), "w", encoding="utf-8") as file:
        file.write("keep")
    for output in ("file", "file/below", "/proc/nowhere", "file/below.json"):
        outcome = suite.attncert("approximate", "gelu", "-o", output)
        suite.refuses(f"approximate -o {output}", outcome, 2)
    suite.equal(harness.read(suite.path("file")), b"keep", "the file is as it was")


def test_text(suite):
    outcome = suite.attncert("approximate", "gelu", "--heads", "2")
    lines = outcome.out.splitlines()
    suite.equal(outcome.code, 0, "text: exit code")
    suite.equal(len([line for line in lines if line.startswith("  0.5 / (1 + e^-(")]), 2,
                "text: gates")
    suite.check("at most 4.2080" in outcome.out and "every real x" in outcome.out, "text: error",
                outcome)


def main():
    suite = harness.Suite()
    for test in (test_tables, test_exact, test_relu, test_epsilon, test_search, test_files,
                 test_refused, test_unwritable, test_text):
        test(suite)
    suite.finish()


if __name__ == "__main__":
    main()
