(** Functions whose secants have enclosed slopes: f x - f y = s (x - y) with s in an interval. This
    survives kinks: where f is the larger of two functions, s lies between theirs. *)
From Coq Require Import ZArith Reals List Lra Lia.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
From Attncert.kernel Require Import Term Enclosure Special_sig Branches Elementary_sequences.
Open Scope R_scope.

Lemma mean_value_between (f f' : R -> R) (a b : R) :
  (forall t, Rmin a b <= t <= Rmax a b -> is_derive f t (f' t)) ->
  exists c, Rmin a b <= c <= Rmax a b /\ f a - f b = f' c * (a - b).
Proof.
intros D. destruct (MVT_gen f b a f') as [c [C E]].
- intros t Ht. apply D. rewrite Rmin_comm, Rmax_comm. lra.
- intros t Ht. apply continuity_pt_filterlim, (ex_derive_continuous f). exists (f' t). apply D.
  now rewrite Rmin_comm, Rmax_comm.
- exists c. rewrite Rmin_comm, Rmax_comm. now split.
Qed.

(** The values of functions at x. *)
Definition at_point (x : R) (fs : list (R -> R)) : list R := map (fun f : R -> R => f x) fs.

Module Secants (I : IntervalOps) (Fn : Special I).
Module B := Branches I Fn.
Module E := B.E.

Section Precision.
Variable p : I.F.precision.

(** Values over the piece, and slopes. *)
Definition jet : Type := (I.type * I.type)%type.

Definition zero_slope : I.type := E.of_Z p 0.

Definition jet_constant (i : I.type) : jet := (i, zero_slope).
Definition jet_variable (i : I.type) : jet := (i, E.of_Z p 1).
Definition jet_neg (u : jet) : jet := (E.neg (fst u), E.neg (snd u)).
Definition jet_add (u v : jet) : jet := (E.add p (fst u) (fst v), E.add p (snd u) (snd v)).
Definition jet_mul (u v : jet) : jet :=
  (E.mul p (fst u) (fst v), E.add p (E.mul p (fst u) (snd v)) (E.mul p (snd u) (fst v))).
Definition jet_div (u v : jet) : jet :=
  let c := E.div p (fst u) (fst v) in
  (c, E.div p (E.sub p (snd u) (E.mul p c (snd v))) (fst v)).
Definition jet_sqrt (u : jet) : jet :=
  let s := E.sqrt p (fst u) in (s, E.div p (snd u) (E.add p s s)).
Definition jet_exp (u : jet) : jet := let w := E.exp p (fst u) in (w, E.mul p (snd u) w).
Definition jet_ln (u : jet) : jet := (E.ln p (fst u), E.div p (snd u) (fst u)).
Definition jet_tanh (u : jet) : jet :=
  let h := Fn.tanh p (fst u) in
  let one := E.of_Z p 1 in
  (h, E.mul p (snd u) (E.mul p (E.sub p one h) (E.add p one h))).
(** The function with values h whose derivative is c / sqrt PI e^-(u u). *)
Definition jet_error (h : I.type) (c : Z) (u : jet) : jet :=
  let factor := E.div p (E.of_Z p c) (E.sqrt p (E.pi p)) in
  (h, E.mul p (snd u) (E.mul p factor (E.exp p (E.neg (E.sqr p (fst u)))))).

(** u v^n *)
Fixpoint jet_power_from (u v : jet) (n : positive) : jet :=
  match n with
  | xH => jet_mul u v
  | xO n => jet_power_from u (jet_mul v v) n
  | xI n => jet_power_from (jet_mul u v) (jet_mul v v) n
  end.
Definition jet_one : jet := jet_constant (E.of_Z p 1).
Definition jet_power (n : Z) (u : jet) : jet :=
  match n with
  | Z0 => jet_one
  | Zpos m => (E.pow p (fst u) n, snd (jet_power_from jet_one u m))
  | Zneg m => (E.pow p (fst u) n, snd (jet_div jet_one (jet_power_from jet_one u m)))
  end.

Definition jet_open (value : I.type) (u v : jet) : jet := (value, E.hull (snd u) (snd v)).

(** ** What a jet says about a function on the piece *)

Variables lower upper : R.
Let inside (x : R) : Prop := lower <= x <= upper.

Definition secants (u : jet) (f : R -> R) : Prop :=
  (forall x, inside x -> E.encloses (fst u) (f x)) /\
  (forall x y, inside x -> inside y ->
     exists s, E.encloses (snd u) s /\ f x - f y = s * (x - y)).

Lemma secants_constant i c : E.encloses i c -> secants (jet_constant i) (fun _ => c).
Proof.
intros H. split; [now intros|]. intros x y _ _. exists 0. split; [apply (E.of_Z_encloses p 0)|ring].
Qed.

Lemma secants_variable i : (forall x, inside x -> E.encloses i x) -> secants (jet_variable i) (fun x => x).
Proof.
intros H. split; [exact H|]. intros x y _ _. exists 1. split; [apply (E.of_Z_encloses p 1)|ring].
Qed.

Lemma secants_neg u f : secants u f -> secants (jet_neg u) (fun x => - f x).
Proof.
intros [V S]. split; [intros x Hx; apply E.neg_encloses, V, Hx|].
intros x y Hx Hy. destruct (S x y Hx Hy) as [s [Hs D]]. exists (- s).
split; [now apply E.neg_encloses|]. replace (- f x - - f y) with (- (f x - f y)) by ring. rewrite D. ring.
Qed.

Lemma secants_add u v f g : secants u f -> secants v g -> secants (jet_add u v) (fun x => f x + g x).
Proof.
intros [V S] [V' S']. split; [intros x Hx; apply E.add_encloses; auto|].
intros x y Hx Hy. destruct (S x y Hx Hy) as [s [Hs D]], (S' x y Hx Hy) as [s' [Hs' D']].
exists (s + s'). split; [now apply E.add_encloses|].
replace (f x + g x - (f y + g y)) with (f x - f y + (g x - g y)) by ring. rewrite D, D'. ring.
Qed.

Lemma secants_mul u v f g : secants u f -> secants v g -> secants (jet_mul u v) (fun x => f x * g x).
Proof.
intros [V S] [V' S']. split; [intros x Hx; apply E.mul_encloses; auto|].
intros x y Hx Hy. destruct (S x y Hx Hy) as [s [Hs D]], (S' x y Hx Hy) as [s' [Hs' D']].
exists (f x * s' + s * g y). split; [apply E.add_encloses; apply E.mul_encloses; auto|].
replace (f x * g x - f y * g y) with (f x * (g x - g y) + (f x - f y) * g y) by ring.
rewrite D, D'. ring.
Qed.

Lemma secants_div u v f g : secants u f -> secants v g -> (forall x, inside x -> g x <> 0) ->
  secants (jet_div u v) (fun x => f x / g x).
Proof.
intros [V S] [V' S'] N. split; [intros x Hx; apply E.div_encloses; auto|].
intros x y Hx Hy. destruct (S x y Hx Hy) as [s [Hs D]], (S' x y Hx Hy) as [s' [Hs' D']].
exists ((s - f y / g y * s') / g x). split.
- apply E.div_encloses; [apply E.sub_encloses; [exact Hs|]|auto].
  apply E.mul_encloses; [apply E.div_encloses; auto|exact Hs'].
- transitivity ((f x - f y - f y / g y * (g x - g y)) / g x);
    [field; auto|]. rewrite D, D'. field. auto.
Qed.

Lemma secants_sqrt u f : secants u f -> (forall x, inside x -> 0 < f x) ->
  secants (jet_sqrt u) (fun x => sqrt (f x)).
Proof.
intros [V S] P.
assert (V' : forall x, inside x -> E.encloses (E.sqrt p (fst u)) (sqrt (f x))).
{ intros x Hx. apply E.sqrt_encloses; [auto|left; auto]. }
split; [exact V'|].
intros x y Hx Hy. destruct (S x y Hx Hy) as [s [Hs D]].
exists (s / (sqrt (f x) + sqrt (f y))). split.
- apply E.div_encloses; [exact Hs|]. apply E.add_encloses; auto.
- assert (Px := sqrt_lt_R0 _ (P x Hx)). assert (Py := sqrt_lt_R0 _ (P y Hy)).
  assert (Q : f x - f y = (sqrt (f x) - sqrt (f y)) * (sqrt (f x) + sqrt (f y))).
  { rewrite <- (sqrt_def (f x)) at 1 by (left; auto).
    rewrite <- (sqrt_def (f y)) at 1 by (left; auto). ring. }
  rewrite D in Q. apply Rmult_eq_reg_r with (sqrt (f x) + sqrt (f y)); [|lra].
  rewrite <- Q. field. lra.
Qed.

(** The chain rule, by the mean value theorem for the outer function. *)
Lemma secants_chain u f (g g' : R -> R) value slope : secants u f ->
  (forall x t, inside x -> E.encloses (fst u) t -> is_derive g t (g' t)) ->
  (forall t, E.encloses (fst u) t -> E.encloses value (g t)) ->
  (forall s t, E.encloses (snd u) s -> E.encloses (fst u) t -> E.encloses slope (s * g' t)) ->
  secants (value, slope) (fun x => g (f x)).
Proof.
intros [V S] D Hv Hs. split; [intros x Hx; apply Hv, V, Hx|].
intros x y Hx Hy. destruct (S x y Hx Hy) as [s [Es Ds]].
assert (K : forall t, Rmin (f x) (f y) <= t <= Rmax (f x) (f y) -> E.encloses (fst u) t).
{ intros t. unfold Rmin, Rmax. destruct (Rle_dec (f x) (f y)); apply E.connected; auto. }
destruct (mean_value_between g g' (f x) (f y)) as [c [C Dg]]; [intros t Ht; apply (D x); auto|].
exists (s * g' c). split; [apply Hs; auto|]. rewrite Dg, Ds. ring.
Qed.

Lemma secants_exp u f : secants u f -> secants (jet_exp u) (fun x => exp (f x)).
Proof.
intros H. apply (secants_chain u f exp exp _ _ H).
- intros x t _ _. apply is_derive_exp.
- intros t Ht. now apply E.exp_encloses.
- intros s t Hs Ht. apply E.mul_encloses; [exact Hs|]. now apply E.exp_encloses.
Qed.

Lemma secants_ln u f : secants u f -> E.positive (fst u) = true ->
  secants (jet_ln u) (fun x => ln (f x)).
Proof.
intros H P. apply (secants_chain u f ln Rinv _ _ H).
- intros x t _ Ht. apply is_derive_ln. exact (E.positive_correct _ _ P Ht).
- intros t Ht. apply E.ln_encloses; [exact Ht|]. exact (E.positive_correct _ _ P Ht).
- intros s t Hs Ht. now apply E.div_encloses.
Qed.

Lemma secants_tanh u f : secants u f -> secants (jet_tanh u) (fun x => tanh (f x)).
Proof.
intros H. apply (secants_chain u f tanh (fun t => (1 - tanh t) * (1 + tanh t)) _ _ H).
- intros x t _ _. apply tanh_derive.
- intros t Ht. now apply Fn.tanh_correct.
- intros s t Hs Ht. assert (K := Fn.tanh_correct p _ _ Ht).
  apply E.mul_encloses; [exact Hs|]. apply E.mul_encloses; [apply E.sub_encloses|apply E.add_encloses];
    first [exact K|apply (E.of_Z_encloses p 1)].
Qed.

Lemma secants_error u f h i c : secants u f ->
  (forall t, is_derive h t (IZR c / sqrt PI * gaussian t)) ->
  (forall t, E.encloses (fst u) t -> E.encloses i (h t)) ->
  secants (jet_error i c u) (fun x => h (f x)).
Proof.
intros H D V. apply (secants_chain u f h (fun t => IZR c / sqrt PI * gaussian t) _ _ H).
- intros x t _ _. apply D.
- exact V.
- intros s t Hs Ht. apply E.mul_encloses; [exact Hs|]. apply E.mul_encloses.
  + apply E.div_encloses; [apply E.of_Z_encloses|].
    apply E.sqrt_encloses; [apply E.pi_encloses|]. left. apply PI_RGT_0.
  + apply E.exp_encloses, E.neg_encloses, E.sqr_encloses, Ht.
Qed.

Lemma secants_power_from u v f g n : secants u f -> secants v g ->
  secants (jet_power_from u v n) (fun x => f x * g x ^ Pos.to_nat n).
Proof.
assert (X : forall u f g, (forall x, f x = g x) -> secants u f -> secants u g).
{ intros w h k H [V S]. split; intros; rewrite <- !H; auto. }
revert u v f g. induction n as [n IH|n IH|]; intros u v f g Hu Hv; simpl jet_power_from.
- eapply X; [|apply IH; apply secants_mul; eassumption]. intros x. cbv beta.
  rewrite Pos2Nat.inj_xI, <- tech_pow_Rmult, pow_mult. simpl (g x ^ 2). rewrite Rmult_1_r. ring.
- eapply X; [|apply IH; [eassumption|apply secants_mul; eassumption]]. intros x. cbv beta.
  rewrite Pos2Nat.inj_xO, pow_mult. simpl (g x ^ 2). now rewrite Rmult_1_r.
- eapply X; [|apply secants_mul; eassumption]. intros x. simpl. ring.
Qed.

Lemma secants_power n u f : secants u f -> ((n < 0)%Z -> forall x, inside x -> f x <> 0) ->
  secants (jet_power n u) (fun x => powerRZ (f x) n).
Proof.
intros H N.
assert (V : forall x, inside x -> E.encloses (E.pow p (fst u) n) (powerRZ (f x) n)).
{ intros x Hx. apply E.pow_encloses; [now apply H|]. auto. }
assert (O1 : secants jet_one (fun _ => 1)) by apply secants_constant, (E.of_Z_encloses p 1).
destruct n as [|m|m]; [exact O1| |].
- destruct (secants_power_from _ _ _ _ m O1 H) as [_ S]. split; [exact V|].
  intros x y Hx Hy. destruct (S x y Hx Hy) as [s [Hs D]]. exists s. split; [exact Hs|].
  rewrite <- D. simpl. ring.
- assert (N' : forall x, inside x -> 1 * f x ^ Pos.to_nat m <> 0).
  { intros x Hx. rewrite Rmult_1_l. apply pow_nonzero. apply N; [easy|exact Hx]. }
  destruct (secants_div _ _ _ _ O1 (secants_power_from _ _ _ _ m O1 H) N') as [_ S].
  split; [exact V|].
  intros x y Hx Hy. destruct (S x y Hx Hy) as [s [Hs D]]. exists s. split; [exact Hs|].
  rewrite <- D. simpl. unfold Rdiv. now rewrite !Rmult_1_l.
Qed.

Lemma between_slopes a b c s t d : E.encloses a s -> E.encloses b t ->
  Rmin (s * d) (t * d) <= c <= Rmax (s * d) (t * d) ->
  exists r, E.encloses (E.hull a b) r /\ c = r * d.
Proof.
intros Ha Hb. unfold Rmin, Rmax. intros H.
destruct (Req_EM_T d 0) as [->|N].
- exists s. split; [now apply E.hull_left|]. destruct (Rle_dec (s * 0) (t * 0)); lra.
- exists (c / d). split; [|field; exact N].
  assert (K : s <= c / d <= t \/ t <= c / d <= s).
  { assert (C : c = c / d * d) by (field; exact N).
    revert C H. generalize (c / d). intros r -> H.
    destruct (Rlt_dec 0 d) as [P|P].
    - assert (forall a b, a * d <= b * d -> a <= b) by (intros u v; apply Rmult_le_reg_r, P).
      destruct (Rle_dec (s * d) (t * d)); [left|right]; split; apply H0; lra.
    - assert (forall a b, a * d <= b * d -> b <= a).
      { intros u v L. apply Rmult_le_reg_r with (- d); lra. }
      destruct (Rle_dec (s * d) (t * d)); [right|left]; split; apply H0; lra. }
  destruct K as [K|K]; [now apply (E.hull_between a b s t)|].
  apply (E.connected _ t s (c / d));
    [now apply E.hull_right|now apply E.hull_left|exact K].
Qed.

Lemma secants_max i u v f g : secants u f -> secants v g ->
  (forall x, inside x -> E.encloses i (Rmax (f x) (g x))) ->
  secants (jet_open i u v) (fun x => Rmax (f x) (g x)).
Proof.
intros [_ S] [_ S'] V. split; [exact V|].
intros x y Hx Hy. destruct (S x y Hx Hy) as [s [Hs D]], (S' x y Hx Hy) as [s' [Hs' D']].
apply (between_slopes _ _ _ s s'); [exact Hs|exact Hs'|]. rewrite <- D, <- D'.
unfold Rmax, Rmin. repeat destruct Rle_dec; lra.
Qed.

Lemma secants_min i u v f g : secants u f -> secants v g ->
  (forall x, inside x -> E.encloses i (Rmin (f x) (g x))) ->
  secants (jet_open i u v) (fun x => Rmin (f x) (g x)).
Proof.
intros [_ S] [_ S'] V. split; [exact V|].
intros x y Hx Hy. destruct (S x y Hx Hy) as [s [Hs D]], (S' x y Hx Hy) as [s' [Hs' D']].
apply (between_slopes _ _ _ s s'); [exact Hs|exact Hs'|]. rewrite <- D, <- D'.
unfold Rmax, Rmin. repeat destruct Rle_dec; lra.
Qed.

Lemma secants_ext u f g : (forall x, inside x -> f x = g x) -> secants u f -> secants u g.
Proof. intros H [V S]. split; intros; rewrite <- !H by assumption; auto. Qed.
End Precision.
End Secants.
