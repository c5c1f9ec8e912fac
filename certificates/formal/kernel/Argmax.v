(** Rules argmax and shard-union: the same tokens after each prompt, by enclosures of both networks'
    outputs. *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Decoding.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Enclose_number Attncert.kernel.Enclose_row.
Require Import Attncert.kernel.Enclose_layers Attncert.kernel.Enclose_network.
Require Import Attncert.kernel.Bias_kept Attncert.kernel.Decoding_alike.
Import ListNotations.

(** ** One output is strictly the largest *)

Definition beats (w : Z) (i : nat) (ja : nat * fixed) : bool :=
  Nat.eqb (fst ja) i || Z.ltb (middle (snd ja) + radius (snd ja)) w.

Definition strict_winner (u : row) (i : nat) : bool :=
  Nat.ltb i (length u) &&
  let a := nth i u exactly_0 in
  forallb (beats (middle a - radius a) i) (combine (seq 0 (length u)) u).

(** Which middle is the largest, after those before i. *)
Fixpoint candidate (i best : nat) (m : Z) (u : row) : nat :=
  match u with
  | [] => best
  | a :: u => if Z.ltb m (middle a) then candidate (S i) i (middle a) u
              else candidate (S i) best m u
  end.

Definition winner (u : row) : option nat :=
  match u with
  | [] => None
  | a :: v => let i := candidate 1 0 (middle a) v in if strict_winner u i then Some i else None
  end.

Lemma near_less a b x y : near a x -> near b y ->
  (middle a + radius a < middle b - radius b)%Z -> (x < y)%R.
Proof.
unfold near. intros H K L. apply about_bounds in H, K. apply IZR_lt in L.
assert (P := units_pos). apply Rmult_lt_reg_r with units; [exact P|]. lra.
Qed.

Lemma strict_winner_sound u x i : near_row u x -> strict_winner u i = true -> strictly_largest x i.
Proof.
unfold strict_winner. intros N H. apply andb_prop in H. destruct H as [L H].
apply Nat.ltb_lt in L. assert (E := Forall2_lengths _ _ _ N). rewrite forallb_forall in H.
split; [now rewrite <- E|]. intros j Hj D. rewrite <- E in Hj.
assert (J : In (j, nth j u exactly_0) (combine (seq 0 (length u)) u)).
{ assert (K : nth j (combine (seq 0 (length u)) u) (0%nat, exactly_0) = (j, nth j u exactly_0)).
  { rewrite combine_nth by apply seq_length. now rewrite seq_nth. }
  rewrite <- K. apply nth_In. rewrite combine_length, seq_length. lia. }
apply H in J. unfold beats in J. cbn [fst snd] in J.
destruct (Nat.eqb_spec j i); [easy|]. apply Z.ltb_lt in J.
refine (near_less _ _ _ _ _ _ J); apply Forall2_nth; auto using near_0.
Qed.

Lemma winner_strict u i : winner u = Some i -> strict_winner u i = true.
Proof.
destruct u as [|a u]; [easy|]. unfold winner. cbv zeta.
destruct (strict_winner (a :: u) (candidate 1 0 (middle a) u)) eqn:S; [|easy].
intros E. now injection E as <-.
Qed.

Section Networks.
Variables (o : original_network) (c : converted_network).

(** ** One prompt *)

Definition fits (limit : option nat) (tokens : list nat) : bool :=
  match limit with Some n => Nat.leb (length tokens) n | None => false end.

Definition same_next (f : functions_fixed) (tokens : list nat) : option nat :=
  if fits (longest (ends o)) tokens && fits (longest (ends c)) tokens then
    bind (original_outputs f o tokens) (fun s =>
    bind (winner (last s [])) (fun t =>
    bind (converted_outputs f c tokens) (fun u =>
      if strict_winner (last u []) t then Some t else None)))
  else None.

(** By the first of several enclosures that is sharp enough. *)
Fixpoint first_next (fs : list functions_fixed) (tokens : list nat) : option nat :=
  match fs with
  | [] => None
  | f :: fs => match same_next f tokens with Some t => Some t | None => first_next fs tokens end
  end.

Variable fs : list functions_fixed.
Hypothesis sound : Forall sound_functions fs.

Fixpoint prompt_ok (tokens : list nat) (n : nat) : bool :=
  match n with
  | O => true
  | S n => match first_next fs tokens with Some t => prompt_ok (tokens ++ [t]) n | None => false end
  end.

Lemma same_next_sound f tokens t : sound_functions f -> same_next f tokens = Some t ->
  next_token o c tokens t.
Proof.
unfold same_next. intros F. destruct (fits _ _ && fits _ _); [|easy].
destruct (original_outputs f o tokens) as [s|] eqn:S; [|easy]. simpl.
destruct (winner (last s [])) as [i|] eqn:W; [|easy]. simpl.
destruct (converted_outputs f c tokens) as [u|] eqn:U; [|easy]. simpl.
destruct (strict_winner (last u []) i) eqn:V; [|easy]. intros E. injection E as <-.
destruct (near_original_outputs f F _ _ _ S) as [x [X NX]].
destruct (near_converted_outputs f F _ _ _ U) as [y [Y NY]].
assert (B : forall l m, near_rows l m -> near_row (last l []) (last m []))
  by (intros l m K; apply Forall2_last; [exact K|constructor]).
exists x, y. split; [exact X|split; [exact Y|split]].
- exact (strict_winner_sound _ _ _ (B _ _ NX) (winner_strict _ _ W)).
- exact (strict_winner_sound _ _ _ (B _ _ NY) V).
Qed.

Lemma first_next_sound tokens t : first_next fs tokens = Some t -> next_token o c tokens t.
Proof.
induction sound as [|f l F S IH]; simpl; [easy|].
destruct (same_next f tokens) as [i|] eqn:N; [|exact (IH S)].
intros E. injection E as <-. exact (same_next_sound f _ _ F N).
Qed.

Lemma prompt_ok_sound tokens n : prompt_ok tokens n = true -> decoding_alike o c tokens n.
Proof.
revert tokens; induction n as [|n IH]; simpl; intros tokens H; [exact I|].
destruct (first_next fs tokens) as [t|] eqn:N; [|easy].
exists t. split; [now apply first_next_sound|now apply IH].
Qed.

(** ** Rule argmax *)

Variable prompts : list (list nat).
Open Scope Z_scope.

(** As many tokens as a context holds, at most. *)
Definition most_tokens : Z := match longest (ends o) with Some n => Z.of_nat n | None => 0 end.

Fixpoint prompts_ok (i : Z) (last generate : Z) (except : list Z) (rest : list (list nat)) : bool :=
  match rest with
  | [] => Z.leb last i
  | p :: rest =>
      if Z.leb last i then true
      else (existsb (Z.eqb i) except || prompt_ok p (Z.to_nat generate)) &&
           prompts_ok (i + 1) last generate except rest
  end.

Definition argmax_ok (first last generate : Z) (except : list Z) : bool :=
  forallb (layer_keeps_bias (d_model c)) (map snd (sublayers c)) &&
  Z.leb 0 first && Z.ltb first last && Z.leb last (Z.of_nat (length prompts)) &&
  Z.leb 1 generate && Z.leb generate most_tokens &&
  prompts_ok first last generate except (skipn (Z.to_nat first) prompts).

Lemma prompts_ok_sound i last generate except rest :
  prompts_ok i last generate except rest = true ->
  forall j, i <= j < last -> ~ In j except ->
  exists p, nth_error rest (Z.to_nat (j - i)) = Some p /\
            decoding_alike o c p (Z.to_nat generate).
Proof.
revert i; induction rest as [|p rest IH]; simpl; intros i H j J X.
- apply Z.leb_le in H. lia.
- destruct (Z.leb_spec last i) as [L|L]; [lia|]. apply andb_prop in H. destruct H as [P H].
  destruct (Z.eq_dec j i) as [->|N].
  + rewrite Z.sub_diag. exists p. split; [reflexivity|]. apply prompt_ok_sound.
    apply orb_prop in P. destruct P as [P|P]; [|exact P]. exfalso. apply X.
    apply existsb_exists in P. destruct P as [k [K E]]. apply Z.eqb_eq in E. now subst k.
  + replace (Z.to_nat (j - i)) with (S (Z.to_nat (j - (i + 1)))) by lia. simpl.
    apply IH with (1 := H); [lia|exact X].
Qed.

Lemma nth_error_skipn {A : Type} n (l : list A) i : nth_error (skipn n l) i = nth_error l (n + i).
Proof.
revert l; induction n as [|n IH]; intros [|a l]; simpl; auto. now destruct i.
Qed.

Theorem argmax_sound first last generate except :
  argmax_ok first last generate except = true ->
  argmax_shard o c prompts first last generate except.
Proof.
unfold argmax_ok. rewrite !andb_true_iff. intros [[[[[[_ A] B] C] D] _] H].
apply Z.leb_le in A, C, D. apply Z.ltb_lt in B.
split; [lia|split; [exact C|split; [exact D|]]]. intros i I X.
destruct (prompts_ok_sound _ _ _ _ _ H i I X) as [p [N P]]. exists p. split; [|exact P].
rewrite nth_error_skipn in N. replace (Z.to_nat i) with (Z.to_nat first + Z.to_nat (i - first))%nat
  by lia. exact N.
Qed.

(** ** Rule shard-union *)

Record shard : Type := Shard {
  shard_first : Z; shard_last : Z; shard_generate : Z; shard_except : list Z }.

Definition shard_holds (s : shard) : Prop :=
  argmax_shard o c prompts (shard_first s) (shard_last s) (shard_generate s) (shard_except s).

(** The shards go on from [next]; where they end, and all their exceptions. *)
Fixpoint chain (next generate : Z) (shards : list shard) : option (Z * list Z) :=
  match shards with
  | [] => Some (next, [])
  | s :: shards =>
      if Z.eqb (shard_first s) next && Z.eqb (shard_generate s) generate then
        bind (chain (shard_last s) generate shards) (fun r => Some (fst r, shard_except s ++ snd r))
      else None
  end.

Fixpoint same_numbers (k l : list Z) : bool :=
  match k, l with
  | [], [] => true
  | a :: k, b :: l => Z.eqb a b && same_numbers k l
  | _, _ => false
  end.

Definition union_ok (shards : list shard) (count generate : Z) (except : list Z) : bool :=
  Z.leb 1 generate && Z.eqb count (Z.of_nat (length prompts)) &&
  match chain 0 generate shards with
  | Some (last, all) => Z.eqb last count && same_numbers all except
  | None => false
  end.

Lemma same_numbers_sound k l : same_numbers k l = true -> k = l.
Proof.
revert l; induction k as [|a k IH]; intros [|b l]; simpl; try easy. intros H.
apply andb_prop in H. destruct H as [E H]. apply Z.eqb_eq in E. now rewrite E, (IH _ H).
Qed.

Lemma chain_sound next generate shards last all :
  chain next generate shards = Some (last, all) -> Forall shard_holds shards ->
  forall i, next <= i < last -> ~ In i all -> prompt_alike o c prompts generate i.
Proof.
revert next last all; induction shards as [|s shards IH]; simpl; intros next last all H K i I X.
- injection H as <- <-. lia.
- inversion_clear K as [|? ? S K'].
  destruct (Z.eqb_spec (shard_first s) next) as [F|]; [|easy].
  destruct (Z.eqb_spec (shard_generate s) generate) as [G|]; [|easy]. simpl in H.
  destruct (chain (shard_last s) generate shards) as [[l r]|] eqn:E; [|easy].
  injection H as <- <-. destruct S as [_ [_ [_ S]]].
  destruct (Z_lt_ge_dec i (shard_last s)) as [L|L].
  + rewrite <- G. apply S; [lia|]. intros Y. apply X, in_or_app. now left.
  + apply (IH _ _ _ E K'); [simpl in I; lia|]. intros Y. apply X, in_or_app. now right.
Qed.

Theorem union_sound shards count generate except :
  union_ok shards count generate except = true -> Forall shard_holds shards ->
  same_argmax o c prompts count generate except.
Proof.
unfold union_ok. rewrite !andb_true_iff. intros [[G C] H] K.
apply Z.leb_le in G. apply Z.eqb_eq in C. split; [exact C|split; [exact G|]].
destruct (chain 0 generate shards) as [[last all]|] eqn:E; [|easy].
apply andb_prop in H. destruct H as [L A]. apply Z.eqb_eq in L. apply same_numbers_sound in A.
subst last except. intros i I X. exact (chain_sound _ _ _ _ _ E K i I X).
Qed.
End Networks.
