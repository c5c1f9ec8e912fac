(** What a certificate about two functions of one real variable can claim, and what it means. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool.
Require Import Attncert.kernel.Term.
Open Scope R_scope.

Record pair : Type := Pair { target : program; approximant : program }.

(** [lower, upper]; an absent end is infinite. *)
Record domain : Type := Domain { lower : option Q; upper : option Q }.

Definition inside (d : domain) (x : R) : Prop :=
  (forall a, lower d = Some a -> Q2R a <= x) /\ (forall b, upper d = Some b -> x <= Q2R b).

(** Both functions are defined at x, and differ by d. *)
Definition differ (p : pair) (x d : R) : Prop :=
  exists a b, value (target p) x = Some a /\ value (approximant p) x = Some b /\ d = a - b.

Definition defined (p : pair) (x : R) : Prop := exists d, differ p x d.

Definition sup_error (p : pair) (dom : domain) (epsilon : Q) : Prop :=
  forall x, inside dom x -> exists d, differ p x d /\ Rabs d <= Q2R epsilon.

Definition well_defined (p : pair) (dom : domain) : Prop :=
  forall x, inside dom x -> defined p x.

Definition point_value (p : pair) (at_ lo hi : Q) : Prop :=
  exists d, differ p (Q2R at_) d /\ Q2R lo <= d <= Q2R hi.

Definition lower_bound (p : pair) (dom : domain) (epsilon : Q) : Prop :=
  exists x d, inside dom x /\ differ p x d /\ Q2R epsilon <= Rabs d.

Definition unbounded (p : pair) (dom : domain) : Prop :=
  forall bound : R, exists x d, inside dom x /\ differ p x d /\ bound <= Rabs d.

Definition closed_pair (p : pair) : bool := closed (target p) && closed (approximant p).

Definition difference_of (p : pair) : program := difference (target p) (approximant p).

(** A statement about the program of the difference is one about the pair. *)
Lemma differ_of_run p x r d : closed_pair p = true ->
  run (real_step x) (difference_of p) nil = Some r -> hd_error r = Some d -> differ p x d.
Proof.
unfold closed_pair. intros C. apply andb_prop in C. destruct C as [Cf Cg]. intros R H.
destruct (run_difference x _ _ r Cf Cg R) as [a [b [Ha [Hb E]]]].
exists a, b. split; [exact Ha|split; [exact Hb|]]. congruence.
Qed.

Lemma run_of_differ p x d : closed_pair p = true -> differ p x d ->
  exists r, run (real_step x) (difference_of p) nil = Some r /\ hd_error r = Some d.
Proof.
unfold closed_pair. intros C. apply andb_prop in C. destruct C as [Cf Cg].
intros [a [b [Ha [Hb ->]]]]. now apply run_difference_defined.
Qed.
