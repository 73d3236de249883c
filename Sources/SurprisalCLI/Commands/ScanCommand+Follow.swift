import ArgumentParser
import Foundation
import Surprisal

extension ScanCommand {
  /// Formats of which each record is a line, or rows, of its own.
  private static let following: Set<ReportFormat> = [.jsonl, .csv, .text]

  /// - Throws: `ValidationError` where --follow goes with what needs all images.
  func refuseToFollow() throws {
    guard follow else { return }
    func require(_ holds: Bool, _ words: String) throws {
      if !holds { throw ValidationError("--follow judges images as they come: \(words)") }
    }
    try require(images.paths == [FilePath("-")], "it takes -, paths from standard input, and no others")
    try require(model.given != nil, "by a model: give --model")
    try require(verdict.fdr == nil, "--fdr is of all images: give --fpr")
    try require(!portion.isPart, "not with --shard or --part")
    try require(
      collecting.folder == nil && !resume && !allowEmpty, "not with --collect, --resume or --allow-empty")
    try require(
      format.map(Self.following.contains) ?? true, "as jsonl, csv or text, not \(format?.rawValue ?? "")")
  }

  /// Judges images as their paths come.
  func followPaths() throws {
    let isText = output == nil && isatty(1) != 0
    var writer = RecordWriter(
      format ?? (isText ? .text : .jsonl), isColoured: isText && OutputOptions.allowsColour)
    // Each line is there as soon as it is written; a file begins anew.
    let lines =
      try output.flatMap { $0 == FilePath("-") ? nil : try LineFile($0, goesOn: false) } ?? .standardOutput
    let loaded = try model.load()
    let rule = verdict.rule ?? .standard
    let judge = try Judge(
      loaded, budget: model.evaluations, statistic: verdict.statistic, rate: rule.rate,
      compute: model.compute)
    shown.detail(loaded, model.model)
    var scan = Scan()
    scan.rule = rule
    scan.limit = limit
    scan.reading = images.read.reading
    scan.cache = try caching.open(shown)
    let stop = Interruption(shown)
    try write(writer.begin(ReportTotals(scored: 0, outliers: 0, unreadable: 0)), to: lines)
    let paths = PathFeed.standardInput(endedByNUL: images.nul)
    let summary = try scan.follow(
      paths, by: judge, shouldStop: { stop.isSet }, { try write(writer.line($0), to: lines) })
    try write(writer.end, to: lines)
    shown.note(summary.text)
    if !summary.isComplete { throw ExitCode(Interruption.code) }
  }

  private func write(_ text: String, to lines: LineFile) throws {
    if !text.isEmpty { try lines.write(text) }
  }
}
