import ArgumentParser
import Detection
import Foundation
import Reports
import Surprisal
import Tensors

struct GateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate",
    abstract: "Decides for CI: exits 0 when the images pass, 2 when not, 3 when it cannot tell.",
    discussion: """
      The policy file is YAML, all keys optional: model, statistic, fpr or fdr, evaluations, max_outliers (N or P%),
      max_unreadable (N or P%, default 0), min_set_p_value (fails a set that as a whole has drifted), baseline (a file of
      outliers already accepted, one path a line). Options
      given on the command line win.
      """)

  @OptionGroup var images: PathOptions
  @OptionGroup var verdict: VerdictOptions
  @OptionGroup var shown: OutputOptions

  @Option(help: "A model file, or the name of a shipped model.") var model: String?
  @Option(help: "Network evaluations an image, or auto.") var evaluations: EvaluationBudget?
  @Option(help: "Policy file (default .surprisal.yml where there is one).") var policy: String?
  @Option(help: "Outliers allowed beyond the baseline: N or P% of the images (default: the --fpr share).")
  var maxOutliers: String?
  @Option(help: "File of accepted outliers, one path a line.") var baseline: String?
  @Option(help: "Write this run's outliers as a baseline, and pass.") var writeBaseline: String?
  @Option(help: "How records are written.") var format = ReportFormat.text

  func run() throws {
    let rules = try Policy(path: policy)
    let rule: FlaggingRule =
      if verdict.fpr == nil, verdict.fdr == nil { rules.rule } else { verdict.rule }
    let loaded = try ModelOptions.load(model ?? rules.model ?? ModelOptions.shipped)
    var scan = Scan()
    scan.rule = rule
    scan.reading = images.read.reading
    let most = try maxOutliers.map { try Allowance($0, of: "--max-outliers") } ?? rules.maxOutliers
    let accepted = try Self.lines(baseline ?? rules.baseline)
    var writer = RecordWriter(format, isColoured: isatty(1) != 0 && OutputOptions.allowsColour)
    var flagged: [Record] = []
    let summary: Scan.Summary
    do {
      let judge = try Judge(
        loaded, budget: evaluations ?? rules.evaluations,
        statistic: verdict.statistic ?? rules.statistic ?? .combined,
        rate: rule.rate, engine: try Engine())
      summary = try scan.run(
        images.expanded(), by: judge, begin: { print(writer.begin($0), terminator: "") },
        { record in
          if record.outlier == true || record.error != nil {
            print(writer.line(record), terminator: "")
            flagged.append(record)
          }
        })
      print(writer.end, terminator: "")
    } catch let error as CalibrationError {
      shown.warn("undecided: \(error)")
      throw ExitCode(3)
    }
    shown.note(summary.text)
    let outliers = flagged.filter { $0.outlier == true }.map(\.path)
    if let writeBaseline {
      try Data((outliers.sorted() + [""]).joined(separator: "\n").utf8).write(
        to: URL(fileURLWithPath: writeBaseline), options: .atomic)
      shown.note("baseline of \(outliers.count) outliers written to \(writeBaseline)")
      return
    }
    let total = summary.scored + summary.unreadable
    guard total > 0 else {
      shown.warn("undecided: no images found")
      throw ExitCode(3)
    }
    guard rules.maxUnreadable.holds(summary.unreadable, of: total) else {
      shown.warn(
        "undecided: \(summary.unreadable) of \(total) images are unreadable, more than \(rules.maxUnreadable)"
      )
      throw ExitCode(3)
    }
    if let least = rules.minSetPValue {
      guard let set = summary.set else {
        shown.warn("undecided: min_set_p_value needs a fixed number of evaluations")
        throw ExitCode(3)
      }
      guard set.pValue >= least else {
        shown.note(
          String(format: "gate failed: the set as a whole has p-value %.2g, less than %g", set.pValue, least))
        throw ExitCode(2)
      }
    }
    let new = outliers.count { !accepted.contains($0) }
    let allowed = most ?? Allowance(share: rule.rate)
    guard allowed.holds(new, of: total) else {
      shown.note("gate failed: \(new) new outliers of \(total) images, more than \(allowed)")
      throw ExitCode(2)
    }
    shown.note("gate passed: \(new) new outliers of \(total) images, at most \(allowed) allowed")
  }

  private static func lines(_ path: String?) throws -> Set<String> {
    guard let path else { return [] }
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw UsageError("\(path): cannot read the baseline")
    }
    return Set(text.split(separator: "\n").map(String.init))
  }
}
