"""The theorems certified in certificates/theorems: one list for the demo, the tests and docs.

Run as `theorems.py BIN OUT` it makes every certificate anew: for each theorem a folder with
claim.json (the statement), certificate.jsonl, and command (what made it).
"""
import json
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
GATES = "certificates/theorems/{}/gates.json"

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
    ("gelu-three-heads", "GELU by three heads", "gelu", "gates:" + GATES.format("gelu-three-heads"),
     "0.000276836355505821"),
    ("mish-two-heads", "Mish by its two gates, 40-digit shifts", "mish",
     "gates:" + GATES.format("mish-two-heads"), "1e-15"),
]

# name, target, approximant, epsilon that certify refutes: lower bounds and unboundedness, certified
REFUTATIONS = [
    ("gelu-1.702-sharp", "gelu", "silu:k=1.702", "0.0203348722092392"),
    ("relu-k1-sharp", "relu", "silu:k=1", "0.278464542761073"),
    ("relu-tanh-unbounded", "relu", "tanh", "1"),
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


def describe(folder, arguments):
    """Writes claim.json and command beside a certificate."""
    certificate = folder / "certificate.jsonl"
    with open(certificate, encoding="utf-8") as lines:
        statement = json.loads(next(lines))["statement"]
    (folder / "claim.json").write_text(json.dumps(statement, indent=2) + "\n", encoding="utf-8")
    path = f"certificates/theorems/{folder.name}/certificate.jsonl"
    command = ["attncert", *arguments, path]
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


def main():
    binaries, out = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    for theorem in THEOREMS:
        make(binaries, out, theorem)
        print(out / theorem[0])
    for refutation in REFUTATIONS:
        print(make_refutation(binaries, out, refutation).parent)


if __name__ == "__main__":
    main()
