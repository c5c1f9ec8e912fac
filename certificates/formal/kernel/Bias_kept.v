(** Heads that leave the bias token and the coordinates ones and bias alone, number by number: no theorem
    needs it, but attncert-check refuses other networks for rule argmax, and so does this checker. *)
From Coq Require Import ZArith List Bool.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_network.

Definition zeros_from (first : nat) (v : tensor1) : bool :=
  forallb (fun a => Z.eqb (mantissa a) 0) (skipn first v).

Definition keeps_bias (d : nat) (output : tensor2) (b : option tensor1) : bool :=
  forallb (zeros_from d) output && match b with Some b => zeros_from d b | None => true end.

Definition layer_keeps_bias (d : nat) (l : converted_layer) : bool :=
  match l with
  | Converted_neurons h =>
      forallb (zeros_from (d + 1)) (neuron_value h) &&
      keeps_bias d (neuron_output h) (neuron_bias h)
  | Converted_tokens h =>
      forallb (zeros_from (d + 1)) (token_value h) && keeps_bias d (token_output h) (token_bias h)
  | Converted_self h =>
      keeps_bias d (self_output h) None && zeros_from 0 (last (self_output h) nil)
  | Raised_neurons _ _ | Raised_tokens _ _ => false
  | Kept_layer _ => true
  end.
