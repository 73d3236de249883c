import Foundation

/// Whether a set of images as a whole is drawn from the population: a drift that no single image betrays.
public struct SetVerdict: Sendable {
  /// The images' scores against the references': small where their distributions differ anywhere.
  public let scores: TwoSample
  /// Mean bits/dim less the references' mean, in standard errors of the difference by the references' spread; nil without
  /// references' bits.
  public let bitsDeviation: Double?
  /// Two-sided p-value of the difference of means: by permutation for 200 images or fewer, by the normal distribution
  /// above.
  public let bitsPValue: Double?

  /// The smaller of the two p-values, doubled (Bonferroni); the scores' own where there are no bits.
  public var pValue: Double {
    bitsPValue.map { min(1, 2 * min(scores.pValue, $0)) } ?? scores.pValue
  }

  /// - Parameters:
  ///   - scores: of the set's images.
  ///   - bits: bits/dim of the set's images.
  ///   - calibration: its references.
  /// - Returns: nil for an empty set, or without references.
  public init?(scores: [Double], bits: [Double], statistic: StatisticName, calibration: Calibration) {
    self.init(
      scores: scores, bits: bits, references: calibration.references[statistic]?.sorted ?? [],
      known: calibration.referenceBits)
  }

  /// - Parameters:
  ///   - references: scores of the references.
  ///   - known: their bits/dim.
  package init?(scores: [Double], bits: [Double], references: [Double], known: [Double]) {
    guard !scores.isEmpty, !references.isEmpty else { return nil }
    self.scores = TwoSample(scores, references)
    guard !bits.isEmpty, known.count > 1 else {
      bitsDeviation = nil
      bitsPValue = nil
      return
    }
    let means = MeanDifference(bits, known)
    bitsDeviation = means.deviation
    bitsPValue = means.pValue
  }
}

/// Whether a sample's mean is that of references.
private struct MeanDifference {
  /// In standard errors by the references' spread: the sample may be too small to have one.
  let deviation: Double
  let pValue: Double

  init(_ sample: [Double], _ references: [Double]) {
    func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
      let mean = values.reduce(0, +) / Double(values.count)
      return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(values.count - 1, 1)))
    }
    let (own, known) = (moments(sample), moments(references))
    let difference = own.mean - known.mean
    let (n, m) = (Double(sample.count), Double(references.count))
    let error = (known.variance * (1 / n + 1 / m)).squareRoot()
    // Constant references: equal means say nothing, different ones everything.
    deviation = error > 0 ? difference / error : difference == 0 ? 0 : difference < 0 ? -.infinity : .infinity
    guard difference.isFinite else {
      pValue = 1 / Double(Permutation.draws + 1)
      return
    }
    let few = min(sample.count, references.count)
    guard few <= Permutation.fewest else {
      let error = (own.variance / n + known.variance / m).squareRoot()
      pValue = error > 0 ? erfc(abs(difference) / error / 2.0.squareRoot()) : difference == 0 ? 1 : 0
      return
    }
    // A sum's distance from its expectation orders draws as the difference of means does.
    let pooled = sample.count == few ? sample + references : references + sample
    let expected = pooled.reduce(0, +) / Double(pooled.count) * Double(few)
    let observed = abs(pooled[..<few].reduce(0, +) - expected)
    let largest = pooled.reduce(0) { max($0, abs($1)) }
    pValue = Permutation.pValue(
      drawing: few, of: pooled.count, observed: observed, rounding: 1e-12 * Double(few) * largest
    ) { places in
      abs(places.reduce(0) { $0 + pooled[Int($1)] } - expected)
    }
  }
}
