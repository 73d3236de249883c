/// Quantiles of ascending values, between neighbours by proportion.
enum Quantile {
  /// Distance of the quartiles of a standard normal law.
  static let normalQuartiles = 1.3489795003921634

  static func of(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = Int(place)
    guard low + 1 < sorted.count else { return sorted[low] }
    return sorted[low] + (place - Double(low)) * (sorted[low + 1] - sorted[low])
  }
}
