(** B1: gate heads with any number of bias tokens, and the layers they make.

    A gate is c / (1 + Σ_b e^-(slope_b z + shift_b)), summed over the bias tokens it sees. The head
    that computes it may carry any other affine form of the row as its value, so that gated linear
    units are exact as well. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Stream Gate_head Linear Neuron Mlp.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

Record gate_data (B : Type) := Gate {
  coefficient : R;
  seen : pred B;
  slope : B -> R;
  shift : B -> R
}.

Section Gates.
Variables T D L E B : finType.
Implicit Type g : gate_data B.

Definition gate_value g (z : R) : R :=
  coefficient g / (1 + \sum_(b | seen g b) exp (- (slope g b * z + shift g b))).

Definition gate_sum (gates : seq (gate_data B)) (z : R) : R := \sum_(g <- gates) gate_value g z.

(** x -> gate(w.x + c) (w'.x + c') v: W_Q = [-[w; c; 0], e_ones]; bias token b has the key
    [slope_b, -shift_b]; W_V = coefficient [w'; c'; 0]; W_O = [v, 0, 0]. The internal dimension of
    the scores is 2 because the shifts are stored, not added to c. *)
Definition gate_head g (w : row D) (c : R) (w' : row D) (c' : R) (v : row E) :
    head (tokens T B) (coordinates D B) (coordinates E B) := {|
  score_dim := bool_finType;
  value_dim := unit_finType;
  mask := gate_mask (seen g);
  scale := 1;
  W_Q := fun j q => if q then column B (fun _ => 0) 1 j else - column B w c j;
  W_K := bias_keys (fun b (q : bool) => if q then - shift g b else slope g b);
  W_V := fun j _ => coefficient g * column B w' c' j;
  W_O := fun _ => pad_row B v
|}.

(** When no score is shifted the internal dimension is 1, as in T1. *)
Definition unshifted_gate_head g (w : row D) (c : R) (w' : row D) (c' : R) (v : row E) :
    head (tokens T B) (coordinates D B) (coordinates E B) := {|
  score_dim := unit_finType;
  value_dim := unit_finType;
  mask := gate_mask (seen g);
  scale := 1;
  W_Q := fun j _ => - column B w c j;
  W_K := bias_keys (fun b (_ : unit) => slope g b);
  W_V := fun j _ => coefficient g * column B w' c' j;
  W_O := fun _ => pad_row B v
|}.

(** ** One head *)

Variable X : matrix T D.
Notation stream := (augment B X).

Lemma scaled_column_values a w c (v : row E) :
  stream *m (fun j (_ : unit) => a * column B w c j) *m (fun _ => pad_row B v)
  = pad B (fun i k => a * (dot (X i) w + c) * v k).
Proof.
have -> : (fun j (_ : unit) => a * column B w c j)
          = (fun j _ => column B (fun j => a * w j) (a * c) j).
  by apply: matrix_eq => - [j | [j |]] _ //=; ring.
by rewrite column_values; congr pad; apply: matrix_eq => i k; rewrite dot_scale; ring.
Qed.

Theorem gate_head_output g w c w' c' v :
  output (gate_head g w c w' c' v) stream
  = pad B (fun i k => gate_value g (dot (X i) w + c) * (dot (X i) w' + c') * v k).
Proof.
have score := @gating_scores _ _ _ _ X (gate_head g w c w' c' v)
  (fun (q : bool) j => if q then 0 else - w j) (fun q => if q then 1 else - c)
  (fun b q => if q then - shift g b else slope g b) erefl _ erefl.
have {}score i u : scores (gate_head g w c w' c' v) stream (inl i) u
  = match u with inl _ => 0 | inr b => - (slope g b * (dot (X i) w + c) + shift g b) end.
  rewrite score => [|/=]; last by apply: matrix_eq => - [j | [j |]] [] //=; ring.
  by case: u => [//|b]; rewrite sum_bool dot_opp dot_zero; ring.
rewrite (@gating_output _ _ _ _ _ _ (seen g)
           (fun i b => - (slope g b * (dot (X i) w + c) + shift g b))
           (fun i => coefficient g * (dot (X i) w' + c')) v) //; first 1 last.
- by move=> i; rewrite score.
- by move=> i b; rewrite score.
- exact: scaled_column_values.
by congr pad; apply: matrix_eq => i k; rewrite /gate /gate_value /Rdiv; ring.
Qed.

Theorem unshifted_gate_head_output g w c w' c' v :
  (forall b, shift g b = 0) ->
  output (unshifted_gate_head g w c w' c' v) stream
  = pad B (fun i k => gate_value g (dot (X i) w + c) * (dot (X i) w' + c') * v k).
Proof.
move=> unshifted; have score := @gating_scores _ _ _ _ X (unshifted_gate_head g w c w' c' v)
  (fun (q : unit) j => - w j) (fun _ => - c) (fun b _ => slope g b) erefl _ erefl.
have {}score i u : scores (unshifted_gate_head g w c w' c' v) stream (inl i) u
  = match u with inl _ => 0 | inr b => - (slope g b * (dot (X i) w + c)) end.
  rewrite score => [|/=]; last by apply: matrix_eq => - [j | [j |]] [] //=; ring.
  by case: u => [//|b]; rewrite sum_unit dot_opp; ring.
rewrite (@gating_output _ _ _ _ _ _ (seen g)
           (fun i b => - (slope g b * (dot (X i) w + c)))
           (fun i => coefficient g * (dot (X i) w' + c')) v) //; first 1 last.
- by move=> i; rewrite score.
- by move=> i b; rewrite score.
- exact: scaled_column_values.
congr pad; apply: matrix_eq => i k; rewrite /gate /gate_value /Rdiv.
under [X in _ = _ * / (1 + X) * _ * _]eq_bigr => b _ do rewrite unshifted Rplus_0_r.
by ring.
Qed.

(** ** A gated layer (S(X W_g + b_g) ∘ (X W_v + b_v)) V2 + b2, S a sum of gates

    With W_v = W_g and b_v = b_g it is an MLP whose activation is z S(z). *)

Variables (W_g : matrix D L) (b_g : row L) (W_v : matrix D L) (b_v : row L).
Variables (V2 : matrix L E) (b2 : row E).

Definition gated_mlp (S : R -> R) (X : matrix T D) : matrix T E :=
  add_row ((fun i j => S (preactivation W_g b_g X i j) * preactivation W_v b_v X i j) *m V2) b2.

Definition gated_mlp_heads (gates : seq (gate_data B)) :
    seq (head (tokens T B) (coordinates D B) (coordinates E B)) :=
  [seq gate_head g (fun d => W_g d j) (b_g j) (fun d => W_v d j) (b_v j) (V2 j)
  | j <- enum L, g <- gates] ++ [:: bias_head b2].

Lemma size_gated_mlp_heads gates : size (gated_mlp_heads gates) = (#|L| * size gates).+1.
Proof. by rewrite size_cat size_allpairs -cardE addn1. Qed.

Theorem gated_mlp_is_heads gates :
  outputs (gated_mlp_heads gates) stream = pad B (gated_mlp (gate_sum gates) X).
Proof.
rewrite outputs_cat outputs_cons outputs_nil bias_head_output.
apply: matrix_eq => t k; rewrite /addm /outputs big_allpairs_dep big_enum /=.
under eq_bigr => j _ do under eq_bigr => g _ do rewrite gate_head_output.
case: t k => [i | b] [k | k] /=; rewrite ?Rplus_0_r; try by rewrite big1 // => j _; rewrite big1.
rewrite /gated_mlp /add_row /mulm; congr (_ + _); apply: eq_bigr => j _.
by rewrite !sum_scale_r.
Qed.

(** The error of the layer from the errors of its gates: the values' sizes enter. *)
Theorem gated_mlp_error gates S (eps : row L) (i : T) (k : E) :
  (forall j, Rabs (gate_sum gates (preactivation W_g b_g X i j) * preactivation W_v b_v X i j
                   - S (preactivation W_g b_g X i j) * preactivation W_v b_v X i j) <= eps j) ->
  Rabs (outputs (gated_mlp_heads gates) stream (inl i) (inl k) - gated_mlp S X i k)
  <= \sum_j Rabs (V2 j k) * eps j.
Proof.
move=> err; rewrite gated_mlp_is_heads.
exact: (@layer_error _ _ _ _ _ _ (fun i j => S (preactivation W_g b_g X i j)
                                              * preactivation W_v b_v X i j)).
Qed.
End Gates.
Arguments gate_head {T D E B} g w c w' c' v.
Arguments unshifted_gate_head {T D E B} g w c w' c' v.
Arguments gated_mlp {T D L E} W_g b_g W_v b_v V2 b2 S X.
Arguments gated_mlp_heads {T D L E B} W_g b_g W_v b_v V2 b2 gates.

(** An MLP whose activation is z S(z). *)
Lemma mlp_is_gated (T D L E : finType) (V1 : matrix D L) b1 (V2 : matrix L E) b2 S alpha
    (X : matrix T D) :
  (forall z, alpha z = S z * z) -> mlp V1 b1 V2 b2 alpha X = gated_mlp V1 b1 V1 b1 V2 b2 S X.
Proof.
by move=> aS; apply: matrix_eq => i k; rewrite /mlp /gated_mlp /add_row /mulm;
   under eq_bigr => j _ do rewrite aS.
Qed.
