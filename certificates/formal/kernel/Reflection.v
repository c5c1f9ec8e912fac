(** Reflections: how the value of an operation at -x follows from its value at x.

    A value v at x and the value w of the same operation at -x are related by
    w = s v + c + l x, s = 1 or -1: its reflection. Reflections are followed through a program by
    a few identities (docs/formulas.md#parity). Each carries definedness from x to -x. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.kernel.Term Attncert.kernel.Structure.
Import ListNotations.
Open Scope R_scope.

(** ** Reflections *)

Record reflection : Type := Reflection { odd : bool; offset : Q; slope : Q }.

Definition sign (o : bool) : R := if o then -1 else 1.

Definition reflects (x : R) (r : reflection) (v w : R) : Prop :=
  w = sign (odd r) * v + Q2R (offset r) + Q2R (slope r) * x.

Definition is_zero (q : Q) : bool := Qeq_bool q (0 # 1).
Definition is_pure (r : reflection) : bool := is_zero (offset r) && is_zero (slope r).
Definition is_even (r : reflection) : bool := is_pure r && negb (odd r).
Definition is_odd (r : reflection) : bool := is_pure r && odd r.

Definition pure (o : bool) : reflection := Reflection o (0 # 1) (0 # 1).

(** What is known of an operation: that it is a constant, the variable, e^u or 1 + e^u with u odd,
    or a reflection. *)
Inductive fact : Type :=
| Number (q : Q)
| Argument
| Exponential
| One_plus_exponential
| Reflected (r : reflection).

Definition mirrored (x : R) (f : fact) (v w : R) : Prop :=
  match f with
  | Number q => v = Q2R q /\ w = Q2R q
  | Argument => v = x /\ w = - x
  | Exponential => 0 < v /\ w = / v
  | One_plus_exponential => exists e, 0 < e /\ v = 1 + e /\ w = 1 + / e
  | Reflected r => reflects x r v w
  end.

Definition reflection_of (f : fact) : option reflection :=
  match f with
  | Number _ => Some (pure false)
  | Argument => Some (pure true)
  | Exponential | One_plus_exponential => None
  | Reflected r => Some r
  end.

(** ** The identities *)

Definition scaled (r : reflection) (k : Q) : reflection :=
  Reflection (odd r) (Qred (offset r * k)) (Qred (slope r * k)).

(** An exact constant q is also q(-x) = -q(x) + 2 q. *)
Definition with_sign (o : bool) (f : fact) : option reflection :=
  match f with
  | Number q => Some (if o then Reflection true (Qred (q + q)) (0 # 1) else pure false)
  | _ => bind (reflection_of f) (fun r => if eqb (odd r) o then Some r else None)
  end.

Definition sum (f g : fact) (sign_of_g : Q) : option reflection :=
  let leader := match f with Number _ => g | _ => f end in
  bind (reflection_of leader) (fun r =>
  bind (with_sign (odd r) f) (fun a =>
  bind (with_sign (odd r) g) (fun b =>
    let b := scaled b sign_of_g in
    Some (Reflection (odd r) (Qred (offset a + offset b)) (Qred (slope a + slope b)))))).

Definition pure_product (f g : fact) : option reflection :=
  bind (reflection_of f) (fun a => bind (reflection_of g) (fun b =>
    if is_pure a && is_pure b then Some (pure (xorb (odd a) (odd b))) else None)).

(** (-x)(-g + c) = x g - c x *)
Definition variable_times (g : fact) : option reflection :=
  match reflection_of g with
  | Some r => if odd r && is_zero (slope r) then Some (Reflection false (0 # 1) (Qopp (offset r)))
              else pure_product Argument g
  | None => None
  end.

Definition product (f g : fact) : option reflection :=
  match f, g with
  | Number q, _ => bind (reflection_of g) (fun r => Some (scaled r q))
  | _, Number q => bind (reflection_of f) (fun r => Some (scaled r q))
  | _, Argument => variable_times f
  | Argument, _ => variable_times g
  | _, _ => pure_product f g
  end.

(** -x/(1 + e^-u) = -x + x/(1 + e^u), and q/(1 + e^-u) = q - q/(1 + e^u). *)
Definition quotient (f g : fact) : option reflection :=
  match f, g with
  | _, Number q => if is_zero q then pure_product f g
                     else bind (reflection_of f) (fun r => Some (scaled r (Qinv q)))
  | Argument, One_plus_exponential => Some (Reflection false (0 # 1) (Qopp (1 # 1)))
  | Number q, One_plus_exponential => Some (Reflection true q (0 # 1))
  | _, _ => pure_product f g
  end.

Definition both_even (f g : fact) : bool :=
  match reflection_of f, reflection_of g with
  | Some a, Some b => is_even a && is_even b
  | _, _ => false
  end.

(** max(0,-x) = max(0,x) - x, and min likewise. *)
Definition is_ramp (f g : fact) : bool :=
  match f, g with
  | Number q, Argument | Argument, Number q => is_zero q
  | _, _ => false
  end.

Definition extremum (f g : fact) : option reflection :=
  if is_ramp f g then Some (Reflection false (0 # 1) (Qopp (1 # 1)))
  else if both_even f g then Some (pure false) else None.

(** A function of an even operand is even; of an odd one, what [of_odd] says. *)
Definition function (f : fact) (of_odd : option fact) : option fact :=
  bind (reflection_of f) (fun r =>
    if is_even r then Some (Reflected (pure false)) else if is_odd r then of_odd else None).

Definition reflected (r : option reflection) : option fact := bind r (fun r => Some (Reflected r)).

Definition is_one (f : fact) : bool :=
  match f with Number q => Qeq_bool q (1 # 1) | _ => false end.
Definition is_exponential (f : fact) : bool := match f with Exponential => true | _ => false end.

Definition parity_step (n : node) (env : list fact) : option fact :=
  match n with
  | Const q => Some (Number q)
  | Pi => Some (Reflected (pure false))
  | Var => Some Argument
  | Neg a => on1 env a (fun f => reflected (bind (reflection_of f) (fun r =>
               Some (scaled r (Qopp (1 # 1))))))
  | Fabs a => on1 env a (fun f => function f (Some (Reflected (pure false))))
  | Tanh a | Erf a => on1 env a (fun f => function f (Some (Reflected (pure true))))
  | Erfc a => on1 env a (fun f => function f (Some (Reflected (Reflection true (2 # 1) (0 # 1)))))
  | Pow a n => on1 env a (fun f => function f (Some (Reflected (pure (Z.odd n)))))
  | Exp a => on1 env a (fun f => function f (Some Exponential))
  | Sqrt a | Log a => on1 env a (fun f => function f None)
  | Add a b => on2 env a b (fun f g =>
      if (is_one f && is_exponential g) || (is_one g && is_exponential f) then Some One_plus_exponential
      else reflected (sum f g (1 # 1)))
  | Sub a b => on2 env a b (fun f g => reflected (sum f g (Qopp (1 # 1))))
  | Mul a b => on2 env a b (fun f g => reflected (product f g))
  | Div a b => on2 env a b (fun f g => reflected (quotient f g))
  | Fmax a b | Fmin a b => on2 env a b (fun f g => reflected (extremum f g))
  end.

Definition even_in_magnitude (p : program) : bool :=
  match bind (run parity_step p []) (@hd_error fact) with
  | Some f => match reflection_of f with Some r => is_pure r | None => false end
  | None => false
  end.

(** ** Soundness of the identities *)

Arguments Qred : simpl never.
Arguments Qplus : simpl never.
Arguments Qmult : simpl never.
Arguments Qopp : simpl never.

Lemma Q2R_red q : Q2R (Qred q) = Q2R q.
Proof. apply Qeq_eqR, Qred_correct. Qed.
Lemma Q2R_0 : Q2R (0 # 1) = 0. Proof. unfold Q2R; simpl; lra. Qed.
Lemma Q2R_1 : Q2R (1 # 1) = 1. Proof. unfold Q2R; simpl; lra. Qed.
Lemma Q2R_2 : Q2R (2 # 1) = 2. Proof. unfold Q2R; simpl; lra. Qed.

Ltac rationals := repeat first [rewrite Q2R_red in * | rewrite Q2R_plus in * | rewrite Q2R_mult in *
  | rewrite Q2R_opp in * | rewrite Q2R_0 in * | rewrite Q2R_1 in * | rewrite Q2R_2 in *].

Lemma is_zero_sound q : is_zero q = true -> Q2R q = 0.
Proof. intros H. rewrite <- Q2R_0. now apply same_Q_sound. Qed.

Lemma reflection_sound x f v w r :
  mirrored x f v w -> reflection_of f = Some r -> reflects x r v w.
Proof.
unfold reflects. destruct f; simpl; try easy; intros H E; injection E as <-; simpl; rationals; try lra.
exact H.
Qed.

Lemma pure_sound x f v w r :
  mirrored x f v w -> reflection_of f = Some r -> is_pure r = true -> w = sign (odd r) * v.
Proof.
intros H E P. assert (K := reflection_sound _ _ _ _ _ H E). unfold reflects in K.
apply andb_prop in P. destruct P as [P Q]. rewrite (is_zero_sound _ P), (is_zero_sound _ Q) in K.
lra.
Qed.

Lemma reflects_pure x o v w : w = sign o * v -> reflects x (pure o) v w.
Proof. unfold reflects, pure. simpl. rationals. lra. Qed.

Lemma scaled_sound x r v w k :
  reflects x r v w -> reflects x (scaled r k) (v * Q2R k) (w * Q2R k).
Proof. unfold reflects, scaled. simpl. intros ->. rationals. ring. Qed.

Lemma with_sign_sound x o f v w r :
  mirrored x f v w -> with_sign o f = Some r -> odd r = o /\ reflects x r v w.
Proof.
intros H E. assert (K : forall r', reflection_of f = Some r' -> reflects x r' v w)
  by (intros r'; now apply reflection_sound).
destruct f; simpl in *; unfold reflects in *; try easy.
- destruct H as [-> ->]. injection E as <-. destruct o; simpl; rationals; split; lra.
- destruct o; [|easy]. injection E as <-. split; [easy|now apply K].
- destruct (Bool.eqb_spec (odd r0) o) as [O|]; [|easy]. injection E as <-.
  split; [exact O|now apply K].
Qed.

Lemma sum_sound x f g v w v' w' k r :
  mirrored x f v w -> mirrored x g v' w' -> sum f g k = Some r ->
  reflects x r (v + v' * Q2R k) (w + w' * Q2R k).
Proof.
intros Hf Hg. unfold sum.
destruct (reflection_of _) as [l|]; [|easy]. simpl.
destruct (with_sign (odd l) f) as [a|] eqn:A; [|easy]. simpl.
destruct (with_sign (odd l) g) as [b|] eqn:B; [|easy]. simpl.
intros E. injection E as <-.
destruct (with_sign_sound _ _ _ _ _ _ Hf A) as [Oa Ra].
destruct (with_sign_sound _ _ _ _ _ _ Hg B) as [Ob Rb].
unfold reflects in *. simpl. rationals. rewrite Ra, Rb, Oa, Ob. ring.
Qed.

Lemma sign_xor a b : sign (xorb a b) = sign a * sign b.
Proof. destruct a, b; simpl; lra. Qed.

Lemma pure_product_sound x f g v w v' w' r :
  mirrored x f v w -> mirrored x g v' w' -> pure_product f g = Some r ->
  exists s, reflects x r (v * v') (w * w') /\ w = sign s * v /\
  exists t, w' = sign t * v' /\ r = pure (xorb s t).
Proof.
intros Hf Hg. unfold pure_product.
destruct (reflection_of f) as [a|] eqn:A; [|easy]. destruct (reflection_of g) as [b|] eqn:B; [|easy].
simpl. destruct (is_pure a && is_pure b) eqn:P; [|easy]. apply andb_prop in P. destruct P as [Pa Pb].
intros E. injection E as <-.
assert (Ka := pure_sound _ _ _ _ _ Hf A Pa). assert (Kb := pure_sound _ _ _ _ _ Hg B Pb).
exists (odd a). split; [|split; [exact Ka|exists (odd b); now split]].
apply reflects_pure. rewrite Ka, Kb, sign_xor. ring.
Qed.

Lemma variable_times_sound x g v w r :
  mirrored x g v w -> variable_times g = Some r -> reflects x r (x * v) (- x * w).
Proof.
intros Hg. unfold variable_times. destruct (reflection_of g) as [a|] eqn:A; [|easy].
destruct (odd a && is_zero (slope a)) eqn:P; intros E.
- apply andb_prop in P. destruct P as [O Z]. apply is_zero_sound in Z.
  assert (K := reflection_sound _ _ _ _ _ Hg A). injection E as <-.
  unfold reflects in *. simpl. rewrite O, Z in K. simpl in K. rationals. rewrite K. ring.
- destruct (pure_product_sound x Argument g x (- x) v w r) as [s [H _]]; auto. now split.
Qed.

Lemma product_sound x f g v w v' w' r :
  mirrored x f v w -> mirrored x g v' w' -> product f g = Some r ->
  reflects x r (v * v') (w * w').
Proof.
intros Hf Hg. unfold product.
assert (Kf := fun a => reflection_sound _ _ _ _ a Hf).
assert (Kg := fun a => reflection_sound _ _ _ _ a Hg).
assert (General : pure_product f g = Some r -> reflects x r (v * v') (w * w'))
  by (intros E; now destruct (pure_product_sound _ _ _ _ _ _ _ _ Hf Hg E)).
assert (Left : forall q, f = Number q ->
  bind (reflection_of g) (fun r => Some (scaled r q)) = Some r -> reflects x r (v * v') (w * w')).
{ intros q -> E. destruct Hf as [-> ->]. destruct (reflection_of g) as [b|] eqn:B; [|easy].
  injection E as <-. rewrite !(Rmult_comm (Q2R q)). now apply scaled_sound, Kg. }
assert (Right : forall q, g = Number q ->
  bind (reflection_of f) (fun r => Some (scaled r q)) = Some r -> reflects x r (v * v') (w * w')).
{ intros q -> E. destruct Hg as [-> ->]. destruct (reflection_of f) as [a|] eqn:A; [|easy].
  injection E as <-. now apply scaled_sound, Kf. }
assert (VarRight : g = Argument -> variable_times f = Some r -> reflects x r (v * v') (w * w')).
{ intros -> E. destruct Hg as [-> ->]. rewrite (Rmult_comm v), (Rmult_comm w).
  now apply variable_times_sound with f. }
assert (VarLeft : f = Argument -> variable_times g = Some r -> reflects x r (v * v') (w * w')).
{ intros -> E. destruct Hf as [-> ->]. now apply variable_times_sound with g. }
destruct f, g; eauto.
Qed.

Lemma sign_neq_0 o v : v <> 0 -> sign o * v <> 0.
Proof. destruct o; simpl; lra. Qed.

Lemma logistic_neq_0 e : 0 < e -> 1 + / e <> 0.
Proof. intros H. assert (0 < / e) by now apply Rinv_0_lt_compat. lra. Qed.

(** The divisor at -x is not 0 either. *)
Lemma quotient_sound x f g v w v' w' r :
  mirrored x f v w -> mirrored x g v' w' -> quotient f g = Some r -> v' <> 0 ->
  w' <> 0 /\ reflects x r (v / v') (w / w').
Proof.
intros Hf Hg Q N.
assert (General : pure_product f g = Some r -> w' <> 0 /\ reflects x r (v / v') (w / w')).
{ intros E. destruct (pure_product_sound _ _ _ _ _ _ _ _ Hf Hg E) as [s [_ [Ks [t [Kt ->]]]]].
  split; [rewrite Kt; now apply sign_neq_0|]. apply reflects_pure. rewrite Ks, Kt, sign_xor.
  destruct s, t; simpl; field; auto. }
assert (Scaled : forall q, g = Number q -> is_zero q = false ->
  bind (reflection_of f) (fun r => Some (scaled r (/ q))) = Some r ->
  w' <> 0 /\ reflects x r (v / v') (w / w')).
{ intros q -> Z E. destruct Hg as [-> ->]. split; [exact N|].
  destruct (reflection_of f) as [a|] eqn:A; [|easy]. injection E as <-.
  unfold Rdiv. rewrite <- Q2R_inv.
  - apply scaled_sound. now apply reflection_sound with (1 := Hf).
  - intros K. apply Qeq_bool_iff in K. unfold is_zero in Z. congruence. }
assert (Sigmoid : forall e, 0 < e -> v' = 1 + e -> w' = 1 + / e -> w' <> 0 /\ 1 + e <> 0).
{ intros e He _ ->. split; [now apply logistic_neq_0|lra]. }
unfold quotient in Q.
destruct g as [q| | | |b]; auto; try (destruct f; now auto).
- destruct (is_zero q) eqn:Z; destruct f; eauto.
- destruct Hg as [e [He [Ev Ew]]]. destruct (Sigmoid e He Ev Ew) as [Nw Ne].
  assert (Se : w' * e = v') by (rewrite Ew, Ev; field; lra).
  destruct f as [q| | | |a]; try easy.
  + destruct Hf as [-> ->]. injection Q as <-. split; [exact Nw|].
    unfold reflects; simpl; rationals. rewrite Ew, Ev. field. split; lra.
  + destruct Hf as [-> ->]. injection Q as <-. split; [exact Nw|].
    unfold reflects; simpl; rationals. rewrite Ew, Ev. field. split; lra.
Qed.

Lemma extremum_sound x f g v w v' w' r :
  mirrored x f v w -> mirrored x g v' w' -> extremum f g = Some r ->
  reflects x r (Rmax v v') (Rmax w w') /\ reflects x r (Rmin v v') (Rmin w w').
Proof.
intros Hf Hg. unfold extremum. destruct (is_ramp f g) eqn:Ramp.
- intros E. injection E as <-. unfold reflects. simpl. rationals.
  destruct f, g; try easy; apply is_zero_sound in Ramp; destruct Hf as [-> ->], Hg as [-> ->];
    rewrite ?Ramp; unfold Rmax, Rmin; repeat destruct Rle_dec; split; lra.
- unfold both_even.
  destruct (reflection_of f) as [a|] eqn:A; [|easy]. destruct (reflection_of g) as [b|] eqn:B; [|easy].
  destruct (is_even a && is_even b) eqn:P; [|easy]. apply andb_prop in P. destruct P as [Pa Pb].
  intros E. injection E as <-. unfold is_even in *. apply andb_prop in Pa, Pb.
  destruct Pa as [Pa Sa], Pb as [Pb Sb].
  assert (Ka := pure_sound _ _ _ _ _ Hf A Pa). assert (Kb := pure_sound _ _ _ _ _ Hg B Pb).
  destruct (odd a), (odd b); try easy. simpl in *.
  replace w with v by lra. replace w' with v' by lra. split; apply reflects_pure; simpl; ring.
Qed.

(** ** Functions of one operand *)

Lemma function_sound x f of_odd g v w :
  mirrored x f v w -> function f of_odd = Some g ->
  (w = v /\ g = Reflected (pure false)) \/ (w = - v /\ of_odd = Some g).
Proof.
intros Hf. unfold function, is_even, is_odd. destruct (reflection_of f) as [r|] eqn:F; [|easy]. simpl.
destruct (is_pure r) eqn:P; simpl; [|easy].
assert (K := pure_sound _ _ _ _ _ Hf F P). destruct (odd r); simpl in *.
- intros E. right. split; [lra|exact E].
- intros E. injection E as <-. left. split; [lra|easy].
Qed.

Lemma even_value x v : mirrored x (Reflected (pure false)) v v.
Proof. apply reflects_pure. simpl. ring. Qed.

Lemma odd_value x v w : w = - v -> mirrored x (Reflected (pure true)) v w.
Proof. intros ->. apply reflects_pure. simpl. ring. Qed.

Lemma tanh_odd x : tanh (- x) = - tanh x.
Proof.
unfold tanh, sinh, cosh. rewrite Ropp_involutive. field.
generalize (exp_pos x) (exp_pos (- x)). lra.
Qed.

Lemma power_odd v k : (- v) ^ k = sign (Nat.odd k) * v ^ k.
Proof.
induction k as [|k IH]; [simpl; ring|]. rewrite Nat.odd_succ, <- Nat.negb_odd. simpl. rewrite IH.
destruct (Nat.odd k); simpl; ring.
Qed.

Lemma odd_pos p : Nat.odd (Pos.to_nat p) = Z.odd (Zpos p).
Proof.
destruct p; simpl.
- rewrite Pos2Nat.inj_xI. rewrite Nat.odd_succ. apply Nat.even_mul.
- rewrite Pos2Nat.inj_xO. apply Nat.odd_mul.
- easy.
Qed.

Lemma powerRZ_odd v n : ((n < 0)%Z -> v <> 0) -> powerRZ (- v) n = sign (Z.odd n) * powerRZ v n.
Proof.
intros N. destruct n as [|p|p]; unfold powerRZ.
- simpl. ring.
- rewrite power_odd, odd_pos. easy.
- rewrite power_odd, odd_pos. change (Z.odd (Z.neg p)) with (Z.odd (Zpos p)).
  assert (K : v ^ Pos.to_nat p <> 0) by (apply pow_nonzero; now apply N).
  revert K. generalize (v ^ Pos.to_nat p). intros y K.
  destruct (Z.odd (Zpos p)); unfold sign; field; auto.
Qed.

Lemma pow_R_odd v n y : pow_R n v = Some y -> pow_R n (- v) = Some (sign (Z.odd n) * y).
Proof.
unfold pow_R. destruct (Z_lt_dec n 0) as [L|L].
- destruct (Req_EM_T v 0) as [|N]; [easy|]. intros E. injection E as <-.
  destruct (Req_EM_T (- v) 0); [lra|]. now rewrite powerRZ_odd.
- intros E. injection E as <-. now rewrite powerRZ_odd.
Qed.
