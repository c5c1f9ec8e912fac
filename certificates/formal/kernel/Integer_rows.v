(** Gram matrices of dyadic rows, in integers: rows at a common exponent, so that a product of two rows
    is one sum of products of integers. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball Attncert.theorems.Gram.
Require Import Attncert.kernel.Tensor Attncert.kernel.Root.
Import ListNotations.
Open Scope R_scope.

(** The least exponent, at most e, of numbers that are not 0. *)
Definition lowest (v : tensor1) (e : Z) : Z :=
  fold_left (fun e a => if Z.eqb (mantissa a) 0 then e else Z.min e (exponent a)) v e.
Definition lowest_of (rows : tensor2) : Z := fold_left (fun e v => lowest v e) rows 0%Z.

Fixpoint integer_sum (acc : Z) (u : list Z) : Z :=
  match u with a :: u => integer_sum (acc + a) u | [] => acc end.
Fixpoint integer_product (acc : Z) (u v : list Z) : Z :=
  match u, v with a :: u, b :: v => integer_product (acc + a * b) u v | _, _ => acc end.

(** A row at exponent e, and its sum where its mean is to be subtracted. *)
Definition integer_row (without_mean : bool) (e : Z) (v : tensor1) : list Z * Z :=
  let u := map (mantissa_at e) v in (u, if without_mean then integer_sum 0 u else 0%Z).

(** D times the product of two rows, less their means. *)
Definition gram_entry (d : Z) (r s : list Z * Z) : Z :=
  d * integer_product 0 (fst r) (fst s) - snd r * snd s.

Fixpoint gram_row (d : Z) (r : list Z * Z) (rest : list (list Z * Z)) (acc : Z) : Z :=
  match rest with
  | s :: rest => let g := gram_entry d s r in gram_row d r rest (acc + 2 * (g * g))
  | [] => acc
  end.

Fixpoint gram_total (d : Z) (rows : list (list Z * Z)) (acc : Z) : Z :=
  match rows with
  | r :: rest => let g := gram_entry d r r in gram_total d rest (gram_row d r rest (acc + g * g))
  | [] => acc
  end.

(** The sum of (D r.s)^2 over all rows r and s. *)
Definition gram_of (d : nat) (without_mean : bool) (rows : tensor2) : dyadic :=
  let e := lowest_of rows in
  Dyadic (gram_total (Z.of_nat d) (map (integer_row without_mean e) rows) 0) (4 * e).

(** ** Integers *)

Definition fits (e : Z) (a : dyadic) : Prop := mantissa a = 0%Z \/ (e <= exponent a)%Z.

Lemma lowest_spec v e : (lowest v e <= e)%Z /\ Forall (fits (lowest v e)) v.
Proof.
unfold lowest. revert e; induction v as [|a v IH]; intros e; [split; [apply Z.le_refl|constructor]|].
cbn [fold_left]. set (f := if Z.eqb (mantissa a) 0 then e else Z.min e (exponent a)).
assert (K : (f <= e)%Z /\ fits f a).
{ unfold f, fits. destruct (Z.eqb_spec (mantissa a) 0) as [Z|Z].
  - split; [apply Z.le_refl|now left].
  - split; [apply Z.le_min_l|right; apply Z.le_min_r]. }
clearbody f. destruct (IH f) as [L F]. destruct K as [K T].
split; [exact (Z.le_trans _ _ _ L K)|]. constructor; [|exact F].
destruct T as [T|T]; [now left|right; exact (Z.le_trans _ _ _ L T)].
Qed.

Lemma lowest_of_spec rows : Forall (Forall (fits (lowest_of rows))) rows.
Proof.
assert (L : forall rows e, (fold_left (fun e v => lowest v e) rows e <= e)%Z).
{ induction rows0 as [|v l IH]; intros e; cbn [fold_left]; [apply Z.le_refl|].
  exact (Z.le_trans _ _ _ (IH (lowest v e)) (proj1 (lowest_spec v e))). }
unfold lowest_of. generalize 0%Z.
induction rows as [|v l IH]; intros e; cbn [fold_left]; constructor; [|apply IH].
destruct (lowest_spec v e) as [_ F]. apply Forall_forall. intros a Ha. rewrite Forall_forall in F.
destruct (F a Ha) as [Z|Z]; [now left|right]. exact (Z.le_trans _ _ _ (L l (lowest v e)) Z).
Qed.

Lemma integer_sum_real acc u : IZR (integer_sum acc u) = IZR acc + total (map IZR u).
Proof.
revert acc; induction u as [|a u IH]; intros acc; simpl; [ring|]. rewrite IH, plus_IZR. ring.
Qed.

Lemma integer_product_real acc u v :
  IZR (integer_product acc u v) = IZR acc + dot (map IZR u) (map IZR v).
Proof.
revert acc v; induction u as [|a u IH]; intros acc [|b v]; simpl;
  try (unfold dot; simpl; ring).
rewrite IH, dot_cons, plus_IZR, mult_IZR. ring.
Qed.

Lemma integers_real e v : Forall (fits e) v ->
  reals v = times (powerRZ 2 e) (map IZR (map (mantissa_at e) v)).
Proof.
intros H. unfold reals, times. rewrite !map_map. apply map_ext_in. intros a Ha.
rewrite Forall_forall in H. destruct (H a Ha) as [Z|Z].
- rewrite (real_mantissa_0 a Z). unfold mantissa_at. rewrite Z. simpl. ring.
- rewrite <- (real_mantissa_at e a Z). ring.
Qed.

(** ** Rows less their means *)

Definition less (without_mean : bool) (g : vector) : vector :=
  if without_mean then centred g else g.
Definition less_mean (without_mean : bool) (rows : tensor2) : list vector :=
  map (fun g => less without_mean (reals g)) rows.

Lemma less_mean_lengths d without_mean rows : Forall (fun g => length g = d) rows ->
  Forall (fun g => length g = d) (less_mean without_mean rows).
Proof.
intros H. unfold less_mean, less. apply Forall_forall. intros g Hg. apply in_map_iff in Hg.
destruct Hg as [v [<- Hv]]. rewrite Forall_forall in H. specialize (H v Hv).
destruct without_mean; unfold centred; now rewrite ?shift_length, reals_length.
Qed.

Lemma images_less_mean d without_mean rows y : Forall (fun g => length g = d) rows -> length y = d ->
  (without_mean = true -> total y = 0) ->
  images (map reals rows) y = images (less_mean without_mean rows) y.
Proof.
intros H Ly T. unfold images, less_mean, less. rewrite !map_map. apply map_ext_in. intros g Hg.
rewrite Forall_forall in H. specialize (H g Hg). destruct without_mean; [|reflexivity].
unfold centred. rewrite dot_shift_l, T by (rewrite ?reals_length; congruence). ring.
Qed.

Section Entries.
Variables (d : nat) (without_mean : bool) (e : Z).
Hypothesis D : (0 < d)%nat.
Let row := integer_row without_mean e.

Lemma gram_entry_real u v : Forall (fits e) u -> Forall (fits e) v -> length u = d -> length v = d ->
  IZR (gram_entry (Z.of_nat d) (row u) (row v)) * (powerRZ 2 e * powerRZ 2 e) =
  INR d * dot (less without_mean (reals u)) (less without_mean (reals v)).
Proof.
intros Fu Fv Lu Lv. unfold gram_entry, row, integer_row, less. cbn [fst snd].
rewrite minus_IZR, !mult_IZR, integer_product_real, <- INR_IZR_INZ.
assert (DP : INR d <> 0) by (apply not_0_INR; lia).
rewrite (integers_real e u Fu), (integers_real e v Fv).
set (a := map IZR (map (mantissa_at e) u)). set (b := map IZR (map (mantissa_at e) v)).
set (p := powerRZ 2 e).
assert (La : length a = d) by (unfold a; now rewrite !map_length).
assert (Lb : length b = d) by (unfold b; now rewrite !map_length).
destruct without_mean.
- rewrite !integer_sum_real. fold a b. unfold centred.
  rewrite dot_shift_l by (rewrite shift_length, !times_length; congruence).
  rewrite dot_shift_r by (rewrite !times_length; congruence).
  rewrite total_shift. unfold mean, size. rewrite !times_length, La, Lb.
  rewrite dot_times_l, dot_times_r, !total_times. field. exact DP.
- fold a b. rewrite dot_times_l, dot_times_r. ring.
Qed.

Lemma gram_entry_comm r s : gram_entry (Z.of_nat d) r s = gram_entry (Z.of_nat d) s r.
Proof.
unfold gram_entry. assert (E : integer_product 0 (fst r) (fst s) = integer_product 0 (fst s) (fst r)).
{ apply eq_IZR. now rewrite !integer_product_real, dot_comm. }
rewrite E. ring.
Qed.
End Entries.

Lemma gram_row_real d r rest acc : IZR (gram_row d r rest acc) =
  IZR acc + 2 * total (map (fun s => IZR (gram_entry d s r) ^ 2) rest).
Proof.
revert acc; induction rest as [|s rest IH]; intros acc; cbn [gram_row map total]; [ring|].
cbv zeta. rewrite IH, plus_IZR, !mult_IZR. ring.
Qed.

Lemma gram_total_real d rows acc : IZR (gram_total (Z.of_nat d) rows acc) = IZR acc +
  total (map (fun r => total (map (fun s => IZR (gram_entry (Z.of_nat d) s r) ^ 2) rows)) rows).
Proof.
revert acc; induction rows as [|r rest IH]; intros acc; cbn [gram_total map total]; [ring|].
cbv zeta. rewrite IH, gram_row_real, plus_IZR, mult_IZR.
rewrite <- (total_map_plus (fun q => IZR (gram_entry (Z.of_nat d) r q) ^ 2)).
rewrite (map_ext (fun q => IZR (gram_entry (Z.of_nat d) r q) ^ 2)
                 (fun q => IZR (gram_entry (Z.of_nat d) q r) ^ 2))
  by (intros q; now rewrite gram_entry_comm).
ring.
Qed.

Lemma total_map_map {A B : Type} (f : B -> R) (g : A -> B) l :
  total (map f (map g l)) = total (map (fun a => f (g a)) l).
Proof. now rewrite map_map. Qed.

Theorem real_gram_of d without_mean rows : (0 < d)%nat -> Forall (fun g => length g = d) rows ->
  real (gram_of d without_mean rows) = INR d * INR d * gram_squares (less_mean without_mean rows).
Proof.
intros D L. unfold gram_of, real. set (e := lowest_of rows).
assert (F := lowest_of_spec rows). fold e in F. cbn [mantissa exponent].
rewrite gram_total_real, Rplus_0_l.
replace (4 * e)%Z with (e + e + (e + e))%Z by ring. rewrite !powerRZ_add by lra.
unfold gram_squares, less_mean. rewrite !total_map_map.
rewrite Rmult_comm, <- !total_map_scaled. f_equal. apply map_ext_in. intros r Hr.
rewrite !total_map_map, <- !total_map_scaled. f_equal. apply map_ext_in. intros s Hs.
rewrite Forall_forall in F, L.
assert (E := gram_entry_real d without_mean e D s r (F s Hs) (F r Hr) (L s Hs) (L r Hr)).
replace (INR d * INR d *
  dot (less without_mean (reals s)) (less without_mean (reals r)) ^ 2) with
  ((INR d * dot (less without_mean (reals s)) (less without_mean (reals r))) ^ 2) by ring.
rewrite <- E. ring.
Qed.
