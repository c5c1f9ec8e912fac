(** Rule even: |d(-x)| = |d(x)|, read off the program of d by reflections (Reflection.v). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Structure.
Require Import Attncert.kernel.Error_function Attncert.kernel.Reflection.
Import ListNotations.
Open Scope R_scope.

(** ** Programs *)

Definition related (x : R) : list fact -> list (R * R) -> Prop :=
  Forall2 (fun f vw => mirrored x f (fst vw) (snd vw)).

Lemma related_nth x facts values a f v :
  related x facts values -> nth_error facts a = Some f ->
  nth_error (map fst values) a = Some v ->
  exists w, nth_error (map snd values) a = Some w /\ mirrored x f v w.
Proof.
intros H F V. destruct (Forall2_nth_error _ _ _ _ _ H F) as [[v' w] [E K]].
rewrite nth_error_map, E in *. simpl in *. injection V as ->. now exists w.
Qed.

Lemma unary_sound x facts values a of_fact (of_value : R -> option R) f v :
  related x facts values ->
  on1 facts a of_fact = Some f -> on1 (map fst values) a of_value = Some v ->
  (forall g u u', mirrored x g u u' -> of_fact g = Some f -> of_value u = Some v ->
     exists w, of_value u' = Some w /\ mirrored x f v w) ->
  exists w, on1 (map snd values) a of_value = Some w /\ mirrored x f v w.
Proof.
intros H. unfold on1.
destruct (nth_error facts a) as [g|] eqn:F; [|easy].
destruct (nth_error (map fst values) a) as [u|] eqn:U; [|easy]. simpl. intros Ef Ev Step.
destruct (related_nth _ _ _ _ _ _ H F U) as [u' [-> M]]. simpl. eauto.
Qed.

Lemma binary_sound x facts values a b of_facts (of_values : R -> R -> option R) f v :
  related x facts values ->
  on2 facts a b of_facts = Some f -> on2 (map fst values) a b of_values = Some v ->
  (forall g h u u' t t', mirrored x g u u' -> mirrored x h t t' ->
     of_facts g h = Some f -> of_values u t = Some v ->
     exists w, of_values u' t' = Some w /\ mirrored x f v w) ->
  exists w, on2 (map snd values) a b of_values = Some w /\ mirrored x f v w.
Proof.
intros H. unfold on2.
destruct (nth_error facts a) as [g|] eqn:F; [|easy].
destruct (nth_error (map fst values) a) as [u|] eqn:U; [|easy]. simpl.
destruct (nth_error facts b) as [h|] eqn:G; [|easy].
destruct (nth_error (map fst values) b) as [t|] eqn:T; [|easy]. simpl. intros Ef Ev Step.
destruct (related_nth _ _ _ _ _ _ H F U) as [u' [-> M]].
destruct (related_nth _ _ _ _ _ _ H G T) as [t' [-> N]]. simpl. eauto.
Qed.

Lemma reflected_sound r f : reflected r = Some f -> exists s, r = Some s /\ f = Reflected s.
Proof. destruct r; [|easy]. intros E. injection E as <-. eauto. Qed.

Ltac one_operand H :=
  intros Ef Ev; apply (unary_sound _ _ _ _ _ _ _ _ H Ef Ev);
  intros g u u' M E V; destruct (function_sound _ _ _ _ _ _ M E) as [[-> ->]|[-> O]];
  [eexists; split; [exact V|apply even_value]|].

Lemma parity_step_sound x n facts values f v :
  related x facts values -> parity_step n facts = Some f ->
  real_step x n (map fst values) = Some v ->
  exists w, real_step (- x) n (map snd values) = Some w /\ mirrored x f v w.
Proof.
intros H. destruct n; simpl.
- intros E V. injection E as <-. injection V as <-. now exists (Q2R q).
- intros E V. injection E as <-. injection V as <-. exists PI. split; [easy|apply even_value].
- intros E V. injection E as <-. injection V as <-. now exists (- x).
- intros Ef Ev. apply (unary_sound _ _ _ _ _ _ _ _ H Ef Ev). intros g u u' M E V.
  apply reflected_sound in E. destruct E as [s [E ->]].
  destruct (reflection_of g) as [r|] eqn:G; [|easy]. injection E as <-. injection V as <-.
  exists (- u'). split; [easy|].
  assert (K := scaled_sound _ _ _ _ (Qopp (1 # 1)) (reflection_sound _ _ _ _ _ M G)).
  rewrite Q2R_opp, Q2R_1 in K. simpl.
  replace (- u) with (u * - (1)) by ring. replace (- u') with (u' * - (1)) by ring. exact K.
- one_operand H. injection V as <-. injection O as <-. exists (Rabs u). rewrite Rabs_Ropp.
  split; [easy|apply even_value].
- one_operand H. easy.
- one_operand H. injection V as <-. injection O as <-. exists (exp (- u)). split; [easy|].
  split; [apply exp_pos|apply exp_Ropp].
- one_operand H. easy.
- one_operand H. injection V as <-. injection O as <-. exists (tanh (- u)). split; [easy|].
  apply odd_value, tanh_odd.
- one_operand H. injection V as <-. injection O as <-. exists (erf (- u)). split; [easy|].
  apply odd_value, erf_odd.
- one_operand H. injection V as <-. injection O as <-. exists (erfc (- u)). split; [easy|].
  unfold erfc. rewrite erf_odd. simpl. unfold reflects. simpl. rationals. ring.
- one_operand H. injection O as <-. exists (sign (Z.odd n) * v). split; [now apply pow_R_odd|].
  now apply reflects_pure.
- intros Ef Ev. apply (binary_sound _ _ _ _ _ _ _ _ _ H Ef Ev). intros g h u u' t t' M N E V.
  injection V as <-. exists (u' + t'). split; [easy|].
  destruct (_ || _) eqn:L in E.
  + injection E as <-. apply orb_prop in L.
    destruct L as [L|L]; apply andb_prop in L; destruct L as [L K]; simpl.
    * destruct g; try easy. destruct h; try easy. destruct M as [-> ->], N as [P ->].
      apply same_Q_sound in L. rewrite Q2R_1 in L. rewrite L. exists t. easy.
    * destruct h; try easy. destruct g; try easy. destruct N as [-> ->], M as [P ->].
      apply same_Q_sound in L. rewrite Q2R_1 in L. rewrite L. exists u. repeat split; try easy; ring.
  + apply reflected_sound in E. destruct E as [s [E ->]].
    assert (K := sum_sound _ _ _ _ _ _ _ _ _ M N E). rewrite Q2R_1, !Rmult_1_r in K. exact K.
- intros Ef Ev. apply (binary_sound _ _ _ _ _ _ _ _ _ H Ef Ev). intros g h u u' t t' M N E V.
  injection V as <-. exists (u' - t'). split; [easy|].
  apply reflected_sound in E. destruct E as [s [E ->]].
  assert (K := sum_sound _ _ _ _ _ _ _ _ _ M N E). rewrite Q2R_opp, Q2R_1 in K. simpl.
  replace (u - t) with (u + t * - (1)) by ring. replace (u' - t') with (u' + t' * - (1)) by ring.
  exact K.
- intros Ef Ev. apply (binary_sound _ _ _ _ _ _ _ _ _ H Ef Ev). intros g h u u' t t' M N E V.
  injection V as <-. exists (u' * t'). split; [easy|].
  apply reflected_sound in E. destruct E as [s [E ->]]. exact (product_sound _ _ _ _ _ _ _ _ M N E).
- intros Ef Ev. apply (binary_sound _ _ _ _ _ _ _ _ _ H Ef Ev). intros g h u u' t t' M N E V.
  unfold div_R in *. destruct (Req_EM_T t 0) as [|T]; [easy|]. injection V as <-.
  apply reflected_sound in E. destruct E as [s [E ->]].
  destruct (quotient_sound _ _ _ _ _ _ _ _ M N E T) as [T' K].
  exists (u' / t'). destruct (Req_EM_T t' 0); easy.
- intros Ef Ev. apply (binary_sound _ _ _ _ _ _ _ _ _ H Ef Ev). intros g h u u' t t' M N E V.
  injection V as <-. exists (Rmax u' t'). split; [easy|].
  apply reflected_sound in E. destruct E as [s [E ->]].
  apply (extremum_sound _ _ _ _ _ _ _ _ M N E).
- intros Ef Ev. apply (binary_sound _ _ _ _ _ _ _ _ _ H Ef Ev). intros g h u u' t t' M N E V.
  injection V as <-. exists (Rmin u' t'). split; [easy|].
  apply reflected_sound in E. destruct E as [s [E ->]].
  apply (extremum_sound _ _ _ _ _ _ _ _ M N E).
Qed.

Lemma parity_run x p : forall facts values fs vs,
  related x facts values -> run parity_step p facts = Some fs ->
  run (real_step x) p (map fst values) = Some vs ->
  exists both, map fst both = vs /\ run (real_step (- x)) p (map snd values) = Some (map snd both) /\
    related x fs both.
Proof.
induction p as [|n p IH]; simpl; intros facts values fs vs H F V.
- injection F as <-. injection V as <-. now exists values.
- destruct (parity_step n facts) as [f|] eqn:Ef; [|easy].
  destruct (real_step x n (map fst values)) as [v|] eqn:Ev; [|easy].
  destruct (parity_step_sound _ _ _ _ _ _ H Ef Ev) as [w [-> M]].
  exact (IH (f :: facts) ((v, w) :: values) _ _ (Forall2_cons f (v, w) M H) F V).
Qed.

Theorem even_in_magnitude_sound p x r d :
  even_in_magnitude p = true -> run (real_step x) p [] = Some r -> hd_error r = Some d ->
  exists r' d', run (real_step (- x)) p [] = Some r' /\ hd_error r' = Some d' /\ Rabs d' = Rabs d.
Proof.
unfold even_in_magnitude. intros H R D.
destruct (run parity_step p []) as [fs|] eqn:F; [|easy].
destruct (parity_run x p [] [] fs r (Forall2_nil _) F R) as [both [Ev [Ew K]]].
destruct fs as [|f fs]; [easy|]. simpl in H.
destruct (reflection_of f) as [s|] eqn:S; [|easy].
inversion K as [|? [v w] ? rest M _ E1]; subst. simpl in *. injection D as ->.
exists (w :: map snd rest), w. split; [exact Ew|split; [easy|]].
rewrite (pure_sound _ _ _ _ _ M S H), Rabs_mult.
destruct (odd s); simpl; rewrite ?Rabs_R1, ?(Rabs_left (-1)) by lra; ring.
Qed.

(** ** even *)

Definition mirror (d : domain) : domain :=
  Domain (option_map Qopp (upper d)) (option_map Qopp (lower d)).

Definition even_ok (p : pair) (known : domain) (e : Q) (goal : domain) (epsilon : Q) : bool :=
  closed_pair p && same_domain goal (mirror known) && at_most e epsilon &&
  even_in_magnitude (difference_of p).

Lemma mirror_sound d x : inside (mirror d) x -> inside d (- x).
Proof.
unfold inside, mirror. destruct d as [l u]. simpl. intros [L U]. split.
- intros a ->. assert (K := U _ eq_refl). rewrite Q2R_opp in K. lra.
- intros a ->. assert (K := L _ eq_refl). rewrite Q2R_opp in K. lra.
Qed.

Theorem even_sound p known e goal epsilon :
  even_ok p known e goal epsilon = true -> sup_error p known e -> sup_error p goal epsilon.
Proof.
unfold even_ok. intros H Known x Hx.
apply andb_prop in H. destruct H as [H HP]. apply andb_prop in H. destruct H as [H HE].
apply andb_prop in H. destruct H as [C HD].
destruct (Known (- x) (mirror_sound _ _ (same_domain_sound _ _ _ HD Hx))) as [d [D B]].
destruct (run_of_differ _ _ _ C D) as [r [R Hd]].
destruct (even_in_magnitude_sound _ _ _ _ HP R Hd) as [r' [d' [R' [Hd' M]]]].
rewrite Ropp_involutive in R'. exists d'. split; [exact (differ_of_run _ _ _ _ C R' Hd')|].
rewrite M. apply Rle_trans with (1 := B). now apply at_most_sound.
Qed.
