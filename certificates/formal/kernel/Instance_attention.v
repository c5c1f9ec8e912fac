(** Rule instance for attention: the heads read the original's queries, keys and values, biases
    included, from extended rows, and the bias token, which sees only itself, gets 0. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Structure Attncert.kernel.Tensor.
Require Import Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Instance.
Import ListNotations.
Open Scope R_scope.

(** Rotary bases are compared as written. *)
Definition same_rotary (a b : option rotary) : bool :=
  match a, b with
  | None, None => true
  | Some a, Some b => same_constant (base a) (base b) && Bool.eqb (interleaved a) (interleaved b)
  | _, _ => false
  end.

Definition same_scale (a b : score_scale) : bool :=
  match a, b with Unscaled, Unscaled => true | Rsqrt m, Rsqrt n => Pos.eqb m n | _, _ => false end.

Definition same_head_shape (a b : head_shape) : bool :=
  Nat.eqb (n_head a) (n_head b) && Nat.eqb (n_kv_head a) (n_kv_head b) &&
  Nat.eqb (d_head a) (d_head b) && Bool.eqb (causal a) (causal b) &&
  same_scale (scale a) (scale b) && same_rotary (positions a) (positions b).

Definition attention_instance_ok (d : nat) (a : attention) (h : token_heads) : bool :=
  let shape := attention_shape a in
  let own := (n_head shape * d_head shape)%nat in
  let shared := (n_kv_head shape * d_head shape)%nat in
  norm_shape d (attention_norm a) && affine_shape own d (query_map a) &&
  affine_shape shared d (key_map a) &&
  affine_shape shared d (value_map a) && affine_shape d own (attention_out a) &&
  Nat.ltb 0 (n_kv_head shape) &&
  same_head_shape shape (token_shape h) && same_norm (attention_norm a) (token_norm h) &&
  same_matrix (token_query h) (affine_rows (fun a => a) (query_map a)) &&
  same_matrix (token_key h) (affine_rows (fun a => a) (key_map a)) &&
  same_matrix (token_value h) (affine_rows (fun a => a) (value_map a)) &&
  same_matrix (token_output h) (output_rows own (attention_out a)) &&
  same_bias (bias (attention_out a)) (token_bias h).

Lemma same_head_shape_sound a b : same_head_shape a b = true -> a = b.
Proof.
unfold same_head_shape. intros H.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
apply Nat.eqb_eq in H, K2, K3. apply eqb_prop in K1.
destruct a as [a1 a2 a3 a4 a5 a6], b as [b1 b2 b3 b4 b5 b6]; simpl in *. subst.
f_equal.
- destruct a5, b5; simpl in K0; try easy. apply Pos.eqb_eq in K0. now subst.
- destruct a6 as [[a i]|], b6 as [[b j]|]; simpl in K; try easy.
  apply andb_prop in K. destruct K as [K L]. apply eqb_prop in L. simpl in *.
  now rewrite (same_constant_sound _ _ K), L.
Qed.

(** ** Widths of what heads give *)

Lemma slice_length start len v : (start + len <= length v)%nat -> length (slice start len v) = len.
Proof. intros H. unfold slice. rewrite firstn_length, skipn_length. lia. Qed.

Lemma group_fits shape h : (0 < n_kv_head shape)%nat -> (h < n_head shape)%nat ->
  (group shape h * d_head shape + d_head shape <= n_kv_head shape * d_head shape)%nat.
Proof.
intros K H. assert (G : (group shape h < n_kv_head shape)%nat).
{ unfold group. apply Nat.div_lt_upper_bound; nia. }
nia.
Qed.

Lemma attend_vectors_length width seen : Forall (fun p => length (snd p) = width) seen ->
  length (attend_vectors width seen) = width.
Proof.
intros H. unfold attend_vectors. rewrite times_length. apply vector_total_length.
apply Forall_forall. intros v Hv. apply in_map_iff in Hv. destruct Hv as [p [<- Hp]].
rewrite Forall_forall in H. rewrite times_length. now apply H.
Qed.

Lemma context_length shape mask queries keys values i :
  (0 < n_kv_head shape)%nat -> length values = length queries ->
  Forall (fun v => length v = (n_kv_head shape * d_head shape)%nat) values ->
  length (context shape mask queries keys values i) = (n_head shape * d_head shape)%nat.
Proof.
intros K L V. unfold context. rewrite flat_map_concat_map.
assert (E : forall hs, Forall (fun h => (h < n_head shape)%nat) hs ->
  length (concat (map (fun h => head_output shape mask queries keys values h i) hs)) =
  (length hs * d_head shape)%nat).
{ induction hs as [|h hs IH]; intros H; [reflexivity|]. inversion_clear H as [|? ? H0 H1].
  simpl. rewrite app_length, IH by exact H1. f_equal. apply attend_vectors_length.
  apply Forall_forall. intros p Hp. apply in_map_iff in Hp. destruct Hp as [j [<- Hj]].
  apply filter_In in Hj. destruct Hj as [Hj _]. apply in_seq in Hj. simpl. unfold part.
  apply slice_length. rewrite Forall_forall in V.
  rewrite V by (apply nth_In, (Nat.lt_le_trans _ (length queries));
    [apply Hj|apply Nat.eq_le_incl, eq_sym, L]).
  now apply group_fits. }
rewrite E, seq_length; [reflexivity|].
apply Forall_forall. intros h Hh. apply in_seq in Hh. lia.
Qed.

Lemma slice_zeros start len n : (start + len <= n)%nat ->
  slice start len (repeat 0 n) = repeat 0 len.
Proof.
unfold slice. revert n; induction start as [|start IH]; intros n H.
- simpl. revert n H; induction len as [|len IH]; intros [|n] H; simpl; try reflexivity; try lia.
  f_equal. apply IH. lia.
- destruct n as [|n]; [lia|]. simpl. apply IH. lia.
Qed.

Lemma flat_map_zeros (f : nat -> vector) len hs : (forall h, In h hs -> f h = repeat 0 len) ->
  flat_map f hs = repeat 0 (length hs * len).
Proof.
induction hs as [|h hs IH]; intros H; [reflexivity|].
simpl. rewrite IH, H, repeat_app by (intros; apply H; simpl; auto) || (simpl; auto). reflexivity.
Qed.

Lemma combine_app {A B : Type} (a : list A) (b : list B) u v : length a = length b ->
  combine (a ++ [u]) (b ++ [v]) = combine a b ++ [(u, v)].
Proof.
revert b; induction a as [|x a IH]; intros [|y b] H; try easy. simpl. f_equal. apply IH.
simpl in H. lia.
Qed.

Lemma map_combine_fst {A B C : Type} (f : A * B -> C) (g : A -> C) (a : list A) (b : list B) :
  length a = length b -> (forall p, In p (combine a b) -> f p = g (fst p)) ->
  map f (combine a b) = map g a.
Proof.
revert b; induction a as [|x a IH]; intros [|y b] L H; try easy. simpl.
rewrite (H (x, y)) by now left. f_equal. apply IH; [simpl in L; lia|].
intros p Hp. apply H. now right.
Qed.

(** ** Soundness *)

Lemma read_rows outputs d a m ys : affine_shape outputs d a = true ->
  same_matrix m (affine_rows (fun a => a) a) = true -> Forall (fun y => length y = d) ys ->
  map (linear_part m) (augmented d ys) = map (apply a) ys ++ [repeat 0 outputs].
Proof.
intros S E H. unfold augmented. rewrite map_app, map_map. f_equal.
- apply map_ext_in. intros y Hy. rewrite Forall_forall in H.
  apply affine_rows_token with outputs; [now rewrite (H y Hy)|exact E].
- simpl. f_equal. now apply affine_rows_bias with (a := a).
Qed.

Theorem attention_instance_sound d a h : attention_instance_ok d a h = true ->
  attention_instance d a h.
Proof.
unfold attention_instance_ok. intros H.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
rename K into Bias, K0 into Output, K1 into Value, K2 into Key, K3 into Query, K4 into Norm,
       K5 into Same, K6 into Heads, K7 into Out, K8 into Vshape, K9 into Kshape, K10 into Qshape,
         H into Shape.
apply Nat.ltb_lt in Heads. apply same_head_shape_sound in Same.
intros s Hs. unfold token_heads_output, attention_output. rewrite <- Same.
set (shape := attention_shape a) in *. set (own := (n_head shape * d_head shape)%nat) in *.
set (shared := (n_kv_head shape * d_head shape)%nat) in *.
set (ys := map (normalise (attention_norm a)) s).
assert (E : map (normalise_row d (token_norm h)) (augmented d s) = augmented d ys).
{ unfold ys. rewrite <- (augmented_normalised d (attention_norm a) Shape s Hs).
  apply map_ext. intros r. unfold normalise_row. now rewrite (same_norm_sound _ _ _ Norm). }
assert (Hys : Forall (fun y => length y = d) ys).
{ unfold ys. apply Forall_forall. intros y Hy. apply in_map_iff in Hy. destruct Hy as [x [<- Hx]].
  apply normalise_length; [exact Shape|]. unfold of_width in Hs. rewrite Forall_forall in Hs.
  auto. }
rewrite E.
rewrite (read_rows own d (query_map a) _ ys Qshape Query Hys),
  (read_rows shared d (key_map a) _ ys Kshape Key Hys),
  (read_rows shared d (value_map a) _ ys Vshape Value Hys).
set (qs := map (apply (query_map a)) ys). set (ks := map (apply (key_map a)) ys).
set (vs := map (apply (value_map a)) ys).
assert (Ln : (length (augmented d ys) - 1 = length qs)%nat).
{ unfold augmented, qs. rewrite app_length, !map_length. simpl. lia. }
rewrite Ln. set (n := length qs).
assert (Lk : length ks = n) by (unfold ks, n, qs; now rewrite !map_length).
assert (Lv : length vs = n) by (unfold vs, n, qs; now rewrite !map_length).
unfold contexts at 1. rewrite app_length. simpl length. fold n. rewrite seq_app, map_app. simpl seq.
cbn [List.map]. unfold augmented.
rewrite combine_app by (rewrite !map_length, seq_length; apply map_length).
rewrite map_app. unfold padded. f_equal.
- replace (map (context shape (allows_apart shape n) (qs ++ [repeat 0 own])
    (ks ++ [repeat 0 shared])
                  (vs ++ [repeat 0 shared])) (seq 0 n))
    with (contexts shape (allows shape) qs ks vs).
  2: { unfold contexts. apply map_ext_in. intros i Hi. apply in_seq in Hi.
       symmetry. apply context_apart; auto. fold n. lia. }
  rewrite map_map.
  apply map_combine_fst with (g := fun c => padded_row (apply (attention_out a) c)).
  { unfold contexts. rewrite !map_length, seq_length. unfold qs. now rewrite map_length. }
  intros [c r] Hp. simpl.
  assert (Lc : length c = own).
  { apply in_combine_l in Hp. unfold contexts in Hp. apply in_map_iff in Hp.
    destruct Hp as [i [<- _]]. apply context_length; auto.
    apply Forall_forall. intros v Hv. unfold vs in Hv. apply in_map_iff in Hv.
    destruct Hv as [y [<- Hy]]. now apply apply_length with d. }
  apply in_combine_r, in_map_iff in Hp. destruct Hp as [y [<- Hy]].
  apply output_token; rewrite ?Lc; auto. apply ones_token. rewrite Forall_forall in Hys. auto.
- cbn [List.map]. f_equal. simpl fst. simpl snd.
  unfold n. rewrite (context_last shape qs ks vs _ _ _ Lk Lv).
  + rewrite (flat_map_zeros _ (d_head shape)).
    * rewrite seq_length. fold own. apply output_bias with (attention_out a); auto using ones_bias.
    * intros j Hj. apply in_seq in Hj. apply slice_zeros. apply group_fits; lia.
  + intros j Hj. apply slice_length. rewrite repeat_length. now apply group_fits.
Qed.
