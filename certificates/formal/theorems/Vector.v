(** Real vectors as lists: sums, dot products, the inequality of Cauchy and Schwarz. *)
From Coq Require Import Reals List Lra Lia Psatz.
Import ListNotations.
Open Scope R_scope.

Definition vector : Type := list R.

Fixpoint total (x : vector) : R :=
  match x with [] => 0 | a :: x => a + total x end.

(** Entry by entry; as long as the shorter one. *)
Fixpoint zip (f : R -> R -> R) (x y : vector) : vector :=
  match x, y with
  | a :: x, b :: y => f a b :: zip f x y
  | _, _ => []
  end.

Definition add : vector -> vector -> vector := zip Rplus.
Definition entrywise : vector -> vector -> vector := zip Rmult.
Definition dot (x y : vector) : R := total (entrywise x y).
Definition times (t : R) (x : vector) : vector := map (Rmult t) x.
Definition shift (m : R) (x : vector) : vector := map (fun a => a - m) x.
Definition size (x : vector) : R := INR (length x).
Definition norm (x : vector) : R := sqrt (dot x x).

(** Coordinate k, 0 beyond the end. *)
Definition entry (x : vector) (k : nat) : R := nth k x 0.

Lemma zip_length f x y : length x = length y -> length (zip f x y) = length x.
Proof. revert y; induction x as [|a x IH]; intros [|b y] H; simpl in *; auto. Qed.

Lemma dot_cons a x b y : dot (a :: x) (b :: y) = a * b + dot x y.
Proof. reflexivity. Qed.

Lemma dot_nil_r x : dot x [] = 0.
Proof. now destruct x. Qed.

Lemma dot_comm x y : dot x y = dot y x.
Proof.
revert y; induction x as [|a x IH]; intros [|b y]; try reflexivity.
rewrite !dot_cons, IH. ring.
Qed.

(** ** Bilinearity *)

Lemma dot_times_l t x y : dot (times t x) y = t * dot x y.
Proof.
revert y; induction x as [|a x IH]; intros [|b y]; try (unfold dot; simpl; ring).
unfold times; simpl; fold (times t x). rewrite !dot_cons, IH. ring.
Qed.

Lemma dot_times_r t x y : dot x (times t y) = t * dot x y.
Proof. now rewrite dot_comm, dot_times_l, dot_comm. Qed.

Lemma dot_add_r w x y : length x = length y -> dot w (add x y) = dot w x + dot w y.
Proof.
revert x y; induction w as [|c w IH]; intros [|a x] [|b y] H; try easy;
  try (unfold dot; simpl; ring).
unfold add; simpl; fold (add x y). rewrite !dot_cons, IH by (simpl in H; lia). ring.
Qed.

Lemma dot_entrywise w g n : dot w (entrywise g n) = dot (entrywise g w) n.
Proof.
revert g n; induction w as [|c w IH]; intros [|a g] [|b n]; try reflexivity.
unfold entrywise; simpl; fold (entrywise g n) (entrywise g w). rewrite !dot_cons, IH. ring.
Qed.

Lemma dot_shift_l m x y : length x = length y -> dot (shift m x) y = dot x y - m * total y.
Proof.
revert y; induction x as [|a x IH]; intros [|b y] H; try easy; [unfold dot; simpl; ring|].
unfold shift; simpl; fold (shift m x). rewrite !dot_cons, IH by (simpl in H; lia). ring.
Qed.

Lemma dot_shift_r m x y : length x = length y -> dot x (shift m y) = dot x y - m * total x.
Proof. intros H. rewrite dot_comm, dot_shift_l by auto. now rewrite dot_comm. Qed.

(** ** Sums *)

Lemma total_times t x : total (times t x) = t * total x.
Proof. induction x as [|a x IH]; simpl; [ring|]. fold (times t x). rewrite IH. ring. Qed.

Lemma size_cons a x : size (a :: x) = 1 + size x.
Proof. unfold size. simpl length. rewrite S_INR. ring. Qed.

Lemma size_nonneg x : 0 <= size x.
Proof. apply pos_INR. Qed.

Lemma size_pos x : x <> [] -> 0 < size x.
Proof. destruct x as [|a x]; [easy|]. rewrite size_cons. generalize (size_nonneg x). lra. Qed.

Lemma total_shift m x : total (shift m x) = total x - size x * m.
Proof.
induction x as [|a x IH]; [unfold size; simpl; ring|].
rewrite size_cons. simpl. fold (shift m x). rewrite IH. ring.
Qed.

Lemma times_length t x : length (times t x) = length x.
Proof. apply map_length. Qed.
Lemma shift_length m x : length (shift m x) = length x.
Proof. apply map_length. Qed.

(** ** Cauchy and Schwarz *)

Lemma dot_self_nonneg x : 0 <= dot x x.
Proof. induction x as [|a x IH]; [unfold dot; simpl; lra|]. rewrite dot_cons. nra. Qed.

Lemma dot_self_zero x y : dot x x = 0 -> dot x y = 0.
Proof.
revert y; induction x as [|a x IH]; intros [|b y] H; try reflexivity.
rewrite dot_cons in *. assert (N := dot_self_nonneg x).
assert (a = 0) by nra. subst a. rewrite IH by lra. ring.
Qed.

Lemma cauchy_schwarz_squared x y : dot x y ^ 2 <= dot x x * dot y y.
Proof.
revert y; induction x as [|a x IH]; intros [|b y]; try (unfold dot; simpl; lra).
rewrite !dot_cons. specialize (IH y).
assert (P := dot_self_nonneg x). assert (Q := dot_self_nonneg y).
revert IH P Q. generalize (dot x y) (dot x x) (dot y y). intros s p q H P Q.
assert (2 * (a * b) * s <= a ^ 2 * q + b ^ 2 * p); [|nra].
apply Rnot_lt_le; intros L.
assert (K : (a ^ 2 * q + b ^ 2 * p) ^ 2 < (2 * (a * b) * s) ^ 2).
{ assert (0 <= a ^ 2 * q + b ^ 2 * p) by nra. nra. }
assert ((2 * (a * b) * s) ^ 2 <= 4 * (a * b) ^ 2 * (p * q)).
{ replace ((2 * (a * b) * s) ^ 2) with (4 * (a * b) ^ 2 * s ^ 2) by ring.
  apply Rmult_le_compat_l; [nra|exact H]. }
assert (0 <= (a ^ 2 * q - b ^ 2 * p) ^ 2) by apply pow2_ge_0. nra.
Qed.

Lemma norm_nonneg x : 0 <= norm x.
Proof. apply sqrt_pos. Qed.

Lemma norm_squared x : norm x * norm x = dot x x.
Proof. apply sqrt_def, dot_self_nonneg. Qed.

Theorem cauchy_schwarz x y : Rabs (dot x y) <= norm x * norm y.
Proof.
unfold norm. rewrite <- sqrt_mult by apply dot_self_nonneg. rewrite <- sqrt_Rsqr_abs.
apply sqrt_le_1_alt. unfold Rsqr. generalize (cauchy_schwarz_squared x y). lra.
Qed.
