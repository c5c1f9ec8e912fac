(** The rectifier and one head: for every k > 0 and every real x,

      | x sigma(k x) - max(0, x) | <= W / k,    W = W(1/e) = 0.2784645427610737951...,

    and no smaller bound holds: it is attained at x = +-(1 + W)/k. W is Lambert's function at 1/e,
    the only w > 0 with w e^(1 + w) = 1, that is 1 + w + ln w = 0. *)
From Coq Require Import Reals Lra.
From Interval Require Import Tactic.
Open Scope R_scope.

Definition sigma (x : R) : R := / (1 + exp (- x)).
Definition relu (x : R) : R := Rmax 0 x.

(** SiLU(k x)/k less the rectifier. *)
Definition excess (k x : R) : R := x * sigma (k * x) - relu x.

(** ** Lambert's constant *)

Lemma lambert_continuous : continuity (fun w => w * exp (1 + w) - 1).
Proof. reg. Qed.

Lemma lambert_ends : 0 * exp (1 + 0) - 1 < 0 < 1 * exp (1 + 1) - 1.
Proof. generalize (exp_ineq1_le (1 + 1)). lra. Qed.

Definition lambert : R :=
  proj1_sig (IVT _ 0 1 lambert_continuous Rlt_0_1 (proj1 lambert_ends) (proj2 lambert_ends)).

Definition is_lambert (w : R) : Prop := 0 < w /\ 1 + w + ln w = 0.

Lemma lambert_spec : 0 <= lambert <= 1 /\ lambert * exp (1 + lambert) - 1 = 0.
Proof.
exact (proj2_sig (IVT _ 0 1 lambert_continuous Rlt_0_1 (proj1 lambert_ends) (proj2 lambert_ends))).
Qed.

Lemma is_lambert_lambert : is_lambert lambert.
Proof.
destruct lambert_spec as [[L _] E].
assert (P : 0 < lambert) by (destruct L as [L|L]; [exact L|rewrite <- L in E; lra]).
split; [exact P|].
rewrite <- (ln_exp (1 + lambert)), Rplus_comm, <- ln_mult by (auto using exp_pos).
replace (lambert * exp (1 + lambert)) with 1 by lra. apply ln_1.
Qed.

Lemma is_lambert_unique v w : is_lambert v -> is_lambert w -> v = w.
Proof.
intros [Pv Ev] [Pw Ew].
destruct (Rtotal_order v w) as [L|[E|L]]; [|exact E|];
  [generalize (ln_increasing v w Pv L)|generalize (ln_increasing w v Pw L)]; lra.
Qed.

Theorem lambert_exists_unique : exists! w, is_lambert w.
Proof.
exists lambert. split; [exact is_lambert_lambert|].
intros w. apply is_lambert_unique, is_lambert_lambert.
Qed.

Lemma root_between :
  1 + 0.278464542761073795 + ln 0.278464542761073795 < 0 <
  1 + 0.278464542761073796 + ln 0.278464542761073796.
Proof. split; interval with (i_prec 90). Qed.

Theorem lambert_digits : 0.278464542761073795 <= lambert <= 0.278464542761073796.
Proof.
destruct root_between as [Lo Hi], is_lambert_lambert as [P E].
split; apply Rnot_lt_le; intros L.
- generalize (ln_increasing _ _ P L). lra.
- generalize (ln_increasing 0.278464542761073796 lambert ltac:(lra) L). lra.
Qed.

(** ** The bound *)

Lemma one_exp_pos x : 0 < 1 + exp x.
Proof. generalize (exp_pos x). lra. Qed.

Lemma sigma_opp x : sigma (- x) = 1 - sigma x.
Proof. unfold sigma. rewrite Ropp_involutive, exp_Ropp. field. generalize (exp_pos x). lra. Qed.

Lemma abs_excess k x : 0 < k -> Rabs (excess k x) = Rabs x / (1 + exp (k * Rabs x)).
Proof.
intros Hk. unfold excess, relu, Rdiv.
destruct (Rle_dec 0 x) as [Hx|Hx].
- rewrite Rmax_right, (Rabs_pos_eq x) by lra.
  replace (x * sigma (k * x) - x) with (- (x * sigma (- (k * x)))) by (rewrite sigma_opp; ring).
  unfold sigma. rewrite Ropp_involutive, Rabs_Ropp. apply Rabs_pos_eq, Rmult_le_pos; [exact Hx|].
  left. apply Rinv_0_lt_compat, one_exp_pos.
- rewrite Rmax_left, Rminus_0_r, Rabs_mult, (Rabs_left x) by lra. f_equal.
  unfold sigma. rewrite Rabs_pos_eq; [do 3 f_equal; ring|].
  left. apply Rinv_0_lt_compat, one_exp_pos.
Qed.

(** e^u >= 1 + u at u = t + ln w. *)
Lemma tangent w t : is_lambert w -> t <= w * (1 + exp t).
Proof.
intros [P E].
assert (K : w * exp t = exp (t + ln w)) by (rewrite exp_plus, exp_ln by exact P; ring).
generalize (exp_ineq1_le (t + ln w)). lra.
Qed.

Theorem relu_error k x : 0 < k -> Rabs (x * sigma (k * x) - relu x) <= lambert / k.
Proof.
intros Hk. fold (excess k x). rewrite abs_excess by exact Hk.
assert (P := one_exp_pos (k * Rabs x)).
apply Rmult_le_reg_r with (k * (1 + exp (k * Rabs x))); [now apply Rmult_lt_0_compat|].
replace (lambert / k * (k * (1 + exp (k * Rabs x)))) with (lambert * (1 + exp (k * Rabs x)))
  by (field; lra).
replace (Rabs x / (1 + exp (k * Rabs x)) * (k * (1 + exp (k * Rabs x)))) with (k * Rabs x)
  by (field; lra).
apply tangent, is_lambert_lambert.
Qed.

(** ** Sharpness *)

Theorem relu_error_attained k x :
  0 < k -> Rabs x = (1 + lambert) / k -> Rabs (x * sigma (k * x) - relu x) = lambert / k.
Proof.
intros Hk Hx. destruct is_lambert_lambert as [P E].
fold (excess k x). rewrite abs_excess, Hx by exact Hk.
replace (k * ((1 + lambert) / k)) with (- ln lambert) by (field_simplify; lra).
rewrite exp_Ropp, exp_ln by exact P. field. lra.
Qed.

(** So the supremum over the reals is W / k. *)
Theorem relu_error_sup k : 0 < k -> is_lub (fun e => exists x, e = Rabs (excess k x)) (lambert / k).
Proof.
intros Hk. split.
- intros e [x ->]. now apply relu_error.
- intros b B. assert (P := proj1 is_lambert_lambert).
  assert (A : 0 < (1 + lambert) / k) by (apply Rdiv_lt_0_compat; lra).
  rewrite <- (relu_error_attained k ((1 + lambert) / k) Hk (Rabs_pos_eq _ (Rlt_le _ _ A))).
  apply B. now exists ((1 + lambert) / k).
Qed.

(** ** One proof serves every k *)

Theorem scaling j k x : 0 < j -> 0 < k -> excess k x = j / k * excess j (k * x / j).
Proof.
intros Hj Hk. unfold excess, relu.
replace (j * (k * x / j)) with (k * x) by (field; lra).
replace (Rmax 0 (k * x / j)) with (k / j * Rmax 0 x).
- field. lra.
- rewrite <- (Rmult_0_r (k / j)) at 2. replace (k * x / j) with (k / j * x) by (field; lra).
  apply eq_sym, RmaxRmult, Rlt_le, Rdiv_lt_0_compat; auto.
Qed.
