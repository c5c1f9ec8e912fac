(** The hyperbolic tangent: monotone, odd, between -1 and 1, and close to its argument near 0. *)
From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
From Attncert.kernel Require Import Error_function.
Open Scope R_scope.

Lemma tanh_exp x : tanh x = (1 - exp (- (2 * x))) / (1 + exp (- (2 * x))).
Proof.
unfold tanh, sinh, cosh. replace (- (2 * x)) with (- x + - x) by ring.
rewrite exp_plus, exp_Ropp. assert (P := exp_pos x). field. split; nra.
Qed.

Lemma tanh_0 : tanh 0 = 0.
Proof. rewrite tanh_exp, Rmult_0_r, Ropp_0, exp_0. field. Qed.

Lemma tanh_odd x : tanh (- x) = - tanh x.
Proof.
unfold tanh, sinh, cosh. rewrite Ropp_involutive. generalize (exp_pos x) (exp_pos (- x)).
intros. field. lra.
Qed.

(** What is missing to 1. *)
Lemma tanh_complement x : 1 - tanh x = 2 * exp (- (2 * x)) / (1 + exp (- (2 * x))).
Proof. rewrite tanh_exp. generalize (exp_pos (- (2 * x))). intros. field. lra. Qed.

Lemma tanh_tail x : 0 < 1 - tanh x <= 2 * exp (- (2 * x)).
Proof.
rewrite tanh_complement. assert (P := exp_pos (- (2 * x))). set (q := exp (- (2 * x))) in *.
split; [apply Rdiv_lt_0_compat; lra|].
apply Rmult_le_reg_r with (1 + q); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.

Lemma tanh_bounds x : -1 < tanh x < 1.
Proof.
generalize (tanh_tail x) (tanh_tail (- x)). rewrite tanh_odd. lra.
Qed.

Lemma tanh_derive x : is_derive tanh x (1 - tanh x * tanh x).
Proof.
unfold tanh, sinh, cosh. assert (P := exp_pos x). assert (Q := exp_pos (- x)).
auto_derive; [lra|]. field. lra.
Qed.

Lemma tanh_increasing x y : x <= y -> tanh x <= tanh y.
Proof.
intros H. apply (nondecreasing tanh (fun t => 1 - tanh t * tanh t)); auto.
- intros. apply tanh_derive.
- intros t _. generalize (tanh_bounds t). nra.
Qed.

Lemma tanh_le x : 0 <= x -> 0 <= tanh x <= x.
Proof.
intros H. split; [rewrite <- tanh_0; now apply tanh_increasing|].
enough (0 - tanh 0 <= x - tanh x) by (rewrite tanh_0 in *; lra).
apply (nondecreasing (fun x => x - tanh x) (fun t => 1 - (1 - tanh t * tanh t))); auto.
- intros t _. apply (is_derive_minus (fun x : R => x) tanh t 1); [apply (is_derive_id t)|apply tanh_derive].
- intros t _. generalize (Rle_0_sqr (tanh t)). unfold Rsqr. lra.
Qed.

Lemma tanh_ge x : 0 <= x -> x - x * (x * x) / 3 <= tanh x.
Proof.
intros H. set (f := fun x => tanh x - (x - x * (x * x) / 3)).
enough (f 0 <= f x) by (unfold f in *; rewrite tanh_0 in *; lra).
apply (nondecreasing f (fun t => (1 - tanh t * tanh t) - (1 - t * t))); auto.
- intros t _. apply (is_derive_minus tanh); [apply tanh_derive|]. auto_derive; [easy|field].
- intros t Ht. generalize (tanh_le t (proj1 Ht)). nra.
Qed.
