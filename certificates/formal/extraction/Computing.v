(** The computing rules over the arithmetic of Arithmetic.v, and the checkers with them. *)
From Coq Require Import ZArith.
Require Import Attncert.kernel.Arithmetic Attncert.kernel.Computing_rules.
Require Import Attncert.kernel.Exponentials.
Require Import Attncert.kernel.Kernel Attncert.kernel.Network_rules Attncert.kernel.Rules.
Require Import Attncert.kernel.Enclose_layers Attncert.kernel.Enclose_functions.

Module Computing := Computing_rules Floats Intervals.
Module Exponentials_computed := Exponentials_of Floats Intervals.

(** e^x and activations for rule argmax; intervals with 16 bits more than fixed-point numbers have. *)
Module Enclosing := Enclose_functions Floats Intervals Computing.Functions_of.

Module Enclosed <: Enclosed_functions.
Definition functions : list functions_fixed := Enclosing.both (Floats.PtoP 128%positive).
Definition functions_sound := Enclosing.both_sound (Floats.PtoP 128%positive).
End Enclosed.

(** The checker of statements about functions, and the one of statements about two networks, which the
    driver applies to those it has read. *)
Module Check := Checker Computing No_extension.

Module Check_networks (M : Models).
Module Extended := Network_extension M Exponentials_computed Enclosed.
Module Check := Checker Computing Extended.
End Check_networks.
