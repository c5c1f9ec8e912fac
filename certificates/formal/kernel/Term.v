(** Real-valued terms in one variable, as straight-line programs, and what they mean.

    A program is a list of operations; an operation names its operands by how many operations stand
    between, so that programs can be concatenated. The list of values is built in front: the value
    of the last operation is its head. A term is defined at x where no divisor is 0, no square root
    has a negative argument, and no logarithm one that is not positive (docs/formulas.md#zoo). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Coquelicot Require Import Coquelicot.
Import ListNotations.
Open Scope R_scope.

(** ** The error function *)

Definition gaussian (t : R) : R := exp (- (t * t)).
Definition erf (x : R) : R := 2 / sqrt PI * RInt gaussian 0 x.
Definition erfc (x : R) : R := 1 - erf x.

(** ** Programs *)

(** Operands are offsets: 0 is the operation just before. *)
Inductive node : Type :=
| Const (q : Q)
| Pi
| Var
| Neg (a : nat) | Fabs (a : nat) | Sqrt (a : nat) | Exp (a : nat) | Log (a : nat)
| Tanh (a : nat) | Erf (a : nat) | Erfc (a : nat)
| Pow (a : nat) (n : Z)
| Add (a b : nat) | Sub (a b : nat) | Mul (a b : nat) | Div (a b : nat)
| Fmax (a b : nat) | Fmin (a b : nat).

Definition program : Type := list node.

(** ** Running a program: over the reals, over enclosures, over series, over tail forms *)

Section Run.
Context {A : Type} (step : node -> list A -> option A).

Fixpoint run (p : program) (env : list A) : option (list A) :=
  match p with
  | [] => Some env
  | n :: rest => match step n env with
                 | Some v => run rest (v :: env)
                 | None => None
                 end
  end.
End Run.

Definition bind {A B : Type} (x : option A) (f : A -> option B) : option B :=
  match x with Some a => f a | None => None end.

Definition on1 {A B : Type} (env : list A) (a : nat) (f : A -> option B) : option B :=
  bind (nth_error env a) f.

Definition on2 {A B : Type} (env : list A) (a b : nat) (f : A -> A -> option B) : option B :=
  bind (nth_error env a) (fun u => bind (nth_error env b) (f u)).

(** ** Meaning *)

Definition div_R (u v : R) : option R := if Req_EM_T v 0 then None else Some (u / v).
Definition sqrt_R (u : R) : option R := if Rle_dec 0 u then Some (sqrt u) else None.
Definition log_R (u : R) : option R := if Rlt_dec 0 u then Some (ln u) else None.
Definition pow_R (n : Z) (u : R) : option R :=
  if Z_lt_dec n 0 then (if Req_EM_T u 0 then None else Some (powerRZ u n))
  else Some (powerRZ u n).

Definition real_step (x : R) (n : node) (env : list R) : option R :=
  match n with
  | Const q => Some (Q2R q)
  | Pi => Some PI
  | Var => Some x
  | Neg a => on1 env a (fun u => Some (- u))
  | Fabs a => on1 env a (fun u => Some (Rabs u))
  | Sqrt a => on1 env a sqrt_R
  | Exp a => on1 env a (fun u => Some (exp u))
  | Log a => on1 env a log_R
  | Tanh a => on1 env a (fun u => Some (tanh u))
  | Erf a => on1 env a (fun u => Some (erf u))
  | Erfc a => on1 env a (fun u => Some (erfc u))
  | Pow a n => on1 env a (pow_R n)
  | Add a b => on2 env a b (fun u v => Some (u + v))
  | Sub a b => on2 env a b (fun u v => Some (u - v))
  | Mul a b => on2 env a b (fun u v => Some (u * v))
  | Div a b => on2 env a b div_R
  | Fmax a b => on2 env a b (fun u v => Some (Rmax u v))
  | Fmin a b => on2 env a b (fun u v => Some (Rmin u v))
  end.

(** The values of all operations at x, the last one first; None where something is undefined. *)
Definition values (p : program) (x : R) : option (list R) := run (real_step x) p [].

Definition value (p : program) (x : R) : option R := bind (values p x) (@hd_error R).

(** ** Relations between runs *)

(** If a relation holds between two lists of values and is kept by every step that succeeds on the
    left, then it holds at the end, and the right run succeeds too. *)
Lemma run_related {A B : Type} (rel : A -> B -> Prop) stepA stepB :
  (forall n ea eb a, Forall2 rel ea eb -> stepA n ea = Some a ->
     exists b, stepB n eb = Some b /\ rel a b) ->
  forall p ea eb ra, Forall2 rel ea eb -> run stepA p ea = Some ra ->
  exists rb, run stepB p eb = Some rb /\ Forall2 rel ra rb.
Proof.
intros keep p; induction p as [|n p IH]; simpl; intros ea eb ra E H.
- injection H as <-. now exists eb.
- destruct (stepA n ea) as [a|] eqn:S; [|easy].
  destruct (keep _ _ _ _ E S) as [b [-> R]].
  apply (IH _ _ _ (Forall2_cons _ _ R E) H).
Qed.

Lemma Forall2_nth_error {A B : Type} (rel : A -> B -> Prop) la lb i a :
  Forall2 rel la lb -> nth_error la i = Some a -> exists b, nth_error lb i = Some b /\ rel a b.
Proof.
intros F; revert i; induction F as [|u v la lb R F IH]; intros [|i]; simpl; try easy.
- intros E; injection E as <-. now exists v.
- apply IH.
Qed.

(** ** Differences *)

(** f, then g, then f - g. *)
Definition difference (f g : program) : program := f ++ g ++ [Sub (length g) 0].

(** Every operand stands in the program itself. *)
Definition operands (n : node) : list nat :=
  match n with
  | Const _ | Pi | Var => []
  | Neg a | Fabs a | Sqrt a | Exp a | Log a | Tanh a | Erf a | Erfc a | Pow a _ => [a]
  | Add a b | Sub a b | Mul a b | Div a b | Fmax a b | Fmin a b => [a; b]
  end.

Fixpoint closed_after (k : nat) (p : program) : bool :=
  match p with
  | [] => true
  | n :: rest => forallb (fun a => Nat.ltb a k) (operands n) && closed_after (S k) rest
  end.

Definition closed (p : program) : bool := negb (Nat.eqb (length p) 0) && closed_after 0 p.

Lemma run_app {A : Type} (step : node -> list A -> option A) p q env :
  run step (p ++ q) env = bind (run step p env) (run step q).
Proof.
revert env; induction p as [|n p IH]; intros env; simpl; [easy|].
now destruct (step n env).
Qed.

Lemma run_length {A : Type} (step : node -> list A -> option A) p env r :
  run step p env = Some r -> length r = (length p + length env)%nat.
Proof.
revert env r; induction p as [|n p IH]; simpl; intros env r H.
- now injection H as <-.
- destruct (step n env) as [v|]; [|easy]. rewrite (IH _ _ H). simpl. lia.
Qed.

Lemma nth_error_before {A : Type} (e rest : list A) a :
  (a < length e)%nat -> nth_error (e ++ rest) a = nth_error e a.
Proof. intros H. now apply nth_error_app1. Qed.

(** A closed program does the same whatever stands before it. *)
Lemma real_step_local x n e rest :
  forallb (fun a => Nat.ltb a (length e)) (operands n) = true ->
  real_step x n (e ++ rest) = real_step x n e.
Proof.
intros H.
assert (K : forall a, In a (operands n) -> nth_error (e ++ rest) a = nth_error e a).
{ intros a Ha. apply nth_error_before. rewrite forallb_forall in H.
  apply Nat.ltb_lt, H, Ha. }
destruct n; simpl in *; unfold on1, on2; try reflexivity;
  rewrite ?K by auto; reflexivity.
Qed.

Lemma run_local x p e rest :
  closed_after (length e) p = true ->
  run (real_step x) p (e ++ rest) = bind (run (real_step x) p e) (fun r => Some (r ++ rest)).
Proof.
revert e; induction p as [|n p IH]; intros e H; simpl in *; [easy|].
apply andb_prop in H. destruct H as [H1 H2].
rewrite (real_step_local x n e rest H1).
destruct (real_step x n e) as [v|]; [|easy].
exact (IH (v :: e) H2).
Qed.

Lemma run_difference x f g r : closed f = true -> closed g = true ->
  run (real_step x) (difference f g) [] = Some r ->
  exists a b, value f x = Some a /\ value g x = Some b /\ hd_error r = Some (a - b).
Proof.
unfold closed. intros Cf Cg. apply andb_prop in Cf, Cg. destruct Cf as [Lf Cf], Cg as [Lg Cg].
unfold difference. rewrite !run_app.
destruct (run (real_step x) f []) as [rf|] eqn:Ef; simpl; [|easy].
rewrite run_app. change rf with ([] ++ rf). rewrite run_local by exact Cg.
destruct (run (real_step x) g []) as [rg|] eqn:Eg; simpl; [|easy].
assert (Kf := run_length _ _ _ _ Ef). assert (Kg := run_length _ _ _ _ Eg). simpl in *.
rewrite Nat.add_0_r in *.
destruct rf as [|a rf]; [now destruct f|]. destruct rg as [|b rg]; [now destruct g|].
unfold on2. rewrite <- Kg, nth_error_app2, Nat.sub_diag by auto. simpl.
intros E. injection E as <-.
exists a, b. unfold value, values. rewrite Ef, Eg. auto.
Qed.

Lemma run_difference_defined x f g a b : closed f = true -> closed g = true ->
  value f x = Some a -> value g x = Some b ->
  exists r, run (real_step x) (difference f g) [] = Some r /\ hd_error r = Some (a - b).
Proof.
unfold closed. intros Cf Cg. apply andb_prop in Cf, Cg. destruct Cf as [Lf Cf], Cg as [Lg Cg].
unfold value, values, difference. rewrite run_app.
destruct (run (real_step x) f []) as [rf|] eqn:Ef; simpl; [|easy].
destruct (run (real_step x) g []) as [rg|] eqn:Eg; simpl; [|easy].
intros Ha Hb. rewrite run_app. change rf with ([] ++ rf). rewrite run_local by exact Cg.
rewrite Eg. simpl.
assert (Kg := run_length _ _ _ _ Eg). simpl in *. rewrite Nat.add_0_r in Kg.
destruct rf as [|u rf]; [easy|]. destruct rg as [|v rg]; [easy|].
injection Ha as ->. injection Hb as ->.
unfold on2. rewrite <- Kg, nth_error_app2, Nat.sub_diag by auto. simpl. eauto.
Qed.
