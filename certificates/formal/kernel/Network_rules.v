(** The rules about models as an extension of the checker, for one pair of networks: those whose
    files a certificate names. *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool Lra.
Require Import Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Structure.
Require Import Attncert.kernel.Rules.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Instance Attncert.kernel.Ball_rule Attncert.kernel.Lift.
Require Import Attncert.kernel.Layers Attncert.kernel.Every_layer Attncert.kernel.Identity.
Require Import Attncert.kernel.Mask_weights Attncert.kernel.Score_bound Attncert.kernel.Perturb.
Require Import Attncert.kernel.Exponentials Attncert.kernel.Leak_rule.
Require Import Attncert.kernel.Decoding_alike Attncert.kernel.Argmax.
Require Import Attncert.kernel.Enclose_functions.
Import ListNotations.

Module Type Models.
Parameter original : original_network.
Parameter converted : converted_network.
Parameter prompts : list (list nat).
End Models.

(** ** Judgements, as data *)

Inductive network_judgement : Type :=
| Instance (name : string)
| Range (name : string) (box : option Q) (ranges : list domain)
| One_layer_error (name : string) (box : option Q) (exact : bool) (epsilon : Q)
| Conversion (box : option Q) (claims : list layer_claim) (masked : list masked_claim)
    (rounded : list rounded_claim) (epsilon : Q)
| Identity
| Score_bound (name : string) (box : option Q) (bound : Q)
| Mask_leak (name : string) (box : option Q) (epsilon : Q)
| Argmax_shard (first last generate : Z) (except : list Z)
| Same_argmax (count generate : Z) (except : list Z)
| Perturbation (name : string) (box : option Q) (epsilon : Q).

(** Rule leak carries its precision. *)
Inductive network_rule : Type :=
| Instance_rule | Ball_rule | Box_rule | Lift_rule | Every_layer_rule | Spectral_rule
| Leak_rule (precision : positive) | Triangle_rule | Argmax_rule | Shard_union_rule | Perturb_rule.

(** ** Equality of what heads a certificate: numbers as they are written *)

Definition same_box (a b : option Q) : bool :=
  match a, b with None, None => true | Some a, Some b => same_constant a b | _, _ => false end.

Definition same_claim (a b : layer_claim) : bool :=
  String.eqb (claim_name a) (claim_name b) &&
  same_program (claim_activation a) (claim_activation b) &&
  same_program (claim_approximant a) (claim_approximant b) &&
  same_kind (claim_norm a) (claim_norm b) &&
  same_constant (claim_norm_epsilon a) (claim_norm_epsilon b) &&
  same_constant (claim_epsilon a) (claim_epsilon b) &&
  same_box (claim_omega a) (claim_omega b).

Definition same_masked_claim (a b : masked_claim) : bool :=
  String.eqb (masked_name a) (masked_name b) && Bool.eqb (masked_causal a) (masked_causal b) &&
  same_constant (masked_omega a) (masked_omega b) &&
  same_constant (masked_epsilon a) (masked_epsilon b).

Definition same_rounded_claim (a b : rounded_claim) : bool :=
  String.eqb (rounded_name a) (rounded_name b) &&
  same_constant (rounded_epsilon a) (rounded_epsilon b).

Definition same_network_judgement (a b : network_judgement) : bool :=
  match a, b with
  | Conversion r l k m e, Conversion r' l' k' m' e' =>
      same_box r r' && same_list same_claim l l' && same_list same_masked_claim k k' &&
      same_list same_rounded_claim m m' && same_constant e e'
  | Identity, Identity => true
  | Same_argmax m g x, Same_argmax n h y => Z.eqb m n && Z.eqb g h && same_numbers x y
  | _, _ => false
  end.

Lemma same_box_sound a b : same_box a b = true -> a = b.
Proof. destruct a, b; simpl; try easy. intros H. now rewrite (same_constant_sound _ _ H). Qed.

Lemma same_claim_sound a b : same_claim a b = true -> a = b.
Proof.
unfold same_claim. rewrite !andb_true_iff. intros [[[[[[N A] F] K] E] P] W].
apply String.eqb_eq in N. apply same_program_sound in A, F. apply same_constant_sound in E, P.
apply same_box_sound in W.
destruct a as [n1 a1 f1 k1 e1 p1 w1], b as [n2 a2 f2 k2 e2 p2 w2]. simpl in *. subst.
destruct k1, k2; simpl in K; easy.
Qed.

Lemma same_masked_claim_sound a b : same_masked_claim a b = true -> a = b.
Proof.
unfold same_masked_claim. rewrite !andb_true_iff. intros [[[N C] W] E].
apply String.eqb_eq in N. apply eqb_prop in C. apply same_constant_sound in W, E.
destruct a, b. simpl in *. congruence.
Qed.

Lemma same_rounded_claim_sound a b : same_rounded_claim a b = true -> a = b.
Proof.
unfold same_rounded_claim. rewrite andb_true_iff. intros [N E].
apply String.eqb_eq in N. apply same_constant_sound in E. destruct a, b. simpl in *. congruence.
Qed.

Lemma same_all_sound {A : Type} (same : A -> A -> bool) k l :
  (forall a b, same a b = true -> a = b) -> same_list same k l = true -> k = l.
Proof.
intros E H. rewrite <- (map_id k), <- (map_id l). exact (same_list_sound _ (fun a => a) _ _ E H).
Qed.

Lemma same_network_judgement_sound a b : same_network_judgement a b = true -> a = b.
Proof.
destruct a, b; simpl; try easy; rewrite !andb_true_iff.
- intros [[[[B C] M] R] E]. now rewrite (same_box_sound _ _ B), (same_constant_sound _ _ E),
    (same_all_sound _ _ _ same_claim_sound C), (same_all_sound _ _ _ same_masked_claim_sound M),
    (same_all_sound _ _ _ same_rounded_claim_sound R).
- intros [[C G] X]. apply Z.eqb_eq in C, G. now rewrite C, G, (same_numbers_sound _ _ X).
Qed.

(** ** Premises *)

(** The domains and bounds of sup-errors, all of the pair p. *)
Fixpoint bounds_of (p : pair) (premises : list (judgement network_judgement))
    : option (list (domain * Q)) :=
  match premises with
  | [] => Some []
  | Sup_error f dom e :: rest =>
      if same_pair (programs f) p
      then match bounds_of p rest with Some l => Some ((dom, e) :: l) | None => None end
      else None
  | _ => None
  end.

Fixpoint layer_premises (premises : list (judgement network_judgement))
    : option (list layer_premise) :=
  match premises with
  | [] => Some []
  | Other (Instance n) :: rest =>
      match layer_premises rest with Some l => Some (Exact_premise n :: l) | None => None end
  | Other (One_layer_error n b false e) :: rest =>
      match layer_premises rest with Some l => Some (Error_premise n b e :: l) | None => None end
  | Other (Perturbation n b e) :: rest =>
      match layer_premises rest with Some l => Some (Rounded_premise n b e :: l) | None => None end
  | _ => None
  end.

Fixpoint shards_of (premises : list (judgement network_judgement)) : option (list shard) :=
  match premises with
  | [] => Some []
  | Other (Argmax_shard first last generate except) :: rest =>
      match shards_of rest with
      | Some l => Some (Shard first last generate except :: l)
      | None => None
      end
  | _ => None
  end.

Module Network_extension (M : Models) (X : Exponentials) (A : Enclosed_functions) <: Extension.
Module L := Leaks X.

Definition other : Type := network_judgement.

Definition holds_other (j : other) : Prop :=
  match j with
  | Instance name => instance M.original M.converted name
  | Range name box ranges => preactivation_range M.original name box ranges
  | One_layer_error name box exact epsilon =>
      layer_error M.original M.converted name box exact epsilon
  | Conversion box claims masked rounded epsilon =>
      conversion M.original M.converted box claims masked rounded epsilon
  | Identity => identity M.original M.converted
  | Score_bound name box bound => score_bound M.original name box bound
  | Mask_leak name box epsilon => mask_leak M.original M.converted name box epsilon
  | Argmax_shard first last generate except =>
      argmax_shard M.original M.converted M.prompts first last generate except
  | Same_argmax count generate except =>
      same_argmax M.original M.converted M.prompts count generate except
  | Perturbation name box epsilon => perturbation M.original M.converted name box epsilon
  end.

Definition same_other : other -> other -> bool := same_network_judgement.

Lemma same_other_sound a b : same_other a b = true -> holds_other a -> holds_other b.
Proof. intros H. now rewrite (same_network_judgement_sound _ _ H). Qed.

Definition other_rule : Type := network_rule.

Definition no_premises (premises : list (judgement other)) : bool :=
  match premises with [] => true | _ => false end.

Definition lift_rule_ok (premises : list (judgement other)) (name : string) (box : option Q)
    (exact : bool) (epsilon : Q) : bool :=
  match premises with
  | Other (Instance n) :: Other (Range n' box' ranges) :: Sup_error f dom e :: rest =>
      String.eqb n name && String.eqb n' name && same_box box' box &&
      match bounds_of (programs f) (Sup_error f dom e :: rest) with
      | Some bounds =>
          layer_error_ok M.original M.converted name box exact ranges (programs f) bounds epsilon
      | None => false
      end
  | Other (Perturbation n box0 rounding) :: Other (Range n' box' ranges) ::
    Sup_error f dom e :: rest =>
      negb exact && String.eqb n name && same_box box0 box && String.eqb n' name &&
      same_box box' box &&
      match bounds_of (programs f) (Sup_error f dom e :: rest) with
      | Some bounds =>
          rounded_error_ok M.original M.converted name box ranges (programs f) bounds rounding
                           epsilon
      | None => false
      end
  | _ => false
  end.

Definition leak_rule_ok (p : positive) (premises : list (judgement other)) (name : string)
    (box : option Q) (epsilon : Q) : bool :=
  match premises with
  | [Other (Score_bound n b bound)] =>
      String.eqb n name && same_box b box &&
      L.attention_leak_rule_ok M.original M.converted p name box bound epsilon
  | [Other (Range n b ranges)] =>
      String.eqb n name && same_box b box &&
      L.mlp_leak_rule_ok M.original M.converted p name ranges epsilon
  | _ => false
  end.

Definition triangle_rule_ok (premises : list (judgement other)) (name : string) (box : option Q)
    (epsilon : Q) : bool :=
  match premises with
  | [Other (Instance n); Other (Mask_leak n' b' leak)] =>
      String.eqb n name && String.eqb n' name && same_box b' box &&
      triangle_attention_ok M.original name leak epsilon
  | [Other (One_layer_error n b true e); Other (Mask_leak n' b' leak)] =>
      String.eqb n name && same_box b box && String.eqb n' name && same_box b' box &&
      Qle_bool (e + leak) epsilon
  | _ => false
  end.

Definition other_rule_ok (r : other_rule) (premises : list (judgement other))
    (conclusion : judgement other) : bool :=
  match r, conclusion with
  | Instance_rule, Other (Instance name) =>
      no_premises premises && instance_ok M.original M.converted name
  | Ball_rule, Other (Range name None ranges) =>
      no_premises premises && preactivation_range_ok M.original name None ranges
  | Box_rule, Other (Range name (Some r) ranges) =>
      no_premises premises && preactivation_range_ok M.original name (Some r) ranges
  | Lift_rule, Other (One_layer_error name box exact epsilon) =>
      lift_rule_ok premises name box exact epsilon
  | Spectral_rule, Other (Score_bound name box bound) =>
      no_premises premises && spectral_rule_ok M.original name box bound
  | Leak_rule p, Other (Mask_leak name box epsilon) => leak_rule_ok p premises name box epsilon
  | Triangle_rule, Other (One_layer_error name box false epsilon) =>
      triangle_rule_ok premises name box epsilon
  | Perturb_rule, Other (Perturbation name box epsilon) =>
      no_premises premises && perturb_ok M.original M.converted name box epsilon
  | Every_layer_rule, Other (Conversion box claims masked rounded epsilon) =>
      match layer_premises premises with
      | Some l => every_layer_ok M.original M.converted box l claims masked rounded epsilon
      | None => false
      end
  | Every_layer_rule, Other Identity =>
      match layer_premises premises with
      | Some l => identity_ok M.original M.converted l
      | None => false
      end
  | Argmax_rule, Other (Argmax_shard first last generate except) =>
      no_premises premises &&
      argmax_ok M.original M.converted A.functions M.prompts first last generate except
  | Shard_union_rule, Other (Same_argmax count generate except) =>
      match shards_of premises with
      | Some l => union_ok M.prompts l count generate except
      | None => false
      end
  | _, _ => false
  end.

Lemma bounds_of_sound p premises bounds : bounds_of p premises = Some bounds ->
  (forall j, In j premises -> holds holds_other j) ->
  Forall (fun b => sup_error p (fst b) (snd b)) bounds.
Proof.
revert bounds; induction premises as [|j rest IH]; simpl; intros bounds H K.
- injection H as <-. constructor.
- destruct j as [f dom e| | | | | |]; try easy.
  destruct (same_pair (programs f) p) eqn:S; [|easy].
  destruct (bounds_of p rest) as [l|]; [|easy]. injection H as <-. constructor.
  + simpl. rewrite <- (same_pair_sound _ _ S). exact (K _ (or_introl eq_refl)).
  + apply IH; auto.
Qed.

Lemma layer_premises_sound premises l : layer_premises premises = Some l ->
  (forall j, In j premises -> holds holds_other j) ->
  Forall (premise_holds M.original M.converted) l.
Proof.
revert l; induction premises as [|j rest IH]; simpl; intros l H K.
- injection H as <-. constructor.
- destruct j as [| | | | | |j]; try easy; destruct j as [n| |n b [|] e| | | | | | |n b e]; try easy;
    (destruct (layer_premises rest) as [k|]; [|easy]; injection H as <-; constructor;
     [exact (K _ (or_introl eq_refl))|apply IH; auto]).
Qed.

Lemma shards_of_sound premises l : shards_of premises = Some l ->
  (forall j, In j premises -> holds holds_other j) ->
  Forall (shard_holds M.original M.converted M.prompts) l.
Proof.
revert l; induction premises as [|j rest IH]; simpl; intros l H K.
- injection H as <-. constructor.
- destruct j as [| | | | | |j]; try easy; destruct j as [| | | | | | |first last generate x| |]; try easy.
  destruct (shards_of rest) as [k|]; [|easy]. injection H as <-. constructor.
  + exact (K _ (or_introl eq_refl)).
  + apply IH; auto.
Qed.

Lemma lift_rule_sound premises name box exact epsilon :
  lift_rule_ok premises name box exact epsilon = true ->
  (forall j, In j premises -> holds holds_other j) ->
  holds_other (One_layer_error name box exact epsilon).
Proof.
unfold lift_rule_ok. intros H K.
destruct premises as [|[| | | | | |[n| | | | | | | | |n box0 r]] premises]; try easy;
  (destruct premises as [|[| | | | | |[|n' box' ranges| | | | | | | |]] premises]; try easy;
   destruct premises as [|[f dom e| | | | | |] rest]; try easy); rewrite !andb_true_iff in H.
2: { destruct H as [[[[[X N] B0] N'] B] H]. apply negb_true_iff in X. subst exact.
  apply String.eqb_eq in N, N'. apply same_box_sound in B, B0. subst n n' box' box0.
  destruct (bounds_of (programs f) (Sup_error f dom e :: rest)) as [bounds|] eqn:E; [|easy].
  apply (rounded_error_sound _ _ _ _ _ _ _ _ _ H).
  - exact (K _ (or_introl eq_refl)).
  - exact (K _ (or_intror (or_introl eq_refl))).
  - apply bounds_of_sound with (1 := E). intros j Hj. apply K. now do 2 right. }
destruct H as [[[N N'] B] H].
apply String.eqb_eq in N, N'. apply same_box_sound in B. subst n n' box'.
destruct (bounds_of (programs f) (Sup_error f dom e :: rest)) as [bounds|] eqn:E; [|easy].
apply (layer_error_sound _ _ _ _ _ _ _ _ _ H).
- exact (K _ (or_introl eq_refl)).
- exact (K _ (or_intror (or_introl eq_refl))).
- apply bounds_of_sound with (1 := E). intros j Hj. apply K. now do 2 right.
Qed.

Lemma triangle_rule_sound premises name box epsilon :
  triangle_rule_ok premises name box epsilon = true ->
  (forall j, In j premises -> holds holds_other j) ->
  holds_other (One_layer_error name box false epsilon).
Proof.
unfold triangle_rule_ok. intros H K.
destruct premises as [|[| | | | | |j] [|[| | | | | |k] [|]]]; try easy;
  destruct j as [n| |n b [|] e| | | | | | |]; try easy;
  destruct k as [| | | | | |n' b' leak| | |]; try easy;
  assert (J := K _ (or_introl eq_refl)); assert (L := K _ (or_intror (or_introl eq_refl)));
  rewrite !andb_true_iff in H.
- destruct H as [[[N N'] B'] H]. apply String.eqb_eq in N, N'. apply same_box_sound in B'.
  subst n n' b'. exact (triangle_instance_sound _ _ _ _ _ _ H J L).
- destruct H as [[[[N B] N'] B'] H]. apply String.eqb_eq in N, N'. apply same_box_sound in B, B'.
  subst n n' b b'. exact (triangle_error_sound _ _ _ _ _ _ _ H J L).
Qed.

Lemma leak_rule_sound p premises name box epsilon :
  leak_rule_ok p premises name box epsilon = true ->
  (forall j, In j premises -> holds holds_other j) -> holds_other (Mask_leak name box epsilon).
Proof.
unfold leak_rule_ok. intros H K.
destruct premises as [|[| | | | | |j] [|k rest]]; try easy; [|now destruct j].
destruct j as [|n b ranges| | | |n b bound| | | |]; try easy;
  assert (J := K _ (or_introl eq_refl)); rewrite !andb_true_iff in H; destruct H as [[N B] H];
  apply String.eqb_eq in N; apply same_box_sound in B; subst n b.
- exact (L.mlp_leak_rule_sound M.original M.converted p name box ranges epsilon H J).
- exact (L.attention_leak_rule_sound M.original M.converted p name box bound epsilon H J).
Qed.

Theorem other_rule_sound r premises conclusion : other_rule_ok r premises conclusion = true ->
  (forall j, In j premises -> holds holds_other j) -> holds holds_other conclusion.
Proof.
intros H K.
destruct r as [| | | | | |p| | | |], conclusion as [| | | | | |[name|name box ranges|name box exact e|
    box claims masked rounded e| | | |first last generate except|count generate except|]]; try easy;
  cbn [other_rule_ok] in H.
- apply andb_prop in H. now apply instance_sound.
- destruct box; [easy|]. apply andb_prop in H. now apply preactivation_range_sound.
- destruct box; [|easy]. apply andb_prop in H. now apply preactivation_range_sound.
- exact (lift_rule_sound _ _ _ _ _ H K).
- destruct (layer_premises premises) as [l|] eqn:E; [|easy].
  exact (every_layer_sound _ _ _ _ _ _ _ _ H (layer_premises_sound _ _ E K)).
- destruct (layer_premises premises) as [l|] eqn:E; [|easy].
  exact (identity_sound _ _ _ H (layer_premises_sound _ _ E K)).
- apply andb_prop in H. now apply spectral_sound.
- exact (leak_rule_sound _ _ _ _ _ H K).
- destruct exact; [easy|]. exact (triangle_rule_sound _ _ _ _ H K).
- apply andb_prop in H. exact (argmax_sound _ _ _ A.functions_sound _ _ _ _ _ (proj2 H)).
- destruct (shards_of premises) as [l|] eqn:E; [|easy].
  exact (union_sound _ _ _ _ _ _ _ H (shards_of_sound _ _ E K)).
- apply andb_prop in H. now apply perturb_sound.
Qed.

End Network_extension.
