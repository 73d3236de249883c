import ArgumentParser
import Detection
import Foundation
import Surprisal

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Tells how well a model separates images that belong from images that do not.")

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, jsonl }

  @OptionGroup var model: ModelOptions
  @OptionGroup var shown: OutputOptions
  @OptionGroup var read: ReadingOptions
  @Option(parsing: .upToNextOption, help: "Images that belong.") var inliers: [String]
  @Option(parsing: .upToNextOption, help: "Images that do not.") var outliers: [String]
  @Option(help: "Use only this many images of each set.") var limit: Int?
  @Option(help: "text or jsonl.") var format = Format.text

  func run() throws {
    let loaded = try model.load()
    let calibration = try loaded.calibration(evaluations: try model.count())
    let scorer = try model.scorer(loaded, evaluations: calibration.evaluations)
    let (low, unreadableLow) = try scores(inliers, scorer, calibration)
    let (high, unreadableHigh) = try scores(outliers, scorer, calibration)
    shown.progressDone()
    guard let some = low[.surprisal], let other = high[.surprisal], !some.isEmpty, !other.isEmpty else {
      throw UsageError("a set without a readable image cannot be evaluated")
    }
    let mean = { (values: [Double]) in values.reduce(0, +) / Double(values.count) }
    if format == .text {
      print(
        String(
          format: "%d inliers, mean %.3f bits/dim; %d outliers, mean %.3f bits/dim; %d evaluations an image",
          some.count, mean(some), other.count, mean(other), calibration.evaluations))
      print("statistic      AUROC   95 % interval      AUPR   FPR at 95 % TPR")
    }
    for statistic in StatisticName.allCases {
      let result = Separation(inliers: low[statistic] ?? [], outliers: high[statistic] ?? [])
      if format == .text {
        print(
          statistic.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0)
            + String(
              format: "%8.4f   %.4f-%.4f  %8.4f   %8.4f", result.auroc, result.aurocInterval[0],
              result.aurocInterval[1], result.aupr, result.fprAt95))
      } else {
        print(
          "{\"statistic\":\"\(statistic.rawValue)\",\"auroc\":\(result.auroc),"
            + "\"auroc_interval\":[\(result.aurocInterval[0]),\(result.aurocInterval[1])],"
            + "\"aupr\":\(result.aupr),\"fpr_at_95_tpr\":\(result.fprAt95),"
            + "\"inliers\":\(some.count),\"outliers\":\(other.count)}")
      }
    }
    if unreadableLow + unreadableHigh > 0 {
      shown.warn("unreadable and left out: \(unreadableLow) inliers, \(unreadableHigh) outliers")
    }
  }

  private func scores(
    _ paths: [String], _ scorer: Scorer, _ calibration: Calibration
  ) throws -> ([StatisticName: [Double]], Int) {
    var scores: [StatisticName: [Double]] = [:]
    let unreadable = try scorer.estimates(of: paths, reading: read.reading, limit: limit) { estimate in
      for statistic in StatisticName.allCases {
        scores[statistic, default: []].append(calibration.score(estimate, by: statistic))
      }
      shown.progress("\(scores[.surprisal]?.count ?? 0) of \(paths.joined(separator: " "))")
    }
    return (scores, unreadable)
  }
}

struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Prints what a model file holds.")

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Argument(help: "A model file, or the name of a shipped model.") var model: String
  @Option(help: "text or json.") var format = Format.text
  @Flag(help: "Also time each layer on one batch.") var profile = false

  func run() throws {
    let path = try Model.locate(model, in: ModelOptions.folders)
    let loaded = try Model(path: path)
    let shape = loaded.shape
    let parameters = loaded.weights.values.reduce(0) { $0 + $1.count }
    let facts = loaded.facts
    let generated = Set(facts.generatedReferences ?? [])
    let calibrations = loaded.calibrations.map {
      "\($0.references[.profile]?.count ?? 0) \(generated.contains($0.evaluations) ? "generated" : "real") references at \($0.evaluations) evaluations"
    }
    if format == .json {
      let fields: [String: Any] = [
        "path": path, "width": shape.width, "height": shape.height, "channels": shape.channels,
        "parameters": parameters, "training_images": facts.trainingImages, "steps": facts.options.steps,
        "batch": facts.options.batch, "bits_per_dim": facts.validationBitsPerDim,
        "sigma": [loaded.range.lower, loaded.range.upper],
        "calibrations": loaded.calibrations.map {
          ["evaluations": $0.evaluations, "references": $0.references[.profile]?.count ?? 0]
        },
      ]
      let json = try JSONSerialization.data(
        withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes])
      print(String(decoding: json, as: UTF8.self))
    } else {
      print(
        """
        \(path)
        images       \(shape.width)x\(shape.height) \(shape.channels == 1 ? "gray" : "rgb")
        network      \(parameters) parameters, noise levels \(loaded.range.lower) to \(loaded.range.upper)
        training     \(facts.trainingImages) images, \(facts.options.steps) steps of \(facts.options.batch)
        calibration  \(calibrations.isEmpty ? "none" : calibrations.joined(separator: "; "))
        validation   \(String(format: "%.3f", facts.validationBitsPerDim)) bits/dim on \(facts.validationImages) images
        """)
    }
    guard profile else { return }
    let scorer = try Scorer(loaded, evaluations: 16, engine: try .init())
    for step in try scorer.profile(rounds: 10) {
      print(String(format: "%9.3f ms  ", step.seconds * 1000) + "\(step.layer)  \(step.kernel)")
    }
  }
}
