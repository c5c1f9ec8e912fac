(** Rule instance for attention whose masks are weights: the stored heads, without a mask, are the
    construction's for the original's numbers and omega. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Tensor_raised Attncert.kernel.Mask_matrix.
Require Import Attncert.kernel.Instance Attncert.kernel.Instance_attention.
Import ListNotations.
Open Scope R_scope.

(** On every sequence of at most n rows the real tokens receive the construction's rows; the bias
    token receives something in its first coordinates, which norms put back to 0. *)
Definition raised_attention_instance (d n : nat) (a : attention) (h : token_heads)
    (w : mask_weights) : Prop :=
  forall s, of_width d s -> (length s <= n)%nat -> exists b, length b = d /\
  raised_tokens_output d h w (augmented d s) =
  Some (map padded_row (raised_attention (Q2R (mask_omega w)) a s) ++ [padded_row b]).

(** Heads without a mask are none of an original's: what is compared is the rest. *)
Definition unmasked (shape : head_shape) : head_shape :=
  HeadShape (n_head shape) (n_kv_head shape) (d_head shape) false (scale shape) (positions shape).

Definition raised_attention_ok (d n : nat) (a : attention) (h : token_heads) (w : mask_weights)
    : bool :=
  let shape := attention_shape a in
  let own := (n_head shape * d_head shape)%nat in
  let shared := (n_kv_head shape * d_head shape)%nat in
  norm_shape d (attention_norm a) && affine_shape own d (query_map a) &&
  affine_shape shared d (key_map a) &&
  affine_shape shared d (value_map a) && affine_shape d own (attention_out a) &&
  Nat.ltb 0 (n_kv_head shape) &&
  same_head_shape (unmasked shape) (token_shape h) && same_norm (attention_norm a) (token_norm h) &&
  same_matrix (token_query h) (affine_rows (fun a => a) (query_map a)) &&
  same_matrix (token_key h) (affine_rows (fun a => a) (key_map a)) &&
  same_matrix (token_value h) (affine_rows (fun a => a) (value_map a)) &&
  same_matrix (token_output h) (output_rows own (attention_out a)) &&
  same_bias (bias (attention_out a)) (token_bias h) &&
  mask_matrix_ok n w (allows_apart shape n).

Lemma raised_context_length shape added queries keys values i :
  (0 < n_kv_head shape)%nat -> length values = length queries ->
  Forall (fun v => length v = (n_kv_head shape * d_head shape)%nat) values ->
  length (raised_context shape added queries keys values i) = (n_head shape * d_head shape)%nat.
Proof.
intros K L V. unfold raised_context. rewrite flat_map_concat_map.
assert (E : forall hs, Forall (fun h => (h < n_head shape)%nat) hs ->
  length (concat (map (fun h => raised_head shape added queries keys values h i) hs)) =
  (length hs * d_head shape)%nat).
{ induction hs as [|h hs IH]; intros H; [reflexivity|]. inversion_clear H as [|? ? H0 H1].
  simpl. rewrite app_length, IH by exact H1. f_equal. apply attend_vectors_length.
  apply Forall_forall. intros p Hp. apply in_map_iff in Hp. destruct Hp as [j [<- Hj]].
  apply in_seq in Hj. simpl. unfold part. apply slice_length. rewrite Forall_forall in V.
  rewrite V by (apply nth_In, (Nat.lt_le_trans _ (length queries));
    [apply Hj|apply Nat.eq_le_incl, eq_sym, L]). now apply group_fits. }
rewrite E, seq_length; [reflexivity|].
apply Forall_forall. intros h Hh. apply in_seq in Hh. lia.
Qed.

Theorem raised_attention_sound d n a h w : raised_attention_ok d n a h w = true ->
  raised_attention_instance d n a h w.
Proof.
unfold raised_attention_ok. intros H.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
rename K into Matrix, K0 into Bias, K1 into Output, K2 into Value, K3 into Key, K4 into Query,
  K5 into Norm, K6 into Same, K7 into Heads, K8 into Out, K9 into Vshape, K10 into Kshape,
  K11 into Qshape, H into Shape.
apply Nat.ltb_lt in Heads. apply same_head_shape_sound in Same.
intros s Hs Ls. unfold raised_tokens_output, raised_attention. rewrite <- Same.
set (shape := attention_shape a) in *. set (own := (n_head shape * d_head shape)%nat) in *.
set (shared := (n_kv_head shape * d_head shape)%nat) in *.
set (omega := Q2R (mask_omega w)).
set (ys := map (normalise (attention_norm a)) s).
assert (E : map (normalise_row d (token_norm h)) (augmented d s) = augmented d ys).
{ unfold ys. rewrite <- (augmented_normalised d (attention_norm a) Shape s Hs).
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
destruct (Nat.leb_spec (length s) n) as [_|]; [|lia].
rewrite (read_rows own d (query_map a) _ ys Qshape Query Hys),
  (read_rows shared d (key_map a) _ ys Kshape Key Hys),
  (read_rows shared d (value_map a) _ ys Vshape Value Hys), Ones.
set (qs := map (apply (query_map a)) ys ++ _). set (ks := map (apply (key_map a)) ys ++ _).
set (vs := map (apply (value_map a)) ys ++ _).
assert (Lq : length qs = S (length s))
  by (unfold qs; rewrite app_length, map_length, Ly; simpl; lia).
assert (Lv : length vs = S (length s))
  by (unfold vs; rewrite app_length, map_length, Ly; simpl; lia).
assert (Wv : Forall (fun v => length v = shared) vs).
{ unfold vs. apply Forall_app. split; [|repeat constructor; apply repeat_length].
  apply Forall_forall. intros v Hv. apply in_map_iff in Hv. destruct Hv as [y [<- Hy]].
  now apply apply_length with d. }
assert (Entry : forall i j, (i <= length s)%nat -> (j <= length s)%nat ->
  mask_entry w (length s) i j = raise omega (allows_apart shape (length s) i j)).
{ intros i j Hi Hj. apply (mask_matrix_row n w (allows_apart shape)); auto.
  now apply attention_positions. }
assert (Out' := Out). apply affine_shape_sound in Out'. destruct Out' as [Lw [_ Lb]].
unfold bias_of in Lb. rewrite Lw in Lb.
set (added := fun i j => raise omega (allows_apart shape (length s) i j)).
set (row := fun i => add (linear_part (weight (attention_out a))
                            (raised_context shape added qs ks vs i))
  (times (raised_share (added i) (real_ones (length s))) (reals (bias_of (attention_out a))))).
assert (Row : forall i, (i <= length s)%nat ->
  add (combination (d + 2)
         (raised_context (unmasked shape) (mask_entry w (length s)) qs ks vs i)
         (map reals (token_output h)))
      (bias_output_row d (raised_share (mask_entry w (length s) i) (real_ones (length s)))
                       (token_bias h)) = padded_row (row i)).
{ intros i Hi.
  change (raised_context (unmasked shape) (mask_entry w (length s)) qs ks vs i)
    with (raised_context shape (mask_entry w (length s)) qs ks vs i).
  rewrite (raised_context_ext shape _ added) by (intros j Hj; rewrite Lq in Hj; apply Entry; lia).
  rewrite (raised_share_ext _ (added i))
    by (intros j Hj; rewrite real_ones_length in Hj; apply Entry; lia).
  assert (Lc : length (raised_context shape added qs ks vs i) = own).
  { apply raised_context_length; auto. exact (eq_trans Lv (eq_sym Lq)). }
  rewrite (output_combination d (attention_out a)) by now rewrite Lc.
  rewrite (bias_output_padded d _ (bias (attention_out a))).
  - unfold row, bias_of. rewrite Lw. apply add_padded. unfold linear_part.
    rewrite map_length, times_length, reals_length. exact (eq_trans Lw (eq_sym Lb)).
  - exact Lb.
  - exact Bias. }
exists (row (length s)). split.
- unfold row, add. rewrite zip_length; unfold linear_part; rewrite map_length; [exact Lw|].
  rewrite times_length, reals_length. unfold bias_of. rewrite Lw. exact (eq_trans Lw (eq_sym Lb)).
- f_equal. rewrite (map_ext_in _ (fun i => padded_row (row i))).
  + rewrite seq_S, map_app. simpl. rewrite map_map. reflexivity.
  + intros i Hi. apply in_seq in Hi. apply Row. lia.
Qed.
