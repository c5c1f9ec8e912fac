(** Judgement perturbation: stored heads are rounded, and differ from the construction's by at most
    epsilon. Rule perturb, and rule lift from a perturbation. *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_model Attncert.kernel.Tensor_heads.
Require Import Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Instance Attncert.kernel.Ball_rule Attncert.kernel.Lift.
Require Import Attncert.kernel.Layer_error Attncert.kernel.Layers.
Require Import Attncert.kernel.Perturb_mlp Attncert.kernel.Perturb_attention.
Import ListNotations.
Open Scope R_scope.

(** ** What is claimed *)

Definition layer_perturbation (d : nat) (a : original_layer) (b : converted_layer)
    (box : option Q) (epsilon : Q) : Prop :=
  match a, b with
  | Original_mlp m, Converted_neurons h => mlp_perturbation d m h box epsilon
  | Original_attention a, Converted_tokens h => attention_perturbation d a h box epsilon
  | _, _ => False
  end.

(** What a conversion claims of a sublayer that would be exact, were it not stored rounded. *)
Record rounded_claim : Type := RoundedClaim { rounded_name : string; rounded_epsilon : Q }.

Definition rounded_claim_holds (d : nat) (box : option Q) (name : string) (a : original_layer)
    (b : converted_layer) (l : rounded_claim) : Prop :=
  rounded_name l = name /\ layer_perturbation d a b box (rounded_epsilon l).

(** ** The rules *)

Definition layer_perturb_ok (d : nat) (a : original_layer) (b : converted_layer)
    (box : option Q) (epsilon : Q) : bool :=
  match a, b with
  | Original_mlp m, Converted_neurons h => mlp_perturb_ok d m h box epsilon
  | Original_attention a, Converted_tokens h => attention_perturb_ok d a h box epsilon
  | _, _ => false
  end.

Section Networks.
Variables (o : original_network) (c : converted_network).

Definition perturbation (name : string) (box : option Q) (epsilon : Q) : Prop :=
  exists a b, named name (sublayers o) = Some a /\ named name (sublayers c) = Some b /\
              layer_perturbation (d_model o) a b box epsilon.

Definition perturb_ok (name : string) (box : option Q) (epsilon : Q) : bool :=
  Nat.eqb (d_model o) (d_model c) &&
  match named name (sublayers o), named name (sublayers c) with
  | Some a, Some b => layer_perturb_ok (d_model o) a b box epsilon
  | _, _ => false
  end.

Theorem perturb_sound name box epsilon :
  perturb_ok name box epsilon = true -> perturbation name box epsilon.
Proof.
unfold perturb_ok. intros H. apply andb_prop in H. destruct H as [_ H].
destruct (named name (sublayers o)) as [a|] eqn:A; [|easy].
destruct (named name (sublayers c)) as [b|] eqn:B; [|easy].
exists a, b. split; [exact A|split; [exact B|]].
destruct a, b; simpl in *; try easy;
  [now apply mlp_perturb_sound|now apply attention_perturb_sound].
Qed.

(** The activation's error, and what rounding moves. *)
Definition rounded_error_ok (name : string) (box : option Q) (ranges : list domain) (p : pair)
    (bounds : list (domain * Q)) (rounding epsilon : Q) : bool :=
  match named name (sublayers o), named name (sublayers c) with
  | Some (Original_mlp m), Some (Converted_neurons h) =>
      lift_ok (d_model o) m h box ranges p bounds (epsilon - rounding)
  | _, _ => false
  end.

Theorem rounded_error_sound name box ranges p bounds rounding epsilon :
  rounded_error_ok name box ranges p bounds rounding epsilon = true ->
  perturbation name box rounding -> preactivation_range o name box ranges ->
  Forall (fun b => sup_error p (fst b) (snd b)) bounds ->
  layer_error o c name box false epsilon.
Proof.
unfold rounded_error_ok. intros H [a [b [Ea [Eb P]]]] [m [Em R]] B. rewrite Ea, Eb in H.
rewrite Ea in Em. injection Em as ->. destruct b as [h| | | | |]; try easy.
exists (Original_mlp m), (Converted_neurons h). split; [exact Ea|split; [exact Eb|]].
destruct (gates_error_sound _ _ _ _ _ _ _ _ H R B) as [gs [G L]].
intros s Hs Hi. destruct (L s Hs Hi) as [u [v [Hu [Hv C]]]].
destruct (P s gs Hs Hi G) as [v' [w [Hv' [Hw D]]]]. rewrite Hv in Hv'. injection Hv' as <-.
exists u, w. split; [exact Hu|split; [exact Hw|]].
apply close_weaker with (2 := close_triangle _ _ _ _ _ C D). rewrite Q2R_minus. lra.
Qed.
End Networks.

(** ** Weaker claims *)

Lemma layer_perturbation_weaker d a b box epsilon box' epsilon' :
  (forall x, in_inputs box' x -> in_inputs box x) -> Q2R epsilon <= Q2R epsilon' ->
  layer_perturbation d a b box epsilon -> layer_perturbation d a b box' epsilon'.
Proof.
intros B E.
assert (I : forall s, Forall (in_inputs box') s -> Forall (in_inputs box) s)
  by (intros s H; apply Forall_impl with (2 := H); exact B).
destruct a as [m|a|l], b as [h|h|h|h w|h w|k0]; simpl; try easy.
- intros H s gs Hs Hi G. destruct (H s gs Hs (I s Hi) G) as [u [v [Hu [Hv C]]]].
  exists u, v. split; [exact Hu|split; [exact Hv|exact (close_weaker _ _ _ _ E C)]].
- intros H s Hs Hi. destruct (H s Hs (I s Hi)) as [v [Hv C]].
  exists v. split; [exact Hv|exact (close_weaker _ _ _ _ E C)].
Qed.
