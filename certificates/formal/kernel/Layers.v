(** Judgements about two networks, and the rules that name sublayers: instance, ball, box, lift,
    and triangle. *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Structure.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_gates.
Require Import Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Tensor_raised Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Instance Attncert.kernel.Instance_attention.
Require Import Attncert.kernel.Instance_raised_attention Attncert.kernel.Instance_raised_mlp.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Lift Attncert.kernel.Mask_weights.
Require Import Attncert.kernel.Kept Attncert.kernel.Layer_error.
Import ListNotations.
Open Scope R_scope.

(** ** Judgements *)

Section Networks.
Variables (o : original_network) (c : converted_network).

Definition instance (name : string) : Prop :=
  exists a b, named name (sublayers o) = Some a /\ named name (sublayers c) = Some b /\
              layer_instance (d_model o) (longest (ends o)) a b.

Definition preactivation_range (name : string) (box : option Q) (ranges : list domain) : Prop :=
  exists m, named name (sublayers o) = Some (Original_mlp m) /\
            range_holds (d_model o) m box ranges.

(** Where masks are weights: with them, or, if [exact], with masks in their place. *)
Definition layer_error (name : string) (box : option Q) (exact : bool) (epsilon : Q) : Prop :=
  exists a b, named name (sublayers o) = Some a /\ named name (sublayers c) = Some b /\
  (if exact then exact_error_holds else sublayer_error_holds)
    (d_model o) (longest (ends o)) a b box epsilon.

(** ** Rules for one sublayer *)

Definition layer_instance_ok (d : nat) (limit : option nat) (a : original_layer) (b : converted_layer) : bool :=
  match a, b with
  | Original_mlp m, Converted_neurons h => mlp_instance_ok d m h
  | Original_attention a, Converted_tokens h => attention_instance_ok d a h
  | Original_linear l, Converted_self h => linear_instance_ok d l h
  | Original_mlp m, Raised_neurons h w =>
      match limit with Some n => raised_mlp_ok d n m h w | None => false end
  | Original_attention a, Raised_tokens h w =>
      match limit with Some n => raised_attention_ok d n a h w | None => false end
  | _, Kept_layer k => kept_ok a k
  | _, _ => false
  end.

Definition instance_ok (name : string) : bool :=
  Nat.eqb (d_model o) (d_model c) &&
  match named name (sublayers o), named name (sublayers c) with
  | Some a, Some b => layer_instance_ok (d_model o) (longest (ends o)) a b
  | _, _ => false
  end.

Theorem instance_sound name : instance_ok name = true -> instance name.
Proof.
unfold instance_ok, instance. intros H. apply andb_prop in H. destruct H as [_ H].
destruct (named name (sublayers o)) as [a|]; [|easy].
destruct (named name (sublayers c)) as [b|]; [|easy].
exists a, b. split; [reflexivity|split; [reflexivity|]].
destruct b as [h|h|h|h w|h w|k].
6: destruct a; now apply kept_sound.
all: destruct a; simpl in *; try easy;
  try solve [now apply mlp_instance_sound | now apply attention_instance_sound |
             now apply linear_instance_sound];
  (destruct (longest (ends o)) as [n|]; [|easy]; exists n; split; [reflexivity|]).
- now apply raised_mlp_sound.
- now apply raised_attention_sound.
Qed.

Definition preactivation_range_ok (name : string) (box : option Q) (ranges : list domain) : bool :=
  match named name (sublayers o) with
  | Some (Original_mlp m) => range_ok (d_model o) m box ranges
  | _ => false
  end.

Theorem preactivation_range_sound name box ranges :
  preactivation_range_ok name box ranges = true -> preactivation_range name box ranges.
Proof.
unfold preactivation_range_ok, preactivation_range.
destruct (named name (sublayers o)) as [[m| |]|]; try easy.
intros H. exists m. split; [reflexivity|now apply range_ok_sound].
Qed.

Definition layer_error_ok (name : string) (box : option Q) (exact : bool) (ranges : list domain)
    (p : pair) (bounds : list (domain * Q)) (epsilon : Q) : bool :=
  match named name (sublayers o), named name (sublayers c), exact with
  | Some (Original_mlp m), Some (Converted_neurons h), false
  | Some (Original_mlp m), Some (Raised_neurons h _), true =>
      lift_ok (d_model o) m h box ranges p bounds epsilon
  | _, _, _ => false
  end.

Theorem layer_error_sound name box exact ranges p bounds epsilon :
  layer_error_ok name box exact ranges p bounds epsilon = true ->
  instance name -> preactivation_range name box ranges ->
  Forall (fun b => sup_error p (fst b) (snd b)) bounds ->
  layer_error name box exact epsilon.
Proof.
unfold layer_error_ok. intros H [a [b [Ea [Eb I]]]] [m [Em R]] B. rewrite Ea, Eb in H.
rewrite Ea in Em. injection Em as ->.
exists (Original_mlp m), b. split; [exact Ea|split; [exact Eb|]].
destruct b as [| | | | |k], exact; try easy.
- exact (lift_sound _ _ _ _ _ _ _ _ H I R B).
- split; [exact I|]. exact (gates_error_sound _ _ _ _ _ _ _ _ H R B).
Qed.

(** ** Rule triangle *)

Definition triangle_attention_ok (name : string) (leak epsilon : Q) : bool :=
  match named name (sublayers o) with
  | Some (Original_attention _) => Qle_bool leak epsilon
  | _ => false
  end.

Theorem triangle_instance_sound name box leak epsilon :
  triangle_attention_ok name leak epsilon = true ->
  instance name -> mask_leak o c name box leak -> layer_error name box false epsilon.
Proof.
unfold triangle_attention_ok. intros H [a [b [Ea [Eb I]]]] [n [a' [b' [En [Ea' [Eb' L]]]]]].
rewrite Ea in H, Ea'. rewrite Eb in Eb'. injection Ea' as <-. injection Eb' as <-.
destruct a as [m|a|l]; try easy. destruct b as [h|h|h|h w|h w|k]; try easy.
exists (Original_attention a), (Raised_tokens h w). split; [exact Ea|split; [exact Eb|]].
rewrite En in *. apply sublayer_error_weaker with box leak; [auto|now apply Qle_bool_R|].
now apply triangle_attention_sound.
Qed.

Theorem triangle_error_sound name box e leak epsilon :
  Qle_bool (e + leak) epsilon = true ->
  layer_error name box true e -> mask_leak o c name box leak -> layer_error name box false epsilon.
Proof.
intros H [a [b [Ea [Eb X]]]] [n [a' [b' [En [Ea' [Eb' L]]]]]].
rewrite Ea in Ea'. rewrite Eb in Eb'. injection Ea' as <-. injection Eb' as <-.
exists a, b. split; [exact Ea|split; [exact Eb|]]. rewrite En in *.
destruct a as [m|a|l]; try easy. destruct b as [h|h|h|h w|h w|k]; try easy.
apply triangle_mlp_sound with e leak; auto. rewrite <- Q2R_plus. now apply Qle_bool_R.
Qed.
End Networks.
