"""`attncert mask`: Omega against a 60-digit oracle, every pattern, its certificates, bad input."""

import decimal
import math
import os
import random
import sys
from decimal import Decimal
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

DIGITS = 60
RELATIVE_EXCESS = Fraction(1, 10 ** 9)

# tokens, pattern, score bound, value bound, epsilon
SHARP = [(n, pattern, bound, "1/2", epsilon)
         for n, pattern, bound in ((1024, "causal", "10"), (8, "causal", "10"), (128, "causal", "0"),
                                   (1024, "window:64", "10"), (1000, "block:64", "1/3"),
                                   (7, "self", "0.1"))
         for epsilon in ("1e-3", "1e-6", "1e-9", "1e-12")]
SHARP += [
    (1000000, "causal", "10", "1/2", "1e-6"), (1000000, "window:1000", "100", "1", "1e-6"),
    (9223372036854775807, "causal", "10", "1", "1e-6"), ("1e6", "self", "10", "1", "1e-6"),
    (1024, "causal", "10", "1/2", "1e-300"), (1024, "causal", "10", "1e300", "1e-300"),
    (1024, "causal", "1e300", "1", "1e-6"), (1024, "causal", "1e-300", "1e-300", "1e-303"),
    (1024, "window:1", "10", "1/2", "1e-6"), (1024, "window:1023", "10", "1/2", "1e-6"),
    (1024, "window:1024", "10", "1/2", "1e-6"), (1024, "window:5000", "10", "1/2", "1e-6"),
    (2, "causal", "1/3", "1/3", "1/7"), (2, "causal", "2/3", "0x1.8p-3", "2^-20"),
    (1024, "block:1", "10", "1/2", "1e-6"), (1024, "block:1023", "10", "1/2", "1e-6"),
    (1024, "block:512", "10", "1/2", "1e-6"), (1024, "causal", "10", "1/2", "0.999999999"),
    # Omega near 0: 2B + ln((2V - E)/E) with 2V - E close to E
    (2, "causal", "0", "1/2", "0.499999999999999999999"), (2, "causal", "1e-30", "1/2", "0.5"),
    (2, "causal", "1e-40", "1/2", "0.4999999999999999999999999999999999999999"),
]
# Omega = 0
ZERO = [
    (1024, "full", "10", "1/2", "1e-6"), (1, "causal", "10", "1/2", "1e-6"),
    (1, "self", "10", "1/2", "1e-300"), (1024, "block:1024", "10", "1/2", "1e-6"),
    (1024, "block:2000", "10", "1/2", "1e-6"), (1024, "causal", "10", "1/2", "1"),
    (1024, "causal", "10", "1/2", "1e5000"), (1024, "causal", "10", "0", "1e-300"),
    (2, "causal", "0", "1/2", "1/2"), (2, "causal", "0", "1/2", "0.6"),
    (8, "causal", "0", "1/2", "0.9"),
]


def rational(text):
    """Numbers as users write them."""
    text = str(text)
    if "^" in text:
        base, power = text.split("^")
        return Fraction(int(base)) ** int(power)
    if text.startswith("0x"):
        mantissa, power = text[2:].split("p")
        whole, _, part = mantissa.partition(".")
        return Fraction(int(whole + part, 16), 16 ** len(part)) * Fraction(2) ** int(power)
    return Fraction(text)


def row_counts(tokens, pattern):
    """Distinct (allowed, masked) of the rows, from the pattern's definition."""
    name, _, size = pattern.partition(":")
    if name == "full":
        return {(tokens, 0)}
    if name in ("causal", "self", "window"):
        counts = {1}  # row 0, the most restricted one
    else:
        counts = {min(int(size), tokens), tokens % int(size) or min(int(size), tokens)}
    return {(allowed, tokens - allowed) for allowed in counts}


def least_omega(counts, score_bound, value_bound, epsilon):
    """T6's formula: an interval of Fractions, by decimal logarithms with guard digits."""
    score_bound, value_bound, epsilon = map(rational, (score_bound, value_bound, epsilon))
    ratios = [Fraction(masked, allowed) for allowed, masked in counts if masked]
    if not ratios or epsilon >= 2 * value_bound:
        return Fraction(0), Fraction(0)
    factor = max(ratios) * (2 * value_bound - epsilon) / epsilon
    with decimal.localcontext() as context:
        context.prec = DIGITS + 60
        logarithm = (Decimal(factor.numerator) / Decimal(factor.denominator)).ln()
    omega = 2 * score_bound + Fraction(logarithm)
    slack = Fraction(1, 10 ** (DIGITS + 40)) * (1 + abs(Fraction(logarithm)))
    return max(Fraction(0), omega - slack), max(Fraction(0), omega + slack)


def mask(suite, tokens, pattern, score_bound, value_bound, epsilon, *more, name="mask.jsonl",
         **options):
    return suite.attncert("mask", "--tokens", tokens, "--pattern", pattern, "--score-bound",
                          score_bound, "--value-bound", value_bound, "--epsilon", epsilon, "-o",
                          suite.path(name), *more, **options)


def check_certificate(suite, case, omega, name="mask.jsonl"):
    """Verified, and about this very Omega."""
    checked = suite.checker(suite.path(name))
    suite.check(checked.code == 0 and checked.verdict() == "Verified", f"{case}: verdict", checked)
    statement = harness.lines_of(suite.path(name))[0]["statement"]
    suite.equal(harness.exact(statement["omega"]), omega, f"{case}: the certificate's omega")
    return statement


def check_omega(suite, case, outcome, lower, upper):
    if not suite.check(outcome.code == 0 and outcome.err == "", case, outcome):
        return None
    omega = Fraction(outcome.json()["omega"])
    suite.check(omega >= lower, f"{case}: sufficient", outcome)
    suite.check(omega <= upper * (1 + RELATIVE_EXCESS), f"{case}: sharp", outcome)
    check_certificate(suite, case, omega)
    return omega


def test_sharp(suite):
    for problem in SHARP:
        case = f"mask {' '.join(map(str, problem))}"
        tokens = int(rational(problem[0]))
        lower, upper = least_omega(row_counts(tokens, problem[1]), *problem[2:])
        suite.check(0 < lower, f"{case}: the oracle can tell it from 0", (lower, upper))
        check_omega(suite, case, mask(suite, *problem, "--json"), lower, upper)


def test_zero(suite):
    for problem in ZERO:
        case = f"mask {' '.join(map(str, problem))}"
        outcome = mask(suite, *problem, "--json")
        omega = check_omega(suite, case, outcome, 0, 0)
        suite.equal(omega, 0, case)


def test_near_zero_from_below(suite):
    """The formula's value is a little below 0, so the least Omega is 0."""
    outcome = mask(suite, 2, "causal", "1e-40", "1/2", "0." + "5" + "0" * 30 + "1", "--json")
    check_omega(suite, "a little below 0", outcome, 0, 0)


# ---- masks from files ----------------------------------------------------------------------------


def table(rows, blank="", end="\n"):
    return "".join(blank.join(row) + end for row in rows)


def random_rows(generator, tokens, density):
    rows = [["1" if generator.random() < density else "0" for _ in range(tokens)]
            for _ in range(tokens)]
    for row in rows:
        row[generator.randrange(tokens)] = "1"
    return ["".join(row) for row in rows]


def counts_of(rows):
    return {(row.count("1"), row.count("0")) for row in rows}


def test_files(suite):
    seed = random.randrange(2 ** 32)
    print(f"seed {seed}")
    generator = random.Random(seed)
    for number in range(30):
        tokens = generator.choice([1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 65])
        rows = random_rows(generator, tokens, generator.random())
        text = table(rows, generator.choice(["", " ", "\t"]), generator.choice(["\n", "\r\n"]))
        path = suite.write("rows.txt", text + generator.choice(["", "\n"]))
        case = f"file {number} of seed {seed}, {tokens} tokens"
        problem = ("3", "2/3", "1e-5")
        lower, upper = least_omega(counts_of(rows), *problem)
        omega = check_omega(suite, case, mask(suite, tokens, path, *problem, "--json"), lower,
                            upper)
        if omega is None:
            continue
        statement = harness.lines_of(suite.path("mask.jsonl"))[0]["statement"]
        bits = [bin(int(row + "0" * (-tokens % 4), 2))[2:].zfill(tokens + -tokens % 4)
                for row in rows]
        suite.equal([bin(int(row, 16))[2:].zfill(4 * len(row))
                     for row in statement["mask"]["rows"]], bits, f"{case}: rows of the statement")


def test_file_as_pattern(suite):
    """A file that spells a pattern out gives the pattern's Omega."""
    tokens = 12
    for pattern, allows in (("causal", lambda i, j: j <= i), ("full", lambda i, j: True),
                            ("window:3", lambda i, j: i - 3 < j <= i),
                            ("block:5", lambda i, j: i // 5 == j // 5),
                            ("self", lambda i, j: i == j)):
        rows = ["".join("01"[allows(i, j)] for j in range(tokens)) for i in range(tokens)]
        path = suite.write("rows.txt", table(rows))
        problem = ("10", "1/2", "1e-6")
        one = mask(suite, tokens, pattern, *problem, "--json")
        two = mask(suite, tokens, path, *problem, "--json")
        if suite.check(one.code == 0 and two.code == 0, f"{pattern} as a file", (one, two)):
            suite.equal(two.json()["omega"], one.json()["omega"], f"{pattern} as a file")
            suite.equal(two.json()["worst_row"], one.json()["worst_row"], f"{pattern}: worst row")


def test_large_file(suite):
    tokens = 4096
    rows = ["1" * (i + 1) + "0" * (tokens - 1 - i) for i in range(tokens)]
    path = suite.write("large.txt", table(rows))
    lower, upper = least_omega({(1, tokens - 1)}, "10", "1/2", "1e-6")
    check_omega(suite, "4096 rows", mask(suite, tokens, path, "10", "1/2", "1e-6", "--json"), lower,
                upper)
    outcome = mask(suite, tokens + 1, path, "10", "1/2", "1e-6", name="none.jsonl")
    suite.refuses("4097 rows", outcome, 2, "at most 4096")


# ---- certificates --------------------------------------------------------------------------------


def edited(suite, path, **members):
    lines = harness.lines_of(path)
    for place in (lines[0]["statement"], lines[1]["conclusion"]):
        place.update(members)
    return suite.checker("--json", suite.write("edited.jsonl", harness.text_of(lines)))


def lowered(text, digit):
    """One unit less in the given significant digit of a decimal."""
    value = Decimal(text)
    return str(value - Decimal(1).scaleb(value.adjusted() - digit + 1))


def test_edits(suite):
    """A certificate with anything made stronger is Rejected."""
    problem = (1024, "causal", "10", "0.5", "0.000001")
    outcome = mask(suite, *problem, "--json", name="good.jsonl")
    omega = outcome.json()["omega"]
    path = suite.path("good.jsonl")
    suite.equal(edited(suite, path).code, 0, "an unchanged certificate")
    suite.equal(edited(suite, path, epsilon="0.00000100000000001").code, 0, "a larger epsilon")
    stronger = [{"omega": lowered(omega, digit)} for digit in range(1, 18)]
    stronger += [{"epsilon": "0.00000099999999999"}, {"tokens": 1025}, {"value_bound": "0.50000001"},
                 {"score_bound": "10.00000001"}, {"omega": "0"}, {"epsilon": "0"}]
    for members in stronger:
        checked = edited(suite, path, **members)
        report = checked.json()["certificates"][0]
        suite.equal((checked.code, report.get("code")), (1, "BoundExceeded"), f"edited {members}")
    for members, code in (({"mask": "diagonal"}, "MaskSyntax"), ({"tokens": 0}, "MaskSyntax"),
                          ({"mask": {"rows": ["8", "0"]}, "tokens": 2}, "MaskRowEmpty"),
                          ({"score_bound": "-10"}, "BoundNegative")):
        report = edited(suite, path, **members).json()["certificates"][0]
        suite.equal(report.get("code"), code, f"edited {members}")


def test_claim(suite):
    """--claim accepts exactly the statement."""
    mask(suite, 8, "window:3", "1/3", "2/3", "1/7", name="claim.jsonl")
    statement = harness.lines_of(suite.path("claim.jsonl"))[0]["statement"]
    for members, code in (({}, 0), ({"mask": "window:4"}, 1), ({"tokens": 9}, 1),
                          ({"omega": "100"}, 1)):
        claim = harness.text_of([{**statement, **members}]).strip()
        checked = suite.checker("--claim", claim, suite.path("claim.jsonl"))
        suite.equal(checked.code, code, f"--claim with {members}")


# ---- formats and models --------------------------------------------------------------------------


CAUSAL = ["--tokens", "1024", "--pattern", "causal", "--score-bound", "10", "--value-bound", "1/2"]
# smallest subnormal and normal number: the exponential of what is computed as 0
FORMATS = {"fp64": (-1074, -1022), "fp32": (-149, -126), "tf32": (-136, -126), "fp16": (-24, -14),
           "bf16": (-133, -126), "e4m3": (-9, -6), "e5m2": (-16, -14)}


def by_encoding(outcome):
    return {one["encoding"]: one for one in outcome.json()["format"]["encodings"]}


def test_formats(suite):
    """Thresholds are those of correctly rounded exponentials; subtracting is exact from there on."""
    for name, exponents in FORMATS.items():
        for underflow, power in (("gradual", exponents[0] - 1), ("flush", exponents[1])):
            outcome = suite.attncert("mask", *CAUSAL, "--format", name, "--underflow", underflow,
                                     "--json")
            case = f"mask --format {name} --underflow {underflow}"
            if not suite.check(outcome.code == 0, case, outcome):
                continue
            zero = float(harness.exact(outcome.json()["format"]["exp_zero"]))
            least = -power * math.log(2)
            slack = 0.14 if underflow == "flush" else 1e-9
            suite.check(least - 1e-12 <= zero <= least + slack, f"{case}: threshold", outcome)
            encodings = by_encoding(outcome)
            subtract = encodings["subtract-after"]
            suite.equal(subtract["error"], "0", f"{case}: nothing leaks")
            omega = harness.exact(subtract["omega"])
            suite.check(omega >= 20 + least * 0.8, f"{case}: Omega", outcome)
            suite.equal(outcome.json()["format"]["recommended"], "subtract-after", case)
            errors = [harness.exact(encodings[one]["error"])
                      for one in ("subtract-after", "add-after", "add-inside")]
            suite.equal(errors, sorted(errors), f"{case}: errors in this order")
    text = suite.attncert("mask", *CAUSAL, "--format", "fp16")
    for words in ("recommended: -Omega after the score", "54", "7.8", "17.3", "exactly 0 from"):
        suite.check(text.code == 0 and words in text.out, f"mask --format says {words}", text)


def test_useless(suite):
    """Scores that leave no room are refused; an Omega that hides nothing is called useless."""
    wide = ["--tokens", "8", "--pattern", "causal", "--value-bound", "1", "--format", "e4m3"]
    suite.refuses("no room in e4m3", suite.attncert("mask", *wide, "--score-bound", "300"), 2,
                  "e4m3")
    outcome = suite.attncert("mask", *wide, "--score-bound", "220")
    suite.check(outcome.code == 0 and "useless" in outcome.out, "useless in e4m3", outcome)
    suite.check("recommended" not in outcome.out, "and not recommended", outcome)


def test_model(suite):
    """Bounds from a model's weights; the certificate is about them."""
    model = os.path.join(suite.source, "certificates", "models", "adder-silu")
    path = suite.path("model.jsonl")
    outcome = suite.attncert("mask", "--model", model, "--layer", "h.0.attn", "--epsilon", "1e-6",
                             "-o", path, "--format", "fp32", "--json")
    if not suite.check(outcome.code == 0, "mask --model", outcome):
        return
    report = outcome.json()
    statement = check_certificate(suite, "mask --model", Fraction(report["omega"]), "model.jsonl")
    for key in ("score_bound", "value_bound", "tokens"):
        suite.equal(str(statement[key]), str(report[key]), f"mask --model: {key}")
    suite.equal((report["pattern"], statement["mask"]), ("causal", "causal"), "the model's mask")
    lower, upper = least_omega(row_counts(report["tokens"], "causal"), report["score_bound"],
                               report["value_bound"], "1e-6")
    suite.check(lower <= Fraction(report["omega"]) <= upper * (1 + RELATIVE_EXCESS),
                "mask --model: least", outcome)
    suite.equal(report["format"]["terms"], 16, "mask --model: d_head products")
    other = suite.attncert("mask", "--model", model, "--layer", "h.0.attn", "--tokens", "100",
                           "--pattern", "window:2", "--format", "fp16", "--json")
    suite.equal((other.json()["tokens"], other.json()["pattern"]), (100, "window:2"),
                "tokens and pattern given")
    for more, needle in ((["--layer", "h.0.mlp"], "h.0.mlp"), (["--layer", "none"], "none"),
                         ([], "--layer"), (["--layer", "h.0.attn", "--score-bound", "1"], "model")):
        suite.refuses(f"mask --model with {more}",
                      suite.attncert("mask", "--model", model, *more, "--format", "fp16"), 2, needle)


# ---- outputs and bad input -----------------------------------------------------------------------


def test_text(suite):
    outcome = mask(suite, 1024, "causal", "10", "1/2", "1e-6")
    for words in ("40.7460043239154", "causal", "masks 1023", "attncert-check", "mask.jsonl"):
        suite.check(outcome.code == 0 and words in outcome.out, f"text output says {words}",
                    outcome)
    checked = suite.checker(suite.path("mask.jsonl"))
    for words in ("every j <= i", "1024 tokens", "40.7460043239154", "0.000001"):
        suite.check(words in checked.out, f"the claim in words says {words}", checked)


GOOD = {"--tokens": "8", "--pattern": "causal", "--score-bound": "10", "--value-bound": "1/2",
        "--epsilon": "1e-6"}
BAD = [
    ("--tokens", "0", "whole number"), ("--tokens", "-1", "whole number"),
    ("--tokens", "1.5", "whole number"), ("--tokens", "9223372036854775808", "whole number"),
    ("--tokens", "many", "--tokens"), ("--tokens", "", "--tokens"), ("--tokens", "nan", "--tokens"),
    ("--score-bound", "-1", "--score-bound"), ("--score-bound", "inf", "--score-bound"),
    ("--score-bound", "", "--score-bound"), ("--value-bound", "-1e-300", "--value-bound"),
    ("--value-bound", "1/0", "--value-bound"), ("--epsilon", "0", "--epsilon"),
    ("--epsilon", "-1", "--epsilon"), ("--epsilon", "small", "--epsilon"),
    ("--epsilon", "1e-5001", "--epsilon"), ("--pattern", "", "--pattern"),
    ("--pattern", "Causal", "--pattern"), ("--pattern", "window", "--pattern"),
    ("--pattern", "window:", "window:8"), ("--pattern", "window:0", "window:8"),
    ("--pattern", "window:-1", "window:8"), ("--pattern", "window:1.5", "window:8"),
    ("--pattern", "window:x", "window:8"), ("--pattern", "block:0", "window:8"),
    ("--pattern", "window:99999999999999999999", "window:8"), ("--pattern", "missing.txt", "missing"),
    ("--pattern", "/", "--pattern"),
]
BAD_FILES = [
    ("an empty file", "", "0 lines"), ("three lines for two tokens", "10\n11\n11\n", "3 lines"),
    ("one line", "10\n", "1 lines"), ("a long row", "10\n110\n", "line 2 has 3 entries"),
    ("a short row", "1\n11\n", "line 1 has 1 entries"), ("a blank row", "10\n\n11", "3 lines"),
    ("another digit", "10\n12\n", "line 2"), ("commas", "1,0\n1,1\n", "line 1"),
    ("a row of zeros", "10\n00\n", "line 2 allows no token"),
    ("only zeros", "00\n00\n", "line 1 allows no token"), ("bytes", b"\xff\xfe\n\x00\n", "line 1"),
]


def arguments(**changed):
    values = {**GOOD, **changed}
    return [text for pair in values.items() for text in pair]


def test_bad(suite):
    folder = suite.subfolder("bad")
    output = os.path.join(folder, "mask.jsonl")
    for option, value, needle in BAD:
        outcome = suite.attncert("mask", *arguments(**{option: value}), "-o", output)
        suite.refuses(f"{option} {value!r}", outcome, 2, needle)
    for option in GOOD:
        rest = [text for pair in GOOD.items() if pair[0] != option for text in pair]
        suite.refuses(f"without {option}", suite.attncert("mask", *rest, "-o", output), 2, option)
    suite.refuses("without -o", suite.attncert("mask", *arguments()), 2, "--output")
    for case, text, needle in BAD_FILES:
        path = suite.write("rows.txt", text)
        outcome = suite.attncert("mask", *arguments(**{"--tokens": "2", "--pattern": path}), "-o",
                                 output)
        suite.refuses(f"a file with {case}", outcome, 2, needle)
        suite.check("rows.txt" in outcome.err, f"a file with {case}: names the file", outcome)
    missing = os.path.join(folder, "none", "mask.jsonl")
    suite.refuses("-o in a missing folder", suite.attncert("mask", *arguments(), "-o", missing), 2)
    suite.refuses("-o a folder", suite.attncert("mask", *arguments(), "-o", folder), 2)
    suite.equal(os.listdir(folder), [], "bad input writes nothing")


def main():
    suite = harness.Suite()
    for test in (test_sharp, test_zero, test_near_zero_from_below, test_files,
                 test_file_as_pattern, test_large_file, test_edits, test_claim, test_formats,
                 test_useless, test_model, test_text, test_bad):
        test(suite)
    suite.finish()


if __name__ == "__main__":
    main()
