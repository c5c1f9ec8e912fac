(** Mantissas of floating-point numbers, radix 2, any precision, that run fast when extracted.

    CoqInterval's carrier StdZRadix2 shifts and counts digits bit by bit. Here the same functions
    are written with Pos.shiftl, Pos.size, Z.div_eucl, Z.sqrt and Z.even, which extraction maps to
    single calls of a library of big integers; each is proved equal to what the interface asks for. All else is
    StdZRadix2's. *)
From Coq Require Import ZArith Lia Reals.
From Flocq Require Import Core.Zaux Core.Raux Calc.Div.
From Interval Require Import Float.Basic Float.Generic Float.Specific_sig Float.Specific_stdz.
Module Std := StdZRadix2.

(** ** Shifts, digits, divisions, square roots *)

Definition shift_left (m nb : positive) : positive := Pos.shiftl m (Npos nb).

Lemma shift_left_correct m nb : shift_left m nb = shift radix2 m nb.
Proof.
unfold shift_left, shift. simpl. rewrite iter_pos_nat, Pos2Nat.inj_iter.
induction (Pos.to_nat nb) as [|n IH]; [easy|]. now rewrite iter_nat_S, <- IH.
Qed.

Definition number_of_digits (m : positive) : Z := Zpos (Pos.size m).

Lemma digits_size m acc : (Std.digits_aux m acc + 1 = Pos.size m + acc)%positive.
Proof.
revert acc; induction m as [m IH|m IH|]; intros acc; simpl; try (specialize (IH (Pos.succ acc)); lia).
apply Pos.add_comm.
Qed.

Lemma number_of_digits_correct m : number_of_digits m = Std.mantissa_digits m.
Proof.
unfold number_of_digits, Std.mantissa_digits. generalize (digits_size m 1). lia.
Qed.

(** Quotient, and where the exact one lies between it and the next number. *)
Definition divide (m d : positive) (pos : position) : positive * position :=
  match Z.div_eucl (Zpos m) (Zpos d) with
  | (Zpos q, r) => (q, adjust_pos r d pos)
  | _ => (xH, pos_Eq)
  end.

Lemma divide_correct m d pos : divide m d pos = Std.mantissa_split_div m d pos.
Proof.
unfold divide, Std.mantissa_split_div. rewrite Zfast_div_eucl_correct.
now destruct (Z.div_eucl (Zpos m) (Zpos d)).
Qed.

(** Integer square root, and where the exact one lies. *)
Definition square_root (m : positive) : positive * position :=
  match Z.sqrt (Zpos m) with
  | Zpos s =>
      (s, match Zpos m - Zpos s * Zpos s with
          | Zpos r => match Pos.compare r s with Gt => pos_Up | _ => pos_Lo end
          | _ => pos_Eq
          end)
  | _ => (xH, pos_Eq)
  end%Z.

Lemma square_root_correct m : square_root m = Std.mantissa_sqrt m.
Proof.
unfold square_root, Std.mantissa_sqrt. rewrite <- Z.sqrtrem_sqrt.
generalize (Z.sqrtrem_spec (Zpos m) (Pos2Z.is_nonneg m)).
destruct (Z.sqrtrem (Zpos m)) as [[|s|s] r]; simpl fst; try easy.
intros [E _]. now replace (Zpos m - Zpos s * Zpos s)%Z with r by lia.
Qed.

(** ** The carrier *)

Module Mantissa <: FloatCarrier.

Definition radix := Std.radix.
Definition smantissa_type := Std.smantissa_type.
Definition mantissa_type := Std.mantissa_type.
Definition exponent_type := Std.exponent_type.
Definition MtoP := Std.MtoP.
Definition PtoM := Std.PtoM.
Definition MtoZ := Std.MtoZ.
Definition ZtoM := Std.ZtoM.
Definition EtoZ := Std.EtoZ.
Definition ZtoE := Std.ZtoE.
Definition valid_mantissa := Std.valid_mantissa.

Definition exponent_zero := Std.exponent_zero.
Definition exponent_one := Std.exponent_one.
Definition exponent_neg := Std.exponent_neg.
Definition exponent_add := Std.exponent_add.
Definition exponent_sub := Std.exponent_sub.
Definition exponent_cmp := Std.exponent_cmp.
Definition exponent_div2_floor := Std.exponent_div2_floor.

Definition mantissa_zero := Std.mantissa_zero.
Definition mantissa_one := Std.mantissa_one.
Definition mantissa_pos := Std.mantissa_pos.
Definition mantissa_neg := Std.mantissa_neg.
Definition mantissa_sign := Std.mantissa_sign.
Definition mantissa_add := Std.mantissa_add.
Definition mantissa_sub := Std.mantissa_sub.
Definition mantissa_mul := Std.mantissa_mul.
Definition mantissa_cmp := Std.mantissa_cmp.
Definition mantissa_scale2 := Std.mantissa_scale2.
Definition mantissa_shrp := Std.mantissa_shrp.

Definition mantissa_even (m : positive) : bool := Z.even (Zpos m).
Definition mantissa_digits := number_of_digits.
Definition mantissa_shl (m : positive) (d : Z) : positive :=
  match d with Zpos nb => shift_left m nb | _ => xH end.
Definition mantissa_shr (m : positive) (d : Z) (pos : position) : positive * position :=
  match d with Zpos nb => divide m (shift_left xH nb) pos | _ => (xH, pos_Eq) end.
Definition mantissa_div (m d : positive) : positive * position := divide m d pos_Eq.
Definition mantissa_sqrt := square_root.

Definition PtoM_correct := Std.PtoM_correct.
Definition ZtoM_correct := Std.ZtoM_correct.
Definition ZtoE_correct := Std.ZtoE_correct.
Definition exponent_zero_correct := Std.exponent_zero_correct.
Definition exponent_one_correct := Std.exponent_one_correct.
Definition exponent_neg_correct := Std.exponent_neg_correct.
Definition exponent_add_correct := Std.exponent_add_correct.
Definition exponent_sub_correct := Std.exponent_sub_correct.
Definition exponent_cmp_correct := Std.exponent_cmp_correct.
Definition exponent_div2_floor_correct := Std.exponent_div2_floor_correct.
Definition mantissa_zero_correct := Std.mantissa_zero_correct.
Definition mantissa_one_correct := Std.mantissa_one_correct.
Definition mantissa_pos_correct := Std.mantissa_pos_correct.
Definition mantissa_neg_correct := Std.mantissa_neg_correct.
Definition mantissa_sign_correct := Std.mantissa_sign_correct.
Definition mantissa_add_correct := Std.mantissa_add_correct.
Definition mantissa_sub_correct := Std.mantissa_sub_correct.
Definition mantissa_mul_correct := Std.mantissa_mul_correct.
Definition mantissa_cmp_correct := Std.mantissa_cmp_correct.
Definition mantissa_scale2_correct := Std.mantissa_scale2_correct.
Definition mantissa_shrp_correct := Std.mantissa_shrp_correct.

Lemma mantissa_even_correct x : valid_mantissa x -> mantissa_even x = Z.even (Zpos (MtoP x)).
Proof. easy. Qed.

Lemma mantissa_digits_correct x : valid_mantissa x ->
  EtoZ (mantissa_digits x) = Zpos (count_digits radix (MtoP x)).
Proof.
intros H. unfold mantissa_digits. rewrite number_of_digits_correct.
exact (Std.mantissa_digits_correct x H).
Qed.

Lemma mantissa_shl_correct x y z : valid_mantissa y -> EtoZ z = Zpos x ->
  MtoP (mantissa_shl y z) = shift radix (MtoP y) x /\ valid_mantissa (mantissa_shl y z).
Proof.
intros _ E. change z with (EtoZ z). rewrite E. split; [|easy]. apply shift_left_correct.
Qed.

Lemma mantissa_shr_correct x y z k : valid_mantissa y -> EtoZ z = Zpos x ->
  (Zpos (shift radix 1 x) <= Zpos (MtoP y))%Z ->
  let (sq, l) := mantissa_shr y z k in
  let (q, r) := Z.div_eucl (Zpos (MtoP y)) (Zpos (shift radix 1 x)) in
  Zpos (MtoP sq) = q /\ l = adjust_pos r (shift radix 1 x) k /\ valid_mantissa sq.
Proof.
intros _ E. change z with (EtoZ z). rewrite E. unfold mantissa_shr, divide.
rewrite shift_left_correct. change radix with radix2. change (MtoP y) with y. intros H.
generalize (Z_div_mod (Zpos y) (Zpos (shift radix2 1 x)) eq_refl).
destruct Z.div_eucl as [q r]. intros [D B].
destruct q as [|q|q]; [exfalso; lia|easy|exfalso; lia].
Qed.

Lemma mantissa_div_correct x y : valid_mantissa x -> valid_mantissa y ->
  (Zpos (MtoP y) <= Zpos (MtoP x))%Z ->
  let (q, l) := mantissa_div x y in
  Zpos (MtoP q) = (Zpos (MtoP x) / Zpos (MtoP y))%Z /\
  Bracket.inbetween_int (Zpos (MtoP q)) (IZR (Zpos (MtoP x)) / IZR (Zpos (MtoP y)))%R
    (Generic_proof.convert_location_inv l) /\ valid_mantissa q.
Proof.
intros Hx Hy H. unfold mantissa_div. rewrite divide_correct.
exact (Std.mantissa_div_correct x y Hx Hy H).
Qed.

Lemma mantissa_sqrt_correct x : valid_mantissa x ->
  let (q, l) := mantissa_sqrt x in
  let (s, r) := Z.sqrtrem (Zpos (MtoP x)) in
  Zpos (MtoP q) = s /\
  match l with
  | pos_Eq => r = 0%Z
  | pos_Lo => (0 < r <= s)%Z
  | pos_Mi => False
  | pos_Up => (s < r)%Z
  end /\ valid_mantissa q.
Proof.
intros Hx. unfold mantissa_sqrt. rewrite square_root_correct.
exact (Std.mantissa_sqrt_correct x Hx).
Qed.

End Mantissa.
