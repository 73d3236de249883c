import Diffusion

extension StatisticName {
  /// Distance of bits per dimension from the population's mean, in its standard deviations: both ends are odd.
  public static let typicality = StatisticName(declaring: "typicality")
}

/// Two-sided bits per dimension.
package struct TypicalityStatistic: Statistic {
  package static let name = StatisticName.typicality

  package let mean: Double
  package let deviation: Double

  package init(mean: Double, deviation: Double) {
    self.mean = Double(Float(mean))
    self.deviation = Double(Float(deviation))
  }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    guard estimates.count >= 2 else { throw .tooFewToFit(found: estimates.count, needed: 2) }
    let n = Double(estimates.count)
    let mean = estimates.reduce(0) { $0 + $1.bitsPerDim } / n
    let square = estimates.reduce(0) { $0 + ($1.bitsPerDim - mean) * ($1.bitsPerDim - mean) }
    // Constant scores have no scale of their own: any difference then counts as it is.
    self.init(mean: mean, deviation: square > 0 ? (square / (n - 1)).squareRoot() : 1)
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    let values = try tensor("moments", 2)
    self.init(mean: values[0], deviation: values[1])
  }

  package var tensors: [String: [Double]] { ["moments": [mean, deviation]] }

  package func refusal(for form: EstimateForm) -> String? {
    deviation > 0 ? nil : "the statistic \(Self.name.rawValue) has a spread that is not above zero"
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    abs(estimate.bitsPerDim - mean) / deviation
  }
}
