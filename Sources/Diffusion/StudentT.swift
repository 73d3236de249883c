import Foundation

/// Student's t distribution: intervals from few replicates.
package enum StudentT {
  /// The two-sided quantile: |t| stays below it with probability `level`.
  ///
  /// - Parameters:
  ///   - level: in 0..<1.
  ///   - freedom: degrees of freedom above 0, not necessarily whole.
  package static func quantile(_ level: Double, freedom: Double) -> Double {
    var low = 0.0
    var high = 1.0
    while inside(high, freedom: freedom) < level, high < 1e12 { high *= 2 }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if inside(middle, freedom: freedom) < level { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// P(|t| <= x) = 1 - I(freedom / (freedom + x^2); freedom/2, 1/2) (Abramowitz and Stegun 26.5.27).
  static func inside(_ x: Double, freedom: Double) -> Double {
    1 - incompleteBeta(freedom / (freedom + x * x), freedom / 2, 0.5)
  }

  /// The regularised incomplete beta function by Lentz's continued fraction (A&S 26.5.8), on the side where it
  /// converges fast.
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    return x <= (a + 1) / (a + b + 2) ? series(x, a, b) : 1 - series(1 - x, b, a)
  }

  private static func series(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    var c = 1.0
    var d = 1 / (1 - (a + b) * x / (a + 1))
    var fraction = d
    for m in 1..<400 {
      let k = Double(m)
      let even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
      d = 1 / (1 + even * d)
      c = 1 + even / c
      fraction *= c * d
      let odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
      d = 1 / (1 + odd * d)
      c = 1 + odd / c
      fraction *= c * d
      if abs(c * d - 1) < 1e-15 { break }
    }
    return front * fraction
  }
}

extension SurprisalEstimate {
  /// Half the width of the interval that holds the long-run mean with probability `level`; nil with one replicate.
  public func halfWidth(level: Double = 0.95) -> Double? {
    guard let standardError, let degreesOfFreedom else { return nil }
    return standardError * StudentT.quantile(level, freedom: degreesOfFreedom)
  }
}
