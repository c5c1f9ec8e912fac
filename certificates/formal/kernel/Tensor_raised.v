(** Masks as weights (docs/network-format.md#masks): heads without a mask, whose scores are raised
    where a mask would allow. Every row sees every row, the bias token, the last one, included.

    First the stored heads, whose scores are raised by a stored matrix; then what the constructions
    mean, written with the original's numbers and one omega. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_attention.
Require Import Attncert.kernel.Tensor_model Attncert.kernel.Tensor_heads.
Import ListNotations.
Open Scope R_scope.

(** ** Raised averages *)

(** [added i j] is added to the score of rows i and j. *)
Section Heads.
Variables (shape : head_shape) (added : nat -> nat -> R) (queries keys values : list vector).

Definition raised_head (h i : nat) : vector :=
  attend_vectors (d_head shape)
    (map (fun j => (score shape queries keys h i j + added i j,
                    part shape values j (group shape h)))
         (seq 0 (length queries))).

Definition raised_context (i : nat) : vector :=
  flat_map (fun h => raised_head h i) (seq 0 (n_head shape)).
End Heads.

(** One row's heads; scores are 0 where nothing else is said, and [added j] is added to row j's. *)
Section Row.
Variables (added : nat -> R) (values : vector).

(** The head of the output bias: what it reads is 1 at real tokens and 0 at the bias token. *)
Definition raised_share : R :=
  attend (map (fun j => (added j, entry values j)) (seq 0 (length values))).

(** The head of one gate: [against] is the score of the last row, the bias token. *)
Definition raised_gate (c against : R) : R :=
  attend (map (fun j => ((if Nat.eqb (S j) (length values) then against else 0) + added j,
                         c * entry values j)) (seq 0 (length values))).

(** Coefficient, slope and shift of gates with one score each. *)
Definition single_gate : Type := R * (R * R).

Definition raised_neuron (gs : list single_gate) (against : R * R -> R) : R :=
  total (map (fun g => raised_gate (fst g) (against (snd g))) gs).
End Row.

Definition as_single (g : real_gate) : option single_gate :=
  match snd g with [s] => Some (fst g, s) | _ => None end.

Definition single_gates : list real_gate -> option (list single_gate) := map_option as_single.

(** ** Stored heads *)

(** Entry (i, j) of the matrix is added to the score of tokens i and j, after scaling. Its last row
    and column are the bias token's, whatever the number of tokens in a sequence. *)
Record mask_weights : Type := MaskWeights { mask_omega : Q; mask_query : tensor2 }.

(** How many real tokens a sequence has at most. *)
Definition mask_tokens (w : mask_weights) : nat := length (mask_query w) - 1.

(** Where row i of a sequence stands, of which [last] is the bias token's. *)
Definition mask_position (w : mask_weights) (last i : nat) : nat :=
  if Nat.eqb i last then mask_tokens w else i.

Definition mask_entry (w : mask_weights) (last i j : nat) : R :=
  entry (reals (nth (mask_position w last i) (mask_query w) [])) (mask_position w last j).

Definition bias_output_row (d : nat) (share : R) (o : option tensor1) : vector :=
  match o with Some o => times share (reals o) | None => repeat 0 (d + 2) end.

(** None for sequences that do not fit. *)
Definition raised_tokens_output (d : nat) (h : token_heads) (w : mask_weights) (s : stream)
    : option stream :=
  let rows := map (normalise_row d (token_norm h)) s in
  let last := (length rows - 1)%nat in
  let read m := map (linear_part m) rows in
  if Nat.leb last (mask_tokens w) then
    Some (map (fun i =>
      add (combination (d + 2)
             (raised_context (token_shape h) (mask_entry w last) (read (token_query h))
                             (read (token_key h)) (read (token_value h)) i)
             (map reals (token_output h)))
          (bias_output_row d (raised_share (mask_entry w last i) (map (ones d) rows))
                           (token_bias h)))
      (seq 0 (length rows)))
  else None.

(** None also where a gate has not one score. *)
Definition raised_neurons_output (d : nat) (h : neuron_heads) (w : mask_weights) (s : stream)
    : option stream :=
  bind (gates_numbers (gates h)) (fun numbers => bind (single_gates numbers) (fun gs =>
    let rows := map (normalise_row d (neuron_norm h)) s in
    let last := (length rows - 1)%nat in
    let result i q v :=
      let r := nth i rows [] in
      raised_neuron (mask_entry w last i) (map (dot v) rows) gs
                    (fun g => dot q r * fst g + ones d r * - snd g) in
    if Nat.leb last (mask_tokens w) then
      Some (map (fun i =>
        add (combination (d + 2)
               (map (fun qv => result i (reals (fst qv)) (reals (snd qv)))
                    (combine (neuron_query h) (neuron_value h)))
               (map reals (neuron_output h)))
            (bias_output_row d (raised_share (mask_entry w last i) (map (ones d) rows))
                             (neuron_bias h)))
        (seq 0 (length rows)))
    else None)).

(** ** Constructions

    Only real rows are given: sublayers may write anything into the bias token's first coordinates,
    since norms map its row to [0, 0, 1] all the same. *)

Definition raise (omega : R) (allowed : bool) : R := if allowed then omega else 0.

(** 1 at each of n real tokens, 0 at the bias token. *)
Definition real_ones (n : nat) : vector := repeat 1 n ++ [0].

(** An attention sublayer: allowed are the real tokens that the mask allows. *)
Definition raised_attention (omega : R) (a : attention) (s : stream) : stream :=
  let rows := map (normalise (attention_norm a)) s in
  let shape := attention_shape a in
  let last := length s in
  let added i j := raise omega (allows_apart shape last i j) in
  let read f m := map (apply f) rows ++ [repeat 0 m] in
  let own := (n_head shape * d_head shape)%nat in
  let shared := (n_kv_head shape * d_head shape)%nat in
  map (fun i =>
    add (linear_part (weight (attention_out a))
           (raised_context shape added (read (query_map a) own) (read (key_map a) shared)
                           (read (value_map a) shared) i))
        (times (raised_share (added i) (real_ones last)) (reals (bias_of (attention_out a)))))
    (seq 0 last).

(** The heads of an MLP: allowed are the token itself and the bias token, with score 0 and
    -(slope z + shift). Half of the output bias's head goes to the bias token: it is doubled. *)
Definition neuron_allows (last i j : nat) : bool := Nat.eqb j i || Nat.eqb j last.

Definition raised_mlp (omega : R) (gs : list single_gate) (m : mlp) (s : stream) : stream :=
  let rows := map (normalise (mlp_norm m)) s in
  let last := length s in
  let added i j := raise omega (neuron_allows last i j) in
  let neuron i k :=
    let z := entry (apply (score_map m) (nth i rows [])) k in
    raised_neuron (added i) (map (fun y => entry (apply (inner m) y) k) rows ++ [0]) gs
                  (fun g => - (fst g * z + snd g)) in
  map (fun i =>
    add (linear_part (weight (outer m)) (map (neuron i) (seq 0 (length (weight (inner m))))))
        (times (2 * raised_share (added i) (real_ones last)) (reals (bias_of (outer m)))))
    (seq 0 last).
