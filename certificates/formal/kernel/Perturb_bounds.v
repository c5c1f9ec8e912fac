(** What rule perturb computes with: bounds in dyadic numbers, rounded up, of rows of affine maps
    after a norm, and of what an output map makes of moved inner values. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Lift.
Import ListNotations.
Open Scope R_scope.

(** ** Numbers *)

Definition at_most (a b : dyadic) : bool := Z.leb (mantissa (minus a b)) 0.

Lemma at_most_sound a b : at_most a b = true -> real a <= real b.
Proof.
unfold at_most. intros H. apply Z.leb_le, IZR_le in H.
assert (E := real_minus a b). unfold real at 1 in E.
assert (P : 0 < powerRZ 2 (exponent (minus a b))) by (apply powerRZ_lt; lra). nra.
Qed.

(** At least a, with at most 81 bits; never trusted: where it were too small, a itself. *)
Definition trimmed (a : dyadic) : dyadic :=
  let k := (Z.log2 (mantissa a) - 80)%Z in
  if Z.leb k 0 then a
  else let b := Dyadic (mantissa a / power_of_2 k + 1) (exponent a + k) in
       if at_most a b then b else a.

Lemma trimmed_sound a : real a <= real (trimmed a).
Proof.
unfold trimmed. destruct (Z.leb _ 0); [lra|]. cbv zeta.
destruct (at_most a _) eqn:E; [now apply at_most_sound|lra].
Qed.

(** At least the square root, checked by its square. *)
Definition root_guess (a : dyadic) : dyadic :=
  if Z.eqb (mantissa a) 0 then zero else
  let k := Z.max 0 (180 - Z.log2 (mantissa a)) in
  let k := if Z.even (exponent a - k) then k else (k + 1)%Z in
  Dyadic (Z.sqrt (mantissa a * power_of_2 k) + 1) ((exponent a - k) / 2).

Definition root (a : dyadic) : dyadic :=
  let r := root_guess a in
  if at_most zero r && at_most a (multiply r r) then trimmed r else plus one (magnitude a).

Lemma root_sound a : sqrt (real a) <= real (root a).
Proof.
unfold root. cbv zeta. destruct (at_most zero _ && at_most a _) eqn:E.
- apply andb_prop in E. destruct E as [P E]. apply at_most_sound in P, E.
  rewrite real_zero in P. rewrite real_multiply in E.
  apply Rle_trans with (2 := trimmed_sound _). rewrite <- (sqrt_square (real (root_guess a))) by exact P.
  now apply sqrt_le_1_alt.
- rewrite real_plus, real_one, real_magnitude.
  destruct (Rle_dec 0 (real a)) as [P|N].
  + rewrite Rabs_pos_eq by exact P. rewrite <- (sqrt_square (1 + real a)) by lra.
    apply sqrt_le_1_alt. nra.
  + rewrite sqrt_neg_0 by lra. generalize (Rabs_pos (real a)). lra.
Qed.

(** ** Vectors of bounds, entry by entry; 0 beyond the end *)

Definition entry_of (e : tensor1) (k : nat) : R := real (nth k e zero).

(** u and v differ by at most e; v is at most e. *)
Definition moves (e : tensor1) (u v : vector) : Prop :=
  length u = length e /\ length v = length e /\
  forall k, Rabs (entry u k - entry v k) <= entry_of e k.
Definition reaches (e : tensor1) (v : vector) : Prop :=
  length v = length e /\ forall k, Rabs (entry v k) <= entry_of e k.

Lemma moves_cons a e x u y v : moves (a :: e) (x :: u) (y :: v) <->
  Rabs (x - y) <= real a /\ moves e u v.
Proof.
unfold moves. simpl length. split.
- intros [L [M H]]. split; [exact (H 0%nat)|]. split; [lia|split; [lia|]]. intros k. exact (H (S k)).
- intros [H [L [M K]]]. split; [lia|split; [lia|]]. intros [|k]; [exact H|apply K].
Qed.

Lemma reaches_cons a e x u : reaches (a :: e) (x :: u) <-> Rabs x <= real a /\ reaches e u.
Proof.
unfold reaches. simpl length. split.
- intros [L H]. split; [exact (H 0%nat)|]. split; [lia|]. intros k. exact (H (S k)).
- intros [H [L K]]. split; [lia|]. intros [|k]; [exact H|apply K].
Qed.

Lemma moves_nil : moves [] [] [].
Proof.
split; [reflexivity|split; [reflexivity|]]. intros k. unfold entry, entry_of. destruct k; simpl;
  rewrite real_zero, Rminus_0_r, Rabs_R0; lra.
Qed.

Lemma reaches_nil : reaches [] [].
Proof.
split; [reflexivity|]. intros k. unfold entry, entry_of. destruct k; simpl;
  rewrite real_zero, Rabs_R0; lra.
Qed.

(** ** One row after a norm *)

(** centre and radius: the values lie between. None where nothing is bounded. *)
Section Row.
Variables (d : nat) (n : norm_layer) (box : option Q).

Definition row_radius (w : tensor1) : option dyadic :=
  match kind n, box with
  | Layer_norm, _ => Some (root (square_layer d n w))
  | Rms_norm, _ => Some (root (square_rms d n w))
  | Mean_norm, Some r =>
      Some (round_up (r * rational (spread d n w) / inject_Z (Z.of_nat d)))
  | No_norm, Some r => Some (round_up (r * rational (sum (map magnitude w))))
  | _, None => None
  end.

Definition span_centre (w : tensor1) (c : dyadic) : dyadic :=
  match kind n with No_norm => c | _ => row_centre n w c end.

Definition span (w : tensor1) (c : dyadic) : option (dyadic * dyadic) :=
  match row_radius w with
  | None => None
  | Some r =>
      let m := span_centre w c in
      let dom := Domain (Some (rational (minus m r))) (Some (rational (plus m r))) in
      if row_ok d n box w c dom then Some (m, r) else None
  end.

Fixpoint spans (w : tensor2) (c : tensor1) : option (list (dyadic * dyadic)) :=
  match w, c with
  | [], [] => Some []
  | v :: w, b :: c => bind (span v b) (fun s => bind (spans w c) (fun l => Some (s :: l)))
  | _, _ => None
  end.

Definition reach_of (s : dyadic * dyadic) : dyadic := trimmed (plus (magnitude (fst s)) (snd s)).
Definition reach_list (l : list (dyadic * dyadic)) : tensor1 := map reach_of l.

Definition in_span (s : dyadic * dyadic) (x : R) : Prop :=
  real (fst s) - real (snd s) <= x <= real (fst s) + real (snd s).

Hypothesis shaped : norm_shape d n = true.
Hypothesis epsilon_positive : epsilon_ok n = true.

Lemma span_sound w c s x : length w = d -> span w c = Some s -> length x = d -> in_inputs box x ->
  in_span s (dot (reals w) (normalise n x) + real c).
Proof.
intros L H Lx Hx. unfold span in H. destruct (row_radius w) as [r|]; [|easy]. cbv zeta in H.
destruct (row_ok _ _ _ _ _ _) eqn:E; [|easy]. injection H as <-.
assert (I := row_ok_sound d n box w c shaped L (epsilon_ok_sound n epsilon_positive) _ x E Lx Hx).
destruct I as [A B]. simpl in A, B. specialize (A _ eq_refl). specialize (B _ eq_refl).
rewrite real_rational in A, B. rewrite real_minus in A. rewrite real_plus in B.
unfold in_span. simpl. lra.
Qed.

Lemma spans_sound w c l x : Forall (fun v => length v = d) w -> spans w c = Some l ->
  length x = d -> in_inputs box x ->
  Forall2 in_span l (add (linear_part w (normalise n x)) (reals c)).
Proof.
intros W H Lx Hx. revert c l H; induction w as [|v w IH]; intros [|b c] l H; simpl in H; try easy.
- injection H as <-. constructor.
- inversion_clear W as [|? ? Hv Hw]. destruct (span v b) as [s|] eqn:S; [|easy]. simpl in H.
  destruct (spans w c) as [k|] eqn:K; [|easy]. simpl in H. injection H as <-.
  unfold add. simpl. constructor; [now apply span_sound|now apply IH].
Qed.
End Row.

Lemma in_span_reach s x : in_span s x -> Rabs x <= real (reach_of s).
Proof.
unfold in_span, reach_of. intros H. apply Rle_trans with (2 := trimmed_sound _).
rewrite real_plus, real_magnitude. unfold Rabs. repeat destruct Rcase_abs; lra.
Qed.

Lemma spans_reach l v : Forall2 in_span l v -> reaches (reach_list l) v.
Proof.
intros H. induction H as [|s x l v S H IH]; [apply reaches_nil|].
simpl. apply reaches_cons. split; [now apply in_span_reach|exact IH].
Qed.

(** ** Two affine maps of the same rows *)

Definition differences (w v : tensor2) : tensor2 :=
  map (fun p => map (fun ab => minus (fst ab) (snd ab)) (combine (fst p) (snd p))) (combine w v).
Definition difference1 (c b : tensor1) : tensor1 :=
  map (fun ab => minus (fst ab) (snd ab)) (combine c b).

(** How far the rows of two maps are apart after the norm. *)
Definition row_moves (d : nat) (n : norm_layer) (box : option Q) (a' a : affine) : option tensor1 :=
  bind (spans d n box (differences (weight a') (weight a)) (difference1 (bias_of a') (bias_of a)))
       (fun l => Some (reach_list l)).

Definition row_spans (d : nat) (n : norm_layer) (box : option Q) (a : affine)
  : option (list (dyadic * dyadic)) := spans d n box (weight a) (bias_of a).

Lemma dot_difference u v y : length u = length v ->
  dot (reals (map (fun ab => minus (fst ab) (snd ab)) (combine u v))) y =
  dot (reals u) y - dot (reals v) y.
Proof.
revert v y; induction u as [|a u IH]; intros [|b v] y H; try easy;
  [unfold dot; simpl; ring|].
destruct y as [|x y]; [rewrite !dot_nil_r; ring|].
cbn [combine List.map reals]. fold (reals u) (reals v). rewrite !dot_cons, real_minus.
specialize (IH v y). unfold reals in IH at 1. cbn [fst snd]. unfold reals. rewrite IH by (simpl in H; lia).
unfold reals. ring.
Qed.

Lemma differences_moves d w' w c' c x l :
  Forall (fun v => length v = d) w' -> Forall (fun v => length v = d) w ->
  length w' = length w -> length c' = length w -> length c = length w ->
  Forall2 in_span l (add (linear_part (differences w' w) x) (reals (difference1 c' c))) ->
  moves (reach_list l) (add (linear_part w' x) (reals c')) (add (linear_part w x) (reals c)).
Proof.
revert w c' c l; induction w' as [|u' w' IH]; intros [|u w] [|a' c'] [|a c] l W' W H1 H2 H3 F;
  try easy.
- inversion_clear F. apply moves_nil.
- inversion_clear W' as [|? ? Hu' Hw']. inversion_clear W as [|? ? Hu Hw].
  unfold add in F. cbn [differences combine List.map linear_part difference1 reals zip fst snd] in F.
  inversion F as [|s y k t S K E1 E2]. subst l.
  unfold add. cbn [linear_part List.map reals zip]. apply moves_cons. split.
  + apply in_span_reach in S. rewrite dot_difference, real_minus in S by congruence.
    replace (dot (reals u') x + real a' - (dot (reals u) x + real a))
      with (dot (reals u') x - dot (reals u) x + (real a' - real a)) by ring. exact S.
  + apply IH; auto; simpl in *; lia.
Qed.

Lemma row_moves_sound d outputs n box a' a e x : norm_shape d n = true -> epsilon_ok n = true ->
  affine_shape outputs d a' = true -> affine_shape outputs d a = true ->
  row_moves d n box a' a = Some e -> length x = d -> in_inputs box x ->
  moves e (apply a' (normalise n x)) (apply a (normalise n x)).
Proof.
intros S P A' A H Lx Hx. apply affine_shape_sound in A', A.
destruct A' as [L' [W' B']], A as [L [W B]]. unfold row_moves in H.
destruct (spans _ _ _ _ _) as [l|] eqn:E; [|easy]. injection H as <-.
apply differences_moves with d; auto; try congruence.
apply spans_sound with d box; auto. unfold differences. apply Forall_forall. intros v Hv.
apply in_map_iff in Hv. destruct Hv as [[u' u] [<- Hu]]. rewrite Forall_forall in W', W.
rewrite map_length, combine_length. simpl.
rewrite (W' u' (in_combine_l _ _ _ _ Hu)), (W u (in_combine_r _ _ _ _ Hu)). apply Nat.min_id.
Qed.

Lemma row_spans_sound d outputs n box a l x : norm_shape d n = true -> epsilon_ok n = true ->
  affine_shape outputs d a = true -> row_spans d n box a = Some l -> length x = d ->
  in_inputs box x -> Forall2 in_span l (apply a (normalise n x)).
Proof.
intros S P A H Lx Hx. apply affine_shape_sound in A. destruct A as [L [W B]].
apply spans_sound with d box; auto.
Qed.

(** ** Outputs *)

(** sum_r |w_r| m_r + |w'_r - w_r| a_r + |b' - b|. *)
Definition output_move (moved reached : tensor1) (w w' : tensor1) (b b' : dyadic) : dyadic :=
  plus (plus (product (map magnitude w) moved)
             (product (map magnitude (difference1 w' w)) reached))
       (magnitude (minus b' b)).

Fixpoint outputs_close (moved reached : tensor1) (epsilon : Q) (w w' : tensor2) (b b' : tensor1)
    : bool :=
  match w, w', b, b' with
  | [], [], [], [] => true
  | u :: w, u' :: w', c :: b, c' :: b' =>
      Qle_bool (rational (output_move moved reached u u' c c')) epsilon &&
      outputs_close moved reached epsilon w w' b b'
  | _, _, _, _ => false
  end.

Lemma dot_moves e u v w : moves e u v -> length w = length e ->
  Rabs (dot (reals w) u - dot (reals w) v) <= real (product (map magnitude w) e).
Proof.
rewrite real_product.
revert u v w; induction e as [|a e IH]; intros u v [|c w] M L; try easy.
- unfold dot. simpl. rewrite Rminus_0_r, Rabs_R0. lra.
- destruct u as [|x u]; [now destruct M|]. destruct v as [|y v]; [now destruct M as [_ [M _]]|].
  apply moves_cons in M. destruct M as [H M].
  cbn [reals List.map]. fold (reals w) (reals e) (reals (map magnitude w)).
  rewrite !dot_cons, real_magnitude.
  replace (real c * x + dot (reals w) u - (real c * y + dot (reals w) v))
    with (real c * (x - y) + (dot (reals w) u - dot (reals w) v)) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult.
  apply Rplus_le_compat; [apply Rmult_le_compat_l; [apply Rabs_pos|exact H]|].
  apply IH; [exact M|simpl in L; lia].
Qed.

Lemma reaches_moves e v : reaches e v -> moves e v (repeat 0 (length v)).
Proof.
intros [L H]. split; [exact L|split; [now rewrite repeat_length|]]. intros k.
unfold entry at 2. rewrite nth_repeat, Rminus_0_r. apply H.
Qed.

Lemma dot_reaches e v w : reaches e v -> length w = length e ->
  Rabs (dot (reals w) v) <= real (product (map magnitude w) e).
Proof.
intros R L. assert (M := dot_moves e v _ w (reaches_moves e v R) L).
assert (Z : dot (reals w) (repeat 0 (length v)) = 0).
{ clear. generalize (length v). induction (reals w) as [|a l IH]; intros [|n]; try reflexivity.
  simpl repeat. rewrite dot_cons, IH. ring. }
now rewrite Z, Rminus_0_r in M.
Qed.

Theorem outputs_close_sound moved reached epsilon w w' b b' h h' :
  outputs_close moved reached epsilon w w' b b' = true ->
  moves moved h' h -> reaches reached h' ->
  Forall (fun v => length v = length h) w -> Forall (fun v => length v = length h) w' ->
  Forall2 (fun x y => Rabs (x - y) <= Q2R epsilon)
    (add (linear_part w h) (reals b)) (add (linear_part w' h') (reals b')).
Proof.
intros H M R. revert w' b b' H; induction w as [|u w IH]; intros [|u' w'] [|c b] [|c' b'] H W W';
  simpl in H; try easy; [constructor|].
apply andb_prop in H. destruct H as [H K]. inversion_clear W as [|? ? Hu Hw].
inversion_clear W' as [|? ? Hu' Hw']. unfold add. cbn [linear_part List.map reals zip].
constructor; [|now apply IH].
apply Qle_bool_R in H. rewrite real_rational in H. apply Rle_trans with (2 := H).
unfold output_move. rewrite !real_plus, real_magnitude, real_minus.
assert (L := M). destruct L as [L1 [L2 _]]. assert (L3 := R). destruct L3 as [L3 _].
assert (A := dot_moves moved h' h u M ltac:(congruence)).
assert (B := dot_reaches reached h' (difference1 u' u) R
  ltac:(unfold difference1; rewrite map_length, combine_length, Hu', Hu, Nat.min_id; congruence)).
unfold difference1 in B at 1. rewrite dot_difference in B by congruence.
replace (dot (reals u) h + real c - (dot (reals u') h' + real c'))
  with (- ((dot (reals u) h' - dot (reals u) h) + (dot (reals u') h' - dot (reals u) h')
           + (real c' - real c))) by ring.
rewrite Rabs_Ropp. apply Rle_trans with (1 := Rabs_triang _ _).
apply Rplus_le_compat_r, Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.
