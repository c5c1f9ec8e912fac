(* From statements as read to the verified kernel's terms, and its state from step to step.

   Nothing here can make the kernel accept what is false; what is checked here besides is the form
   of a step (docs/certificate-format.md), so that verdicts agree with attncert-check's. *)

module V = Verified_kernel

let fail = Refusal.fail

type step = {
  number : Z.t;
  rule : string;
  premises : Z.t list;
  keep : Z.t list;
  precision : Z.t option;
  order : Z.t option;
  centre : Q.t option;
  conclusion : Statement.t;
}

(* ** Rules *)

type shape = { computes : bool; has_order : bool; has_centre : bool }

let structural = { computes = false; has_order = false; has_centre = false }
let computing = { structural with computes = true }

let rules =
  [ ("enclose", computing);
    ("mean-value", { computing with has_centre = true });
    ("taylor", { computing with has_order = true; has_centre = true });
    ("well-defined", computing);
    ("tail", computing);
    ("divergence", computing);
    ("value", computing);
    ("witness", structural);
    ("cover", structural);
    ("even", structural);
    ("scale", structural);
    ("identical", structural);
    ("weaken", structural);
    ("instance", structural);
    ("ball", computing);
    ("box", computing);
    ("lift", structural);
    ("every-layer", structural);
    ("mask-error", computing);
    ("spectral", computing);
    ("leak", computing);
    ("perturb", computing);
    ("round-mlp", computing);
    ("round-attention", computing);
    ("round-linear", computing);
    ("round-total", structural);
    ("triangle", structural);
    ("argmax", structural);
    ("shard-union", structural) ]

let unsupported = [ "round-mlp"; "round-attention"; "round-linear"; "round-total" ]

(* The rules that read models. *)
let network_rules =
  let exact rule _ = rule in
  [ ("instance", exact V.Instance_rule); ("ball", exact V.Ball_rule); ("box", exact V.Box_rule);
    ("lift", exact V.Lift_rule); ("every-layer", exact V.Every_layer_rule);
    ("spectral", exact V.Spectral_rule); ("leak", fun precision -> V.Leak_rule (precision ()));
    ("triangle", exact V.Triangle_rule); ("argmax", exact V.Argmax_rule);
    ("shard-union", exact V.Shard_union_rule); ("perturb", exact V.Perturb_rule) ]

let shape_of rule =
  match List.assoc_opt rule rules with
  | Some shape -> shape
  | None -> fail "UnknownRule" ("unknown rule '" ^ Refusal.shown rule ^ "'")

(* ** Terms *)

let rational q = { V.qnum = Q.num q; V.qden = Q.den q }

let domain (d : Statement.domain) =
  { V.lower = Option.map rational d.lower; V.upper = Option.map rational d.upper }

(* A straight-line program in depth-first order, operands by how many operations stand between. *)
let program text =
  let builder = Dag.create () in
  let root = Zoo.read text builder in
  let order, place = Dag.depth_first builder root in
  let offset here operand = here - 1 - Hashtbl.find place operand in
  let operation here index =
    let at = offset here in
    match builder.Dag.nodes.(index) with
    | Dag.Constant q -> V.Const (rational q)
    | Dag.Pi -> V.Pi
    | Dag.Variable -> V.Var
    | Dag.Power (a, n) -> V.Pow (at a, Z.of_int n)
    | Dag.Unary (name, a) ->
        let a = at a in
        (match name with
         | "-" -> V.Neg a
         | "fabs" -> V.Fabs a
         | "sqrt" -> V.Sqrt a
         | "exp" -> V.Exp a
         | "log" -> V.Log a
         | "tanh" -> V.Tanh a
         | "erf" -> V.Erf a
         | "erfc" -> V.Erfc a
         | _ -> failwith ("operator " ^ name))
    | Dag.Binary (name, a, b) ->
        let a = at a and b = at b in
        (match name with
         | "+" -> V.Add (a, b)
         | "-" -> V.Sub (a, b)
         | "*" -> V.Mul (a, b)
         | "/" -> V.Div (a, b)
         | "fmax" -> V.Fmax (a, b)
         | "fmin" -> V.Fmin (a, b)
         | _ -> failwith ("operator " ^ name))
  in
  List.mapi operation order

let memoized f =
  let known = Hashtbl.create 16 in
  fun key ->
    match Hashtbl.find_opt known key with
    | Some value -> value
    | None ->
        let value = f key in
        Hashtbl.add known key value;
        value

let program = memoized program

(* Equal texts get equal labels. *)
let label =
  let last = ref 0 in
  memoized (fun (_ : Statement.pair) -> incr last; Z.of_int !last)

let functions = memoized (fun (p : Statement.pair) ->
  { V.label = label p;
    V.programs = { V.target = program p.target; V.approximant = program p.approximant } })

(* How many operations f, g and f - g are together, equal subterms once; TermTooLarge if the two
   are too large to be read together. *)
let size_of_difference = memoized (fun (p : Statement.pair) ->
  let builder = Dag.create () in
  let f = Zoo.read p.target builder in
  let g = Zoo.read p.approximant builder in
  ignore (Dag.intern builder (Dag.Binary ("-", f, g)));
  builder.Dag.size)

let mask (m : Mask_text.t) =
  match m with
  | Full -> V.Full
  | Causal -> V.Causal
  | Window size -> V.Window size
  | Block size -> V.Block size
  | Self -> V.Self
  | Rows rows ->
      let tokens = List.length rows in
      V.Rows (List.map (fun row -> Mask_text.bits row tokens) rows)

let no_models () = fail "SubjectMissing" "the certificate names no models"

let judgement models (j : Statement.t) =
  match j with
  | Sup_error (p, d, e) -> V.Sup_error (functions p, domain d, rational e)
  | Well_defined (p, d) -> V.Well_defined (functions p, domain d)
  | Value (p, at, lower, upper) ->
      V.Point_value (functions p, rational at, rational lower, rational upper)
  | Lower_bound (p, d, e) -> V.Lower_bound (functions p, domain d, rational e)
  | Unbounded (p, d) -> V.Unbounded (functions p, domain d)
  | Mask_error c ->
      V.Mask_error
        { V.tokens = c.tokens; V.pattern = mask c.mask; V.score_bound = rational c.score_bound;
          V.value_bound = rational c.value_bound; V.omega = rational c.omega;
          V.error = rational c.epsilon }
  | Other json ->
      let models = match models with Some models -> models | None -> no_models () in
      V.Other (Network_judgement.of_json program models json)

let rule step =
  let precision () = Option.get step.precision in
  let centre () = rational (Option.get step.centre) in
  match step.rule with
  | "enclose" -> V.Enclose (precision ())
  | "mean-value" -> V.Mean_value (precision (), centre ())
  | "taylor" -> V.Taylor (precision (), Z.to_int (Option.get step.order), centre ())
  | "well-defined" -> V.Definedness (precision ())
  | "tail" -> V.Tail (precision ())
  | "divergence" -> V.Divergence (precision ())
  | "value" -> V.Value (precision ())
  | "witness" -> V.Witness
  | "cover" -> V.Cover
  | "even" -> V.Even
  | "scale" -> V.Scaling
  | "identical" -> V.Identical
  | "weaken" -> V.Weaken
  | "mask-error" -> V.Mask (precision ())
  | name ->
      match List.assoc_opt name network_rules with
      | Some rule -> V.Other_rule (rule precision)
      | None -> raise (Refusal.Unsupported ("rule '" ^ name ^ "' is not supported by this checker"))

(* ** The form of a step *)

let check_shape step =
  let shape = shape_of step.rule in
  if Option.is_some step.order <> shape.has_order || Option.is_some step.centre <> shape.has_centre
  then fail "DataMismatch" "the step's data are not what its rule reads";
  (match step.precision with
   | Some p when Z.lt p (Z.of_int 24) || Z.gt p (Z.of_int 8192) ->
       fail "PrecisionOutOfRange" "a step's precision must be 24 to 8192 bits"
   | _ -> ());
  match step.order with
  | Some n when Z.lt n (Z.of_int 2) || Z.gt n (Z.of_int 40) ->
      fail "OrderOutOfRange" "taylor's order must be from 2 to 40"
  | _ -> ()

(* Keeps one step's work bounded; the same limit as attncert-check's. *)
let check_effort step pair =
  let order =
    match (step.rule, step.order) with
    | "taylor", Some n -> Some (Z.to_int n)
    | "mean-value", _ -> Some 1
    | _ -> None
  in
  match order with
  | None -> ()
  | Some n ->
      let products = (n + 1) * (n + 1) in
      if size_of_difference pair * products * Z.to_int (Option.get step.precision) >= 2_000_000_000
      then fail "EffortTooLarge" "terms, order and precision are too large together"

let reads_difference =
  [ "enclose"; "mean-value"; "taylor"; "well-defined"; "tail"; "divergence"; "value"; "even";
    "identical" ]

let check_pairs premise_pairs step =
  match Statement.pair_in step.conclusion with
  | None -> ()
  | Some pair ->
      if List.mem step.rule reads_difference then ignore (size_of_difference pair);
      check_effort step pair;
      let scalable (p : Statement.pair) = Zoo.relu_scalable p.target p.approximant in
      if step.rule = "scale" && premise_pairs <> []
         && not (List.for_all scalable (pair :: premise_pairs)) then
        fail "NotScalable" "scaling holds for SiLU(kx)/k against ReLU with k > 0 only"

let all_different numbers =
  let seen = Hashtbl.create 16 in
  List.for_all
    (fun n -> if Hashtbl.mem seen n then false else (Hashtbl.add seen n (); true))
    (List.map Z.to_string numbers)

let check_premises step =
  let subset () =
    let known = Hashtbl.create 16 in
    List.iter (fun n -> Hashtbl.replace known (Z.to_string n) ()) step.premises;
    List.for_all (fun n -> Hashtbl.mem known (Z.to_string n)) step.keep
  in
  if not (all_different step.premises && all_different step.keep && subset ()) then
    fail "PremiseRepeated" "premises must differ, and a step can keep only its own premises"

(* ** The kernel's state *)

type judgement = V.network_judgement V.judgement

(* The checker for one pair of networks, and its state. *)
type session = {
  accepts : Z.t -> V.network_rule V.rule -> Z.t list -> Z.t list -> judgement -> bool;
  knows : Z.t -> bool;
  proves : Z.t -> judgement -> bool;
}

let session original converted prompts =
  let module Models = struct
    let original = original
    let converted = converted
    let prompts = prompts
  end in
  let module Extended = V.Network_extension (Models) (V.Exponentials_computed) (V.Enclosed) in
  let module Check = V.Checker (V.Computing) (Extended) in
  let state = ref Check.start in
  let accepts number by_rule premises keep conclusion =
    match Check.check_step !state { Check.number; by_rule; premises; keep; conclusion } with
    | Some next -> state := next; true
    | None -> false
  in
  { accepts;
    knows = (fun number -> V.PositiveMap.find number (Check.live !state) <> None);
    proves = (fun number claim -> Check.proves !state number claim) }

let empty =
  let ends =
    { V.input = V.Given_rows; longest = None; final_norm = None; unembedding = None;
      first_row_only = false }
  in
  { V.d_model = 0; ends; sublayers = [] }

type t = {
  mutable session : session;
  mutable models : Network_judgement.models option;
  pairs : (string, Statement.pair) Hashtbl.t;  (* of sup-errors, for rule scale's texts *)
  mutable last : Z.t;
}

let create () =
  { session = session empty empty []; models = None; pairs = Hashtbl.create 64; last = Z.zero }

(* Before the first step. *)
let read_models kernel (models : Network_judgement.models) =
  kernel.models <- Some models;
  kernel.session <-
    session models.original.Network.network models.converted.Network.network
      (match models.prompts with Some (_, prompts) -> prompts | None -> [])

(* Exact intervals are slow: what would take long is left to attncert-check. *)
let most_prompts = 100

let check_prompts kernel =
  match kernel.models with
  | Some { Network_judgement.prompts = Some (_, prompts); _ } ->
      if List.length prompts > most_prompts then
        raise
          (Refusal.Unsupported
             "rule 'argmax' over more than 100 prompts is not supported by this checker")
  | _ -> fail "SubjectMissing" "the rule needs the prompts as a subject"

let is_live kernel number = Z.sign number > 0 && kernel.session.knows number

let check_step kernel step =
  if not (Z.equal step.number (Z.succ kernel.last)) then
    fail "StepNumber" "steps must be numbered 1, 2, 3, ...";
  kernel.last <- step.number;
  check_premises step;
  List.iter
    (fun n ->
      if not (is_live kernel n) then
        fail "PremiseUnknown"
          ("premise " ^ Z.to_string n ^ " is no earlier step, or was used up"))
    step.premises;
  check_shape step;
  if List.mem step.rule unsupported then
    raise (Refusal.Unsupported ("rule '" ^ step.rule ^ "' is not supported by this checker"));
  let conclusion = judgement kernel.models step.conclusion in
  check_pairs
    (List.filter_map (fun n -> Hashtbl.find_opt kernel.pairs (Z.to_string n)) step.premises)
    step;
  let by_rule = rule step in
  if List.mem_assoc step.rule network_rules && kernel.models = None then no_models ();
  if step.rule = "argmax" then check_prompts kernel;
  match kernel.session.accepts step.number by_rule step.premises step.keep conclusion with
  | exception (Realizers.Too_large | Stack_overflow | Out_of_memory | Z.Overflow) ->
      fail "StepRefused" "checking the step meets numbers too large to compute with"
  | false -> fail "StepRefused" "the conclusion does not follow by the rule"
  | true ->
      match step.conclusion with
      | Sup_error (pair, _, _) -> Hashtbl.replace kernel.pairs (Z.to_string step.number) pair
      | _ -> ()

(* The derivation ends: step [number] concluded exactly the claim. *)
let finish kernel number claim =
  if not (is_live kernel number) then
    fail "PremiseUnknown" "the concluding step is unknown, or was used up";
  let proved = kernel.session.proves number (judgement kernel.models claim) in
  if not proved then
    fail "ConclusionIsNotClaim" "the last step proves something else than the claim"
