import Foundation

extension ShrunkGaussian {
  /// Minus the binary logarithm of the density at the mean.
  package var leastBits: Double {
    let width = mean.count
    var logs = Double(width) / 2 * log(2 * .pi)
    var place = 0
    for column in 0..<width {
      logs += log(Double(deviation[column])) + log(Double(factor[place]))
      place += width - column
    }
    return logs / log(2)
  }

  /// Minus the binary logarithm of the density at a row: how many bits more it says than a row of density one.
  /// - Parameter least: `leastBits`, where that is known.
  package func bits(_ row: ArraySlice<Float>, least: Double? = nil) -> Double {
    let square = exp(score(row)) * Double(mean.count)
    return (least ?? leastBits) + square / (2 * log(2))
  }

  /// Bits of all rows, each under the Gaussian of the other parts' rows.
  /// - Parameter usable: rows to fit on; their values are finite.
  package static func crossFittedBits(
    _ table: FeatureTable, by split: CrossFit, fittingOn usable: [Bool]
  ) -> [Double] {
    let (each, total) = split.moments(table, fittingOn: usable)
    return split.perFold { part, rows in
      var others = total
      others -= each[part]
      let fitted = ShrunkGaussian(fitting: others)
      let least = fitted.leastBits
      return rows.map { fitted.bits(table[$0], least: least) }
    }
  }
}
