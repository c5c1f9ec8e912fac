(** Polynomials on a half-line x >= A > 0: how they multiply decays, a line below a growing one, and
    what e^-P is at most (docs/formulas.md#tail). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Term Attncert.kernel.Enclosure Attncert.kernel.Tail_polynomial
  Attncert.kernel.Tail_decay.
Import ListNotations.
Open Scope R_scope.

Module Lines (I : IntervalOps).
Include Decays I.
Section Half_line.
Variable p : I.F.precision.
Variable from : Q.
Local Notation A := (Q2R from).
Hypothesis A_pos : 0 < A.

(** ** A decay times a polynomial *)

(** The sum of |c_j| A^(j-d), d the degree: |P x| <= x^d times this. *)
Fixpoint size (P : polynomial) : I.type :=
  match P with
  | [] => E.of_Z p 0
  | c :: P => N.add p (E.mul p (E.abs (enclosure c)) (origin_inverse_power p from (length P)))
                      (size P)
  end.

Definition mul_decay_polynomial (d : decay) (P : polynomial) : decay :=
  if vanishes d then d
  else Decay (E.mul p (scale d) (size P)) (power d + (length P - 1)) (rate d).

Lemma size_holds P F : polynomial_holds P F ->
  exists s, E.encloses (size P) s /\
    forall x, A <= x -> x * Rabs (F x) <= s * x ^ length P.
Proof.
revert F; induction P as [|c P IH]; simpl; intros F H.
- exists 0. split; [apply (E.of_Z_encloses p 0)|]. intros x _. rewrite H, Rabs_R0. lra.
- destruct H as [a [G [[Ha _] [HG H]]]]. destruct (IH G HG) as [s [Hs K]].
  exists (Rabs a * / A ^ length P + s). split.
  { apply N.add_encloses; [|exact Hs]. apply E.mul_encloses; [now apply E.abs_encloses|].
    now apply origin_inverse_power_encloses. }
  intros x Hx. rewrite H. specialize (K x Hx).
  assert (T := Rabs_triang a (x * G x)). rewrite Rabs_mult, (Rabs_pos_eq x) in T by lra.
  assert (S := pow_shift A x A_pos Hx 0 (length P) (Nat.le_0_l _)).
  rewrite Nat.sub_0_r in S. simpl in S. assert (N := Rabs_pos a).
  assert (Rabs a * 1 <= Rabs a * (/ A ^ length P * x ^ length P))
    by now apply Rmult_le_compat_l.
  apply Rle_trans with (x * (Rabs a * (/ A ^ length P * x ^ length P) + s * x ^ length P)).
  + apply Rmult_le_compat_l; lra.
  + apply Req_le. ring.
Qed.

Lemma mul_decay_polynomial_holds d P R F : decay_holds from d R -> polynomial_holds P F ->
  decay_holds from (mul_decay_polynomial d P) (fun x => F x * R x).
Proof.
intros HR HF. unfold mul_decay_polynomial. destruct (vanishes d) eqn:V.
{ apply decay_ext with R; [|exact HR]. intros x Hx.
  rewrite (vanishes_correct from A_pos _ _ V HR x Hx). ring. }
destruct HR as [C [r [HC [Hr H]]]], (size_holds P F HF) as [s [Hs K]].
exists (C * s), r. split; [now apply E.mul_encloses|]. split; [exact Hr|].
intros x Hx. specialize (H x Hx). specialize (K x Hx). simpl.
assert (L : Rabs (F x) <= s * x ^ (length P - 1)).
{ destruct P as [|c P].
  - simpl in K |- *. rewrite (HF x), Rabs_R0 in K |- *. lra.
  - simpl in *. rewrite Nat.sub_0_r. apply Rmult_le_reg_l with x; [lra|].
    apply Rle_trans with (1 := K). apply Req_le. ring. }
rewrite Rabs_mult, pow_add.
replace (C * s * _) with
  (s * x ^ (length P - 1) * (C * (x ^ power d * exp (- (r * x))))) by ring.
apply Rmult_le_compat; auto using Rabs_pos.
Qed.

(** ** A line below a growing polynomial *)

(** Coefficients of x^j, ..., x^d: (l, s) with s x + l x^d below them. A negative coefficient before
    the last is charged to the leading term, a positive one to the slope. *)
Fixpoint charge (j : nat) (P : polynomial) : I.type * I.type :=
  match P with
  | [] => (E.of_Z p 0, E.of_Z p 0)
  | c :: [] => (enclosure c, E.of_Z p 0)
  | c :: rest =>
    let (l, s) := charge (S j) rest in
    let c := enclosure c in
    if E.nonnegative c then (l, N.add p s (E.mul p c (origin_power p from (j - 1))))
    else (N.sub p l (E.mul p (E.abs c) (origin_inverse_power p from (length rest))), s)
  end.

(** The same for d x + ..., where the coefficient of x always goes to the slope. *)
Definition charge_from_line (d : coefficient) (rest : polynomial) : I.type * I.type :=
  match rest with
  | [] => (enclosure d, E.of_Z p 0)
  | _ => let (l, s) := charge 2 rest in (l, N.add p (enclosure d) s)
  end.

(** (slope, offset): slope x + offset <= P x for all x >= A, and slope > 0. *)
Definition minorant (P : polynomial) : option (I.type * I.type) :=
  match P with
  | c :: d :: rest =>
    let (l, s) := charge_from_line d rest in
    let slope := N.add p s (E.mul p l (origin_power p from (length rest))) in
    if E.nonnegative l && E.positive slope then Some (slope, enclosure c) else None
  | _ => None
  end.

Definition reciprocal_exponential (P : polynomial) : option decay :=
  bind (minorant P) (fun line =>
    let (slope, offset) := line in Some (Decay (N.exp p (E.neg offset)) 0 slope)).

Lemma charge_step c rest j : rest <> [] ->
  charge j (c :: rest) =
    let (l, s) := charge (S j) rest in
    let c := enclosure c in
    if E.nonnegative c then (l, N.add p s (E.mul p c (origin_power p from (j - 1))))
    else (N.sub p l (E.mul p (E.abs c) (origin_inverse_power p from (length rest))), s).
Proof. now destruct rest. Qed.

Lemma charge_holds P F j : (1 <= j)%nat -> P <> [] -> polynomial_holds P F ->
  exists l s, E.encloses (fst (charge j P)) l /\ E.encloses (snd (charge j P)) s /\
    forall x, A <= x -> s * x + l * x ^ (j + (length P - 1)) <= F x * x ^ j.
Proof.
revert F j; induction P as [|c P IH]; [easy|]. intros F j Hj _ HF.
destruct P as [|d P'].
{ destruct (constant_inv _ _ HF) as [a [[Ha _] E]]. exists a, 0. simpl.
  split; [exact Ha|]. split; [apply (E.of_Z_encloses p 0)|].
  intros x _. rewrite E, Nat.add_0_r. lra. }
remember (d :: P') as P eqn:EP. assert (NP : P <> []) by now subst P.
destruct HF as [a [G [[Ha _] [HG H]]]].
destruct (IH G (S j) (le_S _ _ Hj) NP HG) as [l [s [Hl [Hs K]]]].
rewrite charge_step by exact NP. destruct (charge (S j) P) as [il is_]. simpl in Hl, Hs.
assert (LP : (1 <= length P)%nat) by (subst P; simpl; lia).
assert (LE : (S j + (length P - 1))%nat = (j + (length (c :: P) - 1))%nat) by (simpl; lia).
rewrite LE in K. cbv zeta. destruct (E.nonnegative (enclosure c)) eqn:N; simpl fst; simpl snd.
- assert (Na := E.nonnegative_correct _ _ N Ha).
  exists l, (s + a * A ^ (j - 1)). split; [exact Hl|]. split.
  { apply N.add_encloses; [exact Hs|]. apply E.mul_encloses; [exact Ha|].
    apply origin_power_encloses. }
  intros x Hx. specialize (K x Hx). rewrite H.
  assert (a * (A ^ (j - 1) * x) <= a * x ^ j).
  { apply Rmult_le_compat_l; [exact Na|]. replace j with (S (j - 1)) at 2 by lia. simpl.
    rewrite (Rmult_comm x). apply Rmult_le_compat_r; [lra|]. now apply pow_A_le. }
  replace (x ^ S j) with (x * x ^ j) in K by reflexivity. lra.
- exists (l - Rabs a * / A ^ length P), s. split.
  { apply N.sub_encloses; [exact Hl|]. apply E.mul_encloses; [now apply E.abs_encloses|].
    now apply origin_inverse_power_encloses. }
  split; [exact Hs|]. intros x Hx. specialize (K x Hx). rewrite H.
  assert (Sh := pow_shift A x A_pos Hx j (j + length P) (Nat.le_add_r _ _)).
  replace (j + length P - j)%nat with (length P) in Sh by lia.
  replace (j + (length (c :: P) - 1))%nat with (j + length P)%nat in * by (simpl; lia).
  assert (Rabs a * x ^ j <= Rabs a * (/ A ^ length P * x ^ (j + length P)))
    by (apply Rmult_le_compat_l; [apply Rabs_pos|exact Sh]).
  assert (0 <= x ^ j) by (apply pow_le; lra).
  assert (- (a) <= Rabs a) by (rewrite <- Rabs_Ropp; apply Rle_abs).
  assert (- a * x ^ j <= Rabs a * x ^ j) by now apply Rmult_le_compat_r.
  replace (x ^ S j) with (x * x ^ j) in K by reflexivity. lra.
Qed.

Lemma charge_from_line_holds d rest b G :
  E.encloses (enclosure d) b -> polynomial_holds rest G ->
  exists l s, E.encloses (fst (charge_from_line d rest)) l /\
    E.encloses (snd (charge_from_line d rest)) s /\
    forall x, A <= x -> s * x + l * x ^ S (length rest) <= (b + x * G x) * x.
Proof.
intros Hb HG. destruct rest as [|e rest].
- exists b, 0. split; [exact Hb|]. split; [apply (E.of_Z_encloses p 0)|].
  intros x _. simpl in HG. rewrite HG. simpl. lra.
- destruct (charge_holds (e :: rest) G 2) as [l [s [Hl [Hs K]]]]; auto; [easy|].
  exists l, (b + s). unfold charge_from_line.
  destruct (charge 2 (e :: rest)) as [il is_]. simpl fst in *. simpl snd in *.
  split; [exact Hl|]. split; [now apply N.add_encloses|].
  intros x Hx. specialize (K x Hx).
  replace (2 + (length (e :: rest) - 1))%nat with (S (length (e :: rest))) in K by (simpl; lia).
  replace (x ^ 2) with (x * x) in K by ring. lra.
Qed.

Lemma minorant_holds P F i o : minorant P = Some (i, o) -> polynomial_holds P F ->
  exists slope offset, E.encloses i slope /\ E.encloses o offset /\ 0 < slope /\
    forall x, A <= x -> slope * x + offset <= F x.
Proof.
destruct P as [|c [|d rest]]; [easy..|]. unfold minorant.
intros E [a [F1 [[Ha _] [[b [G [[Hb _] [HG H1]]]] H]]]].
destruct (charge_from_line_holds d rest b G Hb HG) as [l [s [Hl [Hs K]]]].
destruct (charge_from_line d rest) as [il is_]. simpl in Hl, Hs.
destruct (E.nonnegative il && _) eqn:V; [|easy]. apply andb_prop in V. destruct V as [V W].
injection E as <- <-.
assert (Nl := E.nonnegative_correct _ _ V Hl).
assert (Hslope : E.encloses (N.add p is_ (E.mul p il (origin_power p from (length rest))))
    (s + l * A ^ length rest)).
{ apply N.add_encloses; [exact Hs|]. apply E.mul_encloses; [exact Hl|].
  apply origin_power_encloses. }
exists (s + l * A ^ length rest), a. split; [exact Hslope|]. split; [exact Ha|].
split; [exact (E.positive_correct _ _ W Hslope)|].
intros x Hx. specialize (K x Hx). rewrite H, H1.
assert (l * A ^ length rest * x <= l * x ^ S (length rest)).
{ simpl. rewrite (Rmult_comm x), <- Rmult_assoc. apply Rmult_le_compat_r; [lra|].
  apply Rmult_le_compat_l; [exact Nl|]. now apply pow_A_le. }
lra.
Qed.

Lemma reciprocal_exponential_holds P F d : reciprocal_exponential P = Some d ->
  polynomial_holds P F -> decay_holds from d (fun x => exp (- F x)).
Proof.
unfold reciprocal_exponential, bind. destruct (minorant P) as [[i o]|] eqn:M; [|easy].
intros E HF. injection E as <-.
destruct (minorant_holds _ _ _ _ M HF) as [slope [offset [Hs [Ho [_ H]]]]].
exists (exp (- offset)), slope. split; [now apply N.exp_encloses, E.neg_encloses|].
split; [exact Hs|]. intros x Hx. rewrite Rabs_pos_eq by (left; apply exp_pos). simpl.
rewrite Rmult_1_l, <- exp_plus. apply exp_le_le. specialize (H x Hx). lra.
Qed.

End Half_line.
End Lines.
