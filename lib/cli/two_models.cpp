#include "two_models.hpp"

#include <filesystem>

#include "attncert/core/file.hpp"
#include "attncert/core/sha256.hpp"
#include "attncert/model/output_files.hpp"

namespace attncert::cli {
namespace {

namespace fs = std::filesystem;

// The canonical network file of the original: its own, or the one its conversion keeps.
Result<fs::path> network_file(const ModelFolders& folders, const LoadedModel& original) {
  for (const fs::path& path : {fs::path(folders.original) / "network.json",
                               fs::path(folders.converted) / "original.network.json"}) {
    const auto text = read_file(path);
    if (text && sha256_hex(text.value()) == original.model.hashes.network) return path;
  }
  return fail(ErrorCode::SubjectMismatch,
              "'" + folders.converted + "' is not a conversion of '" + folders.original +
                  "': its original.network.json describes another model");
}

}  // namespace

Result<TwoModels> load_models(const ModelFolders& folders) {
  ATTNCERT_TRY(LoadedModel original, load_model(folders.original));
  ATTNCERT_TRY(LoadedModel converted, load_model(folders.converted));
  return TwoModels{std::move(original), std::move(converted)};
}

std::string seen_from(const std::string& certificate, const std::string& file) {
  return relative_to(file, fs::weakly_canonical(fs::absolute(certificate)).parent_path());
}

Result<std::vector<Subject>> subjects_of(const ModelFolders& folders, const TwoModels& models,
                                         const std::string& certificate) {
  ATTNCERT_TRY(const fs::path network, network_file(folders, models.original));
  const ModelHashes& before = models.original.model.hashes;
  const ModelHashes& after = models.converted.model.hashes;
  const auto name = [&](const fs::path& file) { return seen_from(certificate, file.string()); };
  return std::vector<Subject>{
      {"original-network", name(network), before.network},
      {"original-weights", name(models.original.weights_path), before.weights},
      {"converted-network", name(fs::path(folders.converted) / "network.json"), after.network},
      {"converted-weights", name(models.converted.weights_path), after.weights}};
}

}  // namespace attncert::cli
