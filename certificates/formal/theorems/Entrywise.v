(** T5: heads perform activations entrywise; T4, T5, T4 in sequence are an MLP. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Stream Gate_head Linear Neuron Mlp.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

Section Entrywise.
Variables T D B : finType.
Notation stream_head := (head (tokens T B) (coordinates D B) (coordinates D B)).

(** W_Q = -e_j, W_K = b e_bias, W_V = a b e_j, W_O = e_j: the neuron with w = v = e_j and c = 0. *)
Definition activation_head (b0 : B) (a b : R) (j : D) : stream_head :=
  neuron_head b0 (identity j) 0 a b (identity j).

Definition entrywise (alpha : R -> R) (X : matrix T D) : matrix T D := fun i j => alpha (X i j).

Variable X : matrix T D.

(** One head writes a SiLU(b x_j) into coordinate j and 0 into the others. *)
Theorem activation_head_output b0 a b j :
  output (activation_head b0 a b j) (augment B X)
  = pad B (fun i k => a * silu (b * X i j) * indicator (j == k)).
Proof.
rewrite neuron_head_output; congr pad; apply: matrix_eq => i k; rewrite Rplus_0_r.
have -> // : dot (X i) (identity j) = X i j.
by rewrite -[RHS](sum_select_sym (X i)); apply: eq_bigr => d _; rewrite Rmult_comm.
Qed.

Definition activation_heads (b0 : B) (silus : seq (R * R)) : seq stream_head :=
  [seq activation_head b0 g.1 g.2 j | j <- enum D, g <- silus].

Theorem activation_heads_output b0 silus :
  outputs (activation_heads b0 silus) (augment B X) = pad B (entrywise (silu_sum silus) X).
Proof.
apply: matrix_eq => t k; rewrite /outputs big_allpairs_dep big_enum /=.
under eq_bigr => j _ do under eq_bigr => g _ do rewrite activation_head_output.
case: t k => [i | b] [k | k] /=; try by rewrite big1 // => j _; rewrite big1.
rewrite -[RHS](sum_select (entrywise (silu_sum silus) X i)); apply: eq_bigr => j _.
by rewrite sum_scale_r Rmult_comm.
Qed.

(** ** As a layer *)

(** With no residual stream one more head carries [ones] and [bias]. *)
Definition activation_layer (b0 : B) silus : seq stream_head :=
  linear_head carry :: activation_heads b0 silus.

Theorem heads_perform_activation b0 silus :
  outputs (activation_layer b0 silus) (augment B X) = augment B (entrywise (silu_sum silus) X).
Proof.
rewrite outputs_cons activation_heads_output linear_head_output augment_carry.
rewrite augment_add; congr augment.
by apply: matrix_eq => i j; rewrite /addm Rplus_0_l.
Qed.

(** Inside a residual stream one more head subtracts x. *)
Definition residual_activation_layer (b0 : B) silus : seq stream_head :=
  linear_head (affine (fun i j => - identity i j) (fun _ => 0)) :: activation_heads b0 silus.

Theorem heads_perform_activation_in_residual b0 silus :
  augment B X +m outputs (residual_activation_layer b0 silus) (augment B X)
  = augment B (entrywise (silu_sum silus) X).
Proof.
rewrite outputs_cons activation_heads_output linear_head_output augment_affine pad_add augment_add.
congr augment; apply: matrix_eq => i j; rewrite /addm /add_row.
have -> : (X *m (fun i j => - identity i j)) i j = - (X *m @identity D) i j.
  by rewrite /mulm -sum_opp; apply: eq_bigr => d _; ring.
by rewrite mulm_identity; ring.
Qed.
End Entrywise.
Arguments activation_heads {T D B} b0 silus.
Arguments activation_layer {T D B} b0 silus.
Arguments residual_activation_layer {T D B} b0 silus.

(** ** A whole MLP, its parts performed separately *)

Definition affine_layer (T D E B : finType) (M : matrix D E) (b : row E) :
    seq (head (tokens T B) (coordinates D B) (coordinates E B)) :=
  [:: linear_head (affine M b +m carry)].

Definition residual_affine_layer (T D B : finType) (M : matrix D D) (b : row D) :
    seq (head (tokens T B) (coordinates D B) (coordinates D B)) :=
  [:: linear_head (affine (fun i j => M i j - identity i j) b)].

Arguments affine_layer {T D E B} M b.
Arguments residual_affine_layer {T D B} M b.

Lemma outputs_one (T D E : finType) (h : head T D E) X : outputs [:: h] X = output h X.
Proof. by apply: matrix_eq => t k; rewrite /outputs big_cons big_nil Rplus_0_r. Qed.

Theorem mlp_performed_separately (T D L E B : finType) (b0 : B) (V1 : matrix D L) b1
    (V2 : matrix L E) b2 silus (X : matrix T D) :
  outputs (affine_layer V2 b2)
    (outputs (activation_layer b0 silus)
      (outputs (affine_layer V1 b1) (augment B X)))
  = augment B (mlp V1 b1 V2 b2 (silu_sum silus) X).
Proof.
by rewrite !outputs_one head_performs_affine_map heads_perform_activation
   head_performs_affine_map.
Qed.

(** In a residual stream of a width that holds the hidden neurons as well. *)
Theorem mlp_performed_separately_in_residual (T D B : finType) (b0 : B) (V1 : matrix D D) b1
    (V2 : matrix D D) b2 silus (X : matrix T D) :
  let residual heads S := S +m outputs heads S in
  residual (residual_affine_layer V2 b2)
    (residual (residual_activation_layer b0 silus)
      (residual (residual_affine_layer V1 b1) (augment B X)))
  = augment B (mlp V1 b1 V2 b2 (silu_sum silus) X).
Proof.
rewrite /= outputs_one head_performs_affine_map_in_residual heads_perform_activation_in_residual.
by rewrite outputs_one head_performs_affine_map_in_residual.
Qed.
