(** The arithmetic that the extracted checker runs: CoqInterval's floating-point numbers of any
    precision over the fast mantissas, and its intervals, with one change.

    e^x is not computed for |x| > 2^22, where only 0 <= e^x <= e^(-2^22), or e^x >= e^(2^22) is
    said: exponents of that size would make sums, which align their operands exactly, use up all
    memory. *)
From Coq Require Import ZArith Reals Bool Lra.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Float.Specific_ops.
From Interval Require Import Interval.Interval Interval.Float Interval.Float_full.
Require Import Attncert.kernel.Mantissa.
Open Scope R_scope.

Module Floats := SpecificFloat Mantissa.
Module Full := FloatIntervalFull Floats.

Module Intervals <: IntervalOps.
Include FloatInterval Floats.

Definition pi := Full.pi.
Definition cos := Full.cos.
Definition sin := Full.sin.
Definition tan := Full.tan.
Definition atan := Full.atan.
Definition ln := Full.ln.

Definition pi_correct := Full.pi_correct.
Definition cos_correct := Full.cos_correct.
Definition sin_correct := Full.sin_correct.
Definition tan_correct := Full.tan_correct.
Definition atan_correct := Full.atan_correct.
Definition ln_correct := Full.ln_correct.

(** ** e^x *)

Definition limit : Z := 2 ^ 22.
Definition greatest (p : F.precision) : type := fromZ p limit.
Definition least (p : F.precision) : type := fromZ p (- limit).

(** Every number of i is at most every number of j. *)
Definition below (p : F.precision) (i j : type) : bool :=
  match sign_large (sub p j i) with Xgt | Xeq => true | _ => false end.

Definition small (p : F.precision) : type := join zero (Full.exp p (least p)).
Definition large (p : F.precision) : type := upper_extent (Full.exp p (greatest p)).

Definition exp (p : F.precision) (i : type) : type :=
  if negb (real i) then nai
  else if below p i (least p) then small p
  else if below p (greatest p) i then large p
  else
    let from_below := below p (least p) i in
    let from_above := below p i (greatest p) in
    if from_below && from_above then Full.exp p i
    else
      let core := Full.exp p (meet i (join (least p) (greatest p))) in
      let core := if from_below then core else join (small p) core in
      if from_above then core else join (large p) core.

Lemma below_correct p i j x y : below p i j = true ->
  contains (convert i) (Xreal x) -> contains (convert j) (Xreal y) -> x <= y.
Proof.
unfold below. intros H Hx Hy. assert (K := sub_correct p j i (Xreal y) (Xreal x) Hy Hx).
generalize (sign_large_correct (sub p j i)). destruct (sign_large _); try easy; intros S;
  specialize (S _ K).
- injection S as S. lra.
- destruct S as [_ S]. simpl in S. lra.
Qed.

Lemma greatest_correct p : contains (convert (greatest p)) (Xreal (IZR limit)).
Proof. apply fromZ_correct. Qed.
Lemma least_correct p : contains (convert (least p)) (Xreal (IZR (- limit))).
Proof. apply fromZ_correct. Qed.

Lemma exp_le u v : u <= v -> Rtrigo_def.exp u <= Rtrigo_def.exp v.
Proof. intros [H| ->]; [left; now apply exp_increasing|apply Rle_refl]. Qed.

Lemma small_correct p x : x <= IZR (- limit) ->
  contains (convert (small p)) (Xreal (Rtrigo_def.exp x)).
Proof.
intros H. apply contains_connected with 0 (Rtrigo_def.exp (IZR (- limit))).
- apply join_correct. left. rewrite zero_correct. simpl. lra.
- apply join_correct. right. exact (Full.exp_correct p (least p) (Xreal _) (least_correct p)).
- split; [left; apply exp_pos|now apply exp_le].
Qed.

Lemma large_correct p x : IZR limit <= x ->
  contains (convert (large p)) (Xreal (Rtrigo_def.exp x)).
Proof.
intros H.
exact (upper_extent_correct (Full.exp p (greatest p)) _ (Rtrigo_def.exp (IZR limit))
  (Full.exp_correct p (greatest p) (Xreal (IZR limit)) (greatest_correct p)) (exp_le _ _ H)).
Qed.

Lemma between_correct p x : IZR (- limit) <= x <= IZR limit ->
  contains (convert (join (least p) (greatest p))) (Xreal x).
Proof.
apply contains_connected; apply join_correct; [left; apply least_correct|right; apply greatest_correct].
Qed.

Lemma core_correct p i x : contains (convert i) (Xreal x) -> IZR (- limit) <= x <= IZR limit ->
  contains (convert (Full.exp p (meet i (join (least p) (greatest p))))) (Xreal (Rtrigo_def.exp x)).
Proof.
intros Hx H. apply (Full.exp_correct p (meet i (join (least p) (greatest p))) (Xreal x)).
apply meet_correct; [exact Hx|now apply between_correct].
Qed.

Theorem exp_correct : forall p, extension Xexp (exp p).
Proof.
intros p i x Hx. unfold exp. rewrite real_correct.
destruct x as [|x].
- destruct (convert i); [exact I|easy].
- destruct (convert i) as [|l u] eqn:C; [exact Logic.I|]. simpl. rewrite <- C in Hx. cbv zeta.
  destruct (below p i (least p)) eqn:L.
  { apply small_correct. exact (below_correct _ _ _ _ _ L Hx (least_correct p)). }
  destruct (below p (greatest p) i) eqn:G.
  { apply large_correct. exact (below_correct _ _ _ _ _ G (greatest_correct p) Hx). }
  destruct (below p (least p) i) eqn:L', (below p i (greatest p)) eqn:G'; cbn [andb].
  { exact (Full.exp_correct p i (Xreal x) Hx). }
  all: try assert (S := below_correct _ _ _ _ _ L' (least_correct p) Hx).
  all: try assert (B := below_correct _ _ _ _ _ G' Hx (greatest_correct p)).
  + destruct (Rle_lt_dec (IZR limit) x).
    * apply join_correct. left. now apply large_correct.
    * apply join_correct. right. apply core_correct; [exact Hx|lra].
  + destruct (Rle_lt_dec x (IZR (- limit))).
    * apply join_correct. left. now apply small_correct.
    * apply join_correct. right. apply core_correct; [exact Hx|lra].
  + destruct (Rle_lt_dec (IZR limit) x).
    * apply join_correct. left. now apply large_correct.
    * apply join_correct. right. apply join_correct.
      destruct (Rle_lt_dec x (IZR (- limit))).
      { left. now apply small_correct. }
      { right. apply core_correct; [exact Hx|lra]. }
Qed.

End Intervals.
