(** How long the image of a vector is at most: |A n|^2 <= |A A^T|_F |n|^2, with the Frobenius norm of
    the Gram matrix of A's rows. *)
From Coq Require Import Reals List Lra Lia Psatz.
Require Import Attncert.theorems.Vector.
Import ListNotations.
Open Scope R_scope.

(** A n. *)
Definition images (A : list vector) (n : vector) : vector := map (fun r => dot r n) A.

(** The sum of (A_s . A_r)^2 over all rows r and s. *)
Definition gram_squares (A : list vector) : R :=
  total (map (fun r => total (map (fun s => dot s r ^ 2) A)) A).

(** sum_r y_r A_r, of width d. *)
Fixpoint mixture (d : nat) (y : vector) (A : list vector) : vector :=
  match y, A with
  | c :: y, r :: A => add (times c r) (mixture d y A)
  | _, _ => repeat 0 d
  end.

Lemma mixture_length d y A : Forall (fun r => length r = d) A -> length (mixture d y A) = d.
Proof.
revert y; induction A as [|r A IH]; intros [|c y] H; simpl; try apply repeat_length.
inversion_clear H as [|? ? Hr HA]. unfold add.
rewrite zip_length; rewrite times_length; [exact Hr|]. now rewrite IH.
Qed.

Lemma dot_zeros v d : dot v (repeat 0 d) = 0.
Proof.
revert d; induction v as [|a v IH]; intros [|d]; try reflexivity.
simpl. rewrite dot_cons, IH. ring.
Qed.

Lemma dot_mixture d v y A : Forall (fun r => length r = d) A ->
  dot v (mixture d y A) = dot y (images A v).
Proof.
revert y; induction A as [|r A IH]; intros [|c y] H; simpl; rewrite ?dot_zeros; try reflexivity.
inversion_clear H as [|? ? Hr HA].
rewrite dot_add_r by (rewrite times_length, mixture_length; auto).
rewrite dot_times_r, IH, dot_cons, (dot_comm v r) by exact HA. reflexivity.
Qed.

Lemma dot_self_map {A : Type} (f : A -> R) l :
  dot (map f l) (map f l) = total (map (fun a => f a ^ 2) l).
Proof. induction l as [|a l IH]; [reflexivity|]. simpl map. rewrite dot_cons, IH. simpl. ring. Qed.

Lemma total_map_le {A : Type} (f g : A -> R) l :
  (forall a, In a l -> f a <= g a) -> total (map f l) <= total (map g l).
Proof.
induction l as [|a l IH]; simpl; intros H; [lra|]. apply Rplus_le_compat; auto.
Qed.

Lemma total_map_scaled {A : Type} (f : A -> R) c l :
  total (map (fun a => c * f a) l) = c * total (map f l).
Proof. induction l as [|a l IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma gram_squares_nonneg A : 0 <= gram_squares A.
Proof.
assert (P : forall (f : vector -> R) l, (forall r, 0 <= f r) -> 0 <= total (map f l)).
{ intros f l F. induction l as [|r l IH]; simpl; [lra|]. specialize (F r). lra. }
unfold gram_squares. apply P. intros r. apply P. intros s. apply pow2_ge_0.
Qed.

Theorem images_square d A n : Forall (fun r => length r = d) A ->
  dot (images A n) (images A n) <= sqrt (gram_squares A) * dot n n.
Proof.
intros H. set (y := images A n). set (w := mixture d y A).
assert (Y : dot n w = dot y y) by (unfold w; now rewrite dot_mixture).
assert (W : dot w w = dot y (images A w)) by (unfold w at 2; now rewrite dot_mixture).
assert (K : dot (images A w) (images A w) <= dot y y * gram_squares A).
{ unfold images at 1 2. rewrite dot_self_map. unfold gram_squares. rewrite <- total_map_scaled.
  apply total_map_le. intros r _. unfold w. rewrite (dot_mixture d r y A H).
  apply Rle_trans with (1 := cauchy_schwarz_squared y (images A r)).
  apply Rmult_le_compat_l; [apply dot_self_nonneg|].
  unfold images. rewrite dot_self_map. apply Rle_refl. }
assert (C1 := cauchy_schwarz_squared n w). assert (C2 := cauchy_schwarz_squared y (images A w)).
rewrite Y in C1. rewrite <- W in C2.
assert (Y0 := dot_self_nonneg y). assert (W0 := dot_self_nonneg w). assert (N0 := dot_self_nonneg n).
assert (G0 := gram_squares_nonneg A). assert (S0 := sqrt_pos (gram_squares A)).
assert (S2 := sqrt_def _ G0).
revert K C1 C2 Y0 W0 N0 S0 S2. clear Y W. fold y.
generalize (dot (images A w) (images A w)) (dot y y) (dot w w) (dot n n).
generalize (sqrt (gram_squares A)). generalize (gram_squares A). clear.
intros G F I Y W N K C1 C2 Y0 W0 N0 S0 S2.
destruct Y0 as [Y0|Y0]; [|rewrite <- Y0; apply Rmult_le_pos; assumption].
assert (L : W <= Y * F).
{ apply Rnot_lt_le. intros L. assert (0 <= Y * F) by (apply Rmult_le_pos; [left; exact Y0|exact S0]).
  assert (W ^ 2 <= (Y * F) ^ 2).
  { replace ((Y * F) ^ 2) with (Y * (Y * G)) by (rewrite <- S2; ring).
    apply Rle_trans with (1 := C2). apply Rmult_le_compat_l; lra. }
  nra. }
apply Rmult_le_reg_l with Y; [exact Y0|].
apply Rle_trans with (N * W); [simpl in C1; lra|].
replace (Y * (F * N)) with (N * (Y * F)) by ring. apply Rmult_le_compat_l; lra.
Qed.

(** |x + y| <= |x| + |y|. *)
Theorem norm_add x y : length x = length y -> norm (add x y) <= norm x + norm y.
Proof.
intros L. assert (La : length (add x y) = length x) by (unfold add; now apply zip_length).
unfold norm at 1.
rewrite <- (sqrt_square (norm x + norm y))
  by (apply Rplus_le_le_0_compat; apply norm_nonneg).
apply sqrt_le_1_alt. rewrite dot_add_r, !(dot_comm (add x y)), !dot_add_r by exact L.
rewrite (dot_comm y x), <- !norm_squared.
assert (C := cauchy_schwarz x y). assert (R := Rle_abs (dot x y)). nra.
Qed.

(** |A n + a| for |n|^2 <= D. *)
Theorem affine_length d A a n D : Forall (fun r => length r = d) A -> length a = length A ->
  0 <= D -> dot n n <= D ->
  norm (add (images A n) a) <= sqrt (sqrt (D * D * gram_squares A)) + norm a.
Proof.
intros H L D0 N.
apply Rle_trans with (norm (images A n) + norm a).
{ apply norm_add. unfold images. now rewrite map_length. }
apply Rplus_le_compat_r. apply sqrt_le_1_alt.
rewrite sqrt_mult by (try apply gram_squares_nonneg; nra). rewrite sqrt_square by exact D0.
apply Rle_trans with (1 := images_square d A n H). rewrite Rmult_comm.
apply Rmult_le_compat_r; [apply sqrt_pos|exact N].
Qed.
