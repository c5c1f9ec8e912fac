(** The computing rules over any floating-point numbers and intervals. *)
From Coq Require Import ZArith QArith Reals List Bool.
From Interval Require Import Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement.
Require Import Attncert.kernel.Special Attncert.kernel.Float_accuracy.
Require Import Attncert.kernel.Piece Attncert.kernel.Point Attncert.kernel.Tail.
Require Import Attncert.kernel.Mask_error Attncert.kernel.Rules.

Module Computing_rules (F : FloatOps) (I : IntervalOps with Module F := F) <: Rules.

Module Accuracy := Float_accuracy F.
Module Functions_of := Special_functions I Accuracy.
Module Pieces := Piece I Functions_of.
Module Points := Point I Functions_of.
Module Half_lines := Tails I Functions_of.
Module Masks := Mask_errors I.

(** A few bits more than a step asks for: CoqInterval's elementary functions are less sharp than
    correctly rounded ones. *)
Definition extra_bits : positive := 16.
Definition bits (n : positive) : F.precision := F.PtoP (n + extra_bits).

Definition enclose_ok (n : positive) (p : pair) (d : domain) (e : Q) : bool :=
  Pieces.enclose_ok (bits n) p d e.
Definition mean_value_ok (n : positive) (c : Q) (p : pair) (d : domain) (e : Q) : bool :=
  Pieces.mean_value_ok (bits n) c p d e.
Definition taylor_ok (n : positive) (k : nat) (c : Q) (p : pair) (d : domain) (e : Q) : bool :=
  Pieces.taylor_ok (bits n) k c p d e.
Definition well_defined_ok (n : positive) (p : pair) (d : domain) : bool :=
  Pieces.well_defined_ok (bits n) p d.
Definition value_ok (n : positive) (p : pair) (x lo hi : Q) : bool :=
  Points.value_ok (bits n) p x lo hi.
Definition tail_ok (n : positive) (p : pair) (d : domain) (e : Q) : bool :=
  Half_lines.tail_ok (bits n) p d (Some e).
Definition tail_well_defined_ok (n : positive) (p : pair) (d : domain) : bool :=
  Half_lines.tail_ok (bits n) p d None.
Definition divergence_ok (n : positive) (p : pair) (d : domain) : bool :=
  Half_lines.divergence_ok (bits n) p d.
Definition mask_error_ok (n : positive) (c : mask_claim) : bool := Masks.mask_error_ok (bits n) c.

Lemma enclose_sound n p d e : enclose_ok n p d e = true -> sup_error p d e.
Proof. apply Pieces.enclose_sound. Qed.
Lemma mean_value_sound n c p d e : mean_value_ok n c p d e = true -> sup_error p d e.
Proof. apply Pieces.mean_value_sound. Qed.
Lemma taylor_sound n k c p d e : taylor_ok n k c p d e = true -> sup_error p d e.
Proof. apply Pieces.taylor_sound. Qed.
Lemma well_defined_sound n p d : well_defined_ok n p d = true -> well_defined p d.
Proof. apply Pieces.well_defined_sound. Qed.
Lemma value_sound n p x lo hi : value_ok n p x lo hi = true -> point_value p x lo hi.
Proof. apply Points.value_sound. Qed.
Lemma tail_sound n p d e : tail_ok n p d e = true -> sup_error p d e.
Proof. apply Half_lines.tail_sound. Qed.
Lemma tail_well_defined_sound n p d : tail_well_defined_ok n p d = true -> well_defined p d.
Proof. apply Half_lines.tail_well_defined_sound. Qed.
Lemma divergence_sound n p d : divergence_ok n p d = true -> unbounded p d.
Proof. apply Half_lines.divergence_sound. Qed.
Lemma mask_error_sound n c : mask_error_ok n c = true -> mask_error c.
Proof. apply Masks.mask_error_sound. Qed.

End Computing_rules.
