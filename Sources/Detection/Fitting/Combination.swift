import Foundation

/// Several p-values of one image as one, whatever their dependence: Cauchy's combination (Liu and Xie 2020).
///
/// Each p-value stands for a Cauchy number, tan(pi (1/2 - p)), whose weighted mean is nearly a Cauchy number again in its
/// upper tail even where the p-values depend on each other; one small p-value decides it, and many that are ordinary
/// dilute it by no more than their number.
package enum Combination {
  /// - Parameters:
  ///   - pValues: of one image, each in 0...1.
  ///   - weights: as many, not negative, of a sum above zero; nil for equal ones.
  /// - Returns: 1 where there are none.
  package static func pValue(_ pValues: [Double], weights: [Double]? = nil) -> Double {
    guard !pValues.isEmpty else { return 1 }
    let total = weights?.reduce(0, +) ?? Double(pValues.count)
    var sum = 0.0
    for (k, p) in pValues.enumerated() {
      sum += (weights?[k] ?? 1) / total * cauchy(p)
    }
    return above(sum)
  }

  /// tan(pi (1/2 - p)); for small p as 1 / (pi p), of which the tangent keeps no digits.
  private static func cauchy(_ p: Double) -> Double {
    let p = min(max(p, .leastNormalMagnitude), 1 - 1e-12)
    return p < 1e-8 ? 1 / (Double.pi * p) : tan(Double.pi * (0.5 - p))
  }

  private static func above(_ x: Double) -> Double {
    x > 1e7 ? min(max(1 / (Double.pi * x), .leastNormalMagnitude), 1) : 0.5 - atan(x) / Double.pi
  }
}
