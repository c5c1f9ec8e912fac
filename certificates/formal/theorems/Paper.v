(** The theorems of "Attention-Only Transformers and Implementing MLPs with Attention Heads"
    (Huben and Morris, 2023), for N tokens, D coordinates and L neurons.

    Each is an instance of a theorem proved elsewhere, repeated here to be read in one place. The
    stream is augmented: real token i is [x_i, 1, 0], the bias token [0, 0, 1] (Stream.v); heads,
    and what they output, are defined in Softmax.v. Real rows are [inl i], real coordinates
    [inl k]. *)
From Coq Require Import Reals.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Stream Linear Neuron Mlp Entrywise.
From Attncert.theorems Require Import Token_head Transformer Pseudo_mask Pseudo_mask_head.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

Section Paper.
Variables N D L : nat.
Notation I_N := (ordinal_finType N).
Notation I_D := (ordinal_finType D).
Notation I_L := (ordinal_finType L).
Notation augmented := (augment unit_finType).
Notation padded := (pad unit_finType).
Notation bias_token := (inr tt).

Variables (X : matrix I_N I_D) (norm : row I_D -> row I_D).

(** T1: the neuron x -> a SiLU(b (w.x + c)) v is one head of internal dimension 1, after any
    normalisation of the rows. *)
Theorem T1_neuron (w v : row I_D) (c a b : R) :
  output (neuron_head tt w c a b v) (normalise (gated _ norm) (augmented X))
  = padded (fun i k => a * silu (b * (dot (norm (X i)) w + c)) * v k)
  /\ internal_dimension 1 (@neuron_head I_N _ I_D _ tt w c a b v).
Proof.
by split; [rewrite normalise_augment neuron_head_output | exact: neuron_head_internal_dimension].
Qed.

(** T2: an MLP layer is L heads of internal dimension 1 and one more for its output bias: exactly
    for SiLU, ... *)
Theorem T2_silu_mlp (V1 : matrix I_D I_L) b1 (V2 : matrix I_L I_D) b2 :
  outputs (mlp_heads V1 b1 V2 b2 tt [:: (1, 1)]) (augmented X) = padded (mlp V1 b1 V2 b2 silu X).
Proof. exact: silu_mlp_is_heads. Qed.

(** ... and up to the errors of the neurons for an activation near a sum of m SiLUs, with m L + 1
    heads. *)
Theorem T2_any_mlp (V1 : matrix I_D I_L) b1 (V2 : matrix I_L I_D) b2 silus alpha
    (eps : row I_L) i k :
  (forall j, Rabs (silu_sum silus (preactivation V1 b1 X i j) - alpha (preactivation V1 b1 X i j))
             <= eps j) ->
  Rabs (outputs (mlp_heads V1 b1 V2 b2 tt silus) (augmented X) (inl i) (inl k)
        - mlp V1 b1 V2 b2 alpha X i k)
  <= \sum_j Rabs (V2 j k) * eps j.
Proof. exact: mlp_error. Qed.

Theorem T2_size (V1 : matrix I_D I_L) b1 (V2 : matrix I_L I_D) b2 silus :
  let heads := @mlp_heads I_N _ _ _ _ V1 b1 V2 b2 tt silus in
  size heads = (L * size silus).+1 /\ all (internal_dimension 1) heads.
Proof.
by split; [rewrite size_mlp_heads card_ord | exact: mlp_heads_internal_dimension].
Qed.

(** T3: a transformer of attention and MLPs becomes attention-only, exactly; real tokens never
    attend the bias token. *)
Theorem T3_attention_only (net : transformer I_N I_D unit_finType) :
  run_attention_only (convert tt net) (augmented X) = augmented (run_transformer net X).
Proof. exact: transformer_becomes_attention_only. Qed.

Theorem T3_bias_row (net : transformer I_N I_D unit_finType) n :
  run_attention_only (take n (convert tt net)) (augmented X) bias_token = bias_row tt.
Proof. exact: bias_row_is_invariant. Qed.

Theorem T3_bias_token_unattended (h : biased_head I_N I_D) S i :
  attention (token_head unit_finType h) S (inl i) bias_token = 0.
Proof. exact: real_tokens_ignore_bias_tokens. Qed.

(** T4: a head performs an affine map. *)
Theorem T4_linear (M : matrix I_D I_D) b :
  augmented X +m output (linear_head (affine (fun i j => M i j - identity i j) b)) (augmented X)
  = augmented (add_row (X *m M) b).
Proof. exact: head_performs_affine_map_in_residual. Qed.

(** T5: heads perform an activation entrywise; T4, T5, T4 are an MLP. *)
Theorem T5_activation silus :
  outputs (activation_heads tt silus) (augmented X) = padded (entrywise (silu_sum silus) X).
Proof. exact: activation_heads_output. Qed.

Theorem T5_mlp (V1 : matrix I_D I_L) b1 (V2 : matrix I_L I_D) b2 silus :
  outputs (affine_layer V2 b2)
    (outputs (activation_layer tt silus) (outputs (affine_layer V1 b1) (augmented X)))
  = augmented (mlp V1 b1 V2 b2 (silu_sum silus) X).
Proof. exact: mlp_performed_separately. Qed.

(** T6: a mask in the weights of [X | I_N] gives, in the limit, the masked head. *)
Theorem T6_weights Omega (h : head I_N I_D I_D) i j :
  scale h <> 0 ->
  scores (pseudo_head Omega h) (with_positions X) i j
  = scores h X i j + Omega * indicator (mask h i j).
Proof. exact: pseudo_mask_weights. Qed.

Theorem T6_error Omega (h : head I_N I_D I_D) i k j0 k0 :
  scale h <> 0 -> mask h i j0 -> masked (mask h i) k0 ->
  output (pseudo_head Omega h) (with_positions X) i k - output h X i k
  = leak (mask h i) Omega (scores h X i)
    * (average (masked (mask h i)) (scores h X i) (row_values h X k)
       - average (mask h i) (scores h X i) (row_values h X k)).
Proof. by move=> s0 mj mk; rewrite (pseudo_head_error _ _ _ _ mj mk). Qed.

Theorem T6_Omega (h : head I_N I_D I_D) Omega B V eps :
  scale h <> 0 ->
  (forall i j, Rabs (scores h X i j) <= B) -> (forall j k, Rabs ((X *m W_OV h) j k) <= V) ->
  0 < eps < 2 * V -> (forall i, exists j, mask h i j) ->
  (forall i k0, masked (mask h i) k0 -> sufficient_Omega (mask h i) B V eps <= Omega) ->
  forall i k, Rabs (output (pseudo_head Omega h) (with_positions X) i k - output h X i k) <= eps.
Proof. by move=> s0; exact: (pseudo_head_Omega_sufficient s0). Qed.

Theorem T6_limit (h : head I_N I_D I_D) C eps :
  scale h <> 0 -> (forall i, exists j, mask h i j) -> 0 < eps ->
  exists Omega0, forall Omega, Omega0 <= Omega ->
  forall X : matrix I_N I_D, (forall i j, Rabs (X i j) <= C) ->
  forall i k, Rabs (output (pseudo_head Omega h) (with_positions X) i k - output h X i k) <= eps.
Proof. exact: pseudo_mask_converges. Qed.
End Paper.
