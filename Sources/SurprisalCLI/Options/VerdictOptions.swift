import ArgumentParser
import Surprisal

/// How images become verdicts; shared by scan and gate.
struct VerdictOptions: ParsableArguments {
  @Option(
    help: "False positive rate: the share of the population flagged (default \(FlaggingRule.standard.rate)).")
  var fpr: Double?

  @Option(help: "False discovery rate: the share of the flagged that belong after all, instead of --fpr.")
  var fdr: Double?

  @Option(
    help:
      "\(StatisticName.allCases.map(\.rawValue).joined(separator: ", ")) (default \(StatisticName.standard(evaluations: 16).rawValue), of one look \(StatisticName.standard(evaluations: 0).rawValue))."
  )
  var statistic: StatisticName?

  func validate() throws { try Self.refuse(fpr: fpr, fdr: fdr) }

  /// - Throws: `ValidationError` for rates that are none, or exclude each other.
  static func refuse(fpr: Double?, fdr: Double?) throws {
    if fpr != nil, fdr != nil { throw ValidationError("--fpr and --fdr exclude each other") }
    for rate in [fpr, fdr].compactMap({ $0 }) where !(rate > 0 && rate < 1) {
      throw ValidationError("a rate must lie between 0 and 1, not \(rate)")
    }
  }

  /// Nil where neither rate is given.
  var rule: FlaggingRule? { Self.rule(fpr: fpr, fdr: fdr) }

  static func rule(fpr: Double?, fdr: Double?) -> FlaggingRule? {
    fdr.map { .falseDiscoveryRate($0) } ?? fpr.map { .falsePositiveRate($0) }
  }
}
