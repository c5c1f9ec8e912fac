(** Judgements about two networks, and the rules that name sublayers: instance, ball, box, lift, and
    every-layer, which concludes what a conversion claims as a whole. *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Structure.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_gates.
Require Import Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Instance Attncert.kernel.Instance_attention.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Lift.
Import ListNotations.
Open Scope R_scope.

(** ** Judgements *)

Definition layer_instance (d : nat) (a : original_layer) (b : converted_layer) : Prop :=
  match a, b with
  | Original_mlp m, Converted_neurons h => mlp_instance d m h
  | Original_attention a, Converted_tokens h => attention_instance d a h
  | Original_linear l, Converted_self h => linear_instance d l h
  | _, _ => False
  end.

Section Networks.
Variables (o : original_network) (c : converted_network).

Definition instance (name : string) : Prop :=
  exists a b, named name (sublayers o) = Some a /\ named name (sublayers c) = Some b /\
              layer_instance (d_model o) a b.

Definition preactivation_range (name : string) (box : option Q) (ranges : list domain) : Prop :=
  exists m, named name (sublayers o) = Some (Original_mlp m) /\
            range_holds (d_model o) m box ranges.

Definition layer_error (name : string) (box : option Q) (epsilon : Q) : Prop :=
  exists m h, named name (sublayers o) = Some (Original_mlp m) /\
              named name (sublayers c) = Some (Converted_neurons h) /\
              layer_error_holds (d_model o) m h box epsilon.

(** ** Rules for one sublayer *)

Definition layer_instance_ok (d : nat) (a : original_layer) (b : converted_layer) : bool :=
  match a, b with
  | Original_mlp m, Converted_neurons h => mlp_instance_ok d m h
  | Original_attention a, Converted_tokens h => attention_instance_ok d a h
  | Original_linear l, Converted_self h => linear_instance_ok d l h
  | _, _ => false
  end.

Definition instance_ok (name : string) : bool :=
  Nat.eqb (d_model o) (d_model c) &&
  match named name (sublayers o), named name (sublayers c) with
  | Some a, Some b => layer_instance_ok (d_model o) a b
  | _, _ => false
  end.

Theorem instance_sound name : instance_ok name = true -> instance name.
Proof.
unfold instance_ok, instance. intros H. apply andb_prop in H. destruct H as [_ H].
destruct (named name (sublayers o)) as [a|]; [|easy].
destruct (named name (sublayers c)) as [b|]; [|easy].
exists a, b. split; [reflexivity|split; [reflexivity|]].
destruct a, b; simpl in *; try easy;
  [now apply mlp_instance_sound|now apply attention_instance_sound|now apply linear_instance_sound].
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

Definition layer_error_ok (name : string) (box : option Q) (ranges : list domain) (p : pair)
    (bounds : list (domain * Q)) (epsilon : Q) : bool :=
  match named name (sublayers o), named name (sublayers c) with
  | Some (Original_mlp m), Some (Converted_neurons h) =>
      lift_ok (d_model o) m h box ranges p bounds epsilon
  | _, _ => false
  end.

Theorem layer_error_sound name box ranges p bounds epsilon :
  layer_error_ok name box ranges p bounds epsilon = true ->
  instance name -> preactivation_range name box ranges ->
  Forall (fun b => sup_error p (fst b) (snd b)) bounds ->
  layer_error name box epsilon.
Proof.
unfold layer_error_ok. intros H [a [b [Ea [Eb I]]]] [m [Em R]] B. rewrite Ea, Eb in H.
rewrite Ea in Em.
injection Em as ->. destruct b as [h| | | |]; try easy.
exists m, h. split; [exact Ea|split; [exact Eb|]].
exact (lift_sound _ _ _ _ _ _ _ _ H I R B).
Qed.

(** ** Rule every-layer *)

(** What a conversion claims of one MLP sublayer, with the facts that give the claim its meaning. *)
Record layer_claim : Type := LayerClaim {
  claim_name : string; claim_activation : program; claim_approximant : program;
  claim_norm : norm_kind; claim_norm_epsilon : Q; claim_epsilon : Q }.

Definition facts (m : mlp) (h : neuron_heads) (l : layer_claim) : Prop :=
  claim_activation l = activation m /\
  (forall x v, value (claim_approximant l) x = Some v ->
     exists gs, gates_numbers (gates h) = Some gs /\ v = gates_function (gated h) gs x) /\
  claim_norm l = kind (mlp_norm m) /\ Q2R (claim_norm_epsilon l) = Q2R (epsilon (mlp_norm m)).

(** Sublayer by sublayer, of the same names in the same order: each is exact, or it is an MLP and
    the next claim is about it. *)
Fixpoint layers_hold (box : option Q) (before : list (string * original_layer))
    (after : list (string * converted_layer)) (claims : list layer_claim) : Prop :=
  match before, after with
  | [], [] => claims = []
  | (n, a) :: before, (n', b) :: after =>
      n = n' /\
      match a, b with
      | Original_mlp m, Converted_neurons h =>
          match claims with
          | l :: claims => claim_name l = n /\ facts m h l /\
                           layer_error_holds (d_model o) m h box (claim_epsilon l) /\
                           layers_hold box before after claims
          | [] => False
          end
      | _, _ => layer_instance (d_model o) a b /\ layers_hold box before after claims
      end
  | _, _ => False
  end.

(** The converted network is the original's, sublayer by sublayer, embeddings and the rest
    included. *)
Definition conversion (box : option Q) (claims : list layer_claim) (epsilon : Q) : Prop :=
  d_model o = d_model c /\
  (forall from, embed (d_model o) (input (ends o)) from =
                embed (d_model c) (input (ends c)) from) /\
  (forall s, finish (ends o) s = finish (ends c) s) /\
  layers_hold box (sublayers o) (sublayers c) claims /\
  Forall (fun l => Q2R (claim_epsilon l) <= Q2R epsilon) claims.

Inductive layer_premise : Type :=
| Exact_premise (name : string)
| Error_premise (name : string) (box : option Q) (epsilon : Q).

Definition premise_holds (p : layer_premise) : Prop :=
  match p with
  | Exact_premise name => instance name
  | Error_premise name box epsilon => layer_error name box epsilon
  end.

(** A claim over every input, or over the same box, no stronger. *)
Definition premise_suffices (name : string) (box : option Q) (epsilon : Q) (p : layer_premise)
    : bool :=
  match p with
  | Exact_premise _ => false
  | Error_premise n b e =>
      String.eqb n name && Qle_bool e epsilon &&
      match b, box with
      | None, _ => true
      | Some r, Some r' => Qeq_bool r r'
      | Some _, None => false
      end
  end.

Definition facts_ok (m : mlp) (h : neuron_heads) (l : layer_claim) : bool :=
  same_program (claim_activation l) (activation m) &&
  computes_gates (claim_approximant l) (gated h) (gates h) &&
  same_kind (claim_norm l) (kind (mlp_norm m)) &&
  Qeq_bool (claim_norm_epsilon l) (epsilon (mlp_norm m)).

Fixpoint layers_ok (box : option Q) (before : list (string * original_layer))
    (after : list (string * converted_layer)) (premises : list layer_premise)
    (claims : list layer_claim) : bool :=
  match before, after, premises with
  | [], [], [] => match claims with [] => true | _ => false end
  | (n, a) :: before, (n', b) :: after, p :: premises =>
      String.eqb n n' &&
      match a, b with
      | Original_mlp m, Converted_neurons h =>
          match claims with
          | l :: claims => String.eqb (claim_name l) n && facts_ok m h l &&
                           premise_suffices n box (claim_epsilon l) p &&
                           layers_ok box before after premises claims
          | [] => false
          end
      | _, _ => match p with Exact_premise name => String.eqb name n | _ => false end &&
                layers_ok box before after premises claims
      end
  | _, _, _ => false
  end.

Fixpoint distinct (names : list string) : bool :=
  match names with
  | [] => true
  | n :: names => negb (existsb (String.eqb n) names) && distinct names
  end.

Definition every_layer_ok (box : option Q) (premises : list layer_premise)
    (claims : list layer_claim)
    (epsilon : Q) : bool :=
  Nat.eqb (d_model o) (d_model c) && same_ends (ends o) (ends c) &&
  distinct (map fst (sublayers o)) && distinct (map fst (sublayers c)) &&
  layers_ok box (sublayers o) (sublayers c) premises claims &&
  forallb (fun l => Qle_bool (claim_epsilon l) epsilon) claims.

(** ** Soundness *)

Lemma distinct_named {L : Type} (l : list (string * L)) n a :
  distinct (map fst l) = true -> In (n, a) l -> named n l = Some a.
Proof.
induction l as [|[k b] l IH]; simpl; [easy|]. intros H I. apply andb_prop in H. destruct H as [H K].
destruct I as [I|I].
- injection I as -> ->. now rewrite String.eqb_refl.
- destruct (String.eqb_spec k n) as [->|N]; [|now apply IH].
  apply negb_true_iff in H. exfalso.
  assert (X : existsb (String.eqb n) (map fst l) = true); [|congruence].
  apply existsb_exists. exists n. split; [|apply String.eqb_refl].
  apply in_map_iff. now exists (n, a).
Qed.

Lemma layer_error_weaker d m h box epsilon box' epsilon' :
  (forall x, in_inputs box' x -> in_inputs box x) -> Q2R epsilon <= Q2R epsilon' ->
  layer_error_holds d m h box epsilon -> layer_error_holds d m h box' epsilon'.
Proof.
intros B E H s Hs Hi. destruct (H s Hs) as [u [v [Hu [Hv C]]]].
{ apply Forall_forall. intros x Hx. rewrite Forall_forall in Hi. auto. }
exists u, v. split; [exact Hu|split; [exact Hv|]].
clear - E C. induction C as [|x y s t F C IH]; constructor; [|exact IH].
clear - E F. induction F as [|a b x y H F IH]; constructor; [lra|exact IH].
Qed.

Lemma premise_suffices_sound name box epsilon p m h :
  named name (sublayers o) = Some (Original_mlp m) ->
  named name (sublayers c) = Some (Converted_neurons h) ->
  premise_suffices name box epsilon p = true -> premise_holds p ->
  layer_error_holds (d_model o) m h box epsilon.
Proof.
destruct p as [n|n b e]; simpl; [easy|]. intros Em Eh H [m' [h' [Em' [Eh' L]]]].
apply andb_prop in H. destruct H as [H B]. apply andb_prop in H. destruct H as [N E].
apply String.eqb_eq in N. subst n. rewrite Em in Em'. rewrite Eh in Eh'.
injection Em' as <-. injection Eh' as <-.
apply layer_error_weaker with (3 := L); [|now apply Qle_bool_R].
intros x Hx r ->. destruct box as [r'|]; [|easy].
apply Qeq_bool_iff, Qeq_eqR in B. rewrite B. now apply Hx.
Qed.

Lemma facts_ok_sound m h l : facts_ok m h l = true -> facts m h l.
Proof.
unfold facts_ok. intros H. apply andb_prop in H. destruct H as [H E].
apply andb_prop in H. destruct H as [H K]. apply andb_prop in H. destruct H as [A G].
split; [now apply same_program_sound|split; [|split]].
- intros x v V. exact (computes_gates_sound _ _ _ _ _ G V).
- destruct (claim_norm l), (kind (mlp_norm m)); simpl in K; easy.
- now apply Qeq_eqR, Qeq_bool_iff.
Qed.

Lemma layers_ok_sound box before after premises claims :
  (forall n a, In (n, a) before -> named n (sublayers o) = Some a) ->
  (forall n b, In (n, b) after -> named n (sublayers c) = Some b) ->
  layers_ok box before after premises claims = true -> Forall premise_holds premises ->
  layers_hold box before after claims.
Proof.
revert after premises claims; induction before as [|[n a] before IH];
  intros [|[n' b] after] [|p premises] claims No Nc H P; simpl in H; try easy.
- destruct claims; easy.
- apply andb_prop in H. destruct H as [N H]. apply String.eqb_eq in N. subst n'.
  inversion_clear P as [|? ? Hp Hps].
  assert (Fo := No n a (or_introl eq_refl)). assert (Fc := Nc n b (or_introl eq_refl)).
  assert (IH' : forall claims, layers_ok box before after premises claims = true ->
                layers_hold box before after claims)
    by (intros k Hk; apply IH with premises; auto; intros; [apply No|apply Nc]; now right).
  assert (Exact : match p with Exact_premise name => String.eqb name n | _ => false end &&
                  layers_ok box before after premises claims = true ->
                  layer_instance (d_model o) a b /\ layers_hold box before after claims).
  { intros K. apply andb_prop in K. destruct K as [K L]. split; [|now apply IH'].
    destruct p as [name|]; [|easy]. apply String.eqb_eq in K. subst name.
    destruct Hp as [a' [b' [Ea [Eb I]]]]. rewrite Fo in Ea. rewrite Fc in Eb.
    injection Ea as <-. injection Eb as <-. exact I. }
  split; [reflexivity|]. destruct a, b as [h|h|h|h w|h w]; auto.
  destruct claims as [|l claims]; [easy|].
  apply andb_prop in H. destruct H as [H L]. apply andb_prop in H. destruct H as [H S].
  apply andb_prop in H. destruct H as [C F].
  split; [now apply String.eqb_eq|split; [now apply facts_ok_sound|split; [|now apply IH']]].
  now apply premise_suffices_sound with (3 := S).
Qed.

Theorem every_layer_sound box premises claims epsilon :
  every_layer_ok box premises claims epsilon = true -> Forall premise_holds premises ->
  conversion box claims epsilon.
Proof.
unfold every_layer_ok. intros H P.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
apply Nat.eqb_eq in H. destruct (same_ends_sound _ _ K3) as [E F].
split; [exact H|split; [intros from; rewrite <- H; apply E|split; [exact F|split]]].
- apply layers_ok_sound with premises; auto; intros; now apply distinct_named.
- apply Forall_forall. intros l Hl. rewrite forallb_forall in K. now apply Qle_bool_R, K.
Qed.
End Networks.
