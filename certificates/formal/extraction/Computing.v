(** The computing rules over the arithmetic of Arithmetic.v, and the checkers with them. *)
Require Import Attncert.kernel.Arithmetic Attncert.kernel.Computing_rules.
Require Import Attncert.kernel.Exponentials.
Require Import Attncert.kernel.Kernel Attncert.kernel.Network_rules Attncert.kernel.Rules.

Module Computing := Computing_rules Floats Intervals.
Module Exponentials_computed := Exponentials_of Floats Intervals.

(** The checker of statements about functions, and the one of statements about two networks, which the
    driver applies to those it has read. *)
Module Check := Checker Computing No_extension.

Module Check_networks (M : Models).
Module Extended := Network_extension M Exponentials_computed.
Module Check := Checker Computing Extended.
End Check_networks.
