(* A network file and its weights, as the verified kernel takes them (docs/network-format.md).

   Affine maps come as (outputs, inputs), whatever their layout; a fused map of queries, keys and
   values comes in three parts. *)

module V = Verified_kernel

let fail = Refusal.fail
let field_error what = fail "NetworkField" ("network file: " ^ what)

(* [layouts]: how matrices of sublayers that are no heads are stored, which networks do not say. *)
type 'layer facts_of = { network : 'layer V.network; layouts : (string * string) list }

type reader = {
  weights : Safetensors.file;
  d_model : int;
  context : int option;  (* how many rows a sequence has at most *)
  mask_matrices : (string, V.dyadic list list) Hashtbl.t;  (* sublayers share them *)
}

let size_of json key =
  let size = Json.integer_of json key in
  if Z.lt size Z.one || Z.gt size (Z.of_int (1 lsl 24)) then field_error (key ^ " is out of range");
  Z.to_int size

let layout_of json =
  match Json.text_of json "layout" with
  | ("out-in" | "in-out") as layout -> layout
  | _ -> field_error "layout must be \"out-in\" or \"in-out\""

let rational q = { V.qnum = Q.num q; V.qden = Q.den q }

(* ** Tensors *)

let vector r name length = Array.to_list (Safetensors.read r.weights name [ length ])

let matrix r name rows columns =
  let all = Safetensors.read r.weights name [ rows; columns ] in
  List.init rows (fun i -> Array.to_list (Array.sub all (i * columns) columns))

let transposed r name rows columns =
  let all = Safetensors.read r.weights name [ rows; columns ] in
  List.init columns (fun j -> List.init rows (fun i -> all.((i * columns) + j)))

let flat r name shape = Array.to_list (Safetensors.read r.weights name shape)

let optional json key read = if Json.has json key then Some (read (Json.text_of json key)) else None

let affine r json layout outputs inputs =
  Json.check_keys json "an affine map" [ "weight" ] [ "bias" ];
  let name = Json.text_of json "weight" in
  { V.weight =
      (if layout = "out-in" then matrix r name outputs inputs else transposed r name inputs outputs);
    V.bias = optional json "bias" (fun b -> vector r b outputs) }

(* ** Norms *)

let norm_facts json =
  Json.check_keys json "a norm" [ "kind" ] [ "epsilon"; "weight"; "bias" ];
  let kind = Json.text_of json "kind" in
  let needs_epsilon =
    match kind with
    | "layer-norm" | "rms-norm" -> true
    | "mean-norm" | "none" -> false
    | _ ->
        fail "NormUnsupported"
          ("norm '" ^ Refusal.shown kind
           ^ "' is not supported: use layer-norm, rms-norm, mean-norm or none")
  in
  if kind = "none" then Json.check_keys json "a norm" [ "kind" ] []
  else Json.check_keys json "a norm" [ "kind"; "weight" ] [ "epsilon"; "bias" ];
  if needs_epsilon <> Json.has json "epsilon" then field_error ("a " ^ kind ^ "'s epsilon");
  let epsilon = if needs_epsilon then Number.of_json json "epsilon" else Q.zero in
  if needs_epsilon && Q.sign epsilon <= 0 then field_error "a norm's epsilon must be positive";
  (kind, epsilon)

let norm r json =
  let kind, epsilon = norm_facts json in
  let empty kind : V.norm_layer =
    { kind; epsilon = rational epsilon; norm_gain = []; norm_offset = None }
  in
  let stored kind : V.norm_layer =
    { (empty kind) with
      norm_gain = vector r (Json.text_of json "weight") r.d_model;
      norm_offset = optional json "bias" (fun b -> vector r b r.d_model) }
  in
  match kind with
  | "layer-norm" -> stored V.Layer_norm
  | "rms-norm" -> stored V.Rms_norm
  | "mean-norm" -> stored V.Mean_norm
  | _ -> empty V.No_norm

(* ** Heads *)

let scale_of json =
  let scale = Json.text_of json "scale" in
  let length = String.length scale in
  if scale = "1" then V.Unscaled
  else begin
    let digits = if length > 7 then String.sub scale 6 (length - 7) else "" in
    if length < 24 && Json.starts_with "rsqrt(" scale && scale.[length - 1] = ')'
       && digits <> "" && digits.[0] <> '0' && String.for_all Json.is_digit digits
    then V.Rsqrt (Z.of_string digits)
    else field_error "scale must be \"1\" or \"rsqrt(n)\", such as rsqrt(64)"
  end

let rotary_of json =
  Json.check_keys json "rotary" [ "base"; "pairs" ] [];
  let base = Number.of_json json "base" in
  if Q.sign base <= 0 then field_error "a rotary base must be positive";
  match Json.text_of json "pairs" with
  | ("interleaved" | "halves") as pairs ->
      { V.base = rational base; V.interleaved = pairs = "interleaved" }
  | _ -> field_error "rotary pairs must be \"interleaved\" or \"halves\""

let shape_of json : V.head_shape =
  let n_head = size_of json "n_head" in
  let n_kv_head = size_of json (if Json.has json "n_kv_head" then "n_kv_head" else "n_head") in
  let d_head = size_of json "d_head" in
  if n_head mod n_kv_head <> 0 then field_error "n_kv_head must divide n_head";
  let causal =
    match Json.text_of json "mask" with
    | "causal" -> true
    | "full" -> false
    | "none" -> false
    | mask -> field_error ("unknown mask '" ^ Refusal.shown mask ^ "'")
  in
  let scale = scale_of json in
  let positions = if Json.has json "rotary" then Some (rotary_of (Json.at json "rotary")) else None in
  if positions <> None && d_head mod 2 <> 0 then
    field_error "rotary positions need an even d_head";
  { n_head; n_kv_head; d_head; causal; scale0 = scale; positions }

(* ** Sublayers of originals *)

let rec take n = function a :: l when n > 0 -> a :: take (n - 1) l | _ -> []
let rec drop n = function _ :: l when n > 0 -> drop (n - 1) l | l -> l

let rows_of map first count =
  { V.weight = take count (drop first map.V.weight);
    V.bias = Option.map (fun b -> take count (drop first b)) map.V.bias }

let attention r json =
  Json.check_keys json "an attention sublayer"
    [ "name"; "kind"; "layout"; "n_head"; "d_head"; "mask"; "scale"; "norm"; "out" ]
    [ "n_kv_head"; "rotary"; "qkv"; "query"; "key"; "value" ];
  let layout = layout_of json in
  let shape = shape_of json in
  if Json.text_of json "mask" = "none" then field_error "attention needs a mask";
  let own = shape.V.n_head * shape.V.d_head in
  let shared = shape.V.n_kv_head * shape.V.d_head in
  let attention_norm = norm r (Json.at json "norm") in
  let fused = Json.has json "qkv" in
  let others = List.length (List.filter (Json.has json) [ "query"; "key"; "value" ]) in
  if others <> (if fused then 0 else 3) || (fused && own <> shared) then
    field_error "attention needs qkv, or query, key and value";
  let map key outputs = affine r (Json.at json key) layout outputs r.d_model in
  let query, key, value_map =
    if fused then begin
      let all = map "qkv" (3 * own) in
      (rows_of all 0 own, rows_of all own own, rows_of all (2 * own) own)
    end
    else begin
      let query = map "query" own in
      let key = map "key" shared in
      (query, key, map "value" shared)
    end
  in
  ( V.Original_attention
      { V.attention_norm; attention_shape = shape; query_map = query; key_map = key; value_map;
        attention_out = affine r (Json.at json "out") layout r.d_model own },
    Json.text_of json "layout" ^ if fused then ", qkv" else "" )

let mlp r program json =
  Json.check_keys json "an mlp sublayer"
    [ "name"; "kind"; "layout"; "d_mlp"; "activation"; "norm"; "in"; "out" ] [ "gate" ];
  let layout = layout_of json in
  let d_mlp = size_of json "d_mlp" in
  let activation = Zoo.canonical (Json.text_of json "activation") in
  let map key outputs inputs = affine r (Json.at json key) layout outputs inputs in
  let mlp_norm = norm r (Json.at json "norm") in
  let inner = map "in" d_mlp r.d_model in
  let outer = map "out" r.d_model d_mlp in
  let mlp_gate = if Json.has json "gate" then Some (map "gate" d_mlp r.d_model) else None in
  ( V.Original_mlp { V.mlp_norm; activation = program activation; inner; outer; mlp_gate },
    Json.text_of json "layout" )

let linear r json =
  Json.check_keys json "a linear sublayer" [ "name"; "kind"; "layout"; "norm"; "map" ] [];
  let layout = layout_of json in
  ( V.Original_linear
      { V.linear_norm = norm r (Json.at json "norm");
        linear_map = affine r (Json.at json "map") layout r.d_model r.d_model },
    Json.text_of json "layout" )

let original_layer r program kind json =
  match kind with
  | "attention" -> Some (attention r json)
  | "mlp" -> Some (mlp r program json)
  | "linear" -> Some (linear r json)
  | _ -> None

(* ** Sublayers of converted networks *)

let gates_of program json =
  let syntax what = fail "GatesSyntax" ("gates: " ^ what) in
  let constant = function
    | Json.String text -> program (if Json.starts_with "(" text then Zoo.canonical text else Number.to_text (Number.parse text))
    | _ -> syntax "numbers must be strings, such as \"1.702\""
  in
  let score = function
    | Json.Array [ slope; shift ] -> (constant slope, constant shift)
    | _ -> syntax "a score must be a pair [\"slope\", \"shift\"]"
  in
  let gate json =
    Json.check_keys json "a gate" [ "coefficient"; "scores" ] [];
    let scores = Json.array_of json "scores" in
    if scores = [] then syntax "a gate needs at least one score";
    { V.coefficient = constant (Json.at json "coefficient"); V.bias_scores = List.map score scores }
  in
  match json with
  | Json.Array (_ :: _ as gates) -> List.map gate gates
  | _ -> syntax "at least one gate is needed"

let largest_omega = Q.of_bigint (Z.pow (Z.of_int 10) 100)

let mask_matrix r name context =
  match Hashtbl.find_opt r.mask_matrices name with
  | Some known -> known
  | None ->
      let read = matrix r name (context + 1) (context + 1) in
      Hashtbl.add r.mask_matrices name read;
      read

let masks r json =
  if not (Json.has json "masks") then None
  else begin
    let masks = Json.at json "masks" in
    Json.check_keys masks "masks" [ "omega"; "query" ] [];
    let omega = Number.of_json masks "omega" in
    if Q.sign omega < 0 || Q.gt omega largest_omega then
      field_error "omega must not be negative, and at most 1e100";
    match r.context with
    | None -> fail "LayerFactsMismatch" "masks as weights need a network with a context"
    | Some context ->
        Some
          { V.mask_omega = rational omega;
            mask_query = mask_matrix r (Json.text_of masks "query") context }
  end

let bias_output r json = optional json "bias_output" (fun b -> List.hd (matrix r b 1 (r.d_model + 2)))

let neuron_heads r program json =
  Json.check_keys json "a neuron-heads sublayer"
    [ "name"; "kind"; "neurons"; "gates"; "norm"; "query"; "value"; "output" ]
    [ "form"; "bias_output"; "masks" ];
  let masks = masks r json in
  let neurons = size_of json "neurons" in
  let rows key = matrix r (Json.text_of json key) neurons (r.d_model + 2) in
  let gates = gates_of program (Json.at json "gates") in
  let gated = Json.has json "form" in
  if gated && Json.text_of json "form" <> "glu" then
    field_error "form, where present, must be 'glu'";
  let heads =
    { V.neuron_norm = norm r (Json.at json "norm"); gates; gated; neuron_query = rows "query";
      neuron_value = rows "value"; neuron_output = rows "output"; neuron_bias = bias_output r json }
  in
  match masks with Some w -> V.Raised_neurons (heads, w) | None -> V.Converted_neurons heads

let token_heads r json =
  Json.check_keys json "a token-heads sublayer"
    [ "name"; "kind"; "n_head"; "d_head"; "mask"; "scale"; "norm"; "query"; "key"; "value"; "output" ]
    [ "n_kv_head"; "rotary"; "bias_output"; "masks" ];
  let masks = masks r json in
  let shape = shape_of json in
  if (masks <> None) <> (Json.text_of json "mask" = "none") then
    field_error "mask \"none\" and masks go together";
  let own = shape.V.n_head * shape.V.d_head in
  let shared = shape.V.n_kv_head * shape.V.d_head in
  let rows key count = matrix r (Json.text_of json key) count (r.d_model + 2) in
  let heads =
    { V.token_norm = norm r (Json.at json "norm"); token_shape = shape;
      token_query = rows "query" own; token_key = rows "key" shared;
      token_value = rows "value" shared; token_output = rows "output" own;
      token_bias = bias_output r json }
  in
  match masks with Some w -> V.Raised_tokens (heads, w) | None -> V.Converted_tokens heads

let self_heads r json =
  Json.check_keys json "a self-heads sublayer" [ "name"; "kind"; "norm"; "output" ] [];
  V.Converted_self
    { V.self_norm = norm r (Json.at json "norm");
      self_output = matrix r (Json.text_of json "output") (r.d_model + 2) (r.d_model + 2) }

(* ** Ends *)

let tokens r json =
  let vocab = size_of json "vocab" in
  let n_ctx = size_of json "n_ctx" in
  let embedding = Json.at json "embedding" in
  Json.check_keys embedding "embedding" [ "token" ] [ "position" ];
  V.Tokens
    ( matrix r (Json.text_of embedding "token") vocab r.d_model,
      optional embedding "position" (fun p -> matrix r p n_ctx r.d_model) )

let patches r json =
  Json.check_keys json "patches"
    [ "count"; "width"; "layout"; "projection"; "class_token"; "position" ] [];
  let count = size_of json "count" in
  let width = size_of json "width" in
  let layout = layout_of json in
  let projection = affine r (Json.at json "projection") layout r.d_model width in
  let class_token = flat r (Json.text_of json "class_token") [ 1; 1; r.d_model ] in
  let position = flat r (Json.text_of json "position") [ 1; count + 1; r.d_model ] in
  let rec rows l = match l with [] -> [] | _ -> take r.d_model l :: rows (drop r.d_model l) in
  V.Patches (projection, class_token, rows position)

let unembedding r json whole =
  Json.check_keys json "unembedding" [ "layout"; "weight" ] [ "bias"; "outputs" ];
  let layout = layout_of json in
  let outputs =
    if Json.has json "outputs" then size_of json "outputs"
    else if Json.has whole "vocab" then size_of whole "vocab"
    else field_error "an unembedding without tokens needs 'outputs'"
  in
  let only = function
    | Json.Object members ->
        Json.Object (List.filter (fun (k, _) -> k <> "layout" && k <> "outputs") members)
    | other -> other
  in
  affine r (only json) layout outputs r.d_model

let context_of json =
  if Json.has json "n_ctx" then Some (size_of json "n_ctx")
  else if Json.has json "patches" then Some (size_of (Json.at json "patches") "count" + 1)
  else None

let ends r json =
  let has = Json.has json in
  let has_tokens = has "vocab" in
  if has_tokens <> has "n_ctx" || has_tokens <> has "embedding" || (has_tokens && has "patches") then
    field_error "vocab, n_ctx and embedding go together, and without patches";
  let when_present key read = if has key then Some (read (Json.at json key)) else None in
  let input =
    if has_tokens then tokens r json
    else match when_present "patches" (patches r) with Some p -> p | None -> V.Given_rows
  in
  if has "pool" && Json.text_of json "pool" <> "first" then
    field_error "pool, where present, must be \"first\"";
  { V.input; longest = r.context; final_norm = when_present "final_norm" (norm r);
    unembedding = when_present "unembedding" (fun u -> unembedding r u json);
    first_row_only = has "pool" }

(* ** Networks *)

let parse text =
  let json = Json.parse text in
  Json.check_keys json "the network file"
    [ "attncert-network"; "d_model"; "sublayers" ]
    [ "vocab"; "n_ctx"; "embedding"; "patches"; "final_norm"; "unembedding"; "pool" ];
  if Json.at json "attncert-network" <> Json.Int Z.one then
    fail "NetworkVersion" "network file: only attncert-network 1 is supported";
  json

let check_names names =
  List.iteri
    (fun i name ->
      if List.mem name (List.filteri (fun j _ -> j < i) names) then
        field_error ("two sublayers are named '" ^ name ^ "'"))
    names

(* Reads all sublayers by [layer], which gives None for a kind that such networks do not have. *)
let read text weights layer =
  let json = parse text in
  let r =
    { weights = Safetensors.parse weights; d_model = size_of json "d_model";
      context = context_of json; mask_matrices = Hashtbl.create 4 }
  in
  let one sublayer =
    if not (match sublayer with Json.Object _ -> Json.has sublayer "kind" | _ -> false) then
      field_error "a sublayer lacks 'kind'";
    let kind = Json.text_of sublayer "kind" in
    let name = Json.text_of sublayer "name" in
    match layer r kind sublayer with
    | Some (l, layout) -> ((name, l), Option.map (fun layout -> (name, layout)) layout)
    | None -> fail "LayerKind" ("sublayer '" ^ name ^ "' is of another kind")
  in
  let layers = List.map one (Json.array_of json "sublayers") in
  check_names (List.map (fun ((name, _), _) -> name) layers);
  let ends = ends r json in
  { network = { V.d_model = r.d_model; ends; sublayers = List.map fst layers };
    layouts = List.filter_map snd layers }

let original program text weights =
  read text weights (fun r kind json ->
      Option.map (fun (layer, layout) -> (layer, Some layout)) (original_layer r program kind json))

let converted program text weights =
  read text weights (fun r kind json ->
      match kind with
      | "neuron-heads" -> Some (neuron_heads r program json, None)
      | "token-heads" -> Some (token_heads r json, None)
      | "self-heads" -> Some (self_heads r json, None)
      | _ ->
          let kept (layer, layout) = (V.Kept_layer layer, Some layout) in
          Option.map kept (original_layer r program kind json))
