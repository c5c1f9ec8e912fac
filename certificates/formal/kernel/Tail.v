(** Rules tail and divergence: a bound on a half-line [a, inf] or [-inf, -a], a > 0, that the
    difference of two functions is defined there, or that it grows without bound.

    The tail form of every operation of the program is computed (docs/formulas.md#tail); that there
    is one says that the operation is defined on the whole half-line. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Enclosure
  Attncert.kernel.Special_sig Attncert.kernel.Tail_polynomial Attncert.kernel.Tail_decay
  Attncert.kernel.Tail_line Attncert.kernel.Tail_form Attncert.kernel.Tail_sound_sum
  Attncert.kernel.Tail_sound_product Attncert.kernel.Tail_sound_function
  Attncert.kernel.Tail_sound_sign.
Import ListNotations.
Open Scope R_scope.

Module Tails (I : IntervalOps) (S : Special I).
Include Signs I S.

Section Precision.
Variable p : I.F.precision.

(** ** The form of a program on x = +-t, t >= from *)

Definition operation (from : Q) (right : bool) (n : node) (env : list form) : option form :=
  match n with
  | Const q => Some (constant p q)
  | Pi => Some (enclosed_constant p (E.pi p))
  | Var => Some (variable p right)
  | Neg a => on1 env a (fun u => Some (negate u))
  | Fabs a => on1 env a (fun u => choose p from true u (negate u))
  | Sqrt a => on1 env a (square_root p from)
  | Exp a => on1 env a (exponential p from)
  | Log a => on1 env a (logarithm p from)
  | Tanh a => on1 env a (hyperbolic_tangent p from)
  | Erf a => on1 env a (error_function p from)
  | Erfc a => on1 env a (complementary_error_function p from)
  | Pow a k => on1 env a (fun u => power_of p from u k)
  | Add a b => on2 env a b (add p from)
  | Sub a b => on2 env a b (fun u v => add p from u (negate v))
  | Mul a b => on2 env a b (multiply p from)
  | Div a b => on2 env a b (divide p from)
  | Fmax a b => on2 env a b (choose p from true)
  | Fmin a b => on2 env a b (choose p from false)
  end.

Definition form_step (from : Q) (right : bool) (n : node) (env : list form) : option form :=
  bind (operation from right n env) limited.

(** (right, from): the half-line on which the domain lies. *)
Definition half_line_of (dom : domain) : option (bool * Q) :=
  match lower dom, upper dom with
  | Some a, None => if Z.ltb 0 (Qnum a) then Some (true, a) else None
  | None, Some b => if Z.ltb (Qnum b) 0 then Some (false, Qopp b) else None
  | _, _ => None
  end.

(** The half-line, and the form of the difference on it. *)
Definition behaviour (f : pair) (dom : domain) : option (Q * form) :=
  if closed_pair f then
    bind (half_line_of dom) (fun half_line =>
      let (right, from) := half_line in
      bind (run (form_step from right) (difference_of f) []) (fun forms =>
        bind (hd_error forms) (fun a => Some (from, a))))
  else None.

(** ** The rules *)

(** With a bound, or without: that the difference is defined. *)
Definition tail_ok (f : pair) (dom : domain) (epsilon : option Q) : bool :=
  match behaviour f dom with
  | None => false
  | Some (from, a) =>
    match epsilon, bound_of p from a with
    | Some epsilon, Some bound => N.at_most_Q p bound epsilon
    | Some _, None => false
    | None, Some _ => true
    | None, None => diverges p from a
    end
  end.

Definition divergence_ok (f : pair) (dom : domain) : bool :=
  match behaviour f dom with Some (from, a) => diverges p from a | None => false end.

(** ** Soundness *)

Section Half_line.
Variable from : Q.
Variable right : bool.
Local Notation A := (Q2R from).
Hypothesis A_pos : 0 < A.
Local Notation holds := (form_holds from).

(** The values at t of functions. *)
Definition at_ (t : R) (us : list (R -> R)) : list R := map (fun u => u t) us.

Lemma on1_form a fs us (op : form -> option form) (real : R -> option R) f :
  Forall2 holds fs us -> on1 fs a op = Some f ->
  (forall g u, op g = Some f -> holds g u -> exists v, holds f v /\
     forall t, A <= t -> real (u t) = Some (v t)) ->
  exists v, holds f v /\ forall t, A <= t -> on1 (at_ t us) a real = Some (v t).
Proof.
intros H E Op. unfold on1 in E. destruct (nth_error fs a) as [g|] eqn:N; [|easy].
destruct (Forall2_nth_error _ _ _ _ _ H N) as [u [Nu Hu]].
destruct (Op g u E Hu) as [v [Hv K]]. exists v. split; [exact Hv|]. intros t Ht.
unfold on1, at_. rewrite (map_nth_error (fun u => u t) _ _ Nu). exact (K t Ht).
Qed.

Lemma on2_form a b fs us (op : form -> form -> option form) (real : R -> R -> option R) f :
  Forall2 holds fs us -> on2 fs a b op = Some f ->
  (forall g h u v, op g h = Some f -> holds g u -> holds h v -> exists w, holds f w /\
     forall t, A <= t -> real (u t) (v t) = Some (w t)) ->
  exists w, holds f w /\ forall t, A <= t -> on2 (at_ t us) a b real = Some (w t).
Proof.
intros H E Op. unfold on2, bind in E. destruct (nth_error fs a) as [g|] eqn:Na; [|easy].
destruct (nth_error fs b) as [h|] eqn:Nb; [|easy].
destruct (Forall2_nth_error _ _ _ _ _ H Na) as [u [Nu Hu]].
destruct (Forall2_nth_error _ _ _ _ _ H Nb) as [v [Nv Hv]].
destruct (Op g h u v E Hu Hv) as [w [Hw K]]. exists w. split; [exact Hw|]. intros t Ht.
unfold on2, at_, bind. rewrite (map_nth_error (fun u => u t) _ _ Nu).
rewrite (map_nth_error (fun u => u t) _ _ Nv). exact (K t Ht).
Qed.

Lemma div_R_defined u v : v <> 0 -> div_R u v = Some (u / v).
Proof. intros H. unfold div_R. now destruct (Req_EM_T v 0). Qed.
Lemma sqrt_R_defined u : 0 <= u -> sqrt_R u = Some (sqrt u).
Proof. intros H. unfold sqrt_R. now destruct (Rle_dec 0 u). Qed.
Lemma log_R_defined u : 0 < u -> log_R u = Some (ln u).
Proof. intros H. unfold log_R. now destruct (Rlt_dec 0 u). Qed.
Lemma pow_R_defined n u : ((n < 0)%Z -> u <> 0) -> pow_R n u = Some (powerRZ u n).
Proof.
intros H. unfold pow_R. destruct (Z_lt_dec n 0); [|easy].
destruct (Req_EM_T u 0); [now elim H|easy].
Qed.

Lemma Rmax_opp u : Rmax u (- u) = Rabs u.
Proof. unfold Rmax, Rabs. destruct (Rle_dec u (- u)), (Rcase_abs u); lra. Qed.

Lemma operation_holds n fs us f : Forall2 holds fs us -> operation from right n fs = Some f ->
  exists v, holds f v /\
    forall t, A <= t -> real_step (sgn right * t) n (at_ t us) = Some (v t).
Proof.
intros H E. destruct n; simpl in E |- *;
  try (apply (on1_form _ fs us _ _ _ H E); clear E; intros g u E Hu; simpl);
  try (apply (on2_form _ _ fs us _ _ _ H E); clear E; intros g h u v E Hu Hv; simpl).
- injection E as <-. exists (fun _ => Q2R q). split; [now apply constant_form_holds|easy].
- injection E as <-. exists (fun _ => PI). split; [|easy].
  apply enclosed_constant_holds, E.pi_encloses.
- injection E as <-. exists (fun t => sgn right * t). split; [apply variable_holds|easy].
- injection E as <-. exists (fun t => - u t). split; [now apply negate_holds|easy].
- exists (fun t => Rmax (u t) (- u t)). split.
  + exact (choose_holds p from A_pos _ _ _ _ _ _ E Hu (negate_holds from _ _ Hu)).
  + intros t _. now rewrite Rmax_opp.
- destruct (square_root_holds p from A_pos _ _ _ E Hu) as [D K].
  exists (fun t => sqrt (u t)). split; [exact K|]. intros t Ht. now apply sqrt_R_defined, D.
- exists (fun t => exp (u t)). split; [|easy].
  exact (exponential_form_holds p from A_pos _ _ _ E Hu).
- destruct (logarithm_holds p from A_pos _ _ _ E Hu) as [D K].
  exists (fun t => ln (u t)). split; [exact K|]. intros t Ht. now apply log_R_defined, D.
- exists (fun t => tanh (u t)). split; [|easy].
  exact (hyperbolic_tangent_holds p from A_pos _ _ _ E Hu).
- exists (fun t => erf (u t)). split; [|easy].
  exact (error_function_holds p from A_pos _ _ _ E Hu).
- exists (fun t => erfc (u t)). split; [|easy].
  exact (complementary_error_function_holds p from A_pos _ _ _ E Hu).
- destruct (power_of_holds p from A_pos _ _ _ _ E Hu) as [D K].
  exists (fun t => powerRZ (u t) n). split; [exact K|]. intros t Ht. apply pow_R_defined. auto.
- exists (fun t => u t + v t). split; [|easy]. exact (add_holds p from A_pos _ _ _ _ _ E Hu Hv).
- exists (fun t => u t + - v t). split; [|easy].
  exact (add_holds p from A_pos _ _ _ _ _ E Hu (negate_holds from _ _ Hv)).
- exists (fun t => u t * v t). split; [|easy].
  exact (multiply_holds p from A_pos _ _ _ _ _ E Hu Hv).
- destruct (divide_holds p from A_pos _ _ _ _ _ E Hu Hv) as [D K].
  exists (fun t => u t / v t). split; [exact K|]. intros t Ht. now apply div_R_defined, D.
- exists (fun t => Rmax (u t) (v t)). split; [|easy].
  exact (choose_holds p from A_pos _ _ _ _ _ _ E Hu Hv).
- exists (fun t => Rmin (u t) (v t)). split; [|easy].
  exact (choose_holds p from A_pos _ _ _ _ _ _ E Hu Hv).
Qed.

Lemma run_form_holds prog fs us rs : Forall2 holds fs us ->
  run (form_step from right) prog fs = Some rs ->
  exists vs, Forall2 holds rs vs /\
    forall t, A <= t -> run (real_step (sgn right * t)) prog (at_ t us) = Some (at_ t vs).
Proof.
revert fs us; induction prog as [|n prog IH]; simpl; intros fs us H E.
- injection E as <-. exists us. auto.
- unfold form_step at 1 in E. destruct (operation from right n fs) as [g|] eqn:O; [|easy].
  simpl in E. destruct (limited g) as [f|] eqn:L; [|easy].
  destruct (operation_holds _ _ _ _ H O) as [v [Hv K]].
  assert (Hf := limited_holds from _ _ _ L Hv).
  destruct (IH _ _ (Forall2_cons _ _ Hf H) E) as [vs [Hvs Kvs]].
  exists vs. split; [exact Hvs|]. intros t Ht. rewrite (K t Ht). exact (Kvs t Ht).
Qed.
End Half_line.

Lemma half_line_correct dom right from : half_line_of dom = Some (right, from) ->
  0 < Q2R from /\ (forall x, inside dom x -> Q2R from <= sgn right * x) /\
  (forall t, Q2R from <= t -> inside dom (sgn right * t)).
Proof.
destruct dom as [[a|] [b|]]; unfold half_line_of; simpl; try easy.
- destruct (Z.ltb_spec 0 (Qnum a)) as [L|]; [|easy]. intros E. injection E as <- <-. simpl. split.
  { rewrite <- RMicromega.Q2R_0. apply Qlt_Rlt. unfold Qlt. simpl. lia. }
  split; [intros x [H _]; specialize (H a eq_refl); lra|].
  intros t H. split; simpl; [intros a' E; injection E as <-; lra|easy].
- destruct (Z.ltb_spec (Qnum b) 0) as [L|]; [|easy]. intros E. injection E as <- <-. simpl. split.
  { rewrite <- RMicromega.Q2R_0. apply Qlt_Rlt. unfold Qlt. simpl. lia. }
  rewrite Q2R_opp. split; [intros x [_ H]; specialize (H b eq_refl); lra|].
  intros t H. split; simpl; [easy|intros b' E; injection E as <-; lra].
Qed.

(** The difference at every x, as a function of t = +-x that the form describes. *)
Lemma behaviour_correct f dom from a : behaviour f dom = Some (from, a) ->
  exists right u, half_line_of dom = Some (right, from) /\ 0 < Q2R from /\
    form_holds from a u /\ forall t, Q2R from <= t -> differ f (sgn right * t) (u t).
Proof.
unfold behaviour. destruct (closed_pair f) eqn:C; [|easy].
destruct (half_line_of dom) as [[right from']|] eqn:HL; [|easy]. simpl.
destruct (run _ _ _) as [rs|] eqn:R; [|easy]. simpl.
destruct (hd_error rs) as [a'|] eqn:Hd; [|easy]. simpl. intros E. injection E as <- <-.
destruct (half_line_correct _ _ _ HL) as [A_pos _].
destruct (run_form_holds _ _ A_pos _ _ [] _ (Forall2_nil _) R) as [vs [Hvs K]].
destruct Hvs as [|b v bs vs Hb _]; [easy|]. injection Hd as ->.
exists right, v. repeat split; auto.
intros t Ht. exact (differ_of_run _ _ _ _ C (K t Ht) eq_refl).
Qed.

Lemma sgn_twice right x : sgn right * (sgn right * x) = x.
Proof. rewrite <- Rmult_assoc, sgn_square. ring. Qed.

Lemma behaviour_defined f dom from a : behaviour f dom = Some (from, a) -> well_defined f dom.
Proof.
intros B x Hx. destruct (behaviour_correct _ _ _ _ B) as [right [u [HL [_ [_ K]]]]].
destruct (half_line_correct _ _ _ HL) as [_ [In _]]. exists (u (sgn right * x)).
rewrite <- (sgn_twice right x) at 1. apply K, In, Hx.
Qed.

Theorem tail_sound f dom epsilon : tail_ok f dom (Some epsilon) = true -> sup_error f dom epsilon.
Proof.
unfold tail_ok. destruct (behaviour f dom) as [[from a]|] eqn:B; [|easy].
destruct (bound_of p from a) as [i|] eqn:Bo; [|easy]. intros H x Hx.
destruct (behaviour_correct _ _ _ _ B) as [right [u [HL [A_pos [Hu K]]]]].
destruct (half_line_correct _ _ _ HL) as [_ [In _]].
destruct (bound_of_holds p from A_pos _ _ _ Bo Hu) as [b [Hb L]].
exists (u (sgn right * x)). split.
- rewrite <- (sgn_twice right x) at 1. apply K, In, Hx.
- apply Rle_trans with (1 := L _ (In x Hx)). exact (N.at_most_Q_correct p _ _ _ H Hb).
Qed.

Theorem tail_well_defined_sound f dom : tail_ok f dom None = true -> well_defined f dom.
Proof.
unfold tail_ok. destruct (behaviour f dom) as [[from a]|] eqn:B; [|easy].
intros _. exact (behaviour_defined _ _ _ _ B).
Qed.

Theorem divergence_sound f dom : divergence_ok f dom = true -> unbounded f dom.
Proof.
unfold divergence_ok. destruct (behaviour f dom) as [[from a]|] eqn:B; [|easy]. intros H bound.
destruct (behaviour_correct _ _ _ _ B) as [right [u [HL [A_pos [Hu K]]]]].
destruct (half_line_correct _ _ _ HL) as [_ [_ Out]].
destruct (diverges_correct p from A_pos _ _ H Hu bound) as [t [Ht L]].
exists (sgn right * t), (u t). auto.
Qed.

End Precision.
End Tails.
