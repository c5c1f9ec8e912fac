(* FPCore expressions over the real numbers: text to nodes, and nodes to the one canonical text. *)

let max_text = 1 lsl 20
let max_names = 500
let max_depth = 1000
let max_exponent = 4096

let fail = Refusal.fail

let unary = [ "fabs"; "sqrt"; "exp"; "log"; "tanh"; "erf"; "erfc" ]
let binary = [ "+"; "-"; "*"; "/"; "fmax"; "fmin" ]

let constants =
  [ ("E", "(exp 1)"); ("LOG2E", "(/ 1 (log 2))"); ("LOG10E", "(/ 1 (log 10))");
    ("LN2", "(log 2)"); ("LN10", "(log 10)"); ("PI_2", "(/ PI 2)"); ("PI_4", "(/ PI 4)");
    ("M_1_PI", "(/ 1 PI)"); ("M_2_PI", "(/ 2 PI)"); ("M_2_SQRTPI", "(/ 2 (sqrt PI))");
    ("SQRT2", "(sqrt 2)"); ("SQRT1_2", "(sqrt 1/2)") ]

let is_number_like name =
  (match Number.index_of_any name "0123456789" with Some i -> i < 3 | None -> false)
  && String.contains "+-.0123456789" name.[0]

(* Numbers and FPCore's constants keep their meaning. *)
let is_reserved name = name = "PI" || is_number_like name || List.mem_assoc name constants

module Scope = Map.Make (String)

type reader = { text : string; mutable at : int; builder : Dag.builder }

let ended r = r.at >= String.length r.text
let peek r = if ended r then '\000' else r.text.[r.at]

let rec skip_space r =
  match peek r with
  | ';' when not (ended r) ->
      while (not (ended r)) && r.text.[r.at] <> '\n' do r.at <- r.at + 1 done;
      skip_space r
  | ' ' | '\t' | '\n' | '\r' -> r.at <- r.at + 1; skip_space r
  | _ -> ()

let token r =
  skip_space r;
  let start = r.at in
  while (not (ended r)) && not (String.contains " \t\n\r()[];\"" r.text.[r.at]) do
    r.at <- r.at + 1
  done;
  String.sub r.text start (r.at - start)

let syntax r what =
  fail "TermSyntax" (Printf.sprintf "FPCore expression, character %d: %s" (r.at + 1) what)

let expect r c =
  skip_space r;
  if peek r <> c then syntax r (Printf.sprintf "expected '%c'" c);
  r.at <- r.at + 1

let wrong_arity r name =
  fail "OperatorArity"
    (Printf.sprintf "wrong number of arguments for '%s' near character %d" name (r.at + 1))

let property r =
  let name = token r in
  skip_space r;
  if name = ":precision" then begin
    if token r <> "real" then
      fail "PrecisionNotReal"
        "only ':precision real' is supported: terms are read over the real numbers"
  end
  else if peek r = '"' then
    match String.index_from_opt r.text (r.at + 1) '"' with
    | Some last -> r.at <- last + 1
    | None -> syntax r "a string without an end"
  else
    fail "UnsupportedProperty"
      ("FPCore property '" ^ Refusal.shown name
       ^ "' is not supported: give the domain with --domain, and leave properties out")

(* After (FPCore: [name] (argument) {:property value}; the scope. *)
let core_header r =
  skip_space r;
  if peek r <> '(' then ignore (token r);
  expect r '(';
  let argument = token r in
  if argument = "" || is_reserved argument then
    syntax r "an FPCore here takes exactly one argument";
  expect r ')';
  let scope = Scope.singleton argument (Dag.intern r.builder Dag.Variable) in
  skip_space r;
  while peek r = ':' do property r; skip_space r done;
  scope

let rec read text builder =
  if String.length text > max_text then
    fail "TermTooLarge" "FPCore expression of more than 1 MiB";
  let r = { text; at = 0; builder } in
  let scope = Scope.singleton "x" (Dag.intern builder Dag.Variable) in
  skip_space r;
  let start = r.at in
  let is_core = peek r = '(' && (r.at <- r.at + 1; token r = "FPCore") in
  let scope = if is_core then core_header r else (r.at <- start; scope) in
  let root = expression r scope 0 in
  if is_core then expect r ')';
  skip_space r;
  if not (ended r) then syntax r "text after the end of the expression";
  root

and expression r scope depth =
  if depth > max_depth then
    fail "TermTooDeep" "FPCore expression nested deeper than 1000 levels";
  if Dag.too_large r.builder then
    fail "TermTooLarge" "FPCore expression with more than 20000 operations";
  skip_space r;
  if peek r <> '(' then leaf r scope
  else begin
    r.at <- r.at + 1;
    match token r with
    | "let" -> bindings r scope false depth
    | "let*" -> bindings r scope true depth
    | "!" -> syntax r "annotations with '!' are not supported"
    | name when name = "pow" || List.mem name unary || List.mem name binary ->
        application r name scope depth
    | name ->
        fail "UnknownOperator"
          ("unknown operator '" ^ Refusal.shown name
           ^ "': supported are + - * / fabs fmax fmin sqrt exp log tanh erf erfc pow let")
  end

and leaf r scope =
  let name = token r in
  if name = "" then syntax r "expected an expression";
  match Scope.find_opt name scope with
  | Some node -> node
  | None ->
      if name = "PI" then Dag.intern r.builder Dag.Pi
      else begin
        match List.assoc_opt name constants with
        | Some definition -> read definition r.builder
        | None ->
            if (not (is_number_like name)) || String.contains name '^' then
              fail "UnboundName" ("unbound name '" ^ Refusal.shown name ^ "': the variable is x");
            Dag.intern r.builder (Dag.Constant (Number.parse name))
      end

and application r name scope depth =
  let a = expression r scope (depth + 1) in
  skip_space r;
  if name = "pow" then power r a
  else begin
    let single = peek r = ')' in
    if if single then List.mem name binary && name <> "-" else List.mem name unary then
      wrong_arity r name;
    if single then begin
      r.at <- r.at + 1;
      Dag.intern r.builder (Dag.Unary (name, a))
    end
    else begin
      let b = expression r scope (depth + 1) in
      skip_space r;
      if peek r <> ')' && not (ended r) then wrong_arity r name;
      expect r ')';
      Dag.intern r.builder (Dag.Binary (name, a, b))
    end
  end

and power r base =
  let digits = token r in
  let exponent =
    match Number.parse digits with
    | q when Z.equal (Q.den q) Z.one && Z.leq (Z.abs (Q.num q)) (Z.of_int max_exponent) ->
        Z.to_int (Q.num q)
    | _ | (exception Refusal.Refused _) ->
        fail "ExponentNotInteger"
          ("pow needs an integer exponent of at most 4096 in magnitude, not '"
           ^ Refusal.shown digits ^ "'")
  in
  expect r ')';
  Dag.intern r.builder (Dag.Power (base, exponent))

and bindings r scope sequential depth =
  expect r '(';
  let inner = ref scope in
  skip_space r;
  while peek r = '[' || peek r = '(' do
    let close = if peek r = '[' then ']' else ')' in
    r.at <- r.at + 1;
    let name = token r in
    if name = "" || is_reserved name then syntax r "expected a name to bind";
    let node = expression r (if sequential then !inner else scope) (depth + 1) in
    expect r close;
    inner := Scope.add name node !inner;
    if Scope.cardinal !inner > max_names then
      fail "TermTooLarge" "FPCore expression with more than 500 names in scope";
    skip_space r
  done;
  expect r ')';
  let body = expression r !inner (depth + 1) in
  expect r ')';
  body

(* The canonical text: subterms used more than once are bound by one let*, in the order in which
   they were built. *)
let write (b : Dag.builder) root =
  let uses = Array.make (root + 1) 0 in
  uses.(root) <- 1;
  for i = root downto 0 do
    if uses.(i) > 0 then
      List.iter (fun a -> uses.(a) <- uses.(a) + 1) (Dag.operands b.nodes.(i))
  done;
  let texts = Array.make (root + 1) "" in
  let bound = Buffer.create 64 in
  let shared = ref 0 in
  let text a =
    let t = texts.(a) in
    if uses.(a) = 1 then texts.(a) <- "";
    t
  in
  for i = 0 to root do
    if uses.(i) > 0 then begin
      let node = b.nodes.(i) in
      texts.(i) <-
        (match node with
         | Dag.Constant q -> Number.to_text q
         | Dag.Pi -> "PI"
         | Dag.Variable -> "x"
         | Dag.Unary (name, a) -> "(" ^ name ^ " " ^ text a ^ ")"
         | Dag.Binary (name, a, b) ->
             let left = texts.(a) and right = texts.(b) in
             if uses.(a) = 1 then texts.(a) <- "";
             if uses.(b) = 1 then texts.(b) <- "";
             "(" ^ name ^ " " ^ left ^ " " ^ right ^ ")"
         | Dag.Power (a, n) -> "(pow " ^ text a ^ " " ^ string_of_int n ^ ")");
      if i <> root && uses.(i) > 1 && Dag.operands node <> [] then begin
        incr shared;
        let name = "t" ^ string_of_int !shared in
        if !shared > 1 then Buffer.add_char bound ' ';
        Buffer.add_string bound ("[" ^ name ^ " " ^ texts.(i) ^ "]");
        texts.(i) <- name
      end
    end
  done;
  if !shared = 0 then texts.(root)
  else "(let* (" ^ Buffer.contents bound ^ ") " ^ texts.(root) ^ ")"
