(** How far apart values and 0, the bias token's, can be: what rule leak multiplies masses with. *)
From Coq Require Import ZArith QArith Qreals Qminmax Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Judgement Attncert.kernel.Tensor Attncert.kernel.Tensor_attention.
Require Import Attncert.kernel.Tensor_model Attncert.kernel.Instance_attention.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Row_reach Attncert.kernel.Spectral.
Require Import Attncert.kernel.Lift.
Import ListNotations.
Open Scope R_scope.

(** ** Values of attention: a middle, give or take *)

Definition larger (a b : dyadic) : dyadic := if Z.leb 0 (mantissa (minus a b)) then a else b.

(** How far apart two numbers of middle m +- t and 0 can be. *)
Definition diameter (r : dyadic * dyadic) : dyadic := plus (snd r) (larger (snd r) (magnitude (fst r))).

Lemma larger_sound a b : real a <= real (larger a b) /\ real b <= real (larger a b).
Proof.
unfold larger. assert (E := real_minus a b). unfold real in E at 1.
assert (P : 0 < powerRZ 2 (exponent (minus a b))) by (apply powerRZ_lt; lra).
destruct (Z.leb_spec 0 (mantissa (minus a b))) as [H|H]; apply IZR_le in H || apply IZR_lt in H; nra.
Qed.

Lemma diameter_apart r x y : near_middle r x -> near_middle r y -> Rabs (x - y) <= real (diameter r).
Proof.
unfold near_middle, diameter. intros H K. rewrite real_plus.
assert (L := proj1 (larger_sound (snd r) (magnitude (fst r)))).
replace (x - y) with ((x - real (fst r)) + - (y - real (fst r))) by ring.
apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp. lra.
Qed.

Lemma diameter_zero r x : near_middle r x -> Rabs x <= real (diameter r).
Proof.
unfold near_middle, diameter. intros H. rewrite real_plus.
assert (L := proj2 (larger_sound (snd r) (magnitude (fst r)))). rewrite real_magnitude in L.
replace x with ((x - real (fst r)) + real (fst r)) by ring.
apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.

Definition head_diameters (shape : head_shape) (l : tensor1) : tensor1 :=
  flat_map (fun h => sub_list (group shape h * d_head shape) (d_head shape) l)
           (seq 0 (n_head shape)).

Lemma head_diameters_length shape l : (0 < n_kv_head shape)%nat ->
  length l = (n_kv_head shape * d_head shape)%nat ->
  length (head_diameters shape l) = (n_head shape * d_head shape)%nat.
Proof.
intros K L. unfold head_diameters.
assert (H : forall h, In h (seq 0 (n_head shape)) -> (h < n_head shape)%nat)
  by (intros h Hh; apply in_seq in Hh; lia).
rewrite <- (seq_length (n_head shape) 0) at 2. revert H. generalize (seq 0 (n_head shape)).
intros hs H. induction hs as [|h hs IH]; [reflexivity|]. cbn [flat_map].
rewrite app_length, IH by (intros g Hg; apply H; now right).
unfold sub_list. rewrite firstn_length, skipn_length, L.
assert (F := group_fits shape h K (H h (or_introl eq_refl))). simpl. lia.
Qed.

(** ** Ranges of neurons *)

(** How far apart two numbers of a domain, and 0, can be. *)
Definition domain_diameter (r : domain) : option dyadic :=
  match lower r, upper r with
  | Some l, Some u => Some (round_up (Qmax u 0 - Qmin l 0))
  | _, _ => None
  end.

Lemma Q2R_max a b : Q2R a <= Q2R (Qmax a b) /\ Q2R b <= Q2R (Qmax a b).
Proof. split; apply Qle_Rle; [apply Q.le_max_l|apply Q.le_max_r]. Qed.
Lemma Q2R_min a b : Q2R (Qmin a b) <= Q2R a /\ Q2R (Qmin a b) <= Q2R b.
Proof. split; apply Qle_Rle; [apply Q.le_min_l|apply Q.le_min_r]. Qed.

Definition in_or_zero (r : domain) (z : R) : Prop := z = 0 \/ inside r z.

Lemma domain_diameter_sound r t x y : domain_diameter r = Some t ->
  in_or_zero r x -> in_or_zero r y -> Rabs (x - y) <= real t.
Proof.
unfold domain_diameter, in_or_zero, inside.
destruct (lower r) as [l|] eqn:L; [|easy]. destruct (upper r) as [u|] eqn:U; [|easy].
intros E X Y. injection E as <-. apply Rle_trans with (2 := real_round_up _). rewrite Q2R_minus.
assert (B : forall z, (z = 0 \/ (forall a, Some l = Some a -> Q2R a <= z) /\
  (forall b, Some u = Some b -> z <= Q2R b)) -> z = 0 \/ Q2R l <= z /\ z <= Q2R u)
  by (intros z [Z|[Z1 Z2]]; auto).
apply B in X, Y. clear B.
destruct (Q2R_max u 0) as [M1 M2]. destruct (Q2R_min l 0) as [N1 N2]. rewrite Q2R_0 in M2, N2.
unfold Rabs. destruct Rcase_abs; destruct X as [->|[X1 X2]]; destruct Y as [->|[Y1 Y2]]; lra.
Qed.

Fixpoint domain_diameters (l : list domain) : option tensor1 :=
  match l with
  | [] => Some []
  | r :: l => match domain_diameter r, domain_diameters l with
              | Some t, Some k => Some (t :: k)
              | _, _ => None
              end
  end.

Lemma domain_diameters_length l k : domain_diameters l = Some k -> length k = length l.
Proof.
revert k; induction l as [|r l IH]; simpl; intros k E; [now injection E as <-|].
destruct (domain_diameter r) as [t|]; [|easy]. destruct (domain_diameters l) as [m|]; [|easy].
injection E as <-. simpl. f_equal. now apply IH.
Qed.

Lemma domain_diameters_nth l k j z : domain_diameters l = Some k -> (j < length l)%nat ->
  domain_diameter (nth j l z) = Some (nth j k zero).
Proof.
revert k j; induction l as [|r l IH]; simpl; intros k j E L; [lia|].
destruct (domain_diameter r) as [t|] eqn:D; [|easy].
destruct (domain_diameters l) as [m|]; [|easy]. injection E as <-.
destruct j as [|j]; [exact D|]. apply (IH m j eq_refl). lia.
Qed.
