(** Masks: which tokens a token may attend to, and how few the most restricted one may. *)
From Coq Require Import ZArith List Bool Lia.
Import ListNotations.
Open Scope Z_scope.

Inductive mask : Type :=
| Full
| Causal
| Window (size : Z)
| Block (size : Z)
| Self
| Rows (rows : list (list bool)).

(** Token i may attend to token j; tokens count from 0. *)
Definition allows (m : mask) (i j : nat) : bool :=
  let i' := Z.of_nat i in
  let j' := Z.of_nat j in
  match m with
  | Full => true
  | Causal => j' <=? i'
  | Window size => (i' - size <? j') && (j' <=? i')
  | Block size => i' / size =? j' / size
  | Self => i' =? j'
  | Rows rows => nth j (nth i rows []) false
  end.

(** Among the first n tokens, those that token i may attend to. *)
Definition allowed_count (m : mask) (i n : nat) : nat := length (filter (allows m i) (seq 0 n)).

Definition ones (row : list bool) : Z := fold_left (fun n (b : bool) => if b then n + 1 else n) row 0.
Definition size_of {A : Type} (l : list A) : Z := fold_left (fun n _ => n + 1) l 0.

(** The fewest ones among rows of the given number of bits; every row has a one. *)
Fixpoint fewest_ones (tokens : Z) (rows : list (list bool)) (fewest : Z) : option Z :=
  match rows with
  | [] => Some fewest
  | row :: rows =>
      let n := ones row in
      if (size_of row =? tokens) && (1 <=? n) then fewest_ones tokens rows (Z.min fewest n) else None
  end.

(** min_i allowed_count m i tokens. *)
Definition fewest_allowed (m : mask) (tokens : Z) : option Z :=
  if tokens <? 1 then None else
  match m with
  | Full => Some tokens
  | Window size => if size <? 1 then None else Some 1
  | Block size => if size <? 1 then None else
      Some (if tokens mod size =? 0 then size else tokens mod size)
  | Rows rows => if size_of rows =? tokens then fewest_ones tokens rows tokens else None
  | Causal | Self => Some 1
  end.

(** ** Counting *)

Lemma size_of_length {A : Type} (l : list A) : size_of l = Z.of_nat (length l).
Proof.
unfold size_of. assert (K : forall n, fold_left (fun n (_ : A) => n + 1) l n = n + Z.of_nat (length l)).
{ induction l as [|a l IH]; intros n; simpl; [lia|]. rewrite IH. lia. }
rewrite K. lia.
Qed.

Lemma ones_length row : ones row = Z.of_nat (length (filter (fun b : bool => b) row)).
Proof.
unfold ones. assert (K : forall n, fold_left (fun n (b : bool) => if b then n + 1 else n) row n =
  n + Z.of_nat (length (filter (fun b : bool => b) row))).
{ induction row as [|b row IH]; intros n; simpl; [lia|]. rewrite IH. destruct b; simpl; lia. }
rewrite K. lia.
Qed.

Lemma filter_map_length {A B : Type} (f : B -> bool) (g : A -> B) l :
  length (filter f (map g l)) = length (filter (fun a => f (g a)) l).
Proof. induction l as [|a l IH]; simpl; [easy|]. destruct (f (g a)); simpl; now rewrite IH. Qed.

Lemma nth_seq {A : Type} (d : A) l : map (fun j => nth j l d) (seq 0 (length l)) = l.
Proof.
induction l as [|a l IH]; simpl; [easy|]. f_equal. rewrite <- seq_shift, map_map. exact IH.
Qed.

Lemma NoDup_map_injective {A B : Type} (f : A -> B) l :
  (forall a b, f a = f b -> a = b) -> NoDup l -> NoDup (map f l).
Proof.
intros J D; induction D as [|a l N D IH]; simpl; constructor; [|exact IH].
intros H. apply in_map_iff in H. destruct H as [b [E Hb]]. now rewrite (J _ _ E) in Hb.
Qed.

(** As many different allowed tokens as wanted are a bound on the count. *)
Lemma count_at_least m i n (found : list nat) :
  NoDup found -> (forall j, In j found -> (j < n)%nat /\ allows m i j = true) ->
  (length found <= allowed_count m i n)%nat.
Proof.
intros D H. apply NoDup_incl_length with (1 := D). intros j Hj. apply filter_In.
destruct (H j Hj) as [L K]. split; [|exact K]. apply in_seq. lia.
Qed.

Lemma itself_allowed m i n : (i < n)%nat -> allows m i i = true -> (1 <= allowed_count m i n)%nat.
Proof.
intros L K. apply (count_at_least m i n [i]).
- repeat constructor. easy.
- now intros j [<-|[]].
Qed.

Lemma count_at_most m i n : (allowed_count m i n <= n)%nat.
Proof.
unfold allowed_count. rewrite <- (seq_length n 0) at 2.
generalize (seq 0 n). intros l. induction l as [|a l IH]; simpl; [lia|].
destruct (allows m i a); simpl; lia.
Qed.

(** ** The fewest are what is said *)

Lemma block_count size tokens i : 1 <= size -> (i < Z.to_nat tokens)%nat ->
  (if tokens mod size =? 0 then size else tokens mod size)
    <= Z.of_nat (allowed_count (Block size) i (Z.to_nat tokens)).
Proof.
intros S L. set (c := if tokens mod size =? 0 then size else tokens mod size).
set (q := Z.of_nat i / size).
assert (Hc : 0 <= c <= size).
{ unfold c. generalize (Z.mod_pos_bound tokens size). destruct (_ =? _); lia. }
assert (Hq : 0 <= q /\ q * size <= Z.of_nat i < (q + 1) * size).
{ unfold q. generalize (Z.div_pos (Z.of_nat i) size) (Z.div_mod (Z.of_nat i) size)
    (Z.mod_pos_bound (Z.of_nat i) size). nia. }
assert (Hn : q * size + c <= tokens).
{ unfold c. generalize (Z.div_mod tokens size) (Z.mod_pos_bound tokens size).
  destruct (Z.eqb_spec (tokens mod size) 0) as [E|E]; intros D B.
  - assert (q + 1 <= tokens / size) by nia. nia.
  - assert (q <= tokens / size) by nia. nia. }
replace c with (Z.of_nat (length (map (fun r => Z.to_nat (q * size + Z.of_nat r)) (seq 0 (Z.to_nat c)))))
  by (rewrite map_length, seq_length; lia).
apply Nat2Z.inj_le. apply count_at_least.
- apply NoDup_map_injective; [|apply seq_NoDup]. intros r r' E. nia.
- intros j Hj. apply in_map_iff in Hj. destruct Hj as [r [<- Hr]]. apply in_seq in Hr.
  split; [lia|]. simpl. apply Z.eqb_eq. rewrite Z2Nat.id by lia. fold q.
  apply Z.div_unique with (Z.of_nat r); lia.
Qed.

Lemma fewest_ones_sound tokens rows : forall fewest k,
  fewest_ones tokens rows fewest = Some k ->
  k <= fewest /\ (1 <= fewest -> 1 <= k) /\
  forall row, In row rows -> size_of row = tokens /\ k <= ones row.
Proof.
induction rows as [|row rows IH]; simpl; intros fewest k H.
- injection H as <-. repeat split; [lia|easy|easy|easy].
- destruct ((size_of row =? tokens) && (1 <=? ones row)) eqn:E; [|easy].
  apply andb_prop in E. destruct E as [E F]. apply Z.eqb_eq in E. apply Z.leb_le in F.
  destruct (IH _ _ H) as [K [P R]]. split; [lia|split; [lia|]].
  intros r [<-|Hr]; [split; [exact E|lia]|now apply R].
Qed.

Theorem fewest_allowed_sound m tokens k i : fewest_allowed m tokens = Some k ->
  (i < Z.to_nat tokens)%nat ->
  1 <= k <= tokens /\ k <= Z.of_nat (allowed_count m i (Z.to_nat tokens)).
Proof.
unfold fewest_allowed. destruct (Z.ltb_spec tokens 1) as [|T]; [easy|]. intros H L.
enough (1 <= k /\ k <= Z.of_nat (allowed_count m i (Z.to_nat tokens))) as [P K].
{ split; [|exact K]. generalize (count_at_most m i (Z.to_nat tokens)). lia. }
destruct m as [| |size|size| |rows].
- injection H as <-. split; [exact T|]. unfold allowed_count.
  replace (filter _ _) with (seq 0 (Z.to_nat tokens)); [rewrite seq_length; lia|].
  generalize (seq 0 (Z.to_nat tokens)). intros l.
  induction l as [|a l IH]; simpl; [easy|]. now rewrite <- IH.
- injection H as <-. split; [lia|]. apply (Nat2Z.inj_le 1), itself_allowed; [exact L|].
  simpl. apply Z.leb_refl.
- destruct (Z.ltb_spec size 1) as [|S]; [easy|]. injection H as <-. split; [lia|].
  apply (Nat2Z.inj_le 1), itself_allowed; [exact L|]. simpl. rewrite Z.leb_refl, andb_true_r.
  apply Z.ltb_lt. lia.
- destruct (Z.ltb_spec size 1) as [|S]; [easy|].
  assert (K := block_count _ _ _ S L). revert H K.
  generalize (Z.mod_pos_bound tokens size).
  destruct (Z.eqb_spec (tokens mod size) 0); intros B H K; injection H as <-; lia.
- injection H as <-. split; [lia|]. apply (Nat2Z.inj_le 1), itself_allowed; [exact L|].
  simpl. apply Z.eqb_refl.
- destruct (Z.eqb_spec (size_of rows) tokens) as [E|]; [|easy].
  destruct (fewest_ones_sound _ _ _ _ H) as [_ [P R]]. split; [lia|].
  rewrite size_of_length in E.
  destruct (R (nth i rows [])) as [S K]; [apply nth_In; lia|].
  rewrite size_of_length in S. rewrite ones_length in K. apply Z.le_trans with (1 := K).
  apply Nat2Z.inj_le, Nat.eq_le_incl. unfold allowed_count.
  replace (Z.to_nat tokens) with (length (nth i rows [])) by lia.
  rewrite <- (nth_seq false (nth i rows [])) at 1. now rewrite filter_map_length.
Qed.
