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
  @Option(
    parsing: .upToNextOption,
    help: "Images that do not: each folder and IDX file is a set of its own, single files make one.")
  var outliers: [String]
  @Option(
    parsing: .upToNextOption,
    help:
      "Folders with masks of the outliers (NAME.png for NAME.*): also tells how well maps find what is marked."
  )
  var masks: [String] = []
  @Option(help: "Use only this many images of each set.") var limit: Int?
  @Option(help: "text or jsonl.") var format = Format.text

  func run() throws {
    let loaded = try model.load()
    let calibration = try loaded.calibration(evaluations: try model.count())
    var evaluation = Evaluation(
      try model.scorer(loaded, evaluations: calibration.evaluations), calibration: calibration)
    evaluation.reading = read.reading
    evaluation.limit = limit
    let known = try score(.init(name: inliers.joined(separator: " "), paths: inliers), evaluation)
    if format == .text {
      print(
        String(
          format: "%d inliers, mean %.3f bits/dim; %d evaluations an image", known.count,
          known.meanBitsPerDim,
          calibration.evaluations))
    }
    evaluation.masks = masks
    for set in Evaluation.ImageSet.split(PathOptions.expand(outliers, nul: false)) {
      let found = try score(set, evaluation)
      if format == .text { text(known, found) } else { try jsonl(known, found) }
    }
  }

  private func score(_ set: Evaluation.ImageSet, _ evaluation: Evaluation) throws -> Evaluation.Scores {
    let scores = try evaluation.score(set) { shown.progress("\($0) of \(set.name)") }
    shown.progressDone()
    if scores.unreadable > 0 { shown.warn("\(set.name): \(scores.unreadable) unreadable and left out") }
    guard scores.count > 0 else {
      throw UsageError("\(set.name): a set without a readable image cannot be evaluated")
    }
    return scores
  }

  /// The separation by each statistic, and by pixels where there were masks.
  private func separations(_ known: Evaluation.Scores, _ found: Evaluation.Scores) -> [(String, Separation)] {
    let all = StatisticName.allCases.map { name in
      (
        name.rawValue, Separation(inliers: known.scores[name] ?? [], outliers: found.scores[name] ?? [])
      )
    }
    return all + (found.pixels.map { [("pixels", $0)] } ?? [])
  }

  private func text(_ known: Evaluation.Scores, _ found: Evaluation.Scores) {
    print(
      String(
        format: "\n%@: %d outliers, mean %.3f bits/dim", found.name as NSString, found.count,
        found.meanBitsPerDim))
    print("statistic      AUROC   95 % interval      AUPR   FPR at 95 % TPR")
    for (name, result) in separations(known, found) {
      print(
        name.padding(toLength: 12, withPad: " ", startingAt: 0)
          + String(
            format: "%8.4f   %.4f-%.4f  %8.4f   %8.4f", result.auroc, result.aurocInterval[0],
            result.aurocInterval[1], result.aupr, result.fprAt95))
    }
  }

  /// A line of `--format jsonl`.
  private struct Line: Encodable {
    let set: String
    let statistic: String
    let auroc: Double
    let aurocInterval: [Double]
    let aupr: Double
    let fprAt95: Double
    let inliers: Int
    let outliers: Int

    enum CodingKeys: String, CodingKey {
      case set, statistic, auroc, aupr, inliers, outliers
      case aurocInterval = "auroc_interval"
      case fprAt95 = "fpr_at_95_tpr"
    }
  }

  private func jsonl(_ known: Evaluation.Scores, _ found: Evaluation.Scores) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for (name, result) in separations(known, found) {
      let line = Line(
        set: found.name, statistic: name, auroc: result.auroc, aurocInterval: result.aurocInterval,
        aupr: result.aupr, fprAt95: result.fprAt95, inliers: known.count, outliers: found.count)
      print(String(decoding: try encoder.encode(line), as: UTF8.self))
    }
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
    let scorer = Scorer(loaded, evaluations: 16, engine: try .init())
    for step in try scorer.profile(rounds: 10) {
      print(String(format: "%9.3f ms  ", step.seconds * 1000) + "\(step.layer)  \(step.kernel)")
    }
  }
}
