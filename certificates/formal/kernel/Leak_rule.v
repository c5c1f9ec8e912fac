(** Rule leak: what masks as weights add to a sublayer's error, from a bound of its scores (attention)
    or the ranges of its neurons (MLPs). *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool.
Require Import Attncert.kernel.Judgement Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_raised Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Layers Attncert.kernel.Mask_weights.
Require Import Attncert.kernel.Exponentials Attncert.kernel.Leak_attention Attncert.kernel.Leak_mlp.

Module Leaks (X : Exponentials).

Section Networks.
Variables (o : original_network) (c : converted_network).

Definition attention_leak_rule_ok (p : positive) (name : string) (box : option Q)
    (bound epsilon : Q) : bool :=
  match longest (ends o), named name (sublayers o), named name (sublayers c) with
  | Some n, Some (Original_attention a), Some (Raised_tokens _ w) =>
      attention_leak_ok (X.sum_at_most p) (d_model o) n a box bound (mask_omega w) epsilon
  | _, _, _ => false
  end.

Definition mlp_leak_rule_ok (p : positive) (name : string) (ranges : list domain)
    (epsilon : Q) : bool :=
  match longest (ends o), named name (sublayers o), named name (sublayers c) with
  | Some n, Some (Original_mlp m), Some (Raised_neurons h w) =>
      mlp_leak_ok (X.sum_at_most p) (d_model o) n m h ranges (mask_omega w) epsilon
  | _, _, _ => false
  end.

Theorem attention_leak_rule_sound p name box bound epsilon :
  attention_leak_rule_ok p name box bound epsilon = true ->
  score_bound o name box bound -> mask_leak o c name box epsilon.
Proof.
unfold attention_leak_rule_ok, score_bound, mask_leak.
destruct (longest (ends o)) as [n|]; [|easy].
destruct (named name (sublayers o)) as [[m|a|l]|]; try easy.
destruct (named name (sublayers c)) as [b|]; [|easy]. destruct b as [| | |h w|h w|]; try easy.
intros H [a' [E B]]. injection E as <-.
exists n. eexists. eexists. split; [reflexivity|split; [reflexivity|split; [reflexivity|]]].
simpl. exact (attention_leak_sound _ (X.sum_at_most_sound p) _ _ _ _ _ _ _ H B).
Qed.

Theorem mlp_leak_rule_sound p name box ranges epsilon :
  mlp_leak_rule_ok p name ranges epsilon = true ->
  preactivation_range o name box ranges -> mask_leak o c name box epsilon.
Proof.
unfold mlp_leak_rule_ok, preactivation_range, mask_leak.
destruct (longest (ends o)) as [n|]; [|easy].
destruct (named name (sublayers o)) as [[m|a|l]|]; try easy.
destruct (named name (sublayers c)) as [b|]; [|easy]. destruct b as [| | |h w|h w|]; try easy.
intros H [m' [E R]]. injection E as <-.
exists n. eexists. eexists. split; [reflexivity|split; [reflexivity|split; [reflexivity|]]].
simpl. intros numbers gs G S. exact (mlp_leak_sound _ (X.sum_at_most_sound p) _ _ _ _ box _ _ _ _ _ H R G S).
Qed.
End Networks.
End Leaks.
