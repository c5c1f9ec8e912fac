(** Rule value: what the difference is at one point (docs/rules.md). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
From Attncert.kernel Require Import Term Judgement Enclosure Special_sig Branches.
Import ListNotations.
Open Scope R_scope.

Module Point (I : IntervalOps) (Fn : Special I).
Module B := Branches I Fn.
Module E := B.E.

Section Precision.
Variable p : I.F.precision.

Definition value_ok (q : pair) (at_ lo hi : Q) : bool :=
  closed_pair q &&
  match B.enclosures p (E.of_Q p at_) (difference_of q) with
  | Some (d :: _) => E.at_least_Q p d lo && E.at_most_Q p d hi
  | _ => false
  end.

Theorem value_sound q at_ lo hi : value_ok q at_ lo hi = true -> point_value q at_ lo hi.
Proof.
intros H. apply andb_prop in H. destruct H as [C H].
destruct (B.enclosures p (E.of_Q p at_) (difference_of q)) as [[|i is]|] eqn:R; [easy| |easy].
destruct (B.enclosures_sound p _ _ _ _ (E.of_Q_encloses p at_) R) as [vs [V F]].
inversion F as [|i' d is' vs' Hd F']; subst. apply andb_prop in H. destruct H as [L U].
exists d. split; [exact (differ_of_run q _ _ d C V eq_refl)|]. split.
- exact (E.at_least_Q_correct p _ _ _ L Hd).
- exact (E.at_most_Q_correct p _ _ _ U Hd).
Qed.

End Precision.
End Point.
