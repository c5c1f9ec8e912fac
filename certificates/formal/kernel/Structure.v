(** Rules that go from proved bounds to others without arithmetic on functions:
    cover, witness, identical, weaken. Each is a boolean function with a soundness theorem. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement.
Import ListNotations.
Open Scope R_scope.

(** ** Equality of numbers, programs, pairs *)

(** Numbers are compared by value; programs node by node, constants as they are written. *)
Definition same_Q (a b : Q) : bool := Qeq_bool a b.
Definition at_most (a b : Q) : bool := Qle_bool a b.

Definition same_constant (a b : Q) : bool :=
  Z.eqb (Qnum a) (Qnum b) && Pos.eqb (Qden a) (Qden b).

Definition same_node (m n : node) : bool :=
  match m, n with
  | Const q, Const r => same_constant q r
  | Pi, Pi | Var, Var => true
  | Neg a, Neg b | Fabs a, Fabs b | Sqrt a, Sqrt b | Exp a, Exp b | Log a, Log b
  | Tanh a, Tanh b | Erf a, Erf b | Erfc a, Erfc b => Nat.eqb a b
  | Pow a i, Pow b j => Nat.eqb a b && Z.eqb i j
  | Add a b, Add c d | Sub a b, Sub c d | Mul a b, Mul c d | Div a b, Div c d
  | Fmax a b, Fmax c d | Fmin a b, Fmin c d => Nat.eqb a c && Nat.eqb b d
  | _, _ => false
  end.

Fixpoint same_program (p q : program) : bool :=
  match p, q with
  | [], [] => true
  | m :: p, n :: q => same_node m n && same_program p q
  | _, _ => false
  end.

Definition same_pair (p q : pair) : bool :=
  same_program (target p) (target q) && same_program (approximant p) (approximant q).

Lemma same_Q_sound a b : same_Q a b = true -> Q2R a = Q2R b.
Proof. intros H. apply Qeq_eqR. now apply Qeq_bool_iff. Qed.

Lemma at_most_sound a b : at_most a b = true -> Q2R a <= Q2R b.
Proof. intros H. apply Qle_Rle. now apply Qle_bool_iff. Qed.

Lemma same_constant_sound a b : same_constant a b = true -> a = b.
Proof.
unfold same_constant. intros H. apply andb_prop in H. destruct H as [H K].
apply Z.eqb_eq in H. apply Pos.eqb_eq in K. destruct a, b. simpl in *. congruence.
Qed.

Lemma same_node_sound m n : same_node m n = true -> m = n.
Proof.
destruct m, n; simpl; try easy; intros H;
  repeat match goal with
  | H : _ && _ = true |- _ => apply andb_prop in H; destruct H
  | H : Nat.eqb _ _ = true |- _ => apply Nat.eqb_eq in H
  | H : Z.eqb _ _ = true |- _ => apply Z.eqb_eq in H
  | H : same_constant _ _ = true |- _ => apply same_constant_sound in H
  end; congruence.
Qed.

Lemma same_program_sound p q : same_program p q = true -> p = q.
Proof.
revert q; induction p as [|m p IH]; intros [|n q]; simpl; try easy. intros H.
apply andb_prop in H. destruct H as [H K].
now rewrite (same_node_sound _ _ H), (IH _ K).
Qed.

Lemma same_pair_sound p q : same_pair p q = true -> p = q.
Proof.
unfold same_pair. intros H. apply andb_prop in H. destruct H as [H K].
destruct p, q. simpl in *. now rewrite (same_program_sound _ _ H), (same_program_sound _ _ K).
Qed.

(** ** Domains *)

Definition same_end (a b : option Q) : bool :=
  match a, b with
  | Some a, Some b => same_Q a b
  | None, None => true
  | _, _ => false
  end.

Definition same_domain (d e : domain) : bool :=
  same_end (lower d) (lower e) && same_end (upper d) (upper e).

(** Every point of the inner domain lies in the outer one. *)
Definition includes (outer inner : domain) : bool :=
  match lower outer, lower inner with
  | None, _ => true
  | Some a, Some b => at_most a b
  | Some _, None => false
  end &&
  match upper outer, upper inner with
  | None, _ => true
  | Some a, Some b => at_most b a
  | Some _, None => false
  end.

Definition includes_point (d : domain) (x : Q) : bool :=
  includes d (Domain (Some x) (Some x)).

Lemma includes_sound outer inner x :
  includes outer inner = true -> inside inner x -> inside outer x.
Proof.
unfold includes, inside. intros H [L U]. apply andb_prop in H. destruct H as [HL HU].
destruct outer as [ol ou], inner as [il iu]. simpl in *. split.
- intros a ->. destruct il as [b|]; [|easy].
  apply Rle_trans with (1 := at_most_sound _ _ HL). now apply L.
- intros b ->. destruct iu as [a|]; [|easy].
  apply Rle_trans with (2 := at_most_sound _ _ HU). now apply U.
Qed.

Lemma includes_point_sound d x : includes_point d x = true -> inside d (Q2R x).
Proof.
intros H. apply includes_sound with (1 := H).
split; simpl; intros a E; injection E as ->; apply Rle_refl.
Qed.

Lemma same_domain_sound d e x : same_domain d e = true -> inside d x -> inside e x.
Proof.
unfold same_domain, inside. intros H [L U]. apply andb_prop in H. destruct H as [HL HU].
destruct d as [dl du], e as [el eu]. simpl in *. split; intros a ->.
- destruct dl as [b|]; [|easy]. rewrite <- (same_Q_sound _ _ HL). now apply L.
- destruct du as [b|]; [|easy]. rewrite <- (same_Q_sound _ _ HU). now apply U.
Qed.

Lemma same_domain_sym d e : same_domain d e = same_domain e d.
Proof.
assert (K : forall a b, same_Q a b = same_Q b a) by (intros a b; apply Qeq_bool_comm).
destruct d as [[a|] [b|]], e as [[a'|] [b'|]]; unfold same_domain; simpl;
  rewrite ?(K a), ?(K b); reflexivity.
Qed.

(** ** cover *)

(** Domains [a0, a1], [a1, a2], ..., each beginning exactly where the one before ends, the last
    one ending at [stop]. *)
Fixpoint chain (start : option Q) (rest : list domain) (stop : option Q) : bool :=
  match rest with
  | [] => same_end start stop
  | d :: rest =>
      match start, lower d with
      | Some a, Some b => same_Q a b && chain (upper d) rest stop
      | _, _ => false
      end
  end.

Definition adjacent (pieces : list domain) (whole : domain) : bool :=
  match pieces with
  | [] => false
  | d :: rest => same_end (lower d) (lower whole) && chain (upper d) rest (upper whole)
  end.

Lemma chain_sound rest : forall start stop (Good : R -> Prop) x,
  chain start rest stop = true ->
  (forall b, stop = Some b -> x <= Q2R b) ->
  ((forall a, start = Some a -> x <= Q2R a) -> Good x) ->
  (forall d, In d rest -> inside d x -> Good x) -> Good x.
Proof.
induction rest as [|d rest IH]; simpl; intros start stop Good x H U First Rest.
- apply First. intros a ->. destruct stop as [b|]; [|easy].
  rewrite (same_Q_sound _ _ H). now apply U.
- destruct start as [a|]; [|easy]. destruct (lower d) as [b|] eqn:L; [|easy].
  apply andb_prop in H. destruct H as [H K].
  destruct (Rle_lt_dec x (Q2R a)) as [Hx|Hx].
  + apply First. intros c E. now injection E as <-.
  + apply IH with (1 := K) (2 := U); [|intros e He; apply Rest; now right].
    intros Hd. apply (Rest d); [now left|]. split; [|exact Hd].
    intros c E. assert (c = b) as -> by congruence. rewrite <- (same_Q_sound _ _ H). lra.
Qed.

Lemma adjacent_sound pieces whole (Good : R -> Prop) :
  adjacent pieces whole = true ->
  (forall d, In d pieces -> forall x, inside d x -> Good x) ->
  forall x, inside whole x -> Good x.
Proof.
destruct pieces as [|d rest]; [easy|]. simpl. intros H Pieces x [L U].
apply andb_prop in H. destruct H as [HL HC].
apply chain_sound with (1 := HC) (2 := U).
- intros Hd. apply (Pieces d); [now left|]. split; [|exact Hd]. intros a E. rewrite E in HL.
  destruct (lower whole) as [b|]; [|easy]. rewrite (same_Q_sound _ _ HL). now apply L.
- intros e He. apply Pieces. now right.
Qed.

(** Bounds on adjacent pieces are one on their union. *)
Definition cover_ok (pieces : list (domain * Q)) (whole : domain) (epsilon : Q) : bool :=
  adjacent (map fst pieces) whole && forallb (fun piece => at_most (snd piece) epsilon) pieces.

Theorem cover_sound p pieces whole epsilon :
  cover_ok pieces whole epsilon = true ->
  (forall d e, In (d, e) pieces -> sup_error p d e) -> sup_error p whole epsilon.
Proof.
unfold cover_ok. intros H Known. apply andb_prop in H. destruct H as [HA HE].
unfold sup_error. apply adjacent_sound with (1 := HA). intros d Hd x Hx.
apply in_map_iff in Hd. destruct Hd as [[d' e] [E Hd]]. simpl in E. subst d'.
destruct (Known _ _ Hd x Hx) as [v [Dv Bv]]. exists v. split; [exact Dv|].
apply Rle_trans with (1 := Bv). apply at_most_sound.
rewrite forallb_forall in HE. exact (HE _ Hd).
Qed.

Theorem cover_well_defined_sound p pieces whole :
  adjacent pieces whole = true ->
  (forall d, In d pieces -> well_defined p d) -> well_defined p whole.
Proof.
intros H Known. unfold well_defined. apply adjacent_sound with (1 := H).
intros d Hd. exact (Known d Hd).
Qed.

(** ** witness: |d(at)| >= epsilon at one point of the domain *)

Definition witness_ok (at_ lo hi : Q) (dom : domain) (epsilon : Q) : bool :=
  includes_point dom at_ && (at_most epsilon lo || at_most epsilon (Qopp hi)).

Theorem witness_sound p at_ lo hi dom epsilon :
  witness_ok at_ lo hi dom epsilon = true ->
  point_value p at_ lo hi -> lower_bound p dom epsilon.
Proof.
unfold witness_ok. intros H [d [D B]]. apply andb_prop in H. destruct H as [HC HB].
exists (Q2R at_), d. split; [now apply includes_point_sound|split; [exact D|]].
apply orb_prop in HB. destruct HB as [HB|HB]; apply at_most_sound in HB.
- apply Rle_trans with d; [lra|apply Rle_abs].
- rewrite Q2R_opp in HB. rewrite <- Rabs_Ropp. apply Rle_trans with (- d); [lra|apply Rle_abs].
Qed.

(** ** identical: the difference of equal numbers is 0 *)

Definition identical_ok (p : pair) (known goal : domain) (epsilon : Q) : bool :=
  same_program (target p) (approximant p) && includes known goal && at_most (0 # 1) epsilon.

Theorem identical_sound p known goal epsilon :
  identical_ok p known goal epsilon = true ->
  well_defined p known -> sup_error p goal epsilon.
Proof.
unfold identical_ok. intros H Known x Hx. apply andb_prop in H. destruct H as [H HE].
apply andb_prop in H. destruct H as [HP HC].
destruct (Known x (includes_sound _ _ _ HC Hx)) as [d [a [b [Ha [Hb Hd]]]]].
apply same_program_sound in HP.
exists d. split; [now exists a, b|]. rewrite HP in Ha.
assert (a = b) as -> by congruence.
apply at_most_sound in HE. replace (Q2R (0 # 1)) with 0 in HE by (unfold Q2R; simpl; lra).
subst d. unfold Rminus. now rewrite Rplus_opp_r, Rabs_R0.
Qed.

(** ** weaken *)

Definition weaken_sup_ok (known : domain) (e : Q) (goal : domain) (epsilon : Q) : bool :=
  includes known goal && at_most e epsilon.

Theorem weaken_sup_sound p known e goal epsilon :
  weaken_sup_ok known e goal epsilon = true ->
  sup_error p known e -> sup_error p goal epsilon.
Proof.
unfold weaken_sup_ok. intros H Known x Hx. apply andb_prop in H. destruct H as [HC HE].
destruct (Known x (includes_sound _ _ _ HC Hx)) as [d [D B]]. exists d. split; [exact D|].
apply Rle_trans with (1 := B). now apply at_most_sound.
Qed.

Definition weaken_lower_ok (known : domain) (e : Q) (goal : domain) (epsilon : Q) : bool :=
  includes goal known && at_most epsilon e.

Theorem weaken_lower_sound p known e goal epsilon :
  weaken_lower_ok known e goal epsilon = true ->
  lower_bound p known e -> lower_bound p goal epsilon.
Proof.
unfold weaken_lower_ok. intros H [x [d [Hx [D B]]]]. apply andb_prop in H. destruct H as [HC HE].
exists x, d. split; [now apply (includes_sound _ _ _ HC)|split; [exact D|]].
apply Rle_trans with (2 := B). now apply at_most_sound.
Qed.

Theorem weaken_unbounded_sound p known goal :
  includes goal known = true -> unbounded p known -> unbounded p goal.
Proof.
intros HC Known bound. destruct (Known bound) as [x [d [Hx K]]].
exists x, d. split; [now apply (includes_sound _ _ _ HC)|exact K].
Qed.
