(** Values and slopes of a program over a piece, and its value at the centre, in one run. Kinks of
    fabs, fmax and fmin are allowed: where no operand wins, slopes are in the hull of both. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
From Attncert.kernel Require Import Term Enclosure Special_sig Branches Constants
  Elementary_sequences Secants.
Import ListNotations.
Open Scope R_scope.

Module Slopes (I : IntervalOps) (Fn : Special I).
Module S := Secants I Fn.
Module K := Constants I Fn.
Module B := S.B.
Module E := S.E.

Section Slopes.
Variable p : I.F.precision.

(** Over the piece, and at the centre. *)
Definition entry : Type := (S.jet * I.type)%type.

Definition range (u : entry) : I.type := fst (fst u).

Definition negated (u : entry) : entry := (S.jet_neg (fst u), E.neg (snd u)).

(** fmax or fmin, by the operation on values where no operand wins. *)
Definition kink (b : branch) (open : I.type -> I.type -> I.type) (u v : entry) : entry :=
  match b with
  | First => u
  | Second => v
  | Open => (S.jet_open (open (range u) (range v)) (fst u) (fst v), open (snd u) (snd v))
  end.

Definition steep_step (whole centre : I.type) (nd : node) (env : list entry) : option entry :=
  match nd with
  | Const q => let c := E.of_Q p q in Some (S.jet_constant p c, c)
  | Pi => let c := E.pi p in Some (S.jet_constant p c, c)
  | Var => Some (S.jet_variable p whole, centre)
  | Neg a => on1 env a (fun u => Some (negated u))
  | Fabs a => on1 env a (fun u => Some (kink (B.decide_abs (range u)) B.open_max u (negated u)))
  | Sqrt a => on1 env a (fun u =>
      B.check (E.positive (range u)) (S.jet_sqrt p (fst u), E.sqrt p (snd u)))
  | Exp a => on1 env a (fun u => Some (S.jet_exp p (fst u), E.exp p (snd u)))
  | Log a => on1 env a (fun u =>
      B.check (E.positive (range u)) (S.jet_ln p (fst u), E.ln p (snd u)))
  | Tanh a => on1 env a (fun u => Some (S.jet_tanh p (fst u), Fn.tanh p (snd u)))
  | Erf a => on1 env a (fun u =>
      Some (S.jet_error p (Fn.erf p (range u)) 2 (fst u), Fn.erf p (snd u)))
  | Erfc a => on1 env a (fun u =>
      Some (S.jet_error p (Fn.erfc p (range u)) (-2) (fst u), Fn.erfc p (snd u)))
  | Pow a k => on1 env a (fun u =>
      B.check (Z.leb 0 k || E.nonzero (range u)) (S.jet_power p k (fst u), E.pow p (snd u) k))
  | Add a b => on2 env a b (fun u v => Some (S.jet_add p (fst u) (fst v), E.add p (snd u) (snd v)))
  | Sub a b => on2 env a b (fun u v =>
      Some (S.jet_add p (fst u) (S.jet_neg (fst v)), E.sub p (snd u) (snd v)))
  | Mul a b => on2 env a b (fun u v => Some (S.jet_mul p (fst u) (fst v), E.mul p (snd u) (snd v)))
  | Div a b => on2 env a b (fun u v =>
      B.check (E.nonzero (range v)) (S.jet_div p (fst u) (fst v), E.div p (snd u) (snd v)))
  | Fmax a b => on2 env a b (fun u v =>
      Some (kink (B.decide_max p (range u) (range v)) B.open_max u v))
  | Fmin a b => on2 env a b (fun u v =>
      Some (kink (B.decide_min p (range u) (range v)) B.open_min u v))
  end.

(** Constants have slope 0. *)
Definition number (u : entry) : option I.type :=
  let slope := snd (fst u) in
  B.check (E.nonnegative slope && E.nonnegative (E.neg slope)) (range u).

Definition slope_step (whole centre : I.type) (nd : node) (env : list entry) : option entry :=
  match K.constant_step p number whole nd env with
  | Some i => Some (S.jet_constant p i, i)
  | None => steep_step whole centre nd env
  end.

(** ** The function behind an entry *)

Variables (lower upper m : R) (whole centre : I.type).
Let inside (x : R) : Prop := lower <= x <= upper.
Hypothesis whole_encloses : forall x, inside x -> E.encloses whole x.
Hypothesis centre_encloses : E.encloses centre m.
Hypothesis inside_m : inside m.

Definition follows (u : entry) (f : R -> R) : Prop :=
  S.secants lower upper (fst u) f /\ E.encloses (snd u) (f m).

Lemma range_encloses u f x : follows u f -> inside x -> E.encloses (range u) (f x).
Proof. intros [[V _] _]. apply V. Qed.

Lemma negated_follows u f : follows u f -> follows (negated u) (fun x => - f x).
Proof. intros [S C]. split; [now apply S.secants_neg|now apply E.neg_encloses]. Qed.

Lemma follows_ext u f g : (forall x, inside x -> f x = g x) -> follows u f -> follows u g.
Proof.
intros H [S C]. split; [now apply S.secants_ext with f|]. rewrite <- H by exact inside_m. exact C.
Qed.

Lemma kink_max_follows b u v f g : follows u f -> follows v g ->
  (forall x, inside x -> match b with
     First => Rmax (f x) (g x) = f x | Second => Rmax (f x) (g x) = g x | Open => True end) ->
  follows (kink b B.open_max u v) (fun x => Rmax (f x) (g x)).
Proof.
intros F G H. destruct b; simpl.
- split; [|apply B.open_max_encloses; [apply F|apply G]].
  apply S.secants_max; [apply F|apply G|].
  intros x Hx. apply B.open_max_encloses; eauto using range_encloses.
- apply follows_ext with f; [|exact F]. intros x Hx. symmetry. now apply H.
- apply follows_ext with g; [|exact G]. intros x Hx. symmetry. now apply H.
Qed.

Lemma kink_min_follows b u v f g : follows u f -> follows v g ->
  (forall x, inside x -> match b with
     First => Rmin (f x) (g x) = f x | Second => Rmin (f x) (g x) = g x | Open => True end) ->
  follows (kink b B.open_min u v) (fun x => Rmin (f x) (g x)).
Proof.
intros F G H. destruct b; simpl.
- split; [|apply B.open_min_encloses; [apply F|apply G]].
  apply S.secants_min; [apply F|apply G|].
  intros x Hx. apply B.open_min_encloses; eauto using range_encloses.
- apply follows_ext with f; [|exact F]. intros x Hx. symmetry. now apply H.
- apply follows_ext with g; [|exact G]. intros x Hx. symmetry. now apply H.
Qed.

(** ** One operation *)

Lemma on1_entry env fs a (f : entry -> option entry) e : Forall2 follows env fs ->
  on1 env a f = Some e -> exists u h, follows u h /\ f u = Some e /\
  forall x (g : R -> option R), on1 (at_point x fs) a g = g (h x).
Proof.
intros H. unfold on1. destruct (nth_error env a) as [u|] eqn:N; simpl; [|easy]. intros S.
destruct (Forall2_nth_error _ _ _ _ _ H N) as [h [M F]]. exists u, h. split; [exact F|].
split; [exact S|]. intros x g. unfold at_point.
now rewrite (map_nth_error (fun f : R -> R => f x) _ _ M).
Qed.

Lemma on2_entry env fs a b (f : entry -> entry -> option entry) e : Forall2 follows env fs ->
  on2 env a b f = Some e -> exists u v h k, follows u h /\ follows v k /\ f u v = Some e /\
  forall x (g : R -> R -> option R), on2 (at_point x fs) a b g = g (h x) (k x).
Proof.
intros H S. unfold on2 in S.
destruct (nth_error env a) as [u|] eqn:N; simpl in S; [|easy].
destruct (nth_error env b) as [v|] eqn:N'; simpl in S; [|easy].
destruct (Forall2_nth_error _ _ _ _ _ H N) as [h [M F]].
destruct (Forall2_nth_error _ _ _ _ _ H N') as [k [M' G]]. exists u, v, h, k.
split; [exact F|split; [exact G|split; [exact S|]]]. intros x g. unfold on2, at_point.
rewrite (map_nth_error (fun f : R -> R => f x) _ _ M). simpl.
now rewrite (map_nth_error (fun f : R -> R => f x) _ _ M').
Qed.

Lemma steep_step_sound nd env fs e : Forall2 follows env fs ->
  steep_step whole centre nd env = Some e -> exists f, follows e f /\
  forall x, inside x -> real_step x nd (at_point x fs) = Some (f x).
Proof.
intros H S. destruct nd as [q| | |a|a|a|a|a|a|a|a|a k|a b|a b|a b|a b|a b|a b]; simpl in S |- *.
4-12: destruct (on1_entry _ _ _ _ _ H S) as [u [f [F [S' V]]]]; clear S; rename S' into S.
13-18: destruct (on2_entry _ _ _ _ _ _ H S) as [u [v [f [g [F [G [S' V]]]]]]]; clear S; rename S' into S.
- injection S as <-. exists (fun _ => Q2R q). split; [|easy].
  split; [apply S.secants_constant|]; apply E.of_Q_encloses.
- injection S as <-. exists (fun _ => PI). split; [|easy].
  split; [apply S.secants_constant|]; apply E.pi_encloses.
- injection S as <-. exists (fun x => x). split; [|easy].
  split; [now apply S.secants_variable|exact centre_encloses].
- injection S as <-. exists (fun x => - f x). split; [now apply negated_follows|]. intros. now rewrite V.
- injection S as <-. exists (fun x => Rmax (f x) (- f x)). split.
  + apply kink_max_follows; [exact F|now apply negated_follows|]. intros x Hx.
    assert (K := B.decide_abs_correct _ _ (range_encloses _ _ x F Hx)).
    destruct (B.decide_abs (range u)); now rewrite <- ?B.Rabs_max.
  + intros x _. now rewrite V, B.Rabs_max.
- apply B.check_some in S. destruct S as [S <-]. exists (fun x => R_sqrt.sqrt (f x)).
  assert (K : forall x, inside x -> 0 < f x).
  { intros x Hx. exact (E.positive_correct _ _ S (range_encloses _ _ x F Hx)). }
  split; [split|].
  + apply S.secants_sqrt; [apply F|exact K].
  + apply E.sqrt_encloses; [apply F|]. left. now apply K.
  + intros x Hx. rewrite V. unfold sqrt_R.
    destruct (Rle_dec 0 (f x)) as [_|L]; [easy|]. elim L. left. now apply K.
- injection S as <-. exists (fun x => exp (f x)). split; [|intros; now rewrite V].
  split; [apply S.secants_exp, F|apply E.exp_encloses, F].
- apply B.check_some in S. destruct S as [S <-]. exists (fun x => ln (f x)).
  assert (K : forall x, inside x -> 0 < f x).
  { intros x Hx. exact (E.positive_correct _ _ S (range_encloses _ _ x F Hx)). }
  split; [split|].
  + apply S.secants_ln; [apply F|exact S].
  + apply E.ln_encloses; [apply F|now apply K].
  + intros x Hx. rewrite V. unfold log_R.
    destruct (Rlt_dec 0 (f x)) as [_|L]; [easy|]. elim L. now apply K.
- injection S as <-. exists (fun x => tanh (f x)). split; [|intros; now rewrite V].
  split; [apply S.secants_tanh, F|apply Fn.tanh_correct, F].
- injection S as <-. exists (fun x => erf (f x)). split; [|intros; now rewrite V].
  split; [|apply Fn.erf_correct, F].
  apply S.secants_error; [apply F|apply erf_derive|]. intros t Ht. now apply Fn.erf_correct.
- injection S as <-. exists (fun x => erfc (f x)). split; [|intros; now rewrite V].
  split; [|apply Fn.erfc_correct, F].
  apply S.secants_error; [apply F|apply erfc_derive|]. intros t Ht. now apply Fn.erfc_correct.
- apply B.check_some in S. destruct S as [S <-]. exists (fun x => powerRZ (f x) k).
  assert (K := fun x (Hx : inside x) => B.pow_defined _ k _ S (range_encloses _ _ x F Hx)).
  split; [split|].
  + apply S.secants_power; [apply F|]. intros L x Hx. now apply (K x Hx).
  + apply E.pow_encloses; [apply F|]. now apply K.
  + intros x Hx. rewrite V. now apply K.
- injection S as <-. exists (fun x => f x + g x). split; [|intros; now rewrite V].
  split; [apply S.secants_add|apply E.add_encloses]; (apply F || apply G).
- injection S as <-. exists (fun x => f x + - g x). split; [|intros; now rewrite V].
  split; [apply S.secants_add; [apply F|apply S.secants_neg, G]|].
  apply E.sub_encloses; [apply F|apply G].
- injection S as <-. exists (fun x => f x * g x). split; [|intros; now rewrite V].
  split; [apply S.secants_mul|apply E.mul_encloses]; (apply F || apply G).
- apply B.check_some in S. destruct S as [S <-]. exists (fun x => f x / g x).
  assert (K := fun x (Hx : inside x) => range_encloses _ _ x G Hx).
  split; [split|].
  + apply S.secants_div; [apply F|apply G|]. intros x Hx. exact (E.nonzero_correct _ _ S (K x Hx)).
  + apply E.div_encloses; [apply F|apply G].
  + intros x Hx. rewrite V. exact (B.div_defined _ _ _ S (K x Hx)).
- injection S as <-. exists (fun x => Rmax (f x) (g x)). split; [|intros; now rewrite V].
  apply kink_max_follows; [exact F|exact G|]. intros x Hx.
  apply B.decide_max_correct; eauto using range_encloses.
- injection S as <-. exists (fun x => Rmin (f x) (g x)). split; [|intros; now rewrite V].
  apply kink_min_follows; [exact F|exact G|]. intros x Hx.
  apply B.decide_min_correct; eauto using range_encloses.
Qed.

Lemma number_correct u f i : follows u f -> number u = Some i ->
  exists c, E.encloses i c /\ forall x, inside x -> f x = c.
Proof.
intros F H. apply B.check_some in H. destruct H as [H <-]. apply andb_prop in H. destruct H as [L U].
exists (f m). split; [exact (range_encloses _ _ _ F inside_m)|].
intros x Hx. destruct F as [[_ S] _]. destruct (S x m Hx inside_m) as [s [Hs D]].
assert (P := E.nonnegative_correct _ _ L Hs).
assert (P' := E.nonnegative_correct _ _ U (E.neg_encloses _ _ Hs)).
replace s with 0 in D by lra. lra.
Qed.

Theorem slope_step_sound nd env fs e : Forall2 follows env fs ->
  slope_step whole centre nd env = Some e -> exists f, follows e f /\
  forall x, inside x -> real_step x nd (at_point x fs) = Some (f x).
Proof.
intros H S. unfold slope_step in S.
destruct (K.constant_step p number whole nd env) as [i|] eqn:C;
  [|exact (steep_step_sound _ _ _ _ H S)].
injection S as <-.
destruct (K.constant_step_sound p number (fun (f : R -> R) x => f x) follows inside
  number_correct whole m nd env fs i inside_m (whole_encloses m inside_m) H C) as [v [Hv V]].
exists (fun _ => v). split; [|exact V]. split; [now apply S.secants_constant|exact Hv].
Qed.

Theorem slopes_sound f es : run (slope_step whole centre) f [] = Some es ->
  exists fs, Forall2 follows es fs /\ forall x, inside x -> values f x = Some (at_point x fs).
Proof.
unfold values. assert (K : forall env fs, Forall2 follows env fs ->
  run (slope_step whole centre) f env = Some es -> exists gs, Forall2 follows es gs /\
  forall x, inside x -> run (real_step x) f (at_point x fs) = Some (at_point x gs)).
{ induction f as [|nd f IH]; intros env fs H; simpl.
  - intros S. injection S as <-. exists fs. now split.
  - destruct (slope_step whole centre nd env) as [e|] eqn:S; [|easy].
    destruct (slope_step_sound _ _ _ _ H S) as [g [F V]]. intros S'.
    destruct (IH _ (g :: fs) (Forall2_cons _ _ F H) S') as [gs [F' V']].
    exists gs. split; [exact F'|]. intros x Hx. rewrite V by exact Hx. now apply V'. }
intros S. exact (K [] [] (Forall2_nil _) S).
Qed.

End Slopes.
End Slopes.
