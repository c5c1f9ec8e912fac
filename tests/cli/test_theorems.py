"""The committed theorems: each verifies against its own claim, and can be made anew."""

import json
import os
import pathlib
import sys
import tempfile
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402


def test_committed(suite, folder):
    """attncert-check accepts the certificate as a proof of exactly claim.json."""
    checked = suite.checker("--claim", folder / "claim.json", folder / "certificate.jsonl")
    suite.equal(checked.code, 0, f"{folder.name}: exit code")
    suite.equal(checked.out.splitlines()[-1:], ["Verified"], f"{folder.name}: verdict")


def test_made_anew(suite, theorems, out, committed):
    """The listed commands prove the same claims again."""
    binaries = pathlib.Path(suite.bin)
    for theorem in theorems.THEOREMS:
        theorems.make(binaries, out, theorem)
    for approximation in theorems.APPROXIMATIONS:
        theorems.make_approximation(binaries, out, approximation)
    for refutation in theorems.REFUTATIONS:
        theorems.make_refutation(binaries, out, refutation)
    for mask in theorems.MASKS:
        theorems.make_mask(binaries, out, mask)
    for construction in theorems.CONSTRUCTIONS:
        theorems.make_construction(binaries, out, construction)
    for folder in committed:
        again = out / folder.name / "claim.json"
        suite.equal(again.read_text(), (folder / "claim.json").read_text(),
                    f"{folder.name}: the claim made anew")
        gates = folder / "gates.json"
        if gates.exists():
            suite.equal((out / folder.name / "gates.json").read_text(), gates.read_text(),
                        f"{folder.name}: the gates found anew")


# name: what issue and tables promise, an upper bound of the certified supremum
PROMISED = {
    "gelu-2-heads": "4.209e-3", "gelu-3-heads": "2.77e-4", "gelu-4-heads": "4.02e-5",
    "gelu-5-heads": "2.02e-6", "gelu-6-heads": "8.3e-7",
    "gelu-tanh-2-heads": "4.52e-3", "gelu-tanh-3-heads": "2.22e-4",
    "gelu-tanh-4-heads": "4.83e-5", "gelu-tanh-5-heads": "7.6e-6", "gelu-tanh-6-heads": "4.6e-6",
    "quick-gelu-one-head": "0", "mish-two-heads": "1e-15", "tanh-one-gate": "1e-20",
}


def test_promised(suite, top):
    """The claims are about all reals, and as strong as documented; coefficients add up to 1."""
    for name, promised in PROMISED.items():
        claim = json.loads((top / name / "claim.json").read_text())
        suite.equal(claim["domain"], "all", f"{name}: all reals")
        epsilon = harness.exact(claim["epsilon"])
        suite.check(epsilon <= Fraction(promised), f"{name}: {claim['epsilon']} <= {promised}")
        if name.startswith("gelu"):
            gates = json.loads((top / name / "gates.json").read_text())["gates"]
            suite.equal(len(gates), int(name.split("-")[-2]), f"{name}: heads")
            suite.equal(sum(Fraction(gate["coefficient"]) for gate in gates), 1, f"{name}: sum")


def main():
    suite = harness.Suite()
    sys.path.insert(0, os.path.join(suite.source, "scripts"))
    import theorems  # noqa: E402
    top = pathlib.Path(suite.source) / "certificates" / "theorems"
    committed = sorted(path for path in top.iterdir() if path.is_dir())
    rows = (theorems.THEOREMS + theorems.APPROXIMATIONS + theorems.REFUTATIONS + theorems.MASKS
            + theorems.CONSTRUCTIONS)
    names = [row[0] for row in rows]
    suite.equal([path.name for path in committed], sorted(names), "folders are the listed theorems")
    for folder in committed:
        test_committed(suite, folder)
    test_promised(suite, top)
    with tempfile.TemporaryDirectory() as out:
        test_made_anew(suite, theorems, pathlib.Path(out), committed)
    suite.finish()


if __name__ == "__main__":
    main()
