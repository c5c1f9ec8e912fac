(** Stored numbers are dyadic, so sums of their products are exact. Vectors and matrices are lists;
    what they mean is a list of real numbers. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Import ListNotations.
Open Scope R_scope.

(** ** Dyadic numbers *)

(** mantissa 2^exponent. *)
Record dyadic : Type := Dyadic { mantissa : Z; exponent : Z }.

Definition real (d : dyadic) : R := IZR (mantissa d) * powerRZ 2 (exponent d).

Definition zero : dyadic := Dyadic 0 0.
Definition one : dyadic := Dyadic 1 0.
Definition of_Z (n : Z) : dyadic := Dyadic n 0.

Definition opposite (a : dyadic) : dyadic := Dyadic (- mantissa a) (exponent a).
Definition magnitude (a : dyadic) : dyadic := Dyadic (Z.abs (mantissa a)) (exponent a).
Definition multiply (a b : dyadic) : dyadic :=
  Dyadic (mantissa a * mantissa b) (exponent a + exponent b).

(** 2^k, and 1 for negative k; one shift where it is extracted. *)
Definition power_of_2 (k : Z) : Z :=
  match k with Zpos n => Zpos (Pos.shiftl 1 (Npos n)) | _ => 1 end.

(** The mantissa at an exponent that is not larger. *)
Definition mantissa_at (e : Z) (a : dyadic) : Z := mantissa a * power_of_2 (exponent a - e).

Definition plus (a b : dyadic) : dyadic :=
  if Z.eqb (mantissa a) 0 then b
  else if Z.eqb (mantissa b) 0 then a
  else let e := Z.min (exponent a) (exponent b) in Dyadic (mantissa_at e a + mantissa_at e b) e.

Definition minus (a b : dyadic) : dyadic := plus a (opposite b).

(** Different mantissas and exponents can stand for the same number. *)
Definition same (a b : dyadic) : bool := Z.eqb (mantissa (minus a b)) 0.

Definition rational (a : dyadic) : Q :=
  match exponent a with
  | Zneg e => Qmake (mantissa a) (Pos.shiftl 1 (Npos e))
  | e => inject_Z (mantissa a * power_of_2 e)
  end.

Lemma real_zero : real zero = 0.
Proof. unfold real. simpl. ring. Qed.

Lemma real_one : real one = 1.
Proof. unfold real. simpl. ring. Qed.

Lemma real_of_Z n : real (of_Z n) = IZR n.
Proof. unfold real. simpl. ring. Qed.

Lemma real_opposite a : real (opposite a) = - real a.
Proof. unfold real. simpl. rewrite opp_IZR. ring. Qed.

Lemma real_magnitude a : real (magnitude a) = Rabs (real a).
Proof.
unfold real. simpl. rewrite abs_IZR, Rabs_mult. f_equal. symmetry. apply Rabs_pos_eq.
apply powerRZ_le. lra.
Qed.

Lemma real_multiply a b : real (multiply a b) = real a * real b.
Proof. unfold real. simpl. rewrite mult_IZR, powerRZ_add by lra. ring. Qed.

Lemma power_2_IZR k : (0 <= k)%Z -> IZR (2 ^ k) = powerRZ 2 k.
Proof.
intros H. destruct k as [|k|k]; [reflexivity| |lia].
rewrite <- (positive_nat_Z k), <- pow_powerRZ, <- pow_IZR. reflexivity.
Qed.

Lemma power_of_2_spec k : (0 <= k)%Z -> power_of_2 k = (2 ^ k)%Z.
Proof.
destruct k as [|n|n]; [reflexivity| |lia]. intros _. simpl. unfold Z.pow_pos.
induction n as [|n IH] using Pos.peano_ind; [reflexivity|]. rewrite !Pos.iter_succ, <- IH.
reflexivity.
Qed.

Lemma power_of_2_IZR k : (0 <= k)%Z -> IZR (power_of_2 k) = powerRZ 2 k.
Proof. intros H. now rewrite power_of_2_spec, power_2_IZR. Qed.

Lemma real_mantissa_at e a : (e <= exponent a)%Z -> IZR (mantissa_at e a) * powerRZ 2 e = real a.
Proof.
intros H. unfold mantissa_at, real. rewrite mult_IZR, power_of_2_IZR by lia.
rewrite Rmult_assoc, <- powerRZ_add by lra. do 2 f_equal. lia.
Qed.

Lemma real_mantissa_0 a : mantissa a = 0%Z -> real a = 0.
Proof. unfold real. intros ->. ring. Qed.

Lemma real_plus a b : real (plus a b) = real a + real b.
Proof.
unfold plus.
destruct (Z.eqb_spec (mantissa a) 0) as [Ea|_]; [rewrite (real_mantissa_0 a Ea); ring|].
destruct (Z.eqb_spec (mantissa b) 0) as [Eb|_]; [rewrite (real_mantissa_0 b Eb); ring|].
cbv zeta. set (e := Z.min (exponent a) (exponent b)).
rewrite <- (real_mantissa_at e a), <- (real_mantissa_at e b) by (unfold e; lia).
unfold real. simpl. rewrite plus_IZR. ring.
Qed.

Lemma real_minus a b : real (minus a b) = real a - real b.
Proof. unfold minus. rewrite real_plus, real_opposite. ring. Qed.

Lemma same_sound a b : same a b = true -> real a = real b.
Proof.
intros H. apply Z.eqb_eq, real_mantissa_0 in H. rewrite real_minus in H. lra.
Qed.

Lemma real_rational a : Q2R (rational a) = real a.
Proof.
unfold rational, real, Q2R, inject_Z. destruct (exponent a) as [|e|e]; cbn [Qnum Qden].
- simpl. rewrite Z.mul_1_r. field.
- rewrite mult_IZR, power_of_2_IZR by lia. field.
- change (Zpos (Pos.shiftl 1 (Npos e))) with (power_of_2 (Zpos e)).
  rewrite power_of_2_IZR by lia. reflexivity.
Qed.

(** ** Vectors *)

Definition tensor1 : Type := list dyadic.
Definition tensor2 : Type := list (list dyadic).

Definition reals (v : tensor1) : vector := map real v.

Definition has_length {A : Type} (n : nat) (v : list A) : bool := Nat.eqb (length v) n.
Definition has_shape {A : Type} (rows columns : nat) (m : list (list A)) : bool :=
  has_length rows m && forallb (has_length columns) m.

Lemma has_length_sound {A : Type} n (v : list A) : has_length n v = true -> length v = n.
Proof. apply Nat.eqb_eq. Qed.

Lemma has_shape_sound {A : Type} rows columns (m : list (list A)) :
  has_shape rows columns m = true -> length m = rows /\ Forall (fun v => length v = columns) m.
Proof.
unfold has_shape. intros H. apply andb_prop in H. destruct H as [H K].
split; [now apply has_length_sound|]. rewrite forallb_forall in K. apply Forall_forall.
intros v Hv. now apply has_length_sound, K.
Qed.

Lemma reals_length v : length (reals v) = length v.
Proof. apply map_length. Qed.

Lemma reals_app u v : reals (u ++ v) = reals u ++ reals v.
Proof. apply map_app. Qed.

(** Equality as numbers, entry by entry. *)
Fixpoint same_list {A B : Type} (eq : A -> B -> bool) (u : list A) (v : list B) : bool :=
  match u, v with
  | [], [] => true
  | a :: u, b :: v => eq a b && same_list eq u v
  | _, _ => false
  end.

Definition same_vector : tensor1 -> tensor1 -> bool := same_list same.
Definition same_matrix : tensor2 -> tensor2 -> bool := same_list same_vector.

Lemma same_list_sound {A B : Type} (eq : A -> A -> bool) (f : A -> B) u v :
  (forall a b, eq a b = true -> f a = f b) -> same_list eq u v = true -> map f u = map f v.
Proof.
intros E. revert v; induction u as [|a u IH]; intros [|b v] H; simpl in *; try easy.
apply andb_prop in H. destruct H as [H K]. now rewrite (E _ _ H), (IH _ K).
Qed.

Lemma same_vector_sound u v : same_vector u v = true -> reals u = reals v.
Proof. apply same_list_sound, same_sound. Qed.

Lemma same_matrix_sound a b : same_matrix a b = true -> map reals a = map reals b.
Proof. apply same_list_sound, same_vector_sound. Qed.

(** ** Sums *)

Fixpoint sum (v : tensor1) : dyadic :=
  match v with [] => zero | a :: v => plus a (sum v) end.

Fixpoint products (u v : tensor1) : tensor1 :=
  match u, v with a :: u, b :: v => multiply a b :: products u v | _, _ => [] end.

Definition product (u v : tensor1) : dyadic := sum (products u v).

Lemma real_sum v : real (sum v) = total (reals v).
Proof. induction v as [|a v IH]; simpl; [apply real_zero|]. now rewrite real_plus, IH. Qed.

Lemma reals_products u v : reals (products u v) = entrywise (reals u) (reals v).
Proof.
revert v; induction u as [|a u IH]; intros [|b v]; try reflexivity.
unfold entrywise in *. simpl. now rewrite real_multiply, IH.
Qed.

Lemma real_product u v : real (product u v) = dot (reals u) (reals v).
Proof. unfold product, dot. now rewrite real_sum, reals_products. Qed.

Lemma products_length u v : length u = length v -> length (products u v) = length u.
Proof. revert v; induction u as [|a u IH]; intros [|b v] H; simpl in *; auto. Qed.

(** ** Columns *)

(** The transposed matrix of one whose rows have n entries. *)
Fixpoint columns (n : nat) (m : tensor2) : tensor2 :=
  match n with
  | O => []
  | S n => map (hd zero) m :: columns n (map (@tl dyadic) m)
  end.

(** sum_j h_j row_j, of the given width. *)
Fixpoint combination (width : nat) (h : vector) (rows : list vector) : vector :=
  match h, rows with
  | a :: h, r :: rows => add (times a r) (combination width h rows)
  | _, _ => repeat 0 width
  end.

Lemma columns_length n m : length (columns n m) = n.
Proof. revert m; induction n as [|n IH]; intros m; simpl; auto. Qed.

Lemma add_map {A : Type} (f g : A -> R) l : add (map f l) (map g l) = map (fun a => f a + g a) l.
Proof. induction l as [|a l IH]; [reflexivity|]. unfold add in *. simpl. now rewrite IH. Qed.

(** A matrix times a vector, read from its columns. *)
Theorem combination_columns m h : Forall (fun w => length w = length h) m ->
  combination (length m) h (map reals (columns (length h) m)) = map (fun w => dot (reals w) h) m.
Proof.
revert m; induction h as [|a h IH]; intros m H.
- simpl. clear H. induction m as [|w m IH]; [reflexivity|]. simpl. now rewrite IH, dot_nil_r.
- simpl. rewrite <- (map_length (@tl dyadic) m) at 1. rewrite IH.
  + unfold times, reals. rewrite !map_map, add_map. apply map_ext_in. intros w Hw.
    rewrite Forall_forall in H. specialize (H w Hw). destruct w as [|b w]; [easy|].
    simpl. rewrite dot_cons. ring.
  + apply Forall_forall. intros v Hv. apply in_map_iff in Hv. destruct Hv as [w [<- Hw]].
    rewrite Forall_forall in H. specialize (H w Hw). destruct w as [|b w]; [easy|].
    simpl in *. congruence.
Qed.
