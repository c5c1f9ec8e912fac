(** T6, heads: a mask written into the weights.

    One-hot positions are appended to the rows, [X | I_N], and Ω Λ to W_QK as a diagonal block, Λ
    the mask; the head itself masks nothing. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Pseudo_mask.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

Section Pseudo_mask_head.
Variables T D E : finType.
Implicit Types (h : head T D E) (X : matrix T D).

Definition with_positions X : matrix T (D + T) := fun i c =>
  match c with inl j => X i j | inr j => identity i j end.

Definition direct_sum (I J K L : Type) (A : matrix I J) (B : matrix K L) : matrix (I + K) (J + L) :=
  fun i j => match i, j with
             | inl i, inl j => A i j
             | inr i, inr j => B i j
             | _, _ => 0
             end.

(** W_QK ⊕ P/scale, factored as W_Q ⊕ P/scale and W_K ⊕ I: the scale multiplies the whole score, so
    the block is divided by it. The values do not read the positions, and nothing is masked. *)
Definition position_head (P : matrix T T) h : head T (sum_finType D T) E := {|
  score_dim := sum_finType (score_dim h) T;
  value_dim := value_dim h;
  mask := fun _ => predT;
  scale := scale h;
  W_Q := direct_sum (W_Q h) (fun i j => P i j / scale h);
  W_K := direct_sum (W_K h) (@identity T);
  W_V := fun c => match c with inl j => W_V h j | inr _ => fun _ => 0 end;
  W_O := W_O h
|}.

(** Ω added to the allowed scores, or subtracted from the masked ones. *)
Definition pseudo_head (Omega : R) h : head T (sum_finType D T) E :=
  position_head (fun i j => Omega * indicator (mask h i j)) h.
Definition subtracting_head (Omega : R) h : head T (sum_finType D T) E :=
  position_head (fun i j => - (Omega * indicator (~~ mask h i j))) h.

(** ** What the weights realise *)

Lemma position_W_QK P h :
  W_QK (position_head P h) = direct_sum (W_QK h) (fun i j => P i j / scale h).
Proof.
apply: matrix_eq => i j; rewrite /W_QK /mulm sum_either /=.
case: i j => [i | i] [j | j] /=.
- by rewrite [X in _ + X]big1 ?Rplus_0_r // => k _; ring.
- by rewrite !big1 ?Rplus_0_r // => k _; rewrite /transpose /=; ring.
- by rewrite !big1 ?Rplus_0_r // => k _; rewrite /transpose /=; ring.
rewrite big1 => [|k _]; last by ring.
rewrite Rplus_0_l -[RHS](sum_select_sym (fun j => P i j / scale h)).
by apply: eq_bigr => k _; rewrite /transpose /= Rmult_comm.
Qed.

Lemma position_scores P h X i j :
  scale h <> 0 ->
  scores (position_head P h) (with_positions X) i j = scores h X i j + P i j.
Proof.
move=> scale0; rewrite /scores position_W_QK /=.
have query : (with_positions X *m direct_sum (W_QK h) (fun i j => P i j / scale h)) i
    = fun c => match c with inl d => (X *m W_QK h) i d | inr k => P i k / scale h end.
  apply: functional_extensionality => - [d | k]; rewrite /mulm sum_either /=.
    by rewrite [X in _ + X]big1 ?Rplus_0_r // => k _; ring.
  rewrite big1 => [|d _]; last by ring.
  by rewrite Rplus_0_l (sum_select_sym (fun j => P j k / scale h)).
rewrite {1}/mulm query sum_either /= Rmult_plus_distr_l; congr (_ + _).
under eq_bigr => k _ do rewrite /transpose /= Rmult_comm.
by rewrite (sum_select_sym (fun k => P i k / scale h)); field.
Qed.

Lemma position_values P h X : with_positions X *m W_OV (position_head P h) = X *m W_OV h.
Proof.
rewrite /W_OV -!mulmA; congr (_ *m _); apply: matrix_eq => i v; rewrite /mulm sum_either /=.
by rewrite [X in _ + X]big1 ?Rplus_0_r // => k _; ring.
Qed.

Theorem pseudo_mask_weights Omega h X i j :
  scale h <> 0 ->
  scores (pseudo_head Omega h) (with_positions X) i j
  = scores h X i j + Omega * indicator (mask h i j).
Proof. exact: position_scores. Qed.

(** ** The error of a head: row i, output coordinate k *)

Variables (Omega : R) (h : head T D E) (X : matrix T D).
Hypothesis scale_nonzero : scale h <> 0.

Definition row_values (k : E) : row T := fun j => (X *m W_OV h) j k.

Lemma output_is_masked i k :
  output h X i k = masked_output (mask h i) (scores h X i) (row_values k).
Proof. by rewrite /output mulmA. Qed.

Lemma position_output P i k :
  output (position_head P h) (with_positions X) i k
  = average predT (fun j => scores h X i j + P i j) (row_values k).
Proof.
rewrite /output mulmA position_values /average /mulm /=.
apply: eq_bigr => j _; congr (masked_softmax _ _ _ * _).
by apply: functional_extensionality => l; exact: position_scores.
Qed.

Lemma output_is_pseudo i k :
  output (pseudo_head Omega h) (with_positions X) i k
  = pseudo_output (mask h i) Omega (scores h X i) (row_values k).
Proof. exact: position_output. Qed.

(** Both encodings are the same function. *)
Theorem subtracting_head_is_pseudo_head :
  output (subtracting_head Omega h) (with_positions X)
  = output (pseudo_head Omega h) (with_positions X).
Proof.
apply: matrix_eq => i k; rewrite output_is_pseudo position_output -subtracting_is_the_same.
by congr average; apply: functional_extensionality => j; rewrite /Rminus.
Qed.

(** h~ - h = τ (v̄_M - v̄_S) in every row that allows and masks something. *)
Theorem pseudo_head_error i k j0 k0 :
  mask h i j0 -> masked (mask h i) k0 ->
  output (pseudo_head Omega h) (with_positions X) i k - output h X i k
  = leak (mask h i) Omega (scores h X i)
    * (average (masked (mask h i)) (scores h X i) (row_values k)
       - average (mask h i) (scores h X i) (row_values k)).
Proof.
by move=> ? ?; rewrite output_is_masked output_is_pseudo (@pseudo_mask_error _ _ _ _ _ j0 k0).
Qed.

(** Ω large enough for every row is enough for the head. *)
Theorem pseudo_head_Omega_sufficient B V eps :
  (forall i j, Rabs (scores h X i j) <= B) ->
  (forall j k, Rabs ((X *m W_OV h) j k) <= V) ->
  0 < eps < 2 * V ->
  (forall i, exists j, mask h i j) ->
  (forall i k0, masked (mask h i) k0 -> sufficient_Omega (mask h i) B V eps <= Omega) ->
  forall i k, Rabs (output (pseudo_head Omega h) (with_positions X) i k - output h X i k) <= eps.
Proof.
move=> scores_B values_V epsV allows enough i k; rewrite output_is_masked output_is_pseudo.
have [j0 mj0] := allows i; have [k0 mk0 | all] := pickP (masked (mask h i)).
  by apply: (Omega_sufficient mj0 mk0 (scores_B i) _ epsV (enough i k0 mk0)) => j; exact: values_V.
rewrite pseudo_mask_nothing_masked ?Rminus_eq_0 ?Rabs_R0; first by lra.
by move=> j; move: (all j) => /negbFE.
Qed.
End Pseudo_mask_head.

(** ** The limit: on bounded inputs the error goes to 0 as Ω grows *)

Lemma mulm_bounded (I J K : finType) (A : matrix I J) (B : matrix J K) a b :
  (forall i j, Rabs (A i j) <= a) -> (forall j k, Rabs (B j k) <= b) ->
  forall i k, Rabs ((A *m B) i k) <= INR #|J| * (a * b).
Proof.
move=> Aa Bb i k; apply: Rle_trans (sum_abs _ _) _; rewrite -(sum_const predT).
apply: sum_le => j _; rewrite Rabs_mult.
by apply: Rmult_le_compat; [exact: Rabs_pos | exact: Rabs_pos | exact: Aa | exact: Bb].
Qed.

Lemma bounded_matrix (I J : finType) (A : matrix I J) : exists a, forall i j, Rabs (A i j) <= a.
Proof.
by have [a Aa] := bounded_family (fun ij => A ij.1 ij.2); exists a => i j; exact: Aa (i, j).
Qed.

Section Limit.
Variables (T D E : finType) (h : head T D E).

Lemma bounded_scores C : exists B, forall X : matrix T D,
  (forall i j, Rabs (X i j) <= C) -> forall i j, Rabs (scores h X i j) <= B.
Proof.
have [w Ww] := bounded_matrix (W_QK h).
exists (Rabs (scale h) * (INR #|D| * (INR #|D| * (C * w) * C))) => X XC i j.
rewrite /scores Rabs_mult; apply: Rmult_le_compat_l (Rabs_pos _) _.
apply: mulm_bounded => [k d | d k]; last exact: XC.
exact: mulm_bounded.
Qed.

Lemma bounded_values C : exists V, forall X : matrix T D,
  (forall i j, Rabs (X i j) <= C) -> forall j k, Rabs ((X *m W_OV h) j k) <= V.
Proof.
have [w Ww] := bounded_matrix (W_OV h).
by exists (INR #|D| * (C * w)) => X XC j k; exact: mulm_bounded.
Qed.

Lemma ln_count_ratio_le (allowed : pred T) j0 k0 :
  allowed j0 -> masked allowed k0 ->
  ln (INR #|masked allowed| / INR #|allowed|) <= ln (INR #|T|).
Proof.
move=> aj0 mk0; have S0 := count_positive aj0; have M0 := count_positive mk0.
apply: ln_monotone; first exact: Rdiv_lt_0_compat.
have MT : INR #|masked allowed| <= INR #|T| by apply/le_INR/leP/max_card.
have S1 : 1 <= INR #|allowed|.
  by rewrite -[1]/(INR 1); apply/le_INR/leP/card_gt0P; exists j0.
have M1 := Rmult_le_compat_l _ _ _ (Rlt_le _ _ M0) S1.
apply: (Rmult_le_reg_r _ _ _ S0); rewrite /Rdiv Rmult_assoc Rinv_l; last by lra.
have T0 : 0 <= INR #|T| by apply: pos_INR.
have := Rmult_le_compat_l _ _ _ T0 S1; lra.
Qed.

Theorem pseudo_mask_converges C eps :
  scale h <> 0 -> (forall i, exists j, mask h i j) -> 0 < eps ->
  exists Omega0, forall Omega, Omega0 <= Omega ->
  forall X : matrix T D, (forall i j, Rabs (X i j) <= C) ->
  forall i k, Rabs (output (pseudo_head Omega h) (with_positions X) i k - output h X i k) <= eps.
Proof.
move=> scale0 allows eps0.
have [B scores_B] := bounded_scores C; have [V values_V] := bounded_values C.
pose V' := Rmax V eps.
have V'V : V <= V' by exact: Rmax_l.
have V'eps : eps <= V' by exact: Rmax_r.
exists (2 * B + ln (INR #|T|) + ln ((2 * V' - eps) / eps)) => Omega large X XC.
apply: (@pseudo_head_Omega_sufficient _ _ _ Omega h X scale0 B V') => //.
- exact: scores_B.
- by move=> j k; apply: Rle_trans V'V; exact: values_V.
- by lra.
move=> i k0 mk0; have [j0 mj0] := allows i.
have := ln_count_ratio_le mj0 mk0; move: large; rewrite /sufficient_Omega; lra.
Qed.
End Limit.
