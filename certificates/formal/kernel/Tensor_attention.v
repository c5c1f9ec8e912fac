(** Attention as a function of queries, keys and values: what the original's heads and the converted
    heads have in common. Nothing here is specific to either. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lia.
Require Import Attncert.theorems.Vector.
Import ListNotations.
Open Scope R_scope.

(** ** Softmax averages *)

Definition weight_total {A : Type} (seen : list (R * A)) : R :=
  total (map (fun p => exp (fst p)) seen).

(** The average of the values seen, by the softmax of their scores. *)
Definition attend (seen : list (R * R)) : R :=
  total (map (fun p => exp (fst p) * snd p) seen) / weight_total seen.

Fixpoint vector_total (width : nat) (l : list vector) : vector :=
  match l with [] => repeat 0 width | v :: l => add v (vector_total width l) end.

Definition attend_vectors (width : nat) (seen : list (R * vector)) : vector :=
  times (/ weight_total seen)
        (vector_total width (map (fun p => times (exp (fst p)) (snd p)) seen)).

(** ** Heads *)

(** Scores are multiplied by 1, or by 1/sqrt(n). *)
Inductive score_scale : Type := Unscaled | Rsqrt (n : positive).

(** Pair p of d/2 coordinates is turned by the angle (position) base^(-2p/d); pairs are (2p, 2p + 1)
    or (p, p + d/2). *)
Record rotary : Type := Rotary { base : Q; interleaved : bool }.

(** Head h uses keys and values h n_kv_head / n_head. *)
Record head_shape : Type := HeadShape {
  n_head : nat; n_kv_head : nat; d_head : nat;
  causal : bool; scale : score_scale; positions : option rotary }.

Definition scale_factor (s : score_scale) : R :=
  match s with Unscaled => 1 | Rsqrt n => / sqrt (IZR (Zpos n)) end.

Definition angle (r : rotary) (d p position : nat) : R :=
  INR position * Rpower (Q2R (base r)) (- (2 * INR p / INR d)).

(** Coordinate k of v after the turn. *)
Definition turned_entry (r : rotary) (position : nat) (v : vector) (k : nat) : R :=
  let d := length v in
  let pairs := Nat.div d 2 in
  let first := if interleaved r then Nat.even k else Nat.ltb k pairs in
  let p := if interleaved r then Nat.div k 2 else if first then k else (k - pairs)%nat in
  let step := if interleaved r then 1%nat else pairs in
  let t := angle r d p position in
  if first then entry v k * cos t - entry v (k + step) * sin t
  else entry v (k - step) * sin t + entry v k * cos t.

Definition turned (r : option rotary) (position : nat) (v : vector) : vector :=
  match r with
  | None => v
  | Some r => map (turned_entry r position v) (seq 0 (length v))
  end.

Definition slice (start length : nat) (v : vector) : vector := firstn length (skipn start v).

Section Heads.
Variables (shape : head_shape) (mask : nat -> nat -> bool) (queries keys values : list vector).

Definition group (h : nat) : nat := Nat.div (h * n_kv_head shape) (n_head shape).
Definition part (rows : list vector) (i h : nat) : vector :=
  slice (h * d_head shape) (d_head shape) (nth i rows []).

Definition score (h i j : nat) : R :=
  scale_factor (scale shape) *
  dot (turned (positions shape) i (part queries i h))
      (turned (positions shape) j (part keys j (group h))).

(** What token i gets from head h: it sees the tokens that the mask allows. *)
Definition head_output (h i : nat) : vector :=
  attend_vectors (d_head shape)
    (map (fun j => (score h i j, part values j (group h)))
         (filter (mask i) (seq 0 (length queries)))).

(** All heads' results, one after the other. *)
Definition context (i : nat) : vector :=
  flat_map (fun h => head_output h i) (seq 0 (n_head shape)).

Definition contexts : list vector := map context (seq 0 (length queries)).
End Heads.

(** The original's mask: a token sees itself and those before it, or all. *)
Definition allows (shape : head_shape) (i j : nat) : bool :=
  if causal shape then Nat.leb j i else true.

(** With one more token, the last: it is seen by itself only, and sees itself only. *)
Definition allows_apart (shape : head_shape) (last i j : nat) : bool :=
  if Nat.eqb i last then Nat.eqb j last else Nat.ltb j last && allows shape i j.

(** ** Lengths *)

Lemma vector_total_length width l : Forall (fun v => length v = width) l ->
  length (vector_total width l) = width.
Proof.
induction l as [|v l IH]; intros H; simpl; [apply repeat_length|].
inversion_clear H as [|? ? Hv Hl]. unfold add. rewrite zip_length; [exact Hv|].
rewrite IH by exact Hl. exact Hv.
Qed.

(** ** A token apart changes nothing for the others *)

Lemma filter_seq_apart f g n :
  (forall j, (j < n)%nat -> f j = g j) -> f n = false ->
  filter f (seq 0 (n + 1)) = filter g (seq 0 n).
Proof.
intros E F. rewrite seq_app, filter_app. simpl. rewrite F, app_nil_r.
apply filter_ext_in. intros j Hj. apply in_seq in Hj. apply E. lia.
Qed.

Section Apart.
Variables (shape : head_shape) (queries keys values : list vector) (q k v : vector).
Let n := length queries.
Hypothesis same_keys : length keys = n.
Hypothesis same_values : length values = n.

Lemma part_apart rows r i h : (i < length rows)%nat ->
  part shape (rows ++ [r]) i h = part shape rows i h.
Proof. intros H. unfold part. now rewrite app_nth1. Qed.

Lemma context_apart i : (i < n)%nat ->
  context shape (allows_apart shape n) (queries ++ [q]) (keys ++ [k]) (values ++ [v]) i =
  context shape (allows shape) queries keys values i.
Proof.
intros Hi. unfold context. apply flat_map_ext. intros h. unfold head_output. f_equal.
rewrite app_length. simpl length. fold n.
rewrite (filter_seq_apart (allows_apart shape n i) (allows shape i)).
- apply map_ext_in. intros j Hj. apply filter_In in Hj. destruct Hj as [Hj _].
  apply in_seq in Hj. unfold score. rewrite !part_apart by (fold n; lia). reflexivity.
- intros j Hj. unfold allows_apart.
  destruct (Nat.eqb_spec i n); [lia|]. destruct (Nat.ltb_spec j n); [reflexivity|lia].
- unfold allows_apart. destruct (Nat.eqb_spec i n); [lia|]. now rewrite Nat.ltb_irrefl.
Qed.

(** The token apart gets its own values. *)
Lemma filter_last : filter (allows_apart shape n n) (seq 0 (n + 1)) = [n].
Proof.
assert (E : forall m s, (s + m <= n)%nat -> filter (allows_apart shape n n) (seq s m) = []).
{ induction m as [|m IH]; intros s H; [reflexivity|]. simpl. unfold allows_apart at 1.
  rewrite Nat.eqb_refl. destruct (Nat.eqb_spec s n); [lia|]. apply IH. lia. }
rewrite seq_app, filter_app, E by lia. simpl. unfold allows_apart. now rewrite !Nat.eqb_refl.
Qed.

Lemma times_1 (w : vector) : times 1 w = w.
Proof. unfold times. rewrite <- (map_id w) at 2. apply map_ext. intros a. ring. Qed.

Lemma add_repeat_0 (w : vector) : add w (repeat 0 (length w)) = w.
Proof.
induction w as [|a w IH]; [reflexivity|]. unfold add in *. simpl. rewrite IH. f_equal. ring.
Qed.

Lemma attend_vectors_single width s (w : vector) : length w = width ->
  attend_vectors width [(s, w)] = w.
Proof.
intros <-. unfold attend_vectors, weight_total. simpl.
rewrite <- (times_length (exp s) w), add_repeat_0. rewrite Rplus_0_r.
unfold times. rewrite map_map. rewrite <- (map_id w) at 2. apply map_ext. intros a.
rewrite <- Rmult_assoc, Rinv_l; [ring|]. apply Rgt_not_eq, exp_pos.
Qed.

Lemma context_last : 
  (forall h, (h < n_head shape)%nat ->
    length (slice (group shape h * d_head shape) (d_head shape) v) = d_head shape) ->
  context shape (allows_apart shape n) (queries ++ [q]) (keys ++ [k]) (values ++ [v]) n =
  flat_map (fun h => slice (group shape h * d_head shape) (d_head shape) v) (seq 0 (n_head shape)).
Proof.
intros L. unfold context.
assert (E : forall hs, Forall (fun h => (h < n_head shape)%nat) hs ->
  flat_map (fun h => head_output shape (allows_apart shape n) (queries ++ [q]) (keys ++ [k])
    (values ++ [v]) h n) hs
  = flat_map (fun h => slice (group shape h * d_head shape) (d_head shape) v) hs).
{ induction hs as [|h hs IH]; intros H; [reflexivity|]. inversion_clear H as [|? ? H0 H1].
  simpl. rewrite IH by exact H1. f_equal. unfold head_output.
  rewrite app_length. simpl length. fold n. rewrite filter_last. simpl.
  assert (P : part shape (values ++ [v]) n (group shape h) =
              slice (group shape h * d_head shape) (d_head shape) v).
  { unfold part. rewrite <- same_values, nth_middle. reflexivity. }
  rewrite P. apply attend_vectors_single, L, H0. }
apply E. apply Forall_forall. intros h Hh. apply in_seq in Hh. lia.
Qed.
End Apart.
