/// Sums over rows of features, of the values and of their products: what a mean and a covariance are made of. They add up:
/// the sums over all folds but one are all less that one's.
package struct Moments: Sendable {
  package let columns: Int
  package private(set) var count = 0
  /// Subtracted from every value first, so that products of large values lose no digits. `[columns]`.
  private let origin: [Float]
  private var sums: [Double]
  /// Row i holds columns i and on; what is left of the diagonal is not used. `[columns, columns]`.
  private var products: [Float]

  /// - Parameter origin: a row near the middle of all; the same wherever sums are added.
  package init(origin: [Float]) {
    columns = origin.count
    self.origin = origin
    sums = [Double](repeating: 0, count: columns)
    products = [Float](repeating: 0, count: columns * columns)
  }

  /// A middle to count from: the mean of these rows.
  package static func origin(_ table: FeatureTable, _ rows: [Int]) -> [Float] {
    var sums = [Double](repeating: 0, count: table.columns)
    for row in rows {
      table.withRow(row) { x in for k in 0..<table.columns { sums[k] += Double(x[k]) } }
    }
    return sums.map { Float($0 / Double(max(rows.count, 1))) }
  }

  /// Adds these rows of a table. Costs rows columns^2 / 2 products.
  package mutating func add(_ table: FeatureTable, _ rows: [Int]) {
    precondition(table.columns == columns)
    count += rows.count
    let width = columns
    // Four rows at a time: each product's place in memory is then read and written once for four.
    var block = [Float](repeating: 0, count: 4 * width)
    for start in stride(from: 0, to: rows.count, by: 4) {
      let filled = min(4, rows.count - start)
      for k in 0..<4 {
        for j in 0..<width { block[k * width + j] = 0 }
        guard k < filled else { continue }
        table.withRow(rows[start + k]) { x in
          for j in 0..<width {
            let value = x[j] - origin[j]
            block[k * width + j] = value
            sums[j] += Double(value)
          }
        }
      }
      block.withUnsafeBufferPointer { block in
        products.withUnsafeMutableBufferPointer { products in
          Self.add(block.baseAddress!, to: products.baseAddress!, width)
        }
      }
    }
  }

  private static func add(_ x: UnsafePointer<Float>, to products: UnsafeMutablePointer<Float>, _ width: Int) {
    for i in 0..<width {
      let (a, b, c, d) = (x[i], x[width + i], x[2 * width + i], x[3 * width + i])
      let target = products + i * width
      for j in i..<width {
        target[j] += a * x[j] + b * x[width + j] + c * x[2 * width + j] + d * x[3 * width + j]
      }
    }
  }

  package static func += (a: inout Moments, b: Moments) { a.combine(b, sign: 1) }
  package static func -= (a: inout Moments, b: Moments) { a.combine(b, sign: -1) }

  private mutating func combine(_ other: Moments, sign: Int) {
    precondition(columns == other.columns && origin == other.origin)
    count += sign * other.count
    for k in 0..<columns { sums[k] += Double(sign) * other.sums[k] }
    let factor = Float(sign)
    products.withUnsafeMutableBufferPointer { mine in
      other.products.withUnsafeBufferPointer { theirs in
        for k in 0..<mine.count { mine[k] += factor * theirs[k] }
      }
    }
  }

  package var mean: [Double] {
    (0..<columns).map { Double(origin[$0]) + sums[$0] / Double(max(count, 1)) }
  }

  /// Covariances, maximum likelihood: divided by the count. The upper triangle, `[columns, columns]`.
  package func covariances() -> [Double] {
    let n = Double(max(count, 1))
    let means = sums.map { $0 / n }
    var result = [Double](repeating: 0, count: columns * columns)
    for i in 0..<columns {
      for j in i..<columns {
        result[i * columns + j] = Double(products[i * columns + j]) / n - means[i] * means[j]
      }
    }
    return result
  }
}
