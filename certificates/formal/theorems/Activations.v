(** B1: activations that gate heads compute exactly. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Stream Gate_head Linear Neuron Mlp Gates.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

(** The gate c σ(b z) over one bias token. *)
Definition single_gate (c b : R) : gate_data unit :=
  {| coefficient := c; seen := xpredT; slope := fun _ => b; shift := fun _ => 0 |}.

Lemma single_gate_value c b z : gate_value (single_gate c b) z = c * sigma (b * z).
Proof. by rewrite /gate_value sum_unit /= Rplus_0_r. Qed.

(** ** A GLU neuron σ(w_g.x + β)(w_v.x + c) v: one head of internal dimension 1 *)

Section Glu.
Variables T D E : finType.

Definition glu_head (w_g : row D) (beta : R) (w_v : row D) (c : R) (v : row E) :
    head (tokens T unit_finType) (coordinates D unit_finType) (coordinates E unit_finType) :=
  unshifted_gate_head (single_gate 1 1) w_g beta w_v c v.

Theorem glu_neuron_is_one_head (norm : row D -> row D) (X : matrix T D) w_g beta w_v c v i k :
  output (glu_head w_g beta w_v c v) (normalise (gated _ norm) (augment _ X)) (inl i) (inl k)
  = sigma (dot (norm (X i)) w_g + beta) * (dot (norm (X i)) w_v + c) * v k.
Proof.
by rewrite normalise_augment unshifted_gate_head_output //= single_gate_value !Rmult_1_l.
Qed.

Lemma glu_head_internal_dimension w_g beta w_v c v :
  internal_dimension 1 (glu_head w_g beta w_v c v).
Proof. by rewrite /internal_dimension /= card_unit. Qed.
End Glu.

(** ** Sigmoid and tanh: the weight itself, with a constant value *)

Theorem sigmoid_neuron_is_one_head (T D E : finType) (X : matrix T D) (w : row D) c (v : row E) :
  output (unshifted_gate_head (single_gate 1 1) w c (fun _ => 0) 1 v) (augment _ X)
  = pad _ (fun i k => sigma (dot (X i) w + c) * v k).
Proof.
rewrite unshifted_gate_head_output //; congr pad; apply: matrix_eq => i k.
by rewrite single_gate_value dot_zero !Rmult_1_l; ring.
Qed.

Lemma tanh_sigma x : tanh x = 2 * sigma (2 * x) - 1.
Proof.
rewrite /tanh /sinh /cosh /sigma.
replace (- (2 * x)) with (- x + - x) by ring.
replace (exp x) with (/ exp (- x)) by (rewrite exp_Ropp Rinv_inv; auto with real).
rewrite exp_plus; have e0 := exp_pos (- x); have ee := Rmult_lt_0_compat _ _ e0 e0.
by field; lra.
Qed.

(** tanh z = 2 σ(2z) - 1: the -1 is the output bias of one more head, which a layer has anyway. *)
Theorem tanh_neuron_is_heads (T D E : finType) (X : matrix T D) (w : row D) c (v : row E) :
  outputs [:: unshifted_gate_head (single_gate 2 2) w c (fun _ => 0) 1 v;
              bias_head (fun k => - v k)] (augment _ X)
  = pad _ (fun i k => tanh (dot (X i) w + c) * v k).
Proof.
rewrite !outputs_cons outputs_nil bias_head_output unshifted_gate_head_output //.
apply: matrix_eq => - [i | b] [k | k]; rewrite /addm /=; try by ring.
by rewrite single_gate_value dot_zero tanh_sigma; ring.
Qed.

Theorem tanh_mlp_is_heads (T D L E : finType) (X : matrix T D) (V1 : matrix D L) b1
    (V2 : matrix L E) b2 :
  outputs (gated_mlp_heads V1 b1 (fun _ _ => 0) (fun _ => 1) V2 (fun k => b2 k - \sum_j V2 j k)
             [:: single_gate 2 2]) (augment _ X)
  = pad _ (mlp V1 b1 V2 b2 tanh X).
Proof.
rewrite gated_mlp_is_heads; congr pad; apply: matrix_eq => i k.
rewrite /gated_mlp /mlp /add_row.
replace (_ + (b2 k - \sum_j V2 j k))
  with (((fun i j => gate_sum [:: single_gate 2 2] (preactivation V1 b1 X i j)
                     * preactivation (fun _ _ => 0) (fun _ => 1) X i j) *m V2) i k
        - \sum_j V2 j k + b2 k) by ring.
congr (_ + _); rewrite /mulm sum_minus; apply: eq_bigr => j _.
rewrite tanh_sigma /gate_sum big_cons big_nil single_gate_value.
rewrite {2}/preactivation /add_row /mulm -/(dot (X i) (fun _ => 0)) dot_zero.
by ring.
Qed.

(** ** QuickGELU x σ(1.702 x): one generalised SiLU *)

Definition quick_gelu (x : R) : R := x * sigma (1.702 * x).

Lemma silu_sum_quick_gelu : silu_sum [:: (/ 1.702, 1.702)] = quick_gelu.
Proof.
apply: functional_extensionality => x; rewrite /silu_sum big_cons big_nil /silu /quick_gelu /=.
by field; lra.
Qed.

Theorem quick_gelu_mlp_is_heads (T D L E B : finType) (b0 : B) (V1 : matrix D L) b1
    (V2 : matrix L E) b2 (X : matrix T D) :
  outputs (mlp_heads V1 b1 V2 b2 b0 [:: (/ 1.702, 1.702)]) (augment B X)
  = pad B (mlp V1 b1 V2 b2 quick_gelu X).
Proof. by rewrite mlp_is_heads silu_sum_quick_gelu. Qed.

(** ** Mish x tanh(ln(1 + e^x)): two heads of two bias tokens *)

Definition mish (x : R) : R := x * tanh (ln (1 + exp x)).

(** 1/(1 + 2e^-x + 2e^-2x) and 1/(1 + e^x/2 + e^-x). *)
Definition mish_rising : gate_data bool :=
  {| coefficient := 1; seen := xpredT; slope := fun b => if b then 2 else 1;
     shift := fun _ => - ln 2 |}.
Definition mish_falling : gate_data bool :=
  {| coefficient := 1; seen := xpredT; slope := fun b => if b then 1 else -1;
     shift := fun b => if b then 0 else ln 2 |}.
Definition mish_gates : seq (gate_data bool) := [:: mish_rising; mish_falling].

Lemma mish_rising_value x :
  gate_value mish_rising x = / (1 + 2 * exp (- x) + 2 * exp (- (2 * x))).
Proof.
rewrite /gate_value sum_bool /= /Rdiv Rmult_1_l; congr (/ _).
replace (- (1 * x + - ln 2)) with (ln 2 + - x) by ring.
replace (- (2 * x + - ln 2)) with (ln 2 + - (2 * x)) by ring.
by rewrite !exp_plus exp_ln; [ring | lra].
Qed.

Lemma mish_falling_value x :
  gate_value mish_falling x = / (1 + exp x / 2 + exp (- x)).
Proof.
rewrite /gate_value sum_bool /= /Rdiv Rmult_1_l; congr (/ _).
replace (- (-1 * x + ln 2)) with (x + - ln 2) by ring.
replace (- (1 * x + 0)) with (- x) by ring.
by rewrite exp_plus exp_Ropp exp_ln; [ring | lra].
Qed.

Theorem mish_is_two_gates x :
  mish x = x / (1 + 2 * exp (- x) + 2 * exp (- (2 * x))) + x / (1 + exp x / 2 + exp (- x)).
Proof.
have e0 := exp_pos x; have ee := Rmult_lt_0_compat _ _ e0 e0.
rewrite /mish /tanh /sinh /cosh exp_Ropp exp_ln; last by lra.
replace (- (2 * x)) with (- x + - x) by ring.
rewrite exp_plus exp_Ropp; set y := exp x in e0 ee *.
have yy : y ^ 2 = y * y by ring.
by field; repeat split; rewrite ?yy; lra.
Qed.

Lemma mish_gate_sum x : mish x = gate_sum mish_gates x * x.
Proof.
rewrite mish_is_two_gates /gate_sum !big_cons big_nil mish_rising_value mish_falling_value.
by rewrite /Rdiv; ring.
Qed.

Theorem mish_neuron_is_two_heads (T D E : finType) (X : matrix T D) (w : row D) c (v : row E) :
  outputs [:: gate_head mish_rising w c w c v; gate_head mish_falling w c w c v] (augment _ X)
  = pad _ (fun i k => mish (dot (X i) w + c) * v k).
Proof.
rewrite !outputs_cons outputs_nil !gate_head_output.
apply: matrix_eq => - [i | b] [k | k]; rewrite /addm /=; try by ring.
by rewrite mish_gate_sum /gate_sum !big_cons big_nil; ring.
Qed.

Theorem mish_mlp_is_heads (T D L E : finType) (X : matrix T D) (V1 : matrix D L) b1
    (V2 : matrix L E) b2 :
  outputs (gated_mlp_heads V1 b1 V1 b1 V2 b2 mish_gates) (augment _ X)
  = pad _ (mlp V1 b1 V2 b2 mish X).
Proof. by rewrite gated_mlp_is_heads (mlp_is_gated _ _ _ _ _ mish_gate_sum). Qed.
