import ArgumentParser
import Foundation
import Surprisal

/// Where the encoder of a model is, and what runs it.
struct EncoderOption: ParsableArguments {
  @Option(
    help:
      "An image encoder in ONNX: what a model is fitted with, and where it is now if not where it was then.",
    completion: .file(extensions: ["onnx"]))
  var encoder: FilePath?

  /// With where encoder and OpenVINO are: what $SURPRISAL_OPENVINO says, or the Python environment that is active, the user's
  /// and the system's.
  func finding(_ compute: Compute) -> Compute {
    let environment = ProcessInfo.processInfo.environment
    var compute = compute
    compute.encoder.file = encoder.map { "\($0)" }
    if let library = environment["SURPRISAL_OPENVINO"], !library.isEmpty { compute.encoder.library = library }
    let named = ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap { environment[$0] }
    let home = environment["HOME"].map { ["\($0)/.local"] } ?? []
    compute.encoder.environments = (named + home + ["/usr/local", "/usr"]).filter { !$0.isEmpty }
    return compute
  }
}
