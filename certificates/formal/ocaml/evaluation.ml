(* What is assumed of a machine that computes networks: read strictly from JSON, written canonically. *)

let fail = Refusal.fail
let text s = Json.String s
let number q = Json.String (Number.to_text q)

let format_of json key =
  let name = Json.text_of json key in
  if not (List.mem name [ "fp64"; "fp32"; "tf32"; "fp16"; "bf16"; "e4m3"; "e5m2" ]) then
    fail "FormatUnknown" ("no format '" ^ Refusal.shown name ^ "'");
  text name

let error what = fail "EvaluationSyntax" ("evaluation: " ^ what)

let is_order name =
  let blocks = "blocks:" in
  let size () = String.sub name (String.length blocks) (String.length name - String.length blocks) in
  List.mem name [ "any"; "sequential"; "pairwise" ]
  || Json.starts_with blocks name
     && (match Int64.of_string_opt (size ()) with
         | Some n -> Int64.compare n 0L > 0 && Int64.to_string n = size ()
         | None -> false)

let of_json json =
  Json.check_keys json "an evaluation"
    [ "accumulate"; "activation_error"; "compute"; "division_ulp"; "exp_ulp"; "exp_zero";
      "masked_scores"; "norm"; "order"; "softmax"; "storage"; "underflow" ] [];
  let chosen key allowed =
    let choice = Json.text_of json key in
    if not (allowed choice) then error ("'" ^ key ^ "' must be another word");
    text choice
  in
  let size_of key =
    let size = Number.of_json json key in
    if Q.sign size < 0 then error (key ^ " must not be negative");
    number size
  in
  let optional key none = if Json.text_of json key = none then text none else size_of key in
  let storage = format_of json "storage" in
  let compute = format_of json "compute" in
  let accumulate = format_of json "accumulate" in
  let order = chosen "order" is_order in
  let underflow = chosen "underflow" (fun word -> List.mem word [ "gradual"; "flush" ]) in
  let exp_ulp = size_of "exp_ulp" in
  let division_ulp = size_of "division_ulp" in
  let activation_error = size_of "activation_error" in
  let softmax = chosen "softmax" (fun word -> List.mem word [ "plain"; "max-subtraction" ]) in
  let norm = chosen "norm" (fun word -> List.mem word [ "two-pass"; "one-pass" ]) in
  let exp_zero = optional "exp_zero" "never" in
  let masked_scores = optional "masked_scores" "left-out" in
  Json.Object
    [ ("storage", storage); ("compute", compute); ("accumulate", accumulate); ("order", order);
      ("underflow", underflow); ("exp_ulp", exp_ulp); ("division_ulp", division_ulp);
      ("activation_error", activation_error); ("softmax", softmax); ("norm", norm);
      ("exp_zero", exp_zero); ("masked_scores", masked_scores) ]

(* An evaluation where there is one, and how far computed outputs may be apart. *)
let member_names = [ "evaluation"; "difference" ]

let members_of json =
  if Json.has json "difference" && not (Json.has json "evaluation") then
    fail "JsonMissingKey" "a 'difference' is one of an 'evaluation': state both";
  let member key read = if Json.has json key then [ (key, read ()) ] else [] in
  let evaluation = member "evaluation" (fun () -> of_json (Json.at json "evaluation")) in
  let difference () =
    let difference = Number.of_json json "difference" in
    if Q.sign difference < 0 then fail "EpsilonNegative" "difference must not be negative";
    number difference
  in
  evaluation @ member "difference" difference
