(** Sums of two exponentials, compared with a number: what rule leak has to compute. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra.
From Interval Require Import Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Enclosure.
Open Scope R_scope.

(** Whether a e^x + b e^y <= e, at a precision. *)
Module Type Exponentials.
Parameter sum_at_most : positive -> Q -> Q -> Q -> Q -> Q -> bool.
Parameter sum_at_most_sound : forall n a x b y e, sum_at_most n a x b y e = true ->
  Q2R a * exp (Q2R x) + Q2R b * exp (Q2R y) <= Q2R e.
End Exponentials.

Module Exponentials_of (F : FloatOps) (I : IntervalOps with Module F := F) <: Exponentials.
Module E := Enclosures I.

Definition extra_bits : positive := 16.

Definition sum_at_most (n : positive) (a x b y e : Q) : bool :=
  let p := F.PtoP (n + extra_bits) in
  let term c z := E.mul p (E.of_Q p c) (E.exp p (E.of_Q p z)) in
  E.at_most_Q p (E.add p (term a x) (term b y)) e.

Lemma sum_at_most_sound n a x b y e : sum_at_most n a x b y e = true ->
  Q2R a * exp (Q2R x) + Q2R b * exp (Q2R y) <= Q2R e.
Proof.
unfold sum_at_most. intros H. apply (E.at_most_Q_correct _ _ _ _ H).
apply E.add_encloses; apply E.mul_encloses;
  solve [apply E.of_Q_encloses | apply E.exp_encloses, E.of_Q_encloses].
Qed.
End Exponentials_of.
