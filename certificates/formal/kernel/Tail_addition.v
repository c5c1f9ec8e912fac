(** Sums and comparisons of numbers of very different magnitudes, as e^-(10^12) and 1.

    The interval library adds exactly before it rounds, so that the length of a sum's digits is the
    distance of magnitudes. Here an operand that is less than 2^-16384 of the other one, below any
    rounding, is first widened to all numbers as small as that; so is an end of an interval next
    to its other end, and next to 1 where a function is computed. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Enclosure.
Open Scope R_scope.

Module Additions (I : IntervalOps).
Module E := Enclosures I.
Section Precision.
Variable p : I.F.precision.

Definition negligible : Q := 1 # (Pos.shiftl 1 16384).

(** All numbers that are negligible next to some number of j. *)
Definition negligible_to (j : I.type) : I.type :=
  let least := E.mul p (E.abs j) (E.of_Q p negligible) in E.hull (E.neg least) least.

(** i, or from 0 where one end is negligible next to the other. *)
Definition relaxed (i : I.type) : I.type :=
  let all := negligible_to i in
  if I.subset (I.singleton (I.lower i)) all || I.subset (I.singleton (I.upper i)) all
  then E.hull i (E.of_Z p 0) else i.

(** i, or more where i is negligible next to j; but 0 stays exact. *)
Definition beside (j i : I.type) : I.type :=
  let all := negligible_to j in
  match I.sign_large i with
  | Xeq => i
  | _ => if I.subset i all then all else i
  end.

Definition prepared (j i : I.type) : I.type := beside (relaxed j) (relaxed i).

Definition add (i j : I.type) : I.type := E.add p (prepared j i) (prepared i j).
Definition sub (i j : I.type) : I.type := E.sub p (prepared j i) (prepared i j).

Lemma relaxed_encloses i x : E.encloses i x -> E.encloses (relaxed i) x.
Proof. intros H. unfold relaxed. destruct (_ || _); [now apply E.hull_left|exact H]. Qed.

Lemma beside_encloses j i x : E.encloses i x -> E.encloses (beside j i) x.
Proof.
intros H. unfold beside.
assert (K : E.encloses (if I.subset i (negligible_to j) then negligible_to j else i) x).
{ destruct (I.subset i _) eqn:S; [exact (I.subset_correct _ _ _ H S)|exact H]. }
now destruct (I.sign_large i).
Qed.

Lemma prepared_encloses j i x : E.encloses i x -> E.encloses (prepared j i) x.
Proof. intros. now apply beside_encloses, relaxed_encloses. Qed.

Lemma add_encloses i j x y : E.encloses i x -> E.encloses j y -> E.encloses (add i j) (x + y).
Proof. intros. now apply E.add_encloses; apply prepared_encloses. Qed.

Lemma sub_encloses i j x y : E.encloses i x -> E.encloses j y -> E.encloses (sub i j) (x - y).
Proof. intros. now apply E.sub_encloses; apply prepared_encloses. Qed.

(** The same for functions: i, widened about 0 where an end is negligible next to 1. *)
Definition widened_near_0 (i : I.type) : I.type :=
  let all := negligible_to (E.of_Z p 1) in
  match I.sign_large i with
  | Xeq => i
  | _ => if I.subset (I.singleton (I.lower i)) all || I.subset (I.singleton (I.upper i)) all
         then E.hull i all else i
  end.

Definition exp (i : I.type) : I.type := E.exp p (widened_near_0 i).

Lemma widened_near_0_encloses i x : E.encloses i x -> E.encloses (widened_near_0 i) x.
Proof.
intros H. unfold widened_near_0.
assert (K := E.hull_left _ (negligible_to (E.of_Z p 1)) _ H).
destruct (I.sign_large i); try exact H; now destruct (I.subset _ _ || I.subset _ _).
Qed.

Lemma exp_encloses i x : E.encloses i x -> E.encloses (exp i) (Rtrigo_def.exp x).
Proof. intros. now apply E.exp_encloses, widened_near_0_encloses. Qed.

(** Every number of i is at most every number of j; is less. *)
Definition at_most (i j : I.type) : bool := E.nonnegative (sub j i).
Definition less (i j : I.type) : bool := E.positive (sub j i).
Definition at_most_Q (i : I.type) (q : Q) : bool := at_most i (E.of_Q p q).

Lemma at_most_correct i j x y :
  at_most i j = true -> E.encloses i x -> E.encloses j y -> x <= y.
Proof.
intros H Hx Hy. generalize (E.nonnegative_correct _ _ H (sub_encloses _ _ _ _ Hy Hx)). lra.
Qed.

Lemma less_correct i j x y : less i j = true -> E.encloses i x -> E.encloses j y -> x < y.
Proof.
intros H Hx Hy. generalize (E.positive_correct _ _ H (sub_encloses _ _ _ _ Hy Hx)). lra.
Qed.

Lemma at_most_Q_correct i q x : at_most_Q i q = true -> E.encloses i x -> x <= Q2R q.
Proof. intros H Hx. exact (at_most_correct _ _ _ _ H Hx (E.of_Q_encloses p q)). Qed.

Definition min (i j : I.type) : I.type :=
  if at_most i j then i else if at_most j i then j else E.hull i j.

Lemma min_encloses i j x y : E.encloses i x -> E.encloses j y -> E.encloses (min i j) (Rmin x y).
Proof.
intros Hx Hy. unfold min.
destruct (at_most i j) eqn:L; [rewrite Rmin_left; auto; now apply (at_most_correct i j)|].
destruct (at_most j i) eqn:L'; [rewrite Rmin_right; auto; now apply (at_most_correct j i)|].
destruct (Rle_dec x y).
- rewrite Rmin_left by auto. now apply E.hull_left.
- rewrite Rmin_right by lra. now apply E.hull_right.
Qed.

End Precision.
End Additions.
