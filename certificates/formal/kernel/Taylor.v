(** Taylor expansion of a program: coefficients of orders 0..n over a piece, and of orders 0..n-1 at
    its centre, in one run. On the piece every operation is certainly defined and smooth, and fabs,
    fmax and fmin equal one operand; then there is one Taylor sequence behind both. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
From Attncert.kernel Require Import Term Enclosure Special_sig Branches Constants Sequences
  Elementary_sequences Lagrange Series Series_sound Series_functions.
Import ListNotations.
Open Scope R_scope.

Module Taylor (I : IntervalOps) (Fn : Special I).
Module K := Constants I Fn.
Module B := K.B.
Module Y := SeriesFunctions I Fn.
Module T := Y.T.
Module E := Y.E.
Import Y.C.

Section Expansion.
Variable p : I.F.precision.
Variable n : nat.

(** The series over the piece, and the one at the centre. *)
Definition entry : Type := (T.series * T.series)%type.

Definition each (f : nat -> T.series -> T.series) (u : entry) : entry :=
  (f (S n) (fst u), f n (snd u)).
Definition each2 (f : nat -> T.series -> T.series -> T.series) (u v : entry) : entry :=
  (f (S n) (fst u) (fst v), f n (snd u) (snd v)).

(** The values over the piece. *)
Definition range (u : entry) : I.type := T.head (fst u).

Definition same (i : I.type) : entry := ([i], [i]).

Definition smooth_step (whole centre : I.type) (nd : node) (env : list entry) : option entry :=
  match nd with
  | Const q => Some (same (E.of_Q p q))
  | Pi => Some (same (E.pi p))
  | Var => let one := E.of_Z p 1 in Some ([whole; one], [centre; one])
  | Neg a => on1 env a (fun u => Some (each (fun _ => T.negate) u))
  | Fabs a => on1 env a (fun u => match B.decide_abs (range u) with
      | First => Some u
      | Second => Some (each (fun _ => T.negate) u)
      | Open => None
      end)
  | Sqrt a => on1 env a (fun u => B.check (E.positive (range u)) (each (T.square_root p) u))
  | Exp a => on1 env a (fun u => Some (each (T.exponential p) u))
  | Log a => on1 env a (fun u => B.check (E.positive (range u)) (each (T.logarithm p) u))
  | Tanh a => on1 env a (fun u => Some (each (T.hyperbolic_tangent p) u))
  | Erf a => on1 env a (fun u => Some (each (T.error_function p) u))
  | Erfc a => on1 env a (fun u => Some (each (T.complementary_error_function p) u))
  | Pow a k => on1 env a (fun u =>
      B.check (Z.leb 0 k || E.nonzero (range u)) (each (fun n xs => T.power p n xs k) u))
  | Add a b => on2 env a b (fun u v => Some (each2 (fun _ => T.add p) u v))
  | Sub a b => on2 env a b (fun u v => Some (each2 (fun _ => T.sub p) u v))
  | Mul a b => on2 env a b (fun u v => Some (each2 (T.multiply p) u v))
  | Div a b => on2 env a b (fun u v => B.check (E.nonzero (range v)) (each2 (T.divide p) u v))
  | Fmax a b => on2 env a b (fun u v => match B.decide_max p (range u) (range v) with
      | First => Some u
      | Second => Some v
      | Open => None
      end)
  | Fmin a b => on2 env a b (fun u v => match B.decide_min p (range u) (range v) with
      | First => Some u
      | Second => Some v
      | Open => None
      end)
  end.

(** Constants have one coefficient. *)
Definition number (u : entry) : option I.type := match fst u with [i] => Some i | _ => None end.

Definition expansion_step (whole centre : I.type) (nd : node) (env : list entry) : option entry :=
  match K.constant_step p number whole nd env with
  | Some i => Some (same i)
  | None => smooth_step whole centre nd env
  end.

(** ** The sequence behind an entry *)

Variables (lower upper m : R) (whole centre : I.type).
Let inside (x : R) : Prop := lower <= x <= upper.
Hypothesis whole_encloses : forall x, inside x -> E.encloses whole x.
Hypothesis centre_encloses : E.encloses centre m.
Hypothesis inside_m : inside m.
Hypothesis some_slope : (1 <= n)%nat.

Definition represents (u : entry) (F : sequence) : Prop :=
  (forall x, inside x -> covers (S n) (fst u) (slice F x) /\ taylor F x) /\
  covers n (snd u) (slice F m).

Lemma range_encloses u F x : represents u F -> inside x -> E.encloses (range u) (F O x).
Proof. intros [R _] Hx. destruct (R x Hx) as [C _]. exact (covers_head _ _ _ C). Qed.

Lemma each_represents f u F G : represents u F ->
  (forall x N xs, inside x -> covers N xs (slice F x) -> covers N (f N xs) (slice G x)) ->
  (forall x, inside x -> taylor F x -> taylor G x) -> represents (each f u) G.
Proof.
intros [R R'] C D. split; [|now apply C].
intros x Hx. destruct (R x Hx) as [K K']. split; [now apply C|now apply D].
Qed.

Lemma each2_represents f u v F F' G : represents u F -> represents v F' ->
  (forall x N xs ys, inside x -> covers N xs (slice F x) -> covers N ys (slice F' x) ->
     covers N (f N xs ys) (slice G x)) ->
  (forall x, inside x -> taylor F x -> taylor F' x -> taylor G x) -> represents (each2 f u v) G.
Proof.
intros [R R'] [Q Q'] C D. split; [|now apply C].
intros x Hx. destruct (R x Hx) as [K K'], (Q x Hx) as [L L']. split; [now apply C|now apply D].
Qed.

Lemma same_represents i c : E.encloses i c -> represents (same i) (constant c).
Proof.
intros H. split; [intros x _; split|]; try (now apply constant_covers). apply constant_taylor.
Qed.

Lemma variable_represents :
  represents ([whole; E.of_Z p 1], [centre; E.of_Z p 1]) identity.
Proof.
split; [intros x Hx; split|].
- apply identity_covers, whole_encloses, Hx.
- apply identity_taylor.
- apply identity_covers, centre_encloses.
Qed.

Lemma negate_represents u F : represents u F ->
  represents (each (fun _ => T.negate) u) (opp_seq F).
Proof.
intros R. apply (each_represents _ _ _ _ R).
- intros x N xs _. apply negate_covers.
- intros x _ TF k. now apply opp_taylor.
Qed.

(** ** One operation *)

Lemma on1_entry env Fs a (f : entry -> option entry) e : Forall2 represents env Fs ->
  on1 env a f = Some e -> exists u F, represents u F /\ f u = Some e /\
  forall x (g : R -> option R), on1 (at_point x Fs) a g = g (F O x).
Proof.
intros H. unfold on1. destruct (nth_error env a) as [u|] eqn:N; simpl; [|easy]. intros S.
destruct (Forall2_nth_error _ _ _ _ _ H N) as [F [M R]]. exists u, F. split; [exact R|].
split; [exact S|]. intros x g. unfold at_point.
now rewrite (map_nth_error (fun F : sequence => F O x) _ _ M).
Qed.

Lemma on2_entry env Fs a b (f : entry -> entry -> option entry) e : Forall2 represents env Fs ->
  on2 env a b f = Some e -> exists u v F G, represents u F /\ represents v G /\ f u v = Some e /\
  forall x (g : R -> R -> option R), on2 (at_point x Fs) a b g = g (F O x) (G O x).
Proof.
intros H S. unfold on2 in S.
destruct (nth_error env a) as [u|] eqn:N; simpl in S; [|easy].
destruct (nth_error env b) as [v|] eqn:N'; simpl in S; [|easy].
destruct (Forall2_nth_error _ _ _ _ _ H N) as [F [M R]].
destruct (Forall2_nth_error _ _ _ _ _ H N') as [G [M' R']]. exists u, v, F, G.
split; [exact R|split; [exact R'|split; [exact S|]]]. intros x g. unfold on2, at_point.
rewrite (map_nth_error (fun F : sequence => F O x) _ _ M). simpl.
now rewrite (map_nth_error (fun F : sequence => F O x) _ _ M').
Qed.

Lemma quotient_0 F G x : quotient F G O x = F O x / G O x.
Proof. rewrite quotient_eq. unfold quotient_step, slice. simpl. now rewrite Rminus_0_r. Qed.

Lemma smooth_step_sound nd env Fs e : Forall2 represents env Fs ->
  smooth_step whole centre nd env = Some e -> exists F, represents e F /\
  forall x, inside x -> real_step x nd (at_point x Fs) = Some (F O x).
Proof.
intros H S. destruct nd as [q| | |a|a|a|a|a|a|a|a|a k|a b|a b|a b|a b|a b|a b]; simpl in S |- *.
4-12: destruct (on1_entry _ _ _ _ _ H S) as [u [F [R [S' V]]]]; clear S; rename S' into S.
13-18: destruct (on2_entry _ _ _ _ _ _ H S) as [u [v [F [G [R [R' [S' V]]]]]]]; clear S; rename S' into S.
- injection S as <-. exists (constant (Q2R q)). split; [|easy]. apply same_represents, E.of_Q_encloses.
- injection S as <-. exists (constant PI). split; [|easy]. apply same_represents, E.pi_encloses.
- injection S as <-. exists identity. split; [|easy]. apply variable_represents.
- injection S as <-. exists (opp_seq F). split; [now apply negate_represents|].
  intros x _. now rewrite V.
- destruct (B.decide_abs (range u)) eqn:D; [easy| |]; injection S as <-.
  + exists F. split; [exact R|]. intros x Hx. rewrite V. f_equal.
    assert (K := B.decide_abs_correct _ _ (range_encloses _ _ x R Hx)). now rewrite D in K.
  + exists (opp_seq F). split; [now apply negate_represents|]. intros x Hx. rewrite V. f_equal.
    assert (K := B.decide_abs_correct _ _ (range_encloses _ _ x R Hx)). now rewrite D in K.
- apply B.check_some in S. destruct S as [S <-]. exists (sqrt_seq F).
  assert (K : forall x, inside x -> 0 < F O x).
  { intros x Hx. exact (E.positive_correct _ _ S (range_encloses _ _ x R Hx)). }
  split.
  + apply (each_represents _ _ _ _ R).
    * intros x N xs Hx C. apply Y.square_root_covers; [exact C|]. left. now apply K.
    * intros x Hx TF. apply sqrt_taylor; auto.
  + intros x Hx. rewrite V, sqrt_eq. simpl. unfold sqrt_R, slice.
    destruct (Rle_dec 0 (F O x)) as [_|L]; [easy|]. elim L. left. now apply K.
- injection S as <-. exists (exp_seq F). split.
  + apply (each_represents _ _ _ _ R); intros; [now apply Y.exponential_covers|now apply exp_taylor].
  + intros x _. now rewrite V, exp_eq.
- apply B.check_some in S. destruct S as [S <-]. exists (ln_seq F).
  assert (K : forall x, inside x -> 0 < F O x).
  { intros x Hx. exact (E.positive_correct _ _ S (range_encloses _ _ x R Hx)). }
  split.
  + apply (each_represents _ _ _ _ R).
    * intros x N xs Hx C. apply Y.logarithm_covers; auto.
    * intros x Hx TF. apply ln_taylor; auto.
  + intros x Hx. rewrite V. unfold log_R.
    destruct (Rlt_dec 0 (F O x)) as [_|L]; [easy|]. elim L. now apply K.
- injection S as <-. exists (tanh_seq F). split.
  + apply (each_represents _ _ _ _ R); intros; [now apply Y.hyperbolic_tangent_covers|now apply tanh_taylor].
  + intros x _. now rewrite V, tanh_eq.
- injection S as <-. exists (erf_seq F). split; [|intros x _; now rewrite V].
  apply (each_represents _ _ _ _ R); intros; [now apply Y.error_function_covers|now apply erf_taylor].
- injection S as <-. exists (erfc_seq F). split; [|intros x _; now rewrite V].
  apply (each_represents _ _ _ _ R); intros;
    [now apply Y.complementary_error_function_covers|now apply erfc_taylor].
- apply B.check_some in S. destruct S as [S <-]. exists (power_seq F k).
  assert (K := fun x (Hx : inside x) => B.pow_defined _ k _ S (range_encloses _ _ x R Hx)).
  split.
  + apply (each_represents _ _ _ _ R); intros; [apply power_covers|apply power_taylor]; auto;
      now apply K.
  + intros x Hx. rewrite V, power_value. now apply K.
- injection S as <-. exists (plus_seq F G). split; [|intros x _; now rewrite V].
  apply (each2_represents _ _ _ _ _ _ R R').
  + intros x N xs ys _. apply add_covers.
  + intros x _ TF TG k. now apply plus_taylor.
- injection S as <-. exists (plus_seq F (opp_seq G)). split; [|intros x _; now rewrite V].
  apply (each2_represents _ _ _ _ _ _ R R').
  + intros x N xs ys _. apply sub_covers.
  + intros x _ TF TG k. apply plus_taylor; [apply TF|]. now apply opp_taylor.
- injection S as <-. exists (product F G). split.
  + apply (each2_represents _ _ _ _ _ _ R R').
    * intros x N xs ys _. apply multiply_covers.
    * intros x _ TF TG k. now apply product_taylor.
  + intros x _. rewrite V. unfold product. now rewrite conv_0.
- apply B.check_some in S. destruct S as [S <-]. exists (quotient F G).
  assert (K := fun x (Hx : inside x) => range_encloses _ _ x R' Hx).
  split.
  + apply (each2_represents _ _ _ _ _ _ R R').
    * intros x N xs ys _. apply divide_covers.
    * intros x Hx TF TG. apply quotient_taylor; auto. exact (E.nonzero_correct _ _ S (K x Hx)).
  + intros x Hx. rewrite V, quotient_0. exact (B.div_defined _ _ _ S (K x Hx)).
- destruct (B.decide_max p (range u) (range v)) eqn:D; [easy| |]; injection S as <-;
    [exists F|exists G]; (split; [assumption|]); intros x Hx; rewrite V; f_equal;
    assert (K := B.decide_max_correct p _ _ _ _ (range_encloses _ _ x R Hx) (range_encloses _ _ x R' Hx));
    now rewrite D in K.
- destruct (B.decide_min p (range u) (range v)) eqn:D; [easy| |]; injection S as <-;
    [exists F|exists G]; (split; [assumption|]); intros x Hx; rewrite V; f_equal;
    assert (K := B.decide_min_correct p _ _ _ _ (range_encloses _ _ x R Hx) (range_encloses _ _ x R' Hx));
    now rewrite D in K.
Qed.

(** With one coefficient, the slope is 0 on all of the piece. *)
Lemma number_correct u F i : represents u F -> number u = Some i ->
  exists c, E.encloses i c /\ forall x, inside x -> F O x = c.
Proof.
unfold number. destruct u as [xs cs]. intros [R _]. simpl in *.
destruct xs as [|j [|k xs]]; try easy. intros S. injection S as ->.
exists (F O m). split; [exact (covers_head _ _ _ (proj1 (R m inside_m)))|].
intros x Hx. destruct (lagrange F lower upper m x 0 (fun y Hy => proj2 (R y Hy)) inside_m Hx)
  as [xi [Hxi D]].
assert (Z : F 1%nat xi = 0).
{ apply (covers_nil (S n) [i] (slice F xi) 1 (proj1 (R xi Hxi))). simpl. lia. }
rewrite D, Z. unfold slice. simpl. ring.
Qed.

Theorem expansion_step_sound nd env Fs e : Forall2 represents env Fs ->
  expansion_step whole centre nd env = Some e -> exists F, represents e F /\
  forall x, inside x -> real_step x nd (at_point x Fs) = Some (F O x).
Proof.
intros H S. unfold expansion_step in S.
destruct (K.constant_step p number whole nd env) as [i|] eqn:C;
  [|exact (smooth_step_sound _ _ _ _ H S)].
injection S as <-.
destruct (K.constant_step_sound p number (fun (F : sequence) x => F O x) represents inside
  number_correct whole m nd env Fs i inside_m (whole_encloses m inside_m) H C) as [v [Hv V]].
exists (constant v). split; [now apply same_represents|exact V].
Qed.

Theorem expansion_sound f es : run (expansion_step whole centre) f [] = Some es ->
  exists Fs, Forall2 represents es Fs /\
  forall x, inside x -> values f x = Some (at_point x Fs).
Proof.
unfold values. assert (K : forall env Fs, Forall2 represents env Fs ->
  run (expansion_step whole centre) f env = Some es -> exists Gs, Forall2 represents es Gs /\
  forall x, inside x -> run (real_step x) f (at_point x Fs) = Some (at_point x Gs)).
{ induction f as [|nd f IH]; intros env Fs H; simpl.
  - intros S. injection S as <-. exists Fs. now split.
  - destruct (expansion_step whole centre nd env) as [e|] eqn:S; [|easy].
    destruct (expansion_step_sound _ _ _ _ H S) as [F [R V]]. intros S'.
    destruct (IH _ (F :: Fs) (Forall2_cons _ _ R H) S') as [Gs [R' V']].
    exists Gs. split; [exact R'|]. intros x Hx. rewrite V by exact Hx. now apply V'. }
intros S. exact (K [] [] (Forall2_nil _) S).
Qed.

End Expansion.
End Taylor.
