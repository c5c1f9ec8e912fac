(** What one head adds up where queries, keys and values are rounded: softmax weights move by half
    of what the scores do, at most 1, in total variation. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Softmax_moves.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention.
Require Import Attncert.kernel.Instance_attention.
Require Import Attncert.kernel.Row_reach Attncert.kernel.Root Attncert.kernel.Spectral.
Require Import Attncert.kernel.Perturb_bounds Attncert.kernel.Perturb_scores.
Import ListNotations.
Open Scope R_scope.

(** ** Bounds *)

Section Heads.
Variables (shape : head_shape) (q dq k dk dv : tensor1) (v : list (dyadic * dyadic)).

Definition own (h : nat) (e : tensor1) : tensor1 := sub_list (h * d_head shape) (d_head shape) e.

(** Half of how far a head's scores move, at most 1. *)
Definition variation (h : nat) : dyadic :=
  let g := group shape h in
  let half := multiply (score_move (scale shape) (own h q) (own h dq) (own g k) (own g dk))
                       (Dyadic 1 (-1)) in
  if at_most half one then trimmed half else one.

Definition value_move (t : dyadic) (p : (dyadic * dyadic) * dyadic) : dyadic :=
  trimmed (plus (snd p) (multiply t (multiply (of_Z 2) (snd (fst p))))).
Definition value_reach (p : (dyadic * dyadic) * dyadic) : dyadic :=
  plus (reach_of (fst p)) (snd p).

Definition values_of (h : nat) : list ((dyadic * dyadic) * dyadic) :=
  firstn (d_head shape) (skipn (group shape h * d_head shape) (combine v dv)).

Definition head_moves (h : nat) : tensor1 := map (value_move (variation h)) (values_of h).
Definition head_reaches (h : nat) : tensor1 := map value_reach (values_of h).

Definition all_heads (f : nat -> tensor1) : tensor1 := flat_map f (seq 0 (n_head shape)).
End Heads.

(** ** Averages of values *)

Lemma entry_add u v k : length u = length v -> entry (add u v) k = entry u k + entry v k.
Proof.
unfold entry, add. revert v k; induction u as [|a u IH]; intros [|b v] [|k] L; simpl in *;
  try easy; try ring. apply IH. lia.
Qed.

Lemma vector_total_entry width l k : (k < width)%nat -> Forall (fun v => length v = width) l ->
  entry (vector_total width l) k = total (map (fun v => entry v k) l).
Proof.
intros K. induction l as [|v l IH]; intros H; simpl; [unfold entry; apply nth_repeat|].
inversion_clear H as [|? ? Hv Hl]. rewrite <- IH by exact Hl.
now rewrite entry_add by (rewrite (vector_total_length width l Hl); exact Hv).
Qed.

Lemma entry_times t v k : entry (times t v) k = t * entry v k.
Proof.
unfold entry, times. revert k; induction v as [|a v IH]; intros [|k]; simpl; try ring. apply IH.
Qed.

Lemma attend_entry width l (s : nat -> R) (v : nat -> vector) k : (k < width)%nat ->
  (forall j, In j l -> length (v j) = width) ->
  entry (attend_vectors width (map (fun j => (s j, v j)) l)) k =
  average l s (fun j => entry (v j) k).
Proof.
intros K H. unfold attend_vectors, weight_total. rewrite entry_times, vector_total_entry.
- unfold average, sum_over, Rdiv. rewrite Rmult_comm. rewrite !map_map. f_equal.
  f_equal. apply map_ext. intros j. simpl. apply entry_times.
- exact K.
- apply Forall_forall. intros u Hu. rewrite map_map in Hu. apply in_map_iff in Hu.
  destruct Hu as [j [<- Hj]]. simpl. rewrite times_length. now apply H.
Qed.

Lemma Forall2_entry {A : Type} (P : A -> R -> Prop) l u k a : Forall2 P l u ->
  (k < length l)%nat -> P (nth k l a) (entry u k).
Proof.
intros F. revert k; induction F as [|x y l u H F IH]; intros [|k] K; simpl in *; try lia; auto.
apply IH. lia.
Qed.

(** ** One head *)

Section Head.
Variables (shape : head_shape) (qe dqe ke dke dve : tensor1) (ve : list (dyadic * dyadic)).
Variables (n : nat) (qs ks vs qs' ks' vs' : list vector).
Let shared := (n_kv_head shape * d_head shape)%nat.
Hypothesis pairs : turns_pairs shape = true.
Hypothesis some_group : (0 < n_kv_head shape)%nat.
Hypothesis lengths : length qs = n /\ length qs' = n.
Hypothesis queries : forall j, (j < n)%nat -> bounded qe (nth j qs []) /\
  moves dqe (nth j qs' []) (nth j qs []).
Hypothesis keys : forall j, (j < n)%nat -> bounded ke (nth j ks []) /\
  moves dke (nth j ks' []) (nth j ks []).
Hypothesis values : forall j, (j < n)%nat -> Forall2 near_middle ve (nth j vs []) /\
  moves dve (nth j vs' []) (nth j vs []).
Hypothesis query_length : length qe = (n_head shape * d_head shape)%nat.
Hypothesis key_length : length ke = shared.
Hypothesis value_lengths : length ve = shared /\ length dve = shared.

Let seen i := filter (allows shape i) (seq 0 n).

Lemma seen_below i j : In j (seen i) -> (j < n)%nat.
Proof. intros H. apply filter_In in H. destruct H as [H _]. apply in_seq in H. lia. Qed.

Lemma seen_some i : (i < n)%nat -> seen i <> [].
Proof.
intros H E. assert (I : In i (seen i)); [|now rewrite E in I].
apply filter_In. split; [apply in_seq; lia|]. unfold allows. destruct (causal shape); [|easy].
apply Nat.leb_refl.
Qed.

Lemma part_length rows j h : length (nth j rows []) = shared -> (h < n_head shape)%nat ->
  length (part shape rows j (group shape h)) = d_head shape.
Proof.
intros L H. unfold part. apply slice_length. apply Nat.le_trans with shared;
  [now apply group_fits|apply Nat.eq_le_incl; symmetry; exact L].
Qed.

Lemma value_entry_lengths j : (j < n)%nat ->
  length (nth j vs []) = shared /\ length (nth j vs' []) = shared.
Proof.
intros H. destruct (values j H) as [_ [A [B _]]]. destruct value_lengths as [_ L].
split; congruence.
Qed.

Lemma values_of_length h : (h < n_head shape)%nat ->
  length (values_of shape dve ve h) = d_head shape.
Proof.
intros H. destruct value_lengths as [L M]. unfold values_of.
rewrite firstn_length, skipn_length, combine_length, L, M, Nat.min_id.
generalize (group_fits shape h some_group H). fold shared. lia.
Qed.

(** Entry k of what head h sees, and its bounds. *)
Lemma value_bounds h j k : (h < n_head shape)%nat -> (j < n)%nat -> (k < d_head shape)%nat ->
  let p := nth k (values_of shape dve ve h) ((zero, zero), zero) in
  near_middle (fst p) (entry (part shape vs j (group shape h)) k) /\
  Rabs (entry (part shape vs' j (group shape h)) k - entry (part shape vs j (group shape h)) k) <=
    real (snd p).
Proof.
intros H J K. destruct value_lengths as [L M]. destruct (values j J) as [V D].
assert (G := group_fits shape h some_group H). fold shared in G.
set (at_ := (group shape h * d_head shape + k)%nat).
assert (E : nth k (values_of shape dve ve h) ((zero, zero), zero) =
            (nth at_ ve (zero, zero), nth at_ dve zero)).
{ rewrite <- combine_nth by congruence. unfold values_of, at_.
  generalize (combine ve dve). generalize (group shape h * d_head shape)%nat.
  clear - K. intros start. induction start as [|start IH]; intros l.
  - simpl. revert l k K. induction (d_head shape) as [|m IH]; intros l k K; [lia|].
    destruct l as [|a l]; [simpl; now destruct k|]. destruct k as [|k]; [reflexivity|].
    simpl. apply IH. lia.
  - destruct l as [|a l]; [simpl; rewrite firstn_nil; now destruct k|]. apply IH. }
cbv zeta. rewrite E. simpl fst. simpl snd. unfold part. rewrite !entry_slice.
destruct (Nat.ltb_spec k (d_head shape)); [|lia]. fold at_. split.
- apply Forall2_entry; [exact V|]. unfold at_. lia.
- apply D.
Qed.

Lemma head_output_length rows' rows h i : (h < n_head shape)%nat ->
  (forall j, (j < n)%nat -> length (nth j rows []) = shared) -> forall q k,
  length q = n -> rows' = rows ->
  length (head_output shape (allows shape) q k rows' h i) = d_head shape.
Proof.
intros H V q k Lq ->. unfold head_output. rewrite Lq. apply attend_vectors_length.
apply Forall_forall. intros p Hp. apply in_map_iff in Hp. destruct Hp as [j [<- Hj]].
simpl. apply part_length; auto. apply V. now apply seen_below with i.
Qed.

Lemma head_score_moves h i j : (h < n_head shape)%nat -> (i < n)%nat -> (j < n)%nat ->
  Rabs (score shape qs' ks' h i j - score shape qs ks h i j) <=
  real (score_move (scale shape) (own shape h qe) (own shape h dqe)
          (own shape (group shape h) ke) (own shape (group shape h) dke)).
Proof.
intros Hh Hi Hj. unfold score. destruct (queries i Hi) as [Q DQ]. destruct (keys j Hj) as [K DK].
apply score_moves; auto.
- unfold part. apply slice_length. destruct Q as [L _]. rewrite L, query_length. nia.
- apply part_length; auto. destruct K as [L _]. exact (eq_trans L key_length).
- now apply bounded_slice.
- now apply moves_slice.
- now apply bounded_slice.
- now apply moves_slice.
Qed.

Lemma variation_sound h : (h < n_head shape)%nat -> exists eta, 0 <= eta /\
  (forall i j, (i < n)%nat -> (j < n)%nat ->
     Rabs (score shape qs' ks' h i j - score shape qs ks h i j) <= eta) /\
  ((0 < n)%nat -> Rmin 1 (eta / 2) <= real (variation shape qe dqe ke dke h)).
Proof.
intros Hh. set (move := score_move (scale shape) (own shape h qe) (own shape h dqe)
                          (own shape (group shape h) ke) (own shape (group shape h) dke)).
exists (Rmax 0 (real move)). split; [apply Rmax_l|split].
- intros i j Hi Hj. apply Rle_trans with (2 := Rmax_r _ _). now apply head_score_moves.
- intros N. assert (P := head_score_moves h 0 0 Hh N N). fold move in P.
  assert (P0 := Rabs_pos (score shape qs' ks' h 0 0 - score shape qs ks h 0 0)).
  rewrite Rmax_right by lra. unfold variation. cbv zeta. fold move.
  assert (H : real (multiply move (Dyadic 1 (-1))) = real move / 2)
    by (rewrite real_multiply; unfold real at 2; simpl; lra).
  rewrite <- H. destruct (at_most (multiply move (Dyadic 1 (-1))) one).
  + apply Rle_trans with (2 := trimmed_sound _). apply Rmin_r.
  + rewrite real_one. apply Rmin_l.
Qed.

Lemma nth_bound (f : (dyadic * dyadic) * dyadic -> dyadic) h k : (h < n_head shape)%nat ->
  (k < d_head shape)%nat ->
  entry_of (map f (values_of shape dve ve h)) k =
  real (f (nth k (values_of shape dve ve h) ((zero, zero), zero))).
Proof.
intros H K. unfold entry_of. f_equal.
rewrite nth_indep with (d' := f ((zero, zero), zero)).
- apply map_nth.
- rewrite map_length, values_of_length; auto.
Qed.

Lemma entry_overflow (v : vector) k : (length v <= k)%nat -> entry v k = 0.
Proof. apply nth_overflow. Qed.

Theorem head_sound h i : (h < n_head shape)%nat -> (i < n)%nat ->
  moves (head_moves shape qe dqe ke dke dve ve h)
        (head_output shape (allows shape) qs' ks' vs' h i)
        (head_output shape (allows shape) qs ks vs h i) /\
  bounded (head_reaches shape dve ve h) (head_output shape (allows shape) qs' ks' vs' h i).
Proof.
intros H I. destruct lengths as [Lq Lq'].
assert (O : length (head_output shape (allows shape) qs ks vs h i) = d_head shape)
  by (apply head_output_length with vs; auto; intros; now apply value_entry_lengths).
assert (O' : length (head_output shape (allows shape) qs' ks' vs' h i) = d_head shape)
  by (apply head_output_length with vs'; auto; intros; now apply value_entry_lengths).
assert (E : forall k, (k < d_head shape)%nat ->
  entry (head_output shape (allows shape) qs ks vs h i) k =
  average (seen i) (score shape qs ks h i) (fun j => entry (part shape vs j (group shape h)) k)).
{ intros k K. unfold head_output. rewrite Lq. apply attend_entry; [exact K|].
  intros j Hj. apply part_length; auto. now apply value_entry_lengths, seen_below with i. }
assert (E' : forall k, (k < d_head shape)%nat ->
  entry (head_output shape (allows shape) qs' ks' vs' h i) k =
  average (seen i) (score shape qs' ks' h i)
          (fun j => entry (part shape vs' j (group shape h)) k)).
{ intros k K. unfold head_output. rewrite Lq'. apply attend_entry; [exact K|].
  intros j Hj. apply part_length; auto. now apply value_entry_lengths, seen_below with i. }
assert (S := seen_some i I).
destruct (variation_sound h H) as [eta [P [M V]]]. specialize (V ltac:(lia)).
split.
- split; [|split]; try (unfold head_moves; rewrite map_length, values_of_length; auto).
  intros k. destruct (Nat.ltb_spec k (d_head shape)) as [K|K].
  2: { rewrite !entry_overflow by lia. rewrite Rminus_0_r, Rabs_R0.
       unfold entry_of, head_moves. rewrite nth_overflow by
         (rewrite map_length, values_of_length; auto). rewrite real_zero. lra. }
  rewrite E, E' by exact K. unfold head_moves. rewrite nth_bound by auto.
  set (p := nth k (values_of shape dve ve h) ((zero, zero), zero)).
  apply Rle_trans with (2 := trimmed_sound _).
  rewrite real_plus, !real_multiply, real_of_Z.
  set (m := real (fst (fst p))). set (r := real (snd (fst p))).
  assert (R0 : 0 <= 2 * r).
  { destruct (value_bounds h i k H I K) as [B _]. fold p in B. unfold near_middle in B.
    fold m r in B. generalize (Rabs_pos (entry (part shape vs i (group shape h)) k - m)). lra. }
  apply Rle_trans with (real (snd p) + Rmin 1 (eta / 2) * ((m + r) - (m - r))).
  + apply average_moves; auto.
    * intros j Hj. apply M; auto. now apply seen_below with i.
    * intros j Hj. apply (value_bounds h j k H (seen_below i j Hj) K).
    * intros j Hj. destruct (value_bounds h j k H (seen_below i j Hj) K) as [B _]. fold p in B.
      unfold near_middle in B. fold m r in B. unfold Rabs in B. destruct Rcase_abs in B; lra.
  + replace (m + r - (m - r)) with (2 * r) by ring.
    apply Rplus_le_compat_l, Rmult_le_compat_r; auto.
- split; [unfold head_reaches; rewrite map_length, values_of_length; auto|].
  intros k. destruct (Nat.ltb_spec k (d_head shape)) as [K|K].
  2: { rewrite !entry_overflow by lia. rewrite Rabs_R0.
       unfold entry_of, head_reaches. rewrite nth_overflow by
         (rewrite map_length, values_of_length; auto). rewrite real_zero. lra. }
  rewrite E' by exact K. unfold head_reaches. rewrite nth_bound by auto.
  set (p := nth k (values_of shape dve ve h) ((zero, zero), zero)).
  unfold value_reach. rewrite real_plus.
  assert (A := average_values (seen i) S (score shape qs' ks' h i)
    (fun j => entry (part shape vs' j (group shape h)) k) (fun _ => 0)
    (real (reach_of (fst p)) + real (snd p))).
  rewrite average_constant, Rminus_0_r in A by exact S. apply A.
  intros j Hj. rewrite Rminus_0_r.
  destruct (value_bounds h j k H (seen_below i j Hj) K) as [B C]. fold p in B, C.
  apply near_middle_reach in B.
  replace (entry (part shape vs' j (group shape h)) k)
    with (entry (part shape vs j (group shape h)) k +
          (entry (part shape vs' j (group shape h)) k - entry (part shape vs j (group shape h)) k))
    by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.
End Head.
