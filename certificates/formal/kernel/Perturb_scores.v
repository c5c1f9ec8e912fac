(** How far scores move where queries and keys are rounded: by at most
    scale (|dq| |k| + |q| |dk| + |dq| |dk|), also where rotary positions turn both. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention.
Require Import Attncert.kernel.Root Attncert.kernel.Spectral Attncert.kernel.Perturb_bounds.
Import ListNotations.
Open Scope R_scope.

(** ** Bounds *)

Definition length_of (e : tensor1) : dyadic := root_up (self_product e).

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

(** From bounds of a query, of how far it moves, of a key, and of how far that moves. *)
Definition score_move (s : score_scale) (q dq k dk : tensor1) : dyadic :=
  let lq := length_of q in let ldq := length_of dq in
  let lk := length_of k in let ldk := length_of dk in
  multiply (scale_bound s) (plus (plus (multiply ldq lk) (multiply lq ldk)) (multiply ldq ldk)).

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

Lemma entry_of_slice start len (e : tensor1) k : entry_of (sub_list start len e) k =
  if Nat.ltb k len then entry_of e (start + k) else 0.
Proof.
unfold entry_of, sub_list. destruct (Nat.ltb_spec k len).
- f_equal. revert e; induction start as [|start IH]; intros e.
  + simpl. revert e k H. induction len as [|len IH]; intros e k H; [lia|].
    destruct e as [|a e]; [simpl; now destruct k|]. destruct k as [|k]; [reflexivity|].
    simpl. apply IH. lia.
  + destruct e as [|a e]; [simpl; rewrite firstn_nil; now destruct k|]. apply IH.
- rewrite nth_overflow by (rewrite firstn_length; lia). apply real_zero.
Qed.

Lemma slice_lengths start len (e : tensor1) (v : vector) : length v = length e ->
  length (slice start len v) = length (sub_list start len e).
Proof. intros H. unfold slice, sub_list. rewrite !firstn_length, !skipn_length. lia. Qed.

Lemma moves_slice start len e u v : moves e u v ->
  moves (sub_list start len e) (slice start len u) (slice start len v).
Proof.
intros [L [M H]]. split; [now apply slice_lengths|split; [now apply slice_lengths|]].
intros k. rewrite !entry_slice, entry_of_slice. destruct (Nat.ltb k len); [apply H|].
rewrite Rminus_0_r, Rabs_R0. lra.
Qed.

Lemma bounded_slice start len e v : bounded e v ->
  bounded (sub_list start len e) (slice start len v).
Proof.
intros [L H]. split; [now apply slice_lengths|].
intros k. rewrite entry_slice, entry_of_slice. destruct (Nat.ltb k len); [apply H|].
rewrite Rabs_R0. lra.
Qed.

(** ** Scores *)

Lemma bounded_square e v : bounded e v -> dot v v <= real (self_product e).
Proof.
unfold self_product. rewrite real_product. revert v; induction e as [|a e IH]; intros v H.
- destruct H as [L _]. destruct v; [|easy]. unfold dot. simpl. lra.
- destruct v as [|x v]; [now destruct H|]. apply bounded_cons in H. destruct H as [H K].
  cbn [reals List.map]. fold (reals e). rewrite !dot_cons. apply Rplus_le_compat; [|now apply IH].
  assert (P := Rabs_pos x). replace (x * x) with (Rabs x * Rabs x)
    by (rewrite <- Rabs_mult; apply Rabs_pos_eq; apply Rle_0_sqr).
  apply Rmult_le_compat; lra.
Qed.

Lemma length_of_sound e v : bounded e v -> norm v <= real (length_of e).
Proof.
intros H. apply Rle_trans with (2 := proj1 (root_up_sound _)). unfold norm. apply sqrt_le_1_alt.
now apply bounded_square.
Qed.

Definition apart (u v : vector) : vector := zip Rminus u v.

Lemma moves_apart e u v : moves e u v -> bounded e (apart u v).
Proof.
revert u v; induction e as [|a e IH]; intros u v M.
- destruct M as [L _]. destruct u; [|easy]. apply bounded_nil.
- destruct u as [|x u]; [now destruct M|]. destruct v as [|y v]; [now destruct M as [_ [M _]]|].
  apply moves_cons in M. destruct M as [H M]. unfold apart. simpl. apply bounded_cons.
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

Lemma dot_moves_norm u u' v v' a da b db : length u' = length u -> length v' = length v ->
  norm u <= a -> norm (apart u' u) <= da -> norm v <= b -> norm (apart v' v) <= db ->
  Rabs (dot u' v' - dot u v) <= da * b + a * db + da * db.
Proof.
intros L M U DU V DV.
rewrite (dot_apart u' u v' L), (dot_comm u v'), (dot_apart v' v u M), (dot_comm v u).
rewrite (dot_comm (apart u' u) v'), (dot_apart v' v (apart u' u) M).
rewrite (dot_comm v), (dot_comm (apart v' v) u), (dot_comm (apart v' v) (apart u' u)).
replace (dot u v + dot u (apart v' v) + (dot (apart u' u) v + dot (apart u' u) (apart v' v)) -
         dot u v)
  with (dot (apart u' u) v + dot u (apart v' v) + dot (apart u' u) (apart v' v)) by ring.
apply Rle_trans with (1 := Rabs_triang _ _). apply Rplus_le_compat; [|now apply norm_product].
apply Rle_trans with (1 := Rabs_triang _ _). apply Rplus_le_compat; now apply norm_product.
Qed.

(** Turning is linear. *)
Lemma apart_entry u v k : length u = length v -> entry (apart u v) k = entry u k - entry v k.
Proof.
unfold entry, apart. revert v k; induction u as [|a u IH]; intros [|b v] [|k] L; simpl in *;
  try easy; try ring. apply IH. lia.
Qed.

Lemma apart_turned r i u v : length u = length v ->
  apart (turned r i u) (turned r i v) = turned r i (apart u v).
Proof.
intros L. destruct r as [r|]; [|reflexivity]. unfold turned.
assert (A : length (apart u v) = length u) by (now apply zip_length). rewrite A, <- L.
assert (E : forall k, turned_entry r i (apart u v) k =
                      turned_entry r i u k - turned_entry r i v k).
{ intros k. unfold turned_entry. rewrite A, <- L, !apart_entry by exact L.
  destruct (if interleaved r then Nat.even k else Nat.ltb k (Nat.div (length u) 2)); ring. }
unfold apart at 1. generalize (seq 0 (length u)). intros l.
induction l as [|k l IH]; simpl; [reflexivity|]. now rewrite IH, E.
Qed.

Lemma turned_length r i v : length (turned r i v) = length v.
Proof. destruct r; simpl; [now rewrite map_length, seq_length|reflexivity]. Qed.

Theorem score_moves shape i j qe dqe ke dke q q' k k' : turns_pairs shape = true ->
  length q = d_head shape -> length k = d_head shape ->
  bounded qe q -> moves dqe q' q -> bounded ke k -> moves dke k' k ->
  Rabs (scale_factor (scale shape) *
          dot (turned (positions shape) i q') (turned (positions shape) j k') -
        scale_factor (scale shape) *
          dot (turned (positions shape) i q) (turned (positions shape) j k)) <=
  real (score_move (scale shape) qe dqe ke dke).
Proof.
intros T Q0 K0 Q DQ K DK. unfold score_move. cbv zeta.
rewrite real_multiply, !real_plus, !real_multiply.
assert (LQ : length q' = length q) by (destruct DQ as [A [B _]]; congruence).
assert (LK : length k' = length k) by (destruct DK as [A [B _]]; congruence).
apply moves_apart in DQ, DK. apply length_of_sound in Q, DQ, K, DK.
rewrite <- Rmult_minus_distr_l, Rabs_mult.
destruct (scale_bound_sound (scale shape)) as [S0 S].
rewrite (Rabs_pos_eq (scale_factor (scale shape))) by exact S0.
apply Rmult_le_compat; auto using Rabs_pos.
apply dot_moves_norm; rewrite ?turned_length; auto; rewrite ?apart_turned by assumption;
  rewrite turned_norm; auto; unfold apart; rewrite zip_length; congruence.
Qed.
