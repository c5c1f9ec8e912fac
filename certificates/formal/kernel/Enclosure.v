(** Intervals that enclose real numbers: a thin layer over CoqInterval, for every instance of its
    interface. Each operation comes with one inclusion lemma; nothing is clipped to a domain. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Open Scope R_scope.

Module Enclosures (I : IntervalOps).
Section Precision.
Variable p : I.F.precision.

Definition encloses (i : I.type) (x : R) : Prop := contains (I.convert i) (Xreal x).

(** The whole line, where nothing is known. *)
Lemma unknown_encloses x : encloses I.nai x.
Proof. unfold encloses. now rewrite I.nai_correct. Qed.

(** ** Constants *)

Definition of_Z (n : Z) : I.type := I.fromZ p n.
Definition of_Q (q : Q) : I.type := I.div p (I.fromZ p (Qnum q)) (I.fromZ p (Zpos (Qden q))).

Lemma of_Z_encloses n : encloses (of_Z n) (IZR n).
Proof. apply I.fromZ_correct. Qed.

Lemma of_Q_encloses q : encloses (of_Q q) (Q2R q).
Proof.
unfold encloses, of_Q, Q2R.
assert (H := I.div_correct p _ _ _ _ (I.fromZ_correct p (Qnum q)) (I.fromZ_correct p (Zpos (Qden q)))).
simpl in H. unfold Xdiv' in H.
destruct (is_zero_spec (IZR (Zpos (Qden q)))) as [E|_]; [|exact H].
now apply eq_IZR in E.
Qed.

Definition pi : I.type := I.pi p.
Lemma pi_encloses : encloses pi PI.
Proof. apply I.pi_correct. Qed.

(** ** Arithmetic *)

Definition neg : I.type -> I.type := I.neg.
Definition abs : I.type -> I.type := I.abs.
Definition add : I.type -> I.type -> I.type := I.add p.
Definition sub : I.type -> I.type -> I.type := I.sub p.
Definition mul : I.type -> I.type -> I.type := I.mul p.
Definition div : I.type -> I.type -> I.type := I.div p.
Definition sqr : I.type -> I.type := I.sqr p.
Definition pow : I.type -> Z -> I.type := fun i n => I.power_int p i n.

Lemma neg_encloses i x : encloses i x -> encloses (neg i) (- x).
Proof. exact (I.neg_correct i (Xreal x)). Qed.
Lemma abs_encloses i x : encloses i x -> encloses (abs i) (Rabs x).
Proof. exact (I.abs_correct i (Xreal x)). Qed.
Lemma add_encloses i j x y : encloses i x -> encloses j y -> encloses (add i j) (x + y).
Proof. exact (I.add_correct p i j (Xreal x) (Xreal y)). Qed.
Lemma sub_encloses i j x y : encloses i x -> encloses j y -> encloses (sub i j) (x - y).
Proof. exact (I.sub_correct p i j (Xreal x) (Xreal y)). Qed.
Lemma mul_encloses i j x y : encloses i x -> encloses j y -> encloses (mul i j) (x * y).
Proof. exact (I.mul_correct p i j (Xreal x) (Xreal y)). Qed.
Lemma sqr_encloses i x : encloses i x -> encloses (sqr i) (x * x).
Proof. exact (I.sqr_correct p i (Xreal x)). Qed.

Lemma contains_Xnan i x : contains (I.convert i) Xnan -> encloses i x.
Proof. unfold encloses. now destruct (I.convert i). Qed.

(** No requirement: where the divisor is 0 the result is unknown. *)
Lemma div_encloses i j x y : encloses i x -> encloses j y -> encloses (div i j) (x / y).
Proof.
intros Hx Hy. generalize (I.div_correct p i j (Xreal x) (Xreal y) Hx Hy). simpl. unfold Xdiv'.
destruct (is_zero_spec y); [apply contains_Xnan|auto].
Qed.

Lemma pow_encloses i x n : encloses i x -> ((n < 0)%Z -> x <> 0) -> encloses (pow i n) (powerRZ x n).
Proof.
intros Hx Hn. generalize (I.power_int_correct p n i (Xreal x) Hx). simpl.
destruct n as [|n|n]; simpl; auto.
destruct (is_zero_spec x) as [E|_]; auto.
now elim Hn.
Qed.

(** ** Elementary functions *)

Definition exp : I.type -> I.type := I.exp p.
Definition ln : I.type -> I.type := I.ln p.
Definition sqrt : I.type -> I.type := I.sqrt p.

Lemma exp_encloses i x : encloses i x -> encloses (exp i) (Rtrigo_def.exp x).
Proof. exact (I.exp_correct p i (Xreal x)). Qed.

Lemma ln_encloses i x : encloses i x -> 0 < x -> encloses (ln i) (Rpower.ln x).
Proof.
intros Hx Px. generalize (I.ln_correct p i (Xreal x) Hx). simpl. unfold Xln'.
destruct (is_positive_spec x); [auto|lra].
Qed.

Lemma sqrt_encloses i x : encloses i x -> 0 <= x -> encloses (sqrt i) (R_sqrt.sqrt x).
Proof.
intros Hx Px. generalize (I.sqrt_correct p i (Xreal x) Hx). simpl. unfold Xsqrt'.
auto.
Qed.

(** ** Order *)

(** Every number enclosed is at least 0, is more than 0. *)
Definition nonnegative (i : I.type) : bool :=
  match I.sign_large i with Xgt | Xeq => true | _ => false end.
Definition positive (i : I.type) : bool :=
  match I.sign_strict i with Xgt => true | _ => false end.

Lemma nonnegative_correct i x : nonnegative i = true -> encloses i x -> 0 <= x.
Proof.
unfold nonnegative. intros H Hx. generalize (I.sign_large_correct i).
destruct (I.sign_large i); try easy; intros K; specialize (K _ Hx).
- injection K as ->. lra.
- destruct K as [_ K]. exact K.
Qed.

Lemma positive_correct i x : positive i = true -> encloses i x -> 0 < x.
Proof.
unfold positive. intros H Hx. generalize (I.sign_strict_correct i).
destruct (I.sign_strict i); try easy; intros K; specialize (K _ Hx).
destruct K as [_ K]. exact K.
Qed.

(** Every number of i is at most every number of j; is less. *)
Definition at_most (i j : I.type) : bool := nonnegative (I.sub p j i).
Definition less (i j : I.type) : bool := positive (I.sub p j i).

Lemma at_most_correct i j x y : at_most i j = true -> encloses i x -> encloses j y -> x <= y.
Proof.
intros H Hx Hy. assert (K := nonnegative_correct _ _ H (sub_encloses _ _ _ _ Hy Hx)). lra.
Qed.

Lemma less_correct i j x y : less i j = true -> encloses i x -> encloses j y -> x < y.
Proof.
intros H Hx Hy. assert (K := positive_correct _ _ H (sub_encloses _ _ _ _ Hy Hx)). lra.
Qed.

(** Bounds against exact numbers. *)
Definition at_most_Q (i : I.type) (q : Q) : bool := at_most i (of_Q q).
Definition at_least_Q (i : I.type) (q : Q) : bool := at_most (of_Q q) i.

Lemma at_most_Q_correct i q x : at_most_Q i q = true -> encloses i x -> x <= Q2R q.
Proof. intros H Hx. exact (at_most_correct _ _ _ _ H Hx (of_Q_encloses q)). Qed.

Lemma at_least_Q_correct i q x : at_least_Q i q = true -> encloses i x -> Q2R q <= x.
Proof. intros H Hx. exact (at_most_correct _ _ _ _ H (of_Q_encloses q) Hx). Qed.

(** 0 is not enclosed. *)
Definition nonzero (i : I.type) : bool := positive i || positive (I.neg i).

Lemma nonzero_correct i x : nonzero i = true -> encloses i x -> x <> 0.
Proof.
unfold nonzero. intros H Hx. apply orb_prop in H. destruct H as [H|H].
- assert (K := positive_correct _ _ H Hx). lra.
- assert (K := positive_correct _ _ H (neg_encloses _ _ Hx)). lra.
Qed.

(** ** Hulls, bounds as points *)

Definition hull (i j : I.type) : I.type := I.join i j.

Lemma hull_left i j x : encloses i x -> encloses (hull i j) x.
Proof. intros H. apply I.join_correct. now left. Qed.
Lemma hull_right i j x : encloses j x -> encloses (hull i j) x.
Proof. intros H. apply I.join_correct. now right. Qed.

(** What lies between two enclosed numbers is enclosed by the hull. *)
Lemma hull_between i j x y z : encloses i x -> encloses j y -> x <= z <= y -> encloses (hull i j) z.
Proof.
intros Hx Hy H. unfold encloses.
apply contains_connected with x y; [now apply hull_left|now apply hull_right|exact H].
Qed.

Lemma connected i x y z : encloses i x -> encloses i y -> x <= z <= y -> encloses i z.
Proof. intros Hx Hy H. exact (contains_connected _ _ _ Hx Hy _ H). Qed.

(** [lower, upper] of exact numbers. *)
Definition between (a b : Q) : I.type := hull (of_Q a) (of_Q b).

Lemma between_encloses a b x : Q2R a <= x <= Q2R b -> encloses (between a b) x.
Proof. exact (hull_between _ _ _ _ _ (of_Q_encloses a) (of_Q_encloses b)). Qed.

(** Larger and smaller of two numbers: the hull is sharp enough where neither is decided. *)
Definition max (i j : I.type) : I.type :=
  if at_most i j then j else if at_most j i then i else hull i j.
Definition min (i j : I.type) : I.type :=
  if at_most i j then i else if at_most j i then j else hull i j.

Lemma max_encloses i j x y : encloses i x -> encloses j y -> encloses (max i j) (Rmax x y).
Proof.
intros Hx Hy. unfold max.
destruct (at_most i j) eqn:E; [rewrite Rmax_right; auto; now apply (at_most_correct i j)|].
destruct (at_most j i) eqn:E'; [rewrite Rmax_left; auto; now apply (at_most_correct j i)|].
destruct (Rle_dec x y).
- rewrite Rmax_right by auto. now apply hull_right.
- rewrite Rmax_left by lra. now apply hull_left.
Qed.

Lemma min_encloses i j x y : encloses i x -> encloses j y -> encloses (min i j) (Rmin x y).
Proof.
intros Hx Hy. unfold min.
destruct (at_most i j) eqn:E; [rewrite Rmin_left; auto; now apply (at_most_correct i j)|].
destruct (at_most j i) eqn:E'; [rewrite Rmin_right; auto; now apply (at_most_correct j i)|].
destruct (Rle_dec x y).
- rewrite Rmin_left by auto. now apply hull_left.
- rewrite Rmin_right by lra. now apply hull_right.
Qed.

End Precision.
End Enclosures.
