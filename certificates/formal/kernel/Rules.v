(** Judgements and rules: what the steps of a derivation conclude, and how.

    The rules that compute come as a module [Rules], and what lies beyond functions of one variable
    (networks, layers) as a module [Extension], each with its soundness. *)
From Coq Require Import ZArith QArith Reals List Bool.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Mask_error.
Import ListNotations.

(** ** Judgements *)

(** Two functions. The label stands for their texts in a certificate: judgements about the same
    programs under different texts are kept apart, as docs/rules.md wants. *)
Record functions : Type := Functions { label : positive; programs : pair }.

Inductive judgement (other : Type) : Type :=
| Sup_error (f : functions) (dom : domain) (epsilon : Q)
| Well_defined (f : functions) (dom : domain)
| Point_value (f : functions) (at_ lo hi : Q)
| Lower_bound (f : functions) (dom : domain) (epsilon : Q)
| Unbounded (f : functions) (dom : domain)
| Mask_error (c : mask_claim)
| Other (j : other).
Arguments Sup_error {other}.
Arguments Well_defined {other}.
Arguments Point_value {other}.
Arguments Lower_bound {other}.
Arguments Unbounded {other}.
Arguments Mask_error {other}.
Arguments Other {other}.

Definition holds {other : Type} (holds_other : other -> Prop) (j : judgement other) : Prop :=
  match j with
  | Sup_error f dom epsilon => sup_error (programs f) dom epsilon
  | Well_defined f dom => well_defined (programs f) dom
  | Point_value f at_ lo hi => point_value (programs f) at_ lo hi
  | Lower_bound f dom epsilon => lower_bound (programs f) dom epsilon
  | Unbounded f dom => unbounded (programs f) dom
  | Mask_error c => mask_error c
  | Other j => holds_other j
  end.

(** ** Rules *)

Inductive rule (other : Type) : Type :=
| Enclose (precision : positive)
| Mean_value (precision : positive) (centre : Q)
| Taylor (precision : positive) (order : nat) (centre : Q)
| Definedness (precision : positive)
| Tail (precision : positive)
| Divergence (precision : positive)
| Value (precision : positive)
| Witness
| Cover
| Even
| Scaling
| Identical
| Weaken
| Mask (precision : positive)
| Other_rule (r : other).
Arguments Enclose {other}.
Arguments Mean_value {other}.
Arguments Taylor {other}.
Arguments Definedness {other}.
Arguments Tail {other}.
Arguments Divergence {other}.
Arguments Value {other}.
Arguments Witness {other}.
Arguments Cover {other}.
Arguments Even {other}.
Arguments Scaling {other}.
Arguments Identical {other}.
Arguments Weaken {other}.
Arguments Mask {other}.
Arguments Other_rule {other}.

(** The rules that compute, at a precision in bits. *)
Module Type Rules.
Parameter enclose_ok : positive -> pair -> domain -> Q -> bool.
Parameter mean_value_ok : positive -> Q -> pair -> domain -> Q -> bool.
Parameter taylor_ok : positive -> nat -> Q -> pair -> domain -> Q -> bool.
Parameter well_defined_ok : positive -> pair -> domain -> bool.
Parameter value_ok : positive -> pair -> Q -> Q -> Q -> bool.
Parameter tail_ok : positive -> pair -> domain -> Q -> bool.
Parameter tail_well_defined_ok : positive -> pair -> domain -> bool.
Parameter divergence_ok : positive -> pair -> domain -> bool.
Parameter mask_error_ok : positive -> mask_claim -> bool.

Parameter enclose_sound : forall n p d e, enclose_ok n p d e = true -> sup_error p d e.
Parameter mean_value_sound : forall n c p d e, mean_value_ok n c p d e = true -> sup_error p d e.
Parameter taylor_sound : forall n k c p d e, taylor_ok n k c p d e = true -> sup_error p d e.
Parameter well_defined_sound : forall n p d, well_defined_ok n p d = true -> well_defined p d.
Parameter value_sound : forall n p x lo hi, value_ok n p x lo hi = true -> point_value p x lo hi.
Parameter tail_sound : forall n p d e, tail_ok n p d e = true -> sup_error p d e.
Parameter tail_well_defined_sound : forall n p d,
  tail_well_defined_ok n p d = true -> well_defined p d.
Parameter divergence_sound : forall n p d, divergence_ok n p d = true -> unbounded p d.
Parameter mask_error_sound : forall n c, mask_error_ok n c = true -> mask_error c.
End Rules.

(** Judgements and rules beyond functions; their premises may be of either sort. *)
Module Type Extension.
Parameter other : Type.
Parameter holds_other : other -> Prop.
Parameter same_other : other -> other -> bool.
Parameter same_other_sound : forall a b, same_other a b = true -> holds_other a -> holds_other b.
Parameter other_rule : Type.
Parameter other_rule_ok : other_rule -> list (judgement other) -> judgement other -> bool.
Parameter other_rule_sound : forall r premises conclusion,
  other_rule_ok r premises conclusion = true ->
  (forall j, In j premises -> holds holds_other j) -> holds holds_other conclusion.
End Extension.

Module No_extension <: Extension.
Definition other : Type := Empty_set.
Definition holds_other (j : other) : Prop := False.
Definition same_other (_ _ : other) : bool := false.
Lemma same_other_sound a b : same_other a b = true -> holds_other a -> holds_other b.
Proof. easy. Qed.
Definition other_rule : Type := Empty_set.
Definition other_rule_ok (_ : other_rule) (_ : list (judgement other)) (_ : judgement other) := false.
Lemma other_rule_sound r premises conclusion : other_rule_ok r premises conclusion = true ->
  (forall j, In j premises -> holds holds_other j) -> holds holds_other conclusion.
Proof. easy. Qed.
End No_extension.
