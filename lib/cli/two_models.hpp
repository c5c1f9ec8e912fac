// An original and its conversion, as several commands take them, and a certificate's subjects.
#pragma once

#include <string>
#include <vector>

#include "attncert/certificate/certificate.hpp"
#include "attncert/model/importer.hpp"

namespace attncert::cli {

/// Folders of two models.
struct ModelFolders {
  std::string original;
  std::string converted;
};

struct TwoModels {
  LoadedModel original;
  LoadedModel converted;
};

Result<TwoModels> load_models(const ModelFolders& folders);

/// The four files that a certificate at this path is about, by paths relative to it.
/// Errors   SubjectMismatch where no network file of the original's is found in either folder
Result<std::vector<Subject>> subjects_of(const ModelFolders& folders, const TwoModels& models,
                                         const std::string& certificate);

/// A file's path as a certificate names it.
std::string seen_from(const std::string& certificate, const std::string& file);

}  // namespace attncert::cli
