(** How far a softmax average can move. Scores that move by at most eta give weights that move by at
    most tanh(eta/2) <= eta/2 in total variation: with R = e^eta, and A and B the weighted totals of
    two complementary values,

        R^2 A/(R^2 A + B) - A/(A + B) <= (R - 1)/(R + 1)       by (R A - B)^2 >= 0. *)
From Coq Require Import Reals List Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
Require Import Attncert.theorems.Vector.
Import ListNotations.
Open Scope R_scope.

(** ** tanh(t/2) <= t/2 *)

Lemma exp_trapezoid t : 0 <= t -> (exp t - 1) / (exp t + 1) <= t / 2.
Proof.
intros Ht. set (g := fun x => x * (exp x + 1) - 2 * (exp x - 1)).
assert (G : 0 <= g t).
{ destruct (MVT_gen g 0 t (fun x => x * exp x - exp x + 1)) as [x [Hx E]].
  - intros x _. unfold g. auto_derive; [trivial|ring].
  - intros x _. apply derivable_continuous_pt. exists (x * exp x - exp x + 1).
    apply is_derive_Reals. unfold g. auto_derive; [trivial|ring].
  - rewrite Rmin_left, Rmax_right in Hx by lra.
    assert (g 0 = 0) by (unfold g; rewrite exp_0; ring).
    assert (K : 1 - x <= exp (- x)) by (generalize (exp_ineq1_le (- x)); lra).
    assert (M : exp x * exp (- x) = 1) by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0).
    assert (P := exp_pos x). assert (exp x * (1 - x) <= 1) by nra.
    assert (0 <= (x * exp x - exp x + 1) * (t - 0)) by (apply Rmult_le_pos; lra). lra. }
assert (P := exp_pos t). apply Rmult_le_reg_r with (2 * (exp t + 1)); [lra|].
replace ((exp t - 1) / (exp t + 1) * (2 * (exp t + 1))) with (2 * (exp t - 1)) by (field; lra).
unfold g in G. lra.
Qed.

Lemma exp_monotone a b : a <= b -> exp a <= exp b.
Proof.
intros [H|H]; [now apply Rlt_le, exp_increasing|]. rewrite H. apply Rle_refl.
Qed.

(** ** Sums over a list of indices *)

Definition sum_over (l : list nat) (f : nat -> R) : R := total (map f l).

Lemma sum_over_le l f g : (forall j, In j l -> f j <= g j) -> sum_over l f <= sum_over l g.
Proof.
unfold sum_over. induction l as [|j l IH]; intros H; simpl; [lra|].
apply Rplus_le_compat; [apply H; now left|apply IH; intros; apply H; now right].
Qed.

Lemma sum_over_ext l f g : (forall j, In j l -> f j = g j) -> sum_over l f = sum_over l g.
Proof. intros H. unfold sum_over. f_equal. now apply map_ext_in. Qed.

Lemma sum_over_plus l f g : sum_over l (fun j => f j + g j) = sum_over l f + sum_over l g.
Proof. unfold sum_over. induction l as [|j l IH]; simpl; [ring|]. rewrite IH. ring. Qed.

Lemma sum_over_times l t f : sum_over l (fun j => t * f j) = t * sum_over l f.
Proof. unfold sum_over. induction l as [|j l IH]; simpl; [ring|]. rewrite IH. ring. Qed.

Lemma sum_over_nonneg l f : (forall j, In j l -> 0 <= f j) -> 0 <= sum_over l f.
Proof.
intros H. apply Rle_trans with (sum_over l (fun _ => 0 * 0)); [|apply sum_over_le; intros j Hj;
  rewrite Rmult_0_l; auto]. rewrite (sum_over_times l 0 (fun _ => 0)). lra.
Qed.

Lemma weights_positive l s : l <> [] -> 0 < sum_over l (fun j => exp (s j)).
Proof.
destruct l as [|i l]; [easy|]. intros _. unfold sum_over. simpl.
assert (0 <= sum_over l (fun j => exp (s j)))
  by (apply sum_over_nonneg; intros; apply Rlt_le, exp_pos).
unfold sum_over in *. generalize (exp_pos (s i)). lra.
Qed.

(** ** Averages *)

Definition average (l : list nat) (s v : nat -> R) : R :=
  sum_over l (fun j => exp (s j) * v j) / sum_over l (fun j => exp (s j)).

Section Average.
Variable l : list nat.
Hypothesis some : l <> [].

Lemma average_constant_plus s v c : average l s (fun j => v j + c) = average l s v + c.
Proof.
unfold average. assert (W := weights_positive l s some).
rewrite (sum_over_ext l _ (fun j => exp (s j) * v j + c * exp (s j))) by (intros; ring).
rewrite sum_over_plus, sum_over_times. field. lra.
Qed.

Lemma average_opposite s v : average l s (fun j => - v j) = - average l s v.
Proof.
unfold average. rewrite (sum_over_ext l _ (fun j => (-1) * (exp (s j) * v j))) by (intros; ring).
rewrite sum_over_times. unfold Rdiv. ring.
Qed.

Lemma average_le s u v : (forall j, In j l -> u j <= v j) -> average l s u <= average l s v.
Proof.
intros H. unfold average, Rdiv. assert (W := weights_positive l s some).
apply Rmult_le_compat_r; [now apply Rlt_le, Rinv_0_lt_compat|].
apply sum_over_le. intros j Hj. apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|auto].
Qed.

Lemma average_constant s c : average l s (fun _ => c) = c.
Proof.
unfold average. assert (W := weights_positive l s some).
rewrite (sum_over_ext l _ (fun j => c * exp (s j))) by (intros; ring).
rewrite sum_over_times. field. lra.
Qed.

(** Moved values. *)
Lemma average_values s u v m : (forall j, In j l -> Rabs (u j - v j) <= m) ->
  Rabs (average l s u - average l s v) <= m.
Proof.
intros H.
assert (A : average l s u <= average l s v + m).
{ rewrite <- average_constant_plus. apply average_le. intros j Hj. specialize (H j Hj).
  unfold Rabs in H. destruct Rcase_abs; lra. }
assert (B : average l s v <= average l s u + m).
{ rewrite <- average_constant_plus. apply average_le. intros j Hj. specialize (H j Hj).
  unfold Rabs in H. destruct Rcase_abs; lra. }
unfold Rabs. destruct Rcase_abs; lra.
Qed.

Section Scores.
Variables (s t : nat -> R) (eta : R).
Hypothesis moved : forall j, In j l -> Rabs (t j - s j) <= eta.
Hypothesis eta_nonneg : 0 <= eta.

Lemma exp_moved j : In j l ->
  exp (t j) <= exp eta * exp (s j) /\ exp (s j) <= exp eta * exp (t j).
Proof.
intros Hj. specialize (moved j Hj). unfold Rabs in moved.
rewrite <- !exp_plus. split; apply exp_monotone; destruct Rcase_abs; lra.
Qed.

(** Values in [0, w], upwards. *)
Lemma average_up v w : 0 < w -> (forall j, In j l -> 0 <= v j <= w) ->
  average l t v - average l s v <= (exp eta - 1) / (exp eta + 1) * w.
Proof.
intros Hw Hv. unfold average.
set (A := sum_over l (fun j => exp (s j) * v j)).
set (B := sum_over l (fun j => exp (s j) * (w - v j))).
set (X := sum_over l (fun j => exp (t j) * v j)).
set (Y := sum_over l (fun j => exp (t j) * (w - v j))).
set (r := exp eta).
assert (AB : A + B = w * sum_over l (fun j => exp (s j))).
{ unfold A, B. rewrite <- sum_over_plus, <- sum_over_times. apply sum_over_ext. intros; ring. }
assert (XY : X + Y = w * sum_over l (fun j => exp (t j))).
{ unfold X, Y. rewrite <- sum_over_plus, <- sum_over_times. apply sum_over_ext. intros; ring. }
assert (WS := weights_positive l s some). assert (WT := weights_positive l t some).
set (S := sum_over l (fun j => exp (s j))) in *. set (T := sum_over l (fun j => exp (t j))) in *.
assert (Pos : forall (f : nat -> R) j, 0 <= exp (f j)) by (intros; apply Rlt_le, exp_pos).
assert (A0 : 0 <= A) by (apply sum_over_nonneg; intros j Hj; apply Rmult_le_pos; auto;
  apply Hv, Hj).
assert (B0 : 0 <= B) by (apply sum_over_nonneg; intros j Hj; apply Rmult_le_pos; auto;
  specialize (Hv j Hj); lra).
assert (X0 : 0 <= X) by (apply sum_over_nonneg; intros j Hj; apply Rmult_le_pos; auto;
  apply Hv, Hj).
assert (Y0 : 0 <= Y) by (apply sum_over_nonneg; intros j Hj; apply Rmult_le_pos; auto;
  specialize (Hv j Hj); lra).
assert (XA : X <= r * A).
{ unfold X, A. rewrite <- sum_over_times. apply sum_over_le. intros j Hj.
  rewrite <- Rmult_assoc. apply Rmult_le_compat_r; [apply Hv, Hj|apply exp_moved, Hj]. }
assert (YB : B <= r * Y).
{ unfold Y, B. rewrite <- sum_over_times. apply sum_over_le. intros j Hj.
  rewrite <- Rmult_assoc. apply Rmult_le_compat_r; [specialize (Hv j Hj); lra|].
  apply exp_moved, Hj. }
assert (R1 : 1 <= r) by (unfold r; generalize (exp_ineq1_le eta); lra).
assert (P : 0 < A + B) by (rewrite AB; apply Rmult_lt_0_compat; lra).
assert (P' : 0 < X + Y) by (rewrite XY; apply Rmult_lt_0_compat; lra).
replace (X / T) with (w * (X / (X + Y))) by (rewrite XY; field; lra).
replace (A / S) with (w * (A / (A + B))) by (rewrite AB; field; lra).
replace (w * (X / (X + Y)) - w * (A / (A + B))) with ((X / (X + Y) - A / (A + B)) * w) by ring.
apply Rmult_le_compat_r; [lra|].
replace (X / (X + Y) - A / (A + B)) with ((X * B - A * Y) / ((X + Y) * (A + B))) by (field; lra).
apply Rmult_le_reg_r with ((X + Y) * (A + B) * (r + 1)).
{ apply Rmult_lt_0_compat; [now apply Rmult_lt_0_compat|lra]. }
replace ((X * B - A * Y) / ((X + Y) * (A + B)) * ((X + Y) * (A + B) * (r + 1)))
  with ((X * B - A * Y) * (r + 1)) by (field; lra).
replace ((r - 1) / (r + 1) * ((X + Y) * (A + B) * (r + 1))) with ((r - 1) * ((X + Y) * (A + B)))
  by (field; lra).
(* (r-1)(XA + XB + YA + YB) - (r+1)(XB - AY) = (r-1) XA + (r-1) YB - 2 XB + 2r AY *)
assert (0 <= (r - 1) * (X * A + Y * B) - 2 * (X * B) + 2 * r * (A * Y)); [|nra].
assert (K1 : X * B <= r * r * (A * Y)).
{ apply Rle_trans with (r * A * (r * Y)); [|lra]. apply Rmult_le_compat; auto. }
assert (K2 : X * B * (X * B) <= (r * r) * ((X * A) * (Y * B))).
{ replace (r * r * (X * A * (Y * B))) with ((X * B) * (r * r * (A * Y))) by ring.
  apply Rmult_le_compat_l; [now apply Rmult_le_pos|exact K1]. }
set (p := X * A) in *. set (q := Y * B) in *. set (m := X * B) in *. set (n := A * Y) in *.
assert (0 <= p) by (now apply Rmult_le_pos). assert (0 <= q) by (now apply Rmult_le_pos).
assert (0 <= m) by (now apply Rmult_le_pos). assert (0 <= n) by (now apply Rmult_le_pos).
(* r (p + q) >= 2 m, and r^2 n >= m *)
assert (L : 2 * m <= r * (p + q)).
{ apply Rnot_lt_le. intros C. assert (0 <= r * (p + q)) by (apply Rmult_le_pos; lra).
  assert (r * (p + q) * (r * (p + q)) < 2 * m * (2 * m)) by (apply Rmult_le_0_lt_compat; lra).
  assert (0 <= (p - q) * (p - q)) by apply Rle_0_sqr.
  assert (0 <= r * r * ((p - q) * (p - q))) by (apply Rmult_le_pos; [nra|lra]). nra. }
apply Rmult_le_reg_l with r; [lra|]. rewrite Rmult_0_r.
replace (r * ((r - 1) * (p + q) - 2 * m + 2 * r * n))
  with ((r - 1) * (r * (p + q)) - 2 * r * m + 2 * (r * r * n)) by ring.
assert ((r - 1) * (2 * m) <= (r - 1) * (r * (p + q))) by (apply Rmult_le_compat_l; lra). nra.
Qed.
End Scores.

Lemma variation_le eta : 0 <= eta -> 0 <= (exp eta - 1) / (exp eta + 1) <= Rmin 1 (eta / 2).
Proof.
intros H. assert (P := exp_pos eta). assert (1 + eta <= exp eta) by apply exp_ineq1_le.
split; [apply Rmult_le_pos; [lra|apply Rlt_le, Rinv_0_lt_compat; lra]|].
apply Rmin_glb; [|now apply exp_trapezoid].
apply Rmult_le_reg_r with (exp eta + 1); [lra|].
unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.

(** Values in [lower, upper], both ways. *)
Lemma average_scores s t eta v lower upper : 0 <= eta ->
  (forall j, In j l -> Rabs (t j - s j) <= eta) ->
  (forall j, In j l -> lower <= v j <= upper) ->
  Rabs (average l t v - average l s v) <= Rmin 1 (eta / 2) * (upper - lower).
Proof.
intros E M V. destruct (variation_le eta E) as [K0 K].
assert (W : 0 <= upper - lower).
{ destruct l as [|j k]; [easy|]. specialize (V j (or_introl eq_refl)). lra. }
destruct (Req_dec upper lower) as [Z|N].
- assert (C : forall u, average l u v = lower).
  { intros u. rewrite <- (average_constant u lower). unfold average. f_equal. apply sum_over_ext.
    intros j Hj. f_equal. specialize (V j Hj). lra. }
  rewrite !C, Rminus_diag_eq, Rabs_R0 by reflexivity. rewrite Z, Rminus_diag_eq by reflexivity.
  lra.
- set (w := upper - lower) in *. assert (Hw : 0 < w) by (unfold w in *; lra).
  assert (U : average l t v - average l s v <= (exp eta - 1) / (exp eta + 1) * w).
  { assert (A := average_up s t eta M E (fun j => v j + - lower) w Hw).
    rewrite !average_constant_plus in A. unfold w in *.
    enough (average l t v + - lower - (average l s v + - lower) <=
            (exp eta - 1) / (exp eta + 1) * (upper - lower)) by lra.
    apply A. intros j Hj. specialize (V j Hj). lra. }
  assert (D : average l s v - average l t v <= (exp eta - 1) / (exp eta + 1) * w).
  { assert (A := average_up s t eta M E (fun j => - v j + upper) w Hw).
    rewrite !average_constant_plus, !average_opposite in A. unfold w in *.
    enough (- average l t v + upper - (- average l s v + upper) <=
            (exp eta - 1) / (exp eta + 1) * (upper - lower)) by lra.
    apply A. intros j Hj. specialize (V j Hj). lra. }
  assert ((exp eta - 1) / (exp eta + 1) * w <= Rmin 1 (eta / 2) * w)
    by (apply Rmult_le_compat_r; lra).
  unfold Rabs. destruct Rcase_abs; lra.
Qed.

Theorem average_moves s t eta u v m lower upper : 0 <= eta ->
  (forall j, In j l -> Rabs (t j - s j) <= eta) ->
  (forall j, In j l -> Rabs (u j - v j) <= m) ->
  (forall j, In j l -> lower <= v j <= upper) ->
  Rabs (average l t u - average l s v) <= m + Rmin 1 (eta / 2) * (upper - lower).
Proof.
intros E T U V.
replace (average l t u - average l s v)
  with ((average l t u - average l t v) + (average l t v - average l s v)) by ring.
apply Rle_trans with (1 := Rabs_triang _ _).
apply Rplus_le_compat; [now apply average_values|now apply average_scores].
Qed.
End Average.
