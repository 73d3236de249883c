import ArgumentParser
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
  @Option(parsing: .upToNextOption, help: "Images that belong.") var inliers: [FilePath]
  @Option(
    parsing: .upToNextOption,
    help: "Images that do not: each folder and IDX file is a set of its own, single files make one.")
  var outliers: [FilePath]
  @Option(
    parsing: .upToNextOption,
    help:
      "Folders with masks of the outliers (NAME_mask.png or NAME.png for NAME.*): also tells how well maps find what is marked."
  )
  var masks: [FilePath] = []
  @Option(help: "Use only this many images of each set.") var limit: Int?
  @Option(help: "text or jsonl.") var format = Format.text

  func validate() throws {
    if inliers.contains(FilePath("-")), outliers.contains(FilePath("-")) {
      throw ValidationError("only one of --inliers and --outliers can come from standard input")
    }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    let loaded = try model.load()
    shown.detail(loaded, model.model)
    var evaluation = try Evaluation(loaded, evaluations: model.count(), compute: model.compute)
    evaluation.reading = read.reading
    evaluation.limit = limit
    let known = try score(
      .init(
        name: inliers.map(\.description).joined(separator: " "),
        paths: try PathOptions.expand(inliers, nul: false)), evaluation)
    if format == .text {
      print(
        String(
          format: "%d inliers%@; %d evaluations \(loaded.tiling == nil ? "an image" : "a tile")", known.count,
          bits(known) as NSString,
          evaluation.calibration.evaluations))
    }
    evaluation.masks = masks
    for set in Evaluation.ImageSet.split(try PathOptions.expand(outliers, nul: false)) {
      let found = try score(set, evaluation)
      if !masks.isEmpty, found.masked == 0 { shown.warn("\(set.name): no image has a mask: no line pixels") }
      let separations = evaluation.separations(of: known, from: found)
      if format == .text { text(found, separations) } else { try jsonl(known, found, separations) }
    }
  }

  private func score(_ set: Evaluation.ImageSet, _ evaluation: Evaluation) throws -> Evaluation.Scores {
    let meter = ProgressMeter(
      shown, "of \(set.name) scored", counting: set.paths, reading: read.reading, limit: limit)
    let scores = try evaluation.score(set) { meter.tell($0) }
    shown.progressDone()
    if scores.unreadable > 0 { shown.warn("\(set.name): \(scores.unreadable) unreadable and left out") }
    guard scores.count > 0 else {
      throw SurprisalError.noReadableImages(purpose: "evaluate in \(set.name)")
    }
    return scores
  }

  private func text(_ found: Evaluation.Scores, _ separations: [(statistic: String, separation: Separation)])
  {
    print(
      String(
        format: "\n%@: %d outliers%@", found.name as NSString, found.count, bits(found) as NSString))
    print("statistic      AUROC   95 % interval      AUPR   FPR at 95 % TPR")
    for (name, result) in separations {
      print(
        name.padding(toLength: 12, withPad: " ", startingAt: 0)
          + String(
            format: "%8.4f   %.4f-%.4f  %8.4f   %8.4f", result.auroc, result.aurocInterval[0],
            result.aurocInterval[1], result.aupr, result.fprAt95))
    }
  }

  private func bits(_ scores: Evaluation.Scores) -> String {
    scores.meanBitsPerDim.map { String(format: ", mean %.3f bits/dim", $0) } ?? ""
  }

  private func jsonl(
    _ known: Evaluation.Scores, _ found: Evaluation.Scores,
    _ separations: [(statistic: String, separation: Separation)]
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for (name, result) in separations {
      let line = Line(
        set: found.name, statistic: name, inliers: known.count, outliers: found.count, auroc: result.auroc,
        aurocInterval: result.aurocInterval, aupr: result.aupr, fprAt95: result.fprAt95)
      print(String(decoding: try encoder.encode(line), as: UTF8.self))
    }
  }

  /// One line of JSON.
  private struct Line: Encodable {
    let set: String
    let statistic: String
    let inliers: Int
    let outliers: Int
    let auroc: Double
    let aurocInterval: [Double]
    let aupr: Double
    let fprAt95: Double

    enum CodingKeys: String, CodingKey {
      case set, statistic, inliers, outliers, auroc, aupr
      case aurocInterval = "auroc_interval"
      case fprAt95 = "fpr_at_95_tpr"
    }
  }
}
