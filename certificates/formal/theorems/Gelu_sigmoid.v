(** GELU against x sigma(k x), for all x at once: what has to be checked on an interval of x.

    For x > 0 the claim |x (sigma(k x) - Phi x)| <= e is divided by x: the two margins
    e / x + (sigma(k x) - Phi x) and e / x - (sigma(k x) - Phi x) are not negative. Their
    derivatives contain no integral, so that a few values of Phi and the signs of elementary
    functions suffice. *)
From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
From Attncert.kernel Require Import Term Error_function.
From Attncert.theorems Require Import Normal.
Open Scope R_scope.

(** Phi as the interval library computes it. *)
Lemma Phi_RInt x : Phi x = 1 / 2 + RInt (fun t => exp (- (t * t / 2))) 0 x / sqrt (2 * PI).
Proof.
assert (P := sqrt_2PI_pos).
assert (E : RInt (fun t => exp (- (t * t / 2))) 0 x = sqrt (2 * PI) * (half_erf x - half_erf 0)).
{ apply (is_RInt_unique (V := R_CompleteNormedModule)).
  apply (is_RInt_ext (fun t => scal (sqrt (2 * PI)) (density t))).
  - intros t _. change (sqrt (2 * PI) * density t = exp (- (t * t / 2))).
    unfold density. field. lra.
  - apply (is_RInt_scal (V := R_NormedModule) density), density_integral. }
rewrite E, Phi_erf. unfold half_erf. replace (0 / sqrt 2) with 0 by (unfold Rdiv; ring).
rewrite erf_0. field. lra.
Qed.

Lemma exp_5_6 : exp (-5.6) <= 0.01.
Proof. interval. Qed.

Lemma density_8 : exp (-32) / sqrt (2 * PI) <= 0.01.
Proof. interval. Qed.

Section Margins.
Variables k e : R.

Definition sigmoid_gap (x : R) : R := / (1 + exp (- (k * x))) - Phi x.
Definition gap_slope (x : R) : R :=
  k * exp (- (k * x)) / (1 + exp (- (k * x))) ^ 2 - exp (- (x * x / 2)) / sqrt (2 * PI).

Lemma gap_derive x : is_derive sigmoid_gap x (gap_slope x).
Proof.
apply (is_derive_minus (fun x => / (1 + exp (- (k * x)))) Phi); [|apply Phi_derive].
assert (P := exp_pos (- (k * x))). auto_derive; [lra|]. field. lra.
Qed.

(** s is 1 or -1. *)
Definition margin (s x : R) : R := e / x + s * sigmoid_gap x.
Definition margin_slope (s x : R) : R := - e / x ^ 2 + s * gap_slope x.

Lemma margin_derive s x : 0 < x -> is_derive (margin s) x (margin_slope s x).
Proof.
intros Hx. apply (is_derive_plus (fun x => e / x) (fun x => s * sigmoid_gap x)).
- auto_derive; [lra|]. field. lra.
- apply is_derive_scal, gap_derive.
Qed.

Definition holds_on (s a b : R) : Prop := forall x, a <= x <= b -> 0 <= margin s x.

Lemma holds_decreasing s a b : 0 < a -> (forall c, a <= c <= b -> margin_slope s c <= 0) ->
  0 <= margin s b -> holds_on s a b.
Proof.
intros Ha D B x Hx. apply Rle_trans with (1 := B).
apply (nonincreasing (margin s) (margin_slope s)); [apply Hx| |].
- intros c Hc. apply margin_derive. lra.
- intros c Hc. apply D. lra.
Qed.

Lemma holds_slope s a b m : 0 < a -> m <= 0 -> (forall c, a <= c <= b -> m <= margin_slope s c) ->
  0 <= margin s a + m * (b - a) -> holds_on s a b.
Proof.
intros Ha Hm D B x Hx.
destruct (mean_value (margin s) (margin_slope s) a x (proj1 Hx)) as [c [Hc E]].
- intros c Hc. apply margin_derive. lra.
- specialize (D c ltac:(lra)). nra.
Qed.

Lemma holds_split s a c b : holds_on s a c -> holds_on s c b -> holds_on s a b.
Proof. intros H K x Hx. destruct (Rle_dec x c); [apply H|apply K]; lra. Qed.

(** ** From the margins to all real numbers *)

Hypothesis k_large : 1.7 <= k.
Hypothesis e_large : 0.0135 <= e.
Hypothesis margins : holds_on 1 0.027 8 /\ holds_on (-1) 0.027 8.

Lemma sigmoid_range x : 0 <= x ->
  0 <= 1 - / (1 + exp (- (k * x))) <= Rmin (1 / 2) (exp (- (k * x))).
Proof.
intros Hx. assert (P := exp_pos (- (k * x))).
assert (Q : exp (- (k * x)) <= 1).
{ rewrite <- exp_0. apply exp_le. assert (0 <= k * x) by (apply Rmult_le_pos; lra). lra. }
set (q := exp (- (k * x))) in *.
replace (1 - / (1 + q)) with (q / (1 + q)) by (field; lra).
split; [apply Rdiv_le_0_compat; lra|].
apply Rmin_glb; (apply Rmult_le_reg_r with (1 + q); [lra|]);
  unfold Rdiv at 1; rewrite Rmult_assoc, Rinv_l by lra; nra.
Qed.

Lemma Phi_right x : 0 <= x -> 1 / 2 <= Phi x.
Proof.
intros Hx. rewrite Phi_erf.
assert (0 <= erf (x / sqrt 2)); [|lra].
apply erf_pos. apply Rdiv_le_0_compat; [exact Hx|apply sqrt2_pos].
Qed.

Lemma gap_near x : 0 <= x <= 0.027 -> Rabs (x * sigmoid_gap x) <= e.
Proof.
intros Hx. destruct (sigmoid_range x) as [S0 S1]; [lra|].
assert (A := Rmin_l (1 / 2) (exp (- (k * x)))).
assert (B := Phi_right x ltac:(lra)). assert (C := Phi_bounds x).
unfold sigmoid_gap. set (u := / (1 + exp (- (k * x)))) in *.
apply Rabs_le. nra.
Qed.

Lemma gap_far x : 8 <= x -> Rabs (x * sigmoid_gap x) <= e.
Proof.
intros Hx. destruct (sigmoid_range x) as [S0 S1]; [lra|].
assert (A := Rmin_r (1 / 2) (exp (- (k * x)))).
assert (T := Phi_tail x ltac:(lra)). rewrite Phi_opp in T.
assert (D : density x <= 0.01).
{ unfold density. assert (E : exp (- (x * x / 2)) <= exp (-32)) by (apply exp_le; nra).
  assert (H := density_8).
  assert (0 < / sqrt (2 * PI)) by (apply Rinv_0_lt_compat, sqrt_2PI_pos).
  apply Rle_trans with (2 := H). apply Rmult_le_compat_r; lra. }
assert (X : x * exp (- (k * x)) <= 0.01).
{ assert (E : exp (- (k * x)) <= exp (- x) * exp (-5.6))
    by (rewrite <- exp_plus; apply exp_le; nra).
  assert (F := exp_5_6).
  assert (G : x * exp (- x) <= 1).
  { rewrite exp_Ropp. apply Rmult_le_reg_r with (exp x); [apply exp_pos|].
    rewrite Rmult_assoc, Rinv_l by apply Rgt_not_eq, exp_pos. generalize (exp_ineq1_le x). lra. }
  assert (N := exp_pos (- x)). assert (M := exp_pos (-5.6)).
  apply Rle_trans with (x * (exp (- x) * exp (-5.6))); [apply Rmult_le_compat_l; lra|]. nra. }
unfold sigmoid_gap. set (u := / (1 + exp (- (k * x)))) in *.
assert (0 <= x * (1 - u) <= 0.01).
{ split; [apply Rmult_le_pos; lra|]. apply Rle_trans with (2 := X).
  apply Rmult_le_compat_l; lra. }
replace (x * (u - Phi x)) with (x * (1 - Phi x) - x * (1 - u)) by ring.
apply Rabs_le. lra.
Qed.

Lemma gap_right x : 0 <= x -> Rabs (x * sigmoid_gap x) <= e.
Proof.
intros Hx. destruct (Rle_dec x 0.027); [now apply gap_near|].
destruct (Rle_dec 8 x); [now apply gap_far|].
destruct margins as [P N]. specialize (P x ltac:(lra)). specialize (N x ltac:(lra)).
unfold margin in P, N. set (g := sigmoid_gap x) in *.
assert (E : e = x * (e / x)) by (field; lra).
apply Rabs_le. split; nra.
Qed.

Lemma gap_odd x : sigmoid_gap (- x) = - sigmoid_gap x.
Proof.
unfold sigmoid_gap. rewrite Phi_opp. replace (- (k * - x)) with (k * x) by ring.
rewrite exp_Ropp. assert (P := exp_pos (k * x)). field. lra.
Qed.

Theorem gelu_sigmoid_distance x : Rabs (x * Phi x - x / (1 + exp (- (k * x)))) <= e.
Proof.
replace (x * Phi x - x / (1 + exp (- (k * x)))) with (- (x * sigmoid_gap x))
  by (unfold sigmoid_gap, Rdiv; ring).
rewrite Rabs_Ropp. destruct (Rle_dec 0 x); [now apply gap_right|].
replace (x * sigmoid_gap x) with (- x * sigmoid_gap (- x)) by (rewrite gap_odd; ring).
apply gap_right. lra.
Qed.
End Margins.

(** Signs of slopes, and values at points. *)
Ltac slope_sign :=
  let c := fresh "c" in intros c ?; unfold margin_slope, gap_slope;
  interval with (i_bisect c, i_depth 40).
Ltac margin_value :=
  unfold margin, sigmoid_gap; rewrite Phi_RInt; integral with (i_prec 70, i_relwidth 45).
