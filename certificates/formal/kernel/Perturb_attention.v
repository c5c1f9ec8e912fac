(** Rule perturb for attention whose heads are stored rounded. The stored heads are the construction's
    for other weights, so two attention sublayers are compared: scores move by at most
    scale (|dq| |k| + |q| |dk| + |dq| |dk|), softmax weights by half of that. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball Attncert.theorems.Softmax_moves.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_attention.
Require Import Attncert.kernel.Tensor_model Attncert.kernel.Tensor_heads.
Require Import Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Instance Attncert.kernel.Instance_attention.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Lift Attncert.kernel.Perturb_bounds.
Require Import Attncert.kernel.Perturb_mlp.
Import ListNotations.
Open Scope R_scope.

(** ** What is claimed *)

(** The stored heads write what is within epsilon of what the construction's would for the
    original's weights (rule instance): the original's attention. *)
Definition attention_perturbation (d : nat) (a : attention) (h : token_heads) (box : option Q)
    (epsilon : Q) : Prop :=
  forall s, of_width d s -> Forall (in_inputs box) s -> exists v,
    token_heads_output d h (augmented d s) = padded d v /\
    close (Q2R epsilon) (attention_output a s) v.

Definition stored_attention (d : nat) (a : attention) (h : token_heads) : attention :=
  let rows := stored_map (fun x => x) d in
  Attention (attention_norm a) (attention_shape a) (rows (token_query h)) (rows (token_key h))
            (rows (token_value h)) (stored_outputs d (token_output h) (token_bias h)).

(** ** The check *)

Definition slice1 (start len : nat) (e : tensor1) : tensor1 := firstn len (skipn start e).

Definition length_of (e : tensor1) : dyadic := root (product e e).

Definition scale_guess (n : positive) : dyadic :=
  Dyadic (Z.sqrt (power_of_2 180 / Zpos n) + 1) (- 90).

(** At least 1/sqrt(n), checked by its square. *)
Definition scale_bound (s : score_scale) : dyadic :=
  match s with
  | Unscaled => one
  | Rsqrt n =>
      let r := scale_guess n in
      if at_most zero r && at_most one (multiply (of_Z (Zpos n)) (multiply r r)) then r else one
  end.

Section Heads.
Variables (shape : head_shape) (q dq k dk dv : tensor1) (v : list (dyadic * dyadic)).

Definition own (h : nat) (e : tensor1) : tensor1 := slice1 (h * d_head shape) (d_head shape) e.

(** Half of how far a head's scores move, at most 1. *)
Definition variation (h : nat) : dyadic :=
  let g := group shape h in
  let lq := length_of (own h q) in let ldq := length_of (own h dq) in
  let lk := length_of (own g k) in let ldk := length_of (own g dk) in
  let half := multiply (multiply (scale_bound (scale shape))
    (plus (plus (multiply ldq lk) (multiply lq ldk)) (multiply ldq ldk))) (Dyadic 1 (-1)) in
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

Definition attention_bounds (d : nat) (a : attention) (h : token_heads) (box : option Q)
    : option (tensor1 * tensor1) :=
  let other := stored_attention d a h in
  let n := attention_norm a in
  bind (row_spans d n box (query_map a)) (fun q =>
  bind (row_moves d n box (query_map other) (query_map a)) (fun dq =>
  bind (row_spans d n box (key_map a)) (fun k =>
  bind (row_moves d n box (key_map other) (key_map a)) (fun dk =>
  bind (row_spans d n box (value_map a)) (fun v =>
  bind (row_moves d n box (value_map other) (value_map a)) (fun dv =>
  let shape := attention_shape a in
  Some (all_heads shape (head_moves shape (reach_list q) dq (reach_list k) dk dv v),
        all_heads shape (head_reaches shape dv v)))))))).

Definition no_rotary (s : head_shape) : bool :=
  match positions s with None => true | Some _ => false end.

Definition attention_perturb_ok (d : nat) (a : attention) (h : token_heads) (box : option Q)
    (epsilon : Q) : bool :=
  let other := stored_attention d a h in
  let shape := attention_shape a in
  let own := (n_head shape * d_head shape)%nat in
  let shared := (n_kv_head shape * d_head shape)%nat in
  no_rotary shape && epsilon_ok (attention_norm a) &&
  Bool.eqb (is_some (bias (attention_out a))) (is_some (token_bias h)) &&
  affine_shape own d (query_map a) && affine_shape shared d (key_map a) &&
  affine_shape shared d (value_map a) && affine_shape d own (attention_out a) &&
  attention_instance_ok d other h &&
  match attention_bounds d a h box with
  | None => false
  | Some (moved, reached) =>
      outputs_close moved reached epsilon (weight (attention_out a)) (weight (attention_out other))
                    (bias_of (attention_out a)) (bias_of (attention_out other))
  end.

(** ** Slices *)

Lemma entry_slice start len v k : entry (slice start len v) k =
  if Nat.ltb k len then entry v (start + k) else 0.
Proof.
unfold entry, slice. destruct (Nat.ltb_spec k len).
- revert v; induction start as [|start IH]; intros v.
  + simpl. revert v k H. induction len as [|len IH]; intros v k H; [lia|].
    destruct v as [|a v]; [simpl; now destruct k|]. destruct k as [|k]; [reflexivity|].
    simpl. apply IH. lia.
  + destruct v as [|a v]; [simpl; rewrite firstn_nil; now destruct k|]. apply IH.
- apply nth_overflow. rewrite firstn_length. lia.
Qed.

Lemma entry_of_slice start len e k : entry_of (slice1 start len e) k =
  if Nat.ltb k len then entry_of e (start + k) else 0.
Proof.
unfold entry_of, slice1. destruct (Nat.ltb_spec k len).
- f_equal. revert e; induction start as [|start IH]; intros e.
  + simpl. revert e k H. induction len as [|len IH]; intros e k H; [lia|].
    destruct e as [|a e]; [simpl; now destruct k|]. destruct k as [|k]; [reflexivity|].
    simpl. apply IH. lia.
  + destruct e as [|a e]; [simpl; rewrite firstn_nil; now destruct k|]. apply IH.
- rewrite nth_overflow by (rewrite firstn_length; lia). apply real_zero.
Qed.

Lemma slice_lengths start len e (v : vector) : length v = length e ->
  length (slice start len v) = length (slice1 start len e).
Proof. intros H. unfold slice, slice1. rewrite !firstn_length, !skipn_length. lia. Qed.

Lemma moves_slice start len e u v : moves e u v ->
  moves (slice1 start len e) (slice start len u) (slice start len v).
Proof.
intros [L [M H]]. split; [now apply slice_lengths|split; [now apply slice_lengths|]].
intros k. rewrite !entry_slice, entry_of_slice. destruct (Nat.ltb k len); [apply H|].
rewrite Rminus_0_r, Rabs_R0. lra.
Qed.

Lemma reaches_slice start len e v : reaches e v ->
  reaches (slice1 start len e) (slice start len v).
Proof.
intros [L H]. split; [now apply slice_lengths|].
intros k. rewrite entry_slice, entry_of_slice. destruct (Nat.ltb k len); [apply H|].
rewrite Rabs_R0. lra.
Qed.

(** ** Scores *)

Lemma reaches_square e v : reaches e v -> dot v v <= real (product e e).
Proof.
rewrite real_product. revert v; induction e as [|a e IH]; intros v H.
- destruct H as [L _]. destruct v; [|easy]. unfold dot. simpl. lra.
- destruct v as [|x v]; [now destruct H|]. apply reaches_cons in H. destruct H as [H K].
  cbn [reals List.map]. fold (reals e). rewrite !dot_cons. apply Rplus_le_compat; [|now apply IH].
  assert (P := Rabs_pos x). replace (x * x) with (Rabs x * Rabs x)
    by (rewrite <- Rabs_mult; apply Rabs_pos_eq; apply Rle_0_sqr).
  apply Rmult_le_compat; lra.
Qed.

Lemma length_of_sound e v : reaches e v -> norm v <= real (length_of e).
Proof.
intros H. apply Rle_trans with (2 := root_sound _). unfold norm. apply sqrt_le_1_alt.
now apply reaches_square.
Qed.

Definition apart (u v : vector) : vector := zip Rminus u v.

Lemma moves_apart e u v : moves e u v -> reaches e (apart u v).
Proof.
revert u v; induction e as [|a e IH]; intros u v M.
- destruct M as [L _]. destruct u; [|easy]. apply reaches_nil.
- destruct u as [|x u]; [now destruct M|]. destruct v as [|y v]; [now destruct M as [_ [M _]]|].
  apply moves_cons in M. destruct M as [H M]. unfold apart. simpl. apply reaches_cons.
  split; [exact H|now apply IH].
Qed.

Lemma dot_apart u v x : length u = length v -> dot u x = dot v x + dot (apart u v) x.
Proof.
revert v x; induction u as [|a u IH]; intros [|b v] x H; try easy; [unfold dot; simpl; ring|].
destruct x as [|c x]; [rewrite !dot_nil_r; ring|]. unfold apart. simpl zip. rewrite !dot_cons.
fold (apart u v). rewrite (IH v x) by (simpl in H; lia). ring.
Qed.

Lemma norm_product u v a b : norm u <= a -> norm v <= b -> Rabs (dot u v) <= a * b.
Proof.
intros A B. apply Rle_trans with (1 := cauchy_schwarz u v).
apply Rmult_le_compat; auto using norm_nonneg.
Qed.

Lemma scale_bound_sound s : 0 <= scale_factor s <= real (scale_bound s).
Proof.
destruct s as [|n]; cbn [scale_factor scale_bound]; [rewrite real_one; lra|].
assert (N : 1 <= IZR (Zpos n)) by (apply IZR_le; lia).
assert (S : 1 <= sqrt (IZR (Zpos n))) by (rewrite <- sqrt_1 at 1; now apply sqrt_le_1_alt).
split; [apply Rlt_le, Rinv_0_lt_compat; lra|].
generalize (scale_guess n). cbv zeta. intros r.
destruct (at_most zero r && at_most one (multiply (of_Z (Zpos n)) (multiply r r))) eqn:E.
- apply andb_prop in E. destruct E as [P E]. apply at_most_sound in P, E.
  rewrite real_zero in P. rewrite real_one, !real_multiply, real_of_Z in E.
  assert (D := sqrt_def (IZR (Zpos n)) ltac:(lra)).
  set (t := sqrt (IZR (Zpos n))) in *.
  apply Rmult_le_reg_l with t; [lra|]. rewrite Rinv_r by lra.
  apply Rnot_lt_le. intros C.
  assert (t * real r * (t * real r) < 1 * 1)
    by (apply Rmult_le_0_lt_compat; auto; apply Rmult_le_pos; lra).
  rewrite <- D in E. nra.
- rewrite real_one, <- Rinv_1. apply Rinv_le_contravar; lra.
Qed.

Lemma score_moves s qe dqe ke dke q q' k k' :
  reaches qe q -> moves dqe q' q -> reaches ke k -> moves dke k' k ->
  Rabs (scale_factor s * dot q' k' - scale_factor s * dot q k) <=
  real (multiply (scale_bound s)
    (plus (plus (multiply (length_of dqe) (length_of ke)) (multiply (length_of qe) (length_of dke)))
          (multiply (length_of dqe) (length_of dke)))).
Proof.
intros Q DQ K DK. rewrite real_multiply, !real_plus, !real_multiply.
assert (LQ : length q' = length q) by (destruct DQ as [A [B _]]; congruence).
assert (LK : length k' = length k) by (destruct DK as [A [B _]]; congruence).
apply moves_apart in DQ, DK. apply length_of_sound in Q, DQ, K, DK.
rewrite <- Rmult_minus_distr_l, Rabs_mult.
destruct (scale_bound_sound s) as [S0 S]. rewrite (Rabs_pos_eq (scale_factor s)) by exact S0.
apply Rmult_le_compat; auto using Rabs_pos.
rewrite (dot_apart q' q k' LQ), (dot_comm q k'), (dot_apart k' k q LK), (dot_comm k q).
rewrite (dot_comm (apart q' q) k'), (dot_apart k' k (apart q' q) LK).
rewrite (dot_comm k), (dot_comm (apart k' k) q), (dot_comm (apart k' k) (apart q' q)).
replace (dot q k + dot q (apart k' k) + (dot (apart q' q) k + dot (apart q' q) (apart k' k)) -
         dot q k)
  with (dot (apart q' q) k + dot q (apart k' k) + dot (apart q' q) (apart k' k)) by ring.
apply Rle_trans with (1 := Rabs_triang _ _). apply Rplus_le_compat; [|now apply norm_product].
apply Rle_trans with (1 := Rabs_triang _ _). apply Rplus_le_compat; now apply norm_product.
Qed.

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
Hypothesis no_turn : positions shape = None.
Hypothesis some_group : (0 < n_kv_head shape)%nat.
Hypothesis lengths : length qs = n /\ length qs' = n.
Hypothesis queries : forall j, (j < n)%nat -> reaches qe (nth j qs []) /\
  moves dqe (nth j qs' []) (nth j qs []).
Hypothesis keys : forall j, (j < n)%nat -> reaches ke (nth j ks []) /\
  moves dke (nth j ks' []) (nth j ks []).
Hypothesis values : forall j, (j < n)%nat -> Forall2 in_span ve (nth j vs []) /\
  moves dve (nth j vs' []) (nth j vs []).
Hypothesis value_lengths : length ve = shared /\ length dve = shared.

Lemma head_score_moves h i j : (i < n)%nat -> (j < n)%nat ->
  Rabs (score shape qs' ks' h i j - score shape qs ks h i j) <=
  2 * real (multiply (multiply (scale_bound (scale shape))
    (let lq := length_of (own shape h qe) in let ldq := length_of (own shape h dqe) in
     let lk := length_of (own shape (group shape h) ke) in
     let ldk := length_of (own shape (group shape h) dke) in
     plus (plus (multiply ldq lk) (multiply lq ldk)) (multiply ldq ldk))) (Dyadic 1 (-1))).
Proof.
intros Hi Hj. cbv zeta. rewrite (real_multiply _ (Dyadic 1 (-1))).
replace (real (Dyadic 1 (-1))) with (/ 2) by (unfold real; simpl; lra).
set (b := multiply (scale_bound _) _).
replace (2 * (real b * / 2)) with (real b) by field. unfold b.
unfold score. rewrite no_turn. simpl turned.
destruct (queries i Hi) as [Q DQ]. destruct (keys j Hj) as [K DK].
apply score_moves; unfold own, part; auto using moves_slice, reaches_slice.
Qed.

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
intros H. destruct (values j H) as [_ [A [B _]]]. destruct value_lengths as [_ L]. split; congruence.
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
  in_span (fst p) (entry (part shape vs j (group shape h)) k) /\
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

Lemma variation_sound h : exists eta, 0 <= eta /\
  (forall i j, (i < n)%nat -> (j < n)%nat ->
     Rabs (score shape qs' ks' h i j - score shape qs ks h i j) <= eta) /\
  ((0 < n)%nat -> Rmin 1 (eta / 2) <= real (variation shape qe dqe ke dke h)).
Proof.
set (half := multiply (multiply (scale_bound (scale shape))
    (let lq := length_of (own shape h qe) in let ldq := length_of (own shape h dqe) in
     let lk := length_of (own shape (group shape h) ke) in
     let ldk := length_of (own shape (group shape h) dke) in
     plus (plus (multiply ldq lk) (multiply lq ldk)) (multiply ldq ldk))) (Dyadic 1 (-1))).
exists (Rmax 0 (2 * real half)). split; [apply Rmax_l|split].
- intros i j Hi Hj. apply Rle_trans with (2 := Rmax_r _ _). now apply head_score_moves.
- intros N. assert (P := head_score_moves h 0 0 N N). fold half in P.
  assert (P0 := Rabs_pos (score shape qs' ks' h 0 0 - score shape qs ks h 0 0)).
  rewrite Rmax_right by lra. replace (2 * real half / 2) with (real half) by field.
  unfold variation. fold half.
  change (Rmin 1 (real half) <= real (if at_most half one then trimmed half else one)).
  destruct (at_most half one).
  + apply Rle_trans with (2 := trimmed_sound half). apply Rmin_r.
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
  reaches (head_reaches shape dve ve h) (head_output shape (allows shape) qs' ks' vs' h i).
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
destruct (variation_sound h) as [eta [P [M V]]]. specialize (V ltac:(lia)).
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
  { destruct (value_bounds h i k H I K) as [B _]. fold p in B. unfold in_span in B.
    fold m r in B. lra. }
  apply Rle_trans with (real (snd p) + Rmin 1 (eta / 2) * ((m + r) - (m - r))).
  + apply average_moves; auto.
    * intros j Hj. apply M; auto. now apply seen_below with i.
    * intros j Hj. apply (value_bounds h j k H (seen_below i j Hj) K).
    * intros j Hj. apply (value_bounds h j k H (seen_below i j Hj) K).
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
  apply in_span_reach in B.
  replace (entry (part shape vs' j (group shape h)) k)
    with (entry (part shape vs j (group shape h)) k +
          (entry (part shape vs' j (group shape h)) k - entry (part shape vs j (group shape h)) k))
    by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.
End Head.

(** ** All heads, and the sublayer *)

Lemma moves_app e u v e' u' v' : moves e u v -> moves e' u' v' ->
  moves (e ++ e') (u ++ u') (v ++ v').
Proof.
revert u v; induction e as [|a e IH]; intros u v M M'.
- destruct M as [L [K _]]. destruct u; [|easy]. now destruct v.
- destruct u as [|x u]; [now destruct M|]. destruct v as [|y v]; [now destruct M as [_ [M _]]|].
  apply moves_cons in M. simpl. apply moves_cons. split; [apply M|apply IH; tauto].
Qed.

Lemma reaches_app e v e' v' : reaches e v -> reaches e' v' -> reaches (e ++ e') (v ++ v').
Proof.
revert v; induction e as [|a e IH]; intros v M M'.
- destruct M as [L _]. now destruct v.
- destruct v as [|x v]; [now destruct M|].
  apply reaches_cons in M. simpl. apply reaches_cons. split; [apply M|apply IH; tauto].
Qed.

Lemma heads_moves (e : nat -> tensor1) (u v : nat -> vector) hs :
  (forall h, In h hs -> moves (e h) (u h) (v h)) ->
  moves (flat_map e hs) (flat_map u hs) (flat_map v hs).
Proof.
induction hs as [|h hs IH]; intros H; simpl; [apply moves_nil|].
apply moves_app; [apply H; now left|apply IH; intros; apply H; now right].
Qed.

Lemma heads_reaches (e : nat -> tensor1) (v : nat -> vector) hs :
  (forall h, In h hs -> reaches (e h) (v h)) -> reaches (flat_map e hs) (flat_map v hs).
Proof.
induction hs as [|h hs IH]; intros H; simpl; [apply reaches_nil|].
apply reaches_app; [apply H; now left|apply IH; intros; apply H; now right].
Qed.

Lemma spans_length l (v : vector) : Forall2 in_span l v -> length l = length v.
Proof. intros H. induction H as [|s x l v S H IH]; simpl; congruence. Qed.

Lemma nth_map_apply a ys j : (j < length ys)%nat ->
  nth j (map (apply a) ys) [] = apply a (nth j ys []).
Proof.
intros H. rewrite nth_indep with (d' := apply a []); [apply map_nth|now rewrite map_length].
Qed.

Theorem attention_perturb_sound d a h box epsilon :
  attention_perturb_ok d a h box epsilon = true -> attention_perturbation d a h box epsilon.
Proof.
unfold attention_perturb_ok. cbv zeta. set (other := stored_attention d a h). intros H.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
destruct (attention_bounds d a h box) as [[moved reached]|] eqn:B; [|easy].
rename K into Close, K0 into Same, K1 into Out, K2 into Vshape, K3 into Kshape, K4 into Qshape,
  K6 into Epsilon.
assert (NoTurn : positions (attention_shape a) = None)
  by (unfold no_rotary in H; now destruct (positions (attention_shape a))).
assert (I := attention_instance_sound _ _ _ Same).
unfold attention_instance_ok in Same. cbv zeta in Same.
repeat (apply andb_prop in Same; let K := fresh "K" in destruct Same as [Same K]).
rename K11 into Qshape', K10 into Kshape', K9 into Vshape', K8 into Out', K7 into Heads,
  Same into Shape.
apply Nat.ltb_lt in Heads. change (attention_shape other) with (attention_shape a) in *.
change (attention_norm other) with (attention_norm a) in *.
set (shape := attention_shape a) in *.
intros s Hs Hi. exists (attention_output other s). split; [now apply I|]. clear I.
unfold attention_output. change (attention_shape other) with shape.
change (attention_norm other) with (attention_norm a). fold shape.
set (ys := map (normalise (attention_norm a)) s).
unfold contexts. rewrite !map_length. unfold close.
unfold attention_bounds in B. cbv zeta in B. fold other shape in B.
destruct (row_spans d (attention_norm a) box (query_map a)) as [q|] eqn:EQ; [|easy].
destruct (row_moves d (attention_norm a) box (query_map other) (query_map a)) as [dq|] eqn:EDQ;
  [|easy].
destruct (row_spans d (attention_norm a) box (key_map a)) as [k|] eqn:EK; [|easy].
destruct (row_moves d (attention_norm a) box (key_map other) (key_map a)) as [dk|] eqn:EDK; [|easy].
destruct (row_spans d (attention_norm a) box (value_map a)) as [v|] eqn:EV; [|easy].
destruct (row_moves d (attention_norm a) box (value_map other) (value_map a)) as [dv|] eqn:EDV;
  [|easy].
cbn [bind] in B. injection B as Bm Br.
assert (Rows : forall j, (j < length ys)%nat -> exists x, nth j ys [] = normalise (attention_norm a) x
  /\ length x = d /\ in_inputs box x).
{ intros j Hj. assert (In (nth j ys []) ys) by now apply nth_In.
  unfold ys in H0 at 2. apply in_map_iff in H0. destruct H0 as [x [E Hx]]. exists x.
  unfold of_width in Hs. rewrite Forall_forall in Hs, Hi. auto. }
assert (Sum : forall i, (i < length ys)%nat ->
  moves moved
    (context shape (allows shape) (map (apply (query_map other)) ys)
       (map (apply (key_map other)) ys) (map (apply (value_map other)) ys) i)
    (context shape (allows shape) (map (apply (query_map a)) ys)
       (map (apply (key_map a)) ys) (map (apply (value_map a)) ys) i) /\
  reaches reached
    (context shape (allows shape) (map (apply (query_map other)) ys)
       (map (apply (key_map other)) ys) (map (apply (value_map other)) ys) i)).
{ intros i Hi'. rewrite <- Bm, <- Br. unfold all_heads, context.
  assert (One : forall hd, In hd (seq 0 (n_head shape)) ->
    moves (head_moves shape (reach_list q) dq (reach_list k) dk dv v hd)
      (head_output shape (allows shape) (map (apply (query_map other)) ys)
         (map (apply (key_map other)) ys) (map (apply (value_map other)) ys) hd i)
      (head_output shape (allows shape) (map (apply (query_map a)) ys)
         (map (apply (key_map a)) ys) (map (apply (value_map a)) ys) hd i) /\
    reaches (head_reaches shape dv v hd)
      (head_output shape (allows shape) (map (apply (query_map other)) ys)
         (map (apply (key_map other)) ys) (map (apply (value_map other)) ys) hd i)).
  { intros hd Hh. apply in_seq in Hh.
    destruct (Rows i Hi') as [x0 [_ [Lx0 Ix0]]].
    assert (V0 := row_spans_sound d _ _ box _ _ x0 Shape Epsilon Vshape EV Lx0 Ix0).
    assert (D0 := row_moves_sound d _ _ box _ _ _ x0 Shape Epsilon Vshape' Vshape EDV Lx0 Ix0).
    apply head_sound with (n := length ys); auto; try lia.
    - now rewrite !map_length.
    - intros j Hj. destruct (Rows j Hj) as [x [E [Lx Ix]]]. rewrite !nth_map_apply, E by exact Hj.
      split; [apply spans_reach; eapply row_spans_sound; eauto|eapply row_moves_sound; eauto].
    - intros j Hj. destruct (Rows j Hj) as [x [E [Lx Ix]]]. rewrite !nth_map_apply, E by exact Hj.
      split; [apply spans_reach; eapply row_spans_sound; eauto|eapply row_moves_sound; eauto].
    - intros j Hj. destruct (Rows j Hj) as [x [E [Lx Ix]]]. rewrite !nth_map_apply, E by exact Hj.
      split; [eapply row_spans_sound; eauto|eapply row_moves_sound; eauto].
    - split.
      + rewrite (spans_length _ _ V0). now apply apply_length with d.
      + destruct D0 as [_ [L _]]. rewrite <- L. now apply apply_length with d. }
  split; [apply heads_moves|apply heads_reaches]; intros hd Hh; now apply One. }
assert (Ls : length s = length ys) by (unfold ys; now rewrite map_length).
assert (Below : forall i, In i (seq 0 (length ys)) -> (i < length ys)%nat)
  by (intros i J; apply in_seq in J; lia).
revert Below. generalize (seq 0 (length ys)). intros l.
assert (Vl : forall m, affine_shape (n_kv_head shape * d_head shape) d m = true ->
  Forall (fun v => length v = (n_kv_head shape * d_head shape)%nat) (map (apply m) ys)).
{ intros m Hm. apply Forall_forall. intros u Hu. apply in_map_iff in Hu. destruct Hu as [y [<- _]].
  now apply apply_length with d. }
induction l as [|i l IH]; intros Below; simpl; constructor; [|apply IH; intros; apply Below; now right].
destruct (Sum i (Below i (or_introl eq_refl))) as [M R].
assert (Lc := context_length shape (allows shape) (map (apply (query_map a)) ys)
  (map (apply (key_map a)) ys) (map (apply (value_map a)) ys) i Heads
  ltac:(now rewrite !map_length) (Vl _ Vshape)).
apply affine_shape_sound in Out, Out'. destruct Out as [_ [W _]], Out' as [_ [W' _]].
apply (outputs_close_sound _ _ _ _ _ _ _ _ _ Close M R); rewrite Lc; assumption.
Qed.
