(** The best constant for one sigmoid: with k = 1.77293396561675, x sigma(k x) is within
    0.01392224548 of GELU for every real x; 0.01392224547 is reached, on either side of GELU. *)
From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
From Attncert.theorems Require Import Normal Gelu_sigmoid.
Open Scope R_scope.

Local Notation k := 1.77293396561675.
Local Notation e := 0.01392224548.

(** Both margins come within 1e-11 of 0: near 2.42661 and near 0.89576. *)
Lemma margin_above : holds_on k e 1 0.027 8.
Proof.
apply (holds_split _ _ _ _ 2.42661); [|apply (holds_split _ _ _ _ 2.42662);
  [|apply (holds_split _ _ _ _ 4.3); [|apply (holds_split _ _ _ _ 4.45)]]].
- apply holds_decreasing; [lra|slope_sign|margin_value].
- apply holds_slope with (-8e-8); [lra|lra|slope_sign|margin_value].
- apply holds_slope with 0; [lra|lra|slope_sign|margin_value].
- apply holds_slope with (-1e-3); [lra|lra|slope_sign|margin_value].
- apply holds_decreasing; [lra|slope_sign|margin_value].
Qed.

Lemma margin_below : holds_on k e (-1) 0.027 8.
Proof.
apply (holds_split _ _ _ _ 0.895756); [|apply (holds_split _ _ _ _ 0.895761);
  [|apply (holds_split _ _ _ _ 2.05); [|apply (holds_split _ _ _ _ 2.15)]]].
- apply holds_decreasing; [lra|slope_sign|margin_value].
- apply holds_slope with (-3e-7); [lra|lra|slope_sign|margin_value].
- apply holds_slope with 0; [lra|lra|slope_sign|margin_value].
- apply holds_slope with (-0.01); [lra|lra|slope_sign|margin_value].
- apply holds_decreasing; [lra|slope_sign|margin_value].
Qed.

Theorem gelu_best_sigmoid x :
  Rabs (x * Phi x - x / (1 + exp (- (1.77293396561675 * x)))) <= 0.01392224548.
Proof.
apply gelu_sigmoid_distance; [lra|lra|]. split; [exact margin_above|exact margin_below].
Qed.

(** GELU is larger at the first point and smaller at the second. *)
Theorem gelu_best_sigmoid_sharp :
  (exists x, 0.01392224547 <= x * Phi x - x / (1 + exp (- (1.77293396561675 * x)))) /\
  (exists x, x * Phi x - x / (1 + exp (- (1.77293396561675 * x))) <= - 0.01392224547).
Proof.
split; [exists 2.4266153|exists 0.8957586]; rewrite Phi_RInt;
  integral with (i_prec 70, i_relwidth 45).
Qed.
