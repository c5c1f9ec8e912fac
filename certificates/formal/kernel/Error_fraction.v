(** The continued fraction of erfc, for x > 0:

      erfc x = (2 / sqrt PI) exp(-x^2) / (2x + 2 / (2x + 4 / (2x + 6 / ...))).

    Its denominators are ratios of the repeated integrals of erfc, which are positive. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From Attncert.kernel Require Import Term Error_function.
Open Scope R_scope.

(** ** The repeated integrals: the Gaussian, its integral from x to infinity, and so on *)

Fixpoint repeated (m : nat) (x : R) : R :=
  match m with
  | O => gaussian x
  | S j => match j with
           | O => sqrt PI / 2 * erfc x
           | S k => (repeated k x - 2 * x * repeated j x) / (2 * (INR k + 1))
           end
  end.

Lemma repeated_step m x :
  2 * (INR m + 1) * repeated (S (S m)) x = repeated m x - 2 * x * repeated (S m) x.
Proof.
change (repeated (S (S m)) x) with
  ((repeated m x - 2 * x * repeated (S m) x) / (2 * (INR m + 1))).
generalize (pos_INR m). intros. field. lra.
Qed.

Lemma repeated_1_derive x : is_derive (repeated 1) x (- repeated 0 x).
Proof.
assert (P := sqrt_PI_pos).
replace (- repeated 0 x) with (sqrt PI / 2 * (0 - 2 / sqrt PI * gaussian x)) by (simpl; field; lra).
apply (is_derive_scal erfc). apply (is_derive_minus (fun _ => 1) erf); [|apply erf_derive].
apply (is_derive_const 1).
Qed.

(** The derivative of the step. *)
Lemma repeated_derive_step m x d :
  is_derive (repeated m) x d -> is_derive (repeated (S m)) x (- repeated m x) ->
  is_derive (repeated (S (S m))) x
    ((d - (2 * repeated (S m) x + 2 * x * - repeated m x)) / (2 * (INR m + 1))).
Proof.
intros D0 D1.
apply (is_derive_ext (fun x => / (2 * (INR m + 1)) * (repeated m x - 2 * x * repeated (S m) x))).
{ intros t. change (repeated (S (S m)) t) with
    ((repeated m t - 2 * t * repeated (S m) t) / (2 * (INR m + 1))). apply Rmult_comm. }
unfold Rdiv. rewrite (Rmult_comm _ (/ _)). apply is_derive_scal.
apply (is_derive_minus (repeated m) (fun x => 2 * x * repeated (S m) x)); [exact D0|].
apply (is_derive_mult (fun x => 2 * x) (repeated (S m))); [|exact D1|intros; apply Rmult_comm].
auto_derive; [easy|ring].
Qed.

Lemma repeated_derive m x : is_derive (repeated (S m)) x (- repeated m x).
Proof.
assert (H : is_derive (repeated (S m)) x (- repeated m x) /\
            is_derive (repeated (S (S m))) x (- repeated (S m) x)); [|apply H].
induction m as [|m [H0 H1]]; (split; [assumption || apply repeated_1_derive|]).
- assert (D := repeated_derive_step 0 x _ (gaussian_derive x) (repeated_1_derive x)).
  replace (- repeated 1 x) with ((- (2 * x) * gaussian x -
    (2 * repeated 1 x + 2 * x * - repeated 0 x)) / (2 * (INR 0 + 1))); [exact D|].
  change (repeated 0 x) with (gaussian x). simpl INR. field.
- assert (D := repeated_derive_step (S m) x _ H0 H1).
  replace (- repeated (S (S m)) x) with ((- repeated m x -
    (2 * repeated (S (S m)) x + 2 * x * - repeated (S m) x)) / (2 * (INR (S m) + 1))); [exact D|].
  assert (P := pos_INR m). assert (E := repeated_step m x).
  set (r := repeated (S (S m)) x) in *. rewrite S_INR.
  replace (repeated m x) with (2 * (INR m + 1) * r + 2 * x * repeated (S m) x) by lra.
  field. lra.
Qed.

(** ** They tend to 0, and are positive *)

Lemma power_le_exp k : exists d, 0 <= d /\ forall u, 0 <= u -> u ^ k <= d * exp u.
Proof.
induction k as [|k [d [Pd H]]].
- exists 1. split; [lra|]. intros u Hu. simpl. generalize (exp_ineq1_le u). lra.
- exists (2 ^ S k * d). assert (P2 : 0 < 2 ^ S k) by (apply pow_lt; lra).
  split; [apply Rmult_le_pos; lra|]. intros u Hu.
  assert (Q := exp_pos (u / 2)). assert (A := H (u / 2) ltac:(lra)).
  assert (B := exp_ineq1_le (u / 2)).
  replace (u ^ S k) with (2 ^ S k * ((u / 2) ^ k * (u / 2)))
    by (rewrite <- (Rmult_comm (u / 2)); change (u / 2 * (u / 2) ^ k) with ((u / 2) ^ S k);
        rewrite <- Rpow_mult_distr; f_equal; lra).
  replace (exp u) with (exp (u / 2) * exp (u / 2)) by (rewrite <- exp_plus; f_equal; lra).
  rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|].
  replace (d * (exp (u / 2) * exp (u / 2))) with (d * exp (u / 2) * exp (u / 2)) by ring.
  apply Rmult_le_compat; [apply pow_le; lra|lra|exact A|lra].
Qed.

Lemma gaussian_power m : exists c, 0 <= c /\ forall x, 1 <= x -> x ^ m * gaussian x <= c / x.
Proof.
destruct (power_le_exp (S m)) as [d [Pd H]]. exists d. split; [exact Pd|]. intros x Hx.
apply Rmult_le_reg_l with x; [lra|]. replace (x * (d / x)) with d by (field; lra).
rewrite <- Rmult_assoc. change (x * x ^ m) with (x ^ S m).
assert (A := H (x * x) ltac:(nra)). rewrite Rpow_mult_distr in A.
assert (B := pow_R1_Rle x (S m) Hx).
unfold gaussian. rewrite exp_Ropp. apply Rmult_le_reg_r with (exp (x * x)); [apply exp_pos|].
rewrite Rmult_assoc, Rinv_l, Rmult_1_r by (apply Rgt_not_eq, exp_pos). nra.
Qed.

Lemma repeated_bounded m :
  exists c, 0 <= c /\ forall x, 1 <= x -> Rabs (repeated m x) <= c * (x ^ m * gaussian x).
Proof.
enough (H : (exists c, 0 <= c /\ forall x, 1 <= x -> Rabs (repeated m x) <= c * (x ^ m * gaussian x)) /\
  (exists c, 0 <= c /\ forall x, 1 <= x -> Rabs (repeated (S m) x) <= c * (x ^ S m * gaussian x)))
  by apply H.
induction m as [|m [[c [Pc H]] [d [Pd K]]]].
- split.
  + exists 1. split; [lra|]. intros x Hx. assert (g := gaussian_pos x).
    change (repeated 0 x) with (gaussian x). rewrite Rabs_pos_eq by lra. simpl. lra.
  + assert (P := sqrt_PI_pos). exists (sqrt PI / 2). split; [lra|]. intros x Hx.
    assert (A := erfc_bounds x). assert (B := erfc_tail x ltac:(lra)).
    assert (g := gaussian_pos x). simpl repeated.
    rewrite Rabs_pos_eq by (apply Rmult_le_pos; lra).
    apply Rmult_le_compat_l; [lra|]. rewrite pow_1. nra.
- split; [now exists d|]. exists (c + 2 * d). split; [lra|]. intros x Hx.
  specialize (H x Hx). specialize (K x Hx). assert (g := gaussian_pos x).
  assert (Q : 0 <= x ^ m * gaussian x) by (apply Rmult_le_pos; [apply pow_le|]; lra).
  assert (E := repeated_step m x). assert (N := pos_INR m).
  set (r := repeated (S (S m)) x) in *. set (q := x ^ m * gaussian x) in *.
  assert (B : Rabs (repeated m x - 2 * x * repeated (S m) x) <= (c + 2 * d) * (x * x * q)).
  { unfold Rminus. apply Rle_trans with (1 := Rabs_triang _ _).
    rewrite Rabs_Ropp, Rabs_mult, (Rabs_pos_eq (2 * x)) by lra.
    replace (x ^ S m * gaussian x) with (x * q) in K by (unfold q; simpl; ring).
    assert (2 * x * Rabs (repeated (S m) x) <= 2 * x * (d * (x * q)))
      by (apply Rmult_le_compat_l; lra).
    assert (1 <= x * x) by nra. assert (q <= x * x * q) by nra.
    assert (c * q <= c * (x * x * q)) by (apply Rmult_le_compat_l; lra). lra. }
  replace (x ^ S (S m) * gaussian x) with (x * x * q) by (unfold q; simpl; ring).
  apply Rle_trans with (2 := B). rewrite <- E, Rabs_mult, (Rabs_pos_eq (2 * (INR m + 1))) by lra.
  assert (A := Rabs_pos r). nra.
Qed.

Lemma repeated_vanishes m :
  exists c, 0 <= c /\ forall x, 1 <= x -> Rabs (repeated m x) <= c / x.
Proof.
destruct (repeated_bounded m) as [c [Pc H]], (gaussian_power m) as [d [Pd K]].
exists (c * d). split; [now apply Rmult_le_pos|]. intros x Hx.
apply Rle_trans with (1 := H x Hx). unfold Rdiv. rewrite Rmult_assoc.
apply Rmult_le_compat_l; [exact Pc|]. now apply K.
Qed.

(** A function that tends to 0 and does not increase is not negative. *)
Lemma vanishing_nonneg f c x : 0 < x -> 0 <= c -> (forall y, 1 <= y -> Rabs (f y) <= c / y) ->
  (forall y, x <= y -> f y <= f x) -> 0 <= f x.
Proof.
intros Hx Hc V D. apply Rnot_lt_le. intros N.
set (y := Rmax x (c / - f x + 1)).
assert (y1 : c / - f x + 1 <= y) by apply Rmax_r.
assert (Q : 0 <= c / - f x) by (apply Rdiv_le_0_compat; lra).
specialize (D y (Rmax_l _ _)). specialize (V y ltac:(lra)).
apply Rabs_le_between in V.
enough (c / y < - f x) by lra.
apply Rmult_lt_reg_r with y; [lra|]. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
apply Rlt_le_trans with (- f x * (c / - f x + 1)); [|apply Rmult_le_compat_l; lra].
replace (- f x * (c / - f x + 1)) with (c - f x) by (field; lra). lra.
Qed.

Lemma repeated_pos m x : 0 < x -> 0 < repeated m x.
Proof.
revert x. induction m as [|m IH]; intros x Hx; [apply gaussian_pos|].
assert (D : forall a b, 0 < a -> a <= b ->
  exists c, a <= c /\ repeated (S m) b - repeated (S m) a = - repeated m c * (b - a)).
{ intros a b Ha Hab.
  destruct (mean_value (repeated (S m)) (fun c => - repeated m c) a b Hab) as [c [C E]].
  - intros y _. apply repeated_derive.
  - exists c. split; [apply C|exact E]. }
assert (N : forall y, 0 < y -> 0 <= repeated (S m) y).
{ intros y Hy. destruct (repeated_vanishes (S m)) as [c [Pc V]].
  apply (vanishing_nonneg (repeated (S m)) c); auto. intros z Hz.
  destruct (D y z Hy Hz) as [t [Ht E]]. specialize (IH t ltac:(lra)).
  assert (0 <= repeated m t * (z - y)) by (apply Rmult_le_pos; lra). lra. }
destruct (D x (x + 1) Hx ltac:(lra)) as [t [Ht E]]. specialize (IH t ltac:(lra)).
specialize (N (x + 1) ltac:(lra)). lra.
Qed.

(** ** The continued fraction *)

Definition ratio (m : nat) (x : R) : R := 2 * INR m * (repeated (S m) x / repeated m x).

Lemma ratio_nonneg m x : 0 < x -> 0 <= ratio m x.
Proof.
intros Hx. assert (N := pos_INR m). apply Rmult_le_pos; [lra|].
left. apply Rdiv_lt_0_compat; now apply repeated_pos.
Qed.

Lemma repeated_ratio m x : 0 < x ->
  repeated (S m) x / repeated m x = / (2 * x + ratio (S m) x).
Proof.
intros Hx. assert (A := repeated_pos m x Hx). assert (B := repeated_pos (S m) x Hx).
assert (C := ratio_nonneg (S m) x Hx).
assert (E := repeated_step m x).
assert (R : ratio (S m) x = (repeated m x - 2 * x * repeated (S m) x) / repeated (S m) x).
{ rewrite <- E. unfold ratio. rewrite S_INR. field. lra. }
replace (2 * x + ratio (S m) x) with (repeated m x / repeated (S m) x) by (rewrite R; field; lra).
field. lra.
Qed.

Lemma ratio_step m x : 0 < x -> ratio m x = 2 * INR m / (2 * x + ratio (S m) x).
Proof. intros Hx. unfold ratio at 1. now rewrite repeated_ratio. Qed.

Lemma ratio_bounds m x : 0 < x -> 0 <= ratio m x <= INR m / x.
Proof.
intros Hx. split; [now apply ratio_nonneg|]. rewrite ratio_step by exact Hx.
assert (C := ratio_nonneg (S m) x Hx). assert (N := pos_INR m).
replace (INR m / x) with (2 * INR m / (2 * x)) by (field; lra).
apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; lra.
Qed.

Lemma erfc_fraction x : 0 < x -> erfc x = 2 / sqrt PI * (gaussian x / (2 * x + ratio 1 x)).
Proof.
intros Hx. assert (P := sqrt_PI_pos). assert (E := repeated_ratio 0 x Hx).
assert (g := gaussian_pos x). change (repeated 0 x) with (gaussian x) in E.
unfold Rdiv at 2. rewrite <- E. change (repeated 1 x) with (sqrt PI / 2 * erfc x). field. lra.
Qed.
