// Encodings of masks in a number format, as `attncert mask` prints them.
#pragma once

#include "attncert/core/json.hpp"
#include "attncert/prover/mask_formats.hpp"

namespace attncert::cli {

Json to_json(const MaskFormats& formats, const MaskSetting& setting);
void print_formats(const MaskFormats& formats, const MaskSetting& setting);

}  // namespace attncert::cli
