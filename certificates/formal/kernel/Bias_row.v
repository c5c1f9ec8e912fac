(** Heads whose masks are weights write into the first coordinates of the bias token's row. That
    changes nothing: each sublayer's norm puts them back to 0. So what is claimed of a sublayer on
    augmented streams holds wherever it stands in a network. *)
From Coq Require Import ZArith QArith Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_model Attncert.kernel.Tensor_heads.
Require Import Attncert.kernel.Tensor_construction Attncert.kernel.Tensor_raised.
Require Import Attncert.kernel.Tensor_network.
Import ListNotations.
Open Scope R_scope.

(** Any x in the bias token's first coordinates; [augmented d s] is the stream with zeros there. *)
Definition augmented_with (x : vector) (s : stream) : stream := map token_row s ++ [x ++ [0; 1]].

Definition norm_of (b : converted_layer) : norm_layer :=
  match b with
  | Converted_neurons h | Raised_neurons h _ => neuron_norm h
  | Converted_tokens h | Raised_tokens h _ => token_norm h
  | Converted_self h => self_norm h
  | Kept_layer (Original_mlp m) => mlp_norm m
  | Kept_layer (Original_attention a) => attention_norm a
  | Kept_layer (Original_linear l) => linear_norm l
  end.

Lemma bias_row_reset d n x : norm_shape d n = true -> length x = d ->
  normalise_row d n (x ++ [0; 1]) = normalise_row d n (bias_row d).
Proof.
intros S L. rewrite bias_row_normalised by exact S. unfold normalise_row, bias_row, ones, entry.
rewrite <- L, firstn_app, firstn_all, skipn_app, skipn_all, Nat.sub_diag. simpl.
rewrite app_nil_r, nth_middle. f_equal. rewrite times_0. f_equal. rewrite L.
now apply normalise_length.
Qed.

Theorem bias_row_does_not_matter d b s x : norm_shape d (norm_of b) = true -> length x = d ->
  converted_output d b (augmented_with x s) = converted_output d b (augmented d s).
Proof.
intros S L.
assert (E : map (normalise_row d (norm_of b)) (augmented_with x s) =
            map (normalise_row d (norm_of b)) (augmented d s)).
{ unfold augmented_with, augmented. rewrite !map_app. f_equal. cbn [List.map]. f_equal.
  now apply bias_row_reset. }
destruct b as [h|h|h|h w|h w|a]; [..|cbn [converted_output]; unfold plain, augmented_with, augmented;
  now rewrite !removelast_last]; cbn [converted_output norm_of] in *;
  unfold neuron_heads_output, token_heads_output, self_heads_output, raised_neurons_output,
    raised_tokens_output; now rewrite E.
Qed.

(** What such heads write keeps the stream in this form. *)
Theorem add_augmented_with d x s r v : length x = d -> length r = d -> length s = length v ->
  Forall (fun y => length y = d) s -> Forall (fun y => length y = d) v ->
  add_rows (augmented_with x s) (map padded_row v ++ [padded_row r]) =
  augmented_with (add x r) (add_rows s v).
Proof.
intros X Y. unfold augmented_with. revert v; induction s as [|y s IH]; intros [|z v] L S V; try easy.
- simpl. f_equal. unfold padded_row. rewrite add_app by congruence. unfold add at 2. simpl.
  f_equal. f_equal; [ring|f_equal; ring].
- inversion_clear S as [|? ? Hy Hs]. inversion_clear V as [|? ? Hz Hv]. simpl in L.
  cbn [List.map app add_rows]. rewrite IH by (auto; lia). f_equal.
  unfold token_row, padded_row. rewrite add_app by congruence. unfold add. simpl.
  now rewrite !Rplus_0_r.
Qed.
