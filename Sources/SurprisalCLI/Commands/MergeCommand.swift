import ArgumentParser
import Foundation
import Surprisal

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Puts the records of several scans together, as one scan of all would tell them.",
    discussion: """
      Parts are files that scan --shard 1/N to N/N wrote, all of them, or scan --part of one list each, in the lists' order. What
      is written is the same bytes as one scan's. Parts that were judged by other models or options, that were cut, that are missing
      or come twice are refused. Another rate may be asked for.
      """)

  @Argument(help: "Files that scan --shard or --part wrote, jsonl or csv.") var parts: [FilePath]

  @Option(
    name: .customLong("model"), help: "The model file that judged the parts, where it is not where it was.")
  var model: String?

  @Option(help: "False positive rate, instead of the parts' own.") var fpr: Double?
  @Option(help: "False discovery rate, instead of the parts' own.") var fdr: Double?

  @Option(help: "How records are written (default: text on a terminal, jsonl elsewhere).")
  var format: ReportFormat?

  @Option(help: "Write the records here instead of standard output, which is -.")
  var output: FilePath?

  @OptionGroup(title: "Pictures of pages") var read: ReadingOptions
  @OptionGroup var computing: ComputeOptions
  @OptionGroup var shown: OutputOptions

  func validate() throws { try VerdictOptions.refuse(fpr: fpr, fdr: fdr) }

  func run() throws {
    let records = try RecordOutput(to: output, as: format)
    var merge = try Merge(parts)
    let name = model ?? merge.facts.model
    let loaded: Model
    do { loaded = try ModelOptions.load(name) } catch {
      if model == nil { shown.note("the parts' model: --model says where it is") }
      throw error
    }
    if let rule = VerdictOptions.rule(fpr: fpr, fdr: fdr) { merge.rule = rule }
    shown.detail(loaded, name)
    merge.hashesContent = format == .html
    if format == .html {
      records.pictures = try ReportPictures(loaded, reading: read.reading, compute: computing.compute)
    }
    let summary = try merge.run(under: loaded, begin: { try records.begin($0) }, { try records.take($0) })
    var facts = ReportFacts.ofRun(loaded, name, rule: merge.rule, statistic: merge.facts.settings.statistic)
    facts.notes = summary.text.components(separatedBy: "\n")
    try records.finish(facts)
    shown.note(summary.text)
    shown.detail("of \(parts.count) parts")
  }
}
