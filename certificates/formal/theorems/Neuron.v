(** T1: a SiLU neuron is one masked attention head of internal dimension 1, exactly. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Stream Gate_head.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

Definition sigma (x : R) : R := / (1 + exp (- x)).
Definition silu (x : R) : R := x * sigma x.

Section Neuron.
Variables T D E B : finType.

(** The head of the neuron x -> a SiLU(b (w.x + c)) v, against bias token [b0]:
    W_Q = -[w; c; 0], W_K = b e_bias, W_V = a b [w; c; 0], W_O = [v, 0, 0]. No weight of the neuron
    is multiplied by b in the scores, none by a number other than a b in the values. *)
Definition neuron_head (b0 : B) (w : row D) (c a b : R) (v : row E) :
    head (tokens T B) (coordinates D B) (coordinates E B) := {|
  score_dim := unit_finType;
  value_dim := unit_finType;
  mask := gate_mask (pred1 b0);
  scale := 1;
  W_Q := fun j _ => - column B w c j;
  W_K := bias_keys (fun b' (_ : unit) => b * indicator (b' == b0));
  W_V := fun j _ => a * b * column B w c j;
  W_O := fun _ => pad_row B v
|}.

Lemma neuron_head_internal_dimension b0 w c a b v :
  internal_dimension 1 (neuron_head b0 w c a b v).
Proof. by rewrite /internal_dimension /= card_unit. Qed.

(** W_QK = -b [w; c; 0] e_bias^T. *)
Lemma neuron_head_W_QK b0 w c a b v j j' :
  W_QK (neuron_head b0 w c a b v) j j'
  = - b * column B w c j * match j' with bias b' => indicator (b' == b0) | _ => 0 end.
Proof. by rewrite /W_QK /mulm sum_unit /transpose; case: j' => [j' | [b' |]] /=; ring. Qed.

(** W_OV = a b [w; c; 0] [v, 0, 0]. *)
Lemma neuron_head_W_OV b0 w c a b v j k :
  W_OV (neuron_head b0 w c a b v) j k = a * b * column B w c j * pad_row B v k.
Proof. by rewrite /W_OV /mulm sum_unit. Qed.

Variable X : matrix T D.
Notation stream := (augment B X).

Lemma neuron_scores b0 w c a b v i u :
  scores (neuron_head b0 w c a b v) stream (inl i) u
  = match u with inl _ => 0 | inr b' => - (b * indicator (b' == b0) * (dot (X i) w + c)) end.
Proof.
rewrite (@gating_scores _ _ _ _ _ _ (fun _ j => - w j) (fun _ => - c)
           (fun b' _ => b * indicator (b' == b0))) //=.
- by case: u => [//| b']; rewrite sum_unit dot_opp; ring.
- by apply: matrix_eq => - [j | [j |]] _ //=; ring.
Qed.

Theorem neuron_head_output b0 w c a b v :
  output (neuron_head b0 w c a b v) stream
  = pad B (fun i k => a * silu (b * (dot (X i) w + c)) * v k).
Proof.
rewrite (@gating_output _ _ _ _ _ _ (pred1 b0)
           (fun i b' => - (b * indicator (b' == b0) * (dot (X i) w + c)))
           (fun i => a * b * (dot (X i) w + c)) v) //; first 1 last.
- by move=> i; rewrite neuron_scores.
- by move=> i b'; rewrite neuron_scores.
- rewrite -[W_V _]/(fun j (_ : unit) => a * b * column B w c j).
  have -> : (fun j (_ : unit) => a * b * column B w c j)
            = (fun j _ => column B (fun j => a * b * w j) (a * b * c) j).
    by apply: matrix_eq => - [j | [j |]] _ //=; ring.
  rewrite column_values; congr pad; apply: matrix_eq => i k.
  by rewrite dot_scale; ring.
congr pad; apply: matrix_eq => i k; rewrite /gate big_pred1_eq eqxx /indicator /silu /sigma.
by rewrite Rmult_1_r; ring.
Qed.
End Neuron.
Arguments neuron_head {T D E B} b0 w c a b v.

(** T1 with any normalisation of the rows, and one bias token. *)
Theorem silu_neuron_is_one_head (T D E : finType) (norm : row D -> row D) (X : matrix T D)
    (w : row D) (c a b : R) (v : row E) (i : T) (k : E) :
  output (neuron_head tt w c a b v) (normalise (gated _ norm) (augment _ X)) (inl i) (inl k)
  = a * silu (b * (dot (norm (X i)) w + c)) * v k.
Proof. by rewrite normalise_augment neuron_head_output. Qed.

(** Its other outputs are 0: the coordinates [ones] and [bias], and the bias token. *)
Theorem silu_neuron_leaves_the_bias_row (T D E : finType) (norm : row D -> row D) (X : matrix T D)
    (w : row D) (c a b : R) (v : row E) :
  output (neuron_head tt w c a b v) (normalise (gated _ norm) (augment _ X)) (inr tt)
  = fun _ => 0.
Proof. by rewrite normalise_augment neuron_head_output. Qed.
