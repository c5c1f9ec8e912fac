(** Taylor arithmetic: lists of enclosures c_0, c_1, ... of Taylor coefficients; those not in the
    list are 0. The recurrences are those of docs/formulas.md#taylor. *)
From Coq Require Import ZArith QArith Reals List.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Enclosure Attncert.kernel.Special_sig Attncert.kernel.Sequences.
Import ListNotations.

Module Series (I : IntervalOps) (Fn : Special I).
Module E := Enclosures I.

Section Precision.
Variable p : I.F.precision.

Definition series : Type := list I.type.

Definition coefficient (k : nat) (xs : series) : I.type := nth k xs I.zero.
Definition head (xs : series) : I.type := hd I.zero xs.
Definition of_nat (k : nat) : I.type := E.of_Z p (Z.of_nat k).

(** acc + x_0 y_0 + x_1 y_1 + ..., up to the end of the shorter list *)
Fixpoint dot (acc : I.type) (xs ys : series) : I.type :=
  match xs, ys with
  | x :: xs, y :: ys => dot (E.add p acc (E.mul p x y)) xs ys
  | _, _ => acc
  end.

(** ** Linear operations *)

Fixpoint add (xs ys : series) : series :=
  match xs, ys with
  | [], _ => ys
  | _, [] => xs
  | x :: xs, y :: ys => E.add p x y :: add xs ys
  end.

Definition negate (xs : series) : series := map E.neg xs.
Definition sub (xs ys : series) : series := add xs (negate ys).
Definition scale (c : I.type) (xs : series) : series := map (E.mul p c) xs.

(** Another enclosure of the value. *)
Definition set_head (x : I.type) (xs : series) : series := x :: tl xs.

(** k x_0, (k + 1) x_1, ... *)
Fixpoint indexed (k : nat) (xs : series) : series :=
  match xs with [] => [] | x :: xs => E.mul p x (of_nat k) :: indexed (S k) xs end.

Definition derivative (xs : series) : series := indexed 1 (tl xs).

(** z_0 / k, z_1 / (k + 1), ... *)
Fixpoint divided (k : nat) (zs : series) : series :=
  match zs with [] => [] | z :: zs => E.div p z (of_nat k) :: divided (S k) zs end.

Definition primitive (h : I.type) (zs : series) : series := h :: divided 1 zs.

(** ** n terms of products, quotients and powers *)

(** The terms of x y; [before] holds the terms of y before [ys], the last one first. *)
Fixpoint products (n : nat) (xs ys before : series) : series :=
  match n with
  | O => []
  | S n => let before := head ys :: before in dot I.zero xs before :: products n xs (tl ys) before
  end.

Definition multiply (n : nat) (xs ys : series) : series := products n xs ys [].

Definition solved (n : nat) (step : nat -> series -> I.type) : series := rev (recur step n).

Definition divide (n : nat) (xs ys : series) : series :=
  let y := head ys in
  match tl ys with
  | [] => map (fun x => E.div p x y) xs
  | after => solved n (fun k before =>
               E.div p (E.sub p (coefficient k xs) (dot I.zero after before)) y)
  end.

Fixpoint power_from (n : nat) (result square : series) (m : positive) : series :=
  match m with
  | xH => multiply n result square
  | xO m => power_from n result (multiply n square square) m
  | xI m => power_from n (multiply n result square) (multiply n square square) m
  end.

Definition one : series := [E.of_Z p 1].

Definition power (n : nat) (xs : series) (m : Z) : series :=
  match m with
  | Z0 => one
  | Zpos m' => set_head (E.pow p (head xs) m) (power_from n one xs m')
  | Zneg m' => set_head (E.pow p (head xs) m) (divide n one (power_from n one xs m'))
  end.

(** ** n terms of functions *)

Definition logarithm (n : nat) (xs : series) : series :=
  primitive (E.ln p (head xs)) (divide (pred n) (derivative xs) xs).

Definition square_root (n : nat) (xs : series) : series :=
  let root := E.sqrt p (head xs) in
  let twice := E.add p root root in
  solved n (fun k before =>
    match k with
    | O => root
    | S _ => E.div p (E.sub p (coefficient k xs) (dot I.zero (tl (rev before)) before)) twice
    end).

Definition exponential (n : nat) (xs : series) : series :=
  let value := E.exp p (head xs) in
  let slopes := derivative xs in
  solved n (fun k before =>
    match k with O => value | S _ => E.div p (dot I.zero slopes before) (of_nat k) end).

(** The terms h_k of tanh and those of 1 - h^2, the last ones first. *)
Fixpoint tanh_terms (value : I.type) (slopes : series) (n : nat) : series * series :=
  match n with
  | O => ([], [])
  | S k =>
    let (hs, ws) := tanh_terms value slopes k in
    let h := match k with O => value | S _ => E.div p (dot I.zero slopes ws) (of_nat k) end in
    let hs := h :: hs in
    let w := match k with
             | O => let one := E.of_Z p 1 in E.mul p (E.sub p one h) (E.add p one h)
             | S _ => E.neg (dot I.zero (rev hs) hs)
             end in
    (hs, w :: ws)
  end.

Definition hyperbolic_tangent (n : nat) (xs : series) : series :=
  rev (fst (tanh_terms (Fn.tanh p (head xs)) (derivative xs) n)).

(** The function with value h whose derivative is factor e^-(x x). *)
Definition error_series (n : nat) (h factor : I.type) (xs : series) : series :=
  let square := set_head (E.sqr p (head xs)) (multiply (pred n) xs xs) in
  let density := scale factor (exponential (pred n) (negate square)) in
  primitive h (multiply (pred n) (derivative xs) density).

Definition error_factor (m : Z) : I.type := E.div p (E.of_Z p m) (E.sqrt p (E.pi p)).

Definition error_function (n : nat) (xs : series) : series :=
  error_series n (Fn.erf p (head xs)) (error_factor 2) xs.

Definition complementary_error_function (n : nat) (xs : series) : series :=
  error_series n (Fn.erfc p (head xs)) (error_factor (-2)) xs.

End Precision.
End Series.
