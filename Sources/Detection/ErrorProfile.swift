import Diffusion
import Foundation

/// The logarithms of the errors at every node over the population: what an image's profile is shown against.
package struct ErrorProfile: Sendable {
  /// Mean and standard deviation, `[nodes]`.
  package let mean: [Double]
  package let deviation: [Double]

  /// Log of one node's error; errors below a millionth of the noise are as good as none.
  static func logError(_ error: Double) -> Double { log(max(error, 1e-6)) }

  init(fitting estimates: [SurprisalEstimate]) {
    let (mean, deviation) = Correlation.moments(estimates.map { $0.errors.map(Self.logError) })
    self.mean = mean.map { Double(Float($0)) }
    self.deviation = deviation.map { Double(Float($0)) }
  }

  init(tensor: (String, Int?) throws -> [Double]) throws {
    mean = try tensor("mean", nil)
    deviation = try tensor("deviation", mean.count)
  }

  var tensors: [String: [Double]] { ["mean": mean, "deviation": deviation] }

  /// Why tensors from a file cannot be compared with a model's estimates, or nil when they can.
  func refusal(for form: EstimateForm) -> String? {
    let nodes = form.sigmas.count
    guard mean.count == nodes else { return "the profile has \(mean.count) levels, not \(nodes)" }
    return deviation.allSatisfy { $0 > 0 } ? nil : "the profile has a spread that is not above zero"
  }

  /// Log error at each node, in standard deviations from the population's mean.
  package func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    zip(estimate.errors, zip(mean, deviation)).map { (Self.logError($0) - $1.0) / $1.1 }
  }
}
