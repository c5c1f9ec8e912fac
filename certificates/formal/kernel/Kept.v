(** Sublayers that a conversion kept as they were: the same function, by the same stored numbers. *)
From Coq Require Import ZArith QArith Reals List Bool.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Structure.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Instance Attncert.kernel.Instance_attention.
Import ListNotations.
Open Scope R_scope.

(** On augmented streams the kept sublayer writes what the original writes, and nothing elsewhere. *)
Definition kept_instance (d : nat) (a k : original_layer) : Prop :=
  forall s, of_width d s ->
  converted_output d (Kept_layer k) (augmented d s) =
  bind (original_output a s) (fun u => Some (padded d u)).

Definition same_gate (a b : option affine) : bool :=
  match a, b with None, None => true | Some f, Some g => same_affine f g | _, _ => false end.

Definition kept_ok (a k : original_layer) : bool :=
  match a, k with
  | Original_mlp m, Original_mlp n =>
      same_norm (mlp_norm m) (mlp_norm n) && same_program (activation m) (activation n) &&
      same_affine (inner m) (inner n) && same_affine (outer m) (outer n) &&
      same_gate (mlp_gate m) (mlp_gate n)
  | Original_attention a, Original_attention b =>
      same_norm (attention_norm a) (attention_norm b) &&
      same_head_shape (attention_shape a) (attention_shape b) &&
      same_affine (query_map a) (query_map b) && same_affine (key_map a) (key_map b) &&
      same_affine (value_map a) (value_map b) && same_affine (attention_out a) (attention_out b)
  | Original_linear l, Original_linear k =>
      same_norm (linear_norm l) (linear_norm k) && same_affine (linear_map l) (linear_map k)
  | _, _ => false
  end.

Lemma same_outputs a k s : kept_ok a k = true -> original_output k s = original_output a s.
Proof.
destruct a as [m|a|l], k as [n|b|k]; cbn [kept_ok original_output]; try easy; intros H;
  rewrite !andb_true_iff in H.
- destruct H as [[[[H K2] K1] K0] K].
  assert (N := fun x => same_norm_sound _ _ x H). apply same_program_sound in K2.
  assert (I := fun y => same_affine_sound _ _ y K1). assert (O := fun y => same_affine_sound _ _ y K0).
  unfold mlp_output. rewrite <- K2. apply map_option_ext. intros x _.
  assert (P : preactivations n x = preactivations m x).
  { unfold preactivations, score_map. rewrite <- N.
    destruct (mlp_gate m), (mlp_gate n); simpl in K; try easy. symmetry. now apply same_affine_sound. }
  unfold mlp_row, hidden. rewrite P.
  destruct (map_option (value (activation m)) (preactivations m x)) as [z|]; [|reflexivity]. simpl.
  rewrite <- O, <- N, <- I. destruct (mlp_gate m), (mlp_gate n); simpl in K; easy.
- destruct H as [[[[[H K3] K2] K1] K0] K]. apply same_head_shape_sound in K3. f_equal. unfold attention_output. rewrite <- K3.
  rewrite (map_ext _ _ (fun x => same_norm_sound _ _ x H)).
  rewrite (map_ext _ _ (fun y => same_affine_sound _ _ y K)).
  rewrite (map_ext _ _ (fun y => same_affine_sound _ _ y K0)).
  rewrite (map_ext _ _ (fun y => same_affine_sound _ _ y K1)).
  now rewrite (map_ext _ _ (fun y => same_affine_sound _ _ y K2)).
- destruct H as [H K]. f_equal. unfold linear_output. apply map_ext. intros x.
  now rewrite <- (same_norm_sound _ _ x H), <- (same_affine_sound _ _ _ K).
Qed.

Theorem kept_sound d a k : kept_ok a k = true -> kept_instance d a k.
Proof.
intros H s W. cbn [converted_output]. rewrite plain_augmented by exact W.
now rewrite (same_outputs a k s H).
Qed.
