(** The factor 2 / sqrt PI of the error function, to 384 bits: a square root is slow to extract. *)
From Coq Require Import ZArith Reals Lra.
From Interval Require Import Specific_ops Specific_stdz Interval.Float_full.
From Attncert.kernel Require Import Enclosure Error_function.
Open Scope R_scope.

Definition normalizer_bits : Z := 384.

(** The floor of 2 / sqrt PI times 2^384. *)
Definition normalizer_floor : Z :=
  44460402933779827885440278126068634493809156113365853302236234451361230887381909400121177232184802671825698788685271.

(** Its square and the next are on either side of 4 / PI 2^768, by interval arithmetic. *)
Module Floats := SpecificFloat StdZRadix2.
Module Intervals := FloatIntervalFull Floats.
Module E := Enclosures Intervals.

Definition square_at_most (a b c : Z) : bool :=
  let p := Floats.PtoP 400 in
  E.at_most p (E.mul p (E.of_Z p (a * a)) (E.pi p)) (E.of_Z p c) &&
  E.at_most p (E.of_Z p c) (E.mul p (E.of_Z p (b * b)) (E.pi p)).

Lemma square_at_most_correct a b c : square_at_most a b c = true ->
  IZR a * IZR a * PI <= IZR c <= IZR b * IZR b * PI.
Proof.
unfold square_at_most. generalize (Floats.PtoP 400). intros p H.
apply andb_prop in H. destruct H as [A B].
assert (M : forall n, E.encloses (E.mul p (E.of_Z p n) (E.pi p)) (IZR n * PI)).
{ intros n. exact (E.mul_encloses p _ _ _ _ (E.of_Z_encloses p n) (E.pi_encloses p)). }
rewrite <- 2 mult_IZR. split.
- exact (E.at_most_correct p _ _ _ _ A (M _) (E.of_Z_encloses p c)).
- exact (E.at_most_correct p _ _ _ _ B (E.of_Z_encloses p c) (M _)).
Qed.

Lemma bounds_of_squares a b t : (0 <= a)%Z -> (0 <= b)%Z -> (0 < t)%Z ->
  square_at_most a b (4 * (t * t)) = true -> IZR a <= 2 / sqrt PI * IZR t <= IZR b.
Proof.
intros A B T H. apply square_at_most_correct in H. rewrite 2 mult_IZR in H.
apply IZR_le in A. apply IZR_le in B. apply IZR_lt in T.
assert (P := PI_RGT_0). assert (N := normalizer_pos). assert (S := normalizer_square).
set (c := 2 / sqrt PI) in *.
assert (C : 0 <= c * IZR t) by (apply Rmult_le_pos; lra).
assert (K : 4 * (IZR t * IZR t) = c * IZR t * (c * IZR t) * PI).
{ replace (c * IZR t * (c * IZR t) * PI) with (c * c * PI * (IZR t * IZR t)) by ring.
  rewrite S. field. lra. }
rewrite K in H. destruct H as [H1 H2].
apply Rmult_le_reg_r in H1; [|exact P]. apply Rmult_le_reg_r in H2; [|exact P].
split; apply Rsqr_incr_0; assumption.
Qed.

Lemma normalizer_bounds :
  IZR normalizer_floor <= 2 / sqrt PI * IZR (2 ^ normalizer_bits) <= IZR (normalizer_floor + 1).
Proof.
apply bounds_of_squares; [easy|easy|easy|]. vm_compute. reflexivity.
Qed.
