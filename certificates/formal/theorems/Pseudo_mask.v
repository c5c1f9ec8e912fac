(** T6, one row: a number Ω added to the allowed scores in place of a mask.

    s are the scores of the row, v one coordinate of the values, [allowed] the mask's row; the
    masked set is its complement. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Neuron.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

Definition masked (T : Type) (allowed : pred T) : pred T := fun j => ~~ allowed j.

Section Definitions.
Variables (T : finType) (allowed : pred T) (Omega : R) (s v : row T).

(** The average of the values under a mask, and the log-sum-exp of its scores. *)
Definition average (P : pred T) (s v : row T) : R := \sum_j masked_softmax P s j * v j.
Definition lse (P : pred T) (s : row T) : R := ln (\sum_(j | P j) exp (s j)).

Definition masked_output : R := average allowed s v.
Definition pseudo_scores : row T := fun j => s j + Omega * indicator (allowed j).
Definition pseudo_output : R := average predT pseudo_scores v.

(** The weight that leaks to the masked tokens. *)
Definition leak : R := sigma (lse (masked allowed) s - lse allowed s - Omega).
End Definitions.

(** ** σ and averages *)

Lemma sigma_bounds x : 0 < sigma x < 1.
Proof.
rewrite /sigma; have e0 := exp_pos (- x); split; first by apply: Rinv_0_lt_compat; lra.
by rewrite -[X in _ < X]Rinv_1; apply: Rinv_lt_contravar; lra.
Qed.

Lemma sigma_increasing x y : x < y -> sigma x < sigma y.
Proof.
move=> xy; have ey := exp_pos (- y).
have : exp (- y) < exp (- x) by apply: exp_increasing; lra.
by move=> exy; apply: Rinv_lt_contravar; [apply: Rmult_lt_0_compat |]; lra.
Qed.

Lemma sigma_monotone x y : x <= y -> sigma x <= sigma y.
Proof. by case=> [/sigma_increasing | ->]; lra. Qed.

Lemma sigma_ln r : 0 < r -> sigma (- ln r) = / (1 + r).
Proof. by move=> r0; rewrite /sigma Ropp_involutive exp_ln. Qed.

Lemma sigma_ln_ratio a b : 0 < a -> 0 < b -> sigma (ln a - ln b) = a / (a + b).
Proof.
move=> a0 b0; rewrite /sigma; replace (- (ln a - ln b)) with (ln b + - ln a) by ring.
by rewrite exp_plus exp_Ropp !exp_ln //; field; lra.
Qed.

Lemma ln_monotone x y : 0 < x -> x <= y -> ln x <= ln y.
Proof. by move=> x0; case=> [/(ln_increasing _ _ x0) | ->]; lra. Qed.

Lemma exp_monotone x y : x <= y -> exp x <= exp y.
Proof. by case=> [/exp_increasing | ->]; lra. Qed.

(** An average lies within d of c when its values do. *)
Lemma average_near (T : finType) (P : pred T) (s v : row T) j0 c d :
  P j0 -> (forall j, P j -> Rabs (v j - c) <= d) -> Rabs (average P s v - c) <= d.
Proof.
move=> Pj0 vd; have one := masked_softmax_sum s Pj0.
have -> : average P s v - c = \sum_j masked_softmax P s j * (v j - c).
  rewrite -[X in _ - X]Rmult_1_l -one -sum_scale_r sum_minus.
  by apply: eq_bigr => j _; ring.
apply: Rle_trans (sum_abs _ _) _; rewrite -[X in _ <= X]Rmult_1_l -one -sum_scale_r.
apply: sum_le => j _; rewrite Rabs_mult (Rabs_pos_eq _ (masked_softmax_nonneg P s j)).
have [Pj | Pj] := boolP (P j); last by rewrite masked_softmax_masked //; lra.
exact: Rmult_le_compat_l (masked_softmax_nonneg _ _ _) (vd j Pj).
Qed.

(** A row that allows nothing becomes an unmasked one. *)
Theorem pseudo_mask_nothing_allowed (T : finType) (allowed : pred T) Omega s v :
  (forall j, masked allowed j) -> pseudo_output allowed Omega s v = average predT s v.
Proof.
move=> none; rewrite /pseudo_output; congr average; apply: functional_extensionality => j.
by rewrite /pseudo_scores (negbTE (none j)) /indicator; ring.
Qed.

(** ** The error, exactly *)

Section Row.
Variables (T : finType) (allowed : pred T) (Omega : R) (s v : row T).
Variables (j0 k0 : T).
Hypothesis allowed_j0 : allowed j0.

Notation pseudo := (pseudo_output allowed Omega s v).
Notation true_output := (masked_output allowed s v).
Notation tau := (leak allowed Omega s).

(** Where nothing is masked there is no error. *)
Theorem pseudo_mask_nothing_masked : (forall j, allowed j) -> pseudo = true_output.
Proof.
move=> all; rewrite /pseudo_output /masked_output /average.
have -> : pseudo_scores allowed Omega s = fun j => s j + Omega.
  by apply: functional_extensionality => j; rewrite /pseudo_scores all /indicator; ring.
rewrite masked_softmax_shift; apply: eq_bigr => j _; congr (_ * _).
by rewrite !masked_softmax_allowed //; congr (_ / _); apply: eq_bigl => k; rewrite all.
Qed.

(** Adding -Ω to the masked scores is the same function. *)
Theorem subtracting_is_the_same :
  average predT (fun j => s j - Omega * indicator (~~ allowed j)) v = pseudo.
Proof.
rewrite /pseudo_output /average; under [RHS]eq_bigr => j _.
  rewrite -(masked_softmax_shift _ _ (- Omega)).
  over.
apply: eq_bigr => j _; congr (masked_softmax _ _ _ * _).
apply: functional_extensionality => k; rewrite /pseudo_scores.
by case: (allowed k); rewrite /indicator /=; ring.
Qed.

Hypothesis masked_k0 : masked allowed k0.

(** h~ - h = τ (v̄_M - v̄_S), τ = σ(LSE_M(s) - LSE_S(s) - Ω). *)
Theorem pseudo_mask_error :
  pseudo - true_output = tau * (average (masked allowed) s v - average allowed s v).
Proof.
have S0 := partition_positive s allowed_j0; have M0 := partition_positive s masked_k0.
have O0 := exp_pos Omega.
have tauE : tau = (\sum_(j | masked allowed j) exp (s j))
                  / (\sum_(j | masked allowed j) exp (s j)
                     + exp Omega * \sum_(j | allowed j) exp (s j)).
  rewrite /leak /lse; rewrite -{1}(ln_exp Omega).
  replace (_ - _ - _) with (ln (\sum_(j | masked allowed j) exp (s j))
    - (ln (exp Omega) + ln (\sum_(j | allowed j) exp (s j)))) by ring.
  by rewrite -ln_mult // sigma_ln_ratio //; apply: Rmult_lt_0_compat.
rewrite tauE /pseudo_output /masked_output /average !masked_average.
have split_sum (F : T -> R) : \sum_(j | predT j) exp (pseudo_scores allowed Omega s j) * F j
    = exp Omega * (\sum_(j | allowed j) exp (s j) * F j)
      + \sum_(j | masked allowed j) exp (s j) * F j.
  rewrite (bigID allowed) /= -sum_scale_l; congr (_ + _); apply: eq_bigr => j aj.
    by rewrite /pseudo_scores aj /indicator Rmult_1_r exp_plus; ring.
  by rewrite /pseudo_scores (negbTE aj) /indicator Rmult_0_r Rplus_0_r.
have -> : \sum_(j | predT j) exp (pseudo_scores allowed Omega s j)
    = exp Omega * (\sum_(j | allowed j) exp (s j)) + \sum_(j | masked allowed j) exp (s j).
  under eq_bigr => j _ do rewrite -[exp _]Rmult_1_r.
  by rewrite split_sum; under eq_bigr do rewrite Rmult_1_r;
     under [X in _ + X]eq_bigr do rewrite Rmult_1_r.
rewrite split_sum; have OS := Rmult_lt_0_compat _ _ O0 S0.
by field; lra.
Qed.

(** ** Bounds *)

(** With values of the two sets at most d apart the error is at most τ d. *)
Theorem pseudo_mask_error_le d :
  (forall j k, ~~ allowed j -> allowed k -> Rabs (v j - v k) <= d) ->
  Rabs (pseudo - true_output) <= tau * d.
Proof.
move=> vd; rewrite pseudo_mask_error Rabs_mult Rabs_pos_eq; last first.
  by have := sigma_bounds (lse (masked allowed) s - lse allowed s - Omega); rewrite /leak; lra.
apply: Rmult_le_compat_l.
  by have := sigma_bounds (lse (masked allowed) s - lse allowed s - Omega); rewrite /leak; lra.
apply: (@average_near _ _ _ _ k0) => // j mj; rewrite Rabs_minus_sym.
by apply: (@average_near _ _ _ _ j0) => // k ak; rewrite Rabs_minus_sym; apply: vd.
Qed.
End Row.

Notation count P := (INR #|P|).

Lemma count_positive (T : finType) (P : pred T) j : P j -> 0 < count P.
Proof. by move=> Pj; apply: lt_0_INR; apply/ltP/card_gt0P; exists j. Qed.

(** What the leak can be with scores in [-B, B], and what Ω an error of E needs with values in
    [-V, V]. *)
Definition leak_bound (T : finType) (allowed : pred T) (B Omega : R) : R :=
  sigma (2 * B + ln (count (masked allowed) / count allowed) - Omega).

Definition sufficient_Omega (T : finType) (allowed : pred T) (B V E : R) : R :=
  2 * B + ln (count (masked allowed) / count allowed) + ln ((2 * V - E) / E).

Section Bounds.
Variables (T : finType) (allowed : pred T) (j0 k0 : T).
Hypotheses (allowed_j0 : allowed j0) (masked_k0 : masked allowed k0).

Let S0 : 0 < count allowed := count_positive allowed_j0.
Let M0 : 0 < count (masked allowed) := count_positive masked_k0.

Lemma lse_le (P : pred T) (s : row T) B j :
  P j -> (forall j, Rabs (s j) <= B) -> lse P s <= ln (count P) + B.
Proof.
move=> Pj sB; have P0 := count_positive Pj.
rewrite /lse -[X in _ + X]ln_exp -ln_mult //; last exact: exp_pos.
apply: ln_monotone; first exact: (partition_positive _ Pj).
rewrite -sum_const; apply: sum_le => i _.
by apply: exp_monotone; have := sB i; have := Rle_abs (s i); lra.
Qed.

Lemma lse_ge (P : pred T) (s : row T) B j :
  P j -> (forall j, Rabs (s j) <= B) -> ln (count P) - B <= lse P s.
Proof.
move=> Pj sB; have P0 := count_positive Pj.
rewrite /lse -[X in _ - X]ln_exp /Rminus -[- ln _]ln_Rinv; last exact: exp_pos.
rewrite -exp_Ropp -ln_mult //; last exact: exp_pos.
apply: ln_monotone; first by apply: Rmult_lt_0_compat => //; exact: exp_pos.
rewrite -sum_const; apply: sum_le => i _.
by apply: exp_monotone; have := sB i; have := Rle_abs (- s i); rewrite Rabs_Ropp; lra.
Qed.

Lemma ln_ratio : ln (count (masked allowed) / count allowed)
                 = ln (count (masked allowed)) - ln (count allowed).
Proof. by rewrite /Rdiv ln_mult ?ln_Rinv //; apply: Rinv_0_lt_compat. Qed.

Variables (B Omega : R) (s v : row T).
Hypothesis scores_B : forall j, Rabs (s j) <= B.

(** The sharp leak: τ <= σ(2B + ln(n_M/n_S) - Ω). *)
Theorem leak_le : leak allowed Omega s <= leak_bound allowed B Omega.
Proof.
apply: sigma_monotone; rewrite ln_ratio.
by have := lse_le masked_k0 scores_B; have := lse_ge allowed_j0 scores_B; lra.
Qed.

Variables V E : R.
Hypothesis values_V : forall j, Rabs (v j) <= V.

Notation pseudo := (pseudo_output allowed Omega s v).
Notation true_output := (masked_output allowed s v).

Theorem pseudo_mask_error_bounded :
  Rabs (pseudo - true_output) <= leak_bound allowed B Omega * (2 * V).
Proof.
have V0 : 0 <= V by apply: Rle_trans (Rabs_pos _) (values_V j0).
apply: Rle_trans (Rmult_le_compat_r _ _ _ _ leak_le); last by lra.
apply: (@pseudo_mask_error_le _ _ _ _ _ j0 k0) => // j k _ _.
apply: Rle_trans (Rabs_triang _ _) _; rewrite Rabs_Ropp.
by have := values_V j; have := values_V k; lra.
Qed.

(** With Ω >= 2B + ln(n_M/n_S) + ln((2V-E)/E) the error is at most E. *)
Theorem Omega_sufficient :
  0 < E < 2 * V -> sufficient_Omega allowed B V E <= Omega -> Rabs (pseudo - true_output) <= E.
Proof.
move=> EV enough; apply: Rle_trans pseudo_mask_error_bounded _.
suff : leak_bound allowed B Omega <= E / (2 * V).
  move=> le; have -> : E = E / (2 * V) * (2 * V) by field; lra.
  by apply: Rmult_le_compat_r le; lra.
have <- : sigma (- ln ((2 * V - E) / E)) = E / (2 * V).
  rewrite sigma_ln; first by field; lra.
  by apply: Rdiv_lt_0_compat; lra.
by apply: sigma_monotone; move: enough; rewrite /sufficient_Omega; lra.
Qed.

(** With E >= 2V every Ω is enough. *)
Theorem any_Omega_sufficient : 2 * V <= E -> Rabs (pseudo - true_output) <= E.
Proof.
move=> VE; apply: Rle_trans pseudo_mask_error_bounded _.
have V0 : 0 <= V by apply: Rle_trans (Rabs_pos _) (values_V j0).
have [] := sigma_bounds (2 * B + ln (count (masked allowed) / count allowed) - Omega).
rewrite -/(leak_bound _ _ _) => l0 l1; have := Rmult_le_compat_r (2 * V) _ _ _ (Rlt_le _ _ l1).
lra.
Qed.
End Bounds.

(** ** Sharpness: scores and values constant on either side, and opposite *)

Section Sharp.
Variables (T : finType) (allowed : pred T) (j0 k0 : T).
Hypotheses (allowed_j0 : allowed j0) (masked_k0 : masked allowed k0).
Variables B V Omega : R.

Let S0 : 0 < count allowed := count_positive allowed_j0.
Let M0 : 0 < count (masked allowed) := count_positive masked_k0.

(** -x on allowed tokens, x on masked ones. *)
Definition opposite (x : R) : row T := fun j => if allowed j then - x else x.

Lemma lse_constant (P : pred T) (s : row T) j a :
  P j -> (forall j, P j -> s j = a) -> lse P s = ln (count P) + a.
Proof.
move=> Pj sa; rewrite /lse (eq_bigr (fun _ => exp a)) => [|i /sa -> //].
by rewrite sum_const ln_mult ?ln_exp //; [exact: count_positive Pj | exact: exp_pos].
Qed.

Lemma average_constant (P : pred T) (s v : row T) j a :
  P j -> (forall j, P j -> v j = a) -> average P s v = a.
Proof.
move=> Pj va; apply: Rminus_diag_uniq.
have near : Rabs (average P s v - a) <= 0.
  by apply: (@average_near _ _ _ _ j) => // i Pi; rewrite va // Rminus_eq_0 Rabs_R0; lra.
by move: near; rewrite /Rabs; case: Rcase_abs; lra.
Qed.

Lemma opposite_allowed x j : allowed j -> opposite x j = - x.
Proof. by rewrite /opposite => ->. Qed.

Lemma opposite_masked x j : masked allowed j -> opposite x j = x.
Proof. by rewrite /opposite /masked => /negbTE ->. Qed.

Theorem leak_is_sharp : leak allowed Omega (opposite B) = leak_bound allowed B Omega.
Proof.
rewrite /leak /leak_bound (ln_ratio allowed_j0 masked_k0).
rewrite (lse_constant masked_k0 (@opposite_masked B)).
rewrite (lse_constant allowed_j0 (@opposite_allowed B)).
by congr sigma; ring.
Qed.

Theorem pseudo_mask_error_is_sharp :
  pseudo_output allowed Omega (opposite B) (opposite V)
  - masked_output allowed (opposite B) (opposite V)
  = leak_bound allowed B Omega * (2 * V).
Proof.
rewrite (@pseudo_mask_error _ _ _ _ _ j0 k0) // leak_is_sharp; congr (_ * _).
rewrite (average_constant _ masked_k0 (@opposite_masked V)).
rewrite (average_constant _ allowed_j0 (@opposite_allowed V)).
by ring.
Qed.

(** A smaller Ω is not enough. *)
Theorem Omega_necessary E :
  0 < E < 2 * V -> Omega < sufficient_Omega allowed B V E ->
  E < pseudo_output allowed Omega (opposite B) (opposite V)
      - masked_output allowed (opposite B) (opposite V).
Proof.
move=> EV small; rewrite pseudo_mask_error_is_sharp.
have -> : E = sigma (- ln ((2 * V - E) / E)) * (2 * V).
  rewrite sigma_ln; first by field; lra.
  by apply: Rdiv_lt_0_compat; lra.
apply: Rmult_lt_compat_r; first by lra.
by apply: sigma_increasing; move: small; rewrite /sufficient_Omega; lra.
Qed.

(** With Ω what it must be, the error is E. *)
Theorem Omega_attained E :
  0 < E < 2 * V -> Omega = sufficient_Omega allowed B V E ->
  pseudo_output allowed Omega (opposite B) (opposite V)
  - masked_output allowed (opposite B) (opposite V) = E.
Proof.
move=> EV enough; rewrite pseudo_mask_error_is_sharp /leak_bound enough /sufficient_Omega.
set l := ln (_ / E); replace (_ - _) with (- l) by ring.
rewrite sigma_ln; first by field; lra.
by apply: Rdiv_lt_0_compat; lra.
Qed.
End Sharp.
