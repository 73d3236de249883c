import Cache
import Detection
import Files
import Foundation
import Reports

/// Decides whether images may pass: a policy, what was accepted before, and the reasons.
public struct Gate: Sendable {
  public var policy: Policy
  /// Outliers that do not count.
  public var baseline: Baseline
  public var reading = ImageReading()
  /// Where results are kept from run to run (`Scan.cache`).
  public var cache: ResultCache?

  /// - Parameter baseline: nil for the policy's own.
  /// - Throws: `SurprisalError.cannotRead` where the policy names a baseline that is not there.
  public init(_ policy: Policy, baseline: Baseline? = nil) throws(SurprisalError) {
    self.policy = policy
    self.baseline =
      if let baseline { baseline } else if let path = policy.baseline { try Baseline(path: path) } else {
        Baseline()
      }
  }

  public enum Decision: Sendable, Equatable {
    case passed(Reason)
    case failed(Reason)
    /// What was found cannot decide.
    case undecided(Reason)

    public var reason: Reason {
      switch self {
      case .passed(let reason), .failed(let reason), .undecided(let reason): reason
      }
    }

    /// As reports state it.
    public var reported: ReportDecision {
      switch self {
      case .passed(let reason): ReportDecision(.passed, reason: "\(reason)")
      case .failed(let reason): ReportDecision(.failed, reason: "\(reason)")
      case .undecided(let reason): ReportDecision(.undecided, reason: "\(reason)")
      }
    }
  }

  public enum Reason: Sendable, Equatable, CustomStringConvertible {
    /// Outliers beyond the baseline, beside how many are allowed.
    case newOutliers(Int, of: Int, allowed: Allowance)
    /// The set as a whole is less likely than the policy wants.
    case unlikelySet(pValue: Double, least: Double)
    case unreadable(Int, of: Int, allowed: Allowance)
    case noImages
    /// Images that were taken before it was to stop.
    case interrupted(after: Int)
    /// There is no p-value of the whole set where images are judged by different stages.
    case noSetPValue
    case references(CalibrationError)

    public var description: String {
      switch self {
      case .newOutliers(let new, let total, let allowed):
        "\(new) new outliers of \(total) images, "
          + (allowed.holds(new, of: total)
            ? "at most \(allowed.description(of: total)) allowed"
            : "more than \(allowed.description(of: total))")
      case .unlikelySet(let pValue, let least):
        String(format: "the set as a whole has p-value %.2g, less than %g", pValue, least)
      case .unreadable(let count, let total, let allowed):
        "\(count) of \(total) images are unreadable, more than \(allowed.description(of: total))"
      case .noImages: "no images found"
      case .interrupted(let count): "interrupted after \(count) images"
      case .noSetPValue: "min_set_p_value needs a fixed number of evaluations"
      case .references(let error): "\(error)"
      }
    }
  }

  public struct Outcome: Sendable {
    public let decision: Decision
    /// Nil where no image was judged.
    public let summary: Scan.Summary?
    /// All outliers, accepted ones among them.
    public let outliers: [Baseline.Entry]
    /// Counts and decision, as reports state them.
    public let totals: ReportTotals
    /// Accepted outliers that were none of this run's: gone, changed, or outliers no more.
    public let stale: [Baseline.Entry]
  }

  /// Scans and decides.
  ///
  /// - Parameters:
  ///   - shouldStop: when true, no more images are taken, and the gate cannot decide.
  ///   - progress: told how far it is.
  ///   - begin: told the counts and the decision before the first record.
  ///   - body: takes the records of outliers and unreadable images, which wait in memory for the decision.
  /// - Throws: `SurprisalError`, `EngineError`, and what `begin` and `body` throw.
  public func run(
    _ paths: [FilePath], under model: Model, compute: Compute = Compute(),
    shouldStop: () -> Bool = { false }, progress: (ScanProgress) -> Void = { _ in },
    begin: (ReportTotals) throws -> Void = { _ in }, _ body: (Record) throws -> Void
  ) throws -> Outcome {
    var scan = Scan()
    scan.cache = cache
    scan.rule = policy.rule
    scan.reading = reading
    scan.hashesContent = true
    var records: [Record] = []
    let summary: Scan.Summary
    do {
      let judge = try Judge(
        model, budget: policy.evaluations, statistic: policy.statistic, rate: policy.rule.rate,
        compute: compute)
      summary = try scan.run(paths, by: judge, shouldStop: shouldStop, progress: progress) { record in
        guard record.outlier == true || record.error != nil else { return }
        var record = record
        if record.outlier == true { record.accepted = baseline.accepts(content: record.content ?? "") }
        records.append(record)
      }
    } catch let error as CalibrationError {
      let decision = Decision.undecided(.references(error))
      let totals = ReportTotals(scored: 0, outliers: 0, unreadable: 0, decision: decision.reported)
      try begin(totals)
      return Outcome(decision: decision, summary: nil, outliers: [], totals: totals, stale: [])
    }
    let outliers = records.filter { $0.outlier == true }
      .map { Baseline.Entry(content: $0.content ?? "", path: $0.file) }
    let met = Set(outliers.map(\.content))
    let decision = decide(summary, outliers)
    let totals = ReportTotals(
      scored: summary.scored, outliers: summary.outliers, unreadable: summary.unreadable,
      accepted: records.count { $0.accepted == true }, decision: decision.reported,
      isComplete: summary.isComplete)
    try begin(totals)
    for record in records { try body(record) }
    return Outcome(
      decision: decision, summary: summary, outliers: outliers, totals: totals,
      stale: baseline.entries.filter { !met.contains($0.content) })
  }

  func decide(_ summary: Scan.Summary, _ outliers: [Baseline.Entry]) -> Decision {
    let total = summary.scored + summary.unreadable
    guard summary.isComplete else { return .undecided(.interrupted(after: total)) }
    guard total > 0 else { return .undecided(.noImages) }
    guard policy.maxUnreadable.holds(summary.unreadable, of: total) else {
      return .undecided(.unreadable(summary.unreadable, of: total, allowed: policy.maxUnreadable))
    }
    if let least = policy.minSetPValue {
      guard let set = summary.set else { return .undecided(.noSetPValue) }
      guard set.pValue >= least else { return .failed(.unlikelySet(pValue: set.pValue, least: least)) }
    }
    let new = outliers.count { !baseline.accepts(content: $0.content) }
    let allowed = policy.maxOutliers ?? Allowance(share: policy.rule.rate)
    let reason = Reason.newOutliers(new, of: total, allowed: allowed)
    return allowed.holds(new, of: total) ? .passed(reason) : .failed(reason)
  }
}
