(** Rule leak for MLPs: heads whose masks are weights, against the same heads with masks.

    A token's head allows itself, with score 0, and the bias token; the others' scores are 0. So at
    most n - 1 tokens of mass 1 are masked, and what is allowed has mass 1 or more. Coordinate k
    moves by at most (n - 1) e^-omega (sum_i |c_i| sum_j |V_kj| diameter_j + |b_k|). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Leak.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Tensor_tree.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_gates Attncert.kernel.Tensor_raised.
Require Import Attncert.kernel.Instance Attncert.kernel.Ball_rule Attncert.kernel.Row_reach.
Require Import Attncert.kernel.Lift Attncert.kernel.Mask_weights Attncert.kernel.Leak_rows.
Require Import Attncert.kernel.Coefficients Attncert.kernel.Diameters.
Require Attncert.kernel.Mask_error.
Import ListNotations.
Open Scope R_scope.

(** ** The rule *)

Section Rule.
(** Whether a e^x + b e^y <= e. *)
Variable sum_at_most : Q -> Q -> Q -> Q -> Q -> bool.
Hypothesis sum_at_most_sound : forall a x b y e, sum_at_most a x b y e = true ->
  Q2R a * exp (Q2R x) + Q2R b * exp (Q2R y) <= Q2R e.

Definition mlp_leak_ok (d n : nat) (m : mlp) (h : neuron_heads) (ranges : list domain)
    (omega epsilon : Q) : bool :=
  let neurons := length (weight (inner m)) in
  let others := natural (n - 1) in
  negb (gated h) && negb (is_some (mlp_gate m)) && norm_shape d (mlp_norm m) &&
  affine_shape neurons d (inner m) && affine_shape d neurons (outer m) &&
  Nat.eqb (length ranges) neurons &&
  match coefficients (gates h), domain_diameters ranges with
  | Some sum, Some diameters =>
      forallb (fun row =>
        sum_at_most (Qred (sum * others * rational (output_error (fst row) diameters))) (- omega)
                    (Qred (others * rational (magnitude (snd row)))) (- omega) epsilon)
        (combine (weight (outer m)) (bias_of (outer m)))
  | _, _ => false
  end.

(** ** One token *)

Section Token.
Variables (n last i : nat) (omega : R).
Hypothesis token : (i < last)%nat.
Hypothesis fits : (last <= n)%nat.
Let tokens := seq 0 (last + 1).
Let allowed := neuron_allows last i.

Lemma filter_only k start : (start <= i < start + k)%nat ->
  filter (fun j => Nat.eqb j i) (seq start k) = [i].
Proof.
assert (None : forall k start, (i < start)%nat -> filter (fun j => Nat.eqb j i) (seq start k) = []).
{ clear. induction k as [|k IH]; intros start H; [reflexivity|]. simpl.
  destruct (Nat.eqb_spec start i); [lia|]. apply IH. lia. }
revert start; induction k as [|k IH]; intros start H; [lia|]. simpl.
destruct (Nat.eqb_spec start i) as [->|N]; [rewrite None by lia; reflexivity|]. apply IH. lia.
Qed.

Lemma allowed_tokens : filter allowed tokens = [i; last].
Proof.
unfold tokens. rewrite seq_app, filter_app. simpl.
replace (allowed last) with true by (unfold allowed, neuron_allows; rewrite Nat.eqb_refl, orb_true_r; easy).
rewrite (filter_ext_in allowed (fun j => Nat.eqb j i)).
- rewrite filter_only by lia. reflexivity.
- intros j Hj. apply in_seq in Hj. unfold allowed, neuron_allows.
  destruct (Nat.eqb_spec j last); [lia|]. apply orb_false_r.
Qed.

(** Where the masked tokens' scores are 0, and the masses of what is allowed are T or more. *)
Lemma neuron_masses score value T : 0 < T -> (forall j, In j tokens -> allowed j = false -> score j = 0) ->
  T <= mass (allowed_pairs allowed score value tokens) ->
  mass (masked_pairs allowed score value tokens) <=
    INR (n - 1) / T * mass (allowed_pairs allowed score value tokens).
Proof.
intros P S L. assert (C := Mask_error.filter_complement allowed tokens).
rewrite allowed_tokens in C. unfold tokens in C at 2. rewrite seq_length in C. simpl in C.
assert (U : mass (masked_pairs allowed score value tokens) <= INR (n - 1)).
{ apply Rle_trans with (INR (length (masked_pairs allowed score value tokens)) * exp 0).
  - apply mass_at_most. intros p Hp. unfold masked_pairs, pairs in Hp. apply in_map_iff in Hp.
    destruct Hp as [j [<- Hj]]. apply filter_In in Hj. destruct Hj as [I A].
    apply negb_true_iff in A. simpl. rewrite S by assumption. lra.
  - rewrite exp_0, Rmult_1_r. apply le_INR. unfold masked_pairs, pairs. rewrite map_length. lia. }
apply Rle_trans with (1 := U).
assert (Q : 0 <= INR (n - 1) / T).
{ apply Rmult_le_pos; [apply pos_INR|]. left. now apply Rinv_0_lt_compat. }
apply Rle_trans with (INR (n - 1) / T * T); [right; field; lra|]. now apply Rmult_le_compat_l.
Qed.

Lemma gate_near c slope shift values z D : length values = (last + 1)%nat ->
  entry values i = z -> entry values last = 0 -> 0 <= D ->
  (forall j k, In j tokens -> In k tokens -> Rabs (entry values j - entry values k) <= D) ->
  Rabs (z * gate_value (c, [(slope, shift)]) z -
        raised_gate (fun j => raise omega (allowed j)) values c (- (slope * z + shift))) <=
  INR (n - 1) * exp (- omega) * (Rabs c * D).
Proof.
intros L Z Bias D0 V.
set (score := fun j => if Nat.eqb (S j) (last + 1) then - (slope * z + shift) else 0).
set (value := fun j => c * entry values j).
assert (E : raised_gate (fun j => raise omega (allowed j)) values c (- (slope * z + shift)) =
            raised_average omega allowed score value tokens).
{ unfold raised_gate, raised_average. now rewrite L. }
assert (Own : score i = 0) by (unfold score; destruct (Nat.eqb_spec (S i) (last + 1)); [lia|easy]).
assert (M : masked_average allowed score value tokens = z * gate_value (c, [(slope, shift)]) z).
{ unfold masked_average. rewrite allowed_tokens. simpl map. rewrite Own.
  rewrite <- (attend_self_and_bias c z z [(slope, shift)]). simpl map.
  assert (O : score last = - z * slope + 1 * - shift).
  { unfold score. replace (S last) with (last + 1)%nat by lia. rewrite Nat.eqb_refl. ring. }
  rewrite O. unfold value. now rewrite Z, Bias. }
rewrite E, <- M.
replace (INR (n - 1)) with (INR (n - 1) / 1) by field.
assert (One : 1 <= mass (allowed_pairs allowed score value tokens)).
{ rewrite <- exp_0, <- Own. apply allowed_mass_pos; [unfold tokens; apply in_seq; lia|].
  unfold allowed, neuron_allows. now rewrite Nat.eqb_refl. }
apply (average_leak omega allowed score value tokens).
- lra.
- apply neuron_masses; [lra| |exact One]. intros j Hj A. unfold score.
  destruct (Nat.eqb_spec (S j) (last + 1)) as [H|]; [|reflexivity].
  replace j with last in A by lia. unfold allowed, neuron_allows in A.
  now rewrite Nat.eqb_refl, orb_true_r in A.
- apply Rmult_le_pos; [apply Rabs_pos|exact D0].
- intros j k Hj Hk _ _. unfold value.
  replace (c * entry values j - c * entry values k) with (c * (entry values j - entry values k)) by ring.
  rewrite Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos|]. now apply V.
Qed.

Lemma neuron_near gs values z D : length values = (last + 1)%nat ->
  entry values i = z -> entry values last = 0 -> 0 <= D ->
  (forall j k, In j tokens -> In k tokens -> Rabs (entry values j - entry values k) <= D) ->
  Rabs (z * gate_sum (map (fun g => (fst g, [snd g])) gs) z -
        raised_neuron (fun j => raise omega (allowed j)) values gs
                      (fun g => - (fst g * z + snd g))) <=
  magnitudes gs * INR (n - 1) * exp (- omega) * D.
Proof.
intros L Z Bias D0 V. unfold gate_sum, raised_neuron, magnitudes.
induction gs as [|[c [slope shift]] gs IH]; [simpl; rewrite Rmult_0_r, Rminus_0_r, Rabs_R0; lra|].
simpl map. simpl total. simpl in IH.
assert (G := gate_near c slope shift values z D L Z Bias D0 V).
match goal with |- Rabs (z * (?a + ?b) - (?x + ?y)) <= _ =>
  replace (z * (a + b) - (x + y)) with ((z * a - x) + (z * b - y)) by ring end.
apply Rle_trans with (1 := Rabs_triang _ _). simpl fst in *. simpl snd in *. lra.
Qed.

Lemma half_near :
  Rabs (1 - 2 * raised_share (fun j => raise omega (allowed j)) (real_ones last)) <=
  INR (n - 1) * exp (- omega).
Proof.
set (value := entry (real_ones last)).
assert (One : forall j, (j < last)%nat -> value j = 1).
{ intros j Hj. unfold value, entry, real_ones. rewrite app_nth1 by now rewrite repeat_length.
  rewrite nth_indep with (d' := 1) by now rewrite repeat_length. apply nth_repeat. }
assert (Zero : value last = 0).
{ unfold value, entry, real_ones. rewrite app_nth2 by (rewrite repeat_length; lia).
  now rewrite repeat_length, Nat.sub_diag. }
assert (E : raised_share (fun j => raise omega (allowed j)) (real_ones last) =
            raised_average omega allowed (fun _ => 0) value tokens).
{ unfold raised_share, raised_average, tokens. f_equal.
  replace (length (real_ones last)) with (last + 1)%nat
    by (unfold real_ones; rewrite app_length, repeat_length; reflexivity).
  apply map_ext. intros j. f_equal. ring. }
assert (M : masked_average allowed (fun _ => 0) value tokens = 1 / 2).
{ unfold masked_average. rewrite allowed_tokens. unfold attend, weight_total. simpl.
  rewrite One, Zero, exp_0 by exact token. field. }
assert (Two : 2 <= mass (allowed_pairs allowed (fun _ => 0) value tokens)).
{ unfold allowed_pairs. rewrite allowed_tokens. unfold mass, pairs. simpl. rewrite exp_0. lra. }
rewrite E.
replace (1 - 2 * raised_average omega allowed (fun _ => 0) value tokens)
  with (2 * (1 / 2 - raised_average omega allowed (fun _ => 0) value tokens)) by field.
rewrite <- M, Rabs_mult, (Rabs_pos_eq 2) by lra.
replace (INR (n - 1) * exp (- omega)) with (2 * (INR (n - 1) / 2 * exp (- omega) * 1)) by field.
apply Rmult_le_compat_l; [lra|]. apply (average_leak omega allowed (fun _ => 0) value tokens).
- lra.
- apply neuron_masses; [lra|reflexivity|exact Two].
- lra.
- assert (U : forall j, In j tokens -> 0 <= value j <= 1).
  { intros j Hj. unfold tokens in Hj. apply in_seq in Hj.
    destruct (Nat.eq_dec j last) as [->|N]; [rewrite Zero; lra|]. rewrite One by lia. lra. }
  intros j k Hj Hk _ _. generalize (U j Hj) (U k Hk). unfold Rabs. destruct Rcase_abs; lra.
Qed.
End Token.

(** ** Soundness *)

Lemma map_positions {A B : Type} (f : A -> B) (l : list A) (z : A) :
  map f l = map (fun i => f (nth i l z)) (seq 0 (length l)).
Proof.
induction l as [|a l IH]; [reflexivity|]. simpl. f_equal. rewrite <- seq_shift, map_map. exact IH.
Qed.

Theorem mlp_leak_sound d n m h box ranges omega epsilon numbers gs :
  mlp_leak_ok d n m h ranges omega epsilon = true -> range_holds d m box ranges ->
  gates_numbers (gates h) = Some numbers -> single_gates numbers = Some gs ->
  forall s, admissible d n box s ->
  exists u, mlp_output (fun z => Some (gates_function (gated h) numbers z)) m s = Some u /\
            close (Q2R epsilon) u (raised_mlp (Q2R omega) gs m s).
Proof.
unfold mlp_leak_ok. set (neurons := length (weight (inner m))). intros H Ranges G S s A.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
destruct (coefficients (gates h)) as [sum|] eqn:C; [|easy].
destruct (domain_diameters ranges) as [diameters|] eqn:D; [|easy].
rename K into Sums, K0 into Count, K1 into Out, K2 into Inner, K3 into Norm, K4 into Plain, H into Ungated.
apply negb_true_iff in Ungated, Plain. apply Nat.eqb_eq in Count.
assert (No_gate : mlp_gate m = None) by (destruct (mlp_gate m); easy).
destruct (coefficients_sound _ _ _ _ G S C) as [Size Shape].
rewrite Ungated. eexists. split; [apply mlp_output_total|].
unfold raised_mlp. rewrite (map_positions _ s []).
apply Forall2_map_same. intros i Hi. apply in_seq in Hi. assert (Hi' : (i < length s)%nat) by lia.
destruct A as [W [Ln Ib]]. unfold of_width in W. rewrite Forall_forall in W, Ib.
assert (Row : forall j, (j < length s)%nat ->
  nth j (map (normalise (mlp_norm m)) s) [] = normalise (mlp_norm m) (nth j s []))
  by (intros j Hj; now apply nth_map_in).
assert (Pre : forall j, (j < length s)%nat ->
  Forall2 inside ranges (apply (inner m) (normalise (mlp_norm m) (nth j s [])))).
{ intros j Hj. assert (I := nth_In s [] Hj).
  assert (F := Ranges _ (W _ I) (Ib _ I)). unfold preactivations, score_map in F.
  now rewrite No_gate in F. }
set (move := magnitudes gs * INR (n - 1) * exp (- Q2R omega)).
assert (Ld := domain_diameters_length _ _ D).
unfold hidden_with. rewrite No_gate. unfold preactivations, score_map. rewrite No_gate.
set (z := apply (inner m) (normalise (mlp_norm m) (nth i s []))).
assert (Lz : length z = neurons) by (now apply apply_length with d).
assert (Near : near move diameters (map (gates_function false numbers) z)
  (map (fun k => raised_neuron (fun j => raise (Q2R omega) (neuron_allows (length s) i j))
     (map (fun y => entry (apply (inner m) y) k) (map (normalise (mlp_norm m)) s) ++ [0]) gs
     (fun g => - (fst g * entry (apply (inner m) (nth i (map (normalise (mlp_norm m)) s) [])) k +
                  snd g))) (seq 0 neurons))).
{ apply near_entries; rewrite ?map_length, ?seq_length; try congruence. rewrite Ld, Count.
  intros k Hk. unfold entry at 1 2. rewrite (nth_map_in _ z k 0) by congruence.
  rewrite (nth_map_in _ (seq 0 neurons) k 0%nat) by now rewrite seq_length.
  rewrite seq_nth by exact Hk. simpl Nat.add. rewrite (Row i Hi'). fold z.
  unfold gates_function. rewrite Shape.
  set (values := map (fun y => entry (apply (inner m) y) k) (map (normalise (mlp_norm m)) s) ++ [0]).
  assert (Lv : length values = (length s + 1)%nat)
    by (unfold values; rewrite app_length, !map_length; reflexivity).
  assert (Val : forall j, (j < length s)%nat ->
    entry values j = entry (apply (inner m) (normalise (mlp_norm m) (nth j s []))) k).
  { intros j Hj. change (entry values j) with (nth j values 0). unfold values.
    rewrite app_nth1 by now rewrite !map_length.
    rewrite (nth_map_in _ (map (normalise (mlp_norm m)) s) j []) by now rewrite map_length.
    now rewrite Row. }
  assert (Bias : entry values (length s) = 0).
  { unfold values, entry. rewrite app_nth2 by (rewrite !map_length; lia).
    now rewrite !map_length, Nat.sub_diag. }
  set (range := nth k ranges (Domain None None)).
  assert (In_range : forall j, (j < length s + 1)%nat -> in_or_zero range (entry values j)).
  { intros j Hj. destruct (Nat.eq_dec j (length s)) as [->|Nj]; [now left|]. right.
    rewrite Val by lia. unfold entry, range. apply Forall2_nth_in; [apply Pre; lia|congruence]. }
  assert (Dk := domain_diameters_nth ranges diameters k (Domain None None) D ltac:(congruence)).
  assert (V : forall j m, In j (seq 0 (length s + 1)) -> In m (seq 0 (length s + 1)) ->
    Rabs (entry values j - entry values m) <= real (nth k diameters zero)).
  { intros j p Hj Hp. apply in_seq in Hj, Hp.
    apply (domain_diameter_sound range); [exact Dk|apply In_range; lia|apply In_range; lia]. }
  assert (D0 : 0 <= real (nth k diameters zero)).
  { apply Rle_trans with (2 := V i i ltac:(apply in_seq; lia) ltac:(apply in_seq; lia)).
    apply Rabs_pos. }
  apply (neuron_near n (length s) i (Q2R omega) Hi' Ln gs values); auto. now rewrite Val. }
assert (Share := half_near n (length s) i (Q2R omega) Hi' Ln).
assert (Out' := Out). apply affine_shape_sound in Out'. destruct Out' as [Lw [Ww Lb]].
unfold apply at 1. apply rows_near; [congruence|]. intros w b I.
rewrite forallb_forall in Sums. specialize (Sums _ I). simpl in Sums.
apply sum_at_most_sound in Sums. apply Rle_trans with (2 := Sums).
rewrite !(Qeq_eqR _ _ (Qred_correct _)), !Q2R_mult, Q2R_opp, natural_R, !real_rational,
  real_magnitude, <- Size.
apply Rplus_le_compat.
- assert (Len : length w = length diameters).
  { rewrite Forall_forall in Ww. rewrite (Ww w (in_combine_l _ _ _ _ I)). congruence. }
  apply Rle_trans with (1 := dot_near _ _ _ _ w Near Len). unfold move. right. ring.
- rewrite (Rmult_comm (Rabs (real b))).
  apply Rle_trans with (INR (n - 1) * exp (- Q2R omega) * Rabs (real b)).
  + apply Rmult_le_compat_r; [apply Rabs_pos|exact Share].
  + right. ring.
Qed.
End Rule.
