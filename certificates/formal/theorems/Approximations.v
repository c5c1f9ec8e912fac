(** Layers that heads perform approximately: ReLU MLPs (T7) and SwiGLU layers (B3), with the errors
    of their outputs. The suprema of the errors in one variable are in Relu.v and Swiglu.v. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Relu Swiglu.
From Attncert.theorems Require Import Sums Softmax Stream Gate_head Linear Neuron Mlp Gates.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

(** ** A ReLU MLP by SiLU(kx)/k, for every input and every k > 0 *)

Theorem relu_mlp_error (T D L E B : finType) (b0 : B) (V1 : matrix D L) b1 (V2 : matrix L E) b2
    (X : matrix T D) (n : R) (i : T) (k : E) :
  0 < n ->
  Rabs (outputs (mlp_heads V1 b1 V2 b2 b0 [:: (/ n, n)]) (augment B X) (inl i) (inl k)
        - mlp V1 b1 V2 b2 Relu.relu X i k)
  <= Relu.lambert / n * \sum_j Rabs (V2 j k).
Proof.
move=> n0; rewrite Rmult_comm -sum_scale_r.
apply: (mlp_error _ _ _ (eps := fun _ => Relu.lambert / n)) => j.
rewrite /silu_sum big_cons big_nil Rplus_0_r /silu /=; set z := preactivation _ _ _ _ _.
replace (/ n * (n * z * sigma (n * z))) with (z * Relu.sigma (n * z)).
  exact: Relu.relu_error.
by rewrite /Relu.sigma /sigma; field; split; have := exp_pos (- (n * z)); lra.
Qed.

(** ** A SwiGLU layer by two heads for each neuron

    SiLU(a) b is nearly (4/d) g(a) b - (2/d) σ(a) b, g(a) = 1/(1 + e^-da + e^-a + e^-(1+d)a); the
    three bias tokens are None, with slope 1, Some false, with d, and Some true, with 1 + d. *)

Definition swiglu_slope (d : R) (b : option bool) : R :=
  match b with None => 1 | Some false => d | Some true => 1 + d end.

Definition swiglu_gates (d : R) : seq (gate_data (option bool)) :=
  [:: {| coefficient := 4 / d; seen := xpredT; slope := swiglu_slope d; shift := fun _ => 0 |};
      {| coefficient := - (2 / d); seen := pred1 None; slope := swiglu_slope d;
         shift := fun _ => 0 |}].

Lemma swiglu_gates_value d a :
  gate_sum (swiglu_gates d) a = 4 / d * Swiglu.gate d a - 2 / d * sigma a.
Proof.
rewrite /gate_sum !big_cons big_nil /gate_value /= sum_option sum_bool big_pred1_eq /=.
rewrite !Rplus_0_r !Rmult_1_l /Swiglu.gate /sigma /Rdiv.
replace (1 + (exp (- a) + (exp (- (d * a)) + exp (- ((1 + d) * a)))))
  with (1 + exp (- (d * a)) + exp (- a) + exp (- ((1 + d) * a))) by ring.
by ring.
Qed.

(** The heads are exactly the layer with S(a) = (4/d) g(a) - (2/d) σ(a). Where the gates'
    preactivations of neuron j lie within ±A_j and the values within ±C_j, coordinate k is off from
    SwiGLU by at most Σ_j |V2_jk| σ(A_j) C_j (A_j - (2/d) tanh(d A_j/2)). *)
Theorem swiglu_layer_error (T D L E : finType) (W_g : matrix D L) b_g (W_v : matrix D L) b_v
    (V2 : matrix L E) b2 (X : matrix T D) (d : R) (A C : row L) (i : T) (k : E) :
  0 < d ->
  (forall j, Rabs (preactivation W_g b_g X i j) <= A j) ->
  (forall j, Rabs (preactivation W_v b_v X i j) <= C j) ->
  Rabs (outputs (gated_mlp_heads W_g b_g W_v b_v V2 b2 (swiglu_gates d)) (augment _ X)
          (inl i) (inl k)
        - gated_mlp W_g b_g W_v b_v V2 b2 silu X i k)
  <= \sum_j Rabs (V2 j k) * (sigma (A j) * C j * (A j - 2 / d * tanh (d * A j / 2))).
Proof.
move=> d0 gA vC; pose eps j := sigma (A j) * C j * (A j - 2 / d * tanh (d * A j / 2)).
apply: (gated_mlp_error _ _ (eps := eps)) => j; rewrite swiglu_gates_value Rabs_minus_sym.
have := Swiglu.swiglu_bound d (A j) (C j) _ _ d0 (gA j) (vC j).
by rewrite /Swiglu.swiglu_error Rmult_minus_distr_r.
Qed.
