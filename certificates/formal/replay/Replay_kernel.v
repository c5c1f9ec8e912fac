(** The checker over machine integers, which Coq's own virtual machine computes with quickly. *)
From Interval Require Import Float.Specific_bigint Float.Specific_ops Interval.Float_full.
Require Import Attncert.kernel.Computing_rules Attncert.kernel.Kernel Attncert.kernel.Rules.

Module Floats := SpecificFloat BigIntRadix2.
Module Intervals := FloatIntervalFull Floats.
Module Computing := Computing_rules Floats Intervals.
Module Check := Checker Computing No_extension.
