(** Rule every-layer: what a conversion claims as a whole, from what is proved of its sublayers. *)
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
Require Import Attncert.kernel.Layer_error.
Require Import Attncert.kernel.Layers Attncert.kernel.Perturb.
Import ListNotations.
Open Scope R_scope.

Section Networks.
Variables (o : original_network) (c : converted_network).

(** What a conversion claims of one MLP sublayer, with the facts that give the claim its meaning. *)
Record layer_claim : Type := LayerClaim {
  claim_name : string; claim_activation : program; claim_approximant : program;
  claim_norm : norm_kind; claim_norm_epsilon : Q; claim_epsilon : Q;
  claim_omega : option Q }.

(** And of an attention sublayer whose masks became weights. *)
Record masked_claim : Type := MaskedClaim {
  masked_name : string; masked_causal : bool; masked_omega : Q; masked_epsilon : Q }.

Definition facts (m : mlp) (h : neuron_heads) (l : layer_claim) : Prop :=
  claim_activation l = activation m /\
  (forall x v, value (claim_approximant l) x = Some v ->
     exists gs, gates_numbers (gates h) = Some gs /\ v = gates_function (gated h) gs x) /\
  claim_norm l = kind (mlp_norm m) /\ Q2R (claim_norm_epsilon l) = Q2R (epsilon (mlp_norm m)).

(** The heads of neurons, with masks or masks as weights, and what is claimed to be omega. *)
Definition neurons_of (b : converted_layer) (omega : option Q) : option neuron_heads :=
  match b, omega with
  | Converted_neurons h, None => Some h
  | Raised_neurons h w, Some q => if Qeq_bool q (mask_omega w) then Some h else None
  | _, _ => None
  end.

Definition mlp_claim_holds (box : option Q) (name : string) (m : mlp) (b : converted_layer)
    (l : layer_claim) : Prop :=
  claim_name l = name /\
  (exists h, neurons_of b (claim_omega l) = Some h /\ facts m h l) /\
  sublayer_error_holds (d_model o) (longest (ends o)) (Original_mlp m) b box (claim_epsilon l).

Definition masked_claim_holds (box : option Q) (name : string) (a : attention) (h : token_heads)
    (w : mask_weights) (l : masked_claim) : Prop :=
  masked_name l = name /\ masked_causal l = causal (attention_shape a) /\
  Q2R (masked_omega l) = Q2R (mask_omega w) /\
  sublayer_error_holds (d_model o) (longest (ends o)) (Original_attention a) (Raised_tokens h w) box
    (masked_epsilon l).

(** Sublayer by sublayer, of the same names in the same order: each is exact, or it is an MLP that
    became heads and the next claim is about it, or attention whose masks are weights, and the next
    claim about masks is, or stored rounded, and the next claim about rounding is. *)
Fixpoint layers_hold (box : option Q) (before : list (string * original_layer))
    (after : list (string * converted_layer)) (claims : list layer_claim)
    (masked : list masked_claim) (rounded : list rounded_claim) : Prop :=
  match before, after with
  | [], [] => claims = [] /\ masked = [] /\ rounded = []
  | (n, a) :: before, (n', b) :: after =>
      n = n' /\
      match a, b with
      | _, Kept_layer _ => layer_instance (d_model o) (longest (ends o)) a b /\
                           layers_hold box before after claims masked rounded
      | Original_mlp m, _ =>
          match claims with
          | l :: claims =>
              mlp_claim_holds box n m b l /\ layers_hold box before after claims masked rounded
          | [] => False
          end
      | Original_attention a, Raised_tokens h w =>
          match masked with
          | l :: masked =>
              masked_claim_holds box n a h w l /\
              layers_hold box before after claims masked rounded
          | [] => False
          end
      | _, _ =>
          (layer_instance (d_model o) (longest (ends o)) a b /\
           layers_hold box before after claims masked rounded) \/
          match rounded with
          | l :: rounded =>
              rounded_claim_holds (d_model o) box n a b l /\
              layers_hold box before after claims masked rounded
          | [] => False
          end
      end
  | _, _ => False
  end.

(** The converted network is the original's, sublayer by sublayer, embeddings and the rest
    included. *)
Definition conversion (box : option Q) (claims : list layer_claim) (masked : list masked_claim)
    (rounded : list rounded_claim) (epsilon : Q) : Prop :=
  d_model o = d_model c /\
  (forall from, embed (d_model o) (input (ends o)) from =
                embed (d_model c) (input (ends c)) from) /\
  (forall s, finish (ends o) s = finish (ends c) s) /\
  layers_hold box (sublayers o) (sublayers c) claims masked rounded /\
  Forall (fun l => Q2R (claim_epsilon l) <= Q2R epsilon) claims /\
  Forall (fun l => Q2R (masked_epsilon l) <= Q2R epsilon) masked /\
  Forall (fun l => Q2R (rounded_epsilon l) <= Q2R epsilon) rounded.

Inductive layer_premise : Type :=
| Exact_premise (name : string)
| Error_premise (name : string) (box : option Q) (epsilon : Q)
| Rounded_premise (name : string) (box : option Q) (epsilon : Q).

Definition premise_holds (p : layer_premise) : Prop :=
  match p with
  | Exact_premise name => instance o c name
  | Error_premise name box epsilon => layer_error o c name box false epsilon
  | Rounded_premise name box epsilon => perturbation o c name box epsilon
  end.

(** A claim over every input, or over the same box, no stronger. *)
Definition suffices (name : string) (box : option Q) (epsilon : Q) (n : string) (b : option Q)
    (e : Q) : bool :=
  String.eqb n name && Qle_bool e epsilon &&
  match b, box with
  | None, _ => true
  | Some r, Some r' => Qeq_bool r r'
  | Some _, None => false
  end.

Definition premise_suffices (name : string) (box : option Q) (epsilon : Q) (p : layer_premise)
    : bool :=
  match p with Error_premise n b e => suffices name box epsilon n b e | _ => false end.

Definition rounded_claim_ok (box : option Q) (name : string) (p : layer_premise)
    (l : rounded_claim) : bool :=
  String.eqb (rounded_name l) name &&
  match p with
  | Rounded_premise n b e => suffices name box (rounded_epsilon l) n b e
  | _ => false
  end.

Definition facts_ok (m : mlp) (h : neuron_heads) (l : layer_claim) : bool :=
  same_program (claim_activation l) (activation m) &&
  computes_gates (claim_approximant l) (gated h) (gates h) &&
  same_kind (claim_norm l) (kind (mlp_norm m)) &&
  Qeq_bool (claim_norm_epsilon l) (epsilon (mlp_norm m)).

Definition mlp_claim_ok (box : option Q) (name : string) (m : mlp) (b : converted_layer)
    (p : layer_premise) (l : layer_claim) : bool :=
  String.eqb (claim_name l) name &&
  match neurons_of b (claim_omega l) with Some h => facts_ok m h l | None => false end &&
  premise_suffices name box (claim_epsilon l) p.

Definition masked_claim_ok (box : option Q) (name : string) (a : attention) (w : mask_weights)
    (p : layer_premise) (l : masked_claim) : bool :=
  String.eqb (masked_name l) name && Bool.eqb (masked_causal l) (causal (attention_shape a)) &&
  Qeq_bool (masked_omega l) (mask_omega w) && premise_suffices name box (masked_epsilon l) p.

Fixpoint layers_ok (box : option Q) (before : list (string * original_layer))
    (after : list (string * converted_layer)) (premises : list layer_premise)
    (claims : list layer_claim) (masked : list masked_claim) (rounded : list rounded_claim)
    : bool :=
  match before, after, premises with
  | [], [], [] => match claims, masked, rounded with [], [], [] => true | _, _, _ => false end
  | (n, a) :: before, (n', b) :: after, p :: premises =>
      String.eqb n n' &&
      match a, b with
      | _, Kept_layer _ => match p with Exact_premise name => String.eqb name n | _ => false end &&
                           layers_ok box before after premises claims masked rounded
      | Original_mlp m, _ =>
          match claims with
          | l :: claims =>
              mlp_claim_ok box n m b p l &&
              layers_ok box before after premises claims masked rounded
          | [] => false
          end
      | Original_attention a, Raised_tokens h w =>
          match masked with
          | l :: masked =>
              masked_claim_ok box n a w p l &&
              layers_ok box before after premises claims masked rounded
          | [] => false
          end
      | _, _ =>
          match p, rounded with
          | Exact_premise name, _ =>
              String.eqb name n && layers_ok box before after premises claims masked rounded
          | _, l :: rounded =>
              rounded_claim_ok box n p l &&
              layers_ok box before after premises claims masked rounded
          | _, [] => false
          end
      end
  | _, _, _ => false
  end.

Fixpoint distinct (names : list string) : bool :=
  match names with
  | [] => true
  | n :: names => negb (existsb (String.eqb n) names) && distinct names
  end.

Definition every_layer_ok (box : option Q) (premises : list layer_premise)
    (claims : list layer_claim) (masked : list masked_claim) (rounded : list rounded_claim)
    (epsilon : Q) : bool :=
  Nat.eqb (d_model o) (d_model c) && same_ends (ends o) (ends c) &&
  distinct (map fst (sublayers o)) && distinct (map fst (sublayers c)) &&
  layers_ok box (sublayers o) (sublayers c) premises claims masked rounded &&
  forallb (fun l => Qle_bool (claim_epsilon l) epsilon) claims &&
  forallb (fun l => Qle_bool (masked_epsilon l) epsilon) masked &&
  forallb (fun l => Qle_bool (rounded_epsilon l) epsilon) rounded.

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

Lemma suffices_sound name box epsilon n b e : suffices name box epsilon n b e = true ->
  n = name /\ Q2R e <= Q2R epsilon /\ forall x, in_inputs box x -> in_inputs b x.
Proof.
unfold suffices. intros H. apply andb_prop in H. destruct H as [H B].
apply andb_prop in H. destruct H as [N E].
split; [now apply String.eqb_eq|split; [now apply Qle_bool_R|]].
intros x Hx q ->. destruct box as [r'|]; [|easy].
apply Qeq_bool_iff, Qeq_eqR in B. rewrite B. now apply Hx.
Qed.

Lemma premise_suffices_sound name box epsilon p a b :
  named name (sublayers o) = Some a -> named name (sublayers c) = Some b ->
  premise_suffices name box epsilon p = true -> premise_holds p ->
  sublayer_error_holds (d_model o) (longest (ends o)) a b box epsilon.
Proof.
destruct p as [n|n r e|n r e]; simpl; try easy. intros Ea Eb H [a' [b' [Ea' [Eb' L]]]].
apply suffices_sound in H. destruct H as [-> [E B]]. rewrite Ea in Ea'. rewrite Eb in Eb'.
injection Ea' as <-. injection Eb' as <-.
exact (sublayer_error_weaker _ _ _ _ _ _ _ _ B E L).
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

Lemma mlp_claim_sound box n m b p l :
  named n (sublayers o) = Some (Original_mlp m) -> named n (sublayers c) = Some b ->
  mlp_claim_ok box n m b p l = true -> premise_holds p -> mlp_claim_holds box n m b l.
Proof.
unfold mlp_claim_ok. intros Eo Ec H P.
apply andb_prop in H. destruct H as [H S]. apply andb_prop in H. destruct H as [N F].
split; [now apply String.eqb_eq|split].
- destruct (neurons_of b (claim_omega l)) as [h|]; [|easy]. exists h.
  split; [reflexivity|now apply facts_ok_sound].
- now apply premise_suffices_sound with n p.
Qed.

Lemma masked_claim_sound box n a h w p l :
  named n (sublayers o) = Some (Original_attention a) ->
  named n (sublayers c) = Some (Raised_tokens h w) ->
  masked_claim_ok box n a w p l = true -> premise_holds p -> masked_claim_holds box n a h w l.
Proof.
unfold masked_claim_ok. intros Eo Ec H P.
apply andb_prop in H. destruct H as [H S]. apply andb_prop in H. destruct H as [H W].
apply andb_prop in H. destruct H as [N C].
split; [now apply String.eqb_eq|split; [now apply eqb_prop|split]].
- now apply Qeq_eqR, Qeq_bool_iff.
- now apply premise_suffices_sound with n p.
Qed.

Lemma rounded_claim_sound box n a b p l :
  named n (sublayers o) = Some a -> named n (sublayers c) = Some b ->
  rounded_claim_ok box n p l = true -> premise_holds p ->
  rounded_claim_holds (d_model o) box n a b l.
Proof.
unfold rounded_claim_ok. intros Eo Ec H P. apply andb_prop in H. destruct H as [N H].
split; [now apply String.eqb_eq|]. destruct p as [m|m r e|m r e]; try easy.
apply suffices_sound in H. destruct H as [-> [E B]]. destruct P as [a' [b' [Ea' [Eb' L]]]].
rewrite Eo in Ea'. rewrite Ec in Eb'. injection Ea' as <-. injection Eb' as <-.
exact (layer_perturbation_weaker _ _ _ _ _ _ _ B E L).
Qed.

Lemma layers_ok_sound box before after premises claims masked rounded :
  (forall n a, In (n, a) before -> named n (sublayers o) = Some a) ->
  (forall n b, In (n, b) after -> named n (sublayers c) = Some b) ->
  layers_ok box before after premises claims masked rounded = true ->
  Forall premise_holds premises -> layers_hold box before after claims masked rounded.
Proof.
revert after premises claims masked rounded; induction before as [|[n a] before IH];
  intros [|[n' b] after] [|p premises] claims masked rounded No Nc H P; simpl in H; try easy.
- destruct claims, masked, rounded; easy.
- apply andb_prop in H. destruct H as [N H]. apply String.eqb_eq in N. subst n'.
  inversion_clear P as [|? ? Hp Hps].
  assert (Fo := No n a (or_introl eq_refl)). assert (Fc := Nc n b (or_introl eq_refl)).
  assert (IH' : forall k m r, layers_ok box before after premises k m r = true ->
                layers_hold box before after k m r)
    by (intros k m r Hk; apply IH with premises; auto; intros; [apply No|apply Nc]; now right).
  assert (Other : match p, rounded with
                  | Exact_premise name, _ =>
                      String.eqb name n && layers_ok box before after premises claims masked rounded
                  | _, l :: rounded =>
                      rounded_claim_ok box n p l &&
                      layers_ok box before after premises claims masked rounded
                  | _, [] => false
                  end = true ->
                  (layer_instance (d_model o) (longest (ends o)) a b /\
                   layers_hold box before after claims masked rounded) \/
                  match rounded with
                  | l :: rounded =>
                      rounded_claim_holds (d_model o) box n a b l /\
                      layers_hold box before after claims masked rounded
                  | [] => False
                  end).
  { intros K. destruct p as [name|name r e|name r e].
    - left. apply andb_prop in K. destruct K as [K L]. split; [|now apply IH'].
      apply String.eqb_eq in K. subst name. destruct Hp as [a' [b' [Ea [Eb I]]]].
      rewrite Fo in Ea. rewrite Fc in Eb. injection Ea as <-. injection Eb as <-. exact I.
    - right. destruct rounded as [|l rounded]; [easy|]. apply andb_prop in K. destruct K as [K L].
      split; [now apply rounded_claim_sound with (Error_premise name r e)|now apply IH'].
    - right. destruct rounded as [|l rounded]; [easy|]. apply andb_prop in K. destruct K as [K L].
      split; [now apply rounded_claim_sound with (Rounded_premise name r e)|now apply IH']. }
  assert (Exact : match p with Exact_premise name => String.eqb name n | _ => false end &&
                  layers_ok box before after premises claims masked rounded = true ->
                  layer_instance (d_model o) (longest (ends o)) a b /\
                  layers_hold box before after claims masked rounded).
  { intros K. apply andb_prop in K. destruct K as [K L]. split; [|now apply IH'].
    destruct p as [name| |]; try easy. apply String.eqb_eq in K. subst name.
    destruct Hp as [a' [b' [Ea [Eb I]]]]. rewrite Fo in Ea. rewrite Fc in Eb.
    injection Ea as <-. injection Eb as <-. exact I. }
  split; [reflexivity|].
  assert (Kept : {k | b = Kept_layer k} + {forall k, b <> Kept_layer k})
    by (destruct b; try (right; discriminate); left; eauto).
  destruct Kept as [[k ->]|Heads]; [destruct a; now apply Exact|].
  destruct a as [m|a|l].
  + assert (K : match claims with
              | l :: claims =>
                  mlp_claim_ok box n m b p l &&
                  layers_ok box before after premises claims masked rounded
              | [] => false
              end = true) by (destruct b; try exact H; now elim (Heads a)).
    assert (G : match claims with
              | l :: claims =>
                  mlp_claim_holds box n m b l /\ layers_hold box before after claims masked rounded
              | [] => False
              end); [|destruct b; try exact G; now elim (Heads a)].
    destruct claims as [|l claims]; [easy|]. apply andb_prop in K. destruct K as [K L].
    split; [now apply mlp_claim_sound with p|now apply IH'].
  + destruct b as [h|h|h|h w|h w|k]; auto. destruct masked as [|l masked]; [easy|].
    apply andb_prop in H. destruct H as [H L].
    split; [now apply masked_claim_sound with p|now apply IH'].
  + destruct b as [h|h|h|h w|h w|k]; auto.
Qed.

Theorem every_layer_sound box premises claims masked rounded epsilon :
  every_layer_ok box premises claims masked rounded epsilon = true ->
  Forall premise_holds premises -> conversion box claims masked rounded epsilon.
Proof.
unfold every_layer_ok. intros H P.
apply andb_prop in H. destruct H as [H R]. apply andb_prop in H. destruct H as [H M].
apply andb_prop in H. destruct H as [H L].
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
apply Nat.eqb_eq in H. destruct (same_ends_sound _ _ K2) as [E F].
rewrite forallb_forall in L, M, R.
split; [exact H|split; [intros from; rewrite <- H; apply E|split; [exact F|]]].
split; [|split; [|split]].
- apply layers_ok_sound with premises; auto; intros; now apply distinct_named.
- apply Forall_forall. intros l Hl. now apply Qle_bool_R, L.
- apply Forall_forall. intros l Hl. now apply Qle_bool_R, M.
- apply Forall_forall. intros l Hl. now apply Qle_bool_R, R.
Qed.
End Networks.
