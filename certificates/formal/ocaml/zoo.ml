(* Functions by name, silu:k=K, or an FPCore term (docs/formulas.md#zoo). *)

let fail = Refusal.fail

let members =
  [ ("relu", "(fmax 0 x)");
    ("silu", "(/ x (+ 1 (exp (- x))))");
    ("gelu", "(* x (/ (erfc (- (/ x (sqrt 2)))) 2))");
    ("gelu_tanh",
     "(/ x (+ 1 (exp (- (* 2 (* (sqrt (/ 2 PI)) (+ x (* 0.044715 (pow x 3)))))))))");
    ("quick_gelu", "(/ x (+ 1 (exp (- (* 1.702 x)))))");
    ("sigmoid", "(/ 1 (+ 1 (exp (- x))))");
    ("tanh", "(tanh x)");
    ("softplus", "(log (+ 1 (exp x)))");
    ("mish", "(* x (tanh (log (+ 1 (exp x)))))");
    ("elu", "(+ (fmax 0 x) (- (exp (fmin 0 x)) 1))") ]

let prefix = "silu:k="
let is_scaled text = Json.starts_with prefix text

let max_canonical = 1 lsl 16

let is_fpcore text =
  let rec first i =
    if i >= String.length text then None
    else if String.contains " \t\r\n;" text.[i] then first (i + 1)
    else Some i
  in
  match first 0 with
  | None -> false
  | Some i ->
      String.contains "(+-.0123456789" text.[i]
      || Number.rest text i = "x"
      || Json.starts_with "PI" (Number.rest text i)

let scale_of text =
  let k = Number.parse (Number.rest text (String.length prefix)) in
  if Q.sign k = 0 then
    fail "ActivationParameter" "silu:k=0 is not a function: k must not be zero";
  k

let rec read text builder =
  match List.assoc_opt text members with
  | Some definition -> Fpcore.read definition builder
  | None ->
      if is_scaled text then begin
        let k = scale_of text in
        if Q.equal k Q.one then read "silu" builder
        else Fpcore.read ("(/ x (+ 1 (exp (- (* " ^ Number.to_text k ^ " x)))))") builder
      end
      else if is_fpcore text then Fpcore.read text builder
      else
        fail "UnknownActivation"
          ("unknown function '" ^ Refusal.shown text ^ "': use "
           ^ String.concat ", " (List.map fst members)
           ^ ", silu:k=K, or an FPCore term in x such as '(* x (tanh x))'")

(* The canonical text of a function. *)
let canonical text =
  if List.mem_assoc text members then text
  else if is_scaled text then prefix ^ Number.to_text (scale_of text)
  else begin
    let builder = Dag.create () in
    let root = read text builder in
    let written = Fpcore.write builder root in
    ignore (Fpcore.read written builder);  (* inlining must not nest beyond what can be read *)
    if String.length written > max_canonical then
      fail "TermTooLarge" "a function's text of more than 64 KiB";
    written
  end

(* The scale of a pair of relu and silu or silu:k=K, K > 0, by their texts. *)
let relu_scalable target approximant =
  let other =
    if target = "relu" then Some approximant
    else if approximant = "relu" then Some target
    else None
  in
  match other with
  | Some "silu" -> true
  | Some text when is_scaled text -> Q.sign (scale_of text) > 0
  | _ -> false
