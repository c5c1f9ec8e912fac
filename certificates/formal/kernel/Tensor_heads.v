(** Sublayers of a converted model: heads on the augmented stream.

    Rows have two more coordinates, ones and bias: a real token is [x, 1, 0]; one more row, the
    last, is the bias token [0, 0, 1], of which a head reads as many copies as it needs. A norm acts
    on the first coordinates of real tokens and leaves the other two alone. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor_tree.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Import ListNotations.
Open Scope R_scope.

(** ** The augmented stream *)

Definition token_row (x : vector) : vector := x ++ [1; 0].
Definition bias_row (d : nat) : vector := repeat 0 d ++ [0; 1].
Definition augmented (d : nat) (s : stream) : stream := map token_row s ++ [bias_row d].

(** What sublayers write: 0 into both coordinates, and into the bias token's row. *)
Definition padded_row (y : vector) : vector := y ++ [0; 0].
Definition padded (d : nat) (s : stream) : stream := map padded_row s ++ [repeat 0 (d + 2)].

Definition ones (d : nat) (r : vector) : R := entry r d.

(** [x, o, t] becomes [o norm(x), o, t]. *)
Definition normalise_row (d : nat) (n : norm_layer) (r : vector) : vector :=
  times (ones d r) (normalise n (firstn d r)) ++ skipn d r.

(** ** Heads of neurons *)

(** Against bias token k the score is -(slope_k z + shift_k); numbers are constant programs. *)
Record neuron_gate : Type := NeuronGate {
  coefficient : program; bias_scores : list (program * program) }.

(** Head (j, i) of neuron j and gate i: mask {self, bias tokens}, W_Q = [query_j, e_ones], key
    [slope_ik, -shift_ik] at bias token k and [0, 0] at real tokens, W_V = coefficient_i value_j,
    W_O = output_j. One more head: mask {self}, W_V = e_ones, W_O = bias_output. *)
Record neuron_heads : Type := NeuronHeads {
  neuron_norm : norm_layer; gates : list neuron_gate; gated : bool;
  neuron_query : tensor2; neuron_value : tensor2; neuron_output : tensor2;
  neuron_bias : option tensor1 }.

(** Mask {self}, W_V = I, W_O = self_output. *)
Record self_heads : Type := SelfHeads { self_norm : norm_layer; self_output : tensor2 }.

(** Row r of the tensors is inner dimension r of all heads together. Real tokens see real tokens, by
    the mask; the bias token sees itself. One more head as above. *)
Record token_heads : Type := TokenHeads {
  token_norm : norm_layer; token_shape : head_shape;
  token_query : tensor2; token_key : tensor2; token_value : tensor2; token_output : tensor2;
  token_bias : option tensor1 }.

(** Numbers of a gate: coefficient, (slope, shift) for each bias token. *)
Definition real_gate : Type := R * list (R * R).

Definition score_numbers (s : program * program) : option (R * R) :=
  bind (constant (fst s)) (fun slope => bind (constant (snd s)) (fun shift => Some (slope, shift))).

Definition gate_numbers (g : neuron_gate) : option real_gate :=
  bind (constant (coefficient g)) (fun c =>
  bind (map_option score_numbers (bias_scores g)) (fun scores => Some (c, scores))).

Definition gates_numbers : list neuron_gate -> option (list real_gate) := map_option gate_numbers.

Section Neuron.
Variables (d : nat) (rows : stream) (r : vector).

(** (score, value) of what r sees: itself, and the bias tokens unless it is one. *)
Definition seen (is_bias : bool) (bias_token q v : vector) (g : real_gate) : list (R * R) :=
  (0, fst g * dot v r) ::
  (if is_bias then []
   else map (fun s => (dot q r * fst s + ones d r * - snd s, fst g * dot v bias_token)) (snd g)).

Definition neuron_result (is_bias : bool) (bias_token : vector) (gs : list real_gate)
  (q v : vector) : R :=
  total (map (fun g => attend (seen is_bias bias_token q v g)) gs).

(** The head of mask {self} that writes the output bias. *)
Definition bias_head (o : option tensor1) : vector :=
  match o with Some o => times (ones d r) (reals o) | None => repeat 0 (d + 2) end.

Definition neuron_heads_row (h : neuron_heads) (gs : list real_gate) (is_bias : bool)
    (bias_token : vector) : vector :=
  let results := map (fun qv => neuron_result is_bias bias_token gs (reals (fst qv))
                                              (reals (snd qv)))
                     (combine (neuron_query h) (neuron_value h)) in
  add (combination (d + 2) results (map reals (neuron_output h))) (bias_head (neuron_bias h)).
End Neuron.

(** The last row is the bias token. *)
Definition neuron_heads_output (d : nat) (h : neuron_heads) (s : stream) : option stream :=
  bind (gates_numbers (gates h)) (fun gs =>
    let rows := map (normalise_row d (neuron_norm h)) s in
    let bias_token := last rows [] in
    Some (map (fun r => neuron_heads_row d r h gs false bias_token) (removelast rows) ++
          [neuron_heads_row d bias_token h gs true bias_token])).

(** ** Heads of mask {self} *)

Definition self_heads_output (d : nat) (h : self_heads) (s : stream) : stream :=
  map (fun r => combination (d + 2) r (map reals (self_output h)))
      (map (normalise_row d (self_norm h)) s).

(** ** Heads of tokens *)

Definition token_heads_output (d : nat) (h : token_heads) (s : stream) : stream :=
  let rows := map (normalise_row d (token_norm h)) s in
  let shape := token_shape h in
  let read m := map (linear_part m) rows in
  let mixed := contexts shape (allows_apart shape (length rows - 1)) (read (token_query h))
                        (read (token_key h)) (read (token_value h)) in
  map (fun cr => add (combination (d + 2) (fst cr) (map reals (token_output h)))
                     (bias_head d (snd cr) (token_bias h))) (combine mixed rows).
