"""Writes committed certificates as Coq derivations, for certificates/formal/replay.

    replay.py [FOLDER]

Each becomes FOLDER/NAME.v (default: certificates/formal/replay): the same steps, which Coq's kernel
then checks by computing. tests/formal/sources.py compares the files with what this writes.
"""
import json
import pathlib
import sys
from fractions import Fraction

HERE = pathlib.Path(__file__).resolve().parent.parent
FOLDER = HERE / "certificates" / "formal" / "replay"

# Coq module: the certificate of certificates/theorems
REPLAYED = {"Relu_k4_steps": "relu-k4", "Gelu_1702_steps": "gelu-1.702"}

PROGRAMS = {
    "relu": "relu",
    "silu": "silu",
    "gelu": "[Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0]",
}


def number(text):
    value = Fraction(text)
    numerator = f"({value.numerator})" if value < 0 else str(value.numerator)
    return f"({numerator} # {value.denominator})%Q"


def program(text):
    if text in PROGRAMS:
        return PROGRAMS[text]
    if text.startswith("silu:k="):
        return f"(silu_scaled {number(text[7:])})"
    sys.exit(f"error: no program for {text!r}: add it to PROGRAMS in {sys.argv[0]}")


def end_of(text):
    return "None" if text in ("inf", "-inf") else f"(Some {number(text)})"


def judgement(conclusion, header):
    if conclusion["judgement"] != "sup-error":
        sys.exit(f"error: a {conclusion['judgement']} is not written in Coq so far")
    pair = {**header, **conclusion}
    domain = conclusion["domain"]
    lower, upper = ("None", "None") if domain == "all" else map(end_of, domain)
    functions = f"(functions {program(pair['target'])} {program(pair['approximant'])})"
    return f"Sup_error {functions} (Domain {lower} {upper}) {number(conclusion['epsilon'])}"


def rule(step):
    data, name = step.get("data", {}), step["rule"]
    if name == "taylor":
        return f"(Taylor {step['precision']} {data['order']} {number(data['centre'])})"
    if name == "tail":
        return f"(Tail {step['precision']})"
    if name in ("cover", "even", "weaken"):
        return name.capitalize()
    if name == "scale":
        return "Scaling"
    sys.exit(f"error: rule {name} is not written in Coq so far")


def text_of(certificate):
    lines = [json.loads(line) for line in certificate.read_text(encoding="utf-8").splitlines()]
    header = {key: lines[0]["statement"][key] for key in ("target", "approximant")}
    steps = []
    for step in lines[1:-1]:
        premises, keep = ("[" + "; ".join(map(str, step.get(key, []))) + "]%positive"
                          for key in ("premises", "keep"))
        steps.append(f"  Check.Step {step['step']} {rule(step)} {premises} {keep}\n"
                     f"    ({judgement(step['conclusion'], header)})")
    place = certificate.relative_to(HERE).as_posix()
    return f"""(** The steps of {place}, written by scripts/replay.py. *)
From Coq Require Import ZArith QArith List.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Scale.
Require Import Attncert.kernel.Rules Attncert.replay.Replay_kernel.
Import ListNotations.

Definition functions (f g : program) : functions := Functions 1 (Pair f g).

Definition claim : judgement No_extension.other :=
  {judgement(lines[0]["statement"], header)}.

Definition steps : list Check.step := [
""" + ";\n".join(steps) + f"""
].

Lemma accepted : Check.check_derivation steps {lines[-1]["end"]} claim = true.
Proof. vm_compute. reflexivity. Qed.
"""


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for name, theorem in REPLAYED.items():
        certificate = HERE / "certificates" / "theorems" / theorem / "certificate.jsonl"
        (folder / f"{name}.v").write_text(text_of(certificate), encoding="utf-8")


if __name__ == "__main__":
    main()
