import Diffusion
import Foundation

/// Reference scores of one statistic, ascending, from images of the population that fitted nothing.
public struct ReferenceScores: Sendable, Equatable {
  public let sorted: [Double]
  /// What is beyond them; nil where they are too few or alike.
  public let tail: TailFit?

  /// - Throws: `CalibrationError.notFinite`.
  public init(_ scores: [Double]) throws(CalibrationError) {
    guard scores.allSatisfy(\.isFinite) else { throw .notFinite }
    sorted = scores.sorted()
    tail = TailFit(sorted)
  }

  /// The tail fit's probability for a score beyond all references, where their p-value says only "less than all".
  public func tailPValue(_ score: Double) -> Double? {
    guard let last = sorted.last, score > last else { return nil }
    return tail?.probability(above: score)
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
  /// Holds joint, bands and spatial.
  public let combined: CombinedStatistic
  public let local: LocalStatistic
  public let references: [StatisticName: ReferenceScores]

  /// One image in so many fits the statistics; the others set the reference scores.
  static let fittingEvery = 4

  /// Whether the image at this place among those calibrated on fits the statistics.
  public static func fits(_ index: Int) -> Bool { index % fittingEvery == 0 }

  public init(
    evaluations: Int, typicality: TypicalityStatistic, profile: ProfileStatistic,
    combined: CombinedStatistic, local: LocalStatistic, references: [StatisticName: ReferenceScores]
  ) {
    self.evaluations = evaluations
    self.typicality = typicality
    self.profile = profile
    self.combined = combined
    self.local = local
    self.references = references
  }

  /// Fits on every fourth image and takes the others as references: no image is both, so p-values are exact.
  /// - Throws: `CalibrationError`.
  public init(evaluations: Int, estimates: [SurprisalEstimate]) throws(CalibrationError) {
    let fitting = estimates.indices.filter(Self.fits).map { estimates[$0] }
    guard fitting.count >= 3 else {
      throw .tooFewToFit(found: estimates.count, needed: 3 * Self.fittingEvery - 3)
    }
    try self.init(
      evaluations: evaluations, fitting: fitting,
      references: estimates.indices.filter { !Self.fits($0) }.map { estimates[$0] })
  }

  /// Fits on some images and takes others as references. P-values are exact whatever images fit, as long as none is a
  /// reference too.
  /// - Throws: `CalibrationError`.
  public init(
    evaluations: Int, fitting: [SurprisalEstimate], references held: [SurprisalEstimate]
  ) throws(CalibrationError) {
    let fitted = Calibration(
      evaluations: evaluations, typicality: try TypicalityStatistic(fitting: fitting),
      profile: try ProfileStatistic(fitting: fitting), combined: try CombinedStatistic(fitting: fitting),
      local: try LocalStatistic(fitting: fitting), references: [:])
    var references: [StatisticName: ReferenceScores] = [:]
    for name in StatisticName.allCases {
      references[name] = try ReferenceScores(held.map { fitted.score($0, by: name) })
    }
    self.init(
      evaluations: evaluations, typicality: fitted.typicality, profile: fitted.profile,
      combined: fitted.combined, local: fitted.local, references: references)
  }

  /// Scores of the images that fit, each by statistics fitted on the half of them that it is not in: what fresh images
  /// would score, where the fitted statistics themselves flatter the images they know.
  public static func crossFitted(
    _ estimates: [SurprisalEstimate]
  ) throws(CalibrationError) -> [StatisticName: [Double]] {
    let fitting = estimates.indices.filter(fits).map { estimates[$0] }
    var scores: [StatisticName: [Double]] = [:]
    for name in StatisticName.allCases { scores[name] = [Double](repeating: 0, count: fitting.count) }
    for half in 0..<2 {
      let known = fitting.indices.filter { $0 % 2 == half }.map { fitting[$0] }
      let fitted = Calibration(
        evaluations: 0, typicality: try TypicalityStatistic(fitting: known),
        profile: try ProfileStatistic(fitting: known), combined: try CombinedStatistic(fitting: known),
        local: try LocalStatistic(fitting: known), references: [:])
      for index in fitting.indices where index % 2 != half {
        for name in StatisticName.allCases { scores[name]?[index] = fitted.score(fitting[index], by: name) }
      }
    }
    return scores
  }

  /// The statistic of a name, as fitted.
  public func statistic(_ name: StatisticName) -> any Statistic {
    switch name {
    case .combined: combined
    case .joint: combined.joint
    case .profile: profile
    case .bands: combined.bands
    case .spatial: combined.spatial
    case .local: local
    case .surprisal: SurprisalStatistic()
    case .typicality: typicality
    case .complexity: ComplexityStatistic()
    case .ratio: RatioStatistic()
    }
  }

  /// Rounded to what a file keeps of reference scores, so that equal images tie.
  public func score(_ estimate: SurprisalEstimate, by name: StatisticName) -> Double {
    Double(Float(statistic(name).score(estimate)))
  }

  public func pValue(_ score: Double, by statistic: StatisticName) -> Double {
    references[statistic]?.pValue(score) ?? 1
  }

  /// `ReferenceScores.tailPValue`; nil within the references' range.
  public func tailPValue(_ score: Double, by statistic: StatisticName) -> Double? {
    references[statistic]?.tailPValue(score)
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
