(** Rule leak for attention: heads whose masks are weights, against the original's heads.

    Scores are at most B, the bias token's is 0. In the worst row N tokens are masked for each that is
    allowed: as many as fit (causal), or the bias token alone (full). Coordinate k moves by at most
    N e^(2B - omega) sum_r |W_kr| diameter_r + N e^-omega |b_k|. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Leak.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_raised Attncert.kernel.Instance_attention.
Require Import Attncert.kernel.Instance.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Row_reach Attncert.kernel.Spectral.
Require Import Attncert.kernel.Lift Attncert.kernel.Mask_weights.
Require Import Attncert.kernel.Leak_rows Attncert.kernel.Diameters.
Require Attncert.kernel.Mask_error.
Import ListNotations.
Open Scope R_scope.

(** ** The rule *)

Definition masked_for_each (shape : head_shape) (n : nat) : nat := if causal shape then n else 1.

Section Rule.
(** Whether a e^x + b e^y <= e. *)
Variable sum_at_most : Q -> Q -> Q -> Q -> Q -> bool.
Hypothesis sum_at_most_sound : forall a x b y e, sum_at_most a x b y e = true ->
  Q2R a * exp (Q2R x) + Q2R b * exp (Q2R y) <= Q2R e.

Definition attention_leak_ok (d n : nat) (a : attention) (box : option Q) (bound omega epsilon : Q)
    : bool :=
  let norm := attention_norm a in
  let shape := attention_shape a in
  let own := (n_head shape * d_head shape)%nat in
  let shared := (n_kv_head shape * d_head shape)%nat in
  let times := natural (masked_for_each shape n) in
  norm_shape d norm && epsilon_ok norm && Nat.ltb 0 (n_kv_head shape) &&
  affine_shape own d (query_map a) && affine_shape shared d (key_map a) &&
  affine_shape shared d (value_map a) && affine_shape d own (attention_out a) &&
  Qle_bool 0 bound &&
  match reaches d norm box (weight (value_map a)) (bias_of (value_map a)) with
  | None => false
  | Some l =>
      let diameters := head_diameters shape (map diameter l) in
      forallb (fun row =>
        sum_at_most (Qred (times * rational (output_error (fst row) diameters)))
                    (Qred ((2 # 1) * bound - omega))
                    (Qred (times * rational (magnitude (snd row)))) (- omega) epsilon)
        (combine (weight (attention_out a)) (bias_of (attention_out a)))
  end.

(** ** One token *)

Section Token.
Variables (d n : nat) (a : attention) (box : option Q) (bound omega : Q) (s : stream) (i : nat).
Variable l : list (dyadic * dyadic).
Let norm := attention_norm a.
Let shape := attention_shape a.
Let own := (n_head shape * d_head shape)%nat.
Let shared := (n_kv_head shape * d_head shape)%nat.
Let tokens := seq 0 (length s + 1).
Let allowed := allows_apart shape (length s) i.
Let rows f m := map (apply f) (map (normalise norm) s) ++ [repeat 0 m].
Let qs := rows (query_map a) own.
Let ks := rows (key_map a) shared.
Let vs := rows (value_map a) shared.

Hypothesis norms : norm_shape d norm = true.
Hypothesis norms_defined : epsilon_ok norm = true.
Hypothesis some_keys : (0 < n_kv_head shape)%nat.
Hypothesis value_shape : affine_shape shared d (value_map a) = true.
Hypothesis value_reaches : reaches d norm box (weight (value_map a)) (bias_of (value_map a)) = Some l.
Hypothesis scores : score_bound_holds d a box bound.
Hypothesis bound_positive : 0 <= Q2R bound.
Hypothesis admitted : admissible d n box s.
Hypothesis token : (i < length s)%nat.

Lemma rows_token f m j : (j < length s)%nat ->
  nth j (rows f m) [] = apply f (normalise norm (nth j s [])).
Proof.
intros H. unfold rows. rewrite app_nth1 by now rewrite !map_length.
rewrite (nth_map_in (apply f) _ _ (normalise norm [])) by now rewrite map_length.
now rewrite (nth_map_in (normalise norm) s j []) by exact H.
Qed.

Lemma rows_bias f m : nth (length s) (rows f m) [] = repeat 0 m.
Proof.
unfold rows. rewrite app_nth2 by (rewrite !map_length; lia). rewrite !map_length, Nat.sub_diag.
reflexivity.
Qed.

Lemma rows_length f m : length (rows f m) = (length s + 1)%nat.
Proof. unfold rows. rewrite app_length, !map_length. reflexivity. Qed.

Lemma input_row j : (j < length s)%nat -> length (nth j s []) = d /\ in_inputs box (nth j s []).
Proof.
intros H. destruct admitted as [W [_ I]]. unfold of_width in W. rewrite Forall_forall in W, I.
assert (J := nth_In s [] H). auto.
Qed.

Lemma turned_zeros r position m : turned r position (repeat 0 m) = repeat 0 m.
Proof.
destruct r as [r|]; [|reflexivity]. unfold turned. rewrite repeat_length.
assert (E : forall k, turned_entry r position (repeat 0 m) k = 0).
{ intros k. unfold turned_entry, entry. rewrite !nth_repeat. destruct (if interleaved r then _ else _); ring. }
clear - E. generalize 0%nat. induction m as [|m IH]; intros k; [reflexivity|]. simpl.
f_equal; [apply (E k)|].
rewrite (map_ext_in _ (fun _ => 0)).
- generalize (S k). clear. induction m as [|m IH]; intros k; [reflexivity|]. simpl. f_equal. apply IH.
- intros j _. exact (E j).
Qed.

Lemma dot_zeros u m : dot u (repeat 0 m) = 0.
Proof.
unfold dot, entrywise. revert u; induction m as [|m IH]; intros [|x u]; simpl; try reflexivity.
rewrite IH. ring.
Qed.

Lemma score_range h j : (h < n_head shape)%nat -> In j tokens ->
  - Q2R bound <= score shape qs ks h i j <= Q2R bound.
Proof.
intros Hh Hj. unfold tokens in Hj. apply in_seq in Hj.
assert (A : Rabs (score shape qs ks h i j) <= Q2R bound).
{ unfold score, part, qs, ks. rewrite rows_token by exact token.
  destruct (Nat.eq_dec j (length s)) as [->|Nj].
  - rewrite rows_bias, slice_zeros by now apply group_fits.
    rewrite turned_zeros, dot_zeros, Rmult_0_r, Rabs_R0. exact bound_positive.
  - rewrite rows_token by lia. destruct (input_row i token) as [Lx Ix].
    destruct (input_row j ltac:(lia)) as [Ly Iy].
    exact (scores h _ i _ j Hh Lx Ix Ly Iy). }
revert A. unfold Rabs. destruct Rcase_abs; lra.
Qed.

Lemma self_allowed : allowed i = true.
Proof.
unfold allowed, allows_apart. destruct (Nat.eqb_spec i (length s)); [lia|].
destruct (Nat.ltb_spec i (length s)); [|lia]. unfold allows. destruct (causal shape); [|reflexivity].
simpl. apply Nat.leb_refl.
Qed.

Lemma allowed_real j : allowed j = true -> (j < length s)%nat.
Proof.
unfold allowed, allows_apart. destruct (Nat.eqb_spec i (length s)); [lia|].
destruct (Nat.ltb_spec j (length s)); easy.
Qed.

Lemma counts :
  INR (length (filter (fun j => negb (allowed j)) tokens)) <=
  INR (masked_for_each shape n) * INR (length (filter allowed tokens)).
Proof.
rewrite <- mult_INR. apply le_INR.
assert (C := Mask_error.filter_complement allowed tokens).
unfold tokens in C at 3. rewrite seq_length in C.
assert (One : (1 <= length (filter allowed tokens))%nat).
{ assert (I : In i (filter allowed tokens)).
  { apply filter_In. split; [apply in_seq; lia|exact self_allowed]. }
  destruct (filter allowed tokens); [easy|simpl; lia]. }
destruct admitted as [_ [Ln _]]. unfold masked_for_each. destruct (causal shape) eqn:K; [nia|].
assert (All : length (filter allowed tokens) = length s); [|lia].
unfold tokens. rewrite (filter_seq_apart allowed (fun _ => true)).
- rewrite <- (seq_length (length s) 0) at 2. generalize (seq 0 (length s)). clear.
  intros js. induction js as [|j js IH]; simpl; [reflexivity|now f_equal].
- intros j Hj. unfold allowed, allows_apart, allows. rewrite K.
  destruct (Nat.eqb_spec i (length s)); [lia|]. destruct (Nat.ltb_spec j (length s)); [easy|lia].
- unfold allowed, allows_apart. destruct (Nat.eqb_spec i (length s)); [lia|].
  now rewrite Nat.ltb_irrefl.
Qed.

Lemma value_near j : (j < length s)%nat ->
  Forall2 near_middle l (apply (value_map a) (normalise norm (nth j s []))).
Proof.
intros H. destruct (input_row j H) as [Lx Ix]. destruct (affine_shape_sound _ _ _ value_shape) as [_ [F _]].
now apply reaches_sound with d box.
Qed.

Lemma reaches_count : length l = shared.
Proof.
rewrite <- (apply_length shared d (value_map a) (normalise norm (nth i s [])) value_shape).
generalize (value_near i token). clear. induction 1; simpl; [reflexivity|now f_equal].
Qed.

Let move : R := INR (masked_for_each shape n) * exp (2 * Q2R bound) * exp (- Q2R omega).

Lemma head_near h : (h < n_head shape)%nat ->
  near move (sub_list (group shape h * d_head shape) (d_head shape) (map diameter l))
    (head_output shape (allows_apart shape (length s)) qs ks vs h i)
    (raised_head shape (fun i j => raise (Q2R omega) (allows_apart shape (length s) i j)) qs ks vs h i).
Proof.
intros Hh. set (first := (group shape h * d_head shape)%nat).
assert (Fits : (first + d_head shape <= shared)%nat) by (apply group_fits; assumption).
assert (Lp : forall j, (j <= length s)%nat -> length (part shape vs j (group shape h)) = d_head shape).
{ intros j Hj. unfold part, vs. destruct (Nat.eq_dec j (length s)) as [->|Nj].
  - rewrite rows_bias. apply slice_length. rewrite repeat_length. exact Fits.
  - rewrite rows_token by lia. apply slice_length. now rewrite (apply_length shared d). }
assert (Le : length (sub_list first (d_head shape) (map diameter l)) = d_head shape).
{ unfold sub_list. rewrite firstn_length, skipn_length, map_length, reaches_count. lia. }
assert (Lq : length qs = (length s + 1)%nat) by apply rows_length.
unfold head_output, raised_head. rewrite Lq. fold tokens allowed.
assert (In_tokens : forall j, In j tokens -> (j <= length s)%nat)
  by (intros j Hj; unfold tokens in Hj; apply in_seq in Hj; lia).
apply near_entries; rewrite ?Le.
- apply attend_vectors_length. apply Forall_forall. intros p Hp. apply in_map_iff in Hp.
  destruct Hp as [j [<- Hj]]. apply filter_In in Hj. apply Lp, In_tokens. tauto.
- apply attend_vectors_length. apply Forall_forall. intros p Hp. apply in_map_iff in Hp.
  destruct Hp as [j [<- Hj]]. apply Lp, In_tokens. exact Hj.
- intros k Hk. rewrite !(attend_entry (d_head shape)).
  2, 3: apply Forall_forall; intros p Hp; apply in_map_iff in Hp; destruct Hp as [j [<- Hj]];
    apply Lp, In_tokens; solve [exact Hj | apply filter_In in Hj; tauto].
  rewrite !map_map. simpl.
  set (value := fun j => entry (part shape vs j (group shape h)) k).
  set (reach := nth (first + k) l (zero, zero)).
  assert (Real : forall j, (j < length s)%nat -> near_middle reach (value j)).
  { intros j Hj. unfold value, part, vs, entry, slice, reach. fold first.
    rewrite rows_token by exact Hj. rewrite nth_part by exact Hk.
    apply Forall2_nth_in; [now apply value_near|]. rewrite reaches_count. lia. }
  assert (Bias : value (length s) = 0).
  { unfold value, part, vs, entry, slice. rewrite rows_bias, nth_part by exact Hk. apply nth_repeat. }
  assert (D : nth k (sub_list first (d_head shape) (map diameter l)) zero = diameter reach).
  { unfold sub_list. rewrite nth_part by exact Hk.
    apply nth_map_in. rewrite reaches_count. lia. }
  rewrite D.
  replace (move * real (diameter reach)) with
    (INR (masked_for_each shape n) * exp (2 * Q2R bound) * exp (- Q2R omega) * real (diameter reach))
    by reflexivity.
  apply (average_leak (Q2R omega) allowed (score shape qs ks h i) value tokens).
  + apply Rlt_le_trans with (1 := exp_pos (score shape qs ks h i i)).
    apply allowed_mass_pos; [unfold tokens; apply in_seq; lia|exact self_allowed].
  + apply masses; [apply pos_INR| |exact counts]. intros j Hj. now apply score_range.
  + apply Rle_trans with (2 := diameter_zero _ _ (Real i token)). apply Rabs_pos.
  + intros j m Hj Hm _ Am. apply allowed_real in Am.
    destruct (Nat.eq_dec j (length s)) as [->|Nj].
    * rewrite Bias, Rabs_minus_sym, Rminus_0_r. now apply diameter_zero, Real.
    * apply diameter_apart; apply Real; [|exact Am]. apply In_tokens in Hj. lia.
Qed.

Lemma context_near :
  near move (head_diameters shape (map diameter l))
    (context shape (allows_apart shape (length s)) qs ks vs i)
    (raised_context shape (fun i j => raise (Q2R omega) (allows_apart shape (length s) i j)) qs ks vs i).
Proof.
unfold head_diameters, context, raised_context.
assert (H : forall h, In h (seq 0 (n_head shape)) -> (h < n_head shape)%nat)
  by (intros h Hh; apply in_seq in Hh; lia).
revert H. generalize (seq 0 (n_head shape)). intros hs H.
induction hs as [|h hs IH]; [exact I|]. cbn [flat_map]. apply near_app.
- apply head_near, H. now left.
- apply IH. intros g Hg. apply H. now right.
Qed.

Lemma share_near :
  Rabs (1 - raised_share (fun j => raise (Q2R omega) (allowed j)) (real_ones (length s))) <=
  INR (masked_for_each shape n) * exp (- Q2R omega).
Proof.
set (value := entry (real_ones (length s))).
assert (One : forall j, (j < length s)%nat -> value j = 1).
{ intros j Hj. unfold value, entry, real_ones. rewrite app_nth1 by now rewrite repeat_length.
  rewrite nth_indep with (d' := 1) by now rewrite repeat_length. apply nth_repeat. }
assert (Zero : value (length s) = 0).
{ unfold value, entry, real_ones. rewrite app_nth2 by (rewrite repeat_length; lia).
  now rewrite repeat_length, Nat.sub_diag. }
assert (M : masked_average allowed (fun _ => 0) value tokens = 1).
{ apply attend_constant.
  - intros N. assert (K : In i (filter allowed tokens)).
    { apply filter_In. split; [unfold tokens; apply in_seq; lia|exact self_allowed]. }
    now rewrite N in K.
  - intros j Hj. apply filter_In in Hj. now apply One, allowed_real. }
assert (E : raised_share (fun j => raise (Q2R omega) (allowed j)) (real_ones (length s)) =
            raised_average (Q2R omega) allowed (fun _ => 0) value tokens).
{ unfold raised_share, raised_average, tokens. f_equal.
  replace (length (real_ones (length s))) with (length s + 1)%nat
    by (unfold real_ones; rewrite app_length, repeat_length; reflexivity).
  apply map_ext. intros j. f_equal. ring. }
rewrite E, <- M.
replace (INR (masked_for_each shape n) * exp (- Q2R omega))
  with (INR (masked_for_each shape n) * exp (2 * 0) * exp (- Q2R omega) * 1)
  by (rewrite Rmult_0_r, exp_0; ring).
apply (average_leak (Q2R omega) allowed (fun _ => 0) value tokens).
- apply Rlt_le_trans with (1 := exp_pos 0).
  apply (allowed_mass_pos allowed (fun _ => 0) value tokens i); [unfold tokens; apply in_seq; lia|exact self_allowed].
- apply masses; [apply pos_INR|intros; lra|exact counts].
- lra.
- intros j m Hj _ _ Am. apply allowed_real in Am. rewrite (One m Am).
  unfold tokens in Hj. apply in_seq in Hj. destruct (Nat.eq_dec j (length s)) as [->|Nj].
  + rewrite Zero. unfold Rabs. destruct Rcase_abs; lra.
  + rewrite One by lia. rewrite Rminus_eq_0, Rabs_R0. lra.
Qed.
End Token.

(** ** Soundness *)

Theorem attention_leak_sound d n a box bound omega epsilon :
  attention_leak_ok d n a box bound omega epsilon = true -> score_bound_holds d a box bound ->
  forall s, admissible d n box s ->
  close (Q2R epsilon) (attention_output a s) (raised_attention (Q2R omega) a s).
Proof.
unfold attention_leak_ok. set (shape := attention_shape a). intros H B s A.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
destruct (reaches d (attention_norm a) box _ _) as [l|] eqn:R; [|easy].
rename K into Sums, K0 into Positive, K1 into Out, K2 into Vshape, K3 into Kshape, K4 into Qshape,
  K5 into Keys, K6 into Defined, H into Norm.
apply Nat.ltb_lt in Keys. apply Qle_bool_R in Positive. rewrite Q2R_0 in Positive.
unfold attention_output, contexts, raised_attention. rewrite map_map, !map_length.
apply Forall2_map_same. intros i Hi. apply in_seq in Hi. assert (Hi' : (i < length s)%nat) by lia.
rewrite <- (context_apart shape _ _ _ (repeat 0 (n_head shape * d_head shape))
  (repeat 0 (n_kv_head shape * d_head shape)) (repeat 0 (n_kv_head shape * d_head shape)))
  by (rewrite !map_length; solve [reflexivity | exact Hi']).
rewrite !map_length.
assert (Near := context_near d n a box bound omega s i l Norm Defined Keys Vshape R B Positive A Hi').
assert (Share := share_near d n a box omega s i Keys A Hi').
fold shape in Near, Share.
set (u := context _ _ _ _ _ _) in Near |- *. set (v := raised_context _ _ _ _ _ _) in Near |- *.
set (share := raised_share _ _) in Share |- *.
set (move := INR (masked_for_each shape n) * exp (2 * Q2R bound) * exp (- Q2R omega)) in Near.
assert (Out' := Out). apply affine_shape_sound in Out'. destruct Out' as [Lw [Ww Lb]].
unfold apply. apply rows_near; [congruence|]. intros w b I.
rewrite forallb_forall in Sums. specialize (Sums _ I). simpl in Sums.
apply sum_at_most_sound in Sums. apply Rle_trans with (2 := Sums).
rewrite !(Qeq_eqR _ _ (Qred_correct _)), !Q2R_mult, Q2R_minus, Q2R_mult, Q2R_opp, natural_R,
  !real_rational, real_magnitude.
replace (Q2R (2 # 1)) with 2 by (unfold Q2R; simpl; lra).
apply Rplus_le_compat.
- assert (Len : length w = length (head_diameters shape (map diameter l))).
  { rewrite Forall_forall in Ww. rewrite (Ww w (in_combine_l _ _ _ _ I)). symmetry.
    apply head_diameters_length; [exact Keys|]. rewrite map_length.
    eapply reaches_count; eassumption. }
  apply Rle_trans with (1 := dot_near _ _ _ _ w Near Len). unfold move.
  replace (2 * Q2R bound - Q2R omega) with (2 * Q2R bound + - Q2R omega) by ring.
  rewrite exp_plus. right. ring.
- rewrite (Rmult_comm (Rabs (real b))).
  apply Rle_trans with (INR (masked_for_each shape n) * exp (- Q2R omega) * Rabs (real b)).
  + apply Rmult_le_compat_r; [apply Rabs_pos|exact Share].
  + right. ring.
Qed.
End Rule.
