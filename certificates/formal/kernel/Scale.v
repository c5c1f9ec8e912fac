(** Rule scale: one bound on SiLU against ReLU serves every scale k > 0.

    With d_k(x) = SiLU(kx)/k - max(0,x): d_k(x) = (j/k) d_j(k x/j), for all j, k > 0. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Structure.
Import ListNotations.
Open Scope R_scope.

(** ** The functions, by the shape of their programs *)

(** max(0, x) *)
Definition relu : program := [Const (0 # 1); Var; Fmax 1 0].

(** x / (1 + e^-(k x)), operations in depth-first order *)
Definition silu_scaled (k : Q) : program :=
  [Var; Const (1 # 1); Const k; Mul 0 2; Neg 0; Exp 0; Add 4 0; Div 6 0].

(** x / (1 + e^-x) *)
Definition silu : program := [Var; Const (1 # 1); Neg 1; Exp 0; Add 2 0; Div 4 0].

Lemma relu_value x : value relu x = Some (Rmax 0 x).
Proof.
unfold value, values, relu. simpl. do 2 f_equal. unfold Q2R. simpl. lra.
Qed.

Definition silu_R (k x : R) : R := x / (1 + exp (- (k * x))).

Lemma denominator_pos k x : 0 < 1 + exp (- (k * x)).
Proof. generalize (exp_pos (- (k * x))). lra. Qed.

Lemma Q2R_one : Q2R (1 # 1) = 1.
Proof. unfold Q2R. simpl. lra. Qed.

Lemma div_R_neq_0 u v : v <> 0 -> div_R u v = Some (u / v).
Proof. intros N. unfold div_R. now destruct (Req_EM_T v 0). Qed.

Lemma silu_scaled_value k x : value (silu_scaled k) x = Some (silu_R (Q2R k) x).
Proof.
unfold value, values, silu_scaled. cbn -[div_R]. rewrite Q2R_one.
rewrite div_R_neq_0; [easy|]. generalize (denominator_pos (Q2R k) x). lra.
Qed.

Lemma silu_value x : value silu x = Some (silu_R 1 x).
Proof.
unfold value, values, silu, silu_R. cbn -[div_R]. rewrite Q2R_one, Rmult_1_l.
rewrite div_R_neq_0; [easy|]. generalize (denominator_pos 1 x). rewrite Rmult_1_l. lra.
Qed.

(** The scale k > 0 of a program of SiLU. *)
Definition silu_scale (p : program) : option Q :=
  if same_program p silu then Some (1 # 1) else
  match p with
  | [_; _; Const k; _; _; _; _; _] =>
      if same_program p (silu_scaled k) && Z.ltb 0 (Qnum k) then Some k else None
  | _ => None
  end.

Lemma positive_Q k : Z.ltb 0 (Qnum k) = true -> 0 < Q2R k.
Proof.
intros H. apply Z.ltb_lt in H. rewrite <- (Rmult_0_l (/ IZR (Zpos (Qden k)))). unfold Q2R.
apply Rmult_lt_compat_r; [|now apply IZR_lt]. apply Rinv_0_lt_compat. now apply IZR_lt.
Qed.

Lemma silu_scale_sound p k : silu_scale p = Some k ->
  0 < Q2R k /\ forall x, value p x = Some (silu_R (Q2R k) x).
Proof.
unfold silu_scale. destruct (same_program p silu) eqn:E.
- intros H. injection H as <-. rewrite Q2R_one. split; [lra|].
  rewrite (same_program_sound _ _ E). exact silu_value.
- repeat (match goal with
  | |- match ?l with _ => _ end = _ -> _ => is_var l; destruct l as [|? ?]; try easy
  | |- match ?n with Const _ => _ | _ => _ end = _ -> _ => is_var n; destruct n; try easy
  end).
  destruct (_ && _) eqn:S; [|easy]. intros H. injection H as <-.
  apply andb_prop in S. destruct S as [S P]. split; [now apply positive_Q|].
  rewrite (same_program_sound _ _ S). exact (silu_scaled_value q).
Qed.

(** The scale of a pair of ReLU and SiLU, in either order. *)
Definition relu_scale (p : pair) : option Q :=
  if same_program (target p) relu then silu_scale (approximant p)
  else if same_program (approximant p) relu then silu_scale (target p) else None.

Definition gap (k x : R) : R := silu_R k x - Rmax 0 x.

Lemma relu_scale_sound p k : relu_scale p = Some k ->
  0 < Q2R k /\ exists sign, Rabs sign = 1 /\ forall x d, differ p x d <-> d = sign * gap (Q2R k) x.
Proof.
assert (Values : forall f g x a b d, value f x = Some a -> value g x = Some b ->
  (differ (Pair f g) x d <-> d = a - b)).
{ intros f g x a b d A B. unfold differ. simpl. rewrite A, B. split.
  - intros [a' [b' [Ea [Eb ->]]]]. congruence.
  - intros ->. eauto. }
unfold relu_scale, gap. destruct p as [f g]. simpl.
destruct (same_program f relu) eqn:F.
- intros S. apply same_program_sound in F. subst f.
  destruct (silu_scale_sound _ _ S) as [P V]. split; [exact P|].
  exists (-1). split; [rewrite Rabs_left; lra|]. intros x d.
  rewrite (Values _ _ _ _ _ d (relu_value x) (V x)). split; intros ->; ring.
- destruct (same_program g relu) eqn:G; [|easy].
  intros S. apply same_program_sound in G. subst g.
  destruct (silu_scale_sound _ _ S) as [P V]. split; [exact P|].
  exists 1. split; [now rewrite Rabs_R1|]. intros x d.
  rewrite (Values _ _ _ _ _ d (V x) (relu_value x)). split; intros ->; ring.
Qed.

Lemma Rmax_scaled r x : 0 < r -> Rmax 0 (r * x) = r * Rmax 0 x.
Proof. intros H. rewrite <- RmaxRmult by lra. now rewrite Rmult_0_r. Qed.

Lemma gap_scaled j r x : 0 < r -> r * gap (j * r) x = gap j (r * x).
Proof.
intros H. unfold gap, silu_R. rewrite Rmax_scaled by exact H. rewrite <- Rmult_assoc.
field. generalize (exp_pos (- (j * r * x))). lra.
Qed.

(** ** scale *)

Arguments Qred : simpl never.
Arguments Qmult : simpl never.

Definition scaled_domain (d : domain) (r : Q) : domain :=
  Domain (option_map (fun a => Qred (a * r)) (lower d)) (option_map (fun a => Qred (a * r)) (upper d)).

Definition scale_ok (from : pair) (known : domain) (e : Q) (to : pair) (goal : domain) (epsilon : Q)
  : bool :=
  match relu_scale from, relu_scale to with
  | Some j, Some k =>
      let ratio := Qred (k / j) in
      includes known (scaled_domain goal ratio) && at_most e (epsilon * ratio)
  | _, _ => false
  end.

Lemma Q2R_reduced q : Q2R (Qred q) = Q2R q.
Proof. apply Qeq_eqR, Qred_correct. Qed.

Lemma scaled_domain_sound d r x : 0 < Q2R r -> inside d x -> inside (scaled_domain d r) (Q2R r * x).
Proof.
intros H [L U]. unfold inside, scaled_domain. destruct d as [l u]. simpl in *. split.
- intros a E. destruct l as [b|]; [|easy]. injection E as <-. rewrite Q2R_reduced, Q2R_mult.
  rewrite Rmult_comm. apply Rmult_le_compat_l; [lra|now apply L].
- intros a E. destruct u as [b|]; [|easy]. injection E as <-. rewrite Q2R_reduced, Q2R_mult.
  rewrite (Rmult_comm (Q2R b)). apply Rmult_le_compat_l; [lra|now apply U].
Qed.

Theorem scale_sound from known e to goal epsilon :
  scale_ok from known e to goal epsilon = true ->
  sup_error from known e -> sup_error to goal epsilon.
Proof.
unfold scale_ok. destruct (relu_scale from) as [j|] eqn:J; [|easy].
destruct (relu_scale to) as [k|] eqn:K; [|easy]. intros H Known x Hx.
apply andb_prop in H. destruct H as [HC HE].
destruct (relu_scale_sound _ _ J) as [Pj [s [As Ds]]].
destruct (relu_scale_sound _ _ K) as [Pk [t [At Dt]]].
assert (Nj : ~ (j == 0)%Q).
{ intros E. apply Qeq_eqR in E. unfold Q2R in E at 2. simpl in E. lra. }
assert (R : Q2R (Qred (k / j)) = Q2R k / Q2R j) by (now rewrite Q2R_reduced, Q2R_div).
assert (P : 0 < Q2R (Qred (k / j))).
{ rewrite R. apply Rmult_lt_0_compat; [exact Pk|now apply Rinv_0_lt_compat]. }
apply at_most_sound in HE. rewrite Q2R_mult in HE.
destruct (Known _ (includes_sound _ _ _ HC (scaled_domain_sound _ _ _ P Hx))) as [d [D B]].
apply Ds in D. set (r := Q2R (Qred (k / j))) in *.
assert (E : Q2R k = Q2R j * r) by (rewrite R; field; lra).
exists (t * gap (Q2R k) x). split; [now apply Dt|].
rewrite Rabs_mult, At, Rmult_1_l, E.
rewrite D, Rabs_mult, As, Rmult_1_l, <- gap_scaled in B by exact P.
rewrite Rabs_mult, (Rabs_pos_eq r) in B by lra.
apply Rmult_le_reg_l with r; [exact P|]. lra.
Qed.
