(** Products by heads, on |a| <= A, |b| <= B, for every d > 0:

      a b        by (2/d) tanh(d a / 2) b              sup of the error  B (A - (2/d) tanh(d A/2))
      SiLU(a) b  by (4/d) g(a) b - (2/d) sigma(a) b    the same times sigma(A)

    where g(a) = 1 / (1 + e^(-d a) + e^-a + e^(-(1 + d) a)) is the weight of a head against three
    bias tokens. Both suprema are exact, attained at a = A, b = B, and at most d^2 A^3 B / 12. *)
From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
Require Import Attncert.theorems.Relu.
Open Scope R_scope.

Definition gate (d a : R) : R := / (1 + exp (- (d * a)) + exp (- a) + exp (- ((1 + d) * a))).

Definition product_error (d a b : R) : R := a * b - 2 / d * tanh (d * a / 2) * b.

Definition swiglu_error (d a b : R) : R :=
  a * sigma a * b - (4 / d * gate d a * b - 2 / d * sigma a * b).

(** What is left of a: (the error of either, without its other factors). *)
Definition remainder (d a : R) : R := a - 2 / d * tanh (d * a / 2).

(** ** The gate *)

Lemma gate_product d a : gate d a = sigma (d * a) * sigma a.
Proof.
unfold gate, sigma. rewrite <- Rinv_mult. f_equal.
replace (- ((1 + d) * a)) with (- (d * a) + - a) by ring. rewrite exp_plus. ring.
Qed.

Lemma tanh_sigma x : tanh (x / 2) = 2 * sigma x - 1.
Proof.
assert (E : exp x = exp (x / 2) * exp (x / 2)) by (rewrite <- exp_plus; f_equal; field).
unfold tanh, sinh, cosh, sigma. rewrite !exp_Ropp, E.
generalize (exp_pos (x / 2)). generalize (exp (x / 2)). intros u P. field. nra.
Qed.

Lemma swiglu_factors d a b : 0 < d -> swiglu_error d a b = sigma a * (remainder d a * b).
Proof.
intros Hd. unfold swiglu_error, remainder. rewrite gate_product, tanh_sigma. field. lra.
Qed.

Lemma product_factors d a b : product_error d a b = remainder d a * b.
Proof. unfold product_error, remainder. ring. Qed.

(** ** The remainder is odd, increases, and is at most a cube *)

Lemma tanh_derive x : is_derive tanh x (1 - tanh x ^ 2).
Proof.
unfold tanh, sinh, cosh. auto_derive.
- generalize (exp_pos x) (exp_pos (- x)). lra.
- generalize (exp_pos x) (exp_pos (- x)). intros P Q. field. lra.
Qed.

(** From 0 on, what has derivatives of at least 0 does not decrease. *)
Lemma nondecreasing (f f' : R -> R) x y :
  (forall t, is_derive f t (f' t)) -> (forall t, x <= t -> 0 <= f' t) -> x <= y -> f x <= f y.
Proof.
intros D P L.
destruct (MVT_gen f x y f') as [c [Hc E]].
- intros t _. apply D.
- intros t _. apply continuity_pt_filterlim, (ex_derive_continuous f). now exists (f' t).
- rewrite Rmin_left in Hc by exact L. specialize (P c (proj1 Hc)).
  assert (0 <= f' c * (y - x)) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma tanh_opp x : tanh (- x) = - tanh x.
Proof.
unfold tanh, sinh, cosh. rewrite Ropp_involutive.
generalize (exp_pos x) (exp_pos (- x)). intros P Q. field. lra.
Qed.

Lemma tanh_0 : tanh 0 = 0.
Proof. unfold tanh. rewrite sinh_0. unfold Rdiv. ring. Qed.

Lemma tanh_nonneg x : 0 <= x -> 0 <= tanh x.
Proof.
intros [H| <-]; [|rewrite tanh_0; lra].
unfold tanh, sinh, cosh. assert (- x < x) by lra.
apply Rlt_le, Rdiv_lt_0_compat; generalize (exp_increasing (- x) x H0) (exp_pos (- x)); lra.
Qed.

Lemma remainder_derive d a : 0 < d -> is_derive (remainder d) a (tanh (d * a / 2) ^ 2).
Proof.
intros Hd. unfold remainder.
evar_last.
- apply @is_derive_minus; [apply is_derive_id|].
  apply is_derive_scal, (is_derive_comp tanh (fun a => d * a / 2)); [apply tanh_derive|].
  auto_derive; [easy|reflexivity].
- unfold minus, plus, opp, scal, one; simpl; unfold mult; simpl. field. lra.
Qed.

Lemma remainder_opp d a : remainder d (- a) = - remainder d a.
Proof.
unfold remainder. replace (d * - a / 2) with (- (d * a / 2)) by field. rewrite tanh_opp. ring.
Qed.

Lemma remainder_increases d a a' : 0 < d -> a <= a' -> remainder d a <= remainder d a'.
Proof.
intros Hd. apply nondecreasing with (fun a => tanh (d * a / 2) ^ 2).
- intros t. now apply remainder_derive.
- intros t _. apply pow2_ge_0.
Qed.

Lemma remainder_0 d : remainder d 0 = 0.
Proof. unfold remainder. replace (d * 0 / 2) with 0 by field. rewrite tanh_0. ring. Qed.

Lemma remainder_nonneg d a : 0 < d -> 0 <= a -> 0 <= remainder d a.
Proof. intros Hd Ha. rewrite <- (remainder_0 d). now apply remainder_increases. Qed.

(** tanh u <= u, squared, is the derivative of what is claimed. *)
Lemma remainder_cube d a : 0 < d -> 0 <= a -> remainder d a <= d ^ 2 * a ^ 3 / 12.
Proof.
intros Hd Ha.
cut (d ^ 2 * 0 ^ 3 / 12 - remainder d 0 <= d ^ 2 * a ^ 3 / 12 - remainder d a);
  [rewrite remainder_0; lra|].
apply (nondecreasing (fun a => d ^ 2 * a ^ 3 / 12 - remainder d a)
         (fun a => (d * a / 2) ^ 2 - tanh (d * a / 2) ^ 2)); [| |exact Ha].
- intros t. apply @is_derive_minus; [auto_derive; [easy|field]|now apply remainder_derive].
- intros t Ht. assert (T : 0 <= d * t) by (apply Rmult_le_pos; lra).
  assert (N := tanh_nonneg (d * t / 2) ltac:(lra)).
  assert (L : tanh (d * t / 2) <= d * t / 2).
  { assert (K := remainder_nonneg d t Hd Ht). unfold remainder in K.
    apply Rmult_le_compat_l with (r := d / 2) in K; [|lra]. rewrite Rmult_0_r in K.
    replace (d / 2 * (t - 2 / d * tanh (d * t / 2))) with (d * t / 2 - tanh (d * t / 2)) in K
      by (field; lra). lra. }
  assert (tanh (d * t / 2) ^ 2 <= (d * t / 2) ^ 2) by (apply pow_incr; lra). lra.
Qed.

Lemma abs_remainder d a : 0 < d -> Rabs (remainder d a) = remainder d (Rabs a).
Proof.
intros Hd. destruct (Rle_dec 0 a) as [H|H].
- rewrite (Rabs_pos_eq a) by exact H. now apply Rabs_pos_eq, remainder_nonneg.
- rewrite (Rabs_left a), remainder_opp by lra. rewrite <- Rabs_Ropp, <- remainder_opp.
  apply Rabs_pos_eq, remainder_nonneg; lra.
Qed.

Lemma abs_remainder_le d a A : 0 < d -> Rabs a <= A -> Rabs (remainder d a) <= remainder d A.
Proof. intros Hd H. rewrite abs_remainder by exact Hd. now apply remainder_increases. Qed.

Lemma sigma_pos a : 0 < sigma a.
Proof. apply Rinv_0_lt_compat, one_exp_pos. Qed.

Lemma sigma_increases a a' : a <= a' -> sigma a <= sigma a'.
Proof.
intros H. apply Rinv_le_contravar; [apply one_exp_pos|]. apply Rplus_le_compat_l.
destruct H as [H| ->]; [left; apply exp_increasing; lra|lra].
Qed.

(** ** The suprema *)

Theorem product_bound d A B a b :
  0 < d -> Rabs a <= A -> Rabs b <= B ->
  Rabs (product_error d a b) <= B * (A - 2 / d * tanh (d * A / 2)).
Proof.
intros Hd Ha Hb. rewrite product_factors, Rabs_mult, Rmult_comm.
apply Rmult_le_compat; auto using Rabs_pos. now apply abs_remainder_le.
Qed.

Theorem product_attained d A B :
  0 < d -> 0 <= A -> 0 <= B -> Rabs (product_error d A B) = B * (A - 2 / d * tanh (d * A / 2)).
Proof.
intros Hd HA HB. rewrite product_factors, Rmult_comm. fold (remainder d A).
apply Rabs_pos_eq, Rmult_le_pos; [exact HB|now apply remainder_nonneg].
Qed.

Theorem product_cubic d A B :
  0 < d -> 0 <= A -> 0 <= B -> B * (A - 2 / d * tanh (d * A / 2)) <= d ^ 2 * A ^ 3 * B / 12.
Proof.
intros Hd HA HB. fold (remainder d A).
replace (d ^ 2 * A ^ 3 * B / 12) with (B * (d ^ 2 * A ^ 3 / 12)) by field.
apply Rmult_le_compat_l; [exact HB|now apply remainder_cube].
Qed.

Theorem swiglu_bound d A B a b :
  0 < d -> Rabs a <= A -> Rabs b <= B ->
  Rabs (swiglu_error d a b) <= sigma A * B * (A - 2 / d * tanh (d * A / 2)).
Proof.
intros Hd Ha Hb. rewrite swiglu_factors, Rabs_mult, Rmult_assoc, Rabs_pos_eq
  by auto using Rlt_le, sigma_pos.
rewrite <- product_factors.
apply Rmult_le_compat; auto using Rlt_le, sigma_pos, Rabs_pos.
- apply sigma_increases. apply Rle_trans with (1 := Rle_abs a) (2 := Ha).
- now apply product_bound.
Qed.

Theorem swiglu_attained d A B :
  0 < d -> 0 <= A -> 0 <= B ->
  Rabs (swiglu_error d A B) = sigma A * B * (A - 2 / d * tanh (d * A / 2)).
Proof.
intros Hd HA HB. rewrite swiglu_factors, Rabs_mult, Rmult_assoc, (Rabs_pos_eq (sigma A))
  by auto using Rlt_le, sigma_pos.
rewrite <- product_factors. now rewrite product_attained.
Qed.

(** The suprema as least upper bounds. *)
Definition errors_on (e : R -> R -> R) (A B : R) (y : R) : Prop :=
  exists a b, Rabs a <= A /\ Rabs b <= B /\ y = Rabs (e a b).

Lemma sup_of_attained e A B s :
  0 <= A -> 0 <= B -> (forall a b, Rabs a <= A -> Rabs b <= B -> Rabs (e a b) <= s) ->
  Rabs (e A B) = s -> is_lub (errors_on e A B) s.
Proof.
intros HA HB L E. split.
- intros y [a [b [Ha [Hb ->]]]]. now apply L.
- intros u U. rewrite <- E. apply U. exists A, B. rewrite !Rabs_pos_eq by auto. auto using Rle_refl.
Qed.

Theorem product_sup d A B : 0 < d -> 0 <= A -> 0 <= B ->
  is_lub (errors_on (product_error d) A B) (B * (A - 2 / d * tanh (d * A / 2))).
Proof. intros. apply sup_of_attained; auto using product_bound, product_attained. Qed.

Theorem swiglu_sup d A B : 0 < d -> 0 <= A -> 0 <= B ->
  is_lub (errors_on (swiglu_error d) A B) (sigma A * B * (A - 2 / d * tanh (d * A / 2))).
Proof. intros. apply sup_of_attained; auto using swiglu_bound, swiglu_attained. Qed.
