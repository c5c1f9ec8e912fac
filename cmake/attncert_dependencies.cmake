# What attncert stands on; every one is a Debian package (scripts/dependencies installs them).
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(TBB 2021 REQUIRED)

find_path(ATTNCERT_MPFR_INCLUDE mpfr.h REQUIRED)
find_library(ATTNCERT_MPFR_LIBRARY mpfr REQUIRED)
find_library(ATTNCERT_GMP_LIBRARY gmp REQUIRED)
if(NOT TARGET attncert_mpfr)
  add_library(attncert_mpfr INTERFACE IMPORTED)
  target_include_directories(attncert_mpfr INTERFACE "${ATTNCERT_MPFR_INCLUDE}")
  target_link_libraries(attncert_mpfr INTERFACE "${ATTNCERT_MPFR_LIBRARY}" "${ATTNCERT_GMP_LIBRARY}")
endif()

find_path(ATTNCERT_BLAS_INCLUDE NAMES cblas.h REQUIRED)
find_library(ATTNCERT_BLAS_LIBRARY openblas REQUIRED)
if(NOT TARGET attncert_blas)
  add_library(attncert_blas INTERFACE IMPORTED)
  target_include_directories(attncert_blas INTERFACE "${ATTNCERT_BLAS_INCLUDE}")
  target_link_libraries(attncert_blas INTERFACE "${ATTNCERT_BLAS_LIBRARY}")
endif()

# The messages of ONNX files. FindProtobuf and ONNX's own package want protoc, which is not needed.
find_path(ATTNCERT_ONNX_INCLUDE NAMES onnx/onnx_pb.h REQUIRED)
find_path(ATTNCERT_PROTOBUF_INCLUDE NAMES google/protobuf/message.h REQUIRED)
find_library(ATTNCERT_ONNX_LIBRARY onnx_proto REQUIRED)
find_library(ATTNCERT_PROTOBUF_LIBRARY protobuf REQUIRED)
if(NOT TARGET attncert_onnx_messages)
  add_library(attncert_onnx_messages INTERFACE IMPORTED)
  target_include_directories(attncert_onnx_messages INTERFACE
    "${ATTNCERT_ONNX_INCLUDE}" "${ATTNCERT_PROTOBUF_INCLUDE}")
  target_link_libraries(attncert_onnx_messages INTERFACE
    "${ATTNCERT_ONNX_LIBRARY}" "${ATTNCERT_PROTOBUF_LIBRARY}")
endif()
