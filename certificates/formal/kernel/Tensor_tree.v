(** Terms as trees: what a program computes, however it shares its subterms. A network file gives
    gates as numbers and a certificate gives their function as a term; trees tell that the term is
    the gates'. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra.
Require Import Attncert.kernel.Term Attncert.kernel.Structure.
Import ListNotations.
Open Scope R_scope.

(** Nodes carry operands 0 and 1, the subtrees. *)
Inductive tree : Type :=
| Leaf (n : node)
| Unary (n : node) (a : tree)
| Binary (n : node) (a b : tree).

Fixpoint tree_value (x : R) (t : tree) : option R :=
  match t with
  | Leaf n => real_step x n []
  | Unary n a => bind (tree_value x a) (fun u => real_step x n [u])
  | Binary n a b =>
      bind (tree_value x a) (fun u => bind (tree_value x b) (fun v => real_step x n [u; v]))
  end.

Definition on_subtrees (n : node) : node :=
  match n with
  | Const q => Const q | Pi => Pi | Var => Var
  | Neg _ => Neg 0 | Fabs _ => Fabs 0 | Sqrt _ => Sqrt 0 | Exp _ => Exp 0 | Log _ => Log 0
  | Tanh _ => Tanh 0 | Erf _ => Erf 0 | Erfc _ => Erfc 0 | Pow _ n => Pow 0 n
  | Add _ _ => Add 0 1 | Sub _ _ => Sub 0 1 | Mul _ _ => Mul 0 1 | Div _ _ => Div 0 1
  | Fmax _ _ => Fmax 0 1 | Fmin _ _ => Fmin 0 1
  end.

Definition tree_step (n : node) (env : list tree) : option tree :=
  match operands n with
  | [a] => on1 env a (fun s => Some (Unary (on_subtrees n) s))
  | [a; b] => on2 env a b (fun s t => Some (Binary (on_subtrees n) s t))
  | _ => Some (Leaf n)
  end.

Definition tree_of (p : program) : option tree := bind (run tree_step p []) (@hd_error tree).

Lemma tree_step_value x n ea eb a :
  Forall2 (fun v t => tree_value x t = Some v) ea eb -> real_step x n ea = Some a ->
  exists t, tree_step n eb = Some t /\ tree_value x t = Some a.
Proof.
intros F H. unfold tree_step.
assert (U : forall i, operands n = [i] ->
  real_step x n ea = on1 ea i (fun u => real_step x (on_subtrees n) [u]))
  by (intros i; destruct n; simpl; try easy; intros E; injection E as ->;
      unfold on1; now destruct (nth_error ea i)).
assert (B : forall i j, operands n = [i; j] ->
  real_step x n ea = on2 ea i j (fun u v => real_step x (on_subtrees n) [u; v]))
  by (intros i j; destruct n; simpl; try easy; intros E; injection E as -> ->;
      unfold on2; destruct (nth_error ea i); simpl; try easy; now destruct (nth_error ea j)).
destruct (operands n) as [|i [|j [|k l]]] eqn:E; [| | |now destruct n].
- exists (Leaf n). split; [reflexivity|]. simpl. rewrite <- H. now destruct n.
- rewrite (U i eq_refl) in H. unfold on1 in *.
  destruct (nth_error ea i) as [u|] eqn:Eu; [|easy].
  destruct (Forall2_nth_error _ _ _ _ _ F Eu) as [t [-> Ht]]. simpl.
  eexists. split; [reflexivity|]. simpl. now rewrite Ht.
- rewrite (B i j eq_refl) in H. unfold on2 in *.
  destruct (nth_error ea i) as [u|] eqn:Eu; [|easy].
  destruct (nth_error ea j) as [v|] eqn:Ev; [|easy].
  destruct (Forall2_nth_error _ _ _ _ _ F Eu) as [s [-> Hs]].
  destruct (Forall2_nth_error _ _ _ _ _ F Ev) as [t [-> Ht]]. simpl.
  eexists. split; [reflexivity|]. simpl. rewrite Hs. simpl. now rewrite Ht.
Qed.

(** A program that has a value has a tree, of the same value. *)
Theorem tree_of_value p x v : value p x = Some v ->
  exists t, tree_of p = Some t /\ tree_value x t = Some v.
Proof.
unfold value, values, tree_of. destruct (run (real_step x) p []) as [r|] eqn:E; [|easy].
destruct (run_related _ _ tree_step (fun n ea eb a => tree_step_value x n ea eb a) p [] [] r
            (Forall2_nil _) E) as [ts [-> F]].
destruct F as [|a t r ts H F]; simpl; [easy|]. intros K. injection K as <-. eauto.
Qed.

(** ** Equality, constants by value *)

Definition same_label (m n : node) : bool :=
  match m, n with Const q, Const r => Qeq_bool q r | _, _ => same_node m n end.

Fixpoint same_tree (s t : tree) : bool :=
  match s, t with
  | Leaf m, Leaf n => same_label m n
  | Unary m a, Unary n b => same_label m n && same_tree a b
  | Binary m a b, Binary n c d => same_label m n && same_tree a c && same_tree b d
  | _, _ => false
  end.

Lemma same_label_sound x m n env : same_label m n = true -> real_step x m env = real_step x n env.
Proof.
intros H. destruct m as [q| | | | | | | | | | | | | | | | | ];
  try (now rewrite (same_node_sound _ _ H)).
destruct n as [r| | | | | | | | | | | | | | | | | ]; simpl in H; try easy.
simpl. f_equal. now apply Qeq_eqR, Qeq_bool_iff.
Qed.

Theorem same_tree_sound x s t : same_tree s t = true -> tree_value x s = tree_value x t.
Proof.
revert t; induction s as [m|m a IH|m a IHa b IHb]; intros [n|n c|n c d]; simpl; try easy.
- apply same_label_sound.
- intros H. apply andb_prop in H. destruct H as [H K]. rewrite (IH _ K).
  destruct (tree_value x c); simpl; [|easy]. now apply same_label_sound.
- intros H. apply andb_prop in H. destruct H as [H L]. apply andb_prop in H. destruct H as [H K].
  rewrite (IHa _ K), (IHb _ L). destruct (tree_value x c); simpl; [|easy].
  destruct (tree_value x d); simpl; [|easy]. now apply same_label_sound.
Qed.

(** ** Constants *)

Fixpoint without_variable (t : tree) : bool :=
  match t with
  | Leaf Var => false
  | Leaf _ => true
  | Unary n a => negb (same_node n Var) && without_variable a
  | Binary n a b => negb (same_node n Var) && without_variable a && without_variable b
  end.

Lemma real_step_constant x y n env : negb (same_node n Var) = true ->
  real_step x n env = real_step y n env.
Proof. now destruct n. Qed.

Lemma without_variable_sound x y t : without_variable t = true -> tree_value x t = tree_value y t.
Proof.
induction t as [n|n a IH|n a IHa b IHb]; simpl.
- now destruct n.
- intros H. apply andb_prop in H. destruct H as [H K]. rewrite (IH K).
  destruct (tree_value y a); simpl; [|easy]. now apply real_step_constant.
- intros H. apply andb_prop in H. destruct H as [H L]. apply andb_prop in H. destruct H as [H K].
  rewrite (IHa K), (IHb L). destruct (tree_value y a); simpl; [|easy].
  destruct (tree_value y b); simpl; [|easy]. now apply real_step_constant.
Qed.

(** The number that a term without variable stands for. *)
Definition constant (p : program) : option R := bind (tree_of p) (tree_value 0).

Definition constant_tree (p : program) : option tree :=
  match tree_of p with
  | Some t => if without_variable t then Some t else None
  | None => None
  end.

Lemma constant_tree_value p t x : constant_tree p = Some t -> tree_value x t = constant p.
Proof.
unfold constant_tree, constant. destruct (tree_of p) as [s|]; [|easy].
destruct (without_variable s) eqn:W; [|easy]. intros E. injection E as ->.
simpl. now apply without_variable_sound.
Qed.

(** A number as such. *)
Definition is_number (q : Q) (p : program) : bool :=
  match p with [Const r] => Qeq_bool r q | _ => false end.

Lemma is_number_constant q p : is_number q p = true -> constant p = Some (Q2R q).
Proof.
destruct p as [|[r| | | | | | | | | | | | | | | | | ] [|n p]]; simpl; try easy.
intros H. unfold constant, tree_of. simpl. f_equal. now apply Qeq_eqR, Qeq_bool_iff.
Qed.
