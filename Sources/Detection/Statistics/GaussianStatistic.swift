import Diffusion

extension StatisticName {
  /// Bits per dimension under a Gaussian of the training images' mean and covariance: what pixels alone say.
  public static let gaussian = StatisticName(declaring: "gaussian")
}

/// Bits per dimension under the Gaussian that the control variate is fitted with (`ControlVariate`): no network takes part.
/// A control that every other statistic has to beat.
package struct GaussianStatistic: FixedStatistic {
  package static let name = StatisticName.gaussian

  package init() {}

  package func score(_ estimate: SurprisalEstimate) -> Double { estimate.gaussianBitsPerDim ?? 0 }
}
