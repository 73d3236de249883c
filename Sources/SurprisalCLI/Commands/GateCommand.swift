import ArgumentParser
import Foundation
import Surprisal

struct GateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate",
    abstract: "Decides for CI: exits 0 when the images pass, 2 when not, 3 when it cannot tell.",
    discussion: """
      The policy file is YAML, all keys optional: model, statistic, fpr or fdr, evaluations, max_outliers (N or P%),
      max_unreadable (N or P%, default 0), min_set_p_value (fails a set that as a whole has drifted), baseline (a file of
      outliers already accepted, as --write-baseline or sha256sum writes it). Options
      given on the command line win.
      """)

  @OptionGroup var images: PathOptions
  @OptionGroup var verdict: VerdictOptions
  @OptionGroup var computing: ComputeOptions
  @OptionGroup var caching: CacheOptions
  @OptionGroup var shown: OutputOptions

  @Option(help: "A model file, or the name of a shipped model.") var model: String?
  @Option(help: "Network evaluations an image, or auto.") var evaluations: EvaluationBudget?
  @Option(help: "Policy file (default .surprisal.yml where there is one).") var policy: String?
  @Option(help: "Outliers allowed beyond the baseline: N or P% of the images (default: the --fpr share).")
  var maxOutliers: String?
  @Option(help: "File of accepted outliers, as --write-baseline or sha256sum writes it.") var baseline:
    String?
  @Option(help: "Write this run's outliers as a baseline, and pass; to -, and records are not printed.")
  var writeBaseline: FilePath?
  @Option(help: "How records are written.") var format = ReportFormat.text

  /// The policy file, with what the command line has to say.
  private func rules() throws -> Policy {
    var rules = try Policy(path: policy)
    if let rule = verdict.rule { rules.rule = rule }
    if let statistic = verdict.statistic { rules.statistic = statistic }
    if let evaluations { rules.evaluations = evaluations }
    if let model { rules.model = model }
    if let maxOutliers { rules.maxOutliers = try Allowance(maxOutliers, of: "--max-outliers") }
    if let baseline { rules.baseline = baseline }
    return rules
  }

  func run() throws {
    let accepted = try writeBaseline.map { try Destination(option: $0) }
    let rules = try rules()
    let name = rules.model ?? ModelOptions.shipped
    let loaded = try ModelOptions.load(name)
    shown.detail(loaded, name)
    var gate = try Gate(rules)
    gate.reading = images.read.reading
    gate.cache = try caching.open(shown)
    var writer = RecordWriter(format, isColoured: isatty(1) != 0 && OutputOptions.allowsColour)
    let records = accepted?.isStandardOutput == true ? nil : try OutputFile(.standardOutput)
    let paths = images.expanded()
    let stop = Interruption(shown)
    let meter = ProgressMeter(shown, "scored", counting: paths, reading: images.read.reading)
    let outcome = try gate.run(
      paths, under: loaded, compute: computing.compute, shouldStop: { stop.isSet },
      progress: { meter.tell($0) },
      begin: {
        meter.end()
        try records?.write(writer.begin($0))
      }, { try records?.write(writer.line($0)) })
    if let summary = outcome.summary {
      try records?.write(writer.end)
      try records?.finish()
      shown.note(summary.text)
      if let accepted, summary.isComplete {
        try Baseline(entries: outcome.outliers).write(to: accepted)
        shown.note("baseline of \(outcome.outliers.count) outliers written to \(accepted.name)")
        return
      }
      if !outcome.stale.isEmpty {
        let some = outcome.stale.prefix(5).map { "\($0.path)" }.joined(separator: ", ")
        shown.note(
          "\(outcome.stale.count) accepted outliers are none of this run's: \(some)"
            + (outcome.stale.count > 5 ? " and others" : ""))
      }
    }
    switch outcome.decision {
    case .passed(let reason): shown.note("gate passed: \(reason)")
    case .failed(let reason):
      shown.note("gate failed: \(reason)")
      throw ExitCode(2)
    case .undecided(let reason):
      shown.warn("undecided: \(reason)")
      throw ExitCode(3)
    }
  }
}
