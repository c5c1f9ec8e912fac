(* Judgements about networks, as the verified kernel takes them. What its statements do not say, the
   layouts of matrices and which files the networks are, is compared here. *)

module V = Verified_kernel

let fail = Refusal.fail

type models = {
  original : V.original_layer Network.facts_of;
  converted : V.converted_layer Network.facts_of;
  original_files : Json.t;   (* {"network": SHA-256, "weights": SHA-256} *)
  converted_files : Json.t;
  prompts : (string * int list list) option;  (* SHA-256 and contents of their file *)
}

let unsupported what = raise (Refusal.Unsupported (what ^ " is not supported by this checker"))

let rational = Network.rational

let inputs json =
  match Json.at json "inputs" with
  | Json.String _ -> None
  | inputs when Statement.is_computed inputs ->
      raise (Refusal.Unsupported "computed inputs are not supported by this checker")
  | box -> Some (rational (Number.of_json box "box"))

let domain = function
  | Json.Array [ lower; upper ] ->
      let end_of infinite = function
        | Json.String text when text = infinite -> None
        | Json.String text -> Some (rational (Number.parse text))
        | _ -> None
      in
      { V.lower = end_of "-inf" lower; V.upper = end_of "inf" upper }
  | _ -> { V.lower = None; V.upper = None }

let norm_kind = function
  | "layer-norm" -> V.Layer_norm
  | "rms-norm" -> V.Rms_norm
  | "mean-norm" -> V.Mean_norm
  | "none" -> V.No_norm
  | kind -> fail "LayerFactsMismatch" ("norm '" ^ Refusal.shown kind ^ "' is none of the networks'")

let claim program models json =
  let text = Json.text_of json in
  let number key = rational (Number.of_json json key) in
  (match List.assoc_opt (text "name") models.original.Network.layouts with
   | Some layout when layout <> text "layout" ->
       fail "LayerFactsMismatch"
         ("the statement about " ^ text "name" ^ " disagrees with the network files")
   | _ -> ());
  { V.claim_name = text "name"; claim_activation = program (text "activation");
    claim_approximant = program (text "approximant"); claim_norm = norm_kind (text "norm");
    claim_norm_epsilon = number "norm_epsilon"; claim_epsilon = number "epsilon";
    claim_omega = (if Json.has json "omega" then Some (number "omega") else None) }

let masked_claim json =
  let number key = rational (Number.of_json json key) in
  let masked_causal =
    match Json.text_of json "mask" with
    | "causal" -> true
    | "full" -> false
    | _ -> fail "LayerFactsMismatch" "the statement about a mask disagrees with the network files"
  in
  { V.masked_name = Json.text_of json "name"; masked_causal; masked_omega = number "omega";
    masked_epsilon = number "epsilon" }

let rounded_claim json =
  { V.rounded_name = Json.text_of json "name";
    rounded_epsilon = rational (Number.of_json json "epsilon") }

let check_files models json =
  let same key files = Json.to_text (Json.at json key) = Json.to_text files in
  if not (same "original" models.original_files && same "converted" models.converted_files) then
    fail "SubjectMismatch" "the conclusion is about other files"

(* Numbers in a shard or a statement about prompts. *)
let integers json =
  let integer key = Json.integer_of json key in
  let except =
    List.map (function Json.Int n -> n | _ -> Z.minus_one) (Json.array_of json "except")
  in
  (integer, except)

let check_prompts models json =
  match models.prompts with
  | Some (sha256, _) when sha256 <> Json.text_of json "prompts" ->
      fail "SubjectMismatch" "the conclusion is about other files"
  | Some _ -> ()
  | None -> fail "SubjectMissing" "the rule needs the prompts as a subject"

(* The kernel's statements about prompts are of real arithmetic only. *)
let in_real_arithmetic json =
  if Json.has json "evaluation" then unsupported "agreement in floating point"

(* From the canonical JSON of Statement.Other. *)
let of_json program models json =
  let text = Json.text_of json in
  match text "judgement" with
  | "instance" ->
      let layout models = List.assoc_opt (text "layer") models.Network.layouts in
      (match (layout models.original, layout models.converted) with
       | Some before, Some after when before <> after ->
           fail "LayerFactsMismatch"
             ("sublayer '" ^ text "layer" ^ "' is no heads, and not the original's either")
       | _ -> ());
      V.Instance (text "layer")
  | "range" ->
      V.Range (text "layer", inputs json, List.map domain (Json.array_of json "ranges"))
  | "one-layer-error" ->
      V.One_layer_error
        (text "layer", inputs json, Json.has json "masks", rational (Number.of_json json "epsilon"))
  | "score-bound" ->
      V.Score_bound (text "layer", inputs json, rational (Number.of_json json "bound"))
  | "mask-leak" ->
      V.Mask_leak (text "layer", inputs json, rational (Number.of_json json "epsilon"))
  | "perturbation" ->
      V.Perturbation (text "layer", inputs json, rational (Number.of_json json "epsilon"))
  | "identity" -> check_files models json; V.Identity
  | "layer-error" ->
      check_files models json;
      let listed key read =
        if Json.has json key then List.map read (Json.array_of json key) else []
      in
      V.Conversion
        ( inputs json, List.map (claim program models) (Json.array_of json "layers"),
          listed "masks" masked_claim, listed "rounded" rounded_claim,
          rational (Number.of_json json "epsilon") )
  | "argmax-shard" ->
      in_real_arithmetic json;
      let integer, except = integers json in
      V.Argmax_shard (integer "first", integer "last", integer "generate", except)
  | "same-argmax" ->
      in_real_arithmetic json;
      check_files models json;
      check_prompts models json;
      let integer, except = integers json in
      V.Same_argmax (integer "count", integer "generate", except)
  | kind -> unsupported ("judgement '" ^ kind ^ "'")
