(** How far a gate 1/(1 + sum_k e^-(b_k x + beta_k)) can move, times what it multiplies. With
    sigma(t) = 1/(1 + e^-t): sigma' <= 1/4, and |t| sigma'(t) <= 0.2238717. *)
From Coq Require Import Reals List Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
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

Lemma peak_near t : 0 <= t <= 8 -> t * slope t <= 0.2238717.
Proof. intros H. unfold slope. interval with (i_bisect t, i_taylor t, i_prec 60, i_depth 40). Qed.

Lemma peak_pos t : 0 <= t -> t * slope t <= 0.2238717.
Proof.
intros H. destruct (Rle_lt_dec t 8) as [L|N]; [apply peak_near; lra|].
assert (K : slope t <= exp (- t)).
{ unfold slope. assert (P := exp_pos (- t)). assert (S := square_positive t).
  apply Rmult_le_reg_r with ((1 + exp (- t)) ^ 2); [exact S|].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l by (apply Rgt_not_eq; exact S).
  assert (0 <= exp (- t) * (2 * exp (- t) + exp (- t) * exp (- t))) by (apply Rmult_le_pos; nra).
  lra. }
assert (E : (1 + t / 4) ^ 4 <= exp t).
{ replace (exp t) with (exp (t / 4) ^ 4).
  - apply pow_incr. split; [lra|apply exp_ineq1_le].
  - simpl. rewrite Rmult_1_r, <- !exp_plus. f_equal. field. }
assert (P := exp_pos t). rewrite exp_Ropp in K.
apply Rle_trans with (t * / exp t); [now apply Rmult_le_compat_l|].
apply Rmult_le_reg_r with (exp t); [exact P|]. rewrite Rmult_assoc, Rinv_l by lra.
set (y := 1 + t / 4) in *. assert (Y : 3 <= y) by (unfold y; lra).
assert (C : 3 ^ 3 <= y ^ 3) by (apply pow_incr; lra).
assert (F : 3 ^ 3 * y <= y ^ 3 * y) by (apply Rmult_le_compat_r; lra).
replace (y ^ 3 * y) with (y ^ 4) in F by ring.
assert (T : t = 4 * (y - 1)) by (unfold y; field). lra.
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
