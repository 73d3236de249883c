import Diffusion
import Foundation

/// Reference scores of one statistic, ascending, from images of the population that fitted nothing.
public struct ReferenceScores: Sendable, Equatable {
  public let sorted: [Double]

  /// - Throws: `CalibrationError.notFinite`.
  public init(_ scores: [Double]) throws(CalibrationError) {
    guard scores.allSatisfy(\.isFinite) else { throw .notFinite }
    sorted = scores.sorted()
  }

  public var count: Int { sorted.count }

  /// Conformal p-value, (1 + references >= score) / (1 + references): valid at every sample size when the image is
  /// exchangeable with the references (Vovk et al. 2005). A score that is no number gets the smallest.
  public func pValue(_ score: Double) -> Double {
    guard !score.isNaN else { return 1 / Double(count + 1) }
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < score { low = middle + 1 } else { high = middle }
    }
    return Double(1 + count - low) / Double(count + 1)
  }
}

/// Fitted statistics with their reference scores, for one number of evaluations.
public struct Calibration: Sendable {
  /// Evaluations an image; scores of another number are not comparable.
  public let evaluations: Int
  public let typicality: TypicalityStatistic
  public let profile: ProfileStatistic
  public let references: [StatisticName: ReferenceScores]

  /// One image in so many fits the statistics; the others set the reference scores.
  static let fittingEvery = 4

  /// Whether the image at this place among those calibrated on fits the statistics.
  public static func fits(_ index: Int) -> Bool { index % fittingEvery == 0 }

  public init(
    evaluations: Int, typicality: TypicalityStatistic, profile: ProfileStatistic,
    references: [StatisticName: ReferenceScores]
  ) {
    self.evaluations = evaluations
    self.typicality = typicality
    self.profile = profile
    self.references = references
  }

  /// Fits on every fourth image and takes the others as references: no image is both, so p-values are exact.
  /// - Throws: `CalibrationError`.
  public init(evaluations: Int, estimates: [SurprisalEstimate]) throws(CalibrationError) {
    let fitting = estimates.indices.filter(Self.fits).map { estimates[$0] }
    let held = estimates.indices.filter { !Self.fits($0) }.map { estimates[$0] }
    guard fitting.count >= 3 else {
      throw .tooFewToFit(found: estimates.count, needed: 3 * Self.fittingEvery - 3)
    }
    let typicality = try TypicalityStatistic(fitting: fitting)
    let profile = try ProfileStatistic(fitting: fitting)
    self.evaluations = evaluations
    self.typicality = typicality
    self.profile = profile
    references = [
      .surprisal: try ReferenceScores(held.map(\.bitsPerDim)),
      .typicality: try ReferenceScores(held.map { typicality.score($0) }),
      .profile: try ReferenceScores(held.map { profile.score($0) }),
    ]
  }

  public func score(_ estimate: SurprisalEstimate, by statistic: StatisticName) -> Double {
    switch statistic {
    case .surprisal: estimate.bitsPerDim
    case .typicality: typicality.score(estimate)
    case .profile: profile.score(estimate)
    }
  }

  public func pValue(_ score: Double, by statistic: StatisticName) -> Double {
    references[statistic]?.pValue(score) ?? 1
  }

  /// Whether there are references enough for a rate: n >= 1/fpr - 1, below which no score could be flagged.
  /// - Throws: `CalibrationError.invalidRate`, `.tooFewReferences`.
  public func require(rate: Double, for statistic: StatisticName) throws(CalibrationError) {
    guard rate > 0, rate < 1 else { throw .invalidRate(rate) }
    let found = references[statistic]?.count ?? 0
    // The least n with 1/(n+1) <= rate; the slack forgives 1/0.01 being a hair above 100.
    let needed = Int((1 / rate - 1 - 1e-9).rounded(.up))
    guard found >= needed else { throw .tooFewReferences(found: found, needed: needed, rate: rate) }
  }
}

/// Where p-values become flags.
public enum FlaggingRule: Sendable, Equatable {
  /// Each member of the population is flagged with at most this probability.
  case falsePositiveRate(Double)
  /// Of the flagged images at most this share is expected to belong (Benjamini and Hochberg 1995).
  case falseDiscoveryRate(Double)

  /// The largest p-value flagged among these, below 0 when none is.
  public func threshold(for pValues: [Double]) -> Double {
    switch self {
    case .falsePositiveRate(let rate): return rate
    case .falseDiscoveryRate(let rate):
      let sorted = pValues.sorted()
      let count = Double(sorted.count)
      let last = sorted.indices.last { sorted[$0] <= rate * Double($0 + 1) / count }
      return last.map { sorted[$0] } ?? -1
    }
  }

  public var rate: Double {
    switch self {
    case .falsePositiveRate(let rate), .falseDiscoveryRate(let rate): rate
    }
  }
}
