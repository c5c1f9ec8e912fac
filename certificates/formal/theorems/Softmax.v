(** Masked softmax and attention heads. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

(** ** Masked softmax: Λ_j e^(s_j) / Σ_k Λ_k e^(s_k), Λ the mask's row *)

Definition masked_softmax (T : finType) (mask : pred T) (s : row T) : row T :=
  fun j => indicator (mask j) * exp (s j) / (\sum_k indicator (mask k) * exp (s k)).

(** ** A head of input width D and output width E on tokens T

    The factors of its matrices are kept: the finite types [score_dim] and [value_dim] index their
    common inner sizes, the internal dimension of the head. The scale of the scores is any real
    number, such as 1/sqrt(d_head); it is not folded into the factors. *)

Record head (T D E : finType) := Head {
  score_dim : finType;
  value_dim : finType;
  mask : T -> pred T;
  scale : R;
  W_Q : matrix D score_dim;
  W_K : matrix D score_dim;
  W_V : matrix D value_dim;
  W_O : matrix value_dim E
}.
Arguments W_Q {T D E} h.
Arguments W_K {T D E} h.
Arguments W_V {T D E} h.
Arguments W_O {T D E} h.

Section Head.
Variables T D E : finType.
Implicit Types (h : head T D E) (X : matrix T D).

Definition W_QK h : matrix D D := W_Q h *m (W_K h)^T.
Definition W_OV h : matrix D E := W_V h *m W_O h.

Definition scores h X : matrix T T := fun i j => scale h * (X *m W_QK h *m X^T) i j.
Definition attention h X : matrix T T := fun i => masked_softmax (mask h i) (scores h X i).
Definition output h X : matrix T E := attention h X *m X *m W_OV h.

(** An attention layer adds up its heads. *)
Definition outputs (heads : seq (head T D E)) X : matrix T E :=
  fun i k => \sum_(h <- heads) output h X i k.

Definition internal_dimension (n : nat) h : bool := (#|score_dim h| == n) && (#|value_dim h| == n).
End Head.

(** ** Softmax *)

Section Masked.
Variables (T : finType) (mask : pred T) (s : row T).

Lemma masked_softmax_allowed j :
  mask j -> masked_softmax mask s j = exp (s j) / \sum_(k | mask k) exp (s k).
Proof. by rewrite /masked_softmax sum_indicator => ->; rewrite /indicator Rmult_1_l. Qed.

Lemma masked_softmax_masked j : ~~ mask j -> masked_softmax mask s j = 0.
Proof. by rewrite /masked_softmax => /negbTE ->; rewrite /indicator /Rdiv !Rmult_0_l. Qed.

Lemma partition_positive j : mask j -> 0 < \sum_(k | mask k) exp (s k).
Proof. by move=> mj; apply: (sum_positive mj) => k _; exact: exp_pos. Qed.

(** An average under the mask has only the allowed terms. *)
Lemma masked_average (v : row T) :
  \sum_j masked_softmax mask s j * v j
  = (\sum_(j | mask j) exp (s j) * v j) / \sum_(k | mask k) exp (s k).
Proof.
rewrite /Rdiv -(sum_indicator mask (fun j => exp (s j) * v j)) -sum_scale_r.
by apply: eq_bigr => j _; rewrite /masked_softmax sum_indicator /Rdiv; ring.
Qed.

Lemma masked_softmax_sum j : mask j -> \sum_k masked_softmax mask s k = 1.
Proof.
move=> mj; rewrite (eq_bigr (fun k => masked_softmax mask s k * 1)) => [|k _]; last by ring.
rewrite masked_average; under eq_bigr => k _ do rewrite Rmult_1_r.
by apply: Rinv_r; have := partition_positive mj; lra.
Qed.

Lemma masked_softmax_nonneg j : 0 <= masked_softmax mask s j.
Proof.
have [mj | mj] := boolP (mask j); last by rewrite masked_softmax_masked //; lra.
rewrite masked_softmax_allowed //; left.
by apply: Rdiv_lt_0_compat (exp_pos _) (partition_positive mj).
Qed.
End Masked.

(** Adding the same number to all scores changes nothing. *)
Lemma masked_softmax_shift (T : finType) (mask : pred T) (s : row T) a :
  masked_softmax mask (fun j => s j + a) = masked_softmax mask s.
Proof.
apply: functional_extensionality => j; have [mj | mj] := boolP (mask j); last first.
  by rewrite !masked_softmax_masked.
rewrite !masked_softmax_allowed //.
under eq_bigr => k _ do rewrite exp_plus.
rewrite sum_scale_r exp_plus.
have := exp_pos a; have := partition_positive s mj => Z0 a0; field; lra.
Qed.

(** ** Heads *)

Section Head_lemmas.
Variables T D E : finType.
Implicit Types (h : head T D E) (X : matrix T D).

(** Scores are products of queries and keys, outputs averages of values. *)
Lemma scores_dot h X i j :
  scores h X i j = scale h * dot ((X *m W_Q h) i) ((X *m W_K h) j).
Proof.
rewrite /scores /W_QK -mulmA mulmA; congr (_ * _).
apply: eq_bigr => q _; congr (_ * _); rewrite /mulm /transpose.
by apply: eq_bigr => d _; rewrite Rmult_comm.
Qed.

Lemma output_average h X i k :
  output h X i k = \sum_j attention h X i j * (X *m W_V h *m W_O h) j k.
Proof. by rewrite /output mulmA /W_OV -(mulmA X). Qed.

Lemma output_allowed h X i k :
  output h X i k
  = (\sum_(j | mask h i j) exp (scores h X i j) * (X *m W_V h *m W_O h) j k)
    / \sum_(j | mask h i j) exp (scores h X i j).
Proof. by rewrite output_average masked_average. Qed.

(** A token that attends to itself alone gives itself the weight 1. *)
Lemma output_self h X i k : mask h i =1 pred1 i -> output h X i k = (X *m W_OV h) i k.
Proof.
move=> self; rewrite output_allowed !(big_pred1 i) // /W_OV -mulmA.
have := exp_pos (scores h X i i) => e0; field; lra.
Qed.

Lemma outputs_cons h heads X : outputs (h :: heads) X = output h X +m outputs heads X.
Proof. by apply: matrix_eq => i k; rewrite /outputs big_cons. Qed.

Lemma outputs_nil X : outputs (E := E) [::] X = (fun _ _ => 0).
Proof. by apply: matrix_eq => i k; rewrite /outputs big_nil. Qed.

Lemma outputs_cat (heads heads' : seq (head T D E)) X :
  outputs (heads ++ heads') X = outputs heads X +m outputs heads' X.
Proof. by apply: matrix_eq => i k; rewrite /outputs big_cat. Qed.
End Head_lemmas.
