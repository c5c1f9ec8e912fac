"""The conversions in certificates/models: one list for making and testing them.

Run as `conversions.py BIN OUT` it converts every adder of ours anew: OUT/NAME/heads holds the
attention-only model, its certificate, and command (what made it); where greedy decoding is proved to
be the same on all 10,000 sums, OUT/NAME/heads/agreement.jsonl does so, over OUT/sums.txt.
"""
import pathlib
import shutil
import sys

from theorems import HERE, run

MODELS = HERE / "certificates" / "models"

# model, options of attncert convert, whether the answers to all sums are proved to stay
CONVERSIONS = [
    ("adder-silu", ["--heads-per-neuron", "1"], False),
    ("adder-relu", ["--heads-per-neuron", "1"], False),
    ("adder-gelu", ["--heads-per-neuron", "6"], True),
    ("adder-gelu-tanh", ["--heads-per-neuron", "6"], False),
    ("adder-gelu-no-mlp-bias", ["--heads-per-neuron", "6", "--masks", "weights"], False),
]


def write_sums(path):
    """Every two-digit sum as a prompt: the digits a1 a0 b1 b0."""
    rows = [f"{a // 10},{a % 10},{b // 10},{b % 10}\n" for a in range(100) for b in range(100)]
    path.write_text("".join(rows), encoding="utf-8")


def convert(binaries, out, conversion):
    """Converts out/NAME, a model, into out/NAME/heads; returns that folder."""
    name, options, _ = conversion
    run([binaries / "attncert", "convert", out / name, "-o", out / name / "heads", *options])
    place = f"certificates/models/{name}"
    text = " ".join(["attncert convert", place, "-o", f"{place}/heads", *options]) + "\n"
    (out / name / "heads" / "command").write_text(text, encoding="utf-8")
    return out / name / "heads"


def agree(binaries, out, name):
    """Proves that out/NAME and its conversion add all two-digit numbers alike."""
    run([binaries / "attncert", "agree", out / name, out / name / "heads", "--prompts",
         out / "sums.txt", "--generate", "3", "-o", out / name / "heads" / "agreement.jsonl"])


def main():
    binaries, out = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    write_sums(out / "sums.txt")
    for conversion in CONVERSIONS:
        name, _, same_answers = conversion
        if not (out / name).exists():
            shutil.copytree(MODELS / name, out / name, ignore=shutil.ignore_patterns("heads"))
        print(convert(binaries, out, conversion), flush=True)
        if same_answers:
            agree(binaries, out, name)


if __name__ == "__main__":
    main()
