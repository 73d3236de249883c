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

  @OptionGroup var eyes: EncoderOption

  /// A plain number of evaluations.
  /// - Throws: `ValidationError` for auto, which only verdicts can use.
  func count() throws -> Int? {
    guard evaluations != .auto else {
      throw ValidationError("--evaluations auto is for scan, gate and calibrate: give a number")
    }
    return evaluations?.count
  }

  var compute: Compute { eyes.finding(computing.compute) }

  /// The encoder that is given.
  var encoder: FilePath? { eyes.encoder }

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

extension Model {
  /// The command that fits one of its kind to more images.
  var fittingMore: String {
    "surprisal fit\(tiling == nil ? "" : " --tiles") MORE-IMAGES"
      + (sight.map { " --encoder \(FilePath($0.path).quoted)" } ?? "") + " --output mine.safetensors"
  }
}
