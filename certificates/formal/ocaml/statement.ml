(* Judgements: read strictly from JSON, written canonically, and in English. *)

type pair = { target : string; approximant : string }

type domain = { lower : Q.t option; upper : Q.t option }

type mask_error = {
  tokens : Z.t;
  mask : Mask_text.t;
  score_bound : Q.t;
  value_bound : Q.t;
  omega : Q.t;
  epsilon : Q.t;
}

type t =
  | Sup_error of pair * domain * Q.t
  | Well_defined of pair * domain
  | Value of pair * Q.t * Q.t * Q.t  (* at, lower, upper *)
  | Lower_bound of pair * domain * Q.t
  | Unbounded of pair * domain
  | Mask_error of mask_error
  | Other of Json.t  (* about networks: read, checked for form, and kept canonical *)

let fail = Refusal.fail

(* ** Parts *)

let canonical_texts : (string, string) Hashtbl.t = Hashtbl.create 16

let function_of json key =
  let text = Json.text_of json key in
  let canonical =
    match Hashtbl.find_opt canonical_texts text with
    | Some canonical -> canonical
    | None ->
        let canonical = Zoo.canonical text in
        Hashtbl.add canonical_texts text canonical;
        canonical
  in
  if canonical <> text then
    fail "NotCanonical" ("'" ^ key ^ "' is not in canonical form: write "
                         ^ String.sub canonical 0 (min 100 (String.length canonical)));
  text

let epsilon_of json =
  let epsilon = Number.of_json json "epsilon" in
  if Q.sign epsilon < 0 then fail "EpsilonNegative" "epsilon must not be negative";
  epsilon

let bound_of json key =
  let bound = Number.of_json json key in
  if Q.sign bound < 0 then fail "BoundNegative" ("'" ^ key ^ "' must not be negative");
  bound

let end_of infinite = function
  | Json.String text when text = infinite -> None
  | Json.String text -> Some (Number.parse text)
  | _ -> fail "JsonWrongType" "a domain's ends must be strings"

let domain_of = function
  | Json.String "all" -> { lower = None; upper = None }
  | Json.Array [ a; b ] ->
      let lower = end_of "-inf" a in
      let upper = end_of "inf" b in
      (match (lower, upper) with
       | Some a, Some b when Q.gt a b ->
           fail "DomainReversed" "the domain's lower end is above its upper end"
       | _ -> ());
      { lower; upper }
  | _ -> fail "JsonWrongType" "a domain must be \"all\" or [\"lower\",\"upper\"]"

let domain_to_json d =
  let text infinite = function Some q -> Number.to_text q | None -> infinite in
  match d with
  | { lower = None; upper = None } -> Json.String "all"
  | _ -> Json.Array [ Json.String (text "-inf" d.lower); Json.String (text "inf" d.upper) ]

(* The pair, given or inherited, and a check of all keys. *)
let pair_of json inherited others =
  let keys = [ "target"; "approximant" ] in
  Json.check_keys json "a judgement" others keys;
  match inherited with
  | Some pair when not (List.exists (Json.has json) keys) -> pair
  | _ ->
      Json.check_keys json "a judgement" keys others;
      let target = function_of json "target" in
      { target; approximant = function_of json "approximant" }

let name_of json key =
  let name = Json.text_of json key in
  let allowed = function
    | 'a' .. 'z' | 'A' .. 'Z' | '0' .. '9' | '.' | '_' | '-' | '/' -> true
    | _ -> false
  in
  if name = "" || String.length name > 100 || not (String.for_all allowed name) then
    fail "NameSyntax" (key ^ " must be 1 to 100 letters, digits, '.', '_', '-' or '/'");
  name

let hash_of json key =
  let text = Json.text_of json key in
  if String.length text <> 64 || not (String.for_all Mask_text.is_hex text) then
    fail "HashSyntax" "a SHA-256 is 64 lower-case hexadecimal digits";
  text

(* ** Judgements about functions and masks *)

let on_domain json inherited make =
  let pair = pair_of json inherited [ "judgement"; "domain" ] in
  make pair (domain_of (Json.at json "domain"))

let bound_on_domain json inherited make =
  let pair = pair_of json inherited [ "judgement"; "domain"; "epsilon" ] in
  let domain = domain_of (Json.at json "domain") in
  make pair domain (epsilon_of json)

let value json inherited =
  let pair = pair_of json inherited [ "judgement"; "at"; "within" ] in
  let at = Number.of_json json "at" in
  match domain_of (Json.at json "within") with
  | { lower = Some lower; upper = Some upper } -> Value (pair, at, lower, upper)
  | _ -> fail "JsonWrongType" "a range must be bounded"

let mask_error json =
  Json.check_keys json "a mask-error statement"
    [ "judgement"; "tokens"; "mask"; "score_bound"; "value_bound"; "omega"; "epsilon" ] [];
  let tokens = Json.integer_of json "tokens" in
  let mask = Mask_text.of_json (Json.at json "mask") in
  Mask_text.check mask tokens;
  let score_bound = bound_of json "score_bound" in
  let value_bound = bound_of json "value_bound" in
  let omega = bound_of json "omega" in
  Mask_error { tokens; mask; score_bound; value_bound; omega; epsilon = epsilon_of json }

(* ** Judgements about networks: checked for form, kept as canonical JSON *)

let text s = Json.String s
let number q = Json.String (Number.to_text q)

let inputs_of json =
  match Json.at json "inputs" with
  | Json.String "every" -> text "every"
  | Json.Object _ as inputs ->
      let kinds = List.filter (Json.has inputs) [ "box"; "computed"; "computed_box" ] in
      let kind = match kinds with kind :: _ -> kind | [] -> "box" in
      Json.check_keys inputs "inputs" [ kind ] [];
      let size = Number.of_json inputs kind in
      if Q.sign size <= 0 then fail "DomainReversed" "the size of inputs must be positive";
      Json.Object [ (kind, number size) ]
  | _ ->
      fail "JsonWrongType"
        "'inputs' must be \"every\", {\"box\": R}, {\"computed\": S} or {\"computed_box\": S}"

let is_computed = function
  | Json.Object _ as inputs -> Json.has inputs "computed" || Json.has inputs "computed_box"
  | _ -> false

let hashes_of json key =
  let model = Json.at json key in
  Json.check_keys model "a model" [ "network"; "weights" ] [];
  let network = hash_of model "network" in
  Json.Object [ ("network", text network); ("weights", text (hash_of model "weights")) ]

let kinded kind members = Other (Json.Object (("judgement", text kind) :: members))

let layer_claim json =
  Json.check_keys json "a layer"
    [ "name"; "activation"; "approximant"; "layout"; "norm"; "norm_epsilon"; "epsilon" ] [ "omega" ];
  let name = name_of json "name" in
  let activation = function_of json "activation" in
  let approximant = function_of json "approximant" in
  let layout = Json.text_of json "layout" in
  let norm = Json.text_of json "norm" in
  let norm_epsilon = Number.of_json json "norm_epsilon" in
  let epsilon = epsilon_of json in
  let omega = if Json.has json "omega" then [ ("omega", number (bound_of json "omega")) ] else [] in
  ( epsilon,
    Json.Object
      ([ ("name", text name); ("activation", text activation); ("approximant", text approximant);
         ("layout", text layout); ("norm", text norm); ("norm_epsilon", number norm_epsilon);
         ("epsilon", number epsilon) ]
      @ omega) )

let mask_claim json =
  Json.check_keys json "a mask" [ "name"; "mask"; "omega"; "epsilon" ] [];
  let name = name_of json "name" in
  let mask = Json.text_of json "mask" in
  let omega = bound_of json "omega" in
  let epsilon = epsilon_of json in
  ( epsilon,
    Json.Object
      [ ("name", text name); ("mask", text mask); ("omega", number omega); ("epsilon", number epsilon) ] )

let rounded_claim json =
  Json.check_keys json "a rounded sublayer" [ "name"; "epsilon" ] [];
  let name = name_of json "name" in
  let epsilon = epsilon_of json in
  (epsilon, Json.Object [ ("name", text name); ("epsilon", number epsilon) ])

let conversion json =
  Json.check_keys json "a layer-error statement"
    [ "judgement"; "inputs"; "original"; "converted"; "layers"; "epsilon" ] [ "masks"; "rounded" ];
  let inputs = inputs_of json in
  if is_computed inputs then
    fail "JsonWrongType" "a layer-error's inputs are \"every\" or {\"box\": R}";
  let original = hashes_of json "original" in
  let converted = hashes_of json "converted" in
  let claims key read =
    if Json.has json key then List.map read (Json.array_of json key) else []
  in
  let layers = claims "layers" layer_claim in
  let masks = claims "masks" mask_claim in
  let rounded = claims "rounded" rounded_claim in
  let empty_list key claims = Json.has json key && claims = [] in
  if empty_list "masks" masks || empty_list "rounded" rounded || layers @ masks @ rounded = [] then
    fail "LayerMissing" "'layers', 'masks' and 'rounded' must name sublayers, or be left out";
  let epsilon = epsilon_of json in
  let largest = List.fold_left (fun m (e, _) -> Q.max m e) Q.zero (layers @ masks @ rounded) in
  if not (Q.equal epsilon largest) then
    fail "EpsilonNotMaximum" "epsilon must be the largest of the layers'";
  let listed key claims =
    if claims = [] then [] else [ (key, Json.Array (List.map snd claims)) ]
  in
  kinded "layer-error"
    ([ ("inputs", inputs); ("original", original); ("converted", converted);
       ("layers", Json.Array (List.map snd layers)); ("epsilon", number epsilon) ]
    @ listed "masks" masks @ listed "rounded" rounded)

let range json =
  Json.check_keys json "a range judgement" [ "judgement"; "layer"; "inputs"; "ranges" ] [];
  let inputs = inputs_of json in
  let layer = name_of json "layer" in
  let ranges = List.map (fun r -> domain_to_json (domain_of r)) (Json.array_of json "ranges") in
  kinded "range" [ ("layer", text layer); ("inputs", inputs); ("ranges", Json.Array ranges) ]

let instance json =
  Json.check_keys json "an instance judgement" [ "judgement"; "layer" ] [];
  kinded "instance" [ ("layer", text (name_of json "layer")) ]

let layer_error json =
  Json.check_keys json "a layer judgement" [ "judgement"; "layer"; "inputs"; "epsilon" ] [ "masks" ];
  let exact = Json.has json "masks" in
  if exact && Json.at json "masks" <> text "exact" then
    fail "JsonWrongType" "'masks', where present, must be \"exact\"";
  let layer = name_of json "layer" in
  let inputs = inputs_of json in
  kinded "one-layer-error"
    ([ ("layer", text layer); ("inputs", inputs); ("epsilon", number (epsilon_of json)) ]
    @ if exact then [ ("masks", text "exact") ] else [])

let bounded_layer json kind key read =
  Json.check_keys json ("a " ^ kind ^ " judgement") [ "judgement"; "layer"; "inputs"; key ] [];
  let layer = name_of json "layer" in
  let inputs = inputs_of json in
  kinded kind [ ("layer", text layer); ("inputs", inputs); (key, number (read json)) ]

(* ** Agreement on prompts *)

(* Increasing numbers from 0. *)
let exceptions_of json =
  let before = ref Z.minus_one in
  let check = function
    | Json.Int n ->
        if Z.leq n !before then fail "ShardsNotCovering" "'except' must list increasing numbers from 0";
        before := n;
        Json.Int n
    | _ -> fail "JsonWrongType" "'except' must list integers"
  in
  Json.Array (List.map check (Json.array_of json "except"))

let same_argmax json =
  Json.check_keys json "a same-argmax statement"
    [ "judgement"; "original"; "converted"; "prompts"; "count"; "generate"; "except" ]
    Evaluation.member_names;
  let original = hashes_of json "original" in
  let converted = hashes_of json "converted" in
  let prompts = hash_of json "prompts" in
  let count = Json.integer_of json "count" in
  let generate = Json.integer_of json "generate" in
  let except = exceptions_of json in
  kinded "same-argmax"
    ([ ("original", original); ("converted", converted); ("prompts", text prompts);
       ("count", Json.Int count); ("generate", Json.Int generate); ("except", except) ]
    @ Evaluation.members_of json)

let argmax_shard json =
  Json.check_keys json "an argmax-shard judgement"
    [ "judgement"; "first"; "last"; "generate"; "except" ] Evaluation.member_names;
  let integer key = (key, Json.Int (Json.integer_of json key)) in
  let members = List.map integer [ "first"; "last"; "generate" ] in
  let except = exceptions_of json in
  kinded "argmax-shard" (members @ (("except", except) :: Evaluation.members_of json))

let identity json =
  Json.check_keys json "an identity statement" [ "judgement"; "original"; "converted" ] [];
  let original = hashes_of json "original" in
  kinded "identity" [ ("original", original); ("converted", hashes_of json "converted") ]

(* ** Rounding *)

let computed_inputs_of json =
  let inputs = inputs_of json in
  if not (is_computed inputs) then
    fail "DomainMismatch" "inputs of rounding are {\"computed\": S} or {\"computed_box\": S}";
  inputs

let share_of json key =
  let share = Number.of_json json key in
  if Q.sign share < 0 then fail "EpsilonNegative" (key ^ " must not be negative");
  share

let tokens_in json =
  if not (Json.has json "tokens") then []
  else begin
    let tokens = Json.integer_of json "tokens" in
    if Z.sign tokens <= 0 then fail "BoundNegative" "'tokens' must be at least 1";
    [ ("tokens", Json.Int tokens) ]
  end

let rounding json =
  Json.check_keys json "a rounding judgement"
    [ "judgement"; "layer"; "side"; "inputs"; "evaluation"; "epsilon" ] [ "tokens" ];
  let layer = name_of json "layer" in
  let tokens = tokens_in json in
  let side = Json.text_of json "side" in
  if not (List.mem side [ "original"; "converted" ]) then
    fail "JsonWrongType" "'side' must be \"original\" or \"converted\"";
  let inputs = computed_inputs_of json in
  let evaluation = Evaluation.of_json (Json.at json "evaluation") in
  kinded "rounding"
    ([ ("layer", text layer); ("side", text side); ("inputs", inputs); ("evaluation", evaluation);
       ("epsilon", number (epsilon_of json)) ]
    @ tokens)

let shares =
  [ "approximation"; "weights"; "leak"; "original_rounding"; "converted_rounding" ]

let rounding_layer json =
  let keys = [ "name"; "inputs"; "norm"; "norm_epsilon" ] @ shares @ [ "epsilon" ] in
  let functions = [ "activation"; "approximant" ] in
  Json.check_keys json "a layer" keys ("tokens" :: functions);
  let tokens = tokens_in json in
  let name = name_of json "name" in
  let inputs = computed_inputs_of json in
  let norm = Json.text_of json "norm" in
  let norm_epsilon = Number.of_json json "norm_epsilon" in
  let bounds = List.map (fun key -> (key, number (share_of json key))) shares in
  let epsilon = epsilon_of json in
  let pair =
    if not (List.exists (Json.has json) functions) then []
    else begin
      Json.check_keys json "a layer" functions ("tokens" :: keys);
      let activation = function_of json "activation" in
      [ ("activation", text activation); ("approximant", text (function_of json "approximant")) ]
    end
  in
  ( epsilon,
    Json.Object
      ([ ("name", text name); ("inputs", inputs); ("norm", text norm);
         ("norm_epsilon", number norm_epsilon); ("epsilon", number epsilon) ]
      @ bounds @ pair @ tokens) )

let rounding_error json =
  Json.check_keys json "a rounding-error statement"
    [ "judgement"; "original"; "converted"; "evaluation"; "layers"; "epsilon" ] [];
  let original = hashes_of json "original" in
  let converted = hashes_of json "converted" in
  let evaluation = Evaluation.of_json (Json.at json "evaluation") in
  let layers = List.map rounding_layer (Json.array_of json "layers") in
  if layers = [] then fail "LayerMissing" "'layers' must name a sublayer";
  let epsilon = epsilon_of json in
  let largest = List.fold_left (fun m (e, _) -> Q.max m e) Q.zero layers in
  if not (Q.equal epsilon largest) then
    fail "EpsilonNotMaximum" "epsilon must be the largest of the layers'";
  kinded "rounding-error"
    [ ("original", original); ("converted", converted); ("evaluation", evaluation);
      ("layers", Json.Array (List.map snd layers)); ("epsilon", number epsilon) ]

(* ** All judgements *)

let of_json json inherited =
  (match json with
   | Json.Object _ when Json.has json "judgement" -> ()
   | _ -> fail "JsonMissingKey" "a judgement must be an object with a 'judgement' key");
  match Json.text_of json "judgement" with
  | "sup-error" -> bound_on_domain json inherited (fun p d e -> Sup_error (p, d, e))
  | "lower-bound" -> bound_on_domain json inherited (fun p d e -> Lower_bound (p, d, e))
  | "well-defined" -> on_domain json inherited (fun p d -> Well_defined (p, d))
  | "unbounded" -> on_domain json inherited (fun p d -> Unbounded (p, d))
  | "value" -> value json inherited
  | "mask-error" -> mask_error json
  | "instance" -> instance json
  | "range" -> range json
  | "one-layer-error" -> layer_error json
  | "layer-error" -> conversion json
  | "identity" -> identity json
  | "score-bound" -> bounded_layer json "score-bound" "bound" (fun json -> bound_of json "bound")
  | ("mask-leak" | "perturbation") as kind -> bounded_layer json kind "epsilon" epsilon_of
  | "same-argmax" -> same_argmax json
  | "argmax-shard" -> argmax_shard json
  | "rounding" -> rounding json
  | "rounding-error" -> rounding_error json
  | kind -> fail "UnknownJudgement" ("unknown judgement '" ^ Refusal.shown kind ^ "'")

let kind_of = function
  | Sup_error _ -> "sup-error"
  | Well_defined _ -> "well-defined"
  | Value _ -> "value"
  | Lower_bound _ -> "lower-bound"
  | Unbounded _ -> "unbounded"
  | Mask_error _ -> "mask-error"
  | Other json -> Json.text_of json "judgement"

let claims =
  [ "sup-error"; "lower-bound"; "unbounded"; "layer-error"; "identity"; "mask-error"; "same-argmax";
    "rounding-error" ]

(* A judgement that may head a certificate. *)
let claim_of json =
  let claim = of_json json None in
  if not (List.mem (kind_of claim) claims) then
    fail "NotAClaim"
      ("a statement cannot be a '" ^ kind_of claim ^ "' judgement: that is for steps only");
  claim

let pair_in = function
  | Sup_error (p, _, _) | Well_defined (p, _) | Value (p, _, _, _) | Lower_bound (p, _, _)
  | Unbounded (p, _) -> Some p
  | Mask_error _ | Other _ -> None

let to_json judgement =
  let about pair members =
    Json.Object
      ([ ("judgement", text (kind_of judgement)); ("target", text pair.target);
         ("approximant", text pair.approximant) ]
      @ members)
  in
  match judgement with
  | Sup_error (p, d, e) | Lower_bound (p, d, e) ->
      about p [ ("domain", domain_to_json d); ("epsilon", number e) ]
  | Well_defined (p, d) | Unbounded (p, d) -> about p [ ("domain", domain_to_json d) ]
  | Value (p, at, lower, upper) ->
      about p [ ("at", number at); ("within", Json.Array [ number lower; number upper ]) ]
  | Mask_error c ->
      Json.Object
        [ ("judgement", text "mask-error"); ("tokens", Json.Int c.tokens);
          ("mask", Mask_text.to_json c.mask); ("score_bound", number c.score_bound);
          ("value_bound", number c.value_bound); ("omega", number c.omega);
          ("epsilon", number c.epsilon) ]
  | Other json -> json

let sha256 judgement = Sha256.hex (Json.to_text (to_json judgement))

let domain_in_words d =
  match (d.lower, d.upper) with
  | Some a, Some b -> "every x in [" ^ Number.to_text a ^ ", " ^ Number.to_text b ^ "]"
  | Some a, None -> "every x >= " ^ Number.to_text a
  | None, Some b -> "every x <= " ^ Number.to_text b
  | None, None -> "every real x"

let in_words judgement =
  let difference p = p.target ^ " - " ^ p.approximant in
  let number = Number.to_text in
  match judgement with
  | Sup_error (p, d, e) ->
      "|" ^ difference p ^ "| <= " ^ number e ^ " for " ^ domain_in_words d
  | Well_defined (p, d) ->
      p.target ^ " and " ^ p.approximant ^ " are defined for " ^ domain_in_words d
  | Value (p, at, lower, upper) ->
      difference p ^ " lies in [" ^ number lower ^ ", " ^ number upper ^ "] at x = " ^ number at
  | Lower_bound (p, d, e) ->
      "|" ^ difference p ^ "| >= " ^ number e ^ " for some x among " ^ domain_in_words d
  | Unbounded (p, d) -> "|" ^ difference p ^ "| has no bound over " ^ domain_in_words d
  | Mask_error c ->
      "In real arithmetic, for all real scores of at most " ^ number c.score_bound
      ^ " in absolute value and all values whose coordinates lie in ["
      ^ number (Q.neg c.value_bound) ^ ", " ^ number c.value_bound
      ^ "], unmasked attention whose allowed scores are raised by Omega = " ^ number c.omega
      ^ " differs from masked attention by at most " ^ number c.epsilon
      ^ " in every coordinate, over " ^ Z.to_string c.tokens ^ " tokens under "
      ^ Mask_text.in_words c.mask
  | Other json -> "a statement about networks: " ^ Json.to_text json
