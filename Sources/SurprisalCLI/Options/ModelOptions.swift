import ArgumentParser
import Foundation
import Surprisal

/// Which model, at how many evaluations, and how it computes.
struct ModelOptions: ParsableArguments {
  @Option(
    name: .customLong("model"), help: "A model file, or the name of a shipped model.",
    completion: .file())
  var given: String?

  /// The model asked for, or the one used where none is.
  var model: String { given ?? Self.shipped }

  @Option(
    help:
      "Network evaluations an image, 1 to 4096, or auto: more only while a verdict is open. Needs calibration."
  )
  var evaluations: EvaluationBudget?

  @OptionGroup var computing: ComputeOptions

  @Option(
    help:
      "An image encoder in ONNX: what a model is fitted with, and where it is now if not where it was then.",
    completion: .file(extensions: ["onnx"]))
  var encoder: FilePath?

  /// A plain number of evaluations.
  /// - Throws: `ValidationError` for auto, which only verdicts can use.
  func count() throws -> Int? {
    guard evaluations != .auto else {
      throw ValidationError("--evaluations auto is for scan, gate and calibrate: give a number")
    }
    return evaluations?.count
  }

  var compute: Compute {
    var compute = computing.compute
    compute.encoder = encoderPlaces
    return compute
  }

  /// Where an encoder is, and OpenVINO: what $SURPRISAL_OPENVINO says, or the Python environment that is active, the user's and
  /// the system's.
  private var encoderPlaces: EncoderPlaces {
    let environment = ProcessInfo.processInfo.environment
    var places = EncoderPlaces(file: encoder.map { "\($0)" })
    if let library = environment["SURPRISAL_OPENVINO"], !library.isEmpty { places.library = library }
    let named = ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap { environment[$0] }
    places.environments =
      (named + (environment["HOME"].map { ["\($0)/.local"] } ?? []) + ["/usr/local", "/usr"])
      .filter { !$0.isEmpty }
    return places
  }

  func load() throws -> Model { try Self.load(model) }

  /// The model used where none is named.
  static let shipped = Model.general

  static func load(_ name: String) throws -> Model { try Model(path: try path(of: name)) }

  static func path(of name: String) throws -> String { try Model.locate(name, in: folders) }

  /// Where named models are looked up: $SURPRISAL_MODELS, the installed share folder, ./models.
  private static var folders: [String] {
    var folders: [String] = []
    if let named = ProcessInfo.processInfo.environment["SURPRISAL_MODELS"], !named.isEmpty {
      folders.append(named)
    }
    if let share { folders.append("\(share)/models") }
    return folders + ["models"]
  }

  /// The share folder that belongs to where this program is installed.
  static var share: String? {
    guard let binary = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
      return nil
    }
    let bin = (binary as NSString).deletingLastPathComponent
    return ((bin as NSString).deletingLastPathComponent as NSString).appendingPathComponent("share/surprisal")
  }
}
