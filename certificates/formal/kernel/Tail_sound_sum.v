(** Tail forms of constants, the variable, negations and sums are right (docs/formulas.md#tail). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Term Attncert.kernel.Enclosure Attncert.kernel.Special_sig
  Attncert.kernel.Tail_polynomial Attncert.kernel.Tail_decay Attncert.kernel.Tail_line
  Attncert.kernel.Tail_form.
Import ListNotations.
Open Scope R_scope.

Module Sums (I : IntervalOps) (S : Special I).
Include Forms I S.

(** ** Signs *)

Lemma sgn_square s : sgn s * sgn s = 1.
Proof. destruct s; simpl; ring. Qed.
Lemma sgn_negb s : sgn (negb s) = - sgn s.
Proof. destruct s; simpl; ring. Qed.
Lemma sgn_eqb s t : sgn (Bool.eqb s t) = sgn s * sgn t.
Proof. destruct s, t; simpl; ring. Qed.
Lemma Rabs_sgn s : Rabs (sgn s) = 1.
Proof. destruct s; simpl; [apply Rabs_R1|rewrite Rabs_left; lra]. Qed.
Lemma Rabs_sgn_mult s x : Rabs (sgn s * x) = Rabs x.
Proof. rewrite Rabs_mult, Rabs_sgn. apply Rmult_1_l. Qed.

Section Half_line.
Variable p : I.F.precision.
Variable from : Q.
Local Notation A := (Q2R from).
Hypothesis A_pos : 0 < A.
Local Notation holds := (form_holds from).

Lemma form_ext a u v : (forall x, A <= x -> u x = v x) -> holds a u -> holds a v.
Proof.
intros E. destruct a; intros [F [R [HF [HR H]]]]; exists F, R; repeat split; auto;
  intros x Hx; now rewrite <- E, H.
Qed.

Lemma additive_holds P d F R u : polynomial_holds P F -> decay_holds from d R ->
  (forall x, A <= x -> u x = F x + R x) -> holds (Additive P d) u.
Proof. intros. exists F, R. auto. Qed.

Lemma exponential_holds s P d F R u : polynomial_holds P F -> decay_holds from d R ->
  (forall x, A <= x -> u x = sgn s * (exp (F x) * (1 + R x))) -> holds (Exponential s P d) u.
Proof. intros. exists F, R. auto. Qed.

(** c + R *)
Lemma tending_holds c d a R u : coefficient_holds c a -> decay_holds from d R ->
  (forall x, A <= x -> u x = a + R x) -> holds (Additive [c] d) u.
Proof. intros Hc. apply additive_holds. now apply constant_holds. Qed.

Lemma tending_inv c d u : holds (Additive [c] d) u ->
  exists a R, coefficient_holds c a /\ decay_holds from d R /\ forall x, A <= x -> u x = a + R x.
Proof.
intros [F [R [HF [HR H]]]]. destruct (constant_inv _ _ HF) as [a [Ha E]].
exists a, R. repeat split; try apply Ha; auto. intros x Hx. now rewrite (H x Hx), E.
Qed.

Lemma coefficient_holds_eq c a b : a = b -> coefficient_holds c a -> coefficient_holds c b.
Proof. now intros ->. Qed.

Lemma exactly_0_holds : coefficient_holds (exactly p 0) 0.
Proof. rewrite <- Q2R_0. apply exactly_holds. Qed.
Lemma exactly_1_holds : coefficient_holds (exactly p 1) 1.
Proof. rewrite <- Q2R_1. apply exactly_holds. Qed.

Lemma limit_holds c a q r i b : coefficient_holds c a -> E.encloses i b ->
  (a = Q2R q -> b = Q2R r) -> coefficient_holds (limit p c q r i) b.
Proof.
intros Ha Hb H. unfold limit. destruct (is_exactly q c) eqn:E; [|now apply approximately_holds].
rewrite (H (is_exactly_correct _ _ _ E Ha)). apply exactly_holds.
Qed.

Lemma inverse_encloses i x : E.encloses i x -> E.encloses (inverse p i) (1 / x).
Proof. intros H. apply E.div_encloses; [apply one_encloses|exact H]. Qed.

Lemma decay_sgn d s R : decay_holds from d R -> decay_holds from d (fun x => sgn s * R x).
Proof. apply decay_le. intros x _. rewrite Rabs_sgn_mult. lra. Qed.

Lemma decay_neg d R : decay_holds from d R -> decay_holds from d (fun x => - R x).
Proof. apply decay_le. intros x _. rewrite Rabs_Ropp. lra. Qed.

(** ** Constants, the variable, negation *)

Lemma constant_form_holds q : holds (constant p q) (fun _ => Q2R q).
Proof.
apply (tending_holds _ _ (Q2R q) (fun _ => 0)); [|apply no_decay_holds|intros; ring].
rewrite <- Q2R_Qred at 1. apply exactly_holds.
Qed.

Lemma enclosed_constant_holds i a : E.encloses i a -> holds (enclosed_constant p i) (fun _ => a).
Proof.
intros H. apply (tending_holds _ _ a (fun _ => 0)); [|apply no_decay_holds|intros; ring].
now apply approximately_holds.
Qed.

Lemma variable_holds right : holds (variable p right) (fun x => sgn right * x).
Proof.
apply (additive_holds _ _ (fun x => sgn right * x) (fun _ => 0));
  [|apply no_decay_holds|intros; ring].
exists 0, (fun _ => sgn right). split; [apply exactly_0_holds|].
split; [|intros; ring]. apply constant_holds.
destruct right; [apply exactly_1_holds|].
apply coefficient_holds_eq with (Q2R (-1)); [unfold Q2R; simpl; lra|]. apply exactly_holds.
Qed.

Lemma negate_holds a u : holds a u -> holds (negate a) (fun x => - u x).
Proof.
destruct a as [P d|s P d]; intros [F [R [HF [HR H]]]].
- apply (additive_holds _ _ (fun x => - F x) (fun x => - R x));
    [now apply neg_polynomial_holds|now apply decay_neg|].
  intros x Hx. rewrite (H x Hx). ring.
- apply (exponential_holds _ _ _ F R); auto. intros x Hx. rewrite (H x Hx), sgn_negb. ring.
Qed.

(** ** Sums *)

Lemma add_to_exponential_holds s P d Q e a u v :
  add_to_exponential p from s P d Q e = Some a ->
  holds (Exponential s P d) u -> holds (Additive Q e) v -> holds a (fun x => u x + v x).
Proof.
unfold add_to_exponential, bind.
destruct (reciprocal_exponential p from P) as [small|] eqn:Es; [|easy].
intros E [F [R [HF [HR H]]]] [G [T [HG [HT K]]]]. injection E as <-.
assert (Hs := decay_sgn _ s _ (reciprocal_exponential_holds p from A_pos _ _ _ Es HF)).
apply (exponential_holds _ _ _ F (fun x => R x +
  (G x * (sgn s * exp (- F x)) + sgn s * exp (- F x) * T x))); [exact HF| |].
- apply add_decays_holds; [easy|exact HR|]. apply add_decays_holds; [easy| |].
  + now apply (mul_decay_polynomial_holds p from A_pos _ _ (fun x => sgn s * exp (- F x))).
  + now apply (mul_decays_holds p from _ _ (fun x => sgn s * exp (- F x))).
- intros x Hx. rewrite (H x Hx), (K x Hx), exp_Ropp. assert (X := exp_pos (F x)).
  assert (SS := sgn_square s).
  replace (G x + T x) with (sgn s * sgn s * (G x + T x)) by (rewrite SS; ring).
  field. lra.
Qed.

Lemma gap_holds P Q F G : polynomial_holds P F -> polynomial_holds Q G ->
  polynomial_holds (add_polynomials p P (neg_polynomial Q)) (fun x => F x - G x).
Proof.
intros HF HG. apply (polynomial_ext _ (fun x => F x + - G x)); [intros; ring|].
apply add_polynomials_holds; [exact HF|now apply neg_polynomial_holds].
Qed.

Lemma absorb_holds s P d t Q e a u v :
  absorb p from s P d (add_polynomials p P (neg_polynomial Q)) e = Some a ->
  holds (Exponential s P d) u -> holds (Exponential t Q e) v -> holds a (fun x => u x + v x).
Proof.
unfold absorb, bind. destruct (reciprocal_exponential _ _ _) as [small|] eqn:Es; [|easy].
intros E [F [R [HF [HR H]]]] [G [T [HG [HT K]]]]. injection E as <-.
assert (Hs := decay_sgn _ (Bool.eqb s t) _
  (reciprocal_exponential_holds p from A_pos _ _ _ Es (gap_holds _ _ _ _ HF HG))).
set (w := fun x => sgn (Bool.eqb s t) * exp (- (F x - G x))) in *.
apply (exponential_holds _ _ _ F (fun x => R x + (w x + w x * T x))); [exact HF| |].
- apply add_decays_holds; [easy|exact HR|]. apply add_decays_holds; [easy|exact Hs|].
  now apply mul_decays_holds.
- intros x Hx. rewrite (H x Hx), (K x Hx). unfold w. rewrite sgn_eqb.
  replace (- (F x - G x)) with (- F x + G x) by ring. rewrite exp_plus, exp_Ropp.
  assert (X := exp_pos (F x)). assert (SS := sgn_square s).
  replace (sgn t) with (sgn s * sgn s * sgn t) at 1 by (rewrite SS; ring). field. lra.
Qed.

Lemma merge_holds s P d Q c e u v :
  holds (Exponential s P d) u -> holds (Exponential s Q e) v ->
  add_polynomials p P (neg_polynomial Q) = [c] ->
  holds (merge p from s P d (enclosure c) e) (fun x => u x + v x).
Proof.
intros [F [R [HF [HR H]]]] [G [T [HG [HT K]]]] E.
assert (Hg := gap_holds _ _ _ _ HF HG). rewrite E in Hg.
destruct (constant_inv _ _ Hg) as [a [[Ha _] Eg]].
assert (Hr : E.encloses (N.exp p (E.neg (enclosure c))) (exp (- a)))
  by now apply N.exp_encloses, E.neg_encloses.
assert (Ht := N.add_encloses p _ _ _ _ (one_encloses p) Hr).
assert (X := exp_pos (- a)). set (k := exp (- a)) in *.
apply (exponential_holds _ _ _ (fun x => F x + ln (1 + k))
  (fun x => 1 / (1 + k) * (R x + k * T x))).
- apply (add_polynomials_holds p _ _ F (fun _ => ln (1 + k))); [exact HF|].
  apply constant_holds, approximately_holds, E.ln_encloses; [exact Ht|lra].
- apply (scaled_holds p from _ (fun x => R x + k * T x)); [now apply inverse_encloses|].
  apply add_decays_holds; [easy|exact HR|]. now apply scaled_holds.
- intros x Hx. rewrite (H x Hx), (K x Hx), exp_plus, exp_ln by lra.
  replace (G x) with (F x + - a) by (rewrite <- (Eg x); ring). rewrite exp_plus. fold k.
  field. lra.
Qed.

Lemma add_exponentials_holds s P d t Q e a u v :
  add_exponentials p from s P d t Q e = Some a ->
  holds (Exponential s P d) u -> holds (Exponential t Q e) v -> holds a (fun x => u x + v x).
Proof.
unfold add_exponentials. cbv zeta.
destruct (growth_of _) as [[c| |]|] eqn:G; simpl; try easy.
- destruct (Bool.eqb s t) eqn:ST; [|easy]. apply eqb_prop in ST. subst t.
  intros E Hu Hv. injection E as <-.
  now apply (merge_holds _ _ _ Q); [..|apply growth_constant].
- now apply absorb_holds.
- intros E Hu Hv. apply (form_ext _ (fun x => v x + u x)); [intros; ring|].
  now apply (absorb_holds t Q e s P d).
Qed.

Theorem add_holds a b c u v : add p from a b = Some c -> holds a u -> holds b v ->
  holds c (fun x => u x + v x).
Proof.
destruct a as [P d|s P d], b as [Q e|t Q e]; simpl.
- intros E [F [R [HF [HR H]]]] [G [T [HG [HT K]]]]. injection E as <-.
  apply (additive_holds _ _ (fun x => F x + G x) (fun x => R x + T x)).
  + now apply add_polynomials_holds.
  + now apply add_decays_holds.
  + intros x Hx. rewrite (H x Hx), (K x Hx). ring.
- intros E Hu Hv. apply (form_ext _ (fun x => v x + u x)); [intros; ring|].
  now apply (add_to_exponential_holds t Q e P d).
- now apply add_to_exponential_holds.
- now apply add_exponentials_holds.
Qed.

End Half_line.
End Sums.
