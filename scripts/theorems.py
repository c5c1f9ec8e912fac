"""The theorems certified in certificates/theorems: one list for the demo, the tests and docs.

Run as `theorems.py BIN OUT` it makes every certificate anew: for each theorem a folder with
claim.json (the statement), certificate.jsonl, and command (what made it); gates.json where the
command finds gates.
"""
import json
import pathlib
import shlex
import subprocess
import sys
import time

from theorem_models import CONSTRUCTIONS, write_model

HERE = pathlib.Path(__file__).resolve().parent.parent

# name, what it says, target, approximant, epsilon
THEOREMS = [
    ("relu-k1", "ReLU by one head, k = 1", "relu", "silu:k=1", "0.278464542761074"),
    ("relu-k4", "ReLU by one head, k = 4", "relu", "silu:k=4", "0.0696161356902685"),
    ("relu-k256", "ReLU by one head, k = 256", "relu", "silu:k=256", "0.00108775212016045"),
    ("relu-k-2pow40", "ReLU by one head, k = 2^40", "relu", "silu:k=2^40", "2.53262026272818e-13"),
    ("relu-k-2pow-20", "ReLU by one head, k = 2^-20", "relu", "silu:k=2^-20", "291991.23639039"),
    ("gelu-1.702", "GELU by one head, the paper's k", "gelu", "silu:k=1.702",
     "0.0203348722092393"),
    ("gelu-best-k", "GELU by one head, the best k", "gelu", "silu:k=1.77293396561675",
     "0.0139222454727589"),
    ("gelu-tanh-gelu", "gelu_tanh in place of GELU", "gelu", "gelu_tanh",
     "0.000473235520687285"),
    ("gelu-tanh-1.702", "gelu_tanh by one head, k = 1.702", "gelu_tanh", "silu:k=1.702",
     "0.0206595576011937"),
    ("tanh-one-gate", "tanh is 2 sigmoid(2x) - 1: one head, an affine value", "tanh",
     "(- (/ 2 (+ 1 (exp (- (* 2 x))))) 1)", "1e-20"),
    ("sigmoid-one-gate", "sigmoid is one head's weight on self", "sigmoid",
     "(/ 1 (+ 1 (exp (- x))))", "1e-300"),
]

# name, what it says, target, heads: what `attncert approximate` finds, gates.json included
APPROXIMATIONS = [
    *((f"gelu-{m}-heads", f"GELU by {m} heads", "gelu", m) for m in range(2, 7)),
    *((f"gelu-tanh-{m}-heads", f"gelu_tanh by {m} heads", "gelu_tanh", m) for m in range(2, 7)),
    ("quick-gelu-one-head", "QuickGELU by one head, exactly", "quick_gelu", 1),
    ("mish-two-heads", "Mish by two heads of two bias tokens, exact up to rounding", "mish", 2),
]

# name, target, approximant, epsilon that certify refutes: lower bounds and unboundedness, certified
REFUTATIONS = [
    ("gelu-1.702-sharp", "gelu", "silu:k=1.702", "0.0203348722092392"),
    ("relu-k1-sharp", "relu", "silu:k=1", "0.278464542761073"),
    ("relu-tanh-unbounded", "relu", "tanh", "1"),
]

# name, tokens, pattern, bound of scores, bound of values, epsilon: the least Omega, certified
MASKS = [
    ("mask-causal-8", "8", "causal", "10", "1/2", "1e-6"),
    ("mask-causal-128", "128", "causal", "10", "1/2", "1e-6"),
    ("mask-causal-1024", "1024", "causal", "10", "1/2", "1e-6"),
    ("mask-window", "1024", "window:64", "10", "1/2", "1e-6"),
]


def run(command, expected=0):
    """Runs a command in the source tree; returns (seconds, stdout); stops on an error."""
    start = time.monotonic()
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
    seconds = time.monotonic() - start
    if done.returncode != expected:
        sys.exit(f"error: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}".rstrip())
    return seconds, done.stdout


def make(binaries, out, theorem):
    """Makes one theorem's folder; returns (certificate path, seconds)."""
    name, _, target, approximant, epsilon = theorem
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    certificate = folder / "certificate.jsonl"
    arguments = ["certify", target, approximant, "--epsilon", epsilon]
    seconds, _ = run([binaries / "attncert", *arguments, "-o", certificate])
    describe(folder, [*arguments, "-o"])
    return certificate, seconds


def make_approximation(binaries, out, approximation):
    """Makes a theorem about the gates that are found; returns (certificate path, seconds)."""
    name, _, target, heads = approximation
    folder = out / name
    arguments = ["approximate", target, "--heads", str(heads), "-o"]
    seconds, _ = run([binaries / "attncert", *arguments, folder])
    describe(folder, arguments, "")
    return folder / "certificate.jsonl", seconds


def describe(folder, arguments, path="/certificate.jsonl"):
    """Writes claim.json and command beside a certificate; the command ends with this path."""
    certificate = folder / "certificate.jsonl"
    with open(certificate, encoding="utf-8") as lines:
        statement = json.loads(next(lines))["statement"]
    (folder / "claim.json").write_text(json.dumps(statement, indent=2) + "\n", encoding="utf-8")
    command = ["attncert", *(shlex.quote(argument) for argument in arguments)]
    if path is not None:
        command.append(f"certificates/theorems/{folder.name}{path}")
    (folder / "command").write_text(" ".join(command) + "\n", encoding="utf-8")


def make_refutation(binaries, out, refutation):
    """Makes the certificate that an epsilon is too small, from below; returns its path."""
    name, target, approximant, epsilon = refutation
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    certificate = folder / "certificate.jsonl"
    arguments = ["certify", target, approximant, "--epsilon", epsilon, "-o", "/dev/null",
                 "--refutation"]
    run([binaries / "attncert", *arguments, certificate], expected=1)
    describe(folder, arguments)
    return certificate


def make_mask(binaries, out, mask):
    """Makes the certificate of a mask's least Omega; returns its path."""
    name, tokens, pattern, score_bound, value_bound, epsilon = mask
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    certificate = folder / "certificate.jsonl"
    arguments = ["mask", "--tokens", tokens, "--pattern", pattern, "--score-bound", score_bound,
                 "--value-bound", value_bound, "--epsilon", epsilon, "-o"]
    run([binaries / "attncert", *arguments, certificate])
    describe(folder, arguments)
    return certificate


def make_construction(binaries, out, construction):
    """Makes a small network, its heads, and the certificate that both are the same function."""
    name, _, build = construction
    folder = out / name
    write_model(folder / "model", build)
    run([binaries / "attncert", "convert", folder / "model", "-o", folder])
    place = f"certificates/theorems/{name}"
    describe(folder, ["convert", f"{place}/model", "-o", place], path=None)
    return folder / "certificate.jsonl"


def main():
    binaries, out = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    for theorem in THEOREMS:
        make(binaries, out, theorem)
        print(out / theorem[0])
    for approximation in APPROXIMATIONS:
        print(make_approximation(binaries, out, approximation)[0].parent)
    for refutation in REFUTATIONS:
        print(make_refutation(binaries, out, refutation).parent)
    for mask in MASKS:
        print(make_mask(binaries, out, mask).parent)
    for construction in CONSTRUCTIONS:
        print(make_construction(binaries, out, construction).parent)


if __name__ == "__main__":
    main()
