(** Rule instance: the converted sublayer's stored heads are the construction's for the original's
    numbers. Then on every stream both compute the same (attention, linear maps), or the converted
    one computes the original with the gates' function in the place of the activation (MLPs). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor_tree Attncert.kernel.Tensor.
Require Import Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_gates.
Require Import Attncert.kernel.Tensor_construction.
Import ListNotations.
Open Scope R_scope.

(** Rows of the stream's width. *)
Definition of_width (d : nat) (s : stream) : Prop := Forall (fun x => length x = d) s.

(** ** What is claimed *)

Definition mlp_instance (d : nat) (m : mlp) (h : neuron_heads) : Prop :=
  forall s, of_width d s ->
  neuron_heads_output d h (augmented d s) =
  bind (gates_numbers (gates h)) (fun gs =>
  bind (mlp_output (fun z => Some (gates_function (gated h) gs z)) m s) (fun y =>
  Some (padded d y))).

Definition linear_instance (d : nat) (l : linear) (h : self_heads) : Prop :=
  forall s, of_width d s -> self_heads_output d h (augmented d s) = padded d (linear_output l s).

Definition attention_instance (d : nat) (a : attention) (h : token_heads) : Prop :=
  forall s, of_width d s ->
  token_heads_output d h (augmented d s) = padded d (attention_output a s).

(** ** MLPs *)

Definition gate_shape (n d : nat) (g : option affine) : bool :=
  match g with Some g => affine_shape n d g | None => true end.

Definition is_some {A : Type} (o : option A) : bool :=
  match o with Some _ => true | None => false end.

Definition mlp_instance_ok (d : nat) (m : mlp) (h : neuron_heads) : bool :=
  let n := length (weight (inner m)) in
  norm_shape d (mlp_norm m) && affine_shape n d (inner m) && gate_shape n d (mlp_gate m) &&
  affine_shape d n (outer m) &&
  same_norm (mlp_norm m) (neuron_norm h) && Bool.eqb (gated h) (is_some (mlp_gate m)) &&
  same_matrix (neuron_query h) (affine_rows opposite (score_map m)) &&
  same_matrix (neuron_value h) (affine_rows (fun a => a) (inner m)) &&
  same_matrix (neuron_output h) (output_rows n (outer m)) &&
  same_bias (bias (outer m)) (neuron_bias h).

Lemma score_shape d n m : affine_shape n d (inner m) = true -> gate_shape n d (mlp_gate m) = true ->
  affine_shape n d (score_map m) = true.
Proof. unfold gate_shape, score_map. now destruct (mlp_gate m). Qed.

(** A token that sees itself and the bias tokens, whose value is 0. *)
Lemma attend_self_and_bias c v x scores :
  attend ((0, c * v) :: map (fun s => (- x * fst s + 1 * - snd s, c * 0)) scores) =
  v * gate_value (c, scores) x.
Proof.
unfold attend, weight_total, gate_value, against_bias. simpl. rewrite exp_0.
assert (N : total (map (fun p => exp (fst p) * snd p)
             (map (fun s : R * R => (- x * fst s + 1 * - snd s, c * 0)) scores)) = 0).
{ rewrite map_map. induction scores as [|s l IH]; simpl; [reflexivity|]. simpl in IH. rewrite IH.
  ring. }
rewrite N.
assert (D : total (map (fun p => exp (fst p))
             (map (fun s : R * R => (- x * fst s + 1 * - snd s, c * 0)) scores)) =
            total (map (fun s => exp (- (fst s * x + snd s))) scores)).
{ rewrite map_map. f_equal. apply map_ext. intros s. simpl. f_equal. ring. }
rewrite D. unfold Rdiv. ring.
Qed.

Lemma neuron_result_token d r b gs q v x z :
  dot q r = - x -> dot v r = z -> dot v b = 0 -> ones d r = 1 ->
  neuron_result d r false b gs q v = z * gate_sum gs x.
Proof.
intros Hq Hv Hb O. unfold neuron_result, gate_sum, seen. rewrite Hq, Hv, Hb, O.
induction gs as [|[c scores] gs IH]; simpl; [ring|].
rewrite IH. rewrite (attend_self_and_bias c z x scores). ring.
Qed.

Lemma neuron_result_bias d b gs q v : dot v b = 0 -> neuron_result d b true b gs q v = 0.
Proof.
intros Hb. unfold neuron_result, seen. rewrite Hb.
induction gs as [|[c scores] gs IH]; simpl; [reflexivity|]. rewrite IH.
unfold attend. simpl. rewrite Rmult_0_r, Rmult_0_r. unfold Rdiv. ring.
Qed.

Lemma map_combine_reals {A : Type} (f : vector -> vector -> A) (p q : tensor2) :
  map (fun uv => f (reals (fst uv)) (reals (snd uv))) (combine p q) =
  map (fun uv => f (fst uv) (snd uv)) (combine (map reals p) (map reals q)).
Proof. revert q; induction p as [|u p IH]; intros [|v q]; simpl; try easy. now rewrite IH. Qed.

(** All neurons' results on a real token. *)
Lemma neuron_results_token y gs w c w' c' :
  let d := length y in
  Forall (fun v => length v = d) w -> Forall (fun v => length v = d) w' ->
  length c = length w -> length w' = length w -> length c' = length w ->
  map (fun qv => neuron_result d (token_row y) false (bias_row d) gs (fst qv) (snd qv))
      (combine (map reals (extended opposite w c)) (map reals (extended (fun a => a) w' c'))) =
  zip (fun z x => z * gate_sum gs x) (add (linear_part w' y) (reals c'))
      (add (linear_part w y) (reals c)).
Proof.
intros d. revert c w' c'; induction w as [|u w IH]; intros [|a c] [|u' w'] [|a' c'] W W' H1 H2 H3;
  try easy.
inversion_clear W as [|? ? Hu Hw]. inversion_clear W' as [|? ? Hu' Hw'].
cbn [extended List.map combine]. rewrite IH by (auto; simpl in *; lia).
unfold add at 3 4. simpl. f_equal. unfold d.
apply neuron_result_token; simpl.
- rewrite reals_extended, reals_opposite, dot_extended_token, dot_times_l, real_opposite
    by now rewrite times_length, reals_length. ring.
- rewrite (reals_extended (fun a => a)), map_id, dot_extended_token by now rewrite reals_length.
  reflexivity.
- rewrite (reals_extended (fun a => a)), map_id. apply dot_extended_bias. now rewrite reals_length.
- now apply ones_token.
Qed.

Lemma neuron_results_bias d gs w c w' c' :
  Forall (fun v => length v = d) w' ->
  length c = length w -> length w' = length w -> length c' = length w ->
  map (fun qv => neuron_result d (bias_row d) true (bias_row d) gs (fst qv) (snd qv))
      (combine (map reals (extended opposite w c)) (map reals (extended (fun a => a) w' c'))) =
  repeat 0 (length w).
Proof.
revert c w' c'; induction w as [|u w IH]; intros [|a c] [|u' w'] [|a' c'] W' H1 H2 H3; try easy.
inversion_clear W' as [|? ? Hu' Hw']. cbn [extended List.map combine List.length List.repeat].
rewrite IH by (auto; simpl in *; lia). f_equal. apply neuron_result_bias. simpl.
rewrite (reals_extended (fun a => a)), map_id. apply dot_extended_bias. now rewrite reals_length.
Qed.

Lemma zip_diagonal f l : zip f l l = map (fun a => f a a) l.
Proof. induction l as [|a l IH]; simpl; [reflexivity|]. now rewrite IH. Qed.

Lemma zip_entrywise g a b : zip (fun z x => z * g x) a b = entrywise (map g b) a.
Proof.
revert b; induction a as [|u a IH]; intros [|v b]; try reflexivity.
unfold entrywise in *. simpl. rewrite IH. f_equal. ring.
Qed.

(** The hidden vector with a total function. *)
Definition hidden_with (g : R -> R) (m : mlp) (x : vector) : vector :=
  match mlp_gate m with
  | None => map g (preactivations m x)
  | Some _ => entrywise (map g (preactivations m x)) (apply (inner m) (normalise (mlp_norm m) x))
  end.

Lemma mlp_row_total g m x :
  mlp_row (fun z => Some (g z)) m x = Some (apply (outer m) (hidden_with g m x)).
Proof.
unfold mlp_row, hidden, hidden_with.
rewrite (map_option_some _ g) by reflexivity. simpl. now destruct (mlp_gate m).
Qed.

Lemma mlp_output_total g m s :
  mlp_output (fun z => Some (g z)) m s =
  Some (map (fun x => apply (outer m) (hidden_with g m x)) s).
Proof. apply map_option_some. intros x _. apply mlp_row_total. Qed.

Theorem mlp_instance_sound d m h : mlp_instance_ok d m h = true -> mlp_instance d m h.
Proof.
unfold mlp_instance_ok. set (n := length (weight (inner m))). intros H.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
rename K into Bias, K0 into Output, K1 into Value, K2 into Query, K3 into Gated, K4 into Norm,
       K5 into Outer, K6 into Gate, K7 into Inner. rename H into Shape.
apply eqb_prop in Gated.
assert (Score := score_shape d n m Inner Gate).
assert (Score' := Score). assert (Inner' := Inner).
apply affine_shape_sound in Score', Inner'. destruct Score' as [Ls [Ws Bs]], Inner' as [Li [Wi Bi]].
intros s Hs. unfold neuron_heads_output.
destruct (gates_numbers (gates h)) as [gs|]; [|reflexivity]. cbn [bind].
rewrite mlp_output_total. cbn [bind]. f_equal.
set (rows := map (normalise_row d (neuron_norm h)) (augmented d s)).
assert (E : rows = augmented d (map (normalise (mlp_norm m)) s)).
{ unfold rows. rewrite <- (augmented_normalised d (mlp_norm m) Shape s Hs).
  apply map_ext. intros r. unfold normalise_row. now rewrite (same_norm_sound _ _ _ Norm). }
rewrite E. unfold augmented. rewrite last_last, removelast_last.
unfold padded. f_equal; [|f_equal].
- rewrite !map_map. apply map_ext_in. intros x Hx.
  unfold of_width in Hs. rewrite Forall_forall in Hs. specialize (Hs x Hx).
  set (y := normalise (mlp_norm m) x).
  assert (Ly : length y = d) by now apply normalise_length.
  unfold neuron_heads_row.
  rewrite (map_combine_reals (fun q v => neuron_result d (token_row y) false (bias_row d) gs q v)).
  rewrite (same_matrix_sound _ _ Query), (same_matrix_sound _ _ Value). unfold affine_rows.
  replace (map (fun qv => neuron_result d (token_row y) false (bias_row d) gs (fst qv) (snd qv))
    (combine (map reals (extended opposite (weight (score_map m)) (bias_of (score_map m))))
             (map reals (extended (fun a => a) (weight (inner m)) (bias_of (inner m))))))
    with (zip (fun z x => z * gate_sum gs x) (apply (inner m) y) (apply (score_map m) y)).
  2: { symmetry. rewrite <- Ly. unfold apply. apply neuron_results_token; rewrite ?Ly; auto; lia. }
  assert (R : zip (fun z x => z * gate_sum gs x) (apply (inner m) y) (apply (score_map m) y) =
              hidden_with (gates_function (gated h) gs) m x).
  { unfold hidden_with, gates_function, preactivations. rewrite Gated.
    unfold score_map. destruct (mlp_gate m) as [g|]; simpl;
      [apply zip_entrywise|apply zip_diagonal]. }
  rewrite R. assert (Lh : length (hidden_with (gates_function (gated h) gs) m x) = n).
  { rewrite <- R, zip_length;
      rewrite ?(apply_length n d _ _ Inner), ?(apply_length n d _ _ Score); auto. }
  apply output_token; rewrite ?Lh; auto using ones_token.
- unfold neuron_heads_row.
  rewrite (map_combine_reals (fun q v => neuron_result d (bias_row d) true (bias_row d) gs q v)).
  rewrite (same_matrix_sound _ _ Query), (same_matrix_sound _ _ Value). unfold affine_rows.
  rewrite neuron_results_bias by (auto; lia). rewrite Ls.
  apply output_bias with (outer m); auto using ones_bias.
Qed.

(** ** Linear maps *)

(** [[M, 0], [b, 0], [0, 0]]: the columns are [w_i, b_i, 0], and two of zeros. *)
Definition self_rows (d : nat) (a : affine) : tensor2 :=
  columns (d + 2) (affine_rows (fun a => a) a ++ [zeros (d + 2); zeros (d + 2)]).

Definition linear_instance_ok (d : nat) (l : linear) (h : self_heads) : bool :=
  norm_shape d (linear_norm l) && affine_shape d d (linear_map l) &&
  same_norm (linear_norm l) (self_norm h) &&
  same_matrix (self_output h) (self_rows d (linear_map l)).

Lemma extended_length sign w c : length w = length c -> length (extended sign w c) = length w.
Proof. revert c; induction w as [|v w IH]; intros [|b c] H; simpl in *; auto. Qed.

Lemma extended_width sign d w c : Forall (fun v => length v = d) w -> length w = length c ->
  Forall (fun v => length v = (d + 2)%nat) (extended sign w c).
Proof.
revert c; induction w as [|v w IH]; intros [|b c] H L; simpl; try easy; constructor.
- inversion_clear H. rewrite app_length, map_length. simpl. lia.
- inversion_clear H. apply IH; auto.
Qed.

Lemma self_combination d a m r : affine_shape d d a = true -> length r = (d + 2)%nat ->
  same_matrix m (self_rows d a) = true ->
  combination (d + 2) r (map reals m) = padded_row (linear_part (affine_rows (fun a => a) a) r).
Proof.
intros S Lr E. apply affine_shape_sound in S. destruct S as [L [W B]].
rewrite (same_matrix_sound _ _ E). unfold self_rows, affine_rows.
set (w := extended (fun a => a) (weight a) (bias_of a) ++ [zeros (d + 2); zeros (d + 2)]).
assert (Lw : length w = (d + 2)%nat)
  by (unfold w; rewrite app_length, extended_length by congruence; simpl; lia).
rewrite <- Lw at 1. rewrite <- Lr at 1. rewrite combination_columns.
- unfold w. rewrite map_app. unfold padded_row, linear_part. f_equal. cbn [List.map].
  rewrite reals_zeros, dot_comm, dot_repeat_0. reflexivity.
- unfold w. rewrite Lr. apply Forall_app. split; [apply extended_width; congruence|].
  repeat constructor; apply repeat_length.
Qed.

Theorem linear_instance_sound d l h : linear_instance_ok d l h = true -> linear_instance d l h.
Proof.
unfold linear_instance_ok. intros H.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
rename K into Output, K0 into Norm, K1 into Map, H into Shape.
assert (Map' := Map). apply affine_shape_sound in Map'. destruct Map' as [L [W B]].
intros s Hs. unfold self_heads_output.
replace (map (normalise_row d (self_norm h)) (augmented d s))
  with (augmented d (map (normalise (linear_norm l)) s)).
2: { rewrite <- (augmented_normalised d (linear_norm l) Shape s Hs).
     apply map_ext. intros r. unfold normalise_row. now rewrite (same_norm_sound _ _ _ Norm). }
unfold augmented, padded. rewrite map_app. f_equal.
- unfold linear_output. rewrite !map_map. apply map_ext_in. intros x Hx.
  unfold of_width in Hs. rewrite Forall_forall in Hs. specialize (Hs x Hx).
  assert (Ly : length (normalise (linear_norm l) x) = d) by now apply normalise_length.
  rewrite (self_combination d (linear_map l)); auto.
  + f_equal. rewrite linear_part_reals. apply extended_token; [now rewrite Ly|congruence].
  + unfold token_row. rewrite app_length, Ly. reflexivity.
- cbn [List.map]. f_equal. rewrite (self_combination d (linear_map l)); auto.
  + rewrite linear_part_reals. unfold affine_rows. rewrite extended_bias by congruence.
    rewrite L. symmetry. apply repeat_padded.
  + unfold bias_row. rewrite app_length, repeat_length. reflexivity.
Qed.
