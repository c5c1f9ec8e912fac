(** The recurrences on enclosures enclose the recurrences on numbers. *)
From Coq Require Import ZArith QArith Reals List Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
From Attncert.kernel Require Import Term Enclosure Special_sig Sequences Elementary_sequences Series.
Import ListNotations.
Open Scope R_scope.

Module SeriesSound (I : IntervalOps) (Fn : Special I).
Module T := Series I Fn.
Module E := T.E.

Section Precision.
Variable p : I.F.precision.

(** The first n coefficients are enclosed. *)
Definition covers (n : nat) (xs : T.series) (u : nat -> R) : Prop :=
  forall k, (k < n)%nat -> E.encloses (T.coefficient k xs) (u k).

(** The first k terms of v, the last one first. *)
Definition backwards (k : nat) (xs : T.series) (v : nat -> R) : Prop :=
  length xs = k /\ covers k xs (fun i => v (k - S i)%nat).

Lemma zero_encloses : E.encloses I.zero 0.
Proof. unfold E.encloses. rewrite I.zero_correct. simpl. lra. Qed.

Lemma zero_only x : E.encloses I.zero x -> x = 0.
Proof. unfold E.encloses. rewrite I.zero_correct. simpl. lra. Qed.

Lemma of_nat_encloses k : E.encloses (T.of_nat p k) (INR k).
Proof. rewrite INR_IZR_INZ. apply E.of_Z_encloses. Qed.

(** ** Lists *)

Lemma covers_le m n xs u : (m <= n)%nat -> covers n xs u -> covers m xs u.
Proof. intros L C k Hk. apply C. lia. Qed.

Lemma covers_ext n xs u v : (forall k, (k < n)%nat -> u k = v k) -> covers n xs u -> covers n xs v.
Proof. intros H C k Hk. rewrite <- H by exact Hk. now apply C. Qed.

Lemma coefficient_nil k : T.coefficient k [] = I.zero.
Proof. now destruct k. Qed.

Lemma covers_head n xs u : covers (S n) xs u -> E.encloses (T.head xs) (u O).
Proof. intros C. specialize (C O (Nat.lt_0_succ n)). now destruct xs. Qed.

Lemma covers_tail n xs u : covers (S n) xs u -> covers n (tl xs) (fun k => u (S k)).
Proof.
intros C k Hk. specialize (C (S k) ltac:(lia)). destruct xs as [|x xs]; [|exact C].
simpl tl. now rewrite coefficient_nil in *.
Qed.

Lemma covers_tail' n xs u : covers n xs u -> covers (pred n) (tl xs) (fun k => u (S k)).
Proof. destruct n as [|n]; [easy|]. apply covers_tail. Qed.

Lemma covers_cons n x xs u : E.encloses x (u O) -> covers n xs (fun k => u (S k)) ->
  covers (S n) (x :: xs) u.
Proof. intros H C [|k] Hk; [exact H|]. apply (C k). lia. Qed.

Lemma covers_nil n xs u k : covers n xs u -> (length xs <= k < n)%nat -> u k = 0.
Proof.
intros C H. apply zero_only. specialize (C k ltac:(lia)). unfold T.coefficient in C.
rewrite nth_overflow in C by lia. exact C.
Qed.

Lemma covers_map n f (g : R -> R) xs u : (forall i x, E.encloses i x -> E.encloses (f i) (g x)) ->
  g 0 = 0 -> covers n xs u -> covers n (map f xs) (fun k => g (u k)).
Proof.
intros H G C k Hk. unfold T.coefficient.
destruct (Nat.lt_ge_cases k (length xs)) as [L|L].
- rewrite nth_indep with (d' := f I.zero) by now rewrite map_length.
  rewrite map_nth. apply H, C, Hk.
- rewrite nth_overflow by now rewrite map_length.
  rewrite (covers_nil n xs u k) by auto. rewrite G. apply zero_encloses.
Qed.

Lemma backwards_nil v : backwards 0 [] v.
Proof. split; [easy|]. intros k Hk. lia. Qed.

Lemma backwards_cons k xs x v : backwards k xs v -> E.encloses x (v k) -> backwards (S k) (x :: xs) v.
Proof.
intros [L C] H. split; [simpl; congruence|]. apply covers_cons.
- now replace (S k - 1)%nat with k by lia.
- exact C.
Qed.

Lemma backwards_rev k xs v : backwards k xs v -> covers k (rev xs) v.
Proof.
intros [L C] i Hi. unfold T.coefficient. rewrite rev_nth by lia.
replace (v i) with (v (k - S (k - S i))%nat) by (f_equal; lia). rewrite L. apply C. lia.
Qed.

Lemma solved_covers n step w : (forall k before, (k < n)%nat -> backwards k before w ->
  E.encloses (step k before) (w k)) -> covers n (T.solved n step) w.
Proof.
intros H. apply backwards_rev. unfold T.solved.
assert (K : forall k, (k <= n)%nat -> backwards k (recur step k) w); [|now apply K].
induction k as [|k IH]; intros Hk; simpl; [apply backwards_nil|].
assert (B := IH ltac:(lia)). apply backwards_cons; [exact B|]. now apply H.
Qed.

(** ** Sums of products *)

Lemma dot_encloses n acc xs ys a u w : E.encloses acc a -> covers n xs u -> covers n ys w ->
  (length xs <= n)%nat \/ (length ys <= n)%nat ->
  E.encloses (T.dot p acc xs ys) (a + sum n (fun i => u i * w i)).
Proof.
revert acc xs ys a u w. induction n as [|n IH]; intros acc xs ys a u w Ha Cx Cy L.
- simpl. rewrite Rplus_0_r. destruct xs as [|x xs]; [exact Ha|]. destruct ys as [|y ys]; [exact Ha|].
  simpl in L. lia.
- assert (Z : xs = [] \/ ys = [] -> sum (S n) (fun i => u i * w i) = 0).
  { intros [->| ->]; apply sum_zero; intros i Hi.
    - rewrite (covers_nil _ _ _ i Cx) by (simpl; lia). ring.
    - rewrite (covers_nil _ _ _ i Cy) by (simpl; lia). ring. }
  destruct xs as [|x xs]; [rewrite Z by auto; now rewrite Rplus_0_r|].
  destruct ys as [|y ys]; [rewrite Z by auto; now rewrite Rplus_0_r|].
  simpl. rewrite <- Rplus_assoc.
  apply (IH _ xs ys _ (fun i => u (S i)) (fun i => w (S i))).
  + apply E.add_encloses; [exact Ha|].
    apply E.mul_encloses; [exact (covers_head _ _ _ Cx)|exact (covers_head _ _ _ Cy)].
  + exact (covers_tail _ _ _ Cx).
  + exact (covers_tail _ _ _ Cy).
  + simpl in L. lia.
Qed.

Lemma dot_before n xs before u v : covers n xs u -> backwards n before v ->
  E.encloses (T.dot p I.zero xs before) (sum n (fun i => u i * v (n - S i)%nat)).
Proof.
intros C [L B]. rewrite <- (Rplus_0_l (sum _ _)).
apply dot_encloses; [apply zero_encloses|exact C|exact B|]. right. lia.
Qed.

(** ** Linear operations *)

Lemma constant_covers n i c x : E.encloses i c -> covers n [i] (slice (constant c) x).
Proof.
intros H [|k] Hk; [exact H|]. unfold T.coefficient. simpl.
destruct k; apply zero_encloses.
Qed.

Lemma identity_covers n i x : E.encloses i x -> covers n [i; E.of_Z p 1] (slice identity x).
Proof.
intros H [|[|k]] Hk; [exact H|apply E.of_Z_encloses|]. unfold T.coefficient. simpl.
destruct k; apply zero_encloses.
Qed.

Lemma add_covers n xs ys u v : covers n xs u -> covers n ys v ->
  covers n (T.add p xs ys) (fun k => u k + v k).
Proof.
revert xs ys u v. induction n as [|n IH]; intros xs ys u v Cx Cy; [intros k Hk; lia|].
destruct xs as [|x xs]; [|destruct ys as [|y ys]].
- apply covers_ext with v; [|exact Cy]. intros k Hk.
  rewrite (covers_nil _ _ _ k Cx) by (simpl; lia). ring.
- apply covers_ext with u; [|exact Cx]. intros k Hk.
  rewrite (covers_nil _ _ _ k Cy) by (simpl; lia). ring.
- simpl. apply covers_cons.
  + apply E.add_encloses; [exact (covers_head _ _ _ Cx)|exact (covers_head _ _ _ Cy)].
  + apply IH; [exact (covers_tail _ _ _ Cx)|exact (covers_tail _ _ _ Cy)].
Qed.

Lemma negate_covers n xs u : covers n xs u -> covers n (T.negate xs) (fun k => - u k).
Proof. apply covers_map; [exact E.neg_encloses|ring]. Qed.

Lemma sub_covers n xs ys u v : covers n xs u -> covers n ys v ->
  covers n (T.sub p xs ys) (fun k => u k - v k).
Proof. intros Cx Cy. exact (add_covers _ _ _ _ _ Cx (negate_covers _ _ _ Cy)). Qed.

Lemma scale_covers n i c xs u : E.encloses i c -> covers n xs u ->
  covers n (T.scale p i xs) (fun k => c * u k).
Proof. intros Hc. apply covers_map; [|ring]. intros j x Hx. now apply E.mul_encloses. Qed.

Lemma set_head_covers n i xs u : E.encloses i (u O) -> covers n xs u -> covers n (T.set_head i xs) u.
Proof.
destruct n as [|n]; intros H C; [intros k Hk; lia|].
apply covers_cons; [exact H|exact (covers_tail _ _ _ C)].
Qed.

Lemma indexed_covers n k xs u : covers n xs u ->
  covers n (T.indexed p k xs) (fun i => INR (k + i) * u i).
Proof.
revert k xs u. induction n as [|n IH]; intros k xs u C; [intros i Hi; lia|].
destruct xs as [|x xs].
- intros i Hi. simpl. rewrite (covers_nil _ _ _ i C) by (simpl; lia). rewrite Rmult_0_r.
  rewrite coefficient_nil. apply zero_encloses.
- simpl. apply covers_cons.
  + rewrite Nat.add_0_r, Rmult_comm.
    apply E.mul_encloses; [exact (covers_head _ _ _ C)|apply of_nat_encloses].
  + apply covers_ext with (fun i => INR (S k + i) * u (S i)).
    * intros i _. now rewrite Nat.add_succ_r.
    * apply IH. exact (covers_tail _ _ _ C).
Qed.

Lemma derivative_covers n xs u : covers n xs u -> covers (pred n) (T.derivative p xs) (derived u).
Proof. intros C. exact (indexed_covers _ 1 _ _ (covers_tail' _ _ _ C)). Qed.

Lemma divided_covers n k zs z : covers n zs z ->
  covers n (T.divided p k zs) (fun i => z i / INR (k + i)).
Proof.
revert k zs z. induction n as [|n IH]; intros k zs z C; [intros i Hi; lia|].
destruct zs as [|x zs].
- intros i Hi. simpl. rewrite (covers_nil _ _ _ i C) by (simpl; lia). unfold Rdiv.
  rewrite Rmult_0_l, coefficient_nil. apply zero_encloses.
- simpl. apply covers_cons.
  + rewrite Nat.add_0_r. apply E.div_encloses; [exact (covers_head _ _ _ C)|apply of_nat_encloses].
  + apply covers_ext with (fun i => z (S i) / INR (S k + i)).
    * intros i _. now rewrite Nat.add_succ_r.
    * apply IH. exact (covers_tail _ _ _ C).
Qed.

Lemma primitive_covers n i zs h Z x : E.encloses i (h x) -> covers (pred n) zs (slice Z x) ->
  covers n (T.primitive p i zs) (slice (primitive h Z) x).
Proof.
destruct n as [|n]; intros H C; [intros k Hk; lia|].
apply covers_cons; [exact H|]. exact (divided_covers n 1 zs _ C).
Qed.

(** ** Products, quotients and powers *)

Lemma products_covers n j xs ys before u v : covers (j + n) xs u -> backwards j before v ->
  covers n ys (fun i => v (j + i)%nat) ->
  covers n (T.products p n xs ys before) (fun i => conv u v (j + i)).
Proof.
revert j ys before. induction n as [|n IH]; intros j ys before Cx B Cy; [intros i Hi; lia|].
assert (B' : backwards (S j) (T.head ys :: before) v).
{ apply backwards_cons; [exact B|]. rewrite <- (Nat.add_0_r j) at 1. exact (covers_head _ _ _ Cy). }
simpl. apply covers_cons.
- rewrite Nat.add_0_r. apply dot_before; [|exact B']. apply covers_le with (j + S n)%nat; [lia|exact Cx].
- apply covers_ext with (fun i => conv u v (S j + i)); [intros i _; f_equal; lia|].
  apply IH; [|exact B'|].
  + now rewrite Nat.add_succ_comm.
  + apply covers_ext with (fun i => v (j + S i)%nat); [intros i _; f_equal; lia|].
    exact (covers_tail _ _ _ Cy).
Qed.

Lemma multiply_covers n xs ys u v : covers n xs u -> covers n ys v ->
  covers n (T.multiply p n xs ys) (conv u v).
Proof. intros Cx Cy. apply (products_covers n 0); [exact Cx|apply backwards_nil|exact Cy]. Qed.

Lemma divide_covers n xs ys F G x : covers n xs (slice F x) -> covers n ys (slice G x) ->
  covers n (T.divide p n xs ys) (slice (quotient F G) x).
Proof.
intros Cx Cy. destruct n as [|n]; [intros k Hk; lia|].
assert (H := covers_head _ _ _ Cy). assert (C := covers_tail _ _ _ Cy). cbv beta in C.
unfold T.divide. destruct (tl ys) as [|y after].
- apply covers_ext with (fun k => slice F x k / G O x).
  + intros k Hk. change (slice (quotient F G) x k) with (quotient F G k x).
    rewrite quotient_eq. unfold quotient_step.
    rewrite sum_zero; [unfold slice; now rewrite Rminus_0_r|].
    intros i Hi. rewrite (covers_nil _ _ _ i C) by (simpl; lia). ring.
  + apply covers_map with (g := fun r => r / G O x); [|unfold Rdiv; ring|exact Cx].
    intros i r Hr. now apply E.div_encloses.
- apply solved_covers. intros k before Hk B.
  change (slice (quotient F G) x k) with (quotient F G k x).
  rewrite quotient_eq. unfold quotient_step. apply E.div_encloses; [|exact H].
  apply E.sub_encloses; [now apply Cx|].
  apply (dot_before k (y :: after) before (fun i => slice G x (S i))); [|exact B].
  apply covers_le with n; [lia|exact C].
Qed.

Lemma power_from_covers n xs ys F G m x : covers n xs (slice F x) -> covers n ys (slice G x) ->
  covers n (T.power_from p n xs ys m) (slice (power_from F G m) x).
Proof.
assert (P : forall xs ys F G, covers n xs (slice F x) -> covers n ys (slice G x) ->
  covers n (T.multiply p n xs ys) (slice (product F G) x)) by (intros; now apply multiply_covers).
revert xs ys F G. induction m as [m IH|m IH|]; simpl; auto.
Qed.

Lemma power_covers n xs F m x : covers n xs (slice F x) -> ((m < 0)%Z -> F O x <> 0) ->
  covers n (T.power p n xs m) (slice (power_seq F m) x).
Proof.
intros C N. destruct n as [|n]; [intros k Hk; lia|].
assert (H : E.encloses (E.pow p (T.head xs) m) (slice (power_seq F m) x O)).
{ unfold slice. rewrite power_value. apply E.pow_encloses; [exact (covers_head _ _ _ C)|exact N]. }
assert (O1 : covers (S n) (T.one p) (slice (constant 1) x)).
{ apply constant_covers, E.of_Z_encloses. }
destruct m as [|m|m]; simpl in *; [exact O1| |]; (apply set_head_covers; [exact H|]).
- now apply power_from_covers.
- apply divide_covers; [exact O1|]. now apply power_from_covers.
Qed.
End Precision.
End SeriesSound.
