import Foundation

/// A range of noise standard deviations, on the scale where pixels span -1...1.
public struct NoiseLevelRange: Codable, Sendable, Hashable {
  /// sigma_0, where the decoder takes over.
  public let lower: Double
  /// sigma_T, where the prior takes over.
  public let upper: Double

  public init(lower: Double = 0.001, upper: Double = 80) {
    self.lower = lower
    self.upper = upper
  }
}

/// Nodes and weights of an integral over ln sigma.
public struct Quadrature: Codable, Sendable, Hashable {
  /// Noise standard deviations, ascending.
  public let sigmas: [Double]
  /// What each node's integrand counts for; together about ln(upper / lower).
  public let weights: [Double]

  public init(sigmas: [Double], weights: [Double]) {
    self.sigmas = sigmas
    self.weights = weights
  }

  /// Gauss-Legendre nodes in u = ln sigma: exact for polynomials in u of degree below `2 * count`.
  ///
  /// - Parameter count: at least 1.
  public static func gaussLegendre(_ count: Int, over range: NoiseLevelRange) -> Quadrature {
    let rule = legendreRule(count)
    let half = (log(range.upper) - log(range.lower)) / 2
    let middle = (log(range.upper) + log(range.lower)) / 2
    return Quadrature(
      sigmas: rule.nodes.map { exp(middle + half * $0) }, weights: rule.weights.map { half * $0 })
  }

  /// Nodes and weights on -1...1, ascending, by Newton's method on the Legendre polynomial
  /// (Davis and Rabinowitz 1984, section 2.7).
  static func legendreRule(_ count: Int) -> (nodes: [Double], weights: [Double]) {
    var nodes = [Double](repeating: 0, count: count)
    var weights = nodes
    for index in 0..<count {
      var x = -cos(Double.pi * (Double(index) + 0.75) / (Double(count) + 0.5))
      var slope = 1.0
      // Newton doubles the digits each round; from this start six rounds reach the last one.
      for _ in 0..<8 {
        var before = 1.0
        var value = x
        for degree in 1..<max(count, 1) {
          let next = (Double(2 * degree + 1) * x * value - Double(degree) * before) / Double(degree + 1)
          before = value
          value = next
        }
        slope = Double(count) * (x * value - before) / (x * x - 1)
        x -= value / slope
      }
      nodes[index] = x
      weights[index] = 2 / ((1 - x * x) * slope * slope)
    }
    return (nodes, weights)
  }
}

extension Quadrature {
  /// Gauss-Legendre on two panels of ln sigma, most nodes below the knee where the integrand has its mass.
  ///
  /// - Parameters:
  ///   - count: nodes in all; with fewer than 4 there is one panel.
  ///   - knee: a noise level some three times the population's standard deviation, above which the integrand falls
  ///     as 1/sigma^2 and few nodes are enough.
  public static func twoPanels(_ count: Int, over range: NoiseLevelRange, knee: Double) -> Quadrature {
    guard count >= 4, range.lower < knee, knee < range.upper else { return gaussLegendre(count, over: range) }
    let above = max(1, count / 4)
    let low = gaussLegendre(count - above, over: NoiseLevelRange(lower: range.lower, upper: knee))
    let high = gaussLegendre(above, over: NoiseLevelRange(lower: knee, upper: range.upper))
    return Quadrature(sigmas: low.sigmas + high.sigmas, weights: low.weights + high.weights)
  }
}
