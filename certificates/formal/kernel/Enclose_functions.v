(** Enclosures of e^x and of activations: quick ones in fixed point, and sharp ones by interval
    arithmetic. An interval becomes a fixed-point enclosure by guessing both ends from its
    floating-point numbers and checking the guess. *)
From Coq Require Import ZArith QArith Reals List Bool Lra.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Term Attncert.kernel.Enclosure Attncert.kernel.Special_sig.
Require Import Attncert.kernel.Branches Attncert.kernel.Tensor.
Require Import Attncert.kernel.Enclose_number Attncert.kernel.Enclose_exp.
Require Import Attncert.kernel.Enclose_program Attncert.kernel.Enclose_layers.
Import ListNotations.
Open Scope R_scope.

(** What rule argmax takes from interval arithmetic: enclosures to try one after the other. *)
Module Type Enclosed_functions.
Parameter functions : list functions_fixed.
Parameter functions_sound : Forall sound_functions functions.
End Enclosed_functions.

Module Enclose_functions (F : FloatOps) (I : IntervalOps with Module F := F) (Fn : Special I).
Module B := Branches I Fn.
Module E := B.E.

Section Precision.
Variable p : I.F.precision.

(** ** From fixed point to intervals, and back *)

Definition power_units : I.type := E.of_Z p (power_of_2 fraction_bits).

Definition to_interval (a : fixed) : I.type :=
  E.div p (E.hull (E.of_Z p (middle a - radius a)) (E.of_Z p (middle a + radius a))) power_units.

Lemma power_units_encloses : E.encloses power_units units.
Proof.
unfold units. rewrite <- power_of_2_IZR by (unfold fraction_bits; discriminate).
apply E.of_Z_encloses.
Qed.

Lemma to_interval_encloses a x : near a x -> E.encloses (to_interval a) x.
Proof.
unfold near. intros H. apply about_bounds in H. assert (P := units_pos).
replace x with (x * units / units) by (field; lra).
apply E.div_encloses; [|apply power_units_encloses].
exact (E.hull_between _ _ _ _ _ (E.of_Z_encloses p _) (E.of_Z_encloses p _) H).
Qed.

(** The floor of a number, if it is not of astronomical size; a guess, if the radix is not 2. *)
Definition floor_guess (x : I.F.type) : option Z :=
  match F.toF x with
  | Basic.Fzero => Some 0%Z
  | Basic.Float s m e =>
      if Z.ltb 4096 e then None
      else if Z.ltb e (-65536) then Some (if s then -1 else 0)%Z
      else Some (Z.shiftl (if s then Zneg m else Zpos m) e)
  | Basic.Fnan => None
  end.

Definition of_interval (i : I.type) : option fixed :=
  let y := E.mul p i power_units in
  match floor_guess (I.lower y), floor_guess (I.upper y) with
  | Some lower, Some below =>
      let upper := (below + 1)%Z in
      if E.at_most p (E.of_Z p lower) y && E.at_most p y (E.of_Z p upper)
      then Some (of_bounds lower upper) else None
  | _, _ => None
  end.

Lemma of_interval_near i a x : of_interval i = Some a -> E.encloses i x -> near a x.
Proof.
unfold of_interval. cbv zeta.
destruct (floor_guess _) as [l|]; [|easy]. destruct (floor_guess _) as [u|]; [|easy].
destruct (E.at_most p _ _ && E.at_most p _ _) eqn:H; [|easy]. intros K. injection K as <-.
intros X. apply andb_prop in H. destruct H as [L U].
assert (Y := E.mul_encloses p _ _ _ _ X power_units_encloses). apply about_of_bounds. split.
- exact (E.at_most_correct p _ _ _ _ L (E.of_Z_encloses p l) Y).
- exact (E.at_most_correct p _ _ _ _ U Y (E.of_Z_encloses p (u + 1))).
Qed.

(** ** Functions *)

Definition exp_by_intervals (a : fixed) : option fixed := of_interval (E.exp p (to_interval a)).

Definition program_by_intervals (f : program) (a : fixed) : option fixed :=
  match B.enclosures p (to_interval a) f with
  | Some (i :: _) => of_interval i
  | _ => None
  end.

Definition by_intervals : functions_fixed :=
  FunctionsFixed exp_by_intervals program_by_intervals.

(** In fixed point where that can be. *)
Definition by_series : functions_fixed :=
  FunctionsFixed
    (fun a => match exp_by_series a with Some b => Some b | None => exp_by_intervals a end)
    (fun f a => match program_by_series f a with
                | Some b => Some b
                | None => program_by_intervals f a
                end).

Theorem by_intervals_sound : sound_functions by_intervals.
Proof.
split.
- intros a x b H E. apply (of_interval_near _ _ _ E), E.exp_encloses, to_interval_encloses, H.
- intros f a x b H. cbn [by_intervals program_fixed]. unfold program_by_intervals.
  destruct (B.enclosures p _ f) as [[|i is]|] eqn:S; try easy. intros E.
  destruct (B.enclosures_sound p _ _ _ _ (to_interval_encloses _ _ H) S) as [vs [V F]].
  inversion F as [|? v ? w N F']. subst. exists v. unfold value. rewrite V.
  split; [reflexivity|]. exact (of_interval_near _ _ _ E N).
Qed.

Theorem by_series_sound : sound_functions by_series.
Proof.
destruct by_intervals_sound as [X P]. split.
- intros a x b H. cbn [by_series exp_fixed]. destruct (exp_by_series a) as [c|] eqn:S.
  + intros E. injection E as <-. exact (near_exp_by_series _ _ _ H S).
  + exact (X a x b H).
- intros f a x b H. cbn [by_series program_fixed].
  destruct (program_by_series f a) as [c|] eqn:S.
  + intros E. injection E as <-. exact (near_program_by_series _ _ _ _ H S).
  + exact (P f a x b H).
Qed.

Definition both : list functions_fixed := [by_series; by_intervals].

Theorem both_sound : Forall sound_functions both.
Proof. constructor; [apply by_series_sound|constructor; [apply by_intervals_sound|constructor]]. Qed.
End Precision.
End Enclose_functions.
