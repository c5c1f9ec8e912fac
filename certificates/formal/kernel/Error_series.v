(** A power series of positive terms that encloses the error function, after any number of terms:
    multiplied by the Gaussian, the partial sums have simple derivatives.

    With y = 2 x^2 and a_n = y^n / (3 5 ... (2n+1)), erf x sqrt PI / 2 lies between
    exp(-x^2) x (a_0 + ... + a_(n-1)) and that plus x a_n, for x >= 0. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From Attncert.kernel Require Import Term Error_function.
Open Scope R_scope.
Local Notation G := gaussian_integral.

Fixpoint power_term (y : R) (n : nat) : R :=
  match n with O => 1 | S m => power_term y m * (y / (2 * INR m + 3)) end.

Fixpoint power_sum (y : R) (n : nat) : R :=
  match n with O => 0 | S m => power_sum y m + power_term y m end.

Lemma INR_odd_pos n : 0 < 2 * INR n + 1.
Proof. generalize (pos_INR n). lra. Qed.

Lemma power_term_pos y n : 0 <= y -> 0 <= power_term y n.
Proof.
intros H. induction n as [|n IH]; simpl; [lra|].
apply Rmult_le_pos; [exact IH|]. apply Rdiv_le_0_compat; [exact H|].
generalize (pos_INR n). lra.
Qed.

Lemma power_term_derive n x :
  is_derive (fun x => x * power_term (2 * (x * x)) n) x
            ((2 * INR n + 1) * power_term (2 * (x * x)) n).
Proof.
induction n as [|n IH].
- simpl. auto_derive; [easy|ring].
- rewrite S_INR. simpl power_term. assert (P := INR_odd_pos n).
  apply (is_derive_ext
    (fun x => x * power_term (2 * (x * x)) n * (2 * (x * x) / (2 * INR n + 3)))).
  { intros t. apply Rmult_assoc. }
  set (u := power_term (2 * (x * x)) n) in *.
  replace ((2 * (INR n + 1) + 1) * (u * (2 * (x * x) / (2 * INR n + 3)))) with
    ((2 * INR n + 1) * u * (2 * (x * x) / (2 * INR n + 3)) + x * u * (4 * x / (2 * INR n + 3)))
    by (field; lra).
  apply (is_derive_mult (fun x => x * power_term (2 * (x * x)) n)
                        (fun x => 2 * (x * x) / (2 * INR n + 3)));
    [exact IH| |intros; apply Rmult_comm].
  auto_derive; [easy|]. field. lra.
Qed.

Lemma power_sum_derive n x :
  is_derive (fun x => gaussian x * (x * power_sum (2 * (x * x)) n)) x
            (gaussian x * (1 - (2 * INR n + 1) * power_term (2 * (x * x)) n)).
Proof.
induction n as [|n IH].
- simpl. replace (gaussian x * (1 - (2 * 0 + 1) * 1)) with 0 by ring.
  apply (is_derive_ext (fun _ => 0)); [intros; change (0 = gaussian t * (t * 0)); ring|].
  apply (is_derive_const 0).
- rewrite S_INR. simpl power_sum. simpl power_term. assert (P := INR_odd_pos n).
  apply (is_derive_ext (fun x => gaussian x * (x * power_sum (2 * (x * x)) n) +
    gaussian x * (x * power_term (2 * (x * x)) n))).
  { intros t. match goal with |- @eq _ ?u ?v => change (@eq R u v) end. ring. }
  set (u := power_term (2 * (x * x)) n) in *.
  replace (gaussian x * (1 - (2 * (INR n + 1) + 1) * (u * (2 * (x * x) / (2 * INR n + 3))))) with
    (gaussian x * (1 - (2 * INR n + 1) * u) +
     (- (2 * x) * gaussian x * (x * u) + gaussian x * ((2 * INR n + 1) * u))) by (field; lra).
  apply (is_derive_plus (fun x => gaussian x * (x * power_sum (2 * (x * x)) n))
    (fun x => gaussian x * (x * power_term (2 * (x * x)) n))); [exact IH|].
  apply (is_derive_mult gaussian (fun x => x * power_term (2 * (x * x)) n));
    [apply gaussian_derive|apply power_term_derive|intros; apply Rmult_comm].
Qed.

Lemma G_power_series n x : 0 <= x ->
  let y := 2 * (x * x) in
  gaussian x * (x * power_sum y n) <= G x <= gaussian x * (x * power_sum y n) + x * power_term y n.
Proof.
intros Hx y. set (a := fun x => (2 * INR n + 1) * power_term (2 * (x * x)) n).
assert (A : forall t, 0 <= a t).
{ intros t. assert (P := INR_odd_pos n). apply Rmult_le_pos; [lra|].
  apply power_term_pos. generalize (Rle_0_sqr t). unfold Rsqr. lra. }
set (f := fun x => G x - gaussian x * (x * power_sum (2 * (x * x)) n)).
assert (D : forall t, is_derive f t (gaussian t * a t)).
{ intros t. replace (gaussian t * a t) with (gaussian t - gaussian t * (1 - a t)) by ring.
  apply (is_derive_minus G); [apply G_derive|apply power_sum_derive]. }
assert (f0 : f 0 = 0) by (unfold f; rewrite G_0; ring).
split.
- enough (f 0 <= f x) by (unfold f, y in *; lra).
  apply (nondecreasing f (fun t => gaussian t * a t)); auto. intros t _.
  apply Rmult_le_pos; [left; apply gaussian_pos|apply A].
- set (h := fun x => f x - x * power_term (2 * (x * x)) n).
  enough (h x <= h 0) by (unfold h, f, y in *; rewrite G_0 in *; lra).
  apply (nonincreasing h (fun t => gaussian t * a t - a t)); auto.
  + intros t _. apply (is_derive_minus f); [apply D|apply power_term_derive].
  + intros t _. generalize (A t) (gaussian_le_1 t). nra.
Qed.
