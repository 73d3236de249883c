import Foundation

/// How a law's upper side is drawn out or in against the normal one's.
enum Stretch {
  /// Shortest tails there are, and the longest; exact in single precision.
  static let least = -0.125
  static let most = 0.75
  /// u below which a short tail is a parabola, and straight from there on.
  private static let bend = 3.0

  /// z and dz / du. For g > 0, z = ln(1 + g u) / g (Tukey's g: Hoaglin 1985), straight below u = -1; for g < 0,
  /// u below 0 and u - g u^2 / 2 above.
  static func normal(_ u: Double, _ g: Double) -> (z: Double, slope: Double) {
    if g > 1e-6 {
      let drawn = 1 + g * max(u, -1)
      return (log(drawn) / g + min(u + 1, 0) / drawn, 1 / drawn)
    }
    if g > -1e-6 || u <= 0 { return (u, 1) }
    let inner = min(u, bend)
    let slope = 1 - g * inner
    return (inner - g * inner * inner / 2 + slope * (u - inner), slope)
  }
}

/// The standard normal law.
enum Normal {
  /// Probability above z.
  static func above(_ z: Double) -> Double { 0.5 * erfc(z / 2.0.squareRoot()) }
  /// Probability below z.
  static func below(_ z: Double) -> Double { above(-z) }

  /// Minus the natural logarithm of the probability above z.
  static func surprise(_ z: Double) -> Double {
    // Far out the probability is no number any more, and its asymptotic series is exact to 1 part in 10^4.
    z < 12 ? -log(above(z)) : z * z / 2 + log(z) + 0.5 * log(2 * Double.pi) + 1 / (z * z)
  }

  /// What a share lies below, by bisection.
  /// - Parameter share: above 0, below 1.
  static func quantile(_ share: Double) -> Double {
    var (low, high) = (-40.0, 40.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if below(middle) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
