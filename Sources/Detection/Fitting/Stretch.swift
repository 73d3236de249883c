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
}
