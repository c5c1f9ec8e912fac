(** The kernel: a derivation that it accepts proves its claim, whatever wrote it. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool FMapPositive.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Structure.
Require Import Attncert.kernel.Parity Attncert.kernel.Scale Attncert.kernel.Mask.
Require Import Attncert.kernel.Mask_error Attncert.kernel.Rules.
Import ListNotations.

(** ** Equality *)

Definition same_functions (f g : functions) : bool :=
  Pos.eqb (label f) (label g) && same_pair (programs f) (programs g).

Lemma same_functions_sound f g : same_functions f g = true -> programs f = programs g.
Proof. intros H. apply andb_prop in H. now apply same_pair_sound. Qed.

Definition same_mask (a b : mask) : bool :=
  match a, b with
  | Full, Full | Causal, Causal | Self, Self => true
  | Window m, Window n | Block m, Block n => Z.eqb m n
  | Rows r, Rows s => if list_eq_dec (list_eq_dec bool_dec) r s then true else false
  | _, _ => false
  end.

Definition same_mask_claim (a b : mask_claim) : bool :=
  Z.eqb (tokens a) (tokens b) && same_mask (pattern a) (pattern b) &&
  same_constant (score_bound a) (score_bound b) && same_constant (value_bound a) (value_bound b) &&
  same_constant (omega a) (omega b) && same_constant (error a) (error b).

Lemma same_mask_sound a b : same_mask a b = true -> a = b.
Proof.
destruct a, b; simpl; try easy; try (intros H; apply Z.eqb_eq in H; congruence).
destruct list_eq_dec; [congruence|easy].
Qed.

Lemma same_mask_claim_sound a b : same_mask_claim a b = true -> a = b.
Proof.
unfold same_mask_claim. rewrite !andb_true_iff. intros [[[[[T P] S] V] W] E].
apply Z.eqb_eq in T. apply same_mask_sound in P. apply same_constant_sound in S, V, W, E.
destruct a, b. simpl in *. congruence.
Qed.

(** ** The checker *)

Module Checker (R : Rules) (X : Extension).

Notation judgement := (judgement X.other).
Notation rule := (rule X.other_rule).
Notation holds := (holds X.holds_other).

(** *** One rule *)

Definition bound_on (f : functions) (j : judgement) : option (domain * Q) :=
  match j with
  | Sup_error g dom epsilon => if same_functions f g then Some (dom, epsilon) else None
  | _ => None
  end.

Definition defined_on (f : functions) (j : judgement) : option domain :=
  match j with
  | Well_defined g dom => if same_functions f g then Some dom else None
  | _ => None
  end.

Fixpoint all {A B : Type} (f : A -> option B) (l : list A) : option (list B) :=
  match l with
  | [] => Some []
  | a :: l => match f a, all f l with Some b, Some r => Some (b :: r) | _, _ => None end
  end.

Definition rule_ok (r : rule) (premises : list judgement) (conclusion : judgement) : bool :=
  match r, premises, conclusion with
  | Enclose n, [], Sup_error f d e => R.enclose_ok n (programs f) d e
  | Mean_value n c, [], Sup_error f d e => R.mean_value_ok n c (programs f) d e
  | Taylor n k c, [], Sup_error f d e => R.taylor_ok n k c (programs f) d e
  | Definedness n, [], Well_defined f d => R.well_defined_ok n (programs f) d
  | Tail n, [], Sup_error f d e => R.tail_ok n (programs f) d e
  | Tail n, [], Well_defined f d => R.tail_well_defined_ok n (programs f) d
  | Divergence n, [], Unbounded f d => R.divergence_ok n (programs f) d
  | Value n, [], Point_value f x lo hi => R.value_ok n (programs f) x lo hi
  | Witness, [Point_value g x lo hi], Lower_bound f d e =>
      same_functions f g && witness_ok x lo hi d e
  | Cover, _, Sup_error f d e =>
      match all (bound_on f) premises with Some pieces => cover_ok pieces d e | None => false end
  | Cover, _, Well_defined f d =>
      match all (defined_on f) premises with Some pieces => adjacent pieces d | None => false end
  | Even, [Sup_error g d e], Sup_error f d' e' =>
      same_functions f g && even_ok (programs f) d e d' e'
  | Scaling, [Sup_error g d e], Sup_error f d' e' => scale_ok (programs g) d e (programs f) d' e'
  | Identical, [Well_defined g d], Sup_error f d' e =>
      same_functions f g && identical_ok (programs f) d d' e
  | Weaken, [Sup_error g d e], Sup_error f d' e' =>
      same_functions f g && weaken_sup_ok d e d' e'
  | Weaken, [Lower_bound g d e], Lower_bound f d' e' =>
      same_functions f g && weaken_lower_ok d e d' e'
  | Weaken, [Unbounded g d], Unbounded f d' => same_functions f g && includes d' d
  | Mask n, [], Mask_error c => R.mask_error_ok n c
  | Other_rule r, _, _ => X.other_rule_ok r premises conclusion
  | _, _, _ => false
  end.

Lemma all_In {A B : Type} (f : A -> option B) l r b :
  all f l = Some r -> In b r -> exists a, In a l /\ f a = Some b.
Proof.
revert r; induction l as [|a l IH]; simpl; intros r H K.
- injection H as <-. easy.
- destruct (f a) as [b'|] eqn:E; [|easy]. destruct (all f l) as [r'|]; [|easy].
  injection H as <-. destruct K as [->|K]; [eauto|].
  destruct (IH _ eq_refl K) as [a' [I F]]. eauto.
Qed.

Lemma bound_on_sound f j d e : bound_on f j = Some (d, e) -> holds j -> sup_error (programs f) d e.
Proof.
destruct j; simpl; try easy. destruct (same_functions f f0) eqn:S; [|easy].
intros H. injection H as <- <-. now rewrite (same_functions_sound _ _ S).
Qed.

Lemma defined_on_sound f j d : defined_on f j = Some d -> holds j -> well_defined (programs f) d.
Proof.
destruct j; simpl; try easy. destruct (same_functions f f0) eqn:S; [|easy].
intros H. injection H as <-. now rewrite (same_functions_sound _ _ S).
Qed.

Theorem rule_sound r premises conclusion : rule_ok r premises conclusion = true ->
  (forall j, In j premises -> holds j) -> holds conclusion.
Proof.
intros H Known.
assert (One : forall j, premises = [j] -> holds j) by (intros j ->; apply Known; now left).
destruct r as [n|n c|n k c|n|n|n|n| | | | | | |n|r];
  try exact (X.other_rule_sound _ _ _ H Known).
9: { (* cover *)
  destruct conclusion; try easy; simpl in H |- *.
  - destruct (all _ premises) as [pieces|] eqn:P; [|easy].
    apply cover_sound with (1 := H). intros d e I.
    destruct (all_In _ _ _ _ P I) as [j [Ij E]]. exact (bound_on_sound _ _ _ _ E (Known _ Ij)).
  - destruct (all _ premises) as [pieces|] eqn:P; [|easy].
    apply cover_well_defined_sound with (1 := H). intros d I.
    destruct (all_In _ _ _ _ P I) as [j [Ij E]]. exact (defined_on_sound _ _ _ E (Known _ Ij)). }
all: destruct premises as [|j [|j' premises]]; try easy; destruct conclusion; try easy;
  try (destruct j; try easy; assert (K := One _ eq_refl)); simpl in *.
- now apply R.enclose_sound with (1 := H).
- now apply R.mean_value_sound with (1 := H).
- now apply R.taylor_sound with (1 := H).
- now apply R.well_defined_sound with (1 := H).
- now apply R.tail_sound with (1 := H).
- now apply R.tail_well_defined_sound with (1 := H).
- now apply R.divergence_sound with (1 := H).
- now apply R.value_sound with (1 := H).
- apply andb_prop in H. destruct H as [S H]. rewrite (same_functions_sound _ _ S).
  exact (witness_sound _ _ _ _ _ _ H K).
- apply andb_prop in H. destruct H as [S H]. rewrite <- (same_functions_sound _ _ S) in K.
  exact (even_sound _ _ _ _ _ H K).
- exact (scale_sound _ _ _ _ _ _ H K).
- apply andb_prop in H. destruct H as [S H]. rewrite <- (same_functions_sound _ _ S) in K.
  exact (identical_sound _ _ _ _ H K).
- apply andb_prop in H. destruct H as [S H]. rewrite (same_functions_sound _ _ S).
  exact (weaken_sup_sound _ _ _ _ _ H K).
- apply andb_prop in H. destruct H as [S H]. rewrite (same_functions_sound _ _ S).
  exact (weaken_lower_sound _ _ _ _ _ H K).
- apply andb_prop in H. destruct H as [S H]. rewrite (same_functions_sound _ _ S).
  exact (weaken_unbounded_sound _ _ _ H K).
- now apply R.mask_error_sound with (1 := H).
Qed.

(** *** A derivation *)

Record step : Type := Step {
  number : positive;
  by_rule : rule;
  premises : list positive;
  keep : list positive;     (* those premises that later steps use again *)
  conclusion : judgement }.

(** Conclusions that later steps may use, and the number of the next step. *)
Record state : Type := State { live : PositiveMap.t judgement; next : positive }.

Definition start : state := State (PositiveMap.empty judgement) 1.

(** The premises, and what stays live: a premise that is not kept is forgotten. *)
Fixpoint take (kept : PositiveMap.t unit) (numbers : list positive) (live : PositiveMap.t judgement)
  : option (list judgement * PositiveMap.t judgement) :=
  match numbers with
  | [] => Some ([], live)
  | n :: numbers =>
      match PositiveMap.find n live with
      | None => None
      | Some j =>
          let live := if PositiveMap.mem n kept then live else PositiveMap.remove n live in
          match take kept numbers live with
          | Some (js, live) => Some (j :: js, live)
          | None => None
          end
      end
  end.

Definition set_of (numbers : list positive) : PositiveMap.t unit :=
  fold_left (fun s n => PositiveMap.add n tt s) numbers (PositiveMap.empty unit).

Definition check_step (s : state) (t : step) : option state :=
  if Pos.eqb (number t) (next s) then
    match take (set_of (keep t)) (premises t) (live s) with
    | Some (js, live) =>
        if rule_ok (by_rule t) js (conclusion t)
        then Some (State (PositiveMap.add (number t) (conclusion t) live) (Pos.succ (next s)))
        else None
    | None => None
    end
  else None.

Definition same_judgement (a b : judgement) : bool :=
  match a, b with
  | Sup_error f d e, Sup_error g d' e' | Lower_bound f d e, Lower_bound g d' e' =>
      same_functions f g && same_domain d d' && same_Q e e'
  | Well_defined f d, Well_defined g d' | Unbounded f d, Unbounded g d' =>
      same_functions f g && same_domain d d'
  | Point_value f x lo hi, Point_value g x' lo' hi' =>
      same_functions f g && same_Q x x' && same_Q lo lo' && same_Q hi hi'
  | Mask_error c, Mask_error c' => same_mask_claim c c'
  | Other j, Other j' => X.same_other j j'
  | _, _ => false
  end.

(** The derivation ends: step [last] concluded exactly the claim. *)
Definition proves (s : state) (last : positive) (claim : judgement) : bool :=
  match PositiveMap.find last (live s) with
  | Some j => same_judgement j claim
  | None => false
  end.

Fixpoint check_steps (s : state) (steps : list step) : option state :=
  match steps with
  | [] => Some s
  | t :: steps => match check_step s t with Some s => check_steps s steps | None => None end
  end.

Definition check_derivation (steps : list step) (last : positive) (claim : judgement) : bool :=
  match check_steps start steps with Some s => proves s last claim | None => false end.

(** *** Soundness *)

(** What is live holds. *)
Definition sound (s : state) : Prop :=
  forall n j, PositiveMap.find n (live s) = Some j -> holds j.

Lemma start_sound : sound start.
Proof. intros n j H. simpl in H. now rewrite PositiveMap.gempty in H. Qed.

Lemma find_remove {A : Type} m n (l : PositiveMap.t A) a :
  PositiveMap.find n (PositiveMap.remove m l) = Some a -> PositiveMap.find n l = Some a.
Proof.
destruct (Pos.eq_dec n m) as [->|N].
- now rewrite PositiveMap.grs.
- now rewrite PositiveMap.gro.
Qed.

Lemma take_sound kept numbers : forall live js live',
  take kept numbers live = Some (js, live') ->
  (forall n j, PositiveMap.find n live = Some j -> holds j) ->
  (forall j, In j js -> holds j) /\ (forall n j, PositiveMap.find n live' = Some j -> holds j).
Proof.
induction numbers as [|n numbers IH]; simpl; intros l js l' H Known.
- injection H as <- <-. now split.
- destruct (PositiveMap.find n l) as [j|] eqn:F; [|easy].
  destruct (take kept numbers _) as [[r l'']|] eqn:T; [|easy]. injection H as <- <-.
  destruct (IH _ _ _ T) as [J L].
  + intros m i. destruct (PositiveMap.mem n kept); [apply Known|].
    intros K. apply (Known m i). now apply find_remove with n.
  + split; [|exact L]. intros i [<-|I]; [exact (Known _ _ F)|now apply J].
Qed.

Theorem check_step_sound s t s' : check_step s t = Some s' -> sound s -> sound s'.
Proof.
unfold check_step. destruct (Pos.eqb _ _); [|easy].
destruct (take _ _ _) as [[js l]|] eqn:T; [|easy].
destruct (rule_ok _ _ _) eqn:R; [|easy]. intros H Known. injection H as <-.
destruct (take_sound _ _ _ _ _ T Known) as [J L]. intros n j. simpl.
destruct (Pos.eq_dec n (number t)) as [->|N].
- rewrite PositiveMap.gss. intros E. injection E as <-. exact (rule_sound _ _ _ R J).
- rewrite PositiveMap.gso by exact N. apply L.
Qed.

Lemma same_judgement_sound a b : same_judgement a b = true -> holds a -> holds b.
Proof.
destruct a, b; simpl; try easy; rewrite ?andb_true_iff.
- intros [[F D] E] H x Hx. rewrite <- (same_functions_sound _ _ F), <- (same_Q_sound _ _ E).
  apply H. refine (same_domain_sound _ _ _ _ Hx). now rewrite same_domain_sym.
- intros [F D] H x Hx. rewrite <- (same_functions_sound _ _ F).
  apply H. refine (same_domain_sound _ _ _ _ Hx). now rewrite same_domain_sym.
- intros [[[F X] L] U] [d [D B]]. rewrite <- (same_functions_sound _ _ F).
  exists d. now rewrite <- (same_Q_sound _ _ X), <- (same_Q_sound _ _ L), <- (same_Q_sound _ _ U).
- intros [[F D] E] [x [d [Hx [K B]]]]. rewrite <- (same_functions_sound _ _ F).
  exists x, d. rewrite <- (same_Q_sound _ _ E). split; [|now split].
  exact (same_domain_sound _ _ _ D Hx).
- intros [F D] H bound. rewrite <- (same_functions_sound _ _ F).
  destruct (H bound) as [x [d [Hx K]]]. exists x, d. split; [|exact K].
  exact (same_domain_sound _ _ _ D Hx).
- intros H. now rewrite (same_mask_claim_sound _ _ H).
- apply X.same_other_sound.
Qed.

Theorem proves_sound s last claim : proves s last claim = true -> sound s -> holds claim.
Proof.
unfold proves. destruct (PositiveMap.find last (live s)) as [j|] eqn:F; [|easy].
intros H Known. exact (same_judgement_sound _ _ H (Known _ _ F)).
Qed.

(** The checker's meaning: what it accepts is true. *)
Theorem check_derivation_sound steps last claim :
  check_derivation steps last claim = true -> holds claim.
Proof.
unfold check_derivation.
assert (K : forall s s', check_steps s steps = Some s' -> sound s -> sound s').
{ induction steps as [|t steps IH]; simpl; intros s s' H Known.
  - now injection H as <-.
  - destruct (check_step s t) as [s''|] eqn:C; [|easy].
    exact (IH _ _ H (check_step_sound _ _ _ C Known)). }
destruct (check_steps start steps) as [s|] eqn:C; [|easy]. intros H.
exact (proves_sound _ _ _ H (K _ _ C start_sound)).
Qed.

End Checker.
