(** Taylor's theorem with Lagrange's remainder, for a Taylor sequence on a closed interval: nothing
    is needed outside of it. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
Require Import Attncert.kernel.Sequences.
Open Scope R_scope.

(** u_0 + u_1 t + ... + u_(n-1) t^(n-1) *)
Fixpoint polynomial (n : nat) (u : nat -> R) (t : R) : R :=
  match n with O => 0 | S n => polynomial n u t + u n * t ^ n end.

Lemma polynomial_at_0 n u : polynomial (S n) u 0 = u O.
Proof.
induction n as [|n IH]; [simpl; ring|].
change (polynomial (S n) u 0 + u (S n) * 0 ^ S n = u O). rewrite IH. simpl. ring.
Qed.

Lemma polynomial_first n u t :
  polynomial (S n) u t = u O + t * polynomial n (fun k => u (S k)) t.
Proof.
induction n as [|n IH]; [simpl; ring|].
change (polynomial (S (S n)) u t) with (polynomial (S n) u t + u (S n) * t ^ S n).
rewrite IH. simpl. ring.
Qed.

Lemma polynomial_ext n u v t : (forall k, (k < n)%nat -> u k = v k) ->
  polynomial n u t = polynomial n v t.
Proof.
induction n as [|n IH]; intros E; simpl; [easy|]. rewrite IH, E by (intros; auto with arith).
reflexivity.
Qed.

(** Moving the centre: the derivative of the expansion about y, taken at a fixed x, is one term. *)
Lemma expansion_derive F x y n : taylor F y ->
  is_derive (fun y => polynomial n (slice F y) (x - y)) y
            (INR n * (slice F y n * (x - y) ^ pred n)).
Proof.
intros T. induction n as [|n IH].
- simpl. rewrite Rmult_0_l. apply derive_const.
- assert (D : is_derive (fun y => (x - y) ^ n) y (- INR n * (x - y) ^ pred n)).
  { auto_derive; [easy|]. unfold Rminus. ring. }
  eapply derive_value.
  + apply (derive_plus (fun y => polynomial n (slice F y) (x - y))
                       (fun y => slice F y n * (x - y) ^ n)); [exact IH|].
    apply (derive_mult (F n)); [apply (taylor_derive F y n T)|exact D].
  + unfold slice. change (pred (S n)) with n. ring.
Qed.

Section Lagrange.
Variables (F : sequence) (lower upper : R).
Hypothesis smooth : forall x, lower <= x <= upper -> taylor F x.
Variables (m x : R).
Hypotheses (inside_m : lower <= m <= upper) (inside_x : lower <= x <= upper).
Variable n : nat.

Let power (y : R) : R := ((x - y) / (x - m)) ^ S n.
Let rest (y : R) : R := F O x - polynomial (S n) (slice F y) (x - y).
Let gap (y : R) : R := rest y - rest m * power y.

Let gap' (y : R) : R := - (INR (S n) * (slice F y (S n) * (x - y) ^ n))
  - rest m * (INR (S n) * - / (x - m) * ((x - y) / (x - m)) ^ n).

Lemma gap_derive y : lower <= y <= upper -> is_derive gap y (gap' y).
Proof.
intros Hy. apply derive_minus.
- eapply derive_value.
  + apply derive_minus; [apply derive_const|exact (expansion_derive F x y (S n) (smooth y Hy))].
  + change (pred (S n)) with n. ring.
- eapply derive_value.
  + apply derive_mult; [apply derive_const|]. unfold power.
    apply (is_derive_pow (fun y => (x - y) / (x - m)) (S n) y (- / (x - m))).
    unfold Rdiv. auto_derive; [easy|]. now rewrite Ropp_mult_distr_l_reverse, Rmult_1_l.
  + cbv beta. change (pred (S n)) with n. ring.
Qed.

Lemma remainder : m <> x -> exists xi, lower <= xi <= upper /\ rest m = F (S n) xi * (x - m) ^ S n.
Proof.
intros N.
assert (Gm : gap m = 0).
{ unfold gap, power. replace ((x - m) / (x - m)) with 1 by (field; lra). rewrite pow1. ring. }
assert (Gx : gap x = 0).
{ unfold gap, power, rest at 1. unfold Rdiv. rewrite !Rminus_eq_0, Rmult_0_l, pow_i by lia.
  rewrite polynomial_at_0. unfold slice. ring. }
assert (Z : exists xi, gap' xi = 0 /\ lower <= xi <= upper /\ x - xi <> 0).
{ destruct (Rtotal_order m x) as [L|[E|L]]; [|easy|].
  - destruct (MVT_cor2 gap gap' m x L) as [xi [E H]].
    { intros c Hc. apply is_derive_Reals, gap_derive. lra. }
    exists xi. split; [|lra]. rewrite Gm, Gx, Rminus_eq_0 in E.
    symmetry in E. apply Rmult_integral in E. destruct E; [easy|lra].
  - destruct (MVT_cor2 gap gap' x m L) as [xi [E H]].
    { intros c Hc. apply is_derive_Reals, gap_derive. lra. }
    exists xi. split; [|lra]. rewrite Gm, Gx, Rminus_eq_0 in E.
    symmetry in E. apply Rmult_integral in E. destruct E; [easy|lra]. }
destruct Z as [xi [E [H N']]]. exists xi. split; [exact H|].
unfold gap' in E. unfold Rdiv in E. rewrite Rpow_mult_distr in E.
assert (P : (x - xi) ^ n <> 0) by now apply pow_nonzero.
assert (Q : (x - m) ^ n <> 0) by (apply pow_nonzero; lra).
assert (I : INR (S n) <> 0) by (apply not_0_INR; lia).
rewrite pow_inv in E. simpl pow. apply (Rmult_eq_reg_l (INR (S n) * (x - xi) ^ n / (x - m) ^ S n)).
- assert (K : INR (S n) * (x - xi) ^ n / (x - m) ^ S n * rest m
              = INR (S n) * (slice F xi (S n) * (x - xi) ^ n)).
  { simpl pow. match type of E with ?a = 0 => apply Rminus_diag_uniq;
      transitivity a; [|exact E] end. field. split; [exact Q|lra]. }
  rewrite K. unfold slice. simpl pow. field. split; [exact Q|lra].
- unfold Rdiv. repeat apply Rmult_integral_contrapositive_currified; auto.
  apply Rinv_neq_0_compat, pow_nonzero. lra.
Qed.
End Lagrange.

(** F_0(m + t) = F_0(m) + F_1(m) t + ... + F_n(m) t^n + F_(n+1)(xi) t^(n+1) *)
Theorem lagrange F lower upper m x n : (forall y, lower <= y <= upper -> taylor F y) ->
  lower <= m <= upper -> lower <= x <= upper -> exists xi, lower <= xi <= upper /\
  F O x = polynomial (S n) (slice F m) (x - m) + F (S n) xi * (x - m) ^ S n.
Proof.
intros T Hm Hx. destruct (Req_EM_T m x) as [<-|N].
- exists m. split; [exact Hm|]. rewrite Rminus_eq_0, polynomial_at_0, pow_i by lia.
  unfold slice. ring.
- destruct (remainder F lower upper T m x Hm Hx n N) as [xi [H E]].
  exists xi. split; [exact H|]. rewrite <- E. ring.
Qed.
