(** How far a gate 1/(1 + sum_k e^-(b_k x + beta_k)) can move, times what it multiplies. With
    sigma(t) = 1/(1 + e^-t): sigma' <= 1/4, and |t| sigma'(t) <= 0.2238717. *)
From Coq Require Import Reals List Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

Definition logistic (t : R) : R := / (1 + exp (- t)).
Definition slope (t : R) : R := exp (- t) / (1 + exp (- t)) ^ 2.

Lemma logistic_bounds t : 0 < logistic t < 1.
Proof.
unfold logistic. assert (P := exp_pos (- t)). split; [apply Rinv_0_lt_compat; lra|].
rewrite <- Rinv_1. apply Rinv_lt_contravar; lra.
Qed.

Lemma logistic_derive t : is_derive logistic t (slope t).
Proof. unfold logistic, slope. assert (P := exp_pos (- t)). auto_derive; [lra|field; lra]. Qed.

Lemma square_positive t : 0 < (1 + exp (- t)) ^ 2.
Proof. apply pow_lt. generalize (exp_pos (- t)). lra. Qed.

Lemma slope_nonneg t : 0 <= slope t.
Proof.
unfold slope. apply Rlt_le, Rdiv_lt_0_compat; [apply exp_pos|apply square_positive].
Qed.

Lemma slope_le t : slope t <= / 4.
Proof.
unfold slope. assert (P := exp_pos (- t)). assert (S := square_positive t).
apply Rmult_le_reg_r with ((1 + exp (- t)) ^ 2); [exact S|].
unfold Rdiv. rewrite Rmult_assoc, Rinv_l by (apply Rgt_not_eq; exact S).
generalize (pow2_ge_0 (1 - exp (- t))). lra.
Qed.

Lemma slope_even t : slope (- t) = slope t.
Proof.
unfold slope. rewrite Ropp_involutive, exp_Ropp. assert (P := exp_pos t). field. lra.
Qed.

(** ** The peak of t sigma'(t)

    With r = 0.2136525, c = r/(1 - r^2) and a = ln(1/r), from e^u >= 1 + u:
    c (e^t + e^-t + 2) >= c (1/r + r + 2) + t - a = (1 + r)/(1 - r) + t - a >= t. *)

(** Partial sums of the series are lower bounds. *)
Lemma exp_series x n : 0 <= x -> sum_f_R0 (fun i => / INR (fact i) * x ^ i) n <= exp x.
Proof.
intros H. unfold exp. destruct (exist_exp x) as [l L]. cbn [proj1_sig].
apply sum_incr; [exact L|]. intros k. apply Rmult_le_pos; [|now apply pow_le].
apply Rlt_le, Rinv_0_lt_compat, INR_fact_lt_0.
Qed.

Lemma exp_of_peak : / 0.2136525 <= exp ((1 + 0.2136525) / (1 - 0.2136525)).
Proof.
set (x := 0.192925599).
assert (S : 1.21279255 <= exp x).
{ apply Rle_trans with (2 := exp_series x 6 ltac:(unfold x; lra)). unfold x. simpl. lra. }
apply Rle_trans with (exp x ^ 8).
- apply Rle_trans with (1.21279255 ^ 8); [simpl; lra|apply pow_incr; lra].
- replace (exp x ^ 8) with (exp (8 * x)).
  + apply Rlt_le, exp_increasing. unfold x. lra.
  + replace (8 * x) with (x + (x + (x + (x + (x + (x + (x + x))))))) by ring.
    rewrite !exp_plus. ring.
Qed.

Lemma peak_pos t : 0 <= t -> t * slope t <= 0.2238717.
Proof.
intros H. set (r := 0.2136525). set (a := - ln r).
assert (R0 : 0 < r) by (unfold r; lra).
assert (Ea : exp a = / r) by (unfold a; now rewrite exp_Ropp, exp_ln).
assert (Eb : exp (- a) = r) by (unfold a; now rewrite Ropp_involutive, exp_ln).
assert (A : a <= (1 + r) / (1 - r)).
{ apply Rnot_lt_le. intros L. apply exp_increasing in L. rewrite Ea in L.
  generalize exp_of_peak. fold r. lra. }
assert (U : / r * (1 + (t - a)) <= exp t).
{ replace t with (a + (t - a)) at 2 by ring. rewrite exp_plus, Ea.
  apply Rmult_le_compat_l; [now apply Rlt_le, Rinv_0_lt_compat|apply exp_ineq1_le]. }
assert (V : r * (1 + - (t - a)) <= exp (- t)).
{ replace (- t) with (- a + - (t - a)) by ring. rewrite exp_plus, Eb.
  apply Rmult_le_compat_l; [now apply Rlt_le|apply exp_ineq1_le]. }
assert (T : t <= 0.2238717 * (exp t + exp (- t) + 2)).
{ set (c := r / (1 - r * r)). assert (C : 0 < c <= 0.2238717) by (unfold c, r; lra).
  apply Rle_trans with (c * (exp t + exp (- t) + 2)).
  - apply Rle_trans with (c * (/ r * (1 + (t - a)) + r * (1 + - (t - a)) + 2)).
    + replace (c * (/ r * (1 + (t - a)) + r * (1 + - (t - a)) + 2))
        with ((1 + r) / (1 - r) + (t - a)) by (unfold c; field; unfold r; lra). lra.
    + apply Rmult_le_compat_l; lra.
  - apply Rmult_le_compat_r; [|lra]. generalize (exp_pos t) (exp_pos (- t)). lra. }
assert (P := exp_pos (- t)). assert (Q := square_positive t). unfold slope.
apply Rmult_le_reg_r with ((1 + exp (- t)) ^ 2); [exact Q|].
replace (t * (exp (- t) / (1 + exp (- t)) ^ 2) * (1 + exp (- t)) ^ 2) with (exp (- t) * t)
  by (field; lra).
replace (0.2238717 * (1 + exp (- t)) ^ 2)
  with (exp (- t) * (0.2238717 * (exp t + exp (- t) + 2))).
- apply Rmult_le_compat_l; lra.
- assert (M : exp (- t) * exp t = 1) by (rewrite <- exp_plus, Rplus_opp_l; apply exp_0). nra.
Qed.

Theorem peak t : Rabs t * slope t <= 0.2238717.
Proof.
unfold Rabs. destruct Rcase_abs; [rewrite <- slope_even; apply peak_pos; lra|apply peak_pos; lra].
Qed.

Lemma logistic_mean a b : exists x, Rmin a b <= x <= Rmax a b /\
  logistic b - logistic a = slope x * (b - a).
Proof.
destruct (MVT_gen logistic a b slope) as [x [Hx E]].
- intros x _. apply logistic_derive.
- intros x _. apply derivable_continuous_pt. exists (slope x). apply is_derive_Reals, logistic_derive.
- now exists x.
Qed.

(** Against one score: s = b x + beta, of z and of a q near by. *)
Theorem logistic_moves b beta z q delta : Rabs (q - z) <= delta ->
  Rabs z * Rabs (logistic (b * q + beta) - logistic (b * z + beta)) <=
  delta * (0.2238717 + (Rabs beta + Rabs b * delta) / 4).
Proof.
intros D. destruct (logistic_mean (b * z + beta) (b * q + beta)) as [t [Ht E]]. rewrite E.
replace (b * q + beta - (b * z + beta)) with (b * (q - z)) by ring.
rewrite !Rabs_mult, (Rabs_pos_eq (slope t)) by apply slope_nonneg.
assert (B : Rabs b * Rabs z <= Rabs t + (Rabs beta + Rabs b * delta)).
{ rewrite <- Rabs_mult.
  assert (N : Rabs (b * z + beta - t) <= Rabs (b * (q - z))).
  { replace (b * (q - z)) with (b * q + beta - (b * z + beta)) by ring.
    unfold Rmin, Rmax in Ht. unfold Rabs.
    destruct (Rle_dec (b * z + beta) (b * q + beta)); repeat destruct Rcase_abs; lra. }
  assert (M : Rabs (b * (q - z)) <= Rabs b * delta)
    by (rewrite Rabs_mult; apply Rmult_le_compat_l; [apply Rabs_pos|exact D]).
  replace (b * z) with ((b * z + beta - t) + (t + - beta)) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _).
  assert (Rabs (t + - beta) <= Rabs t + Rabs beta)
    by (apply Rle_trans with (1 := Rabs_triang _ _); rewrite Rabs_Ropp; lra).
  lra. }
assert (S0 := slope_nonneg t). assert (S1 := slope_le t). assert (S2 := peak t).
assert (Q0 := Rabs_pos (q - z)). assert (Z0 := Rabs_pos z). assert (B0 := Rabs_pos b).
assert (C0 : 0 <= Rabs beta + Rabs b * delta)
  by (generalize (Rabs_pos beta); intros; assert (0 <= Rabs b * delta)
        by (apply Rmult_le_pos; lra); lra).
replace (Rabs z * (slope t * (Rabs b * Rabs (q - z))))
  with (Rabs (q - z) * (Rabs b * Rabs z * slope t)) by ring.
apply Rmult_le_compat; auto; [apply Rmult_le_pos; [now apply Rmult_le_pos|exact S0]|].
apply Rle_trans with ((Rabs t + (Rabs beta + Rabs b * delta)) * slope t);
  [now apply Rmult_le_compat_r|].
rewrite Rmult_plus_distr_r. apply Rplus_le_compat; [exact S2|].
unfold Rdiv. now apply Rmult_le_compat_l.
Qed.

(** Two denominators 1 + E whose E are within a factor e^eta. *)
Theorem gates_move e f eta : 0 < e -> 0 < f -> e <= f * exp eta -> f <= e * exp eta ->
  Rabs (/ (1 + f) - / (1 + e)) <= eta / 4.
Proof.
intros He Hf H1 H2.
assert (L : forall x, 0 < x -> / (1 + x) = logistic (- ln x)).
{ intros x Hx. unfold logistic. now rewrite Ropp_involutive, exp_ln. }
rewrite (L f Hf), (L e He). destruct (logistic_mean (- ln e) (- ln f)) as [t [_ E]]. rewrite E.
apply ln_le in H1; [|exact He]. apply ln_le in H2; [|exact Hf].
rewrite ln_mult, ln_exp in H1 by (auto using exp_pos).
rewrite ln_mult, ln_exp in H2 by (auto using exp_pos).
assert (D : Rabs (- ln f - - ln e) <= eta) by (unfold Rabs; destruct Rcase_abs; lra).
rewrite Rabs_mult, (Rabs_pos_eq (slope t)) by apply slope_nonneg.
assert (S0 := slope_nonneg t). assert (S1 := slope_le t). assert (P := Rabs_pos (- ln f - - ln e)).
replace (eta / 4) with (/ 4 * eta) by field. now apply Rmult_le_compat.
Qed.
