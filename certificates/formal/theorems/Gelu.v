(** The sigmoid approximation of GELU with the customary constant: x sigma(1.702 x) is within
    0.02033487221 of GELU for every real x, and 0.0203348722 is reached. *)
From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
From Attncert.theorems Require Import Normal Gelu_sigmoid.
Open Scope R_scope.

Local Notation k := 1.702.
Local Notation e := 0.02033487221.

(** The margin is smallest near 2.2704, where it is 3e-13. *)
Lemma margin_above : holds_on k e 1 0.027 8.
Proof.
apply (holds_split _ _ _ _ 2.270396); [|apply (holds_split _ _ _ _ 2.2704);
  [|apply (holds_split _ _ _ _ 4.2); [|apply (holds_split _ _ _ _ 4.35)]]].
- apply holds_decreasing; [lra|slope_sign|margin_value].
- apply holds_slope with (-4.5e-8); [lra|lra|slope_sign|margin_value].
- apply holds_slope with 0; [lra|lra|slope_sign|margin_value].
- apply holds_slope with (-1e-3); [lra|lra|slope_sign|margin_value].
- apply holds_decreasing; [lra|slope_sign|margin_value].
Qed.

Lemma margin_below : holds_on k e (-1) 0.027 8.
Proof.
apply (holds_split _ _ _ _ 1); [|apply (holds_split _ _ _ _ 2)].
- apply holds_decreasing; [lra|slope_sign|margin_value].
- apply holds_slope with (-0.01); [lra|lra|slope_sign|margin_value].
- apply holds_decreasing; [lra|slope_sign|margin_value].
Qed.

Theorem gelu_quick_gelu x :
  Rabs (x * Phi x - x / (1 + exp (- (1.702 * x)))) <= 0.02033487221.
Proof.
apply gelu_sigmoid_distance; [lra|lra|]. split; [exact margin_above|exact margin_below].
Qed.

Theorem gelu_quick_gelu_sharp :
  exists x, 0.0203348722 <= Rabs (x * Phi x - x / (1 + exp (- (1.702 * x)))).
Proof.
exists 2.2703977. rewrite Phi_RInt. integral with (i_prec 70, i_relwidth 45).
Qed.
