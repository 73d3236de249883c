import Foundation

/// Correlations of standardised features, shrunk so that few images are enough.
enum Correlation {
  /// Mean and standard deviation of each feature over rows, the deviation at least 1e-6.
  static func moments(_ rows: [[Double]]) -> (mean: [Double], deviation: [Double]) {
    let n = Double(rows.count)
    let width = rows.first?.count ?? 0
    var mean = [Double](repeating: 0, count: width)
    for row in rows { for k in 0..<width { mean[k] += row[k] / n } }
    var square = [Double](repeating: 0, count: width)
    for row in rows { for k in 0..<width { square[k] += (row[k] - mean[k]) * (row[k] - mean[k]) } }
    return (mean, square.map { max(($0 / max(n - 1, 1)).squareRoot(), 1e-6) })
  }

  /// Correlation matrix of standardised rows, shrunk towards the identity by the share that minimises its expected
  /// squared error under normality (Schaefer and Strimmer 2005, target D), with a floor of 1 %. Row-major.
  static func shrunk(_ standard: [[Double]]) -> [Double] {
    let width = standard.first?.count ?? 0
    let n = Double(standard.count)
    var sums = [Double](repeating: 0, count: width * width)
    sums.withUnsafeMutableBufferPointer { sums in
      for row in standard {
        row.withUnsafeBufferPointer { row in
          for i in 0..<width { for j in 0..<i { sums[i * width + j] += row[i] * row[j] } }
        }
      }
    }
    var noise = 0.0
    var signal = 0.0
    for i in 0..<width {
      for j in 0..<i {
        let r = sums[i * width + j] / max(n - 1, 1)
        sums[i * width + j] = r
        noise += (1 - r * r) * (1 - r * r) / max(n - 1, 1)
        signal += r * r
      }
    }
    let share = min(1, max(0.01, signal > 0 ? noise / signal : 1))
    for i in 0..<width {
      for j in 0..<i {
        sums[i * width + j] *= 1 - share
        sums[j * width + i] = sums[i * width + j]
      }
      sums[i * width + i] = 1
    }
    return sums
  }

  /// Lower Cholesky factor of a symmetric positive matrix, packed by rows: row i has i + 1 values.
  static func cholesky(_ a: [Double], _ n: Int) -> [Double] {
    var l = [Double](repeating: 0, count: n * (n + 1) / 2)
    a.withUnsafeBufferPointer { a in
      l.withUnsafeMutableBufferPointer { l in
        for i in 0..<n {
          let row = i * (i + 1) / 2
          for j in 0...i {
            let other = j * (j + 1) / 2
            var rest = a[i * n + j]
            for k in 0..<j { rest -= l[row + k] * l[other + k] }
            // Positive: shrinkage keeps every pivot above 0.01; the floor is for rounding.
            l[row + j] = i == j ? max(rest, 1e-12).squareRoot() : rest / l[other + j]
          }
        }
      }
    }
    return l
  }

  /// Whether a packed factor's pivots are all above zero: what it solves then has a solution.
  static func isRegular(_ factor: ArraySlice<Double>, _ n: Int) -> Bool {
    (0..<n).allSatisfy { factor[factor.startIndex + $0 * ($0 + 3) / 2] > 0 }
  }

  /// Squared length of L^-1 x, for a packed factor that starts at `offset`.
  static func squareLength(_ x: [Double], _ factor: [Double], at offset: Int = 0) -> Double {
    let n = x.count
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(n, 1)) { solved in
      factor.withUnsafeBufferPointer { factor in
        var square = 0.0
        for i in 0..<n {
          let row = offset + i * (i + 1) / 2
          var rest = x[i]
          for k in 0..<i { rest -= factor[row + k] * solved[k] }
          solved[i] = rest / factor[row + i]
          square += solved[i] * solved[i]
        }
        return square
      }
    }
  }
}
