"""Makes and checks the certificates of scripts/theorems.py and of our own adder; prints a table."""
import json
import pathlib
import sys

from conversions import write_sums
from theorems import (APPROXIMATIONS, HERE, REFUTATIONS, THEOREMS, make, make_approximation,
                      make_refutation, run)

ADDER = HERE / "certificates/models/adder-gelu-tanh"
BEST_K = "1.774497615"


def gap(lower, upper):
    """Relative; a dash where both functions are the same, so that nothing is proved from below."""
    return f"{float(upper) / float(lower) - 1:8.1e}" if float(lower) > 0 else f"{'-':>8}"


def point(witness):
    return f"{'-':>12}" if witness is None else f"{float(witness):12.7g}"


def theorem_row(binaries, out, theorem):
    name, title, target, approximant, epsilon = theorem
    certificate, made = make(binaries, out, theorem)
    claim = certificate.parent / "claim.json"
    checked, verdict = run([binaries / "attncert-check", certificate, "--claim", claim])
    assert verdict.splitlines()[-1] == "Verified"
    _, found = run([binaries / "attncert", "bound", target, approximant, "--json"])
    bound = json.loads(found)
    print(f"{title:42} {epsilon:>22} {point(bound['witness'])} "
          f"{gap(bound['lower'], epsilon)} {certificate.stat().st_size:7d} "
          f"{1000 * made:7.0f} {1000 * checked:7.0f}", flush=True)


def approximation_row(binaries, out, approximation):
    title = approximation[1]
    certificate, made = make_approximation(binaries, out, approximation)
    claim = certificate.parent / "claim.json"
    checked, verdict = run([binaries / "attncert-check", certificate, "--claim", claim])
    assert verdict.splitlines()[-1] == "Verified"
    epsilon = f"{float(json.loads(claim.read_text())['epsilon']):.7g}"
    print(f"{title:57} {epsilon:>16} {certificate.stat().st_size:7d} {1000 * made:7.0f} "
          f"{1000 * checked:7.0f}", flush=True)


def check_refutation(binaries, out, refutation):
    certificate = make_refutation(binaries, out, refutation)
    _, verdict = run([binaries / "attncert-check", certificate])
    lines = verdict.splitlines()
    assert lines[-1] == "Verified"
    print("from below:", lines[1].split("claim")[1].strip(), "(Verified)")


def convert(binaries, out):
    prompts = out / "prompts.txt"
    write_sums(prompts)
    made, found = run([binaries / "attncert", "convert", ADDER, "-o", out / "adder-heads",
                       "--approximant", f"silu:k={BEST_K}", "--prompts", prompts, "--json"])
    checked, verdict = run([binaries / "attncert-check", out / "adder-heads"])
    assert verdict.splitlines()[-1] == "Verified"
    print(f"\nOur two-digit adder ({ADDER.relative_to(HERE)}): every MLP neuron becomes a head that "
          f"computes SiLU({BEST_K} x)/{BEST_K}.\nBound on every output coordinate for every "
          "possible input, beside the largest difference on all 10,000 prompts (approximate):")
    print(f"{'sublayer':10} {'heads':>6} {'certified':>22} {'seen':>14}")
    for layer in json.loads(found)["layers"]:
        print(f"{layer['name']:10} {layer['heads']:6d} {layer['error']:>22} "
              f"{layer['approx_measured']:>14}")
    print(f"made in {made:.2f} s (with the 10,000 runs), checked in {1000 * checked:.0f} ms")


def main():
    binaries, out = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    print("Certified over ALL REALS, then checked by attncert-check against the stated claim:\n")
    print(f"{'claim: sup |f - g| <= epsilon':42} {'epsilon':>22} {'witness':>12} {'gap':>8} "
          f"{'bytes':>7} {'made ms':>7} {'check':>7}")
    for theorem in THEOREMS:
        theorem_row(binaries, out / "theorems", theorem)
    print("\ngap: epsilon over the proved lower bound at the witness, minus 1; times are whole "
          "processes")
    print(f"\n{'gates found for activations, over all reals':57} {'epsilon about':>16} "
          f"{'bytes':>7} {'made ms':>7} {'check':>7}")
    for approximation in APPROXIMATIONS:
        approximation_row(binaries, out / "theorems", approximation)
    print()
    for refutation in REFUTATIONS:
        check_refutation(binaries, out / "theorems", refutation)
    convert(binaries, out)
    print(f"\nAll certificates verified. They are in {out.relative_to(HERE)}; read one with\n"
          f"  build/demo/bin/attncert explain {out.relative_to(HERE)}/theorems/gelu-1.702/"
          "certificate.jsonl")


if __name__ == "__main__":
    main()
