import ArgumentParser
import Foundation
import Surprisal

struct GateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate",
    abstract: "Decides for CI: exits 0 when the images pass, 2 when not, 3 when it cannot tell.",
    discussion: """
      --init writes a policy with comments from a first scan: the model (given, or one fitted to the images that are not
      flagged), the rate, the allowances, and a baseline of what was flagged.

      The policy file is YAML, all keys optional: model, statistic, fpr or fdr, evaluations, max_outliers (N or P%),
      max_unreadable (N or P%, default 0), min_set_p_value (fails a set that as a whole has drifted), baseline (a file of
      outliers already accepted, as --write-baseline or sha256sum writes it). Options
      given on the command line win.
      """)

  @OptionGroup var images: PathOptions
  @OptionGroup var verdict: VerdictOptions
  @OptionGroup var computing: ComputeOptions
  @OptionGroup var eyes: EncoderOption
  @OptionGroup var caching: CacheOptions
  @OptionGroup var shown: OutputOptions

  @Option(help: "A model file, or the name of a shipped model.", completion: .file()) var model: String?
  @Option(help: "Network evaluations an image, or auto.") var evaluations: EvaluationBudget?
  @Option(help: "Policy file (default .surprisal.yml where there is one).", completion: .file()) var policy:
    String?
  @Option(help: "Outliers allowed beyond the baseline: N or P% of the images (default: the --fpr share).")
  var maxOutliers: String?
  @Option(
    help: "File of accepted outliers, as --write-baseline or sha256sum writes it.", completion: .file())
  var baseline: String?
  @Option(help: "Write this run's outliers as a baseline, and pass; to -, and records are not printed.")
  var writeBaseline: FilePath?
  @Option(help: "How records are written.") var format = ReportFormat.text
  @Option(
    name: .customLong("report"),
    help:
      "Also write a report to this file, in the format of its name: .sarif, .xml (JUnit), .md, .html, .csv, .jsonl or .txt. May be given again."
  )
  var reports: [FilePath] = []

  @Flag(
    name: .customLong("init"), help: "Write a policy from a first scan of these images, and what it needs.")
  var drafts = false
  @Flag(help: "--init: write over the files that are there.") var force = false

  func validate() throws {
    if force, !drafts { throw ValidationError("--force is for --init") }
    if drafts, baseline != nil || writeBaseline != nil || !reports.isEmpty {
      throw ValidationError("--init writes a baseline of its own, and no report")
    }
    if let unknown = reports.first(where: { ReportFormat(named: $0) == nil }) {
      throw ValidationError(
        "--report \(unknown): its name must end in \(ReportFormat.endings.map(\.0).joined(separator: ", "))")
    }
  }

  /// What the command line has to say, over a policy.
  func rules(over policy: Policy) throws -> Policy {
    var rules = policy
    if let rule = verdict.rule { rules.rule = rule }
    if let statistic = verdict.statistic { rules.statistic = statistic }
    if let evaluations { rules.evaluations = evaluations }
    if let model { rules.model = model }
    if let maxOutliers { rules.maxOutliers = try Allowance(maxOutliers, of: "--max-outliers") }
    if let baseline { rules.baseline = baseline }
    return rules
  }

  func run() throws {
    if drafts { return try writePolicy() }
    let accepted = try writeBaseline.map { try Destination(option: $0) }
    let written = try GateReports(accepted?.isStandardOutput == true ? nil : format, reports)
    let rules = try rules(over: Policy(path: policy))
    var gate = try Gate(rules)
    gate.reading = images.read.reading
    guard let name = rules.model else {
      throw ValidationError(
        "gate needs to know what belongs: write a policy by surprisal gate --init \(images.quoted), or give --model"
      )
    }
    let loaded = try ModelOptions.load(name)
    shown.detail(loaded, name)
    gate.cache = try caching.open(shown)
    if written.hasPages {
      written.show(
        try ReportPictures(loaded, reading: gate.reading, compute: eyes.finding(computing.compute)))
    }
    var facts = facts(loaded, name, rules)
    let paths = try images.expanded()
    let stop = Interruption(shown)
    let meter = ProgressMeter(shown, "scored", counting: paths, reading: gate.reading)
    let outcome = try gate.run(
      paths, under: loaded, compute: eyes.finding(computing.compute), shouldStop: { stop.isSet },
      progress: { meter.tell($0) },
      begin: {
        meter.end()
        facts.steps = steps(rules, $0, loaded)
        try written.begin($0, facts)
      }, { try written.take($0) })
    // The counts are the reports' own.
    facts.notes = outcome.summary.map { Array($0.text.components(separatedBy: "\n").dropFirst()) } ?? []
    try written.finish(facts)
    try finish(outcome, accepted, rules, loaded)
  }

  /// What a page says of the run.
  private func facts(_ model: Model, _ name: String, _ rules: Policy) -> ReportFacts {
    .ofRun(
      model, name, rule: rules.rule,
      statistic: (rules.statistic ?? model.standardStatistic(under: rules.evaluations)).rawValue)
  }

  /// What is left to say, and the exit code.
  private func finish(_ outcome: Gate.Outcome, _ accepted: Destination?, _ rules: Policy, _ judge: Model)
    throws
  {
    if let summary = outcome.summary {
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
    // Text has said it.
    if format != .text || accepted != nil, let decision = outcome.totals.decision {
      if decision.outcome == .undecided { shown.warn("\(decision)") } else { shown.note("\(decision)") }
      shown.next(steps(rules, outcome.totals, judge).map { ($0.command, $0.purpose) })
    }
    switch outcome.decision {
    case .passed: return
    case .failed: throw ExitCode(2)
    case .undecided: throw ExitCode(3)
    }
  }

  /// What may be done about a decision.
  private func steps(_ rules: Policy, _ totals: ReportTotals, _ judge: Model) -> [ReportFacts.Step] {
    guard let decision = totals.decision, decision.outcome != .passed, let model = rules.model else {
      return []
    }
    let options = options
    var steps: [ReportFacts.Step] = []
    func add(_ command: String, _ purpose: String) { steps.append(ReportFacts.Step(command, purpose)) }
    if totals.outliers > totals.accepted {
      add(
        "surprisal scan \(images.quoted) --model \(FilePath(model).quoted)\(judging(rules)) --format html --output outliers.html",
        "look at them")
      let file = FilePath(rules.baseline ?? "surprisal-baseline.txt").quoted
      add(
        "surprisal gate \(images.quoted)\(options) --write-baseline \(file)"
          + (rules.baseline == nil ? " # then baseline: \(file) in the policy, or --baseline \(file)" : ""),
        "accept them, all that this run flags")
    }
    if totals.unreadable > 0 {
      add("surprisal gate \(images.quoted)\(options) --lenient", "take what damaged files give")
    }
    if totals.scored + totals.unreadable == 0, decision.outcome == .undecided {
      add(judge.fittingMore, "a model with more references, where there are too few")
    }
    return steps
  }

  /// A scan's options to judge as the gate does.
  private func judging(_ rules: Policy) -> String {
    let rate =
      switch rules.rule {
      case .standard: ""
      case .falsePositiveRate(let rate): " --fpr \(String(format: "%g", rate))"
      case .falseDiscoveryRate(let rate): " --fdr \(String(format: "%g", rate))"
      }
    return (rules.evaluations.map { " --evaluations \($0)" } ?? "")
      + (rules.statistic.map { " --statistic \($0.rawValue)" } ?? "") + rate
  }

  /// The options that the decision came from, as they were given.
  private var options: String {
    let given: [(String, String?)] = [
      ("--policy", policy), ("--model", model), ("--evaluations", evaluations?.description),
      ("--statistic", verdict.statistic?.rawValue), ("--fpr", verdict.fpr.map { String(format: "%g", $0) }),
      ("--fdr", verdict.fdr.map { String(format: "%g", $0) }),
    ]
    return given.map { name, value in value.map { " \(name) \(FilePath($0).quoted)" } ?? "" }.joined()
  }
}
