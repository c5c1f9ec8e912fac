(** What leaks through masks that are weights, coordinate by coordinate: averages of one token's heads
    with omega added to the scores of what is allowed, against averages of what is allowed. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Leak.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_raised Attncert.kernel.Lift.
Import ListNotations.
Open Scope R_scope.

(** ** One average *)

Section Tokens.
Variables (omega : R) (allowed : nat -> bool) (score value : nat -> R) (tokens : list nat).

Definition raised_average : R :=
  attend (map (fun j => (score j + raise omega (allowed j), value j)) tokens).
Definition masked_average : R :=
  attend (map (fun j => (score j, value j)) (filter allowed tokens)).

Lemma average_leak d T : 0 < mass (allowed_pairs allowed score value tokens) ->
  mass (masked_pairs allowed score value tokens) <=
    T * mass (allowed_pairs allowed score value tokens) -> 0 <= d ->
  (forall j k, In j tokens -> In k tokens -> allowed j = false -> allowed k = true ->
     Rabs (value j - value k) <= d) ->
  Rabs (masked_average - raised_average) <= T * exp (- omega) * d.
Proof.
intros P L D V. rewrite Rabs_minus_sym. exact (leak_bound omega allowed score value tokens d T P L D V).
Qed.

Lemma allowed_mass_pos k : In k tokens -> allowed k = true ->
  exp (score k) <= mass (allowed_pairs allowed score value tokens).
Proof.
intros K A. apply (mass_pos (score k, value k)). unfold allowed_pairs, pairs.
apply in_map_iff. exists k. split; [reflexivity|]. now apply filter_In.
Qed.

(** Scores in [-B, B], and at most N masked tokens for each that is allowed. *)
Lemma masses B N : 0 <= N ->
  (forall j, In j tokens -> - B <= score j <= B) ->
  INR (length (filter (fun j => negb (allowed j)) tokens)) <= N * INR (length (filter allowed tokens)) ->
  mass (masked_pairs allowed score value tokens) <=
    N * exp (2 * B) * mass (allowed_pairs allowed score value tokens).
Proof.
intros N0 S C.
assert (U : mass (masked_pairs allowed score value tokens) <=
            INR (length (filter (fun j => negb (allowed j)) tokens)) * exp B).
{ replace (length (filter (fun j => negb (allowed j)) tokens))
    with (length (masked_pairs allowed score value tokens))
    by (unfold masked_pairs, pairs; apply map_length).
  apply mass_at_most. intros p Hp. unfold masked_pairs, pairs in Hp. apply in_map_iff in Hp.
  destruct Hp as [j [<- Hj]]. apply filter_In in Hj. apply S. tauto. }
assert (L : INR (length (filter allowed tokens)) * exp (- B) <=
            mass (allowed_pairs allowed score value tokens)).
{ unfold allowed_pairs, pairs, mass.
  assert (G : forall j, In j (filter allowed tokens) -> - B <= score j)
    by (intros j Hj; apply filter_In in Hj; now apply S).
  revert G. generalize (filter allowed tokens). intros l G.
  induction l as [|j l IH]; [simpl; lra|]. cbn [length map total fold_right] in *. rewrite S_INR. simpl.
  assert (exp (- B) <= exp (score j)) by (apply exp_le, G; now left).
  assert (INR (length l) * exp (- B) <= total (map (fun p => exp (fst p))
           (map (fun j => (score j, value j)) l))) by (apply IH; intros k Hk; apply G; now right).
  lra. }
apply Rle_trans with (1 := U).
assert (X : exp B = exp (2 * B) * exp (- B)) by (rewrite <- exp_plus; f_equal; ring).
rewrite X. assert (P := exp_pos (2 * B)). assert (P' := exp_pos (- B)).
apply Rle_trans with (N * INR (length (filter allowed tokens)) * (exp (2 * B) * exp (- B))).
{ apply Rmult_le_compat_r; [|exact C]. apply Rmult_le_pos; lra. }
replace (N * INR (length (filter allowed tokens)) * (exp (2 * B) * exp (- B)))
  with (N * exp (2 * B) * (INR (length (filter allowed tokens)) * exp (- B))) by ring.
apply Rmult_le_compat_l; [|exact L]. apply Rmult_le_pos; lra.
Qed.
End Tokens.

(** ** Vectors of averages *)

Lemma entry_add u v k : length u = length v -> entry (add u v) k = entry u k + entry v k.
Proof.
unfold entry, add. revert v k; induction u as [|a u IH]; intros [|b v] [|k] L; simpl in *; try easy;
  try lra. apply IH. lia.
Qed.

Lemma entry_times t v k : entry (times t v) k = t * entry v k.
Proof.
unfold entry, times. revert k; induction v as [|a v IH]; intros [|k]; simpl; try ring. apply IH.
Qed.

Lemma attend_entry width seen k : Forall (fun p => length (snd p) = width) seen ->
  entry (attend_vectors width seen) k = attend (map (fun p => (fst p, entry (snd p) k)) seen).
Proof.
intros F. unfold attend_vectors, attend, weight_total. rewrite entry_times, !map_map. simpl.
unfold Rdiv. rewrite Rmult_comm. f_equal. induction F as [|p seen Lp F IH]; simpl.
- unfold entry. destruct (nth_in_or_default k (repeat 0 width) 0) as [H|H]; [|exact H].
  now apply repeat_spec in H.
- rewrite entry_add, entry_times, IH; [reflexivity|].
  rewrite vector_total_length; [rewrite times_length; exact Lp|].
  clear - F. induction F; constructor; [now rewrite times_length|easy].
Qed.

(** ** Entries that differ by at most t times their diameters *)

Section Near.
Variable t : R.

Fixpoint near (diameters : tensor1) (u v : vector) : Prop :=
  match diameters, u, v with
  | [], [], [] => True
  | e :: diameters, a :: u, b :: v => Rabs (a - b) <= t * real e /\ near diameters u v
  | _, _, _ => False
  end.

Lemma near_app e u v e' u' v' : near e u v -> near e' u' v' -> near (e ++ e') (u ++ u') (v ++ v').
Proof.
revert u v; induction e as [|a e IH]; intros [|b u] [|c v] H K; simpl in *; try easy.
split; [easy|]. now apply IH.
Qed.

Lemma near_entries e u v : length u = length e -> length v = length e ->
  (forall k, (k < length e)%nat -> Rabs (entry u k - entry v k) <= t * real (nth k e zero)) ->
  near e u v.
Proof.
unfold entry. revert u v; induction e as [|a e IH]; intros [|b u] [|c v] L M H; simpl in *; try easy.
split; [apply (H 0%nat); lia|]. apply IH; try lia. intros k Hk. apply (H (S k)). lia.
Qed.

Lemma dot_near e u v w : near e u v -> length w = length e ->
  Rabs (dot (reals w) u - dot (reals w) v) <= t * real (output_error w e).
Proof.
unfold output_error. rewrite real_product.
revert u v w; induction e as [|a e IH]; intros [|b u] [|c v] [|x w] H L; simpl in H; try easy.
- unfold dot. simpl. rewrite Rminus_0_r, Rabs_R0. lra.
- destruct H as [H K]. simpl List.map. cbn [reals List.map]. fold (reals w) (reals e).
  fold (reals (map magnitude w)). rewrite !dot_cons, real_magnitude.
  replace (real x * b + dot (reals w) u - (real x * c + dot (reals w) v))
    with (real x * (b - c) + (dot (reals w) u - dot (reals w) v)) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult.
  assert (I := IH _ _ w K ltac:(simpl in L; lia)).
  assert (J := Rmult_le_compat_l _ _ _ (Rabs_pos (real x)) H). lra.
Qed.
End Near.

(** ** Output rows *)

Lemma rows_near (W : tensor2) (c : tensor1) u v share epsilon : length W = length c ->
  (forall w b, In (w, b) (combine W c) ->
     Rabs (dot (reals w) u - dot (reals w) v) + Rabs (real b) * Rabs (1 - share) <= epsilon) ->
  Forall2 (fun a b => Rabs (a - b) <= epsilon)
    (add (linear_part W u) (reals c)) (add (linear_part W v) (times share (reals c))).
Proof.
revert c; induction W as [|w W IH]; intros [|b c] L H; simpl in L; try easy; [constructor|].
unfold add, linear_part, reals, times in *. simpl. constructor.
- replace (dot (map real w) u + real b - (dot (map real w) v + share * real b))
    with ((dot (map real w) u - dot (map real w) v) + real b * (1 - share)) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult. apply H. now left.
- apply IH; [lia|]. intros w' b' I. apply H. now right.
Qed.

Lemma Forall2_map_same {A B C : Type} (P : B -> C -> Prop) (f : A -> B) (g : A -> C) l :
  (forall a, In a l -> P (f a) (g a)) -> Forall2 P (map f l) (map g l).
Proof.
induction l as [|a l IH]; intros H; simpl; constructor; [apply H; now left|].
apply IH. intros b Hb. apply H. now right.
Qed.

(** ** Averages of what is the same *)

Lemma attend_constant (score value : nat -> R) v l : l <> [] -> (forall j, In j l -> value j = v) ->
  attend (map (fun j => (score j, value j)) l) = v.
Proof.
intros N H. unfold attend, weight_total. rewrite !map_map. simpl.
assert (E : total (map (fun j => exp (score j) * value j) l) = v * total (map (fun j => exp (score j)) l)).
{ clear N. induction l as [|j l IH]; simpl; [ring|]. simpl in H.
  rewrite (H j (or_introl eq_refl)), IH by (intros k Hk; apply H; now right). ring. }
rewrite E. field. destruct l as [|j l]; [easy|]. simpl. apply Rgt_not_eq.
assert (P := exp_pos (score j)).
assert (Q : 0 <= total (map (fun j => exp (score j)) l)); [|lra].
clear. induction l as [|k l IH]; simpl; [lra|]. assert (P := exp_pos (score k)). lra.
Qed.

(** ** Positions in parts of lists *)

Lemma nth_part {A : Type} (start len k : nat) (l : list A) (z : A) : (k < len)%nat ->
  nth k (firstn len (skipn start l)) z = nth (start + k) l z.
Proof.
revert l; induction start as [|start IH]; intros l H.
- simpl. revert k l H; induction len as [|len IH]; intros [|k] [|a l] H; simpl; try lia; auto.
  apply IH. lia.
- destruct l as [|a l]; [|now apply IH]. rewrite firstn_nil. now destruct k.
Qed.

Lemma nth_map_in {A B : Type} (f : A -> B) l k (a : A) (b : B) : (k < length l)%nat ->
  nth k (map f l) b = f (nth k l a).
Proof. intros H. rewrite (nth_indep _ b (f a)) by now rewrite map_length. apply map_nth. Qed.

Lemma Forall2_nth_in {A B : Type} (P : A -> B -> Prop) l m k a b : Forall2 P l m ->
  (k < length l)%nat -> P (nth k l a) (nth k m b).
Proof.
intros F; revert k; induction F as [|x y l m H F IH]; intros [|k] L; simpl in *; try lia; [exact H|].
apply IH. lia.
Qed.

(** ** Numbers *)

Definition natural (n : nat) : Q := inject_Z (Z.of_nat n).

Lemma natural_R n : Q2R (natural n) = INR n.
Proof. unfold natural, Q2R, inject_Z. simpl. rewrite <- INR_IZR_INZ. field. Qed.
