import Foundation

/// Whether two samples of scores come from one distribution: Kolmogorov and Smirnov's test.
public struct TwoSample: Sendable {
  /// Largest distance of the two empirical distribution functions.
  public let distance: Double
  /// Asymptotic p-value with Stephens' correction (1970); good from some ten values a side.
  public let pValue: Double

  /// - Parameters: two samples, neither empty.
  public init(_ a: [Double], _ b: [Double]) {
    let (x, y) = (a.sorted(), b.sorted())
    var (i, j) = (0, 0)
    var most = 0.0
    while i < x.count, j < y.count {
      let value = min(x[i], y[j])
      while i < x.count, x[i] <= value { i += 1 }
      while j < y.count, y[j] <= value { j += 1 }
      most = max(most, abs(Double(i) / Double(x.count) - Double(j) / Double(y.count)))
    }
    distance = most
    let n = (Double(x.count) * Double(y.count) / Double(x.count + y.count)).squareRoot()
    let lambda = (n + 0.12 + 0.11 / n) * most
    var sum = 0.0
    for k in 1...100 {
      let term = exp(-2 * Double(k * k) * lambda * lambda)
      sum += k % 2 == 1 ? term : -term
      if term < 1e-12 { break }
    }
    // The series loses its digits where the distance is next to nothing.
    pValue = lambda < 0.2 ? 1 : min(max(2 * sum, 0), 1)
  }
}
