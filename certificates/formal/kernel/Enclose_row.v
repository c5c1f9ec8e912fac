(** Rows of fixed-point enclosures: sums, products with stored weights, affine maps. Stored numbers are
    exact: a row of weights is brought to one exponent, and a sum of products is rounded once. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_model Attncert.kernel.Enclose_number.
Import ListNotations.
Open Scope R_scope.

Definition row : Type := list fixed.
Definition near_row : row -> vector -> Prop := Forall2 near.
Definition near_rows : list row -> list vector -> Prop := Forall2 near_row.

(** ** Lists that are related entry by entry *)

Lemma Forall2_lengths {A B : Type} (r : A -> B -> Prop) l m :
  Forall2 r l m -> length l = length m.
Proof. intros H. induction H; simpl; congruence. Qed.

Lemma Forall2_map {A B C D : Type} (r : A -> B -> Prop) (s : C -> D -> Prop) f g l m :
  Forall2 r l m -> (forall a b, r a b -> s (f a) (g b)) -> Forall2 s (map f l) (map g m).
Proof. intros H K. induction H; simpl; constructor; auto. Qed.

Lemma Forall2_same_map {A C D : Type} (s : C -> D -> Prop) (f : A -> C) (g : A -> D) l :
  (forall a, In a l -> s (f a) (g a)) -> Forall2 s (map f l) (map g l).
Proof. induction l as [|a l IH]; intros H; simpl; constructor; auto using in_eq, in_cons. Qed.

Lemma Forall2_nth {A B : Type} (r : A -> B -> Prop) l m i a b :
  Forall2 r l m -> r a b -> r (nth i l a) (nth i m b).
Proof. intros H K. revert i; induction H; intros [|i]; simpl; auto. Qed.

Lemma Forall2_firstn {A B : Type} (r : A -> B -> Prop) n l m :
  Forall2 r l m -> Forall2 r (firstn n l) (firstn n m).
Proof. intros H. revert n; induction H; intros [|n]; simpl; auto. Qed.

Lemma Forall2_skipn {A B : Type} (r : A -> B -> Prop) n l m :
  Forall2 r l m -> Forall2 r (skipn n l) (skipn n m).
Proof. intros H. revert n; induction H; intros [|n]; simpl; auto. Qed.

Lemma Forall2_removelast {A B : Type} (r : A -> B -> Prop) l m :
  Forall2 r l m -> Forall2 r (removelast l) (removelast m).
Proof.
intros H. induction H as [|a b l m R H IH]; [constructor|]. simpl.
destruct H; [constructor|now constructor].
Qed.

Lemma Forall2_last {A B : Type} (r : A -> B -> Prop) l m a b :
  Forall2 r l m -> r a b -> r (last l a) (last m b).
Proof.
intros H K. induction H as [|c d l m R H IH]; [exact K|]. simpl. now destruct H.
Qed.

Lemma Forall2_repeat {A B : Type} (r : A -> B -> Prop) a b n :
  r a b -> Forall2 r (repeat a n) (repeat b n).
Proof. intros H. induction n; simpl; constructor; auto. Qed.

Lemma Forall2_flat_map {A C D : Type} (s : C -> D -> Prop) (f : A -> list C) (g : A -> list D) l :
  (forall a, In a l -> Forall2 s (f a) (g a)) -> Forall2 s (flat_map f l) (flat_map g l).
Proof.
induction l as [|a l IH]; intros H; simpl; [constructor|].
apply Forall2_app; auto using in_eq, in_cons.
Qed.

(** Partial functions: where all are defined, the results are related. *)
Lemma map_option_related {A B C D : Type} (r : A -> B -> Prop) (s : C -> D -> Prop) f g l m k :
  (forall a b c, r a b -> f a = Some c -> exists d, g b = Some d /\ s c d) ->
  Forall2 r l m -> map_option f l = Some k -> exists n, map_option g m = Some n /\ Forall2 s k n.
Proof.
intros S H. revert k; induction H as [|a b l m R H IH]; simpl; intros k E.
- injection E as <-. exists []. split; [reflexivity|constructor].
- destruct (f a) as [c|] eqn:F; [|easy]. simpl in E.
  destruct (map_option f l) as [k'|]; [|easy]. injection E as <-.
  destruct (S a b c R F) as [d [-> Sd]]. destruct (IH k' eq_refl) as [n [-> Sn]].
  exists (d :: n). split; [reflexivity|now constructor].
Qed.

(** The same where the right side is total. *)
Lemma map_option_near {A B C D : Type} (r : A -> B -> Prop) (s : C -> D -> Prop) f g l m k :
  (forall a b c, r a b -> f a = Some c -> s c (g b)) ->
  Forall2 r l m -> map_option f l = Some k -> Forall2 s k (map g m).
Proof.
intros S H. revert k; induction H as [|a b l m R H IH]; simpl; intros k E.
- injection E as <-. constructor.
- destruct (f a) as [c|] eqn:F; [|easy]. simpl in E.
  destruct (map_option f l) as [k'|]; [|easy]. injection E as <-. constructor; eauto.
Qed.

Lemma near_entry u x k : near_row u x -> near (nth k u exactly_0) (entry x k).
Proof. intros H. apply Forall2_nth; [exact H|apply near_0]. Qed.

(** ** Entry by entry *)

Fixpoint zip_fixed (f : fixed -> fixed -> fixed) (u v : row) : row :=
  match u, v with a :: u, b :: v => f a b :: zip_fixed f u v | _, _ => [] end.

Definition add_row : row -> row -> row := zip_fixed plus_fixed.

Lemma near_zip f g u v x y :
  (forall a b s t, near a s -> near b t -> near (f a b) (g s t)) ->
  near_row u x -> near_row v y -> near_row (zip_fixed f u v) (zip g x y).
Proof.
intros F H. revert v y; induction H as [|a s u x A H IH]; intros v y K; simpl; [constructor|].
destruct K as [|b t v y B K]; constructor; auto. now apply IH.
Qed.

Lemma near_add_row u v x y : near_row u x -> near_row v y -> near_row (add_row u v) (add x y).
Proof. apply near_zip, near_plus. Qed.

Lemma near_reals v : near_row (map of_dyadic v) (reals v).
Proof. apply Forall2_same_map. intros a _. apply near_of_dyadic. Qed.

Fixpoint total_fixed (u : row) : fixed :=
  match u with [] => exactly_0 | a :: u => plus_fixed a (total_fixed u) end.

Lemma near_total u x : near_row u x -> near (total_fixed u) (total x).
Proof. intros H. induction H; simpl; [apply near_0|now apply near_plus]. Qed.

Definition dot_fixed (u v : row) : fixed := total_fixed (zip_fixed times_fixed u v).

Lemma near_dot u v x y : near_row u x -> near_row v y -> near (dot_fixed u v) (dot x y).
Proof. intros H K. now apply near_total, near_zip; [apply near_times| |]. Qed.

Lemma near_times_row a t u x : near a t -> near_row u x ->
  near_row (map (times_fixed a) u) (times t x).
Proof. intros A H. apply Forall2_map with (1 := H). intros b s. now apply near_times. Qed.

(** ** Stored weights *)

Record aligned : Type := Aligned { shared : Z; mantissas : list Z }.

Definition means (a : aligned) (w : vector) : Prop :=
  Forall2 (fun m x => x = IZR m * powerRZ 2 (shared a)) (mantissas a) w.

(** The lowest exponent of numbers that are not 0, and at most 0. *)
Fixpoint lowest (w : tensor1) : Z :=
  match w with
  | [] => 0
  | d :: w => let e := lowest w in
              if Z.eqb (mantissa d) 0 then e else Z.min (exponent d) e
  end.

Definition align (w : tensor1) : aligned :=
  let e := lowest w in Aligned e (map (mantissa_at e) w).

Lemma mantissa_at_spec e d : mantissa d = 0%Z \/ (e <= exponent d)%Z ->
  real d = IZR (mantissa_at e d) * powerRZ 2 e.
Proof.
intros [H|H].
- rewrite real_mantissa_0 by exact H. unfold mantissa_at. rewrite H. simpl. ring.
- now rewrite real_mantissa_at.
Qed.

Lemma align_means w : means (align w) (reals w).
Proof.
unfold means, align, reals. cbn [shared mantissas].
assert (K : forall e, (e <= lowest w)%Z ->
  Forall2 (fun m x => x = IZR m * powerRZ 2 e) (map (mantissa_at e) w) (map real w)).
{ intros e. induction w as [|d w IH]; simpl; intros E; constructor.
  - apply mantissa_at_spec. destruct (Z.eqb_spec (mantissa d) 0); [now left|right; lia].
  - apply IH. destruct (Z.eqb_spec (mantissa d) 0); lia. }
apply K. lia.
Qed.

(** The sum of products with mantissas. *)
Fixpoint weigh (ms : list Z) (u : row) : fixed :=
  match ms, u with
  | m :: ms, a :: u =>
      let s := weigh ms u in
      Fixed (m * middle a + middle s) (Z.abs m * radius a + radius s)
  | _, _ => exactly_0
  end.

Definition dot_aligned (a : aligned) (u : row) : fixed :=
  rescale (- shared a) (weigh (mantissas a) u).

Lemma about_scaled m a y : about a y ->
  about (Fixed (m * middle a) (Z.abs m * radius a)) (IZR m * y).
Proof.
unfold about. cbn [middle radius]. intros H.
rewrite !mult_IZR, abs_IZR, <- Rmult_minus_distr_l, Rabs_mult.
apply Rmult_le_compat_l; [apply Rabs_pos|exact H].
Qed.

Lemma power_cancel e : powerRZ 2 e * powerRZ 2 (- e) = 1.
Proof. rewrite <- powerRZ_add by lra. replace (e + - e)%Z with 0%Z by lia. reflexivity. Qed.

Lemma about_weigh a w u x : means a w -> near_row u x ->
  about (weigh (mantissas a) u) (dot w x * units * powerRZ 2 (- shared a)).
Proof.
unfold means. intros M. revert u x; induction M as [|m s ms w E M IH]; intros u x H.
- unfold dot. simpl. rewrite !Rmult_0_l. apply bounds_about. lra.
- destruct H as [|b t u x B H]; [rewrite dot_nil_r, !Rmult_0_l; apply bounds_about; lra|].
  rewrite dot_cons, E. simpl. specialize (IH u x H). apply (about_scaled m) in B.
  apply about_bounds in B, IH. cbn [middle radius] in *.
  rewrite !minus_IZR, !plus_IZR in *. apply bounds_about. rewrite !plus_IZR.
  replace ((IZR m * powerRZ 2 (shared a) * t + dot w x) * units * powerRZ 2 (- shared a))
    with (IZR m * (t * units) * (powerRZ 2 (shared a) * powerRZ 2 (- shared a)) +
          dot w x * units * powerRZ 2 (- shared a)) by ring.
  rewrite power_cancel. lra.
Qed.

Lemma near_dot_aligned a w u x : means a w -> near_row u x -> near (dot_aligned a u) (dot w x).
Proof.
intros M H. unfold near, dot_aligned.
replace (dot w x * units)
  with (dot w x * units * powerRZ 2 (- shared a) * powerRZ 2 (- - shared a)).
- now apply about_rescale, about_weigh.
- rewrite Rmult_assoc, power_cancel. ring.
Qed.

Definition times_aligned (c : fixed) (a : aligned) : row :=
  map (fun m => rescale (- shared a) (Fixed (m * middle c) (Z.abs m * radius c))) (mantissas a).

Lemma near_times_aligned c t a w : near c t -> means a w -> near_row (times_aligned c a) (times t w).
Proof.
intros H M. apply Forall2_map with (1 := M). intros m x ->. unfold near.
replace (t * (IZR m * powerRZ 2 (shared a)) * units)
  with (IZR m * (t * units) * powerRZ 2 (- - shared a)).
- now apply about_rescale, about_scaled.
- rewrite Z.opp_involutive. ring.
Qed.

(** As [combination] in Tensor.v. *)
Fixpoint combine_aligned (width : nat) (h : row) (rows : list aligned) : row :=
  match h, rows with
  | a :: h, r :: rows => add_row (times_aligned a r) (combine_aligned width h rows)
  | _, _ => repeat exactly_0 width
  end.

Lemma near_combine width h x rows ws : near_row h x -> Forall2 means rows ws ->
  near_row (combine_aligned width h rows) (combination width x ws).
Proof.
intros H. revert rows ws; induction H as [|a t h x A H IH]; intros rows ws M; simpl.
- apply Forall2_repeat, near_0.
- destruct M as [|r w rows ws R M]; [apply Forall2_repeat, near_0|].
  apply near_add_row; [now apply near_times_aligned|now apply IH].
Qed.

Lemma align_all m : Forall2 means (map align m) (map reals m).
Proof. apply Forall2_same_map. intros w _. apply align_means. Qed.

Lemma align_each m : Forall2 (fun a w => means a (reals w)) (map align m) m.
Proof. induction m; simpl; constructor; auto using align_means. Qed.

(** ** Affine maps *)

Definition linear_row (m : list aligned) (u : row) : row := map (fun w => dot_aligned w u) m.

Lemma near_linear m u y : near_row u y ->
  near_row (linear_row (map align m) u) (linear_part m y).
Proof.
intros H. unfold linear_row, linear_part. rewrite map_map. apply Forall2_same_map. intros w _.
apply near_dot_aligned; [apply align_means|exact H].
Qed.

Definition affine_row (m : list aligned) (b u : row) : row := add_row (linear_row m u) b.

Lemma near_affine_row a u y : near_row u y ->
  near_row (affine_row (map align (weight a)) (map of_dyadic (bias_of a)) u) (apply a y).
Proof. intros H. apply near_add_row; [now apply near_linear|apply near_reals]. Qed.

(** One row after the other, the weights aligned once. *)
Definition affine_rows (a : affine) (s : list row) : list row :=
  let m := map align (weight a) in
  let b := map of_dyadic (bias_of a) in
  map (affine_row m b) s.

Lemma near_affine a s t : near_rows s t -> near_rows (affine_rows a s) (map (apply a) t).
Proof. intros H. apply Forall2_map with (1 := H). intros u y. apply near_affine_row. Qed.

Definition linear_rows (m : tensor2) (s : list row) : list row :=
  let m := map align m in map (linear_row m) s.

Lemma near_linear_rows m s t : near_rows s t -> near_rows (linear_rows m s) (map (linear_part m) t).
Proof. intros H. apply Forall2_map with (1 := H). intros u y. apply near_linear. Qed.
