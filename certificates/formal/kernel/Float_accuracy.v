(** Precisions and magnitudes of the floating-point formats of the interval library, for the choices
    in Special.v. *)
From Coq Require Import ZArith.
From Interval Require Import Real.Xreal Float.Basic Float.Sig.

Module Float_accuracy (F : FloatOps).
Definition bits (p : F.precision) : Z := Zpos (F.prec p).
Definition precision (n : Z) : F.precision := F.PtoP (Z.to_pos n).
Definition magnitude (x : F.type) : Z :=
  match F.cmp x F.zero with
  | Xeq => - 2 ^ 60
  | _ => F.StoZ (F.mag x)
  end.
End Float_accuracy.
