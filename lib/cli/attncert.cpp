// attncert: generates certificates. Nothing here is trusted; attncert-check decides.
#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>

#include "common.hpp"
#include "memory.hpp"

int main(int argc, char** argv) {
  using namespace attncert::cli;
  keep_freed_memory();
  CLI::App application{"Certified error bounds for attention-only transformers", "attncert"};
  application.require_subcommand(1);
  application.set_version_flag("--version", "attncert 0.1.0");
  application.footer("Example:\n  attncert bound gelu silu:k=1.702");
  int exit_code = kDone;
  add_bound(application, exit_code);
  add_certify(application, exit_code);
  add_explain(application, exit_code);
  add_approximate(application, exit_code);
  add_convert(application, exit_code);
  add_mask(application, exit_code);
  add_formats(application, exit_code);
  add_evaluate(application, exit_code);
  add_agree(application, exit_code);
  add_export(application, exit_code);
  add_audit(application, exit_code);
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is an error like a full disk
  try {
    application.parse(argc, argv);
    std::cout.flush();
    if (!std::cout) {
      print_error("cannot write to standard output");
      return kUsage;
    }
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return application.exit(error);
    print_error(std::string(error.what()) + " (see attncert --help)");
    return kUsage;
  } catch (const std::filesystem::filesystem_error& error) {
    print_error(error.what());
    return kUsage;
  } catch (const std::exception& error) {
    print_error(std::string("internal: ") + error.what());
    return kInternal;
  }
  return exit_code;
}
