import Diffusion

extension StatisticName {
  /// Bits per dimension less those of a lossless code: what the population's model spends beyond a general one.
  public static let complexity = StatisticName(declaring: "complexity")
}

/// Bits/dim less those of a lossless general-purpose code of the pixels, after Serra et al. 2020 ("Input complexity
/// and out-of-distribution detection with likelihood-based generative models", equation 3): simple images, which any
/// model gives few bits, lose their advantage.
package struct ComplexityStatistic: FixedStatistic {
  package static let name = StatisticName.complexity
  package static let observations = [Observation.compressedLength]

  package init() {}

  package func score(_ estimate: SurprisalEstimate) -> Double {
    estimate.bitsPerDim - (estimate.compressedBitsPerDim ?? 0)
  }
}
