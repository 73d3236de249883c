import Foundation

/// Whether a set of images as a whole is drawn from the population: a drift that no single image betrays.
public struct SetVerdict: Sendable {
  /// The images' scores against the references': small where their distributions differ anywhere.
  public let scores: TwoSample
  /// Mean bits/dim less the references' mean, in standard errors of the difference; nil with fewer than two images.
  public let bitsDeviation: Double?
  /// Two-sided p-value of `bitsDeviation`, by the normal distribution.
  public let bitsPValue: Double?

  /// The smaller of the two p-values, doubled (Bonferroni).
  public var pValue: Double { min(1, 2 * min(scores.pValue, bitsPValue ?? 1)) }

  /// - Parameters:
  ///   - scores: of the set's images.
  ///   - bits: bits/dim of the set's images.
  ///   - calibration: its references.
  /// - Returns: nil for an empty set, or without references.
  public init?(scores: [Double], bits: [Double], statistic: StatisticName, calibration: Calibration) {
    guard !scores.isEmpty, let references = calibration.references[statistic]?.sorted, !references.isEmpty
    else {
      return nil
    }
    self.scores = TwoSample(scores, references)
    guard bits.count > 1, let known = calibration.references[.surprisal]?.sorted, known.count > 1 else {
      bitsDeviation = nil
      bitsPValue = nil
      return
    }
    func moments(_ values: [Double]) -> (mean: Double, square: Double) {
      let n = Double(values.count)
      let mean = values.reduce(0, +) / n
      let squares = values.map { ($0 - mean) * ($0 - mean) }
      return (mean, squares.reduce(0, +) / (n - 1) / n)
    }
    let (set, reference) = (moments(bits), moments(known))
    let error = (set.square + reference.square).squareRoot()
    // Constant values on both sides: equal means say nothing, different ones everything.
    let deviation =
      error > 0 ? (set.mean - reference.mean) / error : set.mean == reference.mean ? 0 : .infinity
    bitsDeviation = deviation
    bitsPValue = erfc(abs(deviation) / 2.0.squareRoot())
  }
}
