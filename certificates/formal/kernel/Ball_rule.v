(** Rules ball and box: where what each neuron's activation is applied to can lie, from the weights
    alone, over every input row or over rows with |x_i| <= R. Everything is exact: a radius that is
    a square root is compared by its square. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_model.
Import ListNotations.
Open Scope R_scope.

(** ** What is claimed *)

(** Input rows of the sublayer, before its norm: every one, or those in a box. *)
Definition in_inputs (box : option Q) (x : vector) : Prop :=
  forall r, box = Some r -> in_box (Q2R r) x.

Definition range_holds (d : nat) (m : mlp) (box : option Q) (ranges : list domain) : Prop :=
  forall x, length x = d -> in_inputs box x -> Forall2 inside ranges (preactivations m x).

(** ** Intervals around a centre *)

(** Both ends of the domain that exist are at least so far from the centre. *)
Definition ends_ok (far : Q -> bool) (centre : Q) (dom : domain) : bool :=
  match lower dom with Some a => far (centre - a)%Q | None => true end &&
  match upper dom with Some b => far (b - centre)%Q | None => true end.

Definition farther_than_root (square t : Q) : bool := Qle_bool 0 t && Qle_bool square (t * t).
Definition farther_than (reach t : Q) : bool := Qle_bool reach t.

Lemma Qle_bool_R a b : Qle_bool a b = true -> Q2R a <= Q2R b.
Proof. intros H. now apply Qle_Rle, Qle_bool_iff. Qed.

Lemma farther_than_root_sound square t :
  farther_than_root square t = true -> sqrt (Q2R square) <= Q2R t.
Proof.
unfold farther_than_root. intros H. apply andb_prop in H. destruct H as [P H].
apply Qle_bool_R in P, H. rewrite Q2R_mult in H.
replace (Q2R 0) with 0 in P by (unfold Q2R; simpl; field).
rewrite <- (sqrt_square (Q2R t)) by exact P. now apply sqrt_le_1_alt.
Qed.

Lemma ends_ok_sound far r centre dom z :
  (forall t, far t = true -> r <= Q2R t) -> ends_ok far centre dom = true ->
  Rabs (z - Q2R centre) <= r -> inside dom z.
Proof.
intros F H A. unfold ends_ok in H. apply andb_prop in H. destruct H as [L U].
assert (B : - r <= z - Q2R centre <= r) by (unfold Rabs in A; destruct Rcase_abs; lra).
split; [intros a E; rewrite E in L; apply F in L|intros b E; rewrite E in U; apply F in U];
  rewrite Q2R_minus in *; lra.
Qed.

(** ** The range of one row *)

Section Row.
Variables (d : nat) (n : norm_layer) (box : option Q) (w : tensor1) (c : dyadic).

Definition width : dyadic := of_Z (Z.of_nat d).
Definition direction : tensor1 := products (norm_gain n) w.
Definition row_centre : dyadic := plus (product w (offset_of n)) c.

(** D |g|^2, and D |g - mean 1|^2 = D |g|^2 - (sum g)^2. *)
Definition square_rms : dyadic := multiply width (product direction direction).
Definition square_layer : dyadic :=
  minus square_rms (multiply (sum direction) (sum direction)).

(** D sum |g - mean| = sum |D g - sum g|. *)
Definition spread : dyadic :=
  let s := sum direction in
  sum (map (fun g => magnitude (minus (multiply width g) s)) direction).

Definition root_ok (square : dyadic) : domain -> bool :=
  ends_ok (farther_than_root (rational square)) (rational row_centre).

Definition row_ok (dom : domain) : bool :=
  match kind n, box with
  | Layer_norm, _ => root_ok square_layer dom
  | Rms_norm, _ => root_ok square_rms dom
  | Mean_norm, Some r =>
      Qle_bool 0 r && Nat.ltb 0 d &&
      ends_ok (farther_than (r * rational spread / inject_Z (Z.of_nat d))) (rational row_centre) dom
  | No_norm, Some r =>
      Qle_bool 0 r &&
      ends_ok (farther_than (r * rational (sum (map magnitude w)))) (rational c) dom
  | _, None => match lower dom, upper dom with None, None => true | _, _ => false end
  end.

Hypothesis shaped : norm_shape d n = true.
Hypothesis w_length : length w = d.

Let g : vector := entrywise (reals (norm_gain n)) (reals w).

Lemma real_width : real width = INR d.
Proof. unfold width. now rewrite real_of_Z, <- INR_IZR_INZ. Qed.

Lemma reals_direction : reals direction = g.
Proof. apply reals_products. Qed.

Lemma real_row_centre : real row_centre = centre (reals w) (reals (offset_of n)) (real c).
Proof. unfold row_centre, centre. now rewrite real_plus, real_product. Qed.

Lemma lengths : kind n <> No_norm ->
  length (reals (norm_gain n)) = d /\ length (reals (offset_of n)) = d /\ length g = d.
Proof.
intros N. assert (H : has_length d (norm_gain n) && has_length d (offset_of n) = true)
  by (unfold norm_shape in shaped; destruct (kind n); auto; now elim N).
apply andb_prop in H. destruct H as [G O]. apply has_length_sound in G, O.
split; [now rewrite reals_length|split; [now rewrite reals_length|]].
unfold g, entrywise. rewrite zip_length; rewrite !reals_length; congruence.
Qed.

Lemma root_of_square s v : 0 <= s -> sqrt s * norm v = sqrt (s * dot v v).
Proof. intros H. unfold norm. symmetry. apply sqrt_mult; [exact H|apply dot_self_nonneg]. Qed.

Lemma real_square_rms : real square_rms = INR d * dot g g.
Proof. unfold square_rms. now rewrite real_multiply, real_width, real_product, reals_direction. Qed.

Lemma real_square_layer : length g = d -> real square_layer = INR d * dot (centred g) (centred g).
Proof.
intros L. unfold square_layer.
rewrite real_minus, real_multiply, real_square_rms, !real_sum, reals_direction.
unfold centred. rewrite dot_shift_l, dot_shift_r, total_shift by (rewrite ?shift_length;
  reflexivity).
unfold mean, size. rewrite L. destruct d as [|k].
- destruct g as [|a l]; [|easy]. unfold dot. simpl. ring.
- field. apply not_0_INR. easy.
Qed.

Lemma total_magnitudes v : total (reals (map magnitude v)) = abs_total (reals v).
Proof.
unfold abs_total, reals. rewrite !map_map. f_equal. apply map_ext. intros a. apply real_magnitude.
Qed.

Lemma real_spread : (0 < d)%nat -> length g = d -> real spread = INR d * abs_total (centred g).
Proof.
intros P L. unfold spread. rewrite real_sum. unfold abs_total, centred, shift, mean, size.
rewrite <- reals_direction. unfold reals. rewrite !map_map.
assert (D : 0 < INR d) by (apply lt_0_INR; exact P).
assert (S : INR (length (map real direction)) = INR d).
{ f_equal. change (length (reals direction) = d). now rewrite reals_direction. }
rewrite S. set (s := sum direction). fold (reals direction). rewrite <- real_sum. fold s.
clearbody s. clear S. induction direction as [|a l IH]; simpl; [ring|]. rewrite IH.
rewrite real_magnitude, real_minus, real_multiply, real_width.
replace (INR d * real a - real s) with (INR d * (real a - real s / INR d)) by (field; lra).
rewrite Rabs_mult, (Rabs_pos_eq (INR d)) by lra. ring.
Qed.

Hypothesis epsilon_positive : kind n = Layer_norm \/ kind n = Rms_norm -> 0 < Q2R (epsilon n).

Lemma row_ok_sound dom x : row_ok dom = true -> length x = d -> in_inputs box x ->
  inside dom (dot (reals w) (normalise n x) + real c).
Proof.
intros H Lx Hx. unfold row_ok in H. unfold normalise.
assert (Lw : length (reals w) = length x) by now rewrite reals_length, Lx.
assert (Sx : size x = INR d) by (unfold size; now rewrite Lx).
assert (D0 : 0 <= INR d) by apply pos_INR.
destruct (kind n) eqn:K.
- destruct lengths as [Lg [Lo Ld]]; [now rewrite K|].
  apply (ends_ok_sound _ (sqrt (Q2R (rational square_layer))) _ _ _ (farther_than_root_sound _) H).
  rewrite !real_rational, real_row_centre, (real_square_layer Ld), <- root_of_square by exact D0.
  rewrite <- Sx. unfold centred. apply layer_ball; try congruence. now apply epsilon_positive; left.
- destruct lengths as [Lg [Lo Ld]]; [now rewrite K|].
  apply (ends_ok_sound _ (sqrt (Q2R (rational square_rms))) _ _ _ (farther_than_root_sound _) H).
  rewrite !real_rational, real_row_centre, real_square_rms, <- root_of_square by exact D0.
  rewrite <- Sx. apply rms_ball; try congruence. now apply epsilon_positive; right.
- destruct lengths as [Lg [Lo Ld]]; [now rewrite K|]. destruct box as [r|].
  + apply andb_prop in H. destruct H as [H E]. apply andb_prop in H. destruct H as [R0 P].
    apply Nat.ltb_lt in P. apply Qle_bool_R in R0.
    assert (DP : 0 < INR d) by (apply lt_0_INR; exact P).
    apply (ends_ok_sound _ (Q2R (r * rational spread / inject_Z (Z.of_nat d))) _ _ _
             (fun t => Qle_bool_R _ t) E).
    assert (D1 : Q2R (inject_Z (Z.of_nat d)) = INR d).
    { unfold Q2R, inject_Z. simpl. rewrite <- INR_IZR_INZ. field. }
    rewrite real_rational, real_row_centre, Q2R_div, Q2R_mult, D1, real_rational, real_spread by
      (auto; intros Z; apply Qeq_eqR in Z; rewrite D1 in Z; unfold Q2R in Z; simpl in Z; lra).
    replace (Q2R r * (INR d * abs_total (centred g)) / INR d)
      with (Q2R r * abs_total (centred g)) by (field; lra).
    apply mean_box; try congruence.
    * unfold Q2R in R0 at 1. simpl in R0. lra.
    * now apply Hx.
  + destruct (lower dom) eqn:L, (upper dom) eqn:U; try easy.
    split; [now rewrite L|now rewrite U].
- destruct box as [r|].
  + apply andb_prop in H. destruct H as [R0 E]. apply Qle_bool_R in R0.
    apply (ends_ok_sound _ (Q2R (r * rational (sum (map magnitude w)))) _ _ _
             (fun t => Qle_bool_R _ t) E).
    rewrite Q2R_mult, !real_rational, real_sum, total_magnitudes.
    replace (dot (reals w) x + real c - real c) with (dot (reals w) x) by ring.
    apply dot_box; [now apply Hx|]. unfold Q2R in R0 at 1. simpl in R0. lra.
  + destruct (lower dom) eqn:L, (upper dom) eqn:U; try easy.
    split; [now rewrite L|now rewrite U].
Qed.
End Row.

(** ** All rows *)

Definition epsilon_ok (n : norm_layer) : bool :=
  match kind n with
  | Layer_norm | Rms_norm => negb (Qle_bool (epsilon n) 0)
  | _ => true
  end.

Fixpoint rows_ok (d : nat) (n : norm_layer) (box : option Q) (w : tensor2) (c : tensor1)
    (ranges : list domain) : bool :=
  match w, c, ranges with
  | [], [], [] => true
  | v :: w, b :: c, dom :: ranges => row_ok d n box v b dom && rows_ok d n box w c ranges
  | _, _, _ => false
  end.

Definition range_ok (d : nat) (m : mlp) (box : option Q) (ranges : list domain) : bool :=
  norm_shape d (mlp_norm m) && epsilon_ok (mlp_norm m) &&
  affine_shape (length ranges) d (score_map m) &&
  rows_ok d (mlp_norm m) box (weight (score_map m)) (bias_of (score_map m)) ranges.

Lemma epsilon_ok_sound n : epsilon_ok n = true ->
  kind n = Layer_norm \/ kind n = Rms_norm -> 0 < Q2R (epsilon n).
Proof.
unfold epsilon_ok. intros H K.
assert (E : negb (Qle_bool (epsilon n) 0) = true) by (destruct K as [K|K]; now rewrite K in H).
apply Rnot_le_lt. intros L. apply negb_true_iff in E.
assert (T : Qle_bool (epsilon n) 0 = true); [|congruence].
apply Qle_bool_iff, Rle_Qle. replace (Q2R 0) with 0 by (unfold Q2R; simpl; field). exact L.
Qed.

Lemma rows_ok_sound d n box w c ranges x :
  norm_shape d n = true -> (kind n = Layer_norm \/ kind n = Rms_norm -> 0 < Q2R (epsilon n)) ->
  Forall (fun v => length v = d) w -> rows_ok d n box w c ranges = true ->
  length x = d -> in_inputs box x ->
  Forall2 inside ranges (add (linear_part w (normalise n x)) (reals c)).
Proof.
intros S E. revert c ranges; induction w as [|v w IH]; intros [|b c] [|dom ranges] W H Lx Hx;
  simpl in H; try easy; [constructor|].
apply andb_prop in H. destruct H as [H K]. inversion_clear W as [|? ? Hv Hw].
unfold add. simpl. constructor; [|now apply IH].
now apply row_ok_sound with d box.
Qed.

Theorem range_ok_sound d m box ranges :
  range_ok d m box ranges = true -> range_holds d m box ranges.
Proof.
unfold range_ok. intros H.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
apply affine_shape_sound in K0. intros x Lx Hx. unfold preactivations, apply.
apply rows_ok_sound with d box; auto; [now apply epsilon_ok_sound|apply K0].
Qed.

(** Rule ball speaks of every input, rule box of those in a box. *)
Definition ball_ok (d : nat) (m : mlp) : list domain -> bool := range_ok d m None.
Definition box_ok (d : nat) (m : mlp) (r : Q) : list domain -> bool := range_ok d m (Some r).

Theorem ball_sound d m ranges : ball_ok d m ranges = true -> range_holds d m None ranges.
Proof. apply range_ok_sound. Qed.

Theorem box_sound d m r ranges : box_ok d m r ranges = true -> range_holds d m (Some r) ranges.
Proof. apply range_ok_sound. Qed.
