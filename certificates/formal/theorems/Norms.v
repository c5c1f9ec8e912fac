(** LayerNorm and RMSNorm, and why normalisations on the augmented stream are gated by [ones]. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Stream.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

Section Norms.
Variable D : finType.
Variables (gamma beta : row D) (eps : R).

Definition mean (x : row D) : R := (\sum_j x j) / INR #|D|.

(** The biased variance, divided by the number of coordinates. *)
Definition variance (x : row D) : R := mean (fun j => (x j - mean x) * (x j - mean x)).
Definition mean_square (x : row D) : R := mean (fun j => x j * x j).

Definition layer_norm (x : row D) : row D :=
  fun j => gamma j * ((x j - mean x) / sqrt (variance x + eps)) + beta j.
Definition rms_norm (x : row D) : row D :=
  fun j => gamma j * (x j / sqrt (mean_square x + eps)).

Lemma mean_zero : mean (fun _ => 0) = 0.
Proof. by rewrite /mean big1 // /Rdiv Rmult_0_l. Qed.

(** The row 0 becomes β, so that without the gate every bias row would become [β, 0, 1]. *)
Theorem layer_norm_zero : layer_norm (fun _ => 0) = beta.
Proof.
apply: functional_extensionality => j; rewrite /layer_norm mean_zero /Rdiv.
by rewrite Rminus_eq_0 Rmult_0_l; ring.
Qed.

Theorem rms_norm_zero : rms_norm (fun _ => 0) = fun _ => 0.
Proof. by apply: functional_extensionality => j; rewrite /rms_norm /Rdiv; ring. Qed.

(** With the gate real tokens are normalised and bias tokens left alone. *)
Theorem gated_layer_norm (T B : finType) (X : matrix T D) :
  normalise (gated B layer_norm) (augment B X) = augment B (normalise layer_norm X).
Proof. exact: normalise_augment. Qed.
End Norms.
