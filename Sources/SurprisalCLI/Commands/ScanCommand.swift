import ArgumentParser
import Foundation
import Surprisal

struct ScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan", abstract: "Scores every image and flags outliers, most surprising first.")

  @OptionGroup var images: PathOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var verdict: VerdictOptions
  @OptionGroup var shown: OutputOptions

  @Option(help: "How records are written (default: text on a terminal, jsonl elsewhere).")
  var format: ReportFormat?

  @Option(help: "Write the records here instead of standard output, which is -.")
  var output: FilePath?

  @Flag(help: "Go on with an interrupted scan to --output: images it had scored are not scored again.")
  var resume = false

  @Flag(help: "Write an empty report where there are no images, instead of an error.")
  var allowEmpty = false

  @Option(help: "Stop after this many images.")
  var limit: Int?

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    if resume, output == nil { throw ValidationError("--resume needs --output") }
  }

  func run() throws {
    let destination = try output.map { try Destination(option: $0) } ?? .standardOutput
    if resume, !destination.isFile { throw ValidationError("--resume needs --output to be a file") }
    let loaded = try model.load()
    let rule = verdict.rule ?? .standard
    let judge = try Judge(
      loaded, budget: model.evaluations, statistic: verdict.statistic ?? .standard, rate: rule.rate,
      compute: model.compute)
    shown.detail(loaded, model.model)
    var scan = Scan()
    scan.rule = rule
    scan.limit = limit
    if let output, destination.isFile {
      let kept = "\(output).progress"
      if !resume, unlink(kept) == 0 {
        shown.warn("\(kept): an unfinished scan's records, dropped without --resume")
      }
      scan.progressFile = kept
    }
    scan.reading = images.read.reading
    let isTerminal = destination.isStandardOutput && isatty(1) != 0
    var writer = RecordWriter(
      format ?? (isTerminal ? .text : .jsonl), isColoured: isTerminal && OutputOptions.allowsColour)
    var file: OutputFile?
    let summary = try scan.run(
      images.expanded(), by: judge,
      progress: { done in shown.progress("\(done) images scored") },
      begin: {
        guard allowEmpty || $0.scored + $0.unreadable > 0 else { return }
        file = try OutputFile(destination)
        try file?.write(writer.begin($0))
      }, { record in try file?.write(writer.line(record)) })
    shown.progressDone()
    try file?.write(writer.end)
    try file?.finish()
    scan.finish()
    guard file != nil else {
      throw SurprisalError.noImages(
        given: images.paths.map(\.description).joined(separator: ", "), skipped: summary.skipped)
    }
    shown.note(summary.text)
  }
}

extension Scan.Summary {
  var text: String {
    let mean =
      scored > 0
      ? String(
        format: ", mean %.3f bits/dim at %.4g evaluations", meanBitsPerDim,
        Double(evaluations) / Double(scored - repeats))
      : ""
    let again = repeats > 0 ? " (\(repeats) by more paths than one)" : ""
    let others = skipped > 0 ? ", \(skipped) other files skipped" : ""
    let whole =
      set.map {
        String(
          format:
            "\nas a whole: p-value %.2g that these are drawn from the population (scores %.2g, mean bits/dim %.2g)",
          $0.pValue, $0.scores.pValue, $0.bitsPValue ?? 1)
      } ?? ""
    let learned =
      known > 0
      ? "\n\(known) of these were trained or calibrated on: the model knows them, so that they look more ordinary than new "
        + "images would, and their p-values are too large"
      : ""
    return
      "\(scored) scored\(again)\(mean), \(outliers) outliers, \(unreadable) unreadable\(others)\(whole)\(learned)"
  }
}
