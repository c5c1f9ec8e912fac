(** Masks as weights: the judgements score-bound and mask-leak, and the inputs that they speak of. *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_gates.
Require Import Attncert.kernel.Tensor_raised Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Instance Attncert.kernel.Ball_rule Attncert.kernel.Lift.
Import ListNotations.
Open Scope R_scope.

(** Sequences of at most n input rows. *)
Definition admissible (d n : nat) (box : option Q) (s : stream) : Prop :=
  of_width d s /\ (length s <= n)%nat /\ Forall (in_inputs box) s.

(** ** Scores of the original's heads *)

(** Head h's score of two input rows, at any two positions. *)
Definition score_of_rows (a : attention) (h : nat) (x : vector) (i : nat) (y : vector) (j : nat)
    : R :=
  let shape := attention_shape a in
  let part h v := slice (h * d_head shape) (d_head shape) v in
  scale_factor (scale shape) *
  dot (turned (positions shape) i
         (part h (apply (query_map a) (normalise (attention_norm a) x))))
      (turned (positions shape) j
         (part (group shape h) (apply (key_map a) (normalise (attention_norm a) y)))).

Definition score_bound_holds (d : nat) (a : attention) (box : option Q) (bound : Q) : Prop :=
  forall h x i y j, (h < n_head (attention_shape a))%nat ->
  length x = d -> in_inputs box x -> length y = d -> in_inputs box y ->
  Rabs (score_of_rows a h x i y j) <= Q2R bound.

(** ** What leaks *)

(** The constructions' heads with masks as weights against the same heads with masks: the original's
    attention, or the MLP with what the gates compute in the place of its activation. *)
Definition leak_holds (d n : nat) (a : original_layer) (b : converted_layer) (box : option Q)
    (epsilon : Q) : Prop :=
  match a, b with
  | Original_attention a, Raised_tokens h w =>
      forall s, admissible d n box s ->
      close (Q2R epsilon) (attention_output a s) (raised_attention (Q2R (mask_omega w)) a s)
  | Original_mlp m, Raised_neurons h w =>
      forall numbers gs, gates_numbers (gates h) = Some numbers -> single_gates numbers = Some gs ->
      forall s, admissible d n box s ->
      exists u, mlp_output (fun z => Some (gates_function (gated h) numbers z)) m s = Some u /\
                close (Q2R epsilon) u (raised_mlp (Q2R (mask_omega w)) gs m s)
  | _, _ => False
  end.

Section Networks.
Variables (o : original_network) (c : converted_network).

Definition score_bound (name : string) (box : option Q) (bound : Q) : Prop :=
  exists a, named name (sublayers o) = Some (Original_attention a) /\
            score_bound_holds (d_model o) a box bound.

Definition mask_leak (name : string) (box : option Q) (epsilon : Q) : Prop :=
  exists n a b, longest (ends o) = Some n /\
                named name (sublayers o) = Some a /\ named name (sublayers c) = Some b /\
                leak_holds (d_model o) n a b box epsilon.
End Networks.
