(** Fixed-point enclosures of real numbers: a middle and a radius that count units of 2^-112. Sums are
    exact, everything else is rounded outwards; what cannot be computed is refused. *)
From Coq Require Import ZArith QArith Qreals Reals Lra Lia Psatz.
Require Import Attncert.kernel.Tensor.
Open Scope R_scope.

Definition fraction_bits : Z := 112.

Record fixed : Type := Fixed { middle : Z; radius : Z }.

(** y lies about a, in units; x lies near a. *)
Definition about (a : fixed) (y : R) : Prop := Rabs (y - IZR (middle a)) <= IZR (radius a).
Definition units : R := powerRZ 2 fraction_bits.
Definition near (a : fixed) (x : R) : Prop := about a (x * units).

Lemma about_bounds a y : about a y ->
  IZR (middle a - radius a) <= y <= IZR (middle a + radius a).
Proof. unfold about. rewrite minus_IZR, plus_IZR. intros H.
generalize (Rle_abs (y - IZR (middle a))) (Rle_abs (- (y - IZR (middle a)))). rewrite Rabs_Ropp. lra.
Qed.

Lemma bounds_about m r y : IZR m - IZR r <= y <= IZR m + IZR r -> about (Fixed m r) y.
Proof. unfold about. simpl. intros H. apply Rabs_le. lra. Qed.

Lemma units_pos : 0 < units.
Proof. apply powerRZ_lt. lra. Qed.

(** ** Powers of 2 *)

Lemma shiftr_bounds m k : 0 <= IZR m * powerRZ 2 (- k) - IZR (Z.shiftr m k) < 1.
Proof.
destruct (Z_le_gt_dec 0 k) as [K|K].
- rewrite Z.shiftr_div_pow2 by exact K.
  assert (P : (0 < 2 ^ k)%Z) by (apply Z.pow_pos_nonneg; lia).
  assert (D := Z_div_mod_eq_full m (2 ^ k)). assert (M := Z.mod_pos_bound m _ P).
  apply (f_equal IZR) in D. rewrite plus_IZR, mult_IZR in D. destruct M as [M1 M2].
  apply IZR_le in M1. apply IZR_lt in M2, P. rewrite (power_2_IZR k K) in *. rewrite D.
  rewrite powerRZ_neg'. set (t := powerRZ 2 k) in *.
  replace ((t * IZR (m / 2 ^ k) + IZR (m mod 2 ^ k)) * / t - IZR (m / 2 ^ k))
    with (IZR (m mod 2 ^ k) * / t) by (field; lra).
  assert (I : 0 < / t) by now apply Rinv_0_lt_compat.
  split; [apply Rmult_le_pos; lra|].
  apply Rmult_lt_reg_r with t; [exact P|]. rewrite Rmult_assoc, Rinv_l by lra. lra.
- rewrite Z.shiftr_mul_pow2 by lia. rewrite mult_IZR, power_2_IZR by lia. lra.
Qed.

Lemma shiftr_exact m k : (k <= 0)%Z -> IZR (Z.shiftr m k) = IZR m * powerRZ 2 (- k).
Proof. intros K. rewrite Z.shiftr_mul_pow2 by exact K. now rewrite mult_IZR, power_2_IZR by lia. Qed.

(** Divided by 2^k. *)
Definition rescale (k : Z) (a : fixed) : fixed :=
  if Z.leb k 0 then Fixed (Z.shiftr (middle a) k) (Z.shiftr (radius a) k)
  else Fixed (Z.shiftr (middle a) k) (Z.shiftr (radius a) k + 2).

Lemma about_rescale k a y : about a y -> about (rescale k a) (y * powerRZ 2 (- k)).
Proof.
intros H. assert (P : 0 < powerRZ 2 (- k)) by (apply powerRZ_lt; lra).
assert (M := shiftr_bounds (middle a) k). assert (N := shiftr_bounds (radius a) k).
apply about_bounds in H. rewrite minus_IZR, plus_IZR in H. unfold rescale.
destruct (Z.leb_spec k 0) as [K|K]; apply bounds_about; rewrite ?plus_IZR.
- rewrite !(shiftr_exact _ k K). nra.
- nra.
Qed.

(** ** Size *)

(** Numbers of many thousand bits are refused, before products of products use up all memory. *)
Definition largest_bound (a : fixed) : Z := (Z.abs (middle a) + radius a)%Z.
Definition moderate (a : fixed) : bool := Z.leb (Z.log2 (largest_bound a)) 8192.

(** ** Constants *)

Definition exactly_0 : fixed := Fixed 0 0.
Definition of_dyadic (d : dyadic) : fixed :=
  rescale (- (fraction_bits + exponent d)) (Fixed (mantissa d) 0).
Definition of_Q (q : Q) : fixed := Fixed (Z.shiftl (Qnum q) fraction_bits / Zpos (Qden q)) 1.
Definition of_integer (n : Z) : fixed := Fixed (Z.shiftl n fraction_bits) 0.

Lemma near_0 : near exactly_0 0.
Proof. apply bounds_about. lra. Qed.

Lemma near_of_dyadic d : near (of_dyadic d) (real d).
Proof.
unfold near, of_dyadic, real, units.
replace (IZR (mantissa d) * powerRZ 2 (exponent d) * powerRZ 2 fraction_bits)
  with (IZR (mantissa d) * powerRZ 2 (- - (fraction_bits + exponent d))).
- apply about_rescale. apply bounds_about. lra.
- rewrite Z.opp_involutive, powerRZ_add by lra. ring.
Qed.

Lemma shiftl_IZR n : IZR (Z.shiftl n fraction_bits) = IZR n * units.
Proof.
rewrite Z.shiftl_mul_pow2 by (unfold fraction_bits; lia).
rewrite mult_IZR, power_2_IZR by (unfold fraction_bits; lia). reflexivity.
Qed.

Lemma near_of_integer n : near (of_integer n) (IZR n).
Proof. apply bounds_about. rewrite shiftl_IZR. lra. Qed.

(** The floor of a quotient. *)
Lemma div_bounds a b : (0 < b)%Z -> IZR (a / b) <= IZR a / IZR b < IZR (a / b) + 1.
Proof.
intros P. assert (D := Z_div_mod_eq_full a b). assert (M := Z.mod_pos_bound a _ P).
apply (f_equal IZR) in D. rewrite plus_IZR, mult_IZR in D. destruct M as [M1 M2].
apply IZR_le in M1. apply IZR_lt in M2, P. rewrite D.
replace ((IZR b * IZR (a / b) + IZR (a mod b)) / IZR b) with (IZR (a / b) + IZR (a mod b) / IZR b)
  by (field; lra).
assert (I : 0 < / IZR b) by now apply Rinv_0_lt_compat. unfold Rdiv.
assert (J : 0 <= IZR (a mod b) * / IZR b) by (apply Rmult_le_pos; lra). split; [lra|].
apply Rplus_lt_compat_l. apply Rmult_lt_reg_r with (IZR b); [exact P|].
rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.

Lemma near_of_Q q : near (of_Q q) (Q2R q).
Proof.
apply bounds_about. assert (D := div_bounds (Z.shiftl (Qnum q) fraction_bits) (Zpos (Qden q)) eq_refl).
rewrite shiftl_IZR in D. unfold Q2R.
replace (IZR (Qnum q) * / IZR (Zpos (Qden q)) * units)
  with (IZR (Qnum q) * units / IZR (Zpos (Qden q))) by (unfold Rdiv; ring).
lra.
Qed.

(** ** Sums and products *)

Definition plus_fixed (a b : fixed) : fixed := Fixed (middle a + middle b) (radius a + radius b).
Definition minus_fixed (a b : fixed) : fixed := Fixed (middle a - middle b) (radius a + radius b).
Definition times_fixed (a b : fixed) : fixed :=
  rescale fraction_bits
    (Fixed (middle a * middle b)
           (Z.abs (middle a) * radius b + (Z.abs (middle b) + radius b) * radius a)).

Lemma near_plus a b x y : near a x -> near b y -> near (plus_fixed a b) (x + y).
Proof.
unfold near. intros H K. apply about_bounds in H, K. rewrite !minus_IZR, !plus_IZR in *.
apply bounds_about. rewrite !plus_IZR. lra.
Qed.

Lemma near_minus a b x y : near a x -> near b y -> near (minus_fixed a b) (x - y).
Proof.
unfold near. intros H K. apply about_bounds in H, K. rewrite !minus_IZR, !plus_IZR in *.
apply bounds_about. rewrite minus_IZR, !plus_IZR. lra.
Qed.

Lemma about_radius a y : about a y -> 0 <= IZR (radius a).
Proof. unfold about. intros H. apply Rle_trans with (2 := H), Rabs_pos. Qed.

Lemma near_times a b x y : near a x -> near b y -> near (times_fixed a b) (x * y).
Proof.
unfold near. intros H K. unfold times_fixed.
replace (x * y * units) with (x * units * (y * units) * powerRZ 2 (- fraction_bits)).
- apply about_rescale. assert (A := about_radius _ _ H). assert (B := about_radius _ _ K).
  unfold about in *. cbn [middle radius].
  rewrite plus_IZR, !mult_IZR, plus_IZR, !abs_IZR.
  set (u := x * units) in *. set (v := y * units) in *.
  set (m := IZR (middle a)) in *. set (n := IZR (middle b)) in *.
  replace (u * v - m * n) with (m * (v - n) + (n + (v - n)) * (u - m)) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult.
  apply Rplus_le_compat; apply Rmult_le_compat; try apply Rabs_pos; try assumption; try lra.
  apply Rle_trans with (1 := Rabs_triang _ _). lra.
- rewrite powerRZ_neg'. fold units. field. apply Rgt_not_eq, units_pos.
Qed.

Definition divide_by (n : positive) (a : fixed) : fixed :=
  Fixed (middle a / Zpos n) (radius a / Zpos n + 2).

Lemma near_divide_by n a x : near a x -> near (divide_by n a) (x / IZR (Zpos n)).
Proof.
unfold near. intros H. apply about_bounds in H. rewrite minus_IZR, plus_IZR in H.
apply bounds_about. rewrite plus_IZR.
assert (M := div_bounds (middle a) (Zpos n) eq_refl).
assert (N := div_bounds (radius a) (Zpos n) eq_refl).
assert (I : 0 < / IZR (Zpos n)) by (apply Rinv_0_lt_compat; now apply IZR_lt).
unfold Rdiv in *. nra.
Qed.

(** ** Quotients and roots *)

Definition of_bounds (lower upper : Z) : fixed :=
  let m := Z.div (lower + upper) 2 in Fixed m (upper - m).

Lemma about_of_bounds lower upper y : IZR lower <= y <= IZR upper -> about (of_bounds lower upper) y.
Proof.
intros H. unfold of_bounds. cbv zeta. set (m := ((lower + upper) / 2)%Z).
assert (L : (2 * m <= lower + upper)%Z) by (apply Z.mul_div_le; lia).
apply IZR_le in L. rewrite mult_IZR, plus_IZR in L. apply bounds_about. rewrite minus_IZR. lra.
Qed.

Definition square_units : Z := Z.shiftl 1 (2 * fraction_bits).
Definition cube_units : Z := Z.shiftl 1 (3 * fraction_bits).

Definition inverse (a : fixed) : option fixed :=
  let l := (middle a - radius a)%Z in
  if Z.ltb 0 l then
    Some (of_bounds (square_units / (middle a + radius a)) (square_units / l + 1))
  else None.

Definition inverse_root (a : fixed) : option fixed :=
  let l := (middle a - radius a)%Z in
  if Z.ltb 0 l then
    Some (of_bounds (Z.sqrt (cube_units / (middle a + radius a))) (Z.sqrt (cube_units / l) + 1))
  else None.

Lemma square_units_IZR : IZR square_units = units * units.
Proof.
unfold square_units. rewrite Z.shiftl_mul_pow2 by (unfold fraction_bits; lia).
rewrite Z.mul_1_l, power_2_IZR by (unfold fraction_bits; lia). unfold units.
rewrite <- powerRZ_add by lra. reflexivity.
Qed.

Lemma cube_units_IZR : IZR cube_units = units * units * units.
Proof.
unfold cube_units. rewrite Z.shiftl_mul_pow2 by (unfold fraction_bits; lia).
rewrite Z.mul_1_l, power_2_IZR by (unfold fraction_bits; lia). unfold units.
rewrite <- !powerRZ_add by lra. reflexivity.
Qed.

(** c/y between the floors of c/u and c/l. *)
Lemma quotient_between c l u y : (0 <= c)%Z -> (0 < l)%Z -> IZR l <= y <= IZR u ->
  IZR (c / u) <= IZR c / y < IZR (c / l) + 1.
Proof.
intros C L [Y U]. assert (U' : (0 < u)%Z) by (apply lt_IZR; apply IZR_lt in L; lra).
assert (A := div_bounds c u U'). assert (B := div_bounds c l L).
apply IZR_le in C. apply IZR_lt in L, U'. unfold Rdiv in *.
assert (I : / IZR u <= / y) by (apply Rinv_le_contravar; lra).
assert (J : / y <= / IZR l) by (apply Rinv_le_contravar; lra). split.
- apply Rle_trans with (1 := proj1 A). now apply Rmult_le_compat_l.
- apply Rle_lt_trans with (2 := proj2 B). now apply Rmult_le_compat_l.
Qed.

Lemma near_positive a x : near a x -> (0 < middle a - radius a)%Z -> 0 < x.
Proof.
intros H L. apply about_bounds in H. apply IZR_lt in L. assert (P := units_pos).
apply Rmult_lt_reg_r with units; [exact P|]. lra.
Qed.

Lemma near_inverse a b x : inverse a = Some b -> near a x -> 0 < x /\ near b (/ x).
Proof.
unfold inverse. destruct (Z.ltb_spec 0 (middle a - radius a)) as [L|L]; [|easy].
intros E H. injection E as <-. assert (X := near_positive _ _ H L). split; [exact X|].
apply about_bounds in H. apply about_of_bounds.
assert (Q := quotient_between square_units _ _ _ ltac:(easy) L H).
rewrite square_units_IZR in Q. assert (P := units_pos). rewrite plus_IZR.
replace (/ x * units) with (units * units / (x * units)) by (field; lra). lra.
Qed.

Lemma near_inverse_root a b x : inverse_root a = Some b -> near a x ->
  0 < x /\ near b (/ sqrt x).
Proof.
unfold inverse_root. destruct (Z.ltb_spec 0 (middle a - radius a)) as [L|L]; [|easy].
intros E H. injection E as <-. assert (X := near_positive _ _ H L). split; [exact X|].
apply about_bounds in H.
assert (Q := quotient_between cube_units _ _ _ ltac:(easy) L H).
rewrite cube_units_IZR in Q. assert (P := units_pos).
assert (S := sqrt_lt_R0 _ X). assert (D := sqrt_sqrt x (Rlt_le _ _ X)).
assert (Y : 0 < / sqrt x * units) by (apply Rmult_lt_0_compat; [now apply Rinv_0_lt_compat|exact P]).
assert (W : units * units * units / (x * units) = / sqrt x * units * (/ sqrt x * units)).
{ rewrite <- D at 1. field. lra. }
rewrite W in Q. set (y := / sqrt x * units) in *.
assert (U : (0 < middle a + radius a)%Z).
{ apply lt_IZR. apply IZR_lt in L. lra. }
apply about_of_bounds. rewrite plus_IZR. change (/ sqrt x * units) with y.
assert (N : forall n, (0 < n)%Z -> (0 <= cube_units / n)%Z) by (intros n Hn; apply Z.div_pos; easy).
split.
- destruct (Z.sqrt_spec _ (N _ U)) as [R _]. apply IZR_le in R. rewrite mult_IZR in R.
  assert (K := Z.sqrt_nonneg (cube_units / (middle a + radius a))). apply IZR_le in K.
  apply Rsqr_incr_0; [unfold Rsqr; lra|exact K|lra].
- destruct (Z.sqrt_spec _ (N _ L)) as [_ R]. rewrite <- Z.add_1_r in R.
  assert (R' : (cube_units / (middle a - radius a) + 1 <=
    (Z.sqrt (cube_units / (middle a - radius a)) + 1) *
    (Z.sqrt (cube_units / (middle a - radius a)) + 1))%Z) by lia.
  apply IZR_le in R'. rewrite mult_IZR, !plus_IZR in R'.
  assert (K := Z.sqrt_nonneg (cube_units / (middle a - radius a))). apply IZR_le in K.
  apply Rsqr_incr_0; [unfold Rsqr; lra|lra|lra].
Qed.
