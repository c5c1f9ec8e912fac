(** Operations whose operands are all constant on the piece: constants again, found by their values
    alone. So the square root of a constant 0 does no harm, although sqrt has no slope at 0. *)
From Coq Require Import ZArith QArith Qreals Reals List Lra.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
From Attncert.kernel Require Import Term Enclosure Special_sig Branches.
Import ListNotations.
Open Scope R_scope.

(** The same operation on a list of its operands only. *)
Definition on_operands (nd : node) : node :=
  match nd with
  | Const _ | Pi | Var => nd
  | Neg _ => Neg 0 | Fabs _ => Fabs 0 | Sqrt _ => Sqrt 0 | Exp _ => Exp 0 | Log _ => Log 0
  | Tanh _ => Tanh 0 | Erf _ => Erf 0 | Erfc _ => Erfc 0
  | Pow _ k => Pow 0 k
  | Add _ _ => Add 0 1 | Sub _ _ => Sub 0 1 | Mul _ _ => Mul 0 1 | Div _ _ => Div 0 1
  | Fmax _ _ => Fmax 0 1 | Fmin _ _ => Fmin 0 1
  end.

Definition is_variable (nd : node) : bool := match nd with Var => true | _ => false end.

Fixpoint gather {A B : Type} (f : A -> option B) (l : list A) : option (list B) :=
  match l with
  | [] => Some []
  | a :: l => bind (f a) (fun b => bind (gather f l) (fun r => Some (b :: r)))
  end.

Lemma real_step_operands x nd env vs : gather (nth_error env) (operands nd) = Some vs ->
  real_step x nd env = real_step x (on_operands nd) vs.
Proof.
destruct nd as [q| | |a|a|a|a|a|a|a|a|a k|a b|a b|a b|a b|a b|a b]; simpl; try easy;
  unfold on1, on2; destruct (nth_error env a); simpl; try easy;
  try (intros E; injection E as <-; easy).
all: destruct (nth_error env b); simpl; try easy; intros E; injection E as <-; easy.
Qed.

Lemma real_step_constant x y nd vs : is_variable nd = false ->
  real_step x (on_operands nd) vs = real_step y (on_operands nd) vs.
Proof. destruct nd; easy. Qed.

Module Constants (I : IntervalOps) (Fn : Special I).
Module B := Branches I Fn.
Module E := B.E.

Section Entries.
Variable p : I.F.precision.
(** What is known of an operand; [number] gives its enclosure if it is constant. *)
Context {entry : Type} (number : entry -> option I.type).

Definition constant_step (whole : I.type) (nd : node) (env : list entry) : option I.type :=
  if is_variable nd then None else
  bind (gather (fun a => bind (nth_error env a) number) (operands nd))
    (B.value_step p whole (on_operands nd)).

(** [function] stands for the function on the piece that belongs to an entry. *)
Context {meaning : Type} (function : meaning -> R -> R) (rel : entry -> meaning -> Prop).
Variable inside : R -> Prop.
Hypothesis number_correct : forall u F i, rel u F -> number u = Some i ->
  exists c, E.encloses i c /\ forall x, inside x -> function F x = c.

Lemma gather_numbers env Fs l is : Forall2 rel env Fs ->
  gather (fun a => bind (nth_error env a) number) l = Some is ->
  exists cs, Forall2 E.encloses is cs /\ forall x, inside x ->
    gather (nth_error (map (fun F => function F x) Fs)) l = Some cs.
Proof.
intros H. revert is. induction l as [|a l IH]; simpl; intros is G.
- injection G as <-. exists []. split; [constructor|easy].
- destruct (nth_error env a) as [u|] eqn:N; simpl in G; [|easy].
  destruct (number u) as [i|] eqn:M; simpl in G; [|easy].
  destruct (gather _ l) as [js|] eqn:K; simpl in G; [|easy]. injection G as <-.
  destruct (IH js eq_refl) as [cs [Hc V]].
  destruct (Forall2_nth_error _ _ _ _ _ H N) as [F [N' Q]].
  destruct (number_correct _ _ _ Q M) as [c [Hi C]].
  exists (c :: cs). split; [now constructor|]. intros x Hx.
  rewrite (map_nth_error (fun F => function F x) _ _ N'). simpl.
  now rewrite V, C by exact Hx.
Qed.

Lemma constant_step_sound whole m nd env Fs i : inside m -> E.encloses whole m ->
  Forall2 rel env Fs -> constant_step whole nd env = Some i ->
  exists v, E.encloses i v /\ forall x, inside x ->
    real_step x nd (map (fun F => function F x) Fs) = Some v.
Proof.
intros Hm Hw H S. unfold constant_step in S. destruct (is_variable nd) eqn:V; [easy|].
destruct (gather _ _) as [is|] eqn:G; simpl in S; [|easy].
destruct (gather_numbers _ _ _ _ H G) as [cs [Hc K]].
destruct (B.value_step_sound p whole m _ _ _ _ Hw Hc S) as [v [D Hv]].
exists v. split; [exact Hv|]. intros x Hx.
rewrite (real_step_operands x nd _ cs (K x Hx)). rewrite <- D. now apply real_step_constant.
Qed.
End Entries.
End Constants.
