(** The stored numbers of the constructions (docs/formulas.md#heads, #token-heads, #self-heads), and
    what they compute on rows of the augmented stream. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention.
Require Import Attncert.kernel.Tensor_model Attncert.kernel.Tensor_heads.
Import ListNotations.
Open Scope R_scope.

(** Every row [w_j, c_j, 0], times a sign. *)
Fixpoint extended (sign : dyadic -> dyadic) (w : tensor2) (c : tensor1) : tensor2 :=
  match w, c with
  | v :: w, b :: c => (map sign v ++ [sign b; zero]) :: extended sign w c
  | _, _ => []
  end.

Definition affine_rows (sign : dyadic -> dyadic) (a : affine) : tensor2 :=
  extended sign (weight a) (bias_of a).

(** Row j is [column j, 0, 0]. *)
Definition output_rows (inputs : nat) (a : affine) : tensor2 :=
  columns inputs (weight a ++ [zeros inputs; zeros inputs]).

(** A head writes the output bias where there is one. *)
Definition same_bias (b o : option tensor1) : bool :=
  match b, o with
  | None, None => true
  | Some b, Some o => same_vector o (b ++ [zero; zero])
  | _, _ => false
  end.

Definition same_option (a b : option tensor1) : bool :=
  match a, b with
  | None, None => true
  | Some a, Some b => same_vector a b
  | _, _ => false
  end.

Definition same_kind (a b : norm_kind) : bool :=
  match a, b with
  | Layer_norm, Layer_norm | Rms_norm, Rms_norm | Mean_norm, Mean_norm | No_norm, No_norm => true
  | _, _ => false
  end.

Definition same_norm (a b : norm_layer) : bool :=
  same_kind (kind a) (kind b) && Qeq_bool (epsilon a) (epsilon b) &&
  match kind a with
  | No_norm => true
  | _ => same_vector (norm_gain a) (norm_gain b) && same_option (norm_offset a) (norm_offset b)
  end.

(** ** Lists *)

Lemma dot_app a b a' b' : length a = length b -> dot (a ++ a') (b ++ b') = dot a b + dot a' b'.
Proof.
revert b; induction a as [|u a IH]; intros [|v b] H; try easy; [unfold dot; simpl; ring|].
simpl app. rewrite !dot_cons, IH by (simpl in H; lia). ring.
Qed.

Lemma dot_repeat_0 w n : dot w (repeat 0 n) = 0.
Proof.
revert n; induction w as [|a w IH]; intros [|n]; try reflexivity.
simpl repeat. rewrite dot_cons, IH. ring.
Qed.

Lemma add_app a b a' b' : length a = length b -> add (a ++ a') (b ++ b') = add a b ++ add a' b'.
Proof.
revert b; induction a as [|u a IH]; intros [|v b] H; try easy.
unfold add in *. simpl. rewrite IH by (simpl in H; lia). reflexivity.
Qed.

Lemma add_zeros w n : length w = n -> add w (repeat 0 n) = w.
Proof. intros <-. apply add_repeat_0. Qed.

Lemma times_0 w : times 0 w = repeat 0 (length w).
Proof.
induction w as [|a w IH]; [reflexivity|]. unfold times in *. simpl. rewrite IH. f_equal. ring.
Qed.

Lemma repeat_padded d : repeat 0 (d + 2) = padded_row (repeat 0 d).
Proof. unfold padded_row. now rewrite repeat_app. Qed.

(** ** Equal norms *)

Lemma same_option_sound n a b :
  same_option a b = true -> reals (or_zeros n a) = reals (or_zeros n b).
Proof. destruct a, b; simpl; try easy. apply same_vector_sound. Qed.

Lemma same_norm_sound a b x : same_norm a b = true -> normalise a x = normalise b x.
Proof.
unfold same_norm. intros H. apply andb_prop in H. destruct H as [H K]. apply andb_prop in H.
destruct H as [H E]. apply Qeq_bool_iff, Qeq_eqR in E.
unfold normalise. rewrite <- E.
assert (S : kind a <> No_norm -> forall y, scaled a y = scaled b y).
{ intros N y.
  assert (G : same_vector (norm_gain a) (norm_gain b) &&
              same_option (norm_offset a) (norm_offset b) = true)
    by (destruct (kind a); auto; now elim N).
  apply andb_prop in G. destruct G as [G O]. apply same_vector_sound in G.
  unfold scaled, offset_of. rewrite G. f_equal.
  replace (length (norm_gain a)) with (length (norm_gain b))
    by (rewrite <- (reals_length (norm_gain a)), G; symmetry; apply reals_length).
  now apply same_option_sound. }
destruct (kind a), (kind b); simpl in H; try easy; now rewrite S.
Qed.

(** ** Rows of the augmented stream *)

Section Rows.
Variables (d : nat) (n : norm_layer).
Hypothesis shaped : norm_shape d n = true.

Lemma token_row_normalised x : length x = d ->
  normalise_row d n (token_row x) = token_row (normalise n x).
Proof.
intros <-. unfold normalise_row, token_row, ones, entry.
rewrite firstn_app, skipn_app, firstn_all, skipn_all, Nat.sub_diag. simpl. rewrite app_nil_r.
rewrite nth_middle. now rewrite times_1.
Qed.

Lemma bias_row_normalised : normalise_row d n (bias_row d) = bias_row d.
Proof.
unfold normalise_row, bias_row, ones, entry.
assert (L := repeat_length (A := R) 0 d).
rewrite firstn_app, skipn_app, firstn_all2, skipn_all2 by lia. rewrite L, Nat.sub_diag. simpl.
rewrite app_nil_r. rewrite app_nth2, L, Nat.sub_diag by lia. simpl. f_equal.
rewrite times_0. f_equal. now apply normalise_length.
Qed.

Lemma augmented_normalised s : Forall (fun x => length x = d) s ->
  map (normalise_row d n) (augmented d s) = augmented d (map (normalise n) s).
Proof.
intros H. unfold augmented. rewrite map_app. simpl. rewrite bias_row_normalised. f_equal.
rewrite !map_map. apply map_ext_in. intros x Hx. apply token_row_normalised.
rewrite Forall_forall in H. now apply H.
Qed.
End Rows.

Lemma ones_token d y : length y = d -> ones d (token_row y) = 1.
Proof. intros <-. unfold ones, entry, token_row. now rewrite nth_middle. Qed.

Lemma ones_bias d : ones d (bias_row d) = 0.
Proof.
unfold ones, entry, bias_row. assert (L := repeat_length (A := R) 0 d).
now rewrite app_nth2, L, Nat.sub_diag by lia.
Qed.

(** ** Rows [w, c, 0] *)

Lemma dot_extended_token w c y : length w = length y ->
  dot (w ++ [c; 0]) (token_row y) = dot w y + c.
Proof. intros H. unfold token_row. rewrite dot_app by exact H. unfold dot at 2. simpl. ring. Qed.

Lemma dot_extended_bias d w c : length w = d -> dot (w ++ [c; 0]) (bias_row d) = 0.
Proof.
intros H. unfold bias_row. rewrite dot_app by now rewrite repeat_length.
rewrite dot_repeat_0. unfold dot. simpl. ring.
Qed.

Lemma reals_extended (sign : dyadic -> dyadic) v b :
  reals (map sign v ++ [sign b; zero]) = reals (map sign v) ++ [real (sign b); 0].
Proof. rewrite reals_app. simpl. now rewrite real_zero. Qed.

Lemma reals_opposite v : reals (map opposite v) = times (-1) (reals v).
Proof.
unfold reals, times. rewrite !map_map. apply map_ext. intros a. rewrite real_opposite. ring.
Qed.

(** Stored rows [w_j, c_j, 0] read the affine map on real tokens, and 0 on the bias token. *)
Lemma extended_token w c y : Forall (fun v => length v = length y) w -> length w = length c ->
  map (fun v => dot v (token_row y)) (map reals (extended (fun a => a) w c)) =
  add (linear_part w y) (reals c).
Proof.
revert c; induction w as [|v w IH]; intros [|b c] H L; try easy.
inversion_clear H as [|? ? Hv Hw]. cbn [extended List.map]. rewrite IH by (auto; simpl in L; lia).
rewrite (reals_extended (fun a => a)), map_id, dot_extended_token by now rewrite reals_length.
reflexivity.
Qed.

Lemma extended_bias d w c : Forall (fun v => length v = d) w -> length w = length c ->
  map (fun v => dot v (bias_row d)) (map reals (extended (fun a => a) w c)) = repeat 0 (length w).
Proof.
revert c; induction w as [|v w IH]; intros [|b c] H L; try easy.
inversion_clear H as [|? ? Hv Hw]. cbn [extended List.map List.length List.repeat].
rewrite IH by (auto; simpl in L; lia).
rewrite (reals_extended (fun a => a)), map_id, dot_extended_bias by now rewrite reals_length.
reflexivity.
Qed.

Lemma linear_part_reals m y : linear_part m y = map (fun v => dot v y) (map reals m).
Proof. unfold linear_part. now rewrite map_map. Qed.

Theorem affine_rows_token outputs a m y : affine_shape outputs (length y) a = true ->
  same_matrix m (affine_rows (fun a => a) a) = true -> linear_part m (token_row y) = apply a y.
Proof.
intros S E. apply affine_shape_sound in S. destruct S as [L [W B]].
rewrite linear_part_reals, (same_matrix_sound _ _ E). apply extended_token; congruence.
Qed.

Theorem affine_rows_bias outputs d a m : affine_shape outputs d a = true ->
  same_matrix m (affine_rows (fun a => a) a) = true ->
  linear_part m (bias_row d) = repeat 0 outputs.
Proof.
intros S E. apply affine_shape_sound in S. destruct S as [L [W B]].
rewrite linear_part_reals, (same_matrix_sound _ _ E), <- L. apply extended_bias; congruence.
Qed.

(** ** Outputs *)

Lemma combination_zeros width n rows : Forall (fun r => length r = width) rows ->
  combination width (repeat 0 n) rows = repeat 0 width.
Proof.
revert n; induction rows as [|r rows IH]; intros [|n] H; try reflexivity.
inversion_clear H as [|? ? Hr Hrows]. simpl. rewrite IH, times_0, Hr by exact Hrows.
apply add_zeros, repeat_length.
Qed.

Lemma columns_width n m : Forall (fun r => length r = length m) (columns n m).
Proof.
revert m; induction n as [|n IH]; intros m; simpl; constructor; [apply map_length|].
rewrite <- (map_length (@tl dyadic) m). apply IH.
Qed.

Lemma output_combination d a m h : affine_shape d (length h) a = true ->
  same_matrix m (output_rows (length h) a) = true ->
  combination (d + 2) h (map reals m) = padded_row (linear_part (weight a) h).
Proof.
intros S E. apply affine_shape_sound in S. destruct S as [L [W B]].
rewrite (same_matrix_sound _ _ E). unfold output_rows.
set (w := weight a ++ [zeros (length h); zeros (length h)]).
assert (Lw : length w = (d + 2)%nat) by (unfold w; rewrite app_length; simpl; lia).
rewrite <- Lw, combination_columns.
- unfold w. rewrite map_app. unfold padded_row, linear_part. f_equal. simpl.
  rewrite reals_zeros, dot_comm, dot_repeat_0. reflexivity.
- unfold w. apply Forall_app. split; [exact W|]. repeat constructor; apply repeat_length.
Qed.

Lemma bias_head_token d r a o : ones d r = 1 -> length (bias_of a) = d -> length (weight a) = d ->
  same_bias (bias a) o = true -> bias_head d r o = padded_row (reals (bias_of a)).
Proof.
intros O L W. unfold bias_of in *. destruct (bias a) as [b|], o as [o|]; simpl; try easy; intros E.
- rewrite O, times_1, (same_vector_sound _ _ E), reals_app. unfold padded_row. simpl.
  now rewrite real_zero.
- rewrite repeat_padded, reals_zeros. now rewrite W.
Qed.

Lemma bias_head_bias d r a o : ones d r = 0 -> length (bias_of a) = d -> length (weight a) = d ->
  same_bias (bias a) o = true -> bias_head d r o = repeat 0 (d + 2).
Proof.
intros O L W. unfold bias_of in *. destruct (bias a) as [b|], o as [o|]; simpl; try easy; intros E.
rewrite O, times_0. f_equal. apply same_vector_sound, (f_equal (@length R)) in E.
rewrite !reals_length, app_length in E. rewrite reals_length, E. simpl in *. lia.
Qed.

(** Results of heads, mixed by the stored outputs: the original's output map, and 0, 0. *)
Theorem output_token d r a m o h : affine_shape d (length h) a = true ->
  same_matrix m (output_rows (length h) a) = true -> same_bias (bias a) o = true -> ones d r = 1 ->
  add (combination (d + 2) h (map reals m)) (bias_head d r o) = padded_row (apply a h).
Proof.
intros S M B O. assert (S' := S). apply affine_shape_sound in S'. destruct S' as [L [W K]].
rewrite (output_combination d a m h S M), (bias_head_token d r a o O K L B).
unfold padded_row, apply. rewrite add_app.
- f_equal. unfold add. simpl. f_equal; [ring|f_equal; ring].
- unfold linear_part. rewrite map_length, reals_length. exact (eq_trans L (eq_sym K)).
Qed.

Theorem output_bias d r a m o n : affine_shape d n a = true ->
  same_matrix m (output_rows n a) = true -> same_bias (bias a) o = true -> ones d r = 0 ->
  add (combination (d + 2) (repeat 0 n) (map reals m)) (bias_head d r o) = repeat 0 (d + 2).
Proof.
intros S M B O. assert (S' := S). apply affine_shape_sound in S'. destruct S' as [L [W K]].
rewrite (bias_head_bias d r a o O K L B), combination_zeros.
- apply add_zeros, repeat_length.
- rewrite (same_matrix_sound _ _ M). unfold output_rows.
  apply Forall_forall. intros v Hv. apply in_map_iff in Hv. destruct Hv as [u [<- Hu]].
  assert (C := columns_width n (weight a ++ [zeros n; zeros n])). rewrite Forall_forall in C.
  rewrite reals_length, (C u Hu), app_length. simpl. lia.
Qed.
