(** What rule perturb computes with: bounds in dyadic numbers, rounded up, of the entries of
    vectors, and of the rows of affine maps after a norm. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Row_reach.
Import ListNotations.
Open Scope R_scope.

(** ** Numbers *)

Definition at_most (a b : dyadic) : bool := Z.leb (mantissa (minus a b)) 0.

Lemma at_most_sound a b : at_most a b = true -> real a <= real b.
Proof.
unfold at_most. intros H. apply Z.leb_le, IZR_le in H.
assert (E := real_minus a b). unfold real at 1 in E.
assert (P : 0 < powerRZ 2 (exponent (minus a b))) by (apply powerRZ_lt; lra). nra.
Qed.

(** At least a, with at most 81 bits; never trusted: where it were too small, a itself. *)
Definition trimmed (a : dyadic) : dyadic :=
  let k := (Z.log2 (mantissa a) - 80)%Z in
  if Z.leb k 0 then a
  else let b := Dyadic (mantissa a / power_of_2 k + 1) (exponent a + k) in
       if at_most a b then b else a.

Lemma trimmed_sound a : real a <= real (trimmed a).
Proof.
unfold trimmed. destruct (Z.leb _ 0); [lra|]. cbv zeta.
destruct (at_most a _) eqn:E; [now apply at_most_sound|lra].
Qed.

(** What fp64 holds: stored numbers may differ from the construction's by such a number only. *)
Definition is_fp64 (a : dyadic) : bool :=
  let m := Z.abs (mantissa a) in
  let k := (Z.log2 m - 52)%Z in
  (Z.leb k 0 || Z.eqb (Z.modulo m (power_of_2 k)) 0) &&
  Z.ltb (Z.log2 m + exponent a) 1024.

(** ** Vectors of bounds, entry by entry; 0 beyond the end *)

Definition entry_of (e : tensor1) (k : nat) : R := real (nth k e zero).

(** u and v differ by at most e; v is at most e. *)
Definition moves (e : tensor1) (u v : vector) : Prop :=
  length u = length e /\ length v = length e /\
  forall k, Rabs (entry u k - entry v k) <= entry_of e k.
Definition bounded (e : tensor1) (v : vector) : Prop :=
  length v = length e /\ forall k, Rabs (entry v k) <= entry_of e k.

Lemma moves_cons a e x u y v : moves (a :: e) (x :: u) (y :: v) <->
  Rabs (x - y) <= real a /\ moves e u v.
Proof.
unfold moves. simpl length. split.
- intros [L [M H]]. split; [exact (H 0%nat)|]. split; [lia|split; [lia|]]. intros k. exact (H (S k)).
- intros [H [L [M K]]]. split; [lia|split; [lia|]]. intros [|k]; [exact H|apply K].
Qed.

Lemma bounded_cons a e x u : bounded (a :: e) (x :: u) <-> Rabs x <= real a /\ bounded e u.
Proof.
unfold bounded. simpl length. split.
- intros [L H]. split; [exact (H 0%nat)|]. split; [lia|]. intros k. exact (H (S k)).
- intros [H [L K]]. split; [lia|]. intros [|k]; [exact H|apply K].
Qed.

Lemma moves_nil : moves [] [] [].
Proof.
split; [reflexivity|split; [reflexivity|]]. intros k. unfold entry, entry_of. destruct k; simpl;
  rewrite real_zero, Rminus_0_r, Rabs_R0; lra.
Qed.

Lemma bounded_nil : bounded [] [].
Proof.
split; [reflexivity|]. intros k. unfold entry, entry_of. destruct k; simpl;
  rewrite real_zero, Rabs_R0; lra.
Qed.

(** ** Rows after a norm *)

(** As much as a row can be, from its middle and its reach. *)
Definition reach_of (s : dyadic * dyadic) : dyadic := trimmed (plus (magnitude (fst s)) (snd s)).
Definition reach_list (l : list (dyadic * dyadic)) : tensor1 := map reach_of l.

Lemma near_middle_reach s x : near_middle s x -> Rabs x <= real (reach_of s).
Proof.
unfold near_middle, reach_of. intros H. apply Rle_trans with (2 := trimmed_sound _).
rewrite real_plus, real_magnitude. unfold Rabs in *. repeat destruct Rcase_abs; lra.
Qed.

Lemma reach_list_sound l v : Forall2 near_middle l v -> bounded (reach_list l) v.
Proof.
intros H. induction H as [|s x l v S H IH]; [apply bounded_nil|].
simpl. apply bounded_cons. split; [now apply near_middle_reach|exact IH].
Qed.

Definition row_ranges (d : nat) (n : norm_layer) (box : option Q) (a : affine)
  : option (list (dyadic * dyadic)) := reaches d n box (weight a) (bias_of a).

Lemma row_ranges_sound d outputs n box a l x : norm_shape d n = true -> epsilon_ok n = true ->
  affine_shape outputs d a = true -> row_ranges d n box a = Some l -> length x = d ->
  in_inputs box x -> Forall2 near_middle l (apply a (normalise n x)).
Proof.
intros S P A H Lx Hx. apply affine_shape_sound in A. destruct A as [L [W B]].
apply reaches_sound with d box; auto.
Qed.

(** ** Two affine maps of the same rows *)

Definition differences (w v : tensor2) : tensor2 :=
  map (fun p => map (fun ab => minus (fst ab) (snd ab)) (combine (fst p) (snd p))) (combine w v).
Definition difference1 (c b : tensor1) : tensor1 :=
  map (fun ab => minus (fst ab) (snd ab)) (combine c b).

Definition all_fp64 (m : tensor2) : bool := forallb (forallb is_fp64) m.

(** Both maps' differences are numbers that fp64 holds. *)
Definition maps_near (a' a : affine) : bool :=
  all_fp64 (differences (weight a') (weight a)) &&
  forallb is_fp64 (difference1 (bias_of a') (bias_of a)).

(** How far the rows of two maps are apart after the norm. *)
Definition row_moves (d : nat) (n : norm_layer) (box : option Q) (a' a : affine) : option tensor1 :=
  bind (reaches d n box (differences (weight a') (weight a)) (difference1 (bias_of a') (bias_of a)))
       (fun l => Some (reach_list l)).

Lemma dot_difference u v y : length u = length v ->
  dot (reals (map (fun ab => minus (fst ab) (snd ab)) (combine u v))) y =
  dot (reals u) y - dot (reals v) y.
Proof.
revert v y; induction u as [|a u IH]; intros [|b v] y H; try easy;
  [unfold dot; simpl; ring|].
destruct y as [|x y]; [rewrite !dot_nil_r; ring|].
cbn [combine List.map reals]. fold (reals u) (reals v). rewrite !dot_cons, real_minus.
specialize (IH v y). unfold reals in IH at 1. cbn [fst snd]. unfold reals.
rewrite IH by (simpl in H; lia).
unfold reals. ring.
Qed.

Lemma differences_moves d w' w c' c x l :
  Forall (fun v => length v = d) w' -> Forall (fun v => length v = d) w ->
  length w' = length w -> length c' = length w -> length c = length w ->
  Forall2 near_middle l (add (linear_part (differences w' w) x) (reals (difference1 c' c))) ->
  moves (reach_list l) (add (linear_part w' x) (reals c')) (add (linear_part w x) (reals c)).
Proof.
revert w c' c l; induction w' as [|u' w' IH]; intros [|u w] [|a' c'] [|a c] l W' W H1 H2 H3 F;
  try easy.
- inversion_clear F. apply moves_nil.
- inversion_clear W' as [|? ? Hu' Hw']. inversion_clear W as [|? ? Hu Hw].
  unfold add in F. cbn [differences combine List.map linear_part difference1 reals zip fst snd] in F.
  inversion F as [|s y k t S K E1 E2]. subst l.
  unfold add. cbn [linear_part List.map reals zip]. apply moves_cons. split.
  + apply near_middle_reach in S. rewrite dot_difference, real_minus in S by congruence.
    replace (dot (reals u') x + real a' - (dot (reals u) x + real a))
      with (dot (reals u') x - dot (reals u) x + (real a' - real a)) by ring. exact S.
  + apply IH; auto; simpl in *; lia.
Qed.

Lemma row_moves_sound d outputs n box a' a e x : norm_shape d n = true -> epsilon_ok n = true ->
  affine_shape outputs d a' = true -> affine_shape outputs d a = true ->
  row_moves d n box a' a = Some e -> length x = d -> in_inputs box x ->
  moves e (apply a' (normalise n x)) (apply a (normalise n x)).
Proof.
intros S P A' A H Lx Hx. apply affine_shape_sound in A', A.
destruct A' as [L' [W' B']], A as [L [W B]]. unfold row_moves in H.
destruct (reaches _ _ _ _ _) as [l|] eqn:E; [|easy]. injection H as <-.
apply differences_moves with d; auto; try congruence.
apply reaches_sound with d box; auto. unfold differences. apply Forall_forall. intros v Hv.
apply in_map_iff in Hv. destruct Hv as [[u' u] [<- Hu]]. rewrite Forall_forall in W', W.
rewrite map_length, combine_length. simpl.
rewrite (W' u' (in_combine_l _ _ _ _ Hu)), (W u (in_combine_r _ _ _ _ Hu)). apply Nat.min_id.
Qed.
