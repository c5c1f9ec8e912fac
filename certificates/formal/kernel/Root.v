(** Square roots of dyadic numbers, rounded up to 128 bits or more; and the norm of turned vectors. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Gram.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention.
Import ListNotations.
Open Scope R_scope.

(** Exact for squares; 0 for numbers that are not positive. *)
Definition root_up (a : dyadic) : dyadic :=
  if Z.leb (mantissa a) 0 then zero
  else
    let k := Z.max 0 (256 - Z.log2 (mantissa a)) in
    let k := if Z.even (exponent a - k) then k else (k + 1)%Z in
    let m := (mantissa a * power_of_2 k)%Z in
    let r := Z.sqrt m in
    Dyadic (if Z.eqb (r * r) m then r else (r + 1)%Z) ((exponent a - k) / 2).

Lemma root_up_sound a : sqrt (real a) <= real (root_up a) /\ 0 <= real (root_up a).
Proof.
unfold root_up. destruct (Z.leb_spec (mantissa a) 0) as [N|P].
{ rewrite real_zero. split; [|lra]. rewrite sqrt_neg_0; [lra|]. unfold real.
  apply IZR_le in N. assert (0 < powerRZ 2 (exponent a)) by (apply powerRZ_lt; lra).
  rewrite Rmult_comm. replace 0 with (powerRZ 2 (exponent a) * 0) by ring.
  apply Rmult_le_compat_l; lra. }
set (k0 := Z.max 0 _). assert (K0 : (0 <= k0)%Z) by (unfold k0; lia). clearbody k0.
cbv zeta.
set (k := if Z.even (exponent a - k0) then k0 else (k0 + 1)%Z).
assert (K : (0 <= k)%Z /\ Z.even (exponent a - k) = true).
{ unfold k. destruct (Z.even (exponent a - k0)) eqn:E; [split; [lia|exact E]|]. split; [lia|].
  replace (exponent a - (k0 + 1))%Z with (Z.pred (exponent a - k0)) by lia.
  rewrite Z.even_pred, <- Z.negb_even, E. reflexivity. }
destruct K as [K E]. clearbody k. apply Z.even_spec in E. destruct E as [h Eh].
rewrite Eh, (Z.mul_comm 2 h), Z.div_mul by easy.
set (m := (mantissa a * power_of_2 k)%Z).
assert (Pm : (0 <= m)%Z).
{ unfold m. rewrite power_of_2_spec by exact K. apply Z.mul_nonneg_nonneg; [lia|].
  apply Z.pow_nonneg. lia. }
assert (Em : real a = IZR m * (powerRZ 2 h * powerRZ 2 h)).
{ unfold m, real. rewrite mult_IZR, power_of_2_IZR by exact K. rewrite Rmult_assoc.
  rewrite <- !powerRZ_add by lra. do 2 f_equal. lia. }
assert (S := Z.sqrt_spec m Pm). set (r := Z.sqrt m) in *.
assert (R0 : (0 <= r)%Z) by apply Z.sqrt_nonneg.
set (t := if Z.eqb (r * r) m then r else (r + 1)%Z).
assert (T : (0 <= t)%Z /\ (m <= t * t)%Z) by (unfold t; destruct (Z.eqb_spec (r * r) m); 
  [lia|unfold Z.succ in S; split; [lia|apply Z.lt_le_incl, S]]).
clearbody t. destruct T as [T0 T].
assert (H0 : 0 < powerRZ 2 h) by (apply powerRZ_lt; lra).
apply IZR_le in T0, T. rewrite mult_IZR in T.
unfold real at 2 3. cbn [mantissa exponent]. split; [|apply Rmult_le_pos; lra].
rewrite <- (sqrt_square (IZR t * powerRZ 2 h)) by (apply Rmult_le_pos; lra).
apply sqrt_le_1_alt. rewrite Em.
replace (IZR t * powerRZ 2 h * (IZR t * powerRZ 2 h))
  with (IZR t * IZR t * (powerRZ 2 h * powerRZ 2 h)) by ring.
apply Rmult_le_compat_r; [|exact T]. left. now apply Rmult_lt_0_compat.
Qed.

(** ** Rotary positions leave lengths as they are *)

Definition turns_pairs (shape : head_shape) : bool :=
  match positions shape with None => true | Some _ => Nat.even (d_head shape) end.

Lemma total_app u v : total (u ++ v) = total u + total v.
Proof. induction u as [|a u IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma total_from f m n s : total (map f (seq (s + m) n)) =
  total (map (fun k => f (k + m)%nat) (seq s n)).
Proof. revert s; induction n as [|n IH]; intros s; [reflexivity|]. simpl. now rewrite <- (IH (S s)). Qed.

Lemma total_map_plus {A : Type} (f g : A -> R) l :
  total (map f l) + total (map g l) = total (map (fun k => f k + g k) l).
Proof. induction l as [|a l IH]; simpl; [ring|rewrite <- IH; ring]. Qed.

Lemma total_halves f m : total (map f (seq 0 (m + m))) =
  total (map (fun k => f k + f (k + m)%nat) (seq 0 m)).
Proof.
rewrite seq_app, map_app, total_app, (total_from f m m 0). apply total_map_plus.
Qed.

Lemma total_pairs f m : total (map f (seq 0 (2 * m))) =
  total (map (fun p => f (2 * p)%nat + f (2 * p + 1)%nat) (seq 0 m)).
Proof.
induction m as [|m IH]; [reflexivity|].
replace (2 * S m)%nat with (S (S (2 * m))) by lia. rewrite !seq_S, !map_app, !total_app, IH.
simpl. replace (S (m + (m + 0)))%nat with (m + (m + 0) + 1)%nat by lia. ring.
Qed.

Lemma total_ext (f g : nat -> R) n : (forall k, (k < n)%nat -> f k = g k) ->
  total (map f (seq 0 n)) = total (map g (seq 0 n)).
Proof. intros H. f_equal. apply map_ext_in. intros k Hk. apply in_seq in Hk. apply H. lia. Qed.

Lemma entries_of v : map (entry v) (seq 0 (length v)) = v.
Proof.
apply nth_ext with (d := 0) (d' := 0); rewrite map_length, seq_length; [reflexivity|].
intros k Hk. rewrite nth_indep with (d' := entry v 0) by (rewrite map_length, seq_length; exact Hk).
rewrite map_nth, seq_nth by exact Hk. reflexivity.
Qed.

Lemma dot_self_entries v : dot v v = total (map (fun k => entry v k ^ 2) (seq 0 (length v))).
Proof. rewrite <- (entries_of v) at 1 2. apply dot_self_map. Qed.

Lemma turn_square a b t : (a * cos t - b * sin t) ^ 2 + (a * sin t + b * cos t) ^ 2 = a ^ 2 + b ^ 2.
Proof.
assert (H := sin2_cos2 t). unfold Rsqr in H.
replace ((a * cos t - b * sin t) ^ 2 + (a * sin t + b * cos t) ^ 2)
  with ((a ^ 2 + b ^ 2) * (sin t * sin t + cos t * cos t)) by ring.
rewrite H. ring.
Qed.

Lemma turned_dot r position v : Nat.even (length v) = true ->
  dot (turned (Some r) position v) (turned (Some r) position v) = dot v v.
Proof.
intros E. apply Nat.even_spec in E. destruct E as [m Em].
unfold turned. rewrite dot_self_map, dot_self_entries. rewrite Em.
assert (D : Nat.div (length v) 2 = m) by (rewrite Em, Nat.mul_comm, Nat.div_mul; lia).
destruct (interleaved r) eqn:I.
- rewrite !total_pairs. apply total_ext. intros p Hp. unfold turned_entry. cbv zeta. rewrite I, ?D.
  assert (E1 : Nat.even (2 * p) = true) by (apply Nat.even_spec; now exists p).
  assert (E2 : Nat.even (2 * p + 1) = false).
  { rewrite Nat.add_1_r, Nat.even_succ, <- Nat.negb_even, E1. reflexivity. }
  assert (D1 : Nat.div (2 * p) 2 = p) by (rewrite Nat.mul_comm, Nat.div_mul; lia).
  assert (D2 : Nat.div (2 * p + 1) 2 = p).
  { rewrite Nat.add_comm, (Nat.mul_comm 2 p), Nat.div_add by easy. reflexivity. }
  rewrite E1, E2, D1, D2, Nat.add_sub. apply turn_square.
- replace (2 * m)%nat with (m + m)%nat by lia. rewrite !total_halves. apply total_ext.
  intros k Hk. unfold turned_entry. cbv zeta. rewrite I, ?D.
  replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt).
  replace (Nat.ltb (k + m) m) with false by (symmetry; apply Nat.ltb_ge; lia).
  rewrite Nat.add_sub. apply turn_square.
Qed.

Lemma turned_norm shape position v : turns_pairs shape = true -> length v = d_head shape ->
  norm (turned (positions shape) position v) = norm v.
Proof.
unfold turns_pairs. intros E L. unfold norm. destruct (positions shape) as [r|]; [|reflexivity].
rewrite turned_dot; [reflexivity|]. now rewrite L.
Qed.
