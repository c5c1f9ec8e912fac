(** Rule instance for MLPs whose heads' masks are weights: the stored heads, without a mask, are the
    construction's for the original's numbers, the gates and omega. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor_tree.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Tensor_raised Attncert.kernel.Mask_matrix.
Require Import Attncert.kernel.Instance.
Import ListNotations.
Open Scope R_scope.

Definition raised_mlp_instance (d n : nat) (m : mlp) (h : neuron_heads) (w : mask_weights) : Prop :=
  forall numbers, gates_numbers (gates h) = Some numbers ->
  exists gs, single_gates numbers = Some gs /\
  forall s, of_width d s -> (length s <= n)%nat -> exists b, length b = d /\
  raised_neurons_output d h w (augmented d s) =
  Some (map padded_row (raised_mlp (Q2R (mask_omega w)) gs m s) ++ [padded_row b]).

Definition twice (a : dyadic) : dyadic := Dyadic (mantissa a) (exponent a + 1).

Definition one_score (g : neuron_gate) : bool := has_length 1 (bias_scores g).

Definition raised_mlp_ok (d n : nat) (m : mlp) (h : neuron_heads) (w : mask_weights) : bool :=
  let neurons := length (weight (inner m)) in
  norm_shape d (mlp_norm m) && affine_shape neurons d (inner m) &&
  gate_shape neurons d (mlp_gate m) && affine_shape d neurons (outer m) &&
  same_norm (mlp_norm m) (neuron_norm h) && Bool.eqb (gated h) (is_some (mlp_gate m)) &&
  same_matrix (neuron_query h) (affine_rows opposite (score_map m)) &&
  same_matrix (neuron_value h) (affine_rows (fun a => a) (inner m)) &&
  same_matrix (neuron_output h) (output_rows neurons (outer m)) &&
  same_bias (option_map (map twice) (bias (outer m))) (neuron_bias h) &&
  forallb one_score (gates h) && mask_matrix_ok n w (neuron_allows n).

(** ** Gates with one score *)

Lemma single_gates_exist gates numbers : forallb one_score gates = true ->
  gates_numbers gates = Some numbers -> exists gs, single_gates numbers = Some gs.
Proof.
unfold gates_numbers.
revert numbers; induction gates as [|g gates IH]; simpl; intros numbers H E.
- injection E as <-. now exists [].
- apply andb_prop in H. destruct H as [G H]. unfold gate_numbers in E at 1. destruct (constant (coefficient g)) as [c|]; [|easy].
  simpl in E. unfold one_score in G. apply has_length_sound in G.
  destruct (bias_scores g) as [|t [|t' l]]; try easy. simpl in E.
  destruct (score_numbers t) as [p|]; [|easy]. simpl in E.
  destruct (map_option gate_numbers gates) as [rest|] eqn:M; [|easy]. injection E as <-.
  destruct (IH rest H eq_refl) as [gs S]. exists ((c, p) :: gs).
  unfold single_gates in *. simpl. now rewrite S.
Qed.

(** ** Rows of neurons *)

Lemma extended_nth sign w c k : length w = length c -> (k < length w)%nat ->
  nth k (extended sign w c) [] = map sign (nth k w []) ++ [sign (nth k c zero); zero].
Proof.
revert c k; induction w as [|v w IH]; intros [|b c] [|k] L H; simpl in *; try lia; [reflexivity|].
apply IH; lia.
Qed.

Lemma add_nth u v k : length u = length v -> (k < length u)%nat ->
  entry (add u v) k = entry u k + entry v k.
Proof.
revert v k; induction u as [|a u IH]; intros [|b v] [|k] L H; simpl in *; try lia; [reflexivity|].
apply (IH v k); lia.
Qed.

Lemma apply_entry outputs inputs a y k : affine_shape outputs inputs a = true ->
  (k < outputs)%nat ->
  entry (apply a y) k = dot (reals (nth k (weight a) [])) y + real (nth k (bias_of a) zero).
Proof.
intros S H. apply affine_shape_sound in S. destruct S as [L [_ B]].
assert (K : (k < length (weight a))%nat) by (rewrite L; exact H).
unfold apply. rewrite add_nth.
- f_equal.
  + unfold entry, linear_part.
    rewrite (nth_indep _ 0 ((fun w => dot (reals w) y) [])) by (rewrite map_length; exact K).
    apply (map_nth (fun w => dot (reals w) y)).
  + unfold entry, reals. now rewrite <- real_zero, map_nth.
- unfold linear_part. rewrite map_length, reals_length. exact (eq_trans L (eq_sym B)).
- unfold linear_part. rewrite map_length. exact K.
Qed.

Lemma affine_row_token outputs sign a y k : affine_shape outputs (length y) a = true ->
  (k < outputs)%nat ->
  dot (reals (nth k (affine_rows sign a) [])) (token_row y) =
  dot (reals (map sign (nth k (weight a) []))) y + real (sign (nth k (bias_of a) zero)).
Proof.
intros S H. apply affine_shape_sound in S. destruct S as [L [W B]].
assert (K : (k < length (weight a))%nat) by (rewrite L; exact H).
unfold affine_rows. rewrite extended_nth by (exact (eq_trans L (eq_sym B)) || exact K).
rewrite (reals_extended sign), dot_extended_token; [reflexivity|].
rewrite reals_length, map_length. rewrite Forall_forall in W. apply W, nth_In. exact K.
Qed.

Lemma affine_row_bias outputs d sign a k : affine_shape outputs d a = true ->
  (k < outputs)%nat -> dot (reals (nth k (affine_rows sign a) [])) (bias_row d) = 0.
Proof.
intros S H. apply affine_shape_sound in S. destruct S as [L [W B]].
assert (K : (k < length (weight a))%nat) by (rewrite L; exact H).
unfold affine_rows. rewrite extended_nth by (exact (eq_trans L (eq_sym B)) || exact K).
rewrite (reals_extended sign). apply dot_extended_bias.
rewrite reals_length, map_length. rewrite Forall_forall in W. apply W, nth_In. exact K.
Qed.

Lemma affine_rows_length outputs d sign a : affine_shape outputs d a = true ->
  length (affine_rows sign a) = outputs.
Proof.
intros S. apply affine_shape_sound in S. destruct S as [L [W B]].
unfold affine_rows. rewrite extended_length; [exact L|exact (eq_trans L (eq_sym B))].
Qed.

Lemma map_combine_seq {A B C : Type} (f : A * B -> C) u v n x y :
  length u = n -> length v = n ->
  map f (combine u v) = map (fun k => f (nth k u x, nth k v y)) (seq 0 n).
Proof.
revert v n; induction u as [|a u IH]; intros [|b v] [|n] Lu Lv; simpl in *; try lia; [reflexivity|].
f_equal. rewrite <- seq_shift, map_map. apply IH; lia.
Qed.

Lemma reals_twice v : reals (map twice v) = times 2 (reals v).
Proof.
unfold reals, times. rewrite !map_map. apply map_ext. intros a. unfold real, twice. simpl.
rewrite powerRZ_add by lra. simpl. ring.
Qed.

Lemma or_zeros_twice d b :
  length (or_zeros d (option_map (map twice) b)) = length (or_zeros d b) /\
  reals (or_zeros d (option_map (map twice) b)) = times 2 (reals (or_zeros d b)).
Proof.
destruct b as [b|]; simpl; [split; [apply map_length|apply reals_twice]|].
split; [reflexivity|]. rewrite reals_zeros. unfold times. induction d as [|d IH]; simpl;
  [reflexivity|]. rewrite <- IH. f_equal. ring.
Qed.

Lemma times_times s t v : times s (times t v) = times (t * s) v.
Proof. unfold times. rewrite map_map. apply map_ext. intros a. ring. Qed.

(** ** Soundness *)

Theorem raised_mlp_sound d n m h w :
  raised_mlp_ok d n m h w = true -> raised_mlp_instance d n m h w.
Proof.
unfold raised_mlp_ok. set (N := length (weight (inner m))). intros H.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
rename K into Matrix, K0 into Single, K1 into Bias, K2 into Output, K3 into Value, K4 into Query,
  K5 into Gated, K6 into Norm, K7 into Outer, K8 into Gate, K9 into Inner, H into Shape.
assert (Score := score_shape d N m Inner Gate).
intros numbers Hn. destruct (single_gates_exist _ _ Single Hn) as [gs Hg].
exists gs. split; [exact Hg|]. intros s Hs Ls.
unfold raised_neurons_output. rewrite Hn. cbn [bind]. rewrite Hg. cbn [bind].
unfold raised_mlp. fold N. set (omega := Q2R (mask_omega w)).
set (ys := map (normalise (mlp_norm m)) s).
assert (E : map (normalise_row d (neuron_norm h)) (augmented d s) = augmented d ys).
{ unfold ys. rewrite <- (augmented_normalised d (mlp_norm m) Shape s Hs).
  apply map_ext. intros r. unfold normalise_row. now rewrite (same_norm_sound _ _ _ Norm). }
assert (Hys : Forall (fun y => length y = d) ys).
{ unfold ys. apply Forall_forall. intros y Hy. apply in_map_iff in Hy. destruct Hy as [x [<- Hx]].
  apply normalise_length; [exact Shape|]. unfold of_width in Hs. rewrite Forall_forall in Hs.
  auto. }
assert (Ly : length ys = length s) by (unfold ys; apply map_length).
assert (La : length (augmented d ys) = S (length s)).
{ unfold augmented. rewrite app_length, map_length, Ly. simpl. lia. }
assert (Ones : map (ones d) (augmented d ys) = real_ones (length s))
  by (rewrite (ones_augmented d ys Hys); f_equal; exact Ly).
rewrite E, La. simpl Nat.sub. rewrite Nat.sub_0_r, (mask_matrix_tokens _ _ _ Matrix).
destruct (Nat.leb_spec (length s) n) as [_|]; [|lia]. rewrite Ones.
assert (Entry : forall i j, (i <= length s)%nat -> (j <= length s)%nat ->
  mask_entry w (length s) i j = raise omega (neuron_allows (length s) i j)).
{ intros i j Hi Hj. apply (mask_matrix_row n w neuron_allows); auto. now apply neuron_positions. }
set (added := fun i j => raise omega (neuron_allows (length s) i j)).
set (result := fun i q v => raised_neuron (mask_entry w (length s) i)
  (map (dot v) (augmented d ys)) gs
  (fun g => dot q (nth i (augmented d ys) []) * fst g +
            ones d (nth i (augmented d ys) []) * - snd g)).
set (results := fun i => map (fun qv => result i (reals (fst qv)) (reals (snd qv)))
                             (combine (neuron_query h) (neuron_value h))).
set (neuron := fun i k => raised_neuron (added i)
  (map (fun y => entry (apply (inner m) y) k) ys ++ [0]) gs
  (fun g => - (fst g * entry (apply (score_map m) (nth i ys [])) k + snd g))).
assert (Outer' := Outer). apply affine_shape_sound in Outer'. destruct Outer' as [Lw [_ Lb]].
unfold bias_of in Lb. rewrite Lw in Lb.
set (row := fun (l : vector) i => add (linear_part (weight (outer m)) l)
  (times (2 * raised_share (added i) (real_ones (length s))) (reals (bias_of (outer m))))).
assert (Results : forall i, results i = map (fun k =>
  result i (reals (nth k (affine_rows opposite (score_map m)) []))
           (reals (nth k (affine_rows (fun a => a) (inner m)) []))) (seq 0 N)).
{ intros i. unfold results. rewrite (map_combine_reals (fun q v => result i q v)).
  rewrite (same_matrix_sound _ _ Query), (same_matrix_sound _ _ Value).
  rewrite (map_combine_seq _ _ _ N (reals []) (reals [])).
  - apply map_ext. intros k. cbn [fst snd]. now rewrite !(map_nth reals).
  - rewrite map_length. now apply affine_rows_length with d.
  - rewrite map_length. now apply affine_rows_length with d. }
assert (Row : forall i, (i <= length s)%nat ->
  add (combination (d + 2) (results i) (map reals (neuron_output h)))
      (bias_output_row d (raised_share (mask_entry w (length s) i) (real_ones (length s)))
                       (neuron_bias h)) = padded_row (row (results i) i)).
{ intros i Hi.
  assert (Lr : length (results i) = N) by now rewrite Results, map_length, seq_length.
  rewrite (raised_share_ext _ (added i))
    by (intros j Hj; rewrite real_ones_length in Hj; apply Entry; lia).
  rewrite (output_combination d (outer m)) by now rewrite Lr.
  destruct (or_zeros_twice d (bias (outer m))) as [Lt Rt].
  rewrite (bias_output_padded d _ (option_map (map twice) (bias (outer m)))), Rt, times_times.
  - unfold row, bias_of. rewrite Lw. apply add_padded. unfold linear_part.
    rewrite map_length, times_length, reals_length. exact (eq_trans Lw (eq_sym Lb)).
  - now rewrite Lt.
  - exact Bias. }
assert (Token : forall i, (i < length s)%nat -> results i = map (neuron i) (seq 0 N)).
{ intros i Hi. rewrite Results. apply map_ext_in. intros k Hk. apply in_seq in Hk.
  assert (Nth : nth i (augmented d ys) [] = token_row (nth i ys [])).
  { unfold augmented. rewrite app_nth1 by (rewrite map_length, Ly; exact Hi).
    rewrite (nth_indep _ [] (token_row [])) by (rewrite map_length, Ly; exact Hi).
    apply (map_nth token_row). }
  assert (Lyi : length (nth i ys []) = d).
  { rewrite Forall_forall in Hys. apply Hys, nth_In. rewrite Ly. exact Hi. }
  unfold result, neuron. rewrite Nth.
  replace (map (dot (reals (nth k (affine_rows (fun a => a) (inner m)) []))) (augmented d ys))
    with (map (fun y => entry (apply (inner m) y) k) ys ++ [0]).
  - apply raised_neuron_ext.
    + intros j Hj. rewrite app_length, map_length, Ly in Hj. simpl in Hj. apply Entry; lia.
    + intros g _. rewrite (affine_row_token N) by (rewrite ?Lyi; auto; lia).
      rewrite (apply_entry N d) by (auto; lia).
      rewrite reals_opposite, dot_times_l, real_opposite, (ones_token d _ Lyi). ring.
  - unfold augmented. rewrite map_app, map_map. f_equal.
    + apply map_ext_in. intros y Hy. rewrite Forall_forall in Hys. specialize (Hys y Hy).
      rewrite (affine_row_token N) by (rewrite ?Hys; auto; lia).
      rewrite (apply_entry N d) by (auto; lia). now rewrite map_id.
    + cbn [List.map]. f_equal. symmetry. apply (affine_row_bias N); [exact Inner|lia]. }
exists (row (results (length s)) (length s)). split.
- unfold row, add. rewrite zip_length; unfold linear_part; rewrite map_length; [exact Lw|].
  rewrite times_length, reals_length. unfold bias_of. rewrite Lw. exact (eq_trans Lw (eq_sym Lb)).
- f_equal. rewrite (map_ext_in _ (fun i => padded_row (row (results i) i))).
  + rewrite seq_S, map_app. simpl. rewrite map_map. f_equal.
    apply map_ext_in. intros i Hi. apply in_seq in Hi. f_equal. unfold row at 1.
    rewrite Token by lia. reflexivity.
  + intros i Hi. apply in_seq in Hi. apply Row. lia.
Qed.
