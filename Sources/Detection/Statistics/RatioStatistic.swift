import Diffusion

extension StatisticName {
  /// Bits per dimension less those of the Gaussian fitted to the same images: a likelihood ratio.
  public static let ratio = StatisticName(declaring: "ratio")
}

/// Bits/dim less those of the Gaussian N(mu, S) of the control variate, fitted to the same training images: a
/// likelihood ratio against what second moments alone explain (after Ren et al. 2019, "Likelihood ratios for
/// out-of-distribution detection").
package struct RatioStatistic: FixedStatistic {
  package static let name = StatisticName.ratio

  package init() {}

  package func score(_ estimate: SurprisalEstimate) -> Double {
    estimate.bitsPerDim - (estimate.gaussianBitsPerDim ?? 0)
  }
}
