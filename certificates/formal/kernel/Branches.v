(** Values of a program over an interval: where every operation is certainly defined, and which
    operand fabs, fmax and fmin equal on all of it, where the enclosures decide that. Nothing is
    clipped to a domain of definition. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
From Attncert.kernel Require Import Term Enclosure Special_sig.
Import ListNotations.
Open Scope R_scope.

(** The operand that fmax or fmin equals on the whole piece; for fabs u, fmax u (-u). *)
Inductive branch : Type := Open | First | Second.

Module Branches (I : IntervalOps) (Fn : Special I).
Module E := Enclosures I.

Section Precision.
Variable p : I.F.precision.

(** ** Branches *)

Definition decide_max (a b : I.type) : branch :=
  if E.at_most p b a then First else if E.at_most p a b then Second else Open.
Definition decide_min (a b : I.type) : branch :=
  if E.at_most p a b then First else if E.at_most p b a then Second else Open.
Definition decide_abs (a : I.type) : branch :=
  if E.nonnegative a then First else if E.nonnegative (E.neg a) then Second else Open.

Lemma decide_max_correct a b x y : E.encloses a x -> E.encloses b y ->
  match decide_max a b with First => Rmax x y = x | Second => Rmax x y = y | Open => True end.
Proof.
intros Hx Hy. unfold decide_max.
destruct (E.at_most p b a) eqn:L; [apply Rmax_left; exact (E.at_most_correct p _ _ _ _ L Hy Hx)|].
destruct (E.at_most p a b) eqn:L'; [|easy].
apply Rmax_right. exact (E.at_most_correct p _ _ _ _ L' Hx Hy).
Qed.

Lemma decide_min_correct a b x y : E.encloses a x -> E.encloses b y ->
  match decide_min a b with First => Rmin x y = x | Second => Rmin x y = y | Open => True end.
Proof.
intros Hx Hy. unfold decide_min.
destruct (E.at_most p a b) eqn:L; [apply Rmin_left; exact (E.at_most_correct p _ _ _ _ L Hx Hy)|].
destruct (E.at_most p b a) eqn:L'; [|easy].
apply Rmin_right. exact (E.at_most_correct p _ _ _ _ L' Hy Hx).
Qed.

Lemma Rabs_max x : Rabs x = Rmax x (- x).
Proof. unfold Rabs, Rmax. destruct (Rcase_abs x), (Rle_dec x (- x)); lra. Qed.

Lemma decide_abs_correct a x : E.encloses a x ->
  match decide_abs a with First => Rabs x = x | Second => Rabs x = - x | Open => True end.
Proof.
intros Hx. unfold decide_abs.
destruct (E.nonnegative a) eqn:L; [apply Rabs_pos_eq; exact (E.nonnegative_correct _ _ L Hx)|].
destruct (E.nonnegative (E.neg a)) eqn:L'; [|easy].
assert (K := E.nonnegative_correct _ _ L' (E.neg_encloses _ _ Hx)). apply Rabs_left1. lra.
Qed.

(** Where neither operand wins: the hull, cut below by both operands (above, for fmin). *)
Definition open_max (a b : I.type) : I.type :=
  I.meet (I.meet (E.hull a b) (I.upper_extent a)) (I.upper_extent b).
Definition open_min (a b : I.type) : I.type :=
  I.meet (I.meet (E.hull a b) (I.lower_extent a)) (I.lower_extent b).

Lemma open_max_encloses a b x y : E.encloses a x -> E.encloses b y ->
  E.encloses (open_max a b) (Rmax x y).
Proof.
intros Hx Hy. apply I.meet_correct; [apply I.meet_correct|].
- unfold Rmax. destruct (Rle_dec x y); [now apply E.hull_right|now apply E.hull_left].
- apply I.upper_extent_correct with x; [exact Hx|apply Rmax_l].
- apply I.upper_extent_correct with y; [exact Hy|apply Rmax_r].
Qed.

Lemma open_min_encloses a b x y : E.encloses a x -> E.encloses b y ->
  E.encloses (open_min a b) (Rmin x y).
Proof.
intros Hx Hy. apply I.meet_correct; [apply I.meet_correct|].
- unfold Rmin. destruct (Rle_dec x y); [now apply E.hull_left|now apply E.hull_right].
- apply I.lower_extent_correct with x; [exact Hx|apply Rmin_l].
- apply I.lower_extent_correct with y; [exact Hy|apply Rmin_r].
Qed.

Definition choose {A : Type} (b : branch) (first second open : A) : A :=
  match b with First => first | Second => second | Open => open end.

(** ** Values over an interval *)

Definition check {A : Type} (b : bool) (a : A) : option A := if b then Some a else None.

Definition value_step (whole : I.type) (n : node) (env : list I.type) : option I.type :=
  match n with
  | Const q => Some (E.of_Q p q)
  | Pi => Some (E.pi p)
  | Var => Some whole
  | Neg a => on1 env a (fun u => Some (E.neg u))
  | Fabs a => on1 env a (fun u => let v := E.neg u in Some (choose (decide_abs u) u v (open_max u v)))
  | Sqrt a => on1 env a (fun u => check (E.nonnegative u) (E.sqrt p u))
  | Exp a => on1 env a (fun u => Some (E.exp p u))
  | Log a => on1 env a (fun u => check (E.positive u) (E.ln p u))
  | Tanh a => on1 env a (fun u => Some (Fn.tanh p u))
  | Erf a => on1 env a (fun u => Some (Fn.erf p u))
  | Erfc a => on1 env a (fun u => Some (Fn.erfc p u))
  | Pow a k => on1 env a (fun u => check (Z.leb 0 k || E.nonzero u) (E.pow p u k))
  | Add a b => on2 env a b (fun u v => Some (E.add p u v))
  | Sub a b => on2 env a b (fun u v => Some (E.sub p u v))
  | Mul a b => on2 env a b (fun u v => Some (E.mul p u v))
  | Div a b => on2 env a b (fun u v => check (E.nonzero v) (E.div p u v))
  | Fmax a b => on2 env a b (fun u v => Some (choose (decide_max u v) u v (open_max u v)))
  | Fmin a b => on2 env a b (fun u v => Some (choose (decide_min u v) u v (open_min u v)))
  end.

Lemma on1_related {A B C D : Type} (rel : A -> B -> Prop) (rel' : C -> D -> Prop) ea eb a
  (f : A -> option C) (g : B -> option D) c :
  (forall u x, rel u x -> f u = Some c -> exists d, g x = Some d /\ rel' c d) ->
  Forall2 rel ea eb -> on1 ea a f = Some c -> exists d, on1 eb a g = Some d /\ rel' c d.
Proof.
unfold on1. intros H F. destruct (nth_error ea a) as [u|] eqn:N; simpl; [|easy].
destruct (Forall2_nth_error _ _ _ _ _ F N) as [x [-> R]]. now apply H.
Qed.

Lemma on2_related {A B C D : Type} (rel : A -> B -> Prop) (rel' : C -> D -> Prop) ea eb a b
  (f : A -> A -> option C) (g : B -> B -> option D) c :
  (forall u v x y, rel u x -> rel v y -> f u v = Some c -> exists d, g x y = Some d /\ rel' c d) ->
  Forall2 rel ea eb -> on2 ea a b f = Some c -> exists d, on2 eb a b g = Some d /\ rel' c d.
Proof.
unfold on2. intros H F. destruct (nth_error ea a) as [u|] eqn:N; simpl; [|easy].
destruct (nth_error ea b) as [v|] eqn:M; simpl; [|easy].
destruct (Forall2_nth_error _ _ _ _ _ F N) as [x [-> R]].
destruct (Forall2_nth_error _ _ _ _ _ F M) as [y [-> R']]. now apply H.
Qed.

(** Definedness, from what was checked over the interval. *)
Lemma div_defined v x y : E.nonzero v = true -> E.encloses v y -> div_R x y = Some (x / y).
Proof.
intros N Hy. unfold div_R. destruct (Req_EM_T y 0) as [Z|_]; [|easy].
now elim (E.nonzero_correct _ _ N Hy).
Qed.

Lemma sqrt_defined u x : E.nonnegative u = true -> E.encloses u x ->
  0 <= x /\ sqrt_R x = Some (R_sqrt.sqrt x).
Proof.
intros N Hx. assert (K := E.nonnegative_correct _ _ N Hx). unfold sqrt_R.
now destruct (Rle_dec 0 x).
Qed.

Lemma log_defined u x : E.positive u = true -> E.encloses u x ->
  0 < x /\ log_R x = Some (Rpower.ln x).
Proof.
intros N Hx. assert (K := E.positive_correct _ _ N Hx). unfold log_R. now destruct (Rlt_dec 0 x).
Qed.

Lemma pow_defined u k x : Z.leb 0 k || E.nonzero u = true -> E.encloses u x ->
  ((k < 0)%Z -> x <> 0) /\ pow_R k x = Some (powerRZ x k).
Proof.
intros N Hx. assert (K : (k < 0)%Z -> x <> 0).
{ intros L. apply orb_prop in N. destruct N as [N|N]; [|exact (E.nonzero_correct _ _ N Hx)].
  apply Z.leb_le in N. now elim (Zlt_not_le _ _ L). }
split; [exact K|]. unfold pow_R. destruct (Z_lt_dec k 0) as [L|_]; [|easy].
destruct (Req_EM_T x 0) as [Z|_]; [now elim (K L)|easy].
Qed.

Lemma check_some {A : Type} b (a c : A) : check b a = Some c -> b = true /\ a = c.
Proof. destruct b; [|easy]. intros H. now injection H. Qed.

Theorem value_step_sound whole x n env values i : E.encloses whole x ->
  Forall2 E.encloses env values -> value_step whole n env = Some i ->
  exists v, real_step x n values = Some v /\ E.encloses i v.
Proof.
intros Hx F S. destruct n as [q| | |a|a|a|a|a|a|a|a|a k|a b|a b|a b|a b|a b|a b]; simpl in S |- *.
1-3: injection S as <-; eexists; split; [reflexivity|].
4-12: revert F S; apply (on1_related E.encloses E.encloses); intros u y Hu S.
13-18: revert F S; apply (on2_related E.encloses E.encloses); intros u v y z Hu Hv S.
all: try (injection S as <-; eexists; split; [reflexivity|]).
- apply E.of_Q_encloses.
- apply E.pi_encloses.
- exact Hx.
- now apply E.neg_encloses.
- assert (D := decide_abs_correct u y Hu). destruct (decide_abs u); simpl; rewrite ?D; auto.
  + rewrite Rabs_max. apply open_max_encloses; auto. now apply E.neg_encloses.
  + now apply E.neg_encloses.
- apply check_some in S. destruct S as [S <-]. destruct (sqrt_defined _ _ S Hu) as [P ->].
  eexists. split; [reflexivity|]. now apply E.sqrt_encloses.
- now apply E.exp_encloses.
- apply check_some in S. destruct S as [S <-]. destruct (log_defined _ _ S Hu) as [P ->].
  eexists. split; [reflexivity|]. now apply E.ln_encloses.
- now apply Fn.tanh_correct.
- now apply Fn.erf_correct.
- now apply Fn.erfc_correct.
- apply check_some in S. destruct S as [S <-]. destruct (pow_defined _ _ _ S Hu) as [P ->].
  eexists. split; [reflexivity|]. now apply E.pow_encloses.
- now apply E.add_encloses.
- now apply E.sub_encloses.
- now apply E.mul_encloses.
- apply check_some in S. destruct S as [S <-]. rewrite (div_defined v) by assumption.
  eexists. split; [reflexivity|]. now apply E.div_encloses.
- assert (D := decide_max_correct u v y z Hu Hv). destruct (decide_max u v); simpl; rewrite ?D; auto.
  now apply open_max_encloses.
- assert (D := decide_min_correct u v y z Hu Hv). destruct (decide_min u v); simpl; rewrite ?D; auto.
  now apply open_min_encloses.
Qed.

(** The values of all operations, the last one first. *)
Definition enclosures (whole : I.type) (f : program) : option (list I.type) :=
  run (value_step whole) f [].

Theorem enclosures_sound whole f is x : E.encloses whole x -> enclosures whole f = Some is ->
  exists vs, values f x = Some vs /\ Forall2 E.encloses is vs.
Proof.
intros Hx. apply (run_related E.encloses); [|constructor].
intros n env vs i F S. exact (value_step_sound whole x n env vs i Hx F S).
Qed.

End Precision.
End Branches.
