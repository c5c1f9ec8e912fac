(** Rule spectral: a bound on every attention score of a sublayer, from the weights alone.

    A head's score is scale q.k with q = A n + a and |n|^2 <= D after LayerNorm or RMSNorm, so
    |q| <= (sum over rows r, s of (D A_r.A_s)^2)^(1/4) + |a|, and k likewise; rotary positions turn
    queries and keys and leave their lengths. All of this is exact up to the roots, which are rounded
    up: rows become integers at a common exponent. Over a box, after a norm that is linear, |q| is
    bounded by what each row can reach. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball Attncert.theorems.Gram.
Require Import Attncert.kernel.Judgement.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Root Attncert.kernel.Row_reach.
Require Import Attncert.kernel.Integer_rows.
Import ListNotations.
Open Scope R_scope.

(** ** The length of an affine map's image *)

Fixpoint middles (n : norm_layer) (w : tensor2) (c : tensor1) : tensor1 :=
  match w, c with v :: w, b :: c => row_centre n v b :: middles n w c | _, _ => [] end.

Definition self_product (v : tensor1) : dyadic := product v v.

Definition ball_length (d : nat) (without_mean : bool) (n : norm_layer) (w : tensor2) (c : tensor1)
    : dyadic :=
  let rows := map (products (norm_gain n)) w in
  plus (root_up (root_up (gram_of d without_mean rows))) (root_up (self_product (middles n w c))).

Definition farthest (m : dyadic * dyadic) : dyadic := plus (magnitude (fst m)) (snd m).

Definition length_up (d : nat) (n : norm_layer) (box : option Q) (w : tensor2) (c : tensor1)
    : option dyadic :=
  match kind n with
  | Layer_norm => if Nat.ltb 0 d then Some (ball_length d true n w c) else None
  | Rms_norm => if Nat.ltb 0 d then Some (ball_length d false n w c) else None
  | _ => match reaches d n box w c with
         | Some l => Some (root_up (self_product (map farthest l)))
         | None => None
         end
  end.

Lemma norm_root v : norm (reals v) <= real (root_up (self_product v)).
Proof.
apply Rle_trans with (2 := proj1 (root_up_sound _)). unfold self_product. rewrite real_product.
apply Rle_refl.
Qed.

Lemma affine_middles d n w c y : norm_shape d n = true -> kind n <> No_norm ->
  Forall (fun v => length v = d) w -> length w = length c -> length y = d ->
  add (linear_part w (scaled n y)) (reals c) =
  add (images (map (fun v => entrywise (reals (norm_gain n)) (reals v)) w) y)
      (reals (middles n w c)).
Proof.
intros S K. revert c; induction w as [|v w IH]; intros [|b c] W L Ly; try easy.
inversion_clear W as [|? ? Hv Hw].
destruct (lengths d n v S Hv K) as [Lg [Lo Ld]].
unfold add in *. simpl. rewrite IH by (auto; simpl in L; lia). f_equal.
rewrite real_row_centre.
assert (P := preactivation_centre (reals v) (reals (norm_gain n)) (reals (offset_of n)) (real b) y).
unfold preactivation in P. unfold scaled. rewrite P by congruence. apply Rplus_comm.
Qed.

Lemma middles_length n w c : length w = length c -> length (middles n w c) = length w.
Proof. revert c; induction w as [|v w IH]; intros [|b c] L; simpl in *; auto. Qed.

Lemma norm_at_most y s : 0 <= s -> norm y <= sqrt s -> dot y y <= s.
Proof.
intros S N. rewrite <- norm_squared, <- (sqrt_def s S).
assert (P := norm_nonneg y). apply Rmult_le_compat; assumption.
Qed.

Lemma ball_length_sound d without_mean n w c y : (0 < d)%nat ->
  norm_shape d n = true -> kind n <> No_norm ->
  Forall (fun v => length v = d) w -> length w = length c -> length y = d ->
  dot y y <= INR d -> (without_mean = true -> total y = 0) ->
  norm (add (linear_part w (scaled n y)) (reals c)) <= real (ball_length d without_mean n w c).
Proof.
intros D S K W L Ly Y T. rewrite (affine_middles d) by auto.
set (rows := map (products (norm_gain n)) w).
assert (E : map (fun v => entrywise (reals (norm_gain n)) (reals v)) w = map reals rows).
{ unfold rows. rewrite map_map. apply map_ext. intros v. now rewrite reals_products. }
assert (F : Forall (fun g => length g = d) rows).
{ unfold rows. apply Forall_forall. intros g Hg. apply in_map_iff in Hg.
  destruct Hg as [v [<- Hv]]. rewrite Forall_forall in W. specialize (W v Hv).
  destruct (lengths d n v S W K) as [Lg [Lo Ld]]. rewrite reals_length in Lg.
  rewrite products_length; congruence. }
rewrite E. unfold ball_length. fold rows. rewrite real_plus.
rewrite (images_less_mean d without_mean rows y F Ly T).
assert (Lm : length (reals (middles n w c)) = length (less_mean without_mean rows)).
{ rewrite reals_length, (middles_length n w c L). unfold less_mean, rows.
  rewrite !map_length. reflexivity. }
assert (H := affine_length d (less_mean without_mean rows) (reals (middles n w c)) y (INR d)
               (less_mean_lengths d without_mean rows F) Lm (pos_INR d) Y).
apply Rle_trans with (1 := H). clear H.
apply Rplus_le_compat; [|apply norm_root].
rewrite <- (real_gram_of d without_mean rows D F).
apply Rle_trans with (2 := proj1 (root_up_sound _)).
apply sqrt_le_1_alt. apply root_up_sound.
Qed.

Lemma reached_square l z : Forall2 near_middle l z ->
  dot z z <= dot (reals (map farthest l)) (reals (map farthest l)).
Proof.
induction 1 as [|m a l z H F IH]; [apply Rle_refl|]. simpl. rewrite !dot_cons.
apply Rplus_le_compat; [|exact IH]. unfold near_middle in H.
unfold farthest. rewrite real_plus, real_magnitude.
assert (A : Rabs a <= Rabs (real (fst m)) + real (snd m)).
{ replace a with (real (fst m) + (a - real (fst m))) at 1 by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). lra. }
replace (a * a) with (Rabs a * Rabs a) by (rewrite <- Rabs_mult, Rabs_pos_eq; nra).
assert (P := Rabs_pos a). apply Rmult_le_compat; assumption.
Qed.

Theorem length_up_sound d n box w c x t : norm_shape d n = true -> epsilon_ok n = true ->
  Forall (fun v => length v = d) w -> length w = length c ->
  length_up d n box w c = Some t -> length x = d -> in_inputs box x ->
  norm (add (linear_part w (normalise n x)) (reals c)) <= real t.
Proof.
intros S Ep W L H Lx Hx. assert (E := epsilon_ok_sound n Ep). unfold length_up in H.
assert (Sx : size x = INR d) by (unfold size; now rewrite Lx).
assert (Linear : match reaches d n box w c with
                 | Some l => Some (root_up (self_product (map farthest l)))
                 | None => None end = Some t ->
  norm (add (linear_part w (normalise n x)) (reals c)) <= real t).
{ intros H'. destruct (reaches d n box w c) as [l|] eqn:K; [|easy]. injection H' as <-.
  apply Rle_trans with (2 := norm_root _). apply sqrt_le_1_alt.
  apply reached_square. now apply reaches_sound with d box. }
destruct (kind n) eqn:K; [| |now apply Linear|now apply Linear];
  (destruct (Nat.ltb_spec 0 d) as [D|]; [|easy]); injection H as <-; unfold normalise; rewrite K;
  (apply ball_length_sound; auto; [now rewrite K| | |]).
- rewrite layer_length. exact Lx.
- apply norm_at_most; [apply pos_INR|]. rewrite <- Sx. apply layer_norm_le, E. now left.
- intros _. apply layer_total.
- rewrite rms_length. exact Lx.
- apply norm_at_most; [apply pos_INR|]. rewrite <- Sx. apply rms_norm_le, E. now right.
- easy.
Qed.

(** ** Heads *)

Definition sub_list {A : Type} (start len : nat) (l : list A) : list A :=
  firstn len (skipn start l).

(** Of one head's rows. *)
Definition head_length (d : nat) (n : norm_layer) (box : option Q) (m : affine) (width h : nat)
    : option dyadic :=
  length_up d n box (sub_list (h * width) width (weight m)) (sub_list (h * width) width (bias_of m)).

Definition score_within (s : score_scale) (bound : Q) (q k : option dyadic) : bool :=
  match q, k with
  | Some q, Some k =>
      let p := rational (multiply q k) in
      match s with
      | Unscaled => Qle_bool p bound
      | Rsqrt n => Qle_bool (p * p) (bound * bound * inject_Z (Zpos n))
      end
  | _, _ => false
  end.

Definition spectral_ok (d : nat) (a : attention) (box : option Q) (bound : Q) : bool :=
  let n := attention_norm a in
  let shape := attention_shape a in
  norm_shape d n && epsilon_ok n && turns_pairs shape && Nat.ltb 0 (n_kv_head shape) &&
  affine_shape (n_head shape * d_head shape) d (query_map a) &&
  affine_shape (n_kv_head shape * d_head shape) d (key_map a) &&
  Qle_bool 0 bound &&
  let lengths m heads := map (head_length d n box m (d_head shape)) (seq 0 heads) in
  let queries := lengths (query_map a) (n_head shape) in
  let keys := lengths (key_map a) (n_kv_head shape) in
  forallb (fun h => score_within (scale shape) bound (nth h queries None)
                                 (nth (group shape h) keys None)) (seq 0 (n_head shape)).

Lemma score_within_sound s bound q k u v : score_within s bound (Some q) (Some k) = true ->
  Qle_bool 0 bound = true -> norm u <= real q -> norm v <= real k ->
  Rabs (scale_factor s * dot u v) <= Q2R bound.
Proof.
simpl. set (p := rational (multiply q k)).
assert (P : Q2R p = real q * real k) by (unfold p; now rewrite real_rational, real_multiply).
intros H B U V. apply Qle_bool_R in B. rewrite Q2R_0 in B.
assert (C : Rabs (dot u v) <= Q2R p).
{ rewrite P. apply Rle_trans with (1 := cauchy_schwarz u v).
  assert (U0 := norm_nonneg u). assert (V0 := norm_nonneg v). now apply Rmult_le_compat. }
rewrite Rabs_mult. destruct s as [|n]; apply Qle_bool_R in H; unfold scale_factor.
- rewrite Rabs_R1. lra.
- rewrite !Q2R_mult in H.
  assert (Nn : Q2R (inject_Z (Zpos n)) = IZR (Zpos n)) by (unfold Q2R, inject_Z; simpl; field).
  rewrite Nn in H. assert (N0 : 0 < IZR (Zpos n)) by now apply IZR_lt.
  assert (R0 := sqrt_lt_R0 _ N0). assert (R2 := sqrt_def _ (Rlt_le _ _ N0)).
  rewrite <- R2 in H. rewrite (Rabs_pos_eq (/ _)) by (left; now apply Rinv_0_lt_compat).
  apply Rmult_le_reg_l with (sqrt (IZR (Zpos n))); [exact R0|].
  rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l by lra.
  apply Rle_trans with (1 := C). assert (P0 : 0 <= Q2R p) by (generalize (Rabs_pos (dot u v)); lra).
  apply Rsqr_incr_0_var; [unfold Rsqr; lra|]. apply Rmult_le_pos; lra.
Qed.

Lemma skipn_zip f k x y : skipn k (zip f x y) = zip f (skipn k x) (skipn k y).
Proof.
revert x y; induction k as [|k IH]; intros [|a x] [|b y]; try reflexivity; simpl; [|apply IH].
now destruct (skipn k x).
Qed.

Lemma firstn_zip f k x y : firstn k (zip f x y) = zip f (firstn k x) (firstn k y).
Proof.
revert x y; induction k as [|k IH]; intros [|a x] [|b y]; try reflexivity. simpl. now rewrite IH.
Qed.

Lemma slice_affine start len w c y :
  slice start len (add (linear_part w y) (reals c)) =
  add (linear_part (sub_list start len w) y) (reals (sub_list start len c)).
Proof.
unfold slice, sub_list, add, linear_part, reals.
now rewrite skipn_zip, firstn_zip, !skipn_map, !firstn_map.
Qed.

Lemma sub_list_forall {A : Type} (P : A -> Prop) start len l :
  Forall P l -> Forall P (sub_list start len l).
Proof.
intros H. unfold sub_list. apply Forall_forall. intros a Ha. rewrite Forall_forall in H. apply H.
rewrite <- (firstn_skipn start l). apply in_or_app. right.
rewrite <- (firstn_skipn len (skipn start l)). apply in_or_app. now left.
Qed.

Lemma sub_list_same {A B : Type} start len (l : list A) (m : list B) :
  length l = length m -> length (sub_list start len l) = length (sub_list start len m).
Proof. intros H. unfold sub_list. now rewrite !firstn_length, !skipn_length, H. Qed.

Lemma head_length_sound d n box m heads width h x t :
  norm_shape d n = true -> epsilon_ok n = true -> affine_shape (heads * width) d m = true ->
  (h < heads)%nat -> nth h (map (head_length d n box m width) (seq 0 heads)) None = Some t ->
  length x = d -> in_inputs box x ->
  norm (slice (h * width) width (apply m (normalise n x))) <= real t.
Proof.
intros S E A Hh H Lx Hx. apply affine_shape_sound in A. destruct A as [Lm [Fm Lb]].
rewrite (nth_indep _ None (head_length d n box m width 0)) in H
  by (rewrite map_length, seq_length; exact Hh).
rewrite map_nth, seq_nth in H by exact Hh. simpl in H.
unfold apply. rewrite slice_affine.
apply length_up_sound with d box; auto; [now apply sub_list_forall|].
apply sub_list_same. congruence.
Qed.
