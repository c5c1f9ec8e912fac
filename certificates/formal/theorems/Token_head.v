(** T3, the attention layers: heads with biases on the original stream, and the heads without biases
    that replace them on the augmented stream. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Stream Gate_head Linear.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

(** ** Heads as transformers have them: queries, keys and values are affine in the row *)

Record biased_head (T D : finType) := Biased_head {
  factors : head T D D;
  b_Q : row (score_dim factors);
  b_K : row (score_dim factors);
  b_V : row (value_dim factors)
}.
Arguments b_Q {T D} b.
Arguments b_K {T D} b.
Arguments b_V {T D} b.

Section Original.
Variables T D : finType.
Implicit Types (h : biased_head T D) (X : matrix T D).

Definition queries h X := add_row (X *m W_Q (factors h)) (b_Q h).
Definition keys h X := add_row (X *m W_K (factors h)) (b_K h).
Definition values h X := add_row (X *m W_V (factors h)) (b_V h).
Arguments queries h X _ _ : clear implicits.
Arguments keys h X _ _ : clear implicits.
Arguments values h X _ _ : clear implicits.

Definition biased_scores h X : matrix T T :=
  fun i j => scale (factors h) * dot (queries h X i) (keys h X j).
Definition biased_attention h X : matrix T T :=
  fun i => masked_softmax (mask (factors h) i) (biased_scores h X i).
Definition biased_output h X : matrix T D :=
  biased_attention h X *m values h X *m W_O (factors h).

Definition attention_layer (heads : seq (biased_head T D)) (b_O : row D) X : matrix T D :=
  fun i k => \sum_(h <- heads) biased_output h X i k + b_O k.
End Original.
Arguments queries {T D} h X _ _.
Arguments keys {T D} h X _ _.
Arguments values {T D} h X _ _.

(** ** The same heads on the augmented stream *)

Section Converted.
Variables T D B : finType.

(** Real tokens see what they saw, and no bias token; a bias token sees itself. *)
Definition token_mask (m : T -> pred T) : tokens T B -> pred (tokens T B) := fun t u =>
  match t, u with
  | inl i, inl j => m i j
  | inr b, inr c => c == b
  | _, _ => false
  end.

(** W_Q = [W_Q; b_Q; 0] and so on; W_O is padded by zero columns. *)
Definition token_head (h : biased_head T D) :
    head (tokens T B) (coordinates D B) (coordinates D B) := {|
  score_dim := score_dim (factors h);
  value_dim := value_dim (factors h);
  mask := token_mask (mask (factors h));
  scale := scale (factors h);
  W_Q := fun c q => column B (fun j => W_Q (factors h) j q) (b_Q h q) c;
  W_K := fun c q => column B (fun j => W_K (factors h) j q) (b_K h q) c;
  W_V := fun c v => column B (fun j => W_V (factors h) j v) (b_V h v) c;
  W_O := fun v => pad_row B (W_O (factors h) v)
|}.

Variable X : matrix T D.
Notation stream := (augment B X).

Lemma augment_columns (Q : finType) (W : matrix D Q) (b : row Q) t :
  (stream *m (fun c q => column B (fun j => W j q) (b q) c)) t
  = match t with inl i => add_row (X *m W) b i | inr _ => fun _ => 0 end.
Proof.
apply: functional_extensionality => q.
by rewrite [LHS](dot_column X t); case: t.
Qed.

Lemma token_head_scores h i j :
  scores (token_head h) stream (inl i) (inl j) = biased_scores h X i j.
Proof. by rewrite scores_dot /= !augment_columns. Qed.

Lemma token_head_values h t :
  (stream *m W_V (token_head h) *m W_O (token_head h)) t
  = pad B (values h X *m W_O (factors h)) t.
Proof.
apply: functional_extensionality => k; rewrite /mulm /=.
under eq_bigr => v _ do
  rewrite -/((stream *m (fun c v => column B (fun j => W_V (factors h) j v) (b_V h v) c)) t v)
          augment_columns.
by case: t k => [i | b] [k | k] //=; apply: big1 => v _; ring.
Qed.

Theorem token_head_output h : output (token_head h) stream = pad B (biased_output h X).
Proof.
apply: matrix_eq => - [i | b] k; rewrite output_allowed; last first.
  rewrite (big_pred1 (inr b)) => [|[]] //=; rewrite token_head_values /=.
  by rewrite /Rdiv Rmult_0_r Rmult_0_l.
have real_sum (F : tokens T B -> R) :
    \sum_(t | mask (token_head h) (inl i) t) F t = \sum_(j | mask (factors h) i j) F (inl j).
  by rewrite big_sumType /= big_pred0_eq Rplus_0_r.
rewrite !real_sum; under eq_bigr => j _ do rewrite token_head_values token_head_scores.
under [X in _ / X]eq_bigr => j _ do rewrite token_head_scores.
rewrite -(masked_average _ _ (fun j => pad B (values h X *m W_O (factors h)) (inl j) k)).
case: k => [k | k] /=; last by apply: big1 => j _; ring.
by rewrite /biased_output mulmA.
Qed.

(** Real tokens never attend a bias token, whatever the stream. *)
Theorem real_tokens_ignore_bias_tokens h (S : matrix (tokens T B) (coordinates D B)) i b :
  attention (token_head h) S (inl i) (inr b) = 0.
Proof. exact: masked_softmax_masked. Qed.

(** ** The layer, with its output bias *)

Definition token_heads (heads : seq (biased_head T D)) (b_O : row D) :
    seq (head (tokens T B) (coordinates D B) (coordinates D B)) :=
  map token_head heads ++ [:: bias_head b_O].

Theorem attention_layer_is_heads heads b_O :
  outputs (token_heads heads b_O) stream = pad B (attention_layer heads b_O X).
Proof.
rewrite outputs_cat outputs_cons outputs_nil bias_head_output.
apply: matrix_eq => t k; rewrite /addm /outputs big_map.
under eq_bigr => h _ do rewrite token_head_output.
by case: t k => [i | b] [k | k] /=; rewrite ?Rplus_0_r //; apply: big1.
Qed.
End Converted.
Arguments token_heads {T D} B heads b_O.
