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
          + (allowed.holds(new, of: total) ? "at most \(allowed) allowed" : "more than \(allowed)")
      case .unlikelySet(let pValue, let least):
        String(format: "the set as a whole has p-value %.2g, less than %g", pValue, least)
      case .unreadable(let count, let total, let allowed):
        "\(count) of \(total) images are unreadable, more than \(allowed)"
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
    /// Accepted outliers that were none of this run's: gone, changed, or outliers no more.
    public let stale: [Baseline.Entry]
  }

  /// Scans and decides.
  ///
  /// - Parameters:
  ///   - shouldStop: when true, no more images are taken, and the gate cannot decide.
  ///   - progress: told how far it is.
  ///   - begin: told the counts before the first record.
  ///   - body: takes the records of outliers and unreadable images.
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
    var outliers: [Baseline.Entry] = []
    let summary: Scan.Summary
    do {
      let judge = try Judge(
        model, budget: policy.evaluations, statistic: policy.statistic, rate: policy.rule.rate,
        compute: compute)
      summary = try scan.run(
        paths, by: judge, shouldStop: shouldStop, progress: progress, begin: begin
      ) { record in
        guard record.outlier == true || record.error != nil else { return }
        if record.outlier == true {
          outliers.append(Baseline.Entry(content: record.content ?? "", path: record.file))
        }
        try body(record)
      }
    } catch let error as CalibrationError {
      return Outcome(decision: .undecided(.references(error)), summary: nil, outliers: [], stale: [])
    }
    let met = Set(outliers.map(\.content))
    return Outcome(
      decision: decide(summary, outliers), summary: summary, outliers: outliers,
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
