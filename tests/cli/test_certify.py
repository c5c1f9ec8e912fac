"""`attncert certify` and what `attncert-check` says of its files: claims, edits, failing disks."""

import json
import os
import re
import resource
import shutil
import signal
import sys
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import oracle  # noqa: E402

# Target, approximant, domain, supremum.
CLAIMS = [
    ("relu", "silu", "all", "0.27846454276107379510935873902"),
    ("silu", "relu", "all", "0.27846454276107379510935873902"),
    ("relu", "silu:k=4", "all", "0.06961613569026844877733968475"),
    ("relu", "silu:k=256", "all", "0.00108775212016044451214593257"),
    ("gelu", "silu:k=1.702", "all", "0.0203348722092392302"),
    ("silu:k=1.702", "gelu", "all", "0.0203348722092392302"),
    ("gelu", "gelu_tanh", "all", "4.73235520687284877e-4"),
    ("gelu", "silu:k=1.702", "-8,8", "0.0203348722092392302"),
    ("relu", "silu", "0,8", "0.27846454276107379510935873902"),
]

# Not defined somewhere in the domain: target, approximant, domain.
ILL_POSED = [
    ("(sqrt (- x 1))", "0", "0,2"), ("(sqrt (- x 1))", "(sqrt (- x 1))", "0,2"),
    ("(/ 1 (- x 1))", "0", "0,2"), ("(/ 1 (- x 1))", "(/ 1 (- x 1))", "0,2"),
    ("(sqrt (- (* x x) x))", "0", "0,2"),
    ("(sqrt (- (* x x) x))", "(sqrt (- (* x x) x))", "0,2"),
    ("(sqrt (- (* x x) x))", "(sqrt (- (* x x) x))", "-1,2"),
    ("(log x)", "0", "0,1"), ("(log x)", "(log x)", "0,1"), ("(log x)", "(log x)", "-1,1"),
    ("(log 0)", "0", "0,1"), ("(log 0)", "(log 0)", "0,1"), ("(log 0)", "(log 0)", "all"),
    ("(sqrt -1)", "(sqrt -1)", "0,1"), ("(sqrt -1)", "(sqrt -1)", "all"),
    ("(/ 1 0)", "(/ 1 0)", "0,1"), ("(/ 1 0)", "(/ 1 0)", "all"), ("(/ x x)", "1", "-1,1"),
    ("(/ x x)", "(/ x x)", "-1,1"), ("(/ x x)", "(/ x x)", "0,0"),
    ("(/ x x)", "(/ x x)", "all"), ("(pow x -1)", "(pow x -1)", "-1,1"),
    ("(pow x -2)", "(pow x -2)", "-1,1"), ("(* 0 (/ 1 x))", "0", "-1,1"),
    ("(* 0 (log (fabs x)))", "0", "-1,1"), ("(- (/ 1 x) (/ 1 x))", "0", "-1,1"),
    ("(fmax 5 (/ 1 x))", "5", "-1,0"), ("(fmin 0 (sqrt x))", "0", "-1,0"),
    ("(exp (- (/ 1 (* x x))))", "0", "-1,1"), ("(tanh (/ 1 x))", "0", "-1,1"),
    ("(erf (/ 1 x))", "(erf (/ 1 x))", "-1,1"), ("(erfc (log x))", "0", "0,1"),
    ("(fabs (sqrt x))", "(fabs (sqrt x))", "-1,1"), ("(log (- 1 (* x x)))", "0", "0,1"),
    ("(sqrt (sqrt (- x 1)))", "0", "0.9,2"), ("(/ 1 (tanh x))", "(/ 1 (tanh x))", "-1,1"),
    ("(/ 1 (+ x 1/3))", "(/ 1 (+ x 1/3))", "-1,1"), ("(log (+ x 1/3))", "0", "-1/3,1"),
    ("(/ 1 (- (* x x) 2))", "(/ 1 (- (* x x) 2))", "0,2"), ("(/ relu 1)", "relu", "0,1"),
    ("(/ 1 (fmax 0 x))", "(/ 1 (fmax 0 x))", "-1,1"), ("(sqrt (fmin x 0))", "0", "-1,1"),
    ("(sqrt (- x 1e-300))", "0", "0,1"), ("(log (+ x 1e-300))", "0", "-1,1"),
]

# Defined everywhere on the domain, up to its very ends.
WELL_POSED = [
    ("(sqrt x)", "0", "0,4", "2.1"), ("(sqrt (- x 1))", "0", "1,2", "1.1"),
    ("(/ 1 x)", "0", "1/4,1", "4.1"), ("(log x)", "0", "1,2", "0.7"),
    ("(pow x 0)", "1", "-1,1", "1e-9"), ("(sqrt (fabs x))", "0", "-1,1", "1.1"),
    ("(/ x x)", "1", "1,2", "0.001"), ("gelu", "gelu", "all", "1e-30"),
]


def certify(suite, f, g, epsilon, name, domain="all", **options):
    return suite.attncert("certify", f, g, "--epsilon", epsilon, "--domain", domain, "-o",
                          suite.path(name), **options)


def decimal_text(value):
    return f"{value.numerator}/{value.denominator}"


def no_file(suite, case, name):
    folder, base = os.path.split(suite.path(name))
    left = [one for one in os.listdir(folder) if one.startswith(base)]
    suite.equal(left, [], f"{case}: no file")


def outside(x, domain):
    if domain == "all":
        return False
    low, high = map(Fraction, domain.split(","))
    return not low <= x <= high


def check_refutation(suite, case, outcome, f, g, epsilon, domain):
    """The message names an x where the difference is above epsilon, in plain floats too."""
    found = re.search(r"at x = (\S+)", outcome.err)
    if not suite.check(found, f"{case}: names a witness", outcome):
        return
    x = harness.exact(found.group(1).rstrip(",;"))
    difference = abs(oracle.float_function(f)(float(x)) - oracle.float_function(g)(float(x)))
    suite.check(difference > float(epsilon) * (1 - 1e-12), f"{case}: the witness refutes",
                f"{difference} at {float(x)}")
    suite.check(not outside(x, domain), f"{case}: witness in the domain", outcome)


def test_sharp(suite):
    for number, (f, g, domain, supremum) in enumerate(CLAIMS):
        for part in (Fraction(1, 10 ** 6), Fraction(1, 10 ** 9), Fraction(1, 10 ** 11)):
            case = f"certify {f} {g} on {domain}, 1 + {float(part)} times the supremum"
            above = decimal_text(Fraction(supremum) * (1 + part))
            outcome = certify(suite, f, g, above, f"sharp{number}.jsonl", domain)
            if suite.check(outcome.code == 0, case, outcome):
                checked = suite.checker(suite.path(f"sharp{number}.jsonl"))
                suite.check(checked.code == 0 and checked.verdict() == "Verified", case, checked)
        for part in (Fraction(1, 10 ** 9), Fraction(1, 100), Fraction(1, 2)):
            case = f"certify {f} {g} on {domain}, 1 - {float(part)} times the supremum"
            below = Fraction(supremum) * (1 - part)
            outcome = certify(suite, f, g, decimal_text(below), "below.jsonl", domain)
            suite.refuses(case, outcome, 1)
            check_refutation(suite, case, outcome, f, g, below, domain)
            no_file(suite, case, "below.jsonl")


def test_unbounded(suite):
    for f, g in (("relu", "tanh"), ("x", "0"), ("gelu", "sigmoid"), ("silu", "silu:k=-1")):
        outcome = certify(suite, f, g, "1000", "unbounded.jsonl")
        suite.refuses(f"certify {f} {g} over all reals", outcome, 1)
        no_file(suite, f"certify {f} {g}", "unbounded.jsonl")


def test_ill_posed(suite):
    for f, g, domain in ILL_POSED:
        for epsilon in ("0.001", "1000000"):
            case = f"ill-posed {f} against {g} on {domain}, epsilon {epsilon}"
            outcome = certify(suite, f, g, epsilon, "ill.jsonl", domain)
            good = outcome.code in (1, 2) and len(outcome.err.splitlines()) == 1
            suite.check(good, case, outcome)
            no_file(suite, case, "ill.jsonl")
        outcome = suite.attncert("bound", f, g, "--domain", domain)
        suite.check(outcome.code in (1, 2) and len(outcome.err.splitlines()) == 1,
                    f"bound, ill-posed {f} against {g} on {domain}", outcome)


def test_well_posed(suite):
    for f, g, domain, epsilon in WELL_POSED:
        case = f"well-posed {f} against {g} on {domain}"
        outcome = certify(suite, f, g, epsilon, "well.jsonl", domain)
        if suite.check(outcome.code == 0, case, outcome):
            suite.equal(suite.checker(suite.path("well.jsonl")).verdict(), "Verified", case)


# ---- edits ---------------------------------------------------------------------------------------


def replace_epsilon(value, old, new):
    if isinstance(value, dict):
        return {key: new if key == "epsilon" and one == old else replace_epsilon(one, old, new)
                for key, one in value.items()}
    if isinstance(value, list):
        return [replace_epsilon(one, old, new) for one in value]
    return value


def test_edited_epsilon(suite):
    for number, (f, g, domain, supremum) in enumerate(CLAIMS):
        path = suite.path(f"sharp{number}.jsonl")
        lines = harness.lines_of(path)
        old = lines[0]["statement"]["epsilon"]
        for new in (f"{float(supremum) * 0.999999:.15f}", f"{float(supremum) / 2:.15f}", "0",
                    "0.0000001"):
            new = new.rstrip("0") if "." in new else new
            everywhere = replace_epsilon(lines, old, new)
            header = replace_epsilon(lines[:1], old, new) + lines[1:]
            for what, edited in (("everywhere", everywhere), ("in the header", header)):
                file = suite.write("edited.jsonl", harness.text_of(edited))
                outcome = suite.checker(file)
                suite.check(outcome.code == 1 and outcome.verdict() == "Rejected",
                            f"{f} {g} on {domain}: epsilon {new} {what}", outcome)


def statement_edits(statement):
    """The statement with one thing changed at a time."""
    yield "epsilon above", {**statement, "epsilon": "0.29"}
    yield "epsilon below", {**statement, "epsilon": "0.2"}
    yield "domain", {**statement, "domain": ["-8", "8"]}
    yield "half line", {**statement, "domain": ["0", "inf"]}
    yield "target", {**statement, "target": "gelu"}
    yield "approximant", {**statement, "approximant": "silu:k=2"}
    yield "same function, other text", {**statement, "approximant": "silu:k=1"}
    yield "swapped", {**statement, "target": statement["approximant"],
                      "approximant": statement["target"]}
    yield "lower-bound", {**statement, "judgement": "lower-bound"}


def test_claim(suite):
    file = suite.path("claim.jsonl")
    suite.check(certify(suite, "relu", "silu", "0.28", "claim.jsonl").code == 0, "claim file")
    statement = harness.lines_of(file)[0]["statement"]
    texts = {"the same": statement, "the same, other spelling": {**statement, "epsilon": "2.8e-1"}}
    for case, text in texts.items():
        outcome = suite.checker(file, "--claim", json.dumps(text))
        suite.check(outcome.code == 0 and outcome.verdict() == "Verified",
                    f"--claim, {case}", outcome)
    for case, text in statement_edits(statement):
        outcome = suite.checker(file, "--claim", json.dumps(text))
        suite.check(outcome.code == 1 and outcome.verdict() == "Rejected", f"--claim, {case}",
                    outcome)
    from_file = suite.write("statement.json", json.dumps(statement))
    outcome = suite.checker("--claim", from_file, file)
    suite.check(outcome.code == 0 and outcome.verdict() == "Verified", "--claim FILE", outcome)
    test_useless_claims(suite, file)


def test_useless_claims(suite, file):
    """A claim that cannot be read must never count as no claim at all."""
    empty = suite.write("empty.json", "")
    for text in ("", " ", "{", "{}", "[]", "no-such-file", empty, '{"judgement":"sup-error"}',
                 '{"judgement":"well-defined","target":"relu","approximant":"silu",'
                 '"domain":"all"}'):
        outcome = suite.checker(file, "--claim", text)
        suite.check(outcome.code == 2 and outcome.verdict() != "Verified",
                    f"--claim {text!r} is a usage error", outcome)


# ---- writing -------------------------------------------------------------------------------------


def nobody():
    return {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}


def open_programs(suite):
    """A suite whose programs an unprivileged user can run."""
    place = suite.subfolder("programs")
    for name in ("attncert", "attncert-check"):
        shutil.copy(os.path.join(suite.bin, name), place)
        os.chmod(os.path.join(place, name), 0o755)
    return place


def test_unwritable(suite):
    for output in ("missing/folder/x.jsonl", "a-file/x.jsonl", "/dev/full/x", "/proc/x.jsonl", "",
                   "a-folder", "x" * 300, "a-folder/"):
        suite.write("a-file", "content")
        suite.subfolder("a-folder")
        before = harness.listing(suite.folder)
        outcome = suite.attncert("certify", "relu", "silu", "--epsilon", "0.28", "-o", output)
        suite.refuses(f"certify -o {output[:30]!r}", outcome)
        suite.equal(sorted(harness.listing(suite.folder)), sorted(before),
                    f"certify -o {output[:30]!r}: nothing left")


def test_permissions(suite):
    place = open_programs(suite)
    locked = suite.subfolder("locked")
    suite.write("locked/old.jsonl", "old")
    os.chmod(locked, 0o555)
    outcome = harness.run([os.path.join(place, "attncert"), "certify", "relu", "silu", "--epsilon",
                           "0.28", "-o", os.path.join(locked, "old.jsonl")], **nobody())
    suite.refuses("certify into a folder without permission", outcome)
    suite.equal(harness.listing(locked), {"old.jsonl": b"old"}, "folder without permission")
    os.chmod(locked, 0o755)


def limit_files(size):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def test_full_disk(suite):
    """A disk that fills up, as a limit on the size of files."""
    for size in (0, 1, 100, 1000):
        for old in (None, "an older certificate\n"):
            case = f"certify where files end at {size} bytes, {'over a file' if old else 'fresh'}"
            folder = suite.subfolder("full")
            if old:
                suite.write("full/x.jsonl", old)
            before = harness.listing(folder)
            outcome = suite.attncert(
                "certify", "gelu", "gelu_tanh", "--epsilon", "4.733e-4", "-o",
                os.path.join(folder, "x.jsonl"), preexec_fn=limit_files(size))
            suite.refuses(case, outcome)
            suite.equal(harness.listing(folder), before, f"{case}: folder as before")
            shutil.rmtree(folder)


def test_special_files(suite):
    """A pipe (as any device, think of /dev/null) must not be replaced by a file."""
    pipe = suite.path("pipe.jsonl")
    os.mkfifo(pipe)
    outcome = suite.attncert("certify", "relu", "silu", "--epsilon", "0.28", "-o", pipe)
    suite.check(outcome.code == 2 and not os.path.isfile(pipe),
                "certify -o PIPE is refused and leaves the pipe", outcome)
    os.remove(pipe)
    suite.write("target.jsonl", "old")
    link = suite.path("link.jsonl")
    os.symlink("target.jsonl", link)
    outcome = suite.attncert("certify", "relu", "silu", "--epsilon", "0.28", "-o", link)
    suite.check(outcome.code == 0 and harness.read(link) != b"old", "certify -o LINK", outcome)


def test_overwrite(suite):
    path = suite.write("again.jsonl", "not a certificate")
    for epsilon in ("0.28", "0.29"):
        outcome = suite.attncert("certify", "relu", "silu", "--epsilon", epsilon, "-o", path)
        suite.check(outcome.code == 0, f"certify over an existing file, {epsilon}", outcome)
        suite.equal(suite.checker(path).verdict(), "Verified", "overwritten certificate")
        suite.equal(harness.lines_of(path)[0]["statement"]["epsilon"], epsilon, "overwritten")
    first = harness.read(path)
    suite.attncert("certify", "relu", "silu", "--epsilon", "0.29", "-o", path)
    suite.equal(harness.read(path), first, "the same command writes the same bytes")
    suite.equal(oct(os.stat(path).st_mode & 0o777), oct(0o644), "mode of a certificate")


def test_numbers(suite):
    """Epsilons of every spelling and size; exit 4 is for bugs, not for numbers."""
    for epsilon in ("1/3", "0x1p-1", "0x1p4000", "3e-1", "+0.3", "1e300", "1e900", "1e4000",
                    "12345678901234567890123456789012345678901234567890",
                    "0.28000000000000000000000000000000000000000000000001", "2^4000", "3^1000"):
        outcome = certify(suite, "relu", "silu", epsilon, "number.jsonl")
        case = f"certify relu silu --epsilon {epsilon}"
        if not suite.check(outcome.code in (0, 2), case, outcome) or outcome.code != 0:
            continue
        outcome = suite.checker(suite.path("number.jsonl"))
        suite.check(outcome.code == 0, f"{case}: verified", outcome)


def main():
    suite = harness.Suite()
    for test in (test_sharp, test_unbounded, test_ill_posed, test_well_posed,
                 test_edited_epsilon, test_claim, test_unwritable, test_permissions,
                 test_full_disk, test_special_files, test_overwrite, test_numbers):
        test(suite)
    suite.finish()


if __name__ == "__main__":
    main()
