import ArgumentParser
import Foundation
import Surprisal

struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Prints what a model file holds.")

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Argument(help: "A model file, or the name of a shipped model.") var model: String
  @Option(help: "text or json.") var format = Format.text
  @Flag(help: "Also time each layer on one batch.") var profile = false

  func run() throws {
    let path = try ModelOptions.path(of: model)
    let loaded = try Model(path: path)
    let shape = loaded.shape
    let parameters = loaded.parameterCount
    let facts = loaded.facts
    let statistic = loaded.standardStatistic(under: nil)
    let generated = Set(facts.generatedReferences ?? [])
    let calibrations = loaded.calibrations.map {
      "\($0.referenceCount) \(generated.contains($0.evaluations) ? "generated" : "real") references at "
        + ($0.evaluations > 0 ? "\($0.evaluations) evaluations" : "one look")
    }
    if format == .json {
      var fields: [String: Any] = [
        "path": path, "width": shape.width, "height": shape.height, "channels": shape.channels,
        "parameters": parameters, "levels": loaded.architecture.levels,
        "attention": loaded.architecture.attention, "training_images": facts.trainingImages,
        "steps": facts.options.steps,
        "batch": facts.options.batch, "bits_per_dim": facts.validationBitsPerDim,
        "look": loaded.looksAsBegun ? "begun" : "own", "eyes": loaded.hasEyes, "damage": loaded.hasDamageEyes,
        "statistic": statistic.rawValue,
        "sigma": [loaded.range.lower, loaded.range.upper],
        "calibrations": loaded.calibrations.map {
          ["evaluations": $0.evaluations, "references": $0.referenceCount]
        },
      ]
      if let tiling = loaded.tiling {
        fields["tiling"] = ["overlap": tiling.overlap, "scale": tiling.scale]
      }
      if let alignment = loaded.alignment {
        fields["alignment"] = [
          "kind": alignment.kind.rawValue, "half_width": alignment.halfWidth,
          "half_height": alignment.halfHeight,
        ]
      }
      if let sight = loaded.sight {
        fields["encoder"] = [
          "path": sight.path, "sha256": sight.hash, "width": sight.shape.width, "height": sight.shape.height,
          "channels": sight.shape.channels, "patches": sight.settings.patches ?? [],
          "pooled": sight.settings.pooled ?? [], "references": sight.calibration.referenceCount,
          "statistics": sight.calibration.names.map(\.rawValue),
        ]
      }
      if profile {
        fields["profile"] = try Scorer(loaded).profile(rounds: 10).map {
          ["layer": $0.layer, "kernel": $0.kernel, "milliseconds": $0.seconds * 1000]
        }
      }
      let json = try JSONSerialization.data(
        withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes])
      print(String(decoding: json, as: UTF8.self))
    } else {
      print(
        """
        \(path)
        images       \(shape.width)x\(shape.height) \(shape.channels == 1 ? "gray" : "rgb")
        network      \(parameters) parameters, \(loaded.architecture.depth), noise levels \(loaded.range.lower) to \(loaded.range.upper)
        one look     \(loaded.looksAsBegun ? "by the network that training began from" : "by its own network")
        eyes         \(loaded.hasEyes ? "learned to tell images from altered ones" : "none")
        damage       \(loaded.hasDamageEyes ? "learned to mark it by place" : "none")
        training     \(facts.trainingImages) images, \(facts.options.steps) steps of \(facts.options.batch)
        judged by    \(statistic.rawValue)
        calibration  \(calibrations.isEmpty ? "none" : calibrations.joined(separator: "; "))
        """)
      if let tiling = loaded.tiling {
        print(
          "tiles        overlap by \(tiling.overlap) at scale \(tiling.scale); references are whole images")
      }
      if let alignment = loaded.alignment {
        print(
          String(
            format: "aligned      what each image shows %@; a window of %.2f by %.2f of its longer side",
            alignment.kind == .turned ? "to the middle, turned as others lie" : "to the middle",
            2 * alignment.halfWidth, 2 * alignment.halfHeight))
      }
      if let sight = loaded.sight {
        print(
          """
          encoder      \(sight.path), SHA-256 \(sight.hash)
                       \(sight.shape.width)x\(sight.shape.height), \(sight.calibration.referenceCount) references of \
          \(sight.calibration.names.map(\.rawValue).joined(separator: ", "))
          """)
      }
      if facts.validationImages > 0 {
        print(
          String(
            format: "validation   %.3f bits/dim on %d images", facts.validationBitsPerDim,
            facts.validationImages))
      }
    }
    guard profile, format == .text else { return }
    for step in try Scorer(loaded).profile(rounds: 10) {
      print(String(format: "%9.3f ms  ", step.seconds * 1000) + "\(step.layer)  \(step.kernel)")
    }
  }
}
