(** How far from its middle one row of an affine map can be after a norm, rounded up: the radius that
    rules ball and box compare exactly, as a dyadic number. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Judgement.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Lift Attncert.kernel.Root.
Import ListNotations.
Open Scope R_scope.

Definition row_middle (n : norm_layer) (w : tensor1) (c : dyadic) : dyadic :=
  match kind n with No_norm => c | _ => row_centre n w c end.

(** None where nothing is known: after a linear norm, over every input. *)
Definition row_reach (d : nat) (n : norm_layer) (box : option Q) (w : tensor1) : option dyadic :=
  match kind n, box with
  | Layer_norm, _ => Some (root_up (square_layer d n w))
  | Rms_norm, _ => Some (root_up (square_rms d n w))
  | Mean_norm, Some r =>
      if Qle_bool 0 r && Nat.ltb 0 d
      then Some (round_up (r * rational (spread d n w) / inject_Z (Z.of_nat d))) else None
  | No_norm, Some r =>
      if Qle_bool 0 r then Some (round_up (r * rational (sum (map magnitude w)))) else None
  | _, None => None
  end.

Lemma Q2R_0 : Q2R 0 = 0.
Proof. unfold Q2R. simpl. ring. Qed.

Lemma row_reach_sound d n box w c x t :
  norm_shape d n = true -> epsilon_ok n = true -> length w = d ->
  row_reach d n box w = Some t -> length x = d -> in_inputs box x ->
  Rabs (dot (reals w) (normalise n x) + real c - real (row_middle n w c)) <= real t.
Proof.
intros S Ep W H Lx Hx. assert (E := epsilon_ok_sound n Ep).
assert (L := lengths d n w S W). unfold row_reach in H. unfold row_middle, normalise.
assert (Lw : length (reals w) = length x) by (rewrite reals_length; congruence).
assert (Sx : size x = INR d) by (unfold size; now rewrite Lx).
assert (D0 : 0 <= INR d) by apply pos_INR.
destruct (kind n) eqn:K.
- destruct L as [Lg [Lo Ld]]; [easy|]. injection H as <-.
  apply Rle_trans with (2 := proj1 (root_up_sound _)).
  rewrite real_row_centre, (real_square_layer d n w S W Ld), <- root_of_square by exact D0.
  rewrite <- Sx. unfold centred. apply layer_ball; try congruence. apply E. now left.
- destruct L as [Lg [Lo Ld]]; [easy|]. injection H as <-.
  apply Rle_trans with (2 := proj1 (root_up_sound _)).
  rewrite real_row_centre, real_square_rms, <- root_of_square by exact D0.
  rewrite <- Sx. apply rms_ball; try congruence. apply E. now right.
- destruct L as [Lg [Lo Ld]]; [easy|]. destruct box as [r|]; [|easy].
  destruct (Qle_bool 0 r) eqn:R0; [|easy]. destruct (Nat.ltb 0 d) eqn:P; [|easy].
  injection H as <-. apply Rle_trans with (2 := real_round_up _).
  apply Nat.ltb_lt in P. apply Qle_bool_R in R0. rewrite Q2R_0 in R0.
  assert (DP : 0 < INR d) by (apply lt_0_INR; exact P).
  assert (D1 : Q2R (inject_Z (Z.of_nat d)) = INR d).
  { unfold Q2R, inject_Z. simpl. rewrite <- INR_IZR_INZ. field. }
  rewrite real_row_centre, Q2R_div, Q2R_mult, D1, real_rational, real_spread by
    (auto; intros Z; apply Qeq_eqR in Z; rewrite D1, Q2R_0 in Z; lra).
  replace (Q2R r * (INR d * abs_total (centred (entrywise (reals (norm_gain n)) (reals w)))) / INR d)
    with (Q2R r * abs_total (centred (entrywise (reals (norm_gain n)) (reals w)))) by (field; lra).
  apply mean_box; try congruence. now apply Hx.
- destruct box as [r|]; [|easy]. destruct (Qle_bool 0 r) eqn:R0; [|easy].
  injection H as <-. apply Rle_trans with (2 := real_round_up _).
  apply Qle_bool_R in R0. rewrite Q2R_0 in R0.
  rewrite Q2R_mult, real_rational, real_sum, total_magnitudes.
  replace (dot (reals w) x + real c - real c) with (dot (reals w) x) by ring.
  apply dot_box; [now apply Hx|exact R0].
Qed.

(** ** All rows of a map *)

(** Middles and reaches. *)
Fixpoint reaches (d : nat) (n : norm_layer) (box : option Q) (w : tensor2) (c : tensor1)
    : option (list (dyadic * dyadic)) :=
  match w, c with
  | v :: w, b :: c =>
      match row_reach d n box v, reaches d n box w c with
      | Some t, Some l => Some ((row_middle n v b, t) :: l)
      | _, _ => None
      end
  | _, _ => Some []
  end.

Definition near_middle (m : dyadic * dyadic) (z : R) : Prop := Rabs (z - real (fst m)) <= real (snd m).

Lemma reaches_sound d n box w c x l :
  norm_shape d n = true -> epsilon_ok n = true -> Forall (fun v => length v = d) w ->
  reaches d n box w c = Some l -> length x = d -> in_inputs box x ->
  Forall2 near_middle l (add (linear_part w (normalise n x)) (reals c)).
Proof.
intros S E. revert c l; induction w as [|v w IH]; intros [|b c] l W H Lx Hx; simpl in H;
  try (injection H as <-; constructor).
inversion_clear W as [|? ? Hv Hw].
destruct (row_reach d n box v) as [t|] eqn:R; [|easy].
destruct (reaches d n box w c) as [k|] eqn:K; [|easy]. injection H as <-.
unfold add. simpl. constructor; [|now apply IH].
unfold near_middle. simpl. now apply row_reach_sound with d box.
Qed.
