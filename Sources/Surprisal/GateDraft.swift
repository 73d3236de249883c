import Cache
import Detection
import Files
import Foundation

/// A gate's policy from a first scan of images: what `gate --init` writes.
///
/// Where no model is given, the images judge one another, and a model is fitted to those that are not flagged. What the
/// model then flags among them is the baseline, so that the gate passes today and sees what is new tomorrow.
public struct GateDraft: Sendable {
  /// What the policy is to say of statistic, evaluations and allowances.
  public var policy = Policy()
  /// Nil for the smallest customary rate that the model's references support.
  public var rule: FlaggingRule?
  public var reading = ImageReading()
  /// Where results are kept from run to run (`Scan.cache`).
  public var cache: ResultCache?

  public init() {}

  /// Rates that are tried in turn.
  static let rates = [0.01, 0.02, 0.05, 0.1, 0.2]

  public struct Outcome: Sendable {
    /// All that was asked for or found, but for the names of files.
    public internal(set) var policy: Policy
    /// The model that was fitted, and how many images to; nil where one was given.
    public let fitted: (model: Model, images: Int)?
    /// What the policy's model flags among these images.
    public let baseline: Baseline
    public let summary: Scan.Summary

    /// Images of the first scan.
    public var images: Int { summary.scored + summary.unreadable }
  }

  /// - Parameters:
  ///   - model: nil for one fitted to these images.
  ///   - network: what a model is fitted with where none is given.
  ///   - progress: told what is done and how many images so far.
  /// - Throws: `CalibrationError` with too few images to judge one another, or references that support no rate,
  ///   `SurprisalError`, `EngineError`.
  public func run(
    _ paths: [FilePath], under model: Model?, fitting network: () throws -> Model,
    compute: Compute = Compute(), progress: (String, Int) -> Void = { _, _ in }
  ) throws -> Outcome {
    var fitted: (model: Model, images: Int)?
    if model == nil {
      var scan = FolderScan()
      scan.reading = reading
      scan.cache = cache
      let outcome = try scan.run(
        paths, by: network(), compute: compute, progress: { progress("looked at", $0.done) }, { _ in })
      fitted = (
        try outcome.fitted(
          budget: policy.evaluations ?? .look, compute: compute,
          progress: { done, _ in progress("fitted to", done) }),
        outcome.ordinaryCount
      )
    }
    // One of the two is there.
    guard let used = model ?? fitted?.model else { throw SurprisalError.notCalibrated(evaluations: nil) }
    var policy = policy
    policy.rule = try rule ?? Self.rule(used, policy, compute)
    var gate = try Gate(policy, baseline: Baseline())
    (gate.reading, gate.cache) = (reading, cache)
    let found = try gate.run(paths, under: used, compute: compute) { _ in }
    guard let summary = found.summary, summary.scored > 0 else {
      if case .references(let error) = found.decision.reason { throw error }
      throw SurprisalError.noImages(
        given: paths.map { "\($0)" }.joined(separator: ", "), skipped: found.summary?.skipped ?? 0)
    }
    if summary.unreadable > 0, policy.maxUnreadable == Allowance(count: 0) {
      policy.maxUnreadable = Allowance(count: summary.unreadable)
    }
    return Outcome(
      policy: policy, fitted: fitted, baseline: Baseline(entries: found.outliers), summary: summary)
  }

  /// - Throws: `CalibrationError` where the references support none of the customary rates.
  private static func rule(_ model: Model, _ policy: Policy, _ compute: Compute) throws -> FlaggingRule {
    for rate in rates {
      do {
        _ = try Judge(
          model, budget: policy.evaluations, statistic: policy.statistic, rate: rate, compute: compute)
        return .falsePositiveRate(rate)
      } catch CalibrationError.tooFewReferences where rate != rates.last {}
    }
    return .standard
  }

  /// The least number of outliers that a set of so many ordinary images stays within in 99 of 100 cases.
  static func allowance(of images: Int, rate: Double) -> Int {
    // The binomial distribution's terms, one from the other.
    let ratio = rate / (1 - rate)
    var term = pow(1 - rate, Double(images))
    var sum = term
    var count = 0
    while sum < 0.99, count < images {
      term *= ratio * Double(images - count) / Double(count + 1)
      count += 1
      sum += term
    }
    return count
  }
}
