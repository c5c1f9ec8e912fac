(** Inequalities of real functions that tail forms rest on (docs/formulas.md#tail). *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
Require Import Attncert.kernel.Term Attncert.kernel.Error_function
  Attncert.kernel.Hyperbolic_tangent.
Open Scope R_scope.

(** ** 1 + t with |t| < 1 *)

Lemma one_plus_bounds t : Rabs t < 1 -> 0 < 1 - Rabs t <= 1 + t.
Proof. intros H. generalize (Rle_abs (- t)). rewrite Rabs_Ropp. lra. Qed.

Lemma Rabs_one_plus t : Rabs t < 1 -> 0 < 1 - Rabs t <= Rabs (1 + t).
Proof. intros H. assert (K := one_plus_bounds t H). rewrite (Rabs_pos_eq (1 + t)); lra. Qed.

(** |u / (1 + t)| <= |u| / (1 - |t|) *)
Lemma over_one_plus_le u t : Rabs t < 1 -> Rabs (u / (1 + t)) <= Rabs u / (1 - Rabs t).
Proof.
intros H. assert (K := one_plus_bounds t H). assert (L := Rabs_one_plus t H).
rewrite Rabs_div by lra. apply Rmult_le_compat_l; [apply Rabs_pos|].
apply Rinv_le_contravar; lra.
Qed.

Lemma ln_le_minus_one t : 0 < t -> ln t <= t - 1.
Proof. intros H. assert (K := exp_ineq1_le (ln t)). rewrite exp_ln in K by exact H. lra. Qed.

Lemma ln_one_plus_le t : Rabs t < 1 -> Rabs (ln (1 + t)) <= Rabs t / (1 - Rabs t).
Proof.
intros H. assert (K := one_plus_bounds t H).
assert (U := ln_le_minus_one (1 + t)). assert (L := ln_le_minus_one (/ (1 + t))).
rewrite ln_Rinv in L by lra.
assert (0 < / (1 + t)) by (apply Rinv_0_lt_compat; lra).
assert (B := over_one_plus_le t t H).
assert (Rabs t <= Rabs t / (1 - Rabs t)).
{ apply Rmult_le_reg_r with (1 - Rabs t); [lra|]. unfold Rdiv.
  rewrite Rmult_assoc, Rinv_l by lra. generalize (Rabs_pos t). nra. }
assert (T := Rle_abs t).
assert (E : / (1 + t) - 1 = - (t / (1 + t))) by (field; lra).
assert (V := Rle_abs (- (t / (1 + t)))). rewrite Rabs_Ropp in V.
apply Rabs_le. lra.
Qed.

(** ** Functions with bounded derivative *)

Lemma lipschitz (f f' : R -> R) k a b :
  (forall t, is_derive f t (f' t)) -> (forall t, Rabs (f' t) <= k) ->
  Rabs (f b - f a) <= k * Rabs (b - a).
Proof.
intros D K.
assert (O : forall a b, a <= b -> Rabs (f b - f a) <= k * Rabs (b - a)).
{ intros u v H. destruct (mean_value f f' u v H) as [c [_ E]]; [intros; apply D|].
  rewrite E, Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|apply K]. }
destruct (Rle_dec a b); [auto|].
rewrite (Rabs_minus_sym (f b)), (Rabs_minus_sym b). apply O. lra.
Qed.

Lemma tanh_lipschitz a b : Rabs (tanh b - tanh a) <= Rabs (b - a).
Proof.
rewrite <- (Rmult_1_l (Rabs (b - a))).
apply (lipschitz tanh (fun t => 1 - tanh t * tanh t)); [apply tanh_derive|].
intros t. assert (B := tanh_bounds t). apply Rabs_le. nra.
Qed.

Lemma sqrt_PI_gt_1 : 1 < sqrt PI.
Proof. rewrite <- sqrt_1. apply sqrt_lt_1_alt. generalize PI2_1. lra. Qed.

Lemma erf_lipschitz a b : Rabs (erf b - erf a) <= 2 * Rabs (b - a).
Proof.
apply (lipschitz erf (fun t => 2 / sqrt PI * gaussian t)); [apply erf_derive|].
intros t. assert (S := sqrt_PI_gt_1). assert (P := gaussian_pos t). assert (Q := gaussian_le_1 t).
assert (0 < / sqrt PI <= 1).
{ split; [apply Rinv_0_lt_compat; lra|]. rewrite <- Rinv_1. apply Rinv_le_contravar; lra. }
unfold Rdiv. apply Rabs_le. nra.
Qed.

(** ** Square roots *)

Lemma sqrt_difference_le c t : 0 < c -> 0 <= c + t ->
  Rabs (sqrt (c + t) - sqrt c) <= Rabs t / sqrt c.
Proof.
intros Hc H. assert (P := sqrt_lt_R0 c Hc). assert (Q := sqrt_pos (c + t)).
assert (E : (sqrt (c + t) - sqrt c) * (sqrt (c + t) + sqrt c) = t).
{ assert (S1 := sqrt_sqrt c (Rlt_le _ _ Hc)). assert (S2 := sqrt_sqrt (c + t) H). lra. }
apply Rmult_le_reg_r with (sqrt c); [exact P|]. unfold Rdiv.
rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. rewrite <- E at 2. rewrite Rabs_mult.
apply Rmult_le_compat_l; [apply Rabs_pos|]. rewrite Rabs_pos_eq; lra.
Qed.

(** ** Towards infinity *)

(** 1 - tanh u for u >= v - b *)
Lemma tanh_far u v b : v - b <= u -> Rabs (tanh u - 1) <= 2 * exp (2 * b) * exp (- (v * 2)).
Proof.
intros H. rewrite Rabs_minus_sym, Rabs_pos_eq by (generalize (tanh_tail u); lra).
apply Rle_trans with (1 := proj2 (tanh_tail u)). rewrite Rmult_assoc, <- exp_plus.
apply Rmult_le_compat_l; [lra|]. apply exp_le. lra.
Qed.

(** 1 - erf u for u >= v >= start >= 0 *)
Lemma erf_far u v start : 0 <= start -> start <= v -> v <= u ->
  Rabs (erf u - 1) <= exp (- (start * v)).
Proof.
intros H0 H1 H2. rewrite Rabs_minus_sym, Rabs_pos_eq by (generalize (erf_bounds u); lra).
apply Rle_trans with (erfc v); [unfold erfc; generalize (erf_increasing v u H2); lra|].
apply Rle_trans with (gaussian v); [apply erfc_tail; lra|].
apply exp_le. enough (start * v <= v * v) by lra. apply Rmult_le_compat_r; lra.
Qed.
