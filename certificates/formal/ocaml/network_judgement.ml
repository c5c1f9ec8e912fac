(* Judgements about networks, as the verified kernel takes them. What its statements do not say, the
   layouts of matrices and which files the networks are, is compared here. *)

module V = Verified_kernel

let fail = Refusal.fail

type models = {
  original : V.original_layer Network.facts_of;
  converted : V.converted_layer Network.facts_of;
  original_files : Json.t;   (* {"network": SHA-256, "weights": SHA-256} *)
  converted_files : Json.t;
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
  if Json.has json "omega" then unsupported "a mask as weights";
  let text = Json.text_of json in
  let number key = rational (Number.of_json json key) in
  (match List.assoc_opt (text "name") models.original.Network.facts with
   | Some facts when facts.Network.layout <> text "layout" ->
       fail "LayerFactsMismatch"
         ("the statement about " ^ text "name" ^ " disagrees with the network files")
   | _ -> ());
  { V.claim_name = text "name"; claim_activation = program (text "activation");
    claim_approximant = program (text "approximant"); claim_norm = norm_kind (text "norm");
    claim_norm_epsilon = number "norm_epsilon"; claim_epsilon = number "epsilon" }

let check_files models json =
  let same key files = Json.to_text (Json.at json key) = Json.to_text files in
  if not (same "original" models.original_files && same "converted" models.converted_files) then
    fail "SubjectMismatch" "the conclusion is about other files"

(* From the canonical JSON of Statement.Other. *)
let of_json program models json =
  let text = Json.text_of json in
  match text "judgement" with
  | "instance" -> V.Instance (text "layer")
  | "range" ->
      V.Range (text "layer", inputs json, List.map domain (Json.array_of json "ranges"))
  | "one-layer-error" ->
      if Json.has json "masks" then unsupported "a mask as weights";
      V.One_layer_error (text "layer", inputs json, rational (Number.of_json json "epsilon"))
  | "identity" -> check_files models json; V.Identity
  | "layer-error" ->
      check_files models json;
      if Json.has json "masks" then unsupported "a mask as weights";
      if Json.has json "rounded" then unsupported "a rounded sublayer";
      V.Conversion
        ( inputs json, List.map (claim program models) (Json.array_of json "layers"),
          rational (Number.of_json json "epsilon") )
  | kind -> unsupported ("judgement '" ^ kind ^ "'")
