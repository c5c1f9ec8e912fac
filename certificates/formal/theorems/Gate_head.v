(** Heads that gate: a token weighs itself against bias tokens.

    A real token scores itself 0 and bias token b some s_b, so that its own weight is
    1/(1 + Σ_b e^(s_b)). Bias tokens have value 0, so the output is that weight times the token's
    own value, an affine form of its row. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Stream.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

Section Gate_head.
Variables T D E B : finType.

(** A real token sees itself and the bias tokens [seen]; a bias token sees itself. *)
Definition gate_mask (seen : pred B) : tokens T B -> pred (tokens T B) := fun t u =>
  match t, u with
  | inl i, inl j => j == i
  | inl _, inr b => seen b
  | inr _, inl _ => false
  | inr b, inr c => c == b
  end.

Definition gate (seen : pred B) (s : B -> R) : R := / (1 + \sum_(b | seen b) exp (s b)).

(** Keys held by the bias tokens. *)
Definition bias_keys (Q : Type) (keys : matrix B Q) : matrix (coordinates D B) Q := fun c =>
  match c with bias b => keys b | _ => fun _ => 0 end.

Variable X : matrix T D.
Notation stream := (augment B X).

(** ** Queries, keys and values *)

Lemma bias_keys_real Q (keys : matrix B Q) i q :
  dot (stream (inl i)) (fun c => bias_keys keys c q) = 0.
Proof. by rewrite (dot_real _ (erefl (X i))) /dot /= big1 => [|j _]; ring. Qed.

Lemma bias_keys_bias Q (keys : matrix B Q) b q :
  dot (stream (inr b)) (fun c => bias_keys keys c q) = keys b q.
Proof. by rewrite dot_bias. Qed.

(** Queries made of affine forms w_q.x + c_q, keys held by the bias tokens: a token scores itself 0
    and bias token b a combination of its affine forms. *)
Lemma gating_scores (h : head (tokens T B) (coordinates D B) (coordinates E B))
    (w : matrix (score_dim h) D) (c : row (score_dim h)) (keys : matrix B (score_dim h)) :
  scale h = 1 ->
  W_Q h = (fun j q => column B (w q) (c q) j) ->
  W_K h = bias_keys keys ->
  forall i u, scores h stream (inl i) u
              = match u with
                | inl _ => 0
                | inr b => \sum_q keys b q * (dot (X i) (w q) + c q)
                end.
Proof.
move=> scale1 queries keys_h i u; rewrite scores_dot scale1 queries keys_h Rmult_1_l.
have -> : (stream *m (fun j q => column B (w q) (c q) j)) (inl i) = fun q => dot (X i) (w q) + c q.
  by apply: functional_extensionality => q; exact: (dot_column X (inl i)).
have -> : (stream *m bias_keys keys) u
          = fun q => match u with inl _ => 0 | inr b => keys b q end.
  apply: functional_extensionality => q; rewrite /mulm.
  by case: u => [u | b]; [exact: bias_keys_real | exact: bias_keys_bias].
case: u => [u | b]; rewrite {1}/dot; last by apply: eq_bigr => q _; ring.
by apply: big1 => q _; ring.
Qed.

(** ** The output of a gating head *)

Section Output.
Variables (h : head (tokens T B) (coordinates D B) (coordinates E B)) (seen : pred B).
Variables (s : T -> B -> R) (value : T -> R) (v : row E).
Hypothesis mask_h : mask h = gate_mask seen.
Hypothesis self_score : forall i, scores h stream (inl i) (inl i) = 0.
Hypothesis bias_score : forall i b, scores h stream (inl i) (inr b) = s i b.
Hypothesis values : stream *m W_V h *m W_O h = pad B (fun i k => value i * v k).

Lemma gating_output :
  output h stream = pad B (fun i k => gate seen (s i) * value i * v k).
Proof.
apply: matrix_eq => - [i | b] c; rewrite output_allowed mask_h values; last first.
  rewrite (big_pred1 (inr b)) => [|[]] //=.
  by rewrite /Rdiv !Rmult_0_r Rmult_0_l; case: c.
have split_sum (F : tokens T B -> R) :
    \sum_(t | gate_mask seen (inl i) t) F t = F (inl i) + \sum_(b | seen b) F (inr b).
  by rewrite big_sumType /= big_pred1_eq.
rewrite !split_sum self_score exp_0 [X in (_ + X) / _]big1 => [|b _] /=; last by ring.
under eq_bigr => b _ do rewrite bias_score.
by rewrite /gate; case: c => [k | c] /=; rewrite /Rdiv; ring.
Qed.
End Output.

Lemma column_values w c (v : row E) :
  stream *m (fun j (_ : unit) => column B w c j) *m (fun _ => pad_row B v)
  = pad B (fun i k => (dot (X i) w + c) * v k).
Proof.
apply: matrix_eq => t k; rewrite /mulm sum_unit.
have -> : \sum_j stream t j * column B w c j = dot (stream t) (column B w c) by [].
by rewrite dot_column; case: t => [i | b]; case: k => [k | k] /=; ring.
Qed.
End Gate_head.
