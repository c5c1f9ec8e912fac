(** Taylor coefficients of a function at every point, as a sequence of functions.

    F is a Taylor sequence at x when F_k has the derivative (k + 1) F_(k+1) there, for all k; then
    F_k is the k-th derivative of F_0 divided by k!. The recurrences of docs/formulas.md#taylor turn
    Taylor sequences into Taylor sequences: products by Leibniz' rule, the others by induction. *)
From Coq Require Import Reals List Lra Lia.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

(** ** Sums and Cauchy products *)

Fixpoint sum (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S n => f O + sum n (fun i => f (S i)) end.

Lemma sum_ext n f g : (forall i, (i < n)%nat -> f i = g i) -> sum n f = sum n g.
Proof.
revert f g; induction n as [|n IH]; intros f g E; simpl; [easy|].
rewrite (E O) by lia. f_equal. apply IH. intros i Hi. apply E. lia.
Qed.

Lemma sum_last n f : sum (S n) f = sum n f + f n.
Proof.
revert f; induction n as [|n IH]; intros f; [simpl; ring|].
change (sum (S (S n)) f) with (f O + sum (S n) (fun i => f (S i))). rewrite IH. simpl. ring.
Qed.

Lemma sum_plus n f g : sum n (fun i => f i + g i) = sum n f + sum n g.
Proof. revert f g; induction n as [|n IH]; intros f g; simpl; [|rewrite IH]; ring. Qed.

Lemma sum_scal n c f : sum n (fun i => c * f i) = c * sum n f.
Proof. revert f; induction n as [|n IH]; intros f; simpl; [|rewrite IH]; ring. Qed.

Lemma sum_zero n f : (forall i, (i < n)%nat -> f i = 0) -> sum n f = 0.
Proof.
revert f; induction n as [|n IH]; intros f E; simpl; [easy|].
rewrite E, IH by (lia || intros; apply E; lia). ring.
Qed.

(** sum of u_i v_(k-i) over 0 <= i <= k *)
Definition conv (u v : nat -> R) (k : nat) : R := sum (S k) (fun i => u i * v (k - i)%nat).

(** The coefficients of the derivative. *)
Definition derived (u : nat -> R) (k : nat) : R := INR (S k) * u (S k).

Lemma conv_ext u v u' v' k : (forall i, (i <= k)%nat -> u i = u' i) ->
  (forall i, (i <= k)%nat -> v i = v' i) -> conv u v k = conv u' v' k.
Proof. intros E E'. apply sum_ext. intros i Hi. now rewrite E, E' by lia. Qed.

Lemma leibniz u v k :
  INR (S k) * conv u v (S k) = conv (derived u) v k + conv u (derived v) k.
Proof.
unfold conv at 1. rewrite <- sum_scal.
rewrite (sum_ext _ _ (fun i => INR i * u i * v (S k - i)%nat
                               + INR (S k - i) * u i * v (S k - i)%nat)).
2:{ intros i Hi. rewrite minus_INR by lia. ring. }
rewrite sum_plus. f_equal.
- change (sum (S (S k)) ?f) with (f O + sum (S k) (fun i => f (S i))). cbv beta.
  change (INR 0) with 0. rewrite 2!Rmult_0_l, Rplus_0_l. apply sum_ext. now intros i _.
- rewrite sum_last, Nat.sub_diag. change (INR 0) with 0. rewrite 2!Rmult_0_l, Rplus_0_r.
  apply sum_ext. intros i Hi. unfold derived. replace (S k - i)%nat with (S (k - i)) by lia. ring.
Qed.

Lemma conv_0 u v : conv u v 0 = u O * v O.
Proof. unfold conv. simpl. ring. Qed.

(** ** Solving recurrences *)

(** The first k terms of a recurrence, the last one first; [step k r] is the term after the k terms r. *)
Fixpoint recur {A : Type} (step : nat -> list A -> A) (k : nat) : list A :=
  match k with
  | O => nil
  | S k => let r := recur step k in step k r :: r
  end.

Section Solve.
Variable step : nat -> (nat -> R) -> R.
Hypothesis local : forall k u v, (forall i, (i < k)%nat -> u i = v i) -> step k u = step k v.

Definition solve (k : nat) : R :=
  hd 0 (recur (fun k r => step k (fun i => nth (k - S i) r 0)) (S k)).

Lemma solve_eq k : solve k = step k solve.
Proof.
unfold solve at 1. simpl. apply local.
set (rec := recur _).
assert (K : forall n i, (i < n)%nat -> nth (n - S i) (rec n) 0 = solve i); [|intros; now apply K].
induction n as [|n IH]; intros i Hi; [lia|].
destruct (Nat.eq_dec i n) as [->|N].
- rewrite Nat.sub_diag. reflexivity.
- replace (S n - S i)%nat with (S (n - S i)) by lia. apply IH. lia.
Qed.
End Solve.

(** ** Taylor sequences *)

Definition sequence : Type := nat -> R -> R.

Definition slice (F : sequence) (x : R) : nat -> R := fun k => F k x.

Definition taylor_upto (n : nat) (F : sequence) (x : R) : Prop :=
  forall k, (k < n)%nat -> is_derive (F k) x (derived (slice F x) k).

Definition taylor (F : sequence) (x : R) : Prop := forall n, taylor_upto n F x.

Lemma taylor_derive F x k : taylor F x -> is_derive (F k) x (INR (S k) * F (S k) x).
Proof. intros T. exact (T (S k) k (Nat.lt_succ_diag_r k)). Qed.

(** The values of sequences at x. *)
Definition at_point (x : R) (Fs : list sequence) : list R := map (fun F : sequence => F O x) Fs.

(** Induction over the terms. *)
Lemma taylor_induction (F : sequence) (x : R) :
  is_derive (F O) x (F 1%nat x) ->
  (forall k, taylor_upto (S k) F x -> is_derive (F (S k)) x (derived (slice F x) (S k))) ->
  taylor F x.
Proof.
intros H0 HS n. induction n as [|n IH]; intros k Hk; [lia|].
destruct (Nat.eq_dec k n) as [->|N]; [|apply IH; lia].
destruct n as [|n]; [|now apply HS].
unfold derived, slice. simpl INR. rewrite Rmult_1_l. exact H0.
Qed.

Lemma derive_value (f : R -> R) (x a b : R) : is_derive f x a -> a = b -> is_derive f x b.
Proof. now intros H <-. Qed.

Lemma derive_plus (f g : R -> R) (x a b : R) : is_derive f x a -> is_derive g x b ->
  is_derive (fun y => f y + g y) x (a + b).
Proof. exact (is_derive_plus f g x a b). Qed.

Lemma derive_mult (f g : R -> R) (x a b : R) : is_derive f x a -> is_derive g x b ->
  is_derive (fun y => f y * g y) x (a * g x + f x * b).
Proof. intros F G. exact (is_derive_mult f g x a b F G Rmult_comm). Qed.

Lemma derive_opp (f : R -> R) (x a : R) : is_derive f x a -> is_derive (fun y => - f y) x (- a).
Proof. exact (is_derive_opp f x a). Qed.

Lemma derive_minus (f g : R -> R) (x a b : R) : is_derive f x a -> is_derive g x b ->
  is_derive (fun y => f y - g y) x (a - b).
Proof. exact (is_derive_minus f g x a b). Qed.

Lemma derive_const (c x : R) : is_derive (fun _ => c) x 0.
Proof. exact (is_derive_const c x). Qed.

Lemma derive_comp (f g : R -> R) (x a b : R) : is_derive f (g x) a -> is_derive g x b ->
  is_derive (fun y => f (g y)) x (a * b).
Proof.
intros F G. generalize (is_derive_comp f g x a b F G). intros H.
apply (derive_value _ _ _ _ H). apply Rmult_comm.
Qed.

Lemma derive_sum n (f : nat -> R -> R) (f' : nat -> R) x :
  (forall i, (i < n)%nat -> is_derive (f i) x (f' i)) ->
  is_derive (fun y => sum n (fun i => f i y)) x (sum n f').
Proof.
revert f f'; induction n as [|n IH]; intros f f' H; simpl; [apply derive_const|].
apply derive_plus; [apply H; lia|].
apply (IH (fun i => f (S i)) (fun i => f' (S i))). intros i Hi. apply H. lia.
Qed.

(** Leibniz' rule, as long as the factors' terms are known. *)
Lemma conv_derive F G x k : taylor_upto (S k) F x -> taylor_upto (S k) G x ->
  is_derive (fun y => conv (slice F y) (slice G y) k) x
            (INR (S k) * conv (slice F x) (slice G x) (S k)).
Proof.
intros TF TG. rewrite leibniz. unfold conv at 2 3. rewrite <- sum_plus. unfold conv.
apply (derive_sum (S k) (fun i y => slice F y i * slice G y (k - i))). intros i Hi.
apply derive_mult; [apply TF|apply TG]; lia.
Qed.

(** ** Linear operations *)

Definition constant (c : R) : sequence := fun k _ => match k with O => c | _ => 0 end.
Definition identity : sequence := fun k x => match k with O => x | 1%nat => 1 | _ => 0 end.
Definition plus_seq (F G : sequence) : sequence := fun k x => F k x + G k x.
Definition opp_seq (F : sequence) : sequence := fun k x => - F k x.
Definition scaled_seq (c : R) (F : sequence) : sequence := fun k x => c * F k x.
Definition product (F G : sequence) : sequence := fun k x => conv (slice F x) (slice G x) k.
Definition derived_seq (F : sequence) : sequence := fun k x => derived (slice F x) k.

Lemma constant_taylor c x : taylor (constant c) x.
Proof.
intros n k _. unfold derived, slice. simpl constant. rewrite Rmult_0_r.
destruct k; apply derive_const.
Qed.

Lemma identity_taylor x : taylor identity x.
Proof.
intros n k _. unfold derived, slice. destruct k as [|[|k]].
- simpl. rewrite Rmult_1_l. exact (is_derive_id x).
- change (identity 2%nat) with (fun _ : R => 0). rewrite Rmult_0_r. apply derive_const.
- change (identity (S (S (S k)))) with (fun _ : R => 0). rewrite Rmult_0_r. apply derive_const.
Qed.

Lemma plus_taylor n F G x : taylor_upto n F x -> taylor_upto n G x -> taylor_upto n (plus_seq F G) x.
Proof.
intros TF TG k Hk. eapply derive_value.
- apply derive_plus; [apply (TF k Hk)|apply (TG k Hk)].
- unfold derived, slice, plus_seq. ring.
Qed.

Lemma opp_taylor n F x : taylor_upto n F x -> taylor_upto n (opp_seq F) x.
Proof.
intros TF k Hk. eapply derive_value; [apply derive_opp, (TF k Hk)|].
unfold derived, slice, opp_seq. ring.
Qed.

Lemma scaled_taylor n c F x : taylor_upto n F x -> taylor_upto n (scaled_seq c F) x.
Proof.
intros TF k Hk. eapply derive_value.
- apply derive_mult; [apply derive_const|apply (TF k Hk)].
- unfold derived, slice, scaled_seq. ring.
Qed.

Lemma product_taylor n F G x : taylor_upto n F x -> taylor_upto n G x ->
  taylor_upto n (product F G) x.
Proof.
intros TF TG k Hk.
apply (conv_derive F G x k); intros i Hi; [apply TF|apply TG]; lia.
Qed.

Lemma derived_taylor F x : taylor F x -> taylor (derived_seq F) x.
Proof.
intros TF n k _. eapply derive_value.
- apply derive_mult; [apply derive_const|apply (taylor_derive F x (S k) TF)].
- unfold derived, slice, derived_seq, derived, slice. ring.
Qed.

(** W with W' = Z. *)
Lemma primitive_derive (W Z : sequence) x k :
  (forall k y, W (S k) y = Z k y / INR (S k)) ->
  is_derive (Z k) x (derived (slice Z x) k) -> is_derive (W (S k)) x (derived (slice W x) (S k)).
Proof.
intros E HZ.
apply (is_derive_ext (fun y => / INR (S k) * Z k y));
  [intros y; rewrite E; apply Rmult_comm|].
eapply derive_value; [apply derive_mult; [apply derive_const|exact HZ]|].
unfold derived, slice. rewrite E. assert (K := pos_INR k). rewrite !S_INR. field. lra.
Qed.
