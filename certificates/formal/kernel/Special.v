(** Enclosures of tanh, erf and erfc at any precision, by the ends of the interval: each function is
    monotone, so the values at the two ends enclose the values between.

    At an end the function is computed with more bits than asked for. How many, and how many terms
    of a series, is chosen from rough magnitudes; the enclosures are correct whatever is chosen, and
    the choices only make them narrow. *)
From Coq Require Import ZArith Reals Bool Lra Lia.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
From Attncert.kernel Require Term.
From Attncert.kernel Require Import Enclosure Special_sig Error_function Error_series.
From Attncert.kernel Require Import Error_fraction Hyperbolic_tangent Normalizer.
Open Scope R_scope.

(** What the choices need to know; nothing is required of it. *)
Module Type Accuracy (I : IntervalOps).
Parameter bits : I.F.precision -> Z.       (* of the significand *)
Parameter precision : Z -> I.F.precision.  (* with that many bits *)
Parameter magnitude : I.F.type -> Z.       (* e, for |x| about 2^e; far below 0 for x = 0 *)
End Accuracy.

Module Special_functions (I : IntervalOps) (A : Accuracy I) <: Special I.
Module E := Enclosures I.
Import E.

Definition magnitude (i : I.type) : Z := A.magnitude (I.upper i).
Definition more (p : I.F.precision) (n : Z) : I.F.precision := A.precision (A.bits p + n).

(** Most terms of a series. *)
Definition most_terms : nat := Z.to_nat 2000.

Definition zero : I.type := I.fromZ_small 0.
Definition one : I.type := I.fromZ_small 1.
Definition two : I.type := I.fromZ_small 2.

Lemma zero_encloses : encloses zero 0.
Proof. now apply I.fromZ_small_correct. Qed.
Lemma one_encloses : encloses one 1.
Proof. now apply I.fromZ_small_correct. Qed.
Lemma two_encloses : encloses two 2.
Proof. now apply I.fromZ_small_correct. Qed.

(** ** Monotone functions by ends *)

Section Ends.
Variables (f : R -> R) (at_point : I.type -> I.type) (left right : I.type) (a b : R).
Hypothesis at_point_correct : forall i x, encloses i x -> encloses (at_point i) (f x).
Hypothesis left_correct : encloses left a.
Hypothesis right_correct : encloses right b.
Hypothesis monotone :
  (forall x y, x <= y -> f x <= f y) /\ (forall x, a <= f x <= b) \/
  (forall x y, x <= y -> f y <= f x) /\ (forall x, b <= f x <= a).

Definition by_ends (i : I.type) : I.type :=
  let low := I.singleton (I.lower i) in
  if I.subset i low then at_point low else
  hull (if I.lower_bounded i then at_point low else left)
       (if I.upper_bounded i then at_point (I.singleton (I.upper i)) else right).

Lemma lower_end i x : encloses i x -> I.lower_bounded i = true ->
  exists l, encloses (I.singleton (I.lower i)) l /\ l <= x.
Proof.
intros Hx H. destruct (I.lower_bounded_correct i H) as [L B].
exists (proj_val (I.F.convert (I.lower i))). split; [apply I.singleton_correct|].
unfold encloses in Hx. rewrite B in Hx by (now exists x).
rewrite L in Hx. apply Hx.
Qed.

Lemma upper_end i x : encloses i x -> I.upper_bounded i = true ->
  exists u, encloses (I.singleton (I.upper i)) u /\ x <= u.
Proof.
intros Hx H. destruct (I.upper_bounded_correct i H) as [U B].
exists (proj_val (I.F.convert (I.upper i))). split; [apply I.singleton_correct|].
unfold encloses in Hx. rewrite B in Hx by (now exists x).
rewrite U in Hx. apply Hx.
Qed.

Lemma by_ends_encloses i x : encloses i x -> encloses (by_ends i) (f x).
Proof.
intros Hx. unfold by_ends.
destruct (I.subset i (I.singleton (I.lower i))) eqn:S.
{ apply at_point_correct. exact (I.subset_correct _ _ _ Hx S). }
clear S.
assert (L : exists u,
  encloses (if I.lower_bounded i then at_point (I.singleton (I.lower i)) else left) u /\
  (u = a \/ exists l, l <= x /\ u = f l)).
{ destruct (I.lower_bounded i) eqn:B; [|now exists a; auto].
  destruct (lower_end i x Hx B) as [l [Hl Q]]. exists (f l). split; [auto|right; eauto]. }
assert (U : exists v,
  encloses (if I.upper_bounded i then at_point (I.singleton (I.upper i)) else right) v /\
  (v = b \/ exists r, x <= r /\ v = f r)).
{ destruct (I.upper_bounded i) eqn:B; [|now exists b; auto].
  destruct (upper_end i x Hx B) as [r [Hr Q]]. exists (f r). split; [auto|right; eauto]. }
destruct L as [u [Hu Lu]], U as [v [Hv Uv]].
assert (K : u <= f x <= v \/ v <= f x <= u).
{ destruct monotone as [[m B]|[m B]]; [left|right];
    destruct Lu as [->|[l [Q ->]]], Uv as [->|[r [Q' ->]]]; split; (now apply m) || apply B. }
destruct K as [K|K].
- exact (hull_between _ _ _ _ _ Hu Hv K).
- apply (connected _ v u); [now apply hull_right|now apply hull_left|exact K].
Qed.
End Ends.

(** ** Functions by the sign of the argument *)

Definition by_sign (right left : I.type -> I.type) (otherwise : I.type) (i : I.type) : I.type :=
  if nonnegative i then right i else if nonnegative (neg i) then left (neg i) else otherwise.

Lemma by_sign_encloses (f : R -> R) right left otherwise i x :
  (forall i x, 0 <= x -> encloses i x -> encloses (right i) (f x)) ->
  (forall i x, 0 <= x -> encloses i x -> encloses (left i) (f (- x))) ->
  (forall x, encloses otherwise (f x)) ->
  encloses i x -> encloses (by_sign right left otherwise i) (f x).
Proof.
intros Hr Hl Ho Hx. unfold by_sign.
destruct (nonnegative i) eqn:P; [apply Hr; auto; now apply (nonnegative_correct i)|].
destruct (nonnegative (neg i)) eqn:N; [|apply Ho].
assert (Hn := neg_encloses i x Hx).
rewrite <- (Ropp_involutive x). apply Hl; auto. now apply (nonnegative_correct (neg i)).
Qed.

(** ** tanh *)

(** At x >= 0: by x - x^3/3 <= tanh x <= x where that is enough; by the tail where tanh is nearly 1;
    else by q = exp(-2x), with as many bits more as 1 - q loses. *)
Definition tanh_right (p : I.F.precision) (i : I.type) : I.type :=
  let near := Z.max 0 (- magnitude i) in
  if (A.bits p + 4 <? 2 * near)%Z then
    sub p i (hull zero (div p (mul p i (sqr p i)) (of_Z p 3)))
  else
    let far := of_Z p (A.bits p) in
    if less p far i then sub p one (hull zero (mul p two (exp p (neg (mul p two far)))))
    else
      let w := more p (12 + near) in
      let q := exp w (neg (mul w two i)) in
      div p (sub w one q) (add w one q).

Lemma tanh_right_encloses p i x : 0 <= x -> encloses i x -> encloses (tanh_right p i) (tanh x).
Proof.
intros Px Hx. unfold tanh_right. destruct (Z.ltb _ _).
- replace (tanh x) with (x - (x - tanh x)) by ring. apply sub_encloses; [exact Hx|].
  apply (hull_between _ _ 0 (x * (x * x) / 3)); [apply zero_encloses| |].
  + apply div_encloses; [|apply of_Z_encloses].
    apply mul_encloses; [exact Hx|now apply sqr_encloses].
  + generalize (tanh_le x Px) (tanh_ge x Px). lra.
- destruct (less _ _ _) eqn:F.
  + assert (B := less_correct _ _ _ _ _ F (of_Z_encloses _ _) Hx).
    set (c := IZR (A.bits p)) in *.
    replace (tanh x) with (1 - (1 - tanh x)) by ring. apply sub_encloses; [apply one_encloses|].
    apply (hull_between _ _ 0 (2 * Rtrigo_def.exp (- (2 * c)))); [apply zero_encloses| |].
    * apply mul_encloses; [apply two_encloses|]. apply exp_encloses, neg_encloses.
      apply mul_encloses; [apply two_encloses|apply of_Z_encloses].
    * assert (T := tanh_tail x). assert (Q := exp_le (- (2 * x)) (- (2 * c))). lra.
  + rewrite tanh_exp.
    assert (Q : forall w, encloses (exp w (neg (mul w two i))) (Rtrigo_def.exp (- (2 * x)))).
    { intros w. apply exp_encloses, neg_encloses, mul_encloses; [apply two_encloses|exact Hx]. }
    apply div_encloses; [apply sub_encloses|apply add_encloses]; auto using one_encloses.
Qed.

Definition tanh (p : I.F.precision) : I.type -> I.type :=
  by_ends (by_sign (tanh_right p) (fun i => neg (tanh_right p i)) (hull (neg one) one))
          (neg one) one.

Lemma tanh_correct p i x : contains (I.convert i) (Xreal x) ->
  contains (I.convert (tanh p i)) (Xreal (Rtrigo_def.tanh x)).
Proof.
assert (N := neg_encloses _ _ one_encloses).
apply (by_ends_encloses _ _ _ _ (-1) 1); [|exact N|apply one_encloses|].
- intros j y. apply by_sign_encloses; [apply tanh_right_encloses| |].
  + intros k z Hz Hk. rewrite tanh_odd. now apply neg_encloses, tanh_right_encloses.
  + intros z. apply (hull_between _ _ _ _ _ N one_encloses). generalize (tanh_bounds z). lra.
- left. split; [exact tanh_increasing|]. intros y. generalize (tanh_bounds y). lra.
Qed.

(** ** The power series of erf *)

Definition enclose_both (r : I.type * I.type) (x y : R) : Prop := encloses (fst r) x /\ encloses (snd r) y.

(** Sum of the terms before, and the next term, of magnitude at most [stop]; d is the next odd
    divisor. *)
Fixpoint power_series (w : I.F.precision) (stop : Z) (y : I.type) (fuel : nat) (d : Z)
    (sum term : I.type) : I.type * I.type :=
  match fuel with
  | O => (sum, term)
  | S k => if (magnitude term <=? stop)%Z then (sum, term)
           else power_series w stop y k (d + 2) (add w sum term) (mul w term (div w y (of_Z w d)))
  end.

Lemma power_series_encloses w stop i y fuel : encloses i y ->
  forall n d sum term, IZR d = 2 * INR n + 3 ->
  encloses sum (power_sum y n) -> encloses term (power_term y n) ->
  exists m, enclose_both (power_series w stop i fuel d sum term) (power_sum y m) (power_term y m).
Proof.
intros Hy. induction fuel as [|k IH]; intros n d sum term D Hs Ht; simpl; [now exists n|].
destruct (Z.leb _ _); [now exists n|].
apply (IH (S n)).
- rewrite plus_IZR, S_INR. lra.
- now apply add_encloses.
- apply mul_encloses; [exact Ht|]. apply div_encloses; [exact Hy|].
  rewrite <- D. apply of_Z_encloses.
Qed.

(** The Gaussian integral from 0 to x >= 0. *)
Definition integral (w : I.F.precision) (stop : Z) (i : I.type) : I.type :=
  let square := sqr w i in
  let (sum, term) := power_series w stop (mul w two square) most_terms 3 zero one in
  add w (mul w (exp w (neg square)) (mul w i sum)) (hull zero (mul w i term)).

Lemma integral_encloses w stop i x : 0 <= x -> encloses i x ->
  encloses (integral w stop i) (gaussian_integral x).
Proof.
intros Px Hx. unfold integral. assert (Hs := sqr_encloses w i x Hx).
assert (Hy := mul_encloses w _ _ _ _ two_encloses Hs).
destruct (power_series_encloses w stop _ _ most_terms Hy 0 3 zero one) as [m [Hm Ht]].
- simpl. ring.
- apply zero_encloses.
- apply one_encloses.
- destruct (power_series _ _ _ _ _ _ _) as [sum term]. simpl in Hm, Ht.
  assert (B := G_power_series m x Px). cbv zeta in B.
  set (s := power_sum _ m) in *. set (t := power_term _ m) in *.
  replace (gaussian_integral x) with
    (Term.gaussian x * (x * s) + (gaussian_integral x - Term.gaussian x * (x * s))) by ring.
  apply add_encloses.
  + apply mul_encloses; [|now apply mul_encloses].
    unfold Term.gaussian. now apply exp_encloses, neg_encloses.
  + apply (hull_between _ _ 0 (x * t)); [apply zero_encloses|now apply mul_encloses|]. lra.
Qed.

(** 2 / sqrt PI: from its known bits where they are enough. *)
Definition normalizer (w : I.F.precision) : I.type :=
  if (A.bits w <? normalizer_bits - 8)%Z then
    div w (hull (of_Z w normalizer_floor) (of_Z w (normalizer_floor + 1)))
          (of_Z w (2 ^ normalizer_bits))
  else div w two (sqrt w (pi w)).

Lemma normalizer_encloses w : encloses (normalizer w) (2 / R_sqrt.sqrt PI).
Proof.
unfold normalizer. destruct (Z.ltb _ _).
- assert (T : 0 < IZR (2 ^ normalizer_bits)) by (now apply IZR_lt).
  assert (K : forall c t, 0 < t -> c = c * t / t) by (intros; field; lra).
  rewrite (K (2 / R_sqrt.sqrt PI) _ T).
  apply div_encloses; [|apply of_Z_encloses].
  exact (hull_between _ _ _ _ _ (of_Z_encloses w _) (of_Z_encloses w _) normalizer_bounds).
- apply div_encloses; [apply two_encloses|].
  apply sqrt_encloses; [apply pi_encloses|]. left. apply PI_RGT_0.
Qed.

(** ** erf and erfc at x >= 0 *)

Definition gaussian (w : I.F.precision) (i : I.type) : I.type := exp w (neg (sqr w i)).

Lemma gaussian_encloses w i x : encloses i x -> encloses (gaussian w i) (Term.gaussian x).
Proof. intros Hx. now apply exp_encloses, neg_encloses, sqr_encloses. Qed.

(** Where x^2 is more than n, erfc x is at most exp(-n). *)
Definition beyond (w : I.F.precision) (n : Z) (i : I.type) : bool := less w (of_Z w n) (sqr w i).
Definition erfc_beyond (w : I.F.precision) (n : Z) : I.type := hull zero (exp w (neg (of_Z w n))).

Lemma erfc_beyond_encloses w v n i x : 0 <= x -> encloses i x -> beyond w n i = true ->
  encloses (erfc_beyond v n) (Term.erfc x).
Proof.
intros Px Hx H.
assert (L := less_correct _ _ _ _ _ H (of_Z_encloses _ _) (sqr_encloses _ _ _ Hx)).
apply (hull_between _ _ 0 (Rtrigo_def.exp (- IZR n))); [apply zero_encloses| |].
- apply exp_encloses, neg_encloses, of_Z_encloses.
- assert (P := erfc_bounds x). split; [lra|].
  apply Rle_trans with (1 := erfc_tail x Px). apply exp_le. lra.
Qed.

(** Few bits, for what need not be narrow. *)
Definition low : I.F.precision := A.precision 32.

(** The continued fraction of erfc at x > 0, from the ratio after m on; d is 2m, b encloses 2x. *)
Fixpoint fraction (w : I.F.precision) (b : I.type) (m : nat) (d : Z) (r : I.type) : I.type :=
  match m with
  | O => r
  | S k => fraction w b k (d - 2) (div w (of_Z w d) (add w b r))
  end.

Lemma fraction_encloses w b x m : 0 < x -> encloses b (2 * x) ->
  forall d r, IZR d = 2 * INR m -> encloses r (ratio (S m) x) ->
  encloses (fraction w b m d r) (ratio 1 x).
Proof.
intros Px Hb. induction m as [|k IH]; intros d r D Hr; simpl; [exact Hr|].
rewrite S_INR in D. apply IH.
- rewrite minus_IZR. lra.
- rewrite (ratio_step (S k)), S_INR, <- D by exact Px.
  apply div_encloses; [apply of_Z_encloses|now apply add_encloses].
Qed.

(** erfc to n bits, where exp(-x^2) is about 2^-lost. *)
Definition erfc_by_fraction (p : I.F.precision) (n lost : Z) (i : I.type) : I.type :=
  let w := A.precision (n + 20 + 2 * Z.log2 lost) in
  let b := mul w two i in
  let m := Nat.min most_terms (Z.to_nat (n * n / (11 * lost) + n / 5 + 4)) in
  let far := hull zero (div w (of_Z w (Z.of_nat (S m))) i) in
  mul p (normalizer w) (div w (gaussian w i) (add w b (fraction w b m (2 * Z.of_nat m) far))).

Lemma erfc_by_fraction_encloses p n lost i x : 0 < x -> encloses i x ->
  encloses (erfc_by_fraction p n lost i) (Term.erfc x).
Proof.
intros Px Hx. unfold erfc_by_fraction. set (w := A.precision _). set (m := Nat.min _ _).
assert (Hb := mul_encloses w _ _ _ _ two_encloses Hx).
rewrite (erfc_fraction x Px). apply mul_encloses; [apply normalizer_encloses|].
apply div_encloses; [now apply gaussian_encloses|]. apply add_encloses; [exact Hb|].
apply fraction_encloses; [exact Px|exact Hb|now rewrite mult_IZR, <- INR_IZR_INZ|].
apply (hull_between _ _ 0 (INR (S m) / x)); [apply zero_encloses| |now apply ratio_bounds].
apply div_encloses; [|exact Hx]. rewrite INR_IZR_INZ. apply of_Z_encloses.
Qed.

(** Bits that 1 - erf x loses; where they are many, the continued fraction is faster. *)
Definition lost_bits (i : I.type) : Z := Z.max 1 (- magnitude (gaussian low i)).
Definition use_fraction (p : I.F.precision) (lost : Z) (i : I.type) : bool :=
  (4 + A.bits p / 12 <? lost)%Z && positive i.

(** erf: by the power series, by erfc, and where erfc is below the last bit, by a bound of it. *)
Definition erf_right (p : I.F.precision) (i : I.type) : I.type :=
  let n := ((A.bits p + 8) * 7 / 10)%Z in
  if beyond low n i then sub p one (erfc_beyond low n)
  else
    let lost := lost_bits i in
    if use_fraction p lost i then
      let n := Z.max 8 (A.bits p + 4 - lost) in
      sub p one (erfc_by_fraction (A.precision n) n lost i)
    else
      let w := more p (20 + 2 * Z.log2 lost) in
      mul p (normalizer w) (integral w (- A.bits p - 12) i).

Lemma erf_right_encloses p i x : 0 <= x -> encloses i x -> encloses (erf_right p i) (Term.erf x).
Proof.
intros Px Hx. unfold erf_right.
assert (E : Term.erf x = 1 - Term.erfc x) by (unfold Term.erfc; ring).
destruct (beyond _ _ i) eqn:B.
- rewrite E. apply sub_encloses; [apply one_encloses|].
  exact (erfc_beyond_encloses _ _ _ _ _ Px Hx B).
- destruct (use_fraction _ _ _) eqn:F.
  + rewrite E. apply sub_encloses; [apply one_encloses|].
    apply andb_prop in F. apply erfc_by_fraction_encloses; [|exact Hx].
    now apply (positive_correct i).
  + rewrite erf_G. apply mul_encloses; [apply normalizer_encloses|now apply integral_encloses].
Qed.

(** erfc: as 1 - erf with as many bits more as that loses, or by the continued fraction; so far to
    the right that exp(-x^2) has an extreme exponent, by a bound. *)
Definition erfc_right (p : I.F.precision) (i : I.type) : I.type :=
  let far := (2 ^ 40)%Z in
  if beyond low far i then erfc_beyond low far
  else
    let lost := lost_bits i in
    if use_fraction p lost i then erfc_by_fraction p (A.bits p + 4) lost i
    else
      let w := more p (lost + 20 + 2 * Z.log2 lost) in
      sub p one (mul w (normalizer w) (integral w (- lost - A.bits p - 12) i)).

Lemma erfc_right_encloses p i x : 0 <= x -> encloses i x -> encloses (erfc_right p i) (Term.erfc x).
Proof.
intros Px Hx. unfold erfc_right.
destruct (beyond _ _ i) eqn:F; [exact (erfc_beyond_encloses _ _ _ _ _ Px Hx F)|].
destruct (use_fraction _ _ _) eqn:B.
- apply andb_prop in B. apply erfc_by_fraction_encloses; [|exact Hx].
  now apply (positive_correct i).
- unfold Term.erfc. rewrite erf_G. apply sub_encloses; [apply one_encloses|].
  apply mul_encloses; [apply normalizer_encloses|now apply integral_encloses].
Qed.

Definition erf (p : I.F.precision) : I.type -> I.type :=
  by_ends (by_sign (erf_right p) (fun i => neg (erf_right p i)) (hull (neg one) one))
          (neg one) one.

Lemma erf_correct p i x : contains (I.convert i) (Xreal x) ->
  contains (I.convert (erf p i)) (Xreal (Term.erf x)).
Proof.
assert (N := neg_encloses _ _ one_encloses).
apply (by_ends_encloses _ _ _ _ (-1) 1); [|exact N|apply one_encloses|].
- intros j y. apply by_sign_encloses; [apply erf_right_encloses| |].
  + intros k z Hz Hk. rewrite erf_odd. now apply neg_encloses, erf_right_encloses.
  + intros z. apply (hull_between _ _ _ _ _ N one_encloses). generalize (erf_bounds z). lra.
- left. split; [exact erf_increasing|]. intros y. generalize (erf_bounds y). lra.
Qed.

Definition erfc (p : I.F.precision) : I.type -> I.type :=
  by_ends (by_sign (erfc_right p) (fun i => add p one (erf_right p i)) (hull zero two)) two zero.

Lemma erfc_correct p i x : contains (I.convert i) (Xreal x) ->
  contains (I.convert (erfc p i)) (Xreal (Term.erfc x)).
Proof.
apply (by_ends_encloses _ _ _ _ 2 0); [|apply two_encloses|apply zero_encloses|].
- intros j y. apply by_sign_encloses; [apply erfc_right_encloses| |].
  + intros k z Hz Hk. rewrite erfc_opp.
    replace (2 - Term.erfc z) with (1 + Term.erf z) by (unfold Term.erfc; ring).
    apply add_encloses; [apply one_encloses|now apply erf_right_encloses].
  + intros z. apply (hull_between _ _ _ _ _ zero_encloses two_encloses).
    generalize (erfc_bounds z). lra.
- right. split; [exact erfc_decreasing|]. intros y. generalize (erfc_bounds y). lra.
Qed.
End Special_functions.
