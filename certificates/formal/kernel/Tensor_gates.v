(** What the heads of a neuron compute together, x S(x) or
    S(x) = sum_i c_i / (1 + sum_k e^-(b_ik x + beta_ik)), and the term that stands for it in
    certificates (docs/formulas.md#gates). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor_tree Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads.
Import ListNotations.
Open Scope R_scope.

Definition against_bias (scores : list (R * R)) (x : R) : R :=
  total (map (fun s => exp (- (fst s * x + snd s))) scores).

Definition gate_value (g : real_gate) (x : R) : R := fst g / (1 + against_bias (snd g) x).

Definition gate_sum (gs : list real_gate) (x : R) : R := total (map (fun g => gate_value g x) gs).

(** Of z itself, or with a GLU neuron of the gate. *)
Definition gates_function (is_gated : bool) (gs : list real_gate) (x : R) : R :=
  if is_gated then gate_sum gs x else x * gate_sum gs x.

(** ** The canonical term *)

Definition variable : tree := Leaf Var.
Definition number (q : Q) : tree := Leaf (Const q).
Definition plus_tree (a b : tree) : tree := Binary (Term.Add 0 1) a b.
Definition exp_minus (a : tree) : tree := Unary (Exp 0) (Unary (Neg 0) a).

Definition slope_tree (b : program) : option tree :=
  if is_number 0 b then Some (number 0)
  else if is_number 1 b then Some variable
  else bind (constant_tree b) (fun t => Some (Binary (Mul 0 1) t variable)).

Definition score_tree (s : program * program) : option tree :=
  let (b, beta) := s in
  if is_number 0 beta then slope_tree b
  else bind (constant_tree beta) (fun t =>
    if is_number 0 b then Some t else bind (slope_tree b) (fun l => Some (plus_tree l t))).

Fixpoint denominator_tree (sum : tree) (scores : list (program * program)) : option tree :=
  match scores with
  | [] => Some sum
  | s :: rest => bind (score_tree s) (fun a => denominator_tree (plus_tree sum (exp_minus a)) rest)
  end.

Definition gate_tree (g : neuron_gate) : option tree :=
  bind (constant_tree (coefficient g)) (fun c =>
  bind (denominator_tree (number 1) (bias_scores g)) (fun d => Some (Binary (Div 0 1) c d))).

Fixpoint sum_tree (sum : tree) (gs : list neuron_gate) : option tree :=
  match gs with
  | [] => Some sum
  | g :: rest => bind (gate_tree g) (fun t => sum_tree (plus_tree sum t) rest)
  end.

Definition gates_tree (gs : list neuron_gate) : option tree :=
  match gs with [] => None | g :: rest => bind (gate_tree g) (fun t => sum_tree t rest) end.

(** One gate with coefficient 1 and one unshifted score: x / (1 + e^-bx). *)
Definition silu_slope (gs : list neuron_gate) : option program :=
  match gs with
  | [NeuronGate c [(b, beta)]] =>
      match b with
      | [Const _] =>
          if is_number 1 c && is_number 0 beta && negb (is_number 0 b) then Some b else None
      | _ => None
      end
  | _ => None
  end.

Definition function_tree (is_gated : bool) (gs : list neuron_gate) : option tree :=
  if is_gated then gates_tree gs
  else match silu_slope gs with
       | Some b => bind (slope_tree b) (fun l =>
                     Some (Binary (Div 0 1) variable (plus_tree (number 1) (exp_minus l))))
       | None => bind (gates_tree gs) (fun t => Some (Binary (Mul 0 1) variable t))
       end.

Definition computes_gates (p : program) (is_gated : bool) (gs : list neuron_gate) : bool :=
  match tree_of p, function_tree is_gated gs with
  | Some s, Some t => same_tree s t
  | _, _ => false
  end.

(** ** The term's value *)

Lemma binary_value x n a b v : tree_value x (Binary n a b) = Some v ->
  exists s t, tree_value x a = Some s /\ tree_value x b = Some t /\ real_step x n [s; t] = Some v.
Proof. simpl. destruct (tree_value x a), (tree_value x b); simpl; try easy. eauto. Qed.

Lemma plus_value x a b v : tree_value x (plus_tree a b) = Some v ->
  exists s t, tree_value x a = Some s /\ tree_value x b = Some t /\ v = s + t.
Proof.
intros H. apply binary_value in H. destruct H as [s [t [Hs [Ht H]]]]. simpl in H.
injection H as <-. eauto.
Qed.

Lemma exp_minus_value x a v : tree_value x (exp_minus a) = Some v ->
  exists s, tree_value x a = Some s /\ v = exp (- s).
Proof. simpl. destruct (tree_value x a); simpl; [|easy]. intros H. injection H as <-. eauto. Qed.

Lemma quotient_value x a b v : tree_value x (Binary (Div 0 1) a b) = Some v ->
  exists s t, tree_value x a = Some s /\ tree_value x b = Some t /\ v = s / t.
Proof.
intros H. apply binary_value in H. destruct H as [s [t [Hs [Ht H]]]].
exists s, t. split; [exact Hs|split; [exact Ht|]]. unfold real_step, on2 in H. simpl in H.
unfold div_R in H. destruct (Req_EM_T t 0); [easy|]. now injection H as <-.
Qed.

Lemma is_number_0 p : is_number 0 p = true -> constant p = Some 0.
Proof. intros H. rewrite (is_number_constant _ _ H). f_equal. unfold Q2R. simpl. field. Qed.
Lemma is_number_1 p : is_number 1 p = true -> constant p = Some 1.
Proof. intros H. rewrite (is_number_constant _ _ H). f_equal. unfold Q2R. simpl. field. Qed.
Lemma number_0 x : tree_value x (number 0) = Some 0.
Proof. simpl. f_equal. unfold Q2R. simpl. field. Qed.
Lemma number_1 x : tree_value x (number 1) = Some 1.
Proof. simpl. f_equal. unfold Q2R. simpl. field. Qed.

Lemma slope_value x b t v : slope_tree b = Some t -> tree_value x t = Some v ->
  exists slope, constant b = Some slope /\ v = slope * x.
Proof.
unfold slope_tree. destruct (is_number 0 b) eqn:Z.
{ intros E. injection E as <-. rewrite number_0. intros E. injection E as <-.
  exists 0. split; [now apply is_number_0|ring]. }
destruct (is_number 1 b) eqn:O.
{ intros E. injection E as <-. intros E. injection E as <-.
  exists 1. split; [now apply is_number_1|ring]. }
destruct (constant_tree b) as [s|] eqn:C; [|easy]. simpl. intros E. injection E as <-. intros E.
apply binary_value in E. destruct E as [u [w [Hu [Hw E]]]].
rewrite (constant_tree_value _ _ x C) in Hu. injection Hw as <-. injection E as <-. eauto.
Qed.

Lemma score_value x s t v : score_tree s = Some t -> tree_value x t = Some v ->
  exists n, score_numbers s = Some n /\ v = fst n * x + snd n.
Proof.
destruct s as [b beta]. unfold score_tree, score_numbers. simpl fst. simpl snd.
destruct (is_number 0 beta) eqn:Z.
{ intros T V. destruct (slope_value _ _ _ _ T V) as [slope [-> ->]]. rewrite (is_number_0 _ Z).
  exists (slope, 0). split; [reflexivity|]. simpl. ring. }
destruct (constant_tree beta) as [u|] eqn:C; [|easy]. simpl.
destruct (is_number 0 b) eqn:B.
{ intros E. injection E as <-. intros V. rewrite (constant_tree_value _ _ x C) in V.
  rewrite V, (is_number_0 _ B). exists (0, v). split; [reflexivity|]. simpl. ring. }
destruct (slope_tree b) as [l|] eqn:S; [|easy]. simpl. intros E. injection E as <-. intros V.
apply plus_value in V. destruct V as [c [w [Hc [Hw ->]]]].
destruct (slope_value _ _ _ _ S Hc) as [slope [-> ->]].
rewrite (constant_tree_value _ _ x C) in Hw. rewrite Hw. exists (slope, w). auto.
Qed.

Lemma denominator_value x scores sum t v :
  denominator_tree sum scores = Some t -> tree_value x t = Some v ->
  exists s ns, tree_value x sum = Some s /\ map_option score_numbers scores = Some ns /\
               v = s + against_bias ns x.
Proof.
revert sum; induction scores as [|a rest IH]; simpl; intros sum T V.
{ injection T as <-. exists v, []. split; [exact V|split; [reflexivity|]]. unfold against_bias.
  simpl. ring. }
destruct (score_tree a) as [u|] eqn:S; [|easy]. simpl in T.
destruct (IH _ T V) as [s [ns [Hs [Hns ->]]]].
apply plus_value in Hs. destruct Hs as [s0 [e [Hs0 [He ->]]]].
apply exp_minus_value in He. destruct He as [w [Hw ->]].
destruct (score_value _ _ _ _ S Hw) as [n [Hn ->]].
exists s0, (n :: ns). rewrite Hn, Hns. split; [exact Hs0|split; [reflexivity|]].
unfold against_bias. simpl. ring.
Qed.

Lemma gate_tree_value x g t v : gate_tree g = Some t -> tree_value x t = Some v ->
  exists n, gate_numbers g = Some n /\ v = gate_value n x.
Proof.
unfold gate_tree, gate_numbers. destruct (constant_tree (coefficient g)) as [c|] eqn:C; [|easy].
simpl.
destruct (denominator_tree (number 1) (bias_scores g)) as [d|] eqn:D; [|easy]. simpl.
intros E. injection E as <-. intros V. apply quotient_value in V.
destruct V as [s [t [Hs [Ht ->]]]]. rewrite (constant_tree_value _ _ x C) in Hs. rewrite Hs.
destruct (denominator_value _ _ _ _ _ D Ht) as [u [ns [Hu [-> ->]]]].
rewrite number_1 in Hu. injection Hu as <-. exists (s, ns). split; reflexivity.
Qed.

Lemma sum_value x gs sum t v : sum_tree sum gs = Some t -> tree_value x t = Some v ->
  exists s ns, tree_value x sum = Some s /\ gates_numbers gs = Some ns /\ v = s + gate_sum ns x.
Proof.
unfold gates_numbers.
revert sum; induction gs as [|g rest IH]; simpl; intros sum T V.
{ injection T as <-. exists v, []. split; [exact V|split; [reflexivity|]]. unfold gate_sum. simpl.
  ring. }
destruct (gate_tree g) as [u|] eqn:G; [|easy]. simpl in T.
destruct (IH _ T V) as [s [ns [Hs [Hns ->]]]].
apply plus_value in Hs. destruct Hs as [s0 [w [Hs0 [Hw ->]]]].
destruct (gate_tree_value _ _ _ _ G Hw) as [n [Hn ->]].
exists s0, (n :: ns). rewrite Hn, Hns. split; [exact Hs0|split; [reflexivity|]].
unfold gate_sum. simpl. ring.
Qed.

Lemma gates_tree_value x gs t v : gates_tree gs = Some t -> tree_value x t = Some v ->
  exists ns, gates_numbers gs = Some ns /\ v = gate_sum ns x.
Proof.
unfold gates_tree, gates_numbers. destruct gs as [|g rest]; [easy|].
destruct (gate_tree g) as [u|] eqn:G; [|easy]. simpl. intros T V.
destruct (sum_value _ _ _ _ _ T V) as [s [ns [Hs [Hns ->]]]].
destruct (gate_tree_value _ _ _ _ G Hs) as [n [-> ->]].
unfold gates_numbers in Hns. rewrite Hns. exists (n :: ns). split; reflexivity.
Qed.

Lemma silu_slope_sound gs b : silu_slope gs = Some b ->
  exists slope, constant b = Some slope /\ gates_numbers gs = Some [(1, [(slope, 0)])].
Proof.
destruct gs as [|[c [|[b' beta] [|s scores]]] [|g gs]]; simpl; try easy.
destruct b' as [|[q| | | | | | | | | | | | | | | | | ] [|m p]]; try easy.
destruct (is_number 1 c) eqn:C; [|easy]. destruct (is_number 0 beta) eqn:Z; [|easy]. simpl.
destruct (negb (Qeq_bool q 0)); [|easy]. intros E. injection E as <-.
exists (Q2R q). split; [reflexivity|]. unfold gates_numbers, gate_numbers, score_numbers. simpl.
rewrite (is_number_1 _ C), (is_number_0 _ Z). reflexivity.
Qed.

Theorem computes_gates_sound p is_gated gs x v :
  computes_gates p is_gated gs = true -> value p x = Some v ->
  exists ns, gates_numbers gs = Some ns /\ v = gates_function is_gated ns x.
Proof.
unfold computes_gates. intros C V. destruct (tree_of_value p x v V) as [s [E S]]. rewrite E in C.
destruct (function_tree is_gated gs) as [t|] eqn:F; [|easy].
rewrite (same_tree_sound x _ _ C) in S. unfold function_tree in F. destruct is_gated.
- exact (gates_tree_value _ _ _ _ F S).
- destruct (silu_slope gs) as [b|] eqn:B.
  + destruct (silu_slope_sound _ _ B) as [slope [Hb N]]. exists [(1, [(slope, 0)])].
    split; [exact N|].
    destruct (slope_tree b) as [l|] eqn:L; [|easy]. injection F as <-.
    apply quotient_value in S. destruct S as [u [w [Hu [Hw ->]]]]. injection Hu as <-.
    apply plus_value in Hw. destruct Hw as [o [e [Ho [He ->]]]]. rewrite number_1 in Ho.
    injection Ho as <-. apply exp_minus_value in He. destruct He as [y [Hy ->]].
    destruct (slope_value _ _ _ _ L Hy) as [slope' [Hb' ->]]. rewrite Hb in Hb'.
    injection Hb' as <-.
    unfold gates_function, gate_sum, gate_value, against_bias. simpl. unfold Rdiv.
    rewrite !Rplus_0_r. ring.
  + destruct (gates_tree gs) as [u|] eqn:G; [|easy]. injection F as <-.
    apply binary_value in S. destruct S as [y [w [Hy [Hw S]]]]. injection Hy as <-.
    injection S as <-. destruct (gates_tree_value _ _ _ _ G Hw) as [ns [N ->]].
    exists ns. split; [exact N|reflexivity].
Qed.
