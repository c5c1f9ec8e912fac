(** Enclosures of erfc and tanh in fixed point, from that of e^x: erfc by the power series of
    Error_series.v, or, far to the right, by erfc x <= exp(-x^2). *)
From Coq Require Import ZArith QArith Reals List Bool Lra Lia.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor.
Require Import Attncert.kernel.Error_function Attncert.kernel.Error_series.
Require Import Attncert.kernel.Hyperbolic_tangent Attncert.kernel.Normalizer.
Require Import Attncert.kernel.Enclose_number Attncert.kernel.Enclose_exp.
Open Scope R_scope.

Definition lower_end (a : fixed) : Z := (middle a - radius a)%Z.
Definition upper_end (a : fixed) : Z := (middle a + radius a)%Z.

Lemma near_ends a x : near a x -> IZR (lower_end a) <= x * units <= IZR (upper_end a).
Proof. apply about_bounds. Qed.

Definition opposite_fixed (a : fixed) : fixed := Fixed (- middle a) (radius a).

Lemma near_opposite a x : near a x -> near (opposite_fixed a) (- x).
Proof.
intros H. apply near_ends in H. unfold lower_end, upper_end in H.
rewrite minus_IZR, plus_IZR in H. apply bounds_about. rewrite opp_IZR. lra.
Qed.

(** From 0 to what a encloses. *)
Definition from_0 (a : fixed) : fixed := of_bounds 0 (upper_end a).

Lemma near_from_0 a x y : near a y -> 0 <= x <= y -> near (from_0 a) x.
Proof.
intros H B. apply near_ends in H. assert (P := units_pos). apply about_of_bounds.
assert (x * units <= y * units) by (apply Rmult_le_compat_r; lra).
assert (0 <= x * units) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma lower_end_nonneg a x : near a x -> Z.leb 0 (lower_end a) = true -> 0 <= x.
Proof.
intros H L. apply near_ends in H. apply Z.leb_le, IZR_le in L. assert (P := units_pos).
apply Rmult_le_reg_r with units; [exact P|]. lra.
Qed.

(** ** The power series *)

(** 2 / sqrt PI. *)
Definition normalizer_fixed : fixed :=
  rescale (normalizer_bits - fraction_bits) (Fixed normalizer_floor 1).

Lemma near_normalizer : near normalizer_fixed (2 / sqrt PI).
Proof.
unfold near, normalizer_fixed.
replace (2 / sqrt PI * units)
  with (2 / sqrt PI * IZR (2 ^ normalizer_bits) * powerRZ 2 (- (normalizer_bits - fraction_bits))).
- apply about_rescale. assert (B := normalizer_bounds). rewrite plus_IZR in B.
  apply bounds_about. lra.
- rewrite power_2_IZR by discriminate. rewrite Rmult_assoc, <- powerRZ_add by lra.
  do 2 f_equal.
Qed.

(** Proofs must not compute it. *)
Opaque normalizer_fixed.

(** PI is 4 over its square. *)
Definition four_over_square (n : fixed) : option fixed :=
  bind (inverse (times_fixed n n)) (fun i => Some (times_fixed (of_integer 4) i)).

Lemma near_four_over_square n x a : near n x -> four_over_square n = Some a ->
  near a (4 * / (x * x)).
Proof.
unfold four_over_square. intros N. destruct (inverse _) as [i|] eqn:I; [|easy]. cbn [bind].
intros E. apply some_equal in E. rewrite <- E. apply near_times; [apply near_of_integer|].
exact (proj2 (near_inverse _ _ _ I (near_times _ _ _ _ N N))).
Qed.

Definition pi_fixed : option fixed := four_over_square normalizer_fixed.

Opaque four_over_square.

Lemma near_pi a : pi_fixed = Some a -> near a PI.
Proof.
intros E. assert (P := PI_RGT_0). replace PI with (4 * / (2 / sqrt PI * (2 / sqrt PI))).
- exact (near_four_over_square _ _ _ near_normalizer E).
- rewrite normalizer_square. field. lra.
Qed.

(** Terms are added until they are below this. *)
Definition small_term : Z := Z.shiftl 1 (fraction_bits - 92).

(** [d] is 2n + 3 where the sum has n terms. *)
Fixpoint power_series (fuel : nat) (d : positive) (y sum term : fixed) : fixed * fixed :=
  match fuel with
  | O => (sum, term)
  | S k => if Z.leb (upper_end term) small_term then (sum, term)
           else power_series k (Pos.succ (Pos.succ d)) y (plus_fixed sum term)
                  (divide_by d (times_fixed term y))
  end.

Lemma near_power_series fuel a y : near a y ->
  forall n d sum term, IZR (Zpos d) = 2 * INR n + 3 ->
  near sum (power_sum y n) -> near term (power_term y n) ->
  exists m, near (fst (power_series fuel d a sum term)) (power_sum y m) /\
            near (snd (power_series fuel d a sum term)) (power_term y m).
Proof.
intros A. induction fuel as [|k IH]; intros n d sum term D S T; simpl; [now exists n|].
destruct (Z.leb _ _); [now exists n|]. apply (IH (Datatypes.S n)).
- rewrite !Pos2Z.inj_succ, <- !Z.add_1_r, !plus_IZR, S_INR, D. ring.
- simpl. now apply near_plus.
- simpl. rewrite <- D. unfold Rdiv. rewrite <- Rmult_assoc.
  apply near_divide_by. now apply near_times.
Qed.

Definition most_terms : nat := 200.

(** ** erfc at x >= 0 *)

Definition erfc_right (a : fixed) : option fixed :=
  let square := times_fixed a a in
  bind (exp_by_series (opposite_fixed square)) (fun g =>
    if Z.ltb (middle (of_integer 36)) (middle square) then Some (from_0 g)
    else
      let (sum, term) := power_series most_terms 3 (plus_fixed square square) exactly_0
                                      (of_integer 1) in
      let integral := plus_fixed (times_fixed g (times_fixed a sum))
                                 (from_0 (times_fixed a term)) in
      Some (minus_fixed (of_integer 1) (times_fixed normalizer_fixed integral))).

Lemma near_erfc_right a x b : 0 <= x -> near a x -> erfc_right a = Some b -> near b (erfc x).
Proof.
unfold erfc_right. cbv zeta. intros P H. assert (Q := near_times _ _ _ _ H H).
destruct (exp_by_series _) as [g|] eqn:E; [|easy]. cbn [bind].
assert (G : near g (gaussian x)).
{ unfold gaussian. refine (near_exp_by_series _ _ _ (near_opposite _ _ Q) E). }
destruct (Z.ltb _ _).
- intros K. injection K as <-. apply (near_from_0 _ _ _ G). assert (B := erfc_bounds x).
  split; [lra|now apply erfc_tail].
- assert (Y : near (plus_fixed (times_fixed a a) (times_fixed a a)) (2 * (x * x))).
  { replace (2 * (x * x)) with (x * x + x * x) by ring. now apply near_plus. }
  destruct (near_power_series most_terms _ _ Y 0 3 exactly_0 (of_integer 1)) as [m [S T]].
  + simpl. lra.
  + apply near_0.
  + apply near_of_integer.
  + destruct (power_series _ _ _ _ _) as [sum term]. cbn [fst snd] in S, T.
    intros K. apply some_equal in K. rewrite <- K. unfold erfc. rewrite erf_G.
    apply near_minus; [apply near_of_integer|]. apply near_times; [apply near_normalizer|].
    assert (B := G_power_series m x P). cbv zeta in B.
    set (s := power_sum _ m) in *. set (t := power_term _ m) in *.
    replace (gaussian_integral x) with
      (gaussian x * (x * s) + (gaussian_integral x - gaussian x * (x * s))) by ring.
    apply near_plus; [apply near_times; [exact G|now apply near_times]|].
    apply (near_from_0 _ _ (x * t)); [now apply near_times|]. lra.
Qed.

Definition erfc_fixed (a : fixed) : option fixed :=
  if Z.leb 0 (lower_end a) then erfc_right a
  else if Z.leb 0 (lower_end (opposite_fixed a)) then
    bind (erfc_right (opposite_fixed a)) (fun b => Some (minus_fixed (of_integer 2) b))
  else None.

Lemma near_erfc a x b : near a x -> erfc_fixed a = Some b -> near b (erfc x).
Proof.
unfold erfc_fixed. intros H. destruct (Z.leb 0 (lower_end a)) eqn:L.
{ apply near_erfc_right; [exact (lower_end_nonneg _ _ H L)|exact H]. }
destruct (Z.leb 0 (lower_end (opposite_fixed a))) eqn:L'; [|easy].
apply near_opposite in H. assert (P := lower_end_nonneg _ _ H L').
destruct (erfc_right (opposite_fixed a)) as [c|] eqn:E; [|easy]. cbn [bind].
intros K. injection K as <-. rewrite <- (Ropp_involutive x), erfc_opp.
apply near_minus; [apply near_of_integer|]. exact (near_erfc_right _ _ _ P H E).
Qed.

(** ** tanh *)

(** Sharp at x >= 0. *)
Definition tanh_right (a : fixed) : option fixed :=
  bind (exp_by_series (opposite_fixed (plus_fixed a a))) (fun q =>
  bind (inverse (plus_fixed (of_integer 1) q)) (fun i =>
    Some (times_fixed (minus_fixed (of_integer 1) q) i))).

Lemma near_tanh_right a x b : near a x -> tanh_right a = Some b -> near b (tanh x).
Proof.
unfold tanh_right. intros H. destruct (exp_by_series _) as [q|] eqn:E; [|easy]. cbn [bind].
assert (Q : near q (exp (- (2 * x)))).
{ refine (near_exp_by_series _ _ _ _ E). replace (2 * x) with (x + x) by ring.
  now apply near_opposite, near_plus. }
destruct (inverse _) as [i|] eqn:I; [|easy]. cbn [bind]. intros K. injection K as <-.
rewrite tanh_exp. apply near_times; [apply near_minus; [apply near_of_integer|exact Q]|].
exact (proj2 (near_inverse _ _ _ I (near_plus _ _ _ _ (near_of_integer 1) Q))).
Qed.

Definition tanh_fixed (a : fixed) : option fixed :=
  if Z.ltb (middle a) 0
  then bind (tanh_right (opposite_fixed a)) (fun b => Some (opposite_fixed b))
  else tanh_right a.

Lemma near_tanh a x b : near a x -> tanh_fixed a = Some b -> near b (tanh x).
Proof.
unfold tanh_fixed. intros H. destruct (Z.ltb _ _); [|now apply near_tanh_right].
destruct (tanh_right _) as [c|] eqn:E; [|easy]. cbn [bind]. intros K. injection K as <-.
rewrite <- (Ropp_involutive x), tanh_odd.
exact (near_opposite _ _ (near_tanh_right _ _ _ (near_opposite _ _ H) E)).
Qed.
